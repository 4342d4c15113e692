//! Moments that people type: in UTC, as a `datetime-local` field has them.

use crate::domain::time::Time;
use chrono::NaiveDateTime;

/// What the field shows of a moment.
pub fn to_field(at: Time) -> String {
    at.utc().format("%Y-%m-%dT%H:%M").to_string()
}

/// The moment that the field says; nothing while it is empty or incomplete.
pub fn from_field(text: &str) -> Option<Time> {
    let read = |format| NaiveDateTime::parse_from_str(text.trim(), format).ok();
    read("%Y-%m-%dT%H:%M").or_else(|| read("%Y-%m-%dT%H:%M:%S%.f")).map(|moment| moment.and_utc().into())
}

/// The present by the browser's clock, for what somebody does there.
pub fn present() -> Time {
    Time::from_micros((js_sys::Date::now() * 1e3) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_utc() {
        let at = Time::from_micros(1_795_270_320_000_000);
        assert_eq!(to_field(at), "2026-11-21T14:12");
        assert_eq!(from_field("2026-11-21T14:12"), Some(at));
        assert_eq!(from_field(" 2026-11-21T14:12:30.5 "), Some(Time::from_micros(1_795_270_350_500_000)));
        for bad in ["", "2026-11-21", "2026-13-21T14:12", "yesterday"] {
            assert_eq!(from_field(bad), None, "{bad:?}");
        }
    }
}
