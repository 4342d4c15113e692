//! Windows by the clock of the organization: a month of them for a calendar, one of them for a form
//! and in words.

use super::{CALENDAR, no_maintenance, store};
use crate::{
    domain::{
        calendar::{self, CalendarDay, CalendarEntry, CalendarMonth, LocalWindow},
        error::{AppError, FieldErrors, Result},
        ids::MaintenanceId,
        maintenance::{LONGEST, Maintenance, MaintenanceFilter},
        role::allowed,
        time::Time,
    },
    server::{access::Scope, clock, local_time},
};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use std::collections::HashMap;

/// Windows that can be asked for at once at most.
const AT_ONCE: usize = 500;

/// A month as a calendar shows it; an empty text means the present one.
///
/// # Errors
/// [`AppError::Invalid`] for what is no month.
pub async fn month(scope: Scope<allowed::Read>, month: String) -> Result<CalendarMonth> {
    let zone = local_time::zone(scope.time_zone());
    let today = by_clock(clock::now(), zone).date();
    let first = match month.trim() {
        "" => calendar::first_of(today),
        text => calendar::month(text).ok_or_else(|| AppError::field("month", "Enter a month such as 2026-11."))?,
    };
    let shown = calendar::days(first);
    let midnight = |date: &NaiveDate| Time::from(date.and_time(NaiveTime::MIN).and_utc());
    // No clock is a whole day off from UTC: what lies beyond these days is on none of them.
    let filter = MaintenanceFilter {
        from: shown.first().map(|date| midnight(date).plus_seconds(-86_400)),
        to: shown.last().map(|date| midnight(date).plus_seconds(2 * 86_400)),
        ..MaintenanceFilter::default()
    };
    let mut read = scope.read().await?;
    let mut windows = store::list(&mut read, scope.id(), &filter, CALENDAR + 1).await?;
    let most = usize::try_from(CALENDAR).unwrap_or(usize::MAX);
    let more = windows.len() > most;
    windows.truncate(most);
    let weeks = weeks(first, today, &windows, zone);
    Ok(CalendarMonth { first, today, zone: zone.name().to_owned(), weeks, more })
}

/// The windows of these maintenances by the local clock, in the order in which they are asked for.
/// Those that are gone are left out.
///
/// # Errors
/// [`AppError::NotFound`] when none of them is there; [`AppError::BadRequest`] when these are too many.
pub async fn windows(scope: Scope<allowed::Read>, ids: Vec<MaintenanceId>) -> Result<Vec<LocalWindow>> {
    if ids.len() > AT_ONCE {
        return Err(AppError::BadRequest(format!("at most {AT_ONCE} windows at once")));
    }
    let zone = local_time::zone(scope.time_zone());
    let mut read = scope.read().await?;
    let there = store::bare(&mut read, scope.id(), &ids).await?;
    let there: HashMap<&MaintenanceId, &Maintenance> =
        there.iter().map(|maintenance| (&maintenance.id, maintenance)).collect();
    let found: Vec<LocalWindow> =
        ids.iter().filter_map(|id| there.get(id)).map(|maintenance| window(maintenance, zone)).collect();
    if found.is_empty() && !ids.is_empty() { Err(no_maintenance()) } else { Ok(found) }
}

/// The end of a window that begins at a local time and lasts so many minutes, by the local clock: right
/// also where clocks change meanwhile.
///
/// # Errors
/// [`AppError::Invalid`] when the beginning is no time, or when the local clock has no word for the end.
pub fn end(scope: &Scope<allowed::Read>, starts_at: &str, minutes: i64) -> Result<String> {
    end_in(starts_at, minutes, scope.time_zone())
}

fn end_in(starts_at: &str, minutes: i64, zone: &str) -> Result<String> {
    let (mut errors, zone) = (FieldErrors::default(), local_time::zone(zone));
    let end = errors.take("starts_at", local_time::parse_local(zone, starts_at)).map(|start| {
        let end = start.plus_seconds(minutes.clamp(1, LONGEST / 60) * 60);
        (end, local_time::format_input(zone, end))
    });
    errors.finish()?;
    let Some((end, text)) = end else { return Err(AppError::Internal) };
    if local_time::parse_local(zone, &text) == Ok(end) {
        return Ok(text);
    }
    let words = "This end time occurs twice on this day because clocks go back. Choose another time.";
    Err(AppError::field("ends_at", words))
}

/// What the local clock shows at a moment.
fn by_clock(at: Time, zone: Tz) -> NaiveDateTime {
    at.utc().with_timezone(&zone).naive_local()
}

fn window(maintenance: &Maintenance, zone: Tz) -> LocalWindow {
    let Maintenance { id, starts_at, ends_at, .. } = maintenance;
    LocalWindow {
        id: id.clone(),
        starts_at: local_time::format_input(zone, *starts_at),
        ends_at: local_time::format_input(zone, *ends_at),
        words: local_time::window_in_a_line(zone, *starts_at, *ends_at),
    }
}

