//! Days and months as an organization's clocks count them: a day can have 23 or 25 hours, and a
//! midnight can be left out or come twice.

use crate::domain::time::Time;
use chrono::{
    DateTime, Datelike, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike,
};
use chrono_tz::Tz;
use std::fmt;

/// The first year that has a history here.
const FIRST_YEAR: i32 = 2000;

/// The zone of this name; UTC for one that is unknown.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

fn local(zone: Tz, at: Time) -> DateTime<Tz> {
    zone.from_utc_datetime(&at.utc().naive_utc())
}

/// The moment that somebody types, like `2026-11-21T22:00`, by the clocks of the zone. When clocks are put
/// back, the first of the two moments is meant. A text with an offset (`2026-11-21T22:00:00+02:00`, as programs
/// write it) says the moment by itself.
///
/// # Errors
/// In words: for what is no time, and for an hour that is left out when clocks are put forward.
pub fn parse_local(zone: Tz, text: &str) -> Result<Time, String> {
    let text = text.trim();
    if let Some(moment) = Time::read(text) {
        return Ok(moment);
    }
    let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let typed = read("%Y-%m-%dT%H:%M").or_else(|| read("%Y-%m-%dT%H:%M:%S")).or_else(|| read("%Y-%m-%d %H:%M"));
    let typed = typed.filter(|typed| (1970..9000).contains(&typed.year()));
    let typed = typed.ok_or_else(|| "Enter a date and time, for example 2026-11-21 22:00.".to_owned())?;
    match zone.from_local_datetime(&typed) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(at.to_utc().into()),
        LocalResult::None => {
            Err("This time doesn’t exist on this day because clocks go forward. Choose another time.".to_owned())
        }
    }
}

/// A moment as [`typed`] reads it and forms have it; seconds only where there are some.
pub fn format_input(zone: Tz, at: Time) -> String {
    let local = local(zone, at);
    let form = if local.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    local.format(form).to_string()
}

/// The day on which a moment falls.
pub fn date(zone: Tz, at: Time) -> NaiveDate {
    local(zone, at).date_naive()
}

/// The day this many days later, or earlier.
pub fn plus(date: NaiveDate, days: i64) -> NaiveDate {
    TimeDelta::try_days(days).and_then(|days| date.checked_add_signed(days)).unwrap_or(date)
}

/// The first moment of a day: the first of two midnights, and the moment to which clocks were put
/// forward when there is none.
pub fn start(zone: Tz, date: NaiveDate) -> Time {
    let midnight = date.and_time(NaiveTime::MIN);
    match zone.from_local_datetime(&midnight) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc().into(),
        LocalResult::None => when_reached(zone, midnight),
    }
}

/// The first second at which clocks show this or later, for a time that is left out.
fn when_reached(zone: Tz, wanted: NaiveDateTime) -> Time {
    let at = |second: i64| Time::from_micros(second.saturating_mul(1_000_000));
    let second = wanted.and_utc().timestamp();
    // No clock is 15 hours or more off UTC.
    let (mut before, mut after) = (second - 15 * 3_600, second + 15 * 3_600);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if local(zone, at(middle)).naive_local() >= wanted {
            after = middle;
        } else {
            before = middle;
        }
    }
    at(after)
}

/// The bounds of this many days up to today: their midnights, and at last the next one to come.
pub fn bounds(zone: Tz, now: Time, days: usize) -> Vec<Time> {
    let today = date(zone, now);
    let days = i64::try_from(days).unwrap_or_default();
    (0..=days).map(|day| start(zone, plus(today, day + 1 - days))).collect()
}

/// The months up to this one, so many of them: what each is called (`2026-11`), and their first moments
/// with that of the next month at last.
pub fn months(zone: Tz, now: Time, months: usize) -> (Vec<String>, Vec<Time>) {
    let this = Month::of(date(zone, now));
    let mut all: Vec<Month> = std::iter::successors(Some(this), |month| Some(month.before())).take(months).collect();
    all.reverse();
    let names = all.iter().map(|month| month.key()).collect();
    all.push(this.after());
    (names, all.into_iter().map(|month| month.bounds(zone).0).collect())
}

