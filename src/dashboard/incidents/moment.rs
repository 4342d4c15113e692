//! The present, for what somebody does now.

use crate::domain::time::Time;

/// The present by the browser's clock.
pub fn present() -> Time {
    Time::from_micros((js_sys::Date::now() * 1e3) as i64)
}
