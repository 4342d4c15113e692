//! What has been: the timeline of the status page and the history by month.

use super::{PageContext, incidents, maintenance, way_back};
use crate::{
    domain::{incident::PublishedIncident, maintenance::PublishedMaintenance, time::Time},
    server::status_page::{
        local_time::{self, Month},
        snapshot::{Snapshot, TIMELINE},
    },
};
use chrono::NaiveDate;
use leptos::prelude::*;

/// What the history shows.
#[derive(Debug)]
pub struct PastEvents {
    /// Months without a hole between them, newest first, each with what happened in it.
    pub months: Vec<(Month, Vec<PublishedIncident>, Vec<PublishedMaintenance>)>,
    /// The month that it is.
    pub this_month: Month,
    /// The first month that can hold something.
    pub first: Month,
}

/// Something that happened.
enum Event<'a> {
    Incident(&'a PublishedIncident),
    Maintenance(&'a PublishedMaintenance),
}

/// A stretch of days or months, newest first.
#[derive(Debug, PartialEq, Eq)]
enum QuietDays<U, E> {
    /// One with what happened in it.
    Eventful(U, Vec<E>),
    /// Neighbours in which nothing happened: the newest and the oldest of them.
    Quiet(U, U),
}

/// Makes one of neighbours in which nothing happened.
fn folded<U: Copy, E>(units: impl IntoIterator<Item = (U, Vec<E>)>) -> Vec<QuietDays<U, E>> {
    let mut runs: Vec<QuietDays<U, E>> = Vec::new();
    for (unit, events) in units {
        match runs.last_mut() {
            Some(QuietDays::Quiet(_, oldest)) if events.is_empty() => *oldest = unit,
            _ if events.is_empty() => runs.push(QuietDays::Quiet(unit, unit)),
            _ => runs.push(QuietDays::Eventful(unit, events)),
        }
    }
    runs
}

/// Both kinds together, latest first.
fn events<'a>(incidents: &'a [PublishedIncident], maintenance: &'a [PublishedMaintenance]) -> Vec<(Time, Event<'a>)> {
    let mut all: Vec<(Time, Event<'a>)> = incidents
        .iter()
        .map(|told| (told.incident.started_at, Event::Incident(told)))
        .chain(maintenance.iter().map(|told| (told.maintenance.starts_at, Event::Maintenance(told))))
        .collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all
}

/// The past days. What began before the first of them stands on the day on which it was over.
pub(super) fn recent(setting: &PageContext<'_>, snapshot: &Snapshot) -> AnyView {
    let zone = setting.zone;
    let today = local_time::date(zone, setting.now);
    let length = i64::try_from(TIMELINE).unwrap_or_default();
    let first = local_time::plus(today, 1 - length);
    let mut by_day: Vec<(NaiveDate, Vec<Event<'_>>)> =
        (0..length).map(|back| (local_time::plus(today, -back), Vec::new())).collect();
    for (at, event) in events(&snapshot.past, &snapshot.past_maintenance) {
        let began = local_time::date(zone, at);
        let end = match &event {
            Event::Incident(told) => told.incident.resolved_at,
            Event::Maintenance(told) => told.maintenance.completed_at,
        };
        let day = if began < first { end.map_or(began, |end| local_time::date(zone, end)) } else { began };
        if let Some((_, events)) = by_day.iter_mut().find(|(date, _)| *date == day) {
            events.push(event);
        }
    }
    let runs: Vec<AnyView> = folded(by_day)
        .into_iter()
        .map(|run| match run {
            QuietDays::Eventful(day, events) => {
                let entries: Vec<AnyView> = events.iter().map(|event| entry(setting, event)).collect();
                view! { <div class="day"><h3>{local_time::day_in_words(day)}</h3>{entries}</div> }.into_any()
            }
            QuietDays::Quiet(newest, oldest) => {
                view! { <p class="quiet">{quiet_days(newest, oldest, today, first)}</p> }.into_any()
            }
        })
        .collect();
    view! {
        <section id="timeline" class="past">
            <h2>{format!("Past {TIMELINE} days")}</h2>
            {runs}
            <p class="on"><a href=format!("{}/history", setting.home())>"All incidents and maintenance"</a></p>
        </section>
    }
    .into_any()
}

fn quiet_days(newest: NaiveDate, oldest: NaiveDate, today: NaiveDate, first: NaiveDate) -> String {
    let day = local_time::day_in_words;
    match (newest == today, oldest == newest) {
        (true, true) => "No incidents today".to_owned(),
        (true, false) if oldest == first => format!("No incidents in the past {TIMELINE} days"),
        (true, false) => format!("No incidents since {}", day(oldest)),
        (false, true) => format!("No incidents on {}", day(newest)),
        (false, false) => format!("No incidents from {} to {}", oldest.format("%-d %b"), day(newest)),
    }
}

fn entry(setting: &PageContext<'_>, event: &Event<'_>) -> AnyView {
    match event {
        Event::Incident(told) => incidents::entry(setting, told),
        Event::Maintenance(told) => maintenance::entry(setting, told),
    }
}

/// The content of the history: the latest months, or the one that was asked for.
pub(super) fn history(setting: &PageContext<'_>, past: &PastEvents, asked: Option<Month>) -> AnyView {
    let all = past.months.iter().map(|(month, incidents, maintenance)| (*month, events(incidents, maintenance)));
    let runs: Vec<AnyView> = folded(all)
        .into_iter()
        .map(|run| match run {
            QuietDays::Eventful(month, events) => {
                let entries: Vec<AnyView> = events.iter().map(|(_, event)| gist(setting, event)).collect();
                view! { <section class="part month"><h2>{month.to_string()}</h2>{entries}</section> }.into_any()
            }
            QuietDays::Quiet(newest, oldest) if newest == oldest => {
                view! { <p class="quiet">{format!("No incidents or maintenance in {newest}")}</p> }.into_any()
            }
            QuietDays::Quiet(newest, oldest) => {
                view! { <p class="quiet">{format!("No incidents or maintenance from {oldest} to {newest}")}</p> }
                    .into_any()
            }
        })
        .collect();
    let address = |month: Month| format!("{}/history?month={}", setting.home(), month.key());
    let (newest, oldest) = (past.months.first().map(|month| month.0), past.months.last().map(|month| month.0));
    let later = newest.filter(|month| *month < past.this_month).map(Month::after);
    let later = later.map(|month| view! { <a rel="next" href=address(month)>{month.to_string()}</a> });
    let earlier = oldest.filter(|month| *month > past.first).map(Month::before);
    let earlier = earlier.map(|month| view! { <a rel="prev" href=address(month)>{month.to_string()}</a> });
    let title = asked.map_or_else(|| "History".to_owned(), |month| format!("History: {month}"));
    view! {
        {way_back(setting)}
        <header class="title">
            <div>
                <h1>{title}</h1>
                <p>"Incidents and maintenance by month, newest first."</p>
            </div>
        </header>
        {runs}
        <nav class="months" aria-label="Months">{earlier}{later}</nav>
    }
    .into_any()
}

fn gist(setting: &PageContext<'_>, event: &Event<'_>) -> AnyView {
    match event {
        Event::Incident(told) => incidents::gist(setting, told),
        Event::Maintenance(told) => maintenance::gist(setting, told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_without_anything_are_one() {
        let units =
            [(9, vec![]), (8, vec![]), (7, vec!["a", "b"]), (6, vec![]), (5, vec!["c"]), (4, vec![]), (3, vec![])];
        assert_eq!(
            folded(units),
            [
                QuietDays::Quiet(9, 8),
                QuietDays::Eventful(7, vec!["a", "b"]),
                QuietDays::Quiet(6, 6),
                QuietDays::Eventful(5, vec!["c"]),
                QuietDays::Quiet(4, 3)
            ]
        );
    }

    #[test]
    fn quiet_days_in_words() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let (today, first) = (day("2026-11-21"), day("2026-11-07"));
        let words = |newest: &str, oldest: &str| quiet_days(day(newest), day(oldest), today, first);
        assert_eq!(words("2026-11-21", "2026-11-21"), "No incidents today");
        assert_eq!(words("2026-11-21", "2026-11-19"), "No incidents since 19 Nov 2026");
        assert_eq!(words("2026-11-21", "2026-11-07"), "No incidents in the past 15 days");
        assert_eq!(words("2026-11-12", "2026-11-12"), "No incidents on 12 Nov 2026");
        assert_eq!(words("2026-11-12", "2026-11-07"), "No incidents from 7 Nov to 12 Nov 2026");
    }

    proptest! {
        /// Nothing is lost, and two quiet stretches never stand beside each other.
        #[test]
        fn folding_loses_nothing(counts in proptest::collection::vec(0_usize..3, 0..20)) {
            let units = counts.iter().enumerate().map(|(unit, count)| (unit, vec![(); *count]));
            let runs = folded(units);
            let is_quiet = |run: &QuietDays<usize, ()>| matches!(run, QuietDays::Quiet(..));
            prop_assert!(runs.windows(2).all(|pair| !(is_quiet(&pair[0]) && is_quiet(&pair[1]))));
            let mut unfolded = Vec::new();
            for run in &runs {
                match run {
                    QuietDays::Eventful(unit, events) => unfolded.push((*unit, events.len())),
                    QuietDays::Quiet(newest, oldest) => unfolded.extend((*newest..=*oldest).map(|unit| (unit, 0))),
                }
            }
            prop_assert_eq!(unfolded, counts.into_iter().enumerate().collect::<Vec<_>>());
        }
    }
}