/// `21 Nov 2026`
pub fn day_in_words(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

/// What the clocks are called at that moment: `CET`, or `UTC-03` where they have no name.
fn clock_name(zone: Tz, at: Time) -> String {
    let name = local(zone, at).format("%Z").to_string();
    if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name }
}

/// `21 Nov 2026, 15:32 CET`
pub fn in_words(zone: Tz, at: Time) -> String {
    format!("{} {}", local(zone, at).format("%-d %b %Y, %H:%M"), clock_name(zone, at))
}

/// Both ends of a window: `Sat 21 Nov 2026, 02:00` and `04:00 CET`, with the day where it is another.
pub fn window_in_words(zone: Tz, from: Time, to: Time) -> (String, String) {
    let (begin, end) = (local(zone, from), local(zone, to));
    let (name_then, name) = (clock_name(zone, from), clock_name(zone, to));
    let mut first = begin.format("%a %-d %b %Y, %H:%M").to_string();
    if name_then != name {
        first = format!("{first} {name_then}");
    }
    let form = if begin.date_naive() == end.date_naive() { "%H:%M" } else { "%a %-d %b %Y, %H:%M" };
    (first, format!("{} {name}", end.format(form)))
}

/// A window in one line: `Sat 21 Nov 2026, 02:00 to 04:00 CET`.
pub fn window_in_a_line(zone: Tz, from: Time, to: Time) -> String {
    let (from, to) = window_in_words(zone, from, to);
    format!("{from} to {to}")
}

/// How long something lasted, in whole minutes; what was at all, lasted a minute.
pub fn minutes(micros: i64) -> i64 {
    ((micros + 30_000_000) / 60_000_000).max(1)
}

/// `42 min`, `1 h 5 min`, `2 d 3 h`
pub fn minutes_in_words(minutes: i64) -> String {
    let part = |amount: i64, unit: &str| if amount == 0 { String::new() } else { format!(" {amount} {unit}") };
    match (minutes / 1_440, minutes % 1_440 / 60, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h{}", part(minutes, "min")),
        (days, hours, _) => format!("{days} d{}", part(hours, "h")),
    }
}

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    pub fn of(date: NaiveDate) -> Self {
        Self(date.with_day(1).unwrap_or(date))
    }
    /// Reads `2026-10`.
    pub fn read(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
        (first.year() >= FIRST_YEAR).then_some(Self(first))
    }
    /// `2026-10`, as [`Month::read`] reads it.
    pub fn key(self) -> String {
        self.0.format("%Y-%m").to_string()
    }
    /// The one before.
    pub fn before(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }
    /// The one after.
    pub fn after(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }
    /// Its first moment, and the first moment after it.
    pub fn bounds(self, zone: Tz) -> (Time, Time) {
        (start(zone, self.0), start(zone, self.after().0))
    }
    /// The midnights of its days, and the one after.
    pub fn days(self, zone: Tz) -> Vec<Time> {
        let end = self.after().0;
        (0_i64..).map(|day| plus(self.0, day)).take_while(|date| *date <= end).map(|date| start(zone, date)).collect()
    }
}

