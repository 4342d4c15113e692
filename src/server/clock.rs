//! The only place that reads the clock.

use super::test_hooks;
use crate::domain::time::Time;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far the clock was put forward, in seconds.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn now() -> Time {
    let now: Time = chrono::Utc::now().into();
    if test_hooks::BUILT_IN { now.plus_seconds(AHEAD.load(Ordering::Relaxed)) } else { now }
}

/// Puts the clock forward.
pub(super) fn forward(seconds: i64) {
    AHEAD.fetch_add(seconds, Ordering::Relaxed);
}