/// A window between its first day and its last.
struct PlacedWindow<'a> {
    maintenance: &'a Maintenance,
    starts_at: NaiveDateTime,
    ends_at: NaiveDateTime,
    last: NaiveDate,
}

impl<'a> PlacedWindow<'a> {
    fn new(maintenance: &'a Maintenance, zone: Tz) -> Self {
        let (starts_at, ends_at) = (by_clock(maintenance.starts_at, zone), by_clock(maintenance.ends_at, zone));
        // What ends at midnight is not on the day that begins then.
        let inside = Time::from_micros(maintenance.ends_at.micros() - 1);
        let last = by_clock(inside, zone).date().max(starts_at.date());
        Self { maintenance, starts_at, ends_at, last }
    }

    fn on(&self, date: NaiveDate) -> Option<CalendarEntry> {
        let first = self.starts_at.date();
        (first <= date && date <= self.last).then(|| CalendarEntry {
            id: self.maintenance.id.clone(),
            title: self.maintenance.title.clone(),
            status: self.maintenance.status,
            starts_at: self.starts_at.format("%H:%M").to_string(),
            ends_at: self.ends_at.format("%H:%M").to_string(),
            from_before: first < date,
            goes_on: date < self.last,
            services: self.maintenance.services.iter().map(|service| service.name.clone()).collect(),
        })
    }
}