/// `October 2026`
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn moment(text: &str) -> Time {
        serde_json::from_value(serde_json::json!(text)).expect("a time")
    }

    fn hours(zone_name: &str, now: &str, days: usize) -> Vec<i64> {
        let bounds = bounds(zone(zone_name), moment(now), days);
        bounds.windows(2).map(|day| (day[1].micros() - day[0].micros()) / 3_600_000_000).collect()
    }

    #[test]
    fn days_of_a_clock_change_are_as_long_as_they_are() {
        // Vienna: forward on 29 March 2026, back on 25 October 2026.
        assert_eq!(hours("Europe/Vienna", "2026-03-30T12:00:00Z", 3), [24, 23, 24]);
        assert_eq!(hours("Europe/Vienna", "2026-10-26T12:00:00Z", 3), [24, 25, 24]);
        assert_eq!(hours("UTC", "2026-10-26T12:00:00Z", 3), [24, 24, 24]);
        // An hour before midnight in UTC is the next day in Vienna.
        assert_eq!(date(zone("Europe/Vienna"), moment("2026-10-26T23:30:00Z")), day("2026-10-27"));
        assert_eq!(date(zone("no/such"), moment("2026-10-26T23:30:00Z")), day("2026-10-26"));
    }

    #[test]
    fn a_midnight_that_is_left_out_is_the_moment_after() {
        // São Paulo put its clocks from 0 to 1 o'clock on 4 November 2018, and back from 24 to 23
        // o'clock on 17 February 2018.
        let sao_paulo = zone("America/Sao_Paulo");
        assert_eq!(start(sao_paulo, day("2018-11-04")), moment("2018-11-04T03:00:00Z"));
        assert_eq!(hours("America/Sao_Paulo", "2018-11-05T12:00:00Z", 3), [24, 23, 24]);
        assert_eq!(hours("America/Sao_Paulo", "2018-02-18T12:00:00Z", 3), [24, 25, 24]);
        // Samoa left a whole day out.
        assert_eq!(hours("Pacific/Apia", "2011-12-30T12:00:00Z", 3), [24, 0, 24]);
    }

    #[test]
    fn of_two_midnights_the_first_begins_the_day() {
        // Havana put its clocks from 1 back to 0 o'clock on 4 November 2018.
        let havana = zone("America/Havana");
        assert_eq!(start(havana, day("2018-11-04")), moment("2018-11-04T04:00:00Z"));
        assert_eq!(hours("America/Havana", "2018-11-05T12:00:00Z", 3), [24, 25, 24]);
    }

    #[test]
    fn times_are_told_as_clocks_show_them() {
        let (vienna, sao_paulo) = (zone("Europe/Vienna"), zone("America/Sao_Paulo"));
        let (winter, summer) = (moment("2026-11-21T14:32:00Z"), moment("2026-07-01T14:32:00Z"));
        assert_eq!(in_words(vienna, winter), "21 Nov 2026, 15:32 CET");
        assert_eq!(in_words(vienna, summer), "1 Jul 2026, 16:32 CEST");
        assert_eq!(in_words(sao_paulo, winter), "21 Nov 2026, 11:32 UTC-03");
        let words = |from, to| window_in_words(vienna, moment(from), moment(to));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(words("2026-11-21T01:00:00Z", "2026-11-21T03:00:00Z"), pair("Sat 21 Nov 2026, 02:00", "04:00 CET"));
        assert_eq!(
            words("2026-11-21T21:00:00Z", "2026-11-22T03:00:00Z"),
            pair("Sat 21 Nov 2026, 22:00", "Sun 22 Nov 2026, 04:00 CET")
        );
        assert_eq!(
            words("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z"),
            pair("Sun 25 Oct 2026, 02:00 CEST", "04:00 CET")
        );
        let line = window_in_a_line(vienna, moment("2026-11-21T01:00:00Z"), moment("2026-11-21T03:00:00Z"));
        assert_eq!(line, "Sat 21 Nov 2026, 02:00 to 04:00 CET");
    }

    #[test]
    fn what_is_typed_follows_the_clock_change() {
        let vienna = |text| parse_local(zone("Europe/Vienna"), text).map(Time::rfc3339);
        assert_eq!(vienna("2026-07-01T22:00").as_deref(), Ok("2026-07-01T20:00:00Z"));
        assert_eq!(vienna(" 2026-12-01 22:00 ").as_deref(), Ok("2026-12-01T21:00:00Z"));
        // Put forward at 2: half past two is left out. Put back at 3: half past two comes twice.
        assert!(vienna("2026-03-29T02:30").is_err());
        assert_eq!(vienna("2026-10-25T02:30").as_deref(), Ok("2026-10-25T00:30:00Z"));
        for nonsense in ["", "soon", "2026-11-21", "2026-13-21T14:12", "2026-11-21T14:12Z", "2026-11-21T25:00:00Z"] {
            assert!(vienna(nonsense).is_err(), "{nonsense:?}");
        }
    }

    #[test]
    fn an_offset_says_the_moment_whatever_the_zone() {
        for zone_name in ["UTC", "Europe/Vienna", "America/Sao_Paulo"] {
            let typed = |text| parse_local(zone(zone_name), text);
            assert_eq!(typed("2026-11-21T22:00:00Z"), Ok(moment("2026-11-21T22:00:00Z")));
            assert_eq!(typed(" 2026-11-22T00:00:00+02:00 "), Ok(moment("2026-11-21T22:00:00Z")));
            assert_eq!(typed("2026-11-21T22:00:00.123456-03:30"), Ok(moment("2026-11-22T01:30:00.123456Z")));
            // Left out by the clocks of Vienna, which are not asked.
            assert_eq!(typed("2026-03-29T02:30:00Z"), Ok(moment("2026-03-29T02:30:00Z")));
        }
    }

    #[test]
    fn forms_get_what_they_send() {
        let vienna = zone("Europe/Vienna");
        for (at, text) in
            [("2026-11-21T21:00:00Z", "2026-11-21T22:00"), ("2026-07-21T22:00:30Z", "2026-07-22T00:00:30")]
        {
            assert_eq!(format_input(vienna, moment(at)), text);
            assert_eq!(parse_local(vienna, text), Ok(moment(at)));
        }
    }

    #[test]
    fn lengths_in_words() {
        for (seconds, words) in [
            (1, "1 min"),
            (89, "1 min"),
            (90, "2 min"),
            (3_600, "1 h"),
            (3_900, "1 h 5 min"),
            (86_400, "1 d"),
            (90_000, "1 d 1 h"),
            (172_800, "2 d"),
        ] {
            assert_eq!(minutes_in_words(minutes(seconds * 1_000_000)), words, "{seconds}");
        }
    }

    #[test]
    fn months_read_what_they_write() {
        let october = Month::read("2026-10").expect("a month");
        assert_eq!((october.key().as_str(), october.to_string().as_str()), ("2026-10", "October 2026"));
        assert_eq!(
            (october.before().key().as_str(), october.after().after().after().key().as_str()),
            ("2026-09", "2027-01")
        );
        assert_eq!(Month::of(day("2026-10-31")), october);
        let (from, to) = october.bounds(zone("Europe/Vienna"));
        assert_eq!((from, to), (moment("2026-09-30T22:00:00Z"), moment("2026-10-31T23:00:00Z")));
        assert_eq!(october.days(zone("Europe/Vienna")).len(), 32);
        for nonsense in ["", "2026", "2026-13", "2026-00", "26-10", "2026-1", "+026-10", "2026-10-01", "1999-12", "x"] {
            assert_eq!(Month::read(nonsense), None, "{nonsense}");
        }
    }

    proptest! {
        /// Whatever the zone and the moment: days follow each other, and now is in the last of them.
        #[test]
        fn now_is_in_the_last_day(
            name in proptest::sample::select(vec![
                "UTC", "Europe/Vienna", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata", "Asia/Beirut",
                "Pacific/Apia", "Pacific/Chatham", "America/St_Johns", "Africa/Cairo", "Australia/Lord_Howe",
            ]),
            second in 1_325_376_000_i64..1_900_000_000,
        ) {
            let now = Time::from_micros(second * 1_000_000);
            let bounds = bounds(zone(name), now, 90);
            prop_assert_eq!(bounds.len(), 91);
            prop_assert!(bounds.windows(2).all(|day| day[0] <= day[1]), "{:?}", bounds);
            prop_assert!(bounds[89] <= now && now < bounds[90], "{:?} in {:?}", now, &bounds[88..]);
        }
    }
}
