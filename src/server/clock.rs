//! The only place that reads the clock.

use crate::domain::time::Time;

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn now() -> Time {
    chrono::Utc::now().into()
}
