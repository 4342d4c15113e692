//! Maintenance as a calendar on the wall shows it: days by the clock of the organization.
//!
//! The browser knows no time zones, so the server says in which days a window lies; here is what it
//! says, and what follows from days alone.

use super::{ids::MaintenanceId, maintenance::MaintenanceStatus};
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// A window on one of its days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CalendarEntry {
    /// The maintenance.
    pub id: MaintenanceId,
    /// One line.
    pub title: String,
    /// How far it has come.
    pub status: MaintenanceStatus,
    /// When the window begins by the local clock, on whatever day: `22:00`.
    pub starts_at: String,
    /// When the window ends by the local clock, on whatever day: `23:00`.
    pub ends_at: String,
    /// It began on an earlier day.
    pub from_before: bool,
    /// It goes on after this day.
    pub goes_on: bool,
    /// The names of its services, in the order of the page.
    pub services: Vec<String>,
}

impl CalendarEntry {
    /// When it is on this day, in words.
    pub fn when(&self) -> String {
        match (self.from_before, self.goes_on) {
            (false, false) => format!("{} to {}", self.starts_at, self.ends_at),
            (false, true) => format!("from {}", self.starts_at),
            (true, false) => format!("until {}", self.ends_at),
            (true, true) => "all day".to_owned(),
        }
    }
}

/// One day of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CalendarDay {
    /// The day: `2026-11-21`.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = Date))]
    pub date: NaiveDate,
    /// Whether it belongs to the month, and not only to one of its weeks.
    pub inside: bool,
    /// Whether it is the present day.
    pub is_today: bool,
    /// The windows that lie on it, earliest first.
    pub entries: Vec<CalendarEntry>,
}

/// A month in whole weeks, which begin on Monday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CalendarMonth {
    /// The first day of the month.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = Date))]
    pub first: NaiveDate,
    /// The present day.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = Date))]
    pub today: NaiveDate,
    /// IANA name of the time zone whose days these are.
    pub zone: String,
    /// Seven days each.
    pub weeks: Vec<Vec<CalendarDay>>,
    /// Whether there are more windows than are shown.
    pub more: bool,
}

impl CalendarMonth {
    /// The week in which a day lies, if it is one of the month's.
    pub fn week_of(&self, date: NaiveDate) -> Option<&[CalendarDay]> {
        self.weeks.iter().find(|week| week.iter().any(|day| day.date == date)).map(Vec::as_slice)
    }
}

/// A window by the local clock: for forms and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalWindow {
    /// The maintenance.
    pub id: MaintenanceId,
    /// The beginning as forms have it: `2026-11-21T22:00`.
    pub starts_at: String,
    /// The end as forms have it.
    pub ends_at: String,
    /// `Sat 21 Nov 2026, 22:00 to 23:00 CET`.
    pub words: String,
}

/// The first day of a month that is written as `2026-11`.
pub fn month(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok().filter(|_| plain)
}

/// A day that is written as `2026-11-21`.
pub fn day(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| plain)
}

/// How the month of a day is written in addresses: `2026-11`.
pub fn month_text(date: NaiveDate) -> String {
    date.format("%Y-%m").to_string()
}

/// The month of a day in words: `November 2026`.
pub fn month_in_words(date: NaiveDate) -> String {
    date.format("%B %Y").to_string()
}

/// A day in words: `Saturday, 21 November 2026`.
pub fn day_in_words(date: NaiveDate) -> String {
    date.format("%A, %-d %B %Y").to_string()
}

/// A week from its first day to its last, in words: `16 to 22 November 2026`.
pub fn week_in_words(first: NaiveDate, last: NaiveDate) -> String {
    let form = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => "%-d",
        (true, false) => "%-d %B",
        (false, _) => "%-d %B %Y",
    };
    format!("{} to {}", first.format(form), last.format("%-d %B %Y"))
}

