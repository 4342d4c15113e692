//! Moments as people type them: in the organization's time zone.

pub(super) use crate::server::days::zone;

use crate::domain::time::Time;
use chrono::{LocalResult, NaiveDateTime, TimeZone};

/// The moment of a text like `2026-11-21T22:00` in this time zone. When clocks are put back, the first
/// of the two moments is meant.
///
/// # Errors
/// In words: for what is no time, and for an hour that is left out when clocks are put forward.
pub(super) fn moment(text: &str, zone_name: &str) -> Result<Time, String> {
    let text = text.trim();
    let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let local = read("%Y-%m-%dT%H:%M").or_else(|| read("%Y-%m-%dT%H:%M:%S")).or_else(|| read("%Y-%m-%d %H:%M"));
    let local = local.ok_or_else(|| "Choose a day and a time, for example 2026-11-21 22:00.".to_owned())?;
    match zone(zone_name).from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Ok(moment.to_utc().into()),
        LocalResult::None => {
            Err("On this day clocks are put forward, and this time is left out. Choose another.".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_follow_the_clock_change() {
        let vienna = |text| moment(text, "Europe/Vienna").map(Time::rfc3339);
        assert_eq!(vienna("2026-07-01T22:00").as_deref(), Ok("2026-07-01T20:00:00Z"));
        assert_eq!(vienna("2026-12-01T22:00").as_deref(), Ok("2026-12-01T21:00:00Z"));
        // Put forward at 2: half past two is left out. Put back at 3: half past two comes twice.
        assert!(vienna("2026-03-29T02:30").is_err());
        assert_eq!(vienna("2026-10-25T02:30").as_deref(), Ok("2026-10-25T00:30:00Z"));
        assert!(vienna("soon").is_err());
    }
}
