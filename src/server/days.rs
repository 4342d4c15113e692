//! Days and months of a time zone. A day can have 23 or 25 hours, and on some there is no midnight.

use crate::domain::time::Time;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// Most minutes that clocks were ever put forward: a whole day, and some.
const LEFT_OUT_MOST: i64 = 26 * 60;

/// The day that it is now in the zone of this name; in UTC for one that is unknown.
fn today(zone: &str, now: Time) -> (Tz, NaiveDate) {
    let zone = zone.parse().unwrap_or(Tz::UTC);
    (zone, now.utc().with_timezone(&zone).date_naive())
}

/// The first moment of a day. Where clocks are put forward at midnight it is the one at which they go on;
/// where midnight comes twice, the first.
fn first_moment(zone: Tz, day: NaiveDate) -> Time {
    let midnight = day.and_time(NaiveTime::MIN);
    let minute = |number| zone.from_local_datetime(&(midnight + TimeDelta::minutes(number))).earliest();
    match (0..=LEFT_OUT_MOST).find_map(minute) {
        Some(moment) => moment.to_utc().into(),
        None => midnight.and_utc().into(),
    }
}

fn last_days(today: NaiveDate, days: usize) -> impl Iterator<Item = NaiveDate> {
    let before = Days::new(days.saturating_sub(1) as u64);
    today.checked_sub_days(before).unwrap_or(today).iter_days()
}

/// The first moment of each of the last so many days, today included, and of tomorrow: the bounds of
/// the days, one more than there are days.
pub fn midnights(zone: &str, now: Time, days: usize) -> Vec<Time> {
    let (zone, today) = today(zone, now);
    last_days(today, days).take(days + 1).map(|day| first_moment(zone, day)).collect()
}

/// What the days between those bounds are called: `2026-11-21`.
pub fn dates(zone: &str, now: Time, days: usize) -> Vec<String> {
    let (_, today) = today(zone, now);
    last_days(today, days).take(days).map(|day| day.to_string()).collect()
}

/// The last so many months, this one included, and the next one: what each is called (`2026-11`) and
/// its first moment.
pub fn months(zone: &str, now: Time, months: u32) -> Vec<(String, Time)> {
    let (zone, today) = today(zone, now);
    let this = today.with_day(1).unwrap_or(today);
    let first = this.checked_sub_months(Months::new(months.saturating_sub(1))).unwrap_or(this);
    (0..=months)
        .filter_map(|number| first.checked_add_months(Months::new(number)))
        .map(|month| (month.format("%Y-%m").to_string(), first_moment(zone, month)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        serde_json::from_value(serde_json::Value::from(text)).expect("a time")
    }

    /// Name and hours of each day.
    fn hours(zone: &str, now: &str, days: usize) -> Vec<(String, i64)> {
        let bounds = midnights(zone, at(now), days);
        assert_eq!(bounds.len(), days + 1);
        let lengths = bounds.windows(2).map(|day| (day[1].seconds() - day[0].seconds()) / 3_600);
        dates(zone, at(now), days).into_iter().zip(lengths).collect()
    }

    fn named(days: &[(&str, i64)]) -> Vec<(String, i64)> {
        days.iter().map(|(name, hours)| ((*name).to_owned(), *hours)).collect()
    }

    #[test]
    fn a_day_has_23_or_25_hours_when_clocks_change() {
        let spring = hours("Europe/Vienna", "2026-03-30T10:00:00Z", 3);
        assert_eq!(spring, named(&[("2026-03-28", 24), ("2026-03-29", 23), ("2026-03-30", 24)]));
        let autumn = hours("Europe/Vienna", "2026-10-26T10:00:00Z", 3);
        assert_eq!(autumn, named(&[("2026-10-24", 24), ("2026-10-25", 25), ("2026-10-26", 24)]));
        let bounds = midnights("Europe/Vienna", at("2026-10-25T10:00:00Z"), 1);
        assert_eq!(bounds, [at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")]);
    }

    #[test]
    fn a_day_without_a_midnight_begins_when_clocks_go_on() {
        let bounds = midnights("America/Sao_Paulo", at("2018-11-05T12:00:00Z"), 3);
        let expected = ["2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z", "2018-11-06T02:00:00Z"];
        assert_eq!(bounds, expected.map(at));
        let days = hours("America/Sao_Paulo", "2018-11-05T12:00:00Z", 3);
        assert_eq!(days, named(&[("2018-11-03", 24), ("2018-11-04", 23), ("2018-11-05", 24)]));
        let days = hours("Africa/Cairo", "2023-04-29T12:00:00Z", 3);
        assert_eq!(days, named(&[("2023-04-27", 24), ("2023-04-28", 23), ("2023-04-29", 24)]));
        // Put back at midnight, so that the last hour of the day before comes twice.
        let days = hours("Africa/Cairo", "2023-10-27T12:00:00Z", 2);
        assert_eq!(days, named(&[("2023-10-26", 25), ("2023-10-27", 24)]));
    }

    #[test]
    fn a_midnight_that_comes_twice_is_the_first() {
        // Put back at one o'clock.
        let days = hours("America/Havana", "2025-11-02T12:00:00Z", 1);
        assert_eq!(days, named(&[("2025-11-02", 25)]));
    }

    #[test]
    fn today_is_the_zones_own() {
        let now = "2026-11-21T12:00:00Z";
        assert_eq!(dates("Pacific/Kiritimati", at(now), 1), ["2026-11-22"]);
        assert_eq!(dates("America/Los_Angeles", at("2026-11-21T07:59:00Z"), 1), ["2026-11-20"]);
        assert_eq!(hours("Nowhere/At_All", now, 1), named(&[("2026-11-21", 24)]));
        // Samoa left a whole day out.
        let days = hours("Pacific/Apia", "2011-12-31T12:00:00Z", 3);
        assert_eq!(days, named(&[("2011-12-30", 0), ("2011-12-31", 24), ("2012-01-01", 24)]));
    }

    #[test]
    fn months_begin_on_their_first_day() {
        let all = months("Europe/Vienna", at("2026-03-31T22:30:00Z"), 3);
        // It is April there already.
        let expected = [
            ("2026-02", "2026-01-31T23:00:00Z"),
            ("2026-03", "2026-02-28T23:00:00Z"),
            ("2026-04", "2026-03-31T22:00:00Z"),
            ("2026-05", "2026-04-30T22:00:00Z"),
        ];
        assert_eq!(all, expected.map(|(name, from)| (name.to_owned(), at(from))));
        let year = months("UTC", at("2026-01-15T00:00:00Z"), 12);
        assert_eq!((year.len(), year[0].0.as_str(), year[12].0.as_str()), (13, "2025-02", "2026-02"));
    }
}