fn weeks(first: NaiveDate, today: NaiveDate, windows: &[Maintenance], zone: Tz) -> Vec<Vec<CalendarDay>> {
    let placed: Vec<PlacedWindow<'_>> =
        windows.iter().map(|maintenance| PlacedWindow::new(maintenance, zone)).collect();
    let days: Vec<CalendarDay> = calendar::days(first)
        .into_iter()
        .map(|date| CalendarDay {
            date,
            inside: calendar::first_of(date) == first,
            is_today: date == today,
            entries: placed.iter().filter_map(|window| window.on(date)).collect(),
        })
        .collect();
    days.chunks(7).map(<[CalendarDay]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::maintenance::MaintenanceStatus;
    use chrono_tz::Europe::Vienna;

    fn at(text: &str) -> Time {
        serde_json::from_str(&format!("\"{text}\"")).expect("a time")
    }

    fn date(text: &str) -> NaiveDate {
        calendar::day(text).expect("a day")
    }

    fn between(starts_at: &str, ends_at: &str) -> Maintenance {
        Maintenance {
            id: MaintenanceId::from_random([1; 12]),
            title: "Upgrade".to_owned(),
            status: MaintenanceStatus::Scheduled,
            starts_at: at(starts_at),
            ends_at: at(ends_at),
            started_at: None,
            completed_at: None,
            automatic: true,
            series_id: None,
            services: Vec::new(),
            revision: 1,
            updated_at: Time::default(),
        }
    }

    /// The days on which a window lies, and what each says of it.
    fn days_of(window: Maintenance) -> Vec<(String, String)> {
        let first = calendar::first_of(by_clock(window.starts_at, Vienna).date());
        weeks(first, date("2026-11-21"), &[window], Vienna)
            .into_iter()
            .flatten()
            .flat_map(|day| day.entries.into_iter().map(move |entry| (day.date.to_string(), entry.when())))
            .collect()
    }

    fn published(days: &[(String, String)]) -> Vec<(&str, &str)> {
        days.iter().map(|(day, words)| (day.as_str(), words.as_str())).collect()
    }

    #[test]
    fn weeks_know_the_month_and_the_present_day() {
        let all = weeks(date("2026-11-01"), date("2026-11-21"), &[], Vienna);
        assert_eq!(all.len(), 6);
        let days: Vec<_> = all.into_iter().flatten().collect();
        assert_eq!(days.iter().filter(|day| day.inside).count(), 30);
        let today: Vec<_> = days.iter().filter(|day| day.is_today).map(|day| day.date).collect();
        assert_eq!(today, [date("2026-11-21")]);
    }

    #[test]
    fn a_window_stands_on_each_of_its_days() {
        let short = days_of(between("2026-11-21T21:00:00Z", "2026-11-21T22:00:00Z"));
        assert_eq!(published(&short), [("2026-11-21", "22:00 to 23:00")]);
        let long = days_of(between("2026-11-21T21:00:00Z", "2026-11-23T01:00:00Z"));
        let expected = [("2026-11-21", "from 22:00"), ("2026-11-22", "all day"), ("2026-11-23", "until 02:00")];
        assert_eq!(published(&long), expected);
        // Midnight ends a day and does not begin another.
        let evening = days_of(between("2026-11-21T21:00:00Z", "2026-11-21T23:00:00Z"));
        assert_eq!(published(&evening), [("2026-11-21", "22:00 to 00:00")]);
        // Some files have windows without any length.
        let nothing = days_of(between("2026-11-21T23:00:00Z", "2026-11-21T23:00:00Z"));
        assert_eq!(published(&nothing), [("2026-11-22", "00:00 to 00:00")]);
    }

    #[test]
    fn a_day_of_23_hours_ends_at_its_own_midnight() {
        // Clocks were put forward at 2 on 29 March: this day ends at 22:00 UTC, the day before at 23:00.
        let night = days_of(between("2026-03-28T21:00:00Z", "2026-03-29T02:00:00Z"));
        assert_eq!(published(&night), [("2026-03-28", "from 22:00"), ("2026-03-29", "until 04:00")]);
        let late = days_of(between("2026-03-29T21:30:00Z", "2026-03-29T22:00:00Z"));
        assert_eq!(published(&late), [("2026-03-29", "23:30 to 00:00")]);
        let next = days_of(between("2026-03-29T22:00:00Z", "2026-03-29T23:00:00Z"));
        assert_eq!(published(&next), [("2026-03-30", "00:00 to 01:00")]);
        // Midnight between the two days is still of the winter.
        let first = days_of(between("2026-03-28T23:00:00Z", "2026-03-29T00:00:00Z"));
        assert_eq!(published(&first), [("2026-03-29", "00:00 to 01:00")]);
    }

    #[test]
    fn a_day_of_25_hours_ends_at_its_own_midnight() {
        // Clocks were put back at 3 on 25 October: this day ends at 23:00 UTC, the day before at 22:00.
        let night = days_of(between("2026-10-24T20:00:00Z", "2026-10-25T03:00:00Z"));
        assert_eq!(published(&night), [("2026-10-24", "from 22:00"), ("2026-10-25", "until 04:00")]);
        let late = days_of(between("2026-10-25T22:30:00Z", "2026-10-25T23:00:00Z"));
        assert_eq!(published(&late), [("2026-10-25", "23:30 to 00:00")]);
        let next = days_of(between("2026-10-25T23:00:00Z", "2026-10-26T00:00:00Z"));
        assert_eq!(published(&next), [("2026-10-26", "00:00 to 01:00")]);
    }

    #[test]
    fn words_say_when_clocks_change_meanwhile() {
        let words = |from, to| window(&between(from, to), Vienna).words;
        assert_eq!(words("2026-11-21T21:00:00Z", "2026-11-21T22:00:00Z"), "Sat 21 Nov 2026, 22:00 to 23:00 CET");
        assert_eq!(
            words("2026-11-21T21:00:00Z", "2026-11-22T01:00:00Z"),
            "Sat 21 Nov 2026, 22:00 to Sun 22 Nov 2026, 02:00 CET"
        );
        assert_eq!(
            words("2026-03-28T21:00:00Z", "2026-03-29T02:00:00Z"),
            "Sat 28 Mar 2026, 22:00 CET to Sun 29 Mar 2026, 04:00 CEST"
        );
        assert_eq!(words("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"), "Sun 25 Oct 2026, 02:00 CEST to 03:00 CET");
    }

    #[test]
    fn forms_get_what_they_send() {
        let texts = |from, to| {
            let window = window(&between(from, to), Vienna);
            (window.starts_at, window.ends_at)
        };
        let (from, to) = texts("2026-11-21T21:00:00Z", "2026-11-21T22:00:30Z");
        assert_eq!((from.as_str(), to.as_str()), ("2026-11-21T22:00", "2026-11-21T23:00:30"));
        assert_eq!(local_time::parse_local(Vienna, &to), Ok(at("2026-11-21T22:00:30Z")));
    }

    #[test]
    fn an_end_is_as_far_away_as_it_says() {
        let end = |text, minutes| end_in(text, minutes, "Europe/Vienna");
        assert_eq!(end("2026-11-21T22:00", 240).as_deref(), Ok("2026-11-22T02:00"));
        // An hour is left out, an hour comes twice.
        assert_eq!(end("2026-03-29T01:30", 60).as_deref(), Ok("2026-03-29T03:30"));
        assert_eq!(end("2026-10-25T01:30", 60).as_deref(), Ok("2026-10-25T02:30"));
        assert_eq!(end("2026-10-25T01:30", 180).as_deref(), Ok("2026-10-25T03:30"));
        let twice = end("2026-10-25T02:30", 60).expect_err("the second half past two has no word of its own");
        assert!(twice.on("ends_at").is_some());
        for wrong in ["", "soon", "2026-03-29T02:30"] {
            assert!(end(wrong, 60).is_err_and(|error| error.on("starts_at").is_some()), "{wrong:?}");
        }
    }
}