/// The first day of the month of a day.
pub fn first_of(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// The first day of the month before or after that of a day.
pub fn neighbour(date: NaiveDate, after: bool) -> NaiveDate {
    let first = first_of(date);
    let other = if after { first.checked_add_months(Months::new(1)) } else { first.checked_sub_months(Months::new(1)) };
    other.unwrap_or(first)
}

/// The same day of the week before or after.
pub fn week_beside(date: NaiveDate, after: bool) -> NaiveDate {
    let other = if after { date.checked_add_days(Days::new(7)) } else { date.checked_sub_days(Days::new(7)) };
    other.unwrap_or(date)
}

/// Every day of the weeks that a month touches: from a Monday to a Sunday.
pub fn days(first: NaiveDate) -> Vec<NaiveDate> {
    let first = first_of(first);
    let before = u64::from(first.weekday().num_days_from_monday());
    let monday = first.checked_sub_days(Days::new(before)).unwrap_or(first);
    let last = neighbour(first, true).pred_opt().unwrap_or(first);
    let after = u64::from(6 - last.weekday().num_days_from_monday());
    let sunday = last.checked_add_days(Days::new(after)).unwrap_or(last);
    monday.iter_days().take_while(|date| *date <= sunday).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        day(text).expect("a day")
    }

    #[test]
    fn a_month_has_whole_weeks_from_monday_on() {
        let november = days(date("2026-11-21"));
        assert_eq!((november.first(), november.last()), (Some(&date("2026-10-26")), Some(&date("2026-12-06"))));
        assert_eq!(november.len(), 42);
        // One that begins on a Monday and has four weeks.
        let february = days(date("2027-02-01"));
        assert_eq!((february.first(), february.len()), (Some(&date("2027-02-01")), 28));
    }

    #[test]
    fn months_and_weeks_have_neighbours() {
        assert_eq!(neighbour(date("2026-12-31"), true), date("2027-01-01"));
        assert_eq!(neighbour(date("2026-03-31"), false), date("2026-02-01"));
        assert_eq!(week_beside(date("2026-12-28"), true), date("2027-01-04"));
        assert_eq!(week_beside(date("2026-03-01"), false), date("2026-02-22"));
    }

    #[test]
    fn only_whole_texts_are_read() {
        assert_eq!(month("2026-11"), Some(date("2026-11-01")));
        for wrong in ["", "2026", "2026-13", "2026-1", "2026-11-21", "november", "+026-11", "2026-٣٣"] {
            assert_eq!(month(wrong), None, "{wrong:?}");
        }
        for wrong in ["", "2026-11", "2026-11-31", "2026-11-1", "21.11.2026"] {
            assert_eq!(day(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn words_for_days() {
        assert_eq!(day_in_words(date("2026-11-21")), "Saturday, 21 November 2026");
        assert_eq!(month_in_words(date("2026-11-21")), "November 2026");
        assert_eq!(month_text(date("2026-11-21")), "2026-11");
        assert_eq!(week_in_words(date("2026-11-16"), date("2026-11-22")), "16 to 22 November 2026");
        assert_eq!(week_in_words(date("2026-11-30"), date("2026-12-06")), "30 November to 6 December 2026");
        assert_eq!(week_in_words(date("2026-12-28"), date("2027-01-03")), "28 December 2026 to 3 January 2027");
    }

    #[test]
    fn an_entry_says_when_on_this_very_day() {
        let entry = |from_before, goes_on| CalendarEntry {
            id: MaintenanceId::from_random([1; 12]),
            title: String::new(),
            status: MaintenanceStatus::Scheduled,
            starts_at: "22:00".to_owned(),
            ends_at: "02:00".to_owned(),
            from_before,
            goes_on,
            services: Vec::new(),
        };
        let words = [(false, false), (false, true), (true, true), (true, false)]
            .map(|(from_before, goes_on)| entry(from_before, goes_on).when());
        assert_eq!(words, ["22:00 to 02:00", "from 22:00", "all day", "until 02:00"]);
    }
}
