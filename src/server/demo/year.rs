//! A year at Northwind, as if it had been written down while it happened.
//!
//! Texts and order are always the same. Moments hang on the one at which the demo is made: days ago at
//! an hour, and a few seconds more or less that come from [`SEED`].

use super::{
    incidents::{SampleIncident, incidents},
    windows::{WINDOWS, Window},
};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::ServiceId,
        incident::{CheckedIncident, ServiceImpact},
        status::ServiceStatus,
        time::Time,
    },
    server::{
        db::Write,
        incidents::{add, add_update, postmortem},
        maintenance::{self, NewMaintenance},
        markdown::Rendered,
    },
};
use std::collections::HashMap;

/// Where the numbers begin that look random.
const SEED: u64 = 0x004e_6f72_7468_7769;

const DAY: i64 = 86_400;

/// Who writes updates.
const PEOPLE: [&str; 4] = ["Ana Lindqvist", "Jonas Weber", "Priya Raman", "Tomás Oliveira"];

/// What an update says of a service, by its name.
pub(super) type SampleStatement = (&'static str, ServiceStatus);

/// Services by their names.
pub(super) type Services = HashMap<&'static str, ServiceId>;

/// When something begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum DemoTime {
    /// Days ago, at an hour and a minute of UTC.
    Day(i64, i64, i64),
    /// Minutes from now.
    Now(i64),
}

impl DemoTime {
    pub(super) fn time(self, now: Time) -> Time {
        match self {
            Self::Day(days, hour, minute) => {
                let midnight = now.seconds() - now.seconds().rem_euclid(DAY);
                Time::from_micros(0).plus_seconds(midnight - days * DAY + hour * 3_600 + minute * 60)
            }
            Self::Now(minutes) => now.plus_seconds(minutes * 60),
        }
    }
}

/// Numbers that look random and are the same every time.
struct Rng(u64);

impl Rng {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    /// Some seconds, less than a minute: updates do not come on the minute.
    fn seconds(&mut self) -> i64 {
        i64::try_from(self.below(55)).unwrap_or_default()
    }

    fn person(&mut self) -> String {
        let number = usize::try_from(self.below(PEOPLE.len() as u64)).unwrap_or_default();
        PEOPLE[number].to_owned()
    }
}

enum Event {
    Incident(SampleIncident),
    Window(&'static Window),
}

/// Writes the year down. The write stands where it stood before: its moment and its actor were lent
/// to everything that happened.
pub(super) async fn play(write: &mut Write, services: &Services) -> Result<()> {
    let (now, actor) = (write.at, write.actor.name.clone());
    let mut events: Vec<(Time, Event)> =
        incidents().into_iter().map(|told| (told.begins.time(now), Event::Incident(told))).collect();
    events.extend(WINDOWS.iter().map(|window| (window.begins.time(now), Event::Window(window))));
    // In the order in which it happened, so that history only grows.
    events.sort_by_key(|(at, _)| *at);
    let mut dice = Rng(SEED);
    for (begins, event) in events {
        match event {
            Event::Incident(told) => happen(write, services, &told, begins, now, &mut dice).await?,
            Event::Window(window) => plan(write, services, window, begins, now, &mut dice).await?,
        }
    }
    (write.at, write.actor.name) = (now, actor);
    Ok(())
}

fn service(services: &Services, name: &str) -> Result<ServiceId> {
    services.get(name).cloned().ok_or(AppError::Internal)
}

fn statements(services: &Services, says: &[SampleStatement]) -> Result<Vec<ServiceImpact>> {
    says.iter()
        .map(|(name, status)| Ok(ServiceImpact { service_id: service(services, name)?, status: Some(*status) }))
        .collect()
}

async fn happen(
    write: &mut Write,
    services: &Services,
    told: &SampleIncident,
    begins: Time,
    now: Time,
    dice: &mut Rng,
) -> Result<()> {
    let Some((first, further)) = told.updates.split_first() else { return Ok(()) };
    let begins = begins.plus_seconds(dice.seconds());
    (write.at, write.actor.name) = (begins, dice.person());
    let new = CheckedIncident {
        title: told.title.to_owned(),
        impact: told.impact,
        status: first.status,
        body: first.body.to_owned(),
        services: statements(services, first.services)?,
        started_at: Some(begins),
        resolved_at: None,
    };
    let id = add(write, &new, &Rendered::default(), None).await?;
    let mut last = begins;
    for said in further {
        last = begins.plus_seconds(said.after * 60 + dice.seconds());
        (write.at, write.actor.name) = (last, dice.person());
        add_update(write, &id, said.status, said.body, last, statements(services, said.services)?).await?;
    }
    if !told.postmortem.is_empty() {
        // Two days later, when everybody has slept.
        write.at = last.plus_seconds(2 * DAY).min(now);
        postmortem::set(write, &id, told.postmortem.trim_end(), true).await?;
    }
    Ok(())
}

async fn plan(
    write: &mut Write,
    services: &Services,
    window: &Window,
    begins: Time,
    now: Time,
    dice: &mut Rng,
) -> Result<()> {
    (write.at, write.actor.name) =
        (begins.plus_seconds(-window.announced * DAY + dice.seconds()).min(now), dice.person());
    let new = NewMaintenance {
        title: window.title.to_owned(),
        body: window.body.to_owned(),
        rendered: Rendered::default(),
        services: window.services.iter().map(|name| service(services, name)).collect::<Result<_>>()?,
        starts_at: begins,
        ends_at: begins.plus_seconds(window.minutes * 60),
        automatic: true,
        series_id: None,
    };
    let id = maintenance::add(write, &new).await?;
    if let Some(days) = window.called_off {
        write.at = begins.plus_seconds(-days * DAY);
        maintenance::cancel(write, &id).await?;
    }
    write.at = new.ends_at.min(now);
    maintenance::run_due(write, &id, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::IncidentStatus;
    use std::collections::BTreeSet;

    const MADE: Time = Time::from_micros(1_793_000_000_000_000);

    #[test]
    fn a_year_has_everything_in_it() {
        let all = incidents();
        assert_eq!((all.len(), WINDOWS.len()), (26, 10));
        let times: Vec<Time> = all.iter().map(|told| told.begins.time(MADE)).collect();
        assert!(times.is_sorted(), "oldest first");
        assert!(MADE - times[0] < 364.0 * 86_400.0, "after the services came into being");
        let open =
            all.iter().filter(|told| told.updates.last().is_some_and(|last| last.status != IncidentStatus::Resolved));
        assert_eq!(open.map(|told| told.updates.len()).collect::<Vec<_>>(), [2], "one is open, with two updates");
        assert_eq!(all.iter().filter(|told| !told.postmortem.is_empty()).count(), 5);
        let reopened = |told: &&SampleIncident| {
            told.updates.iter().filter(|said| said.status == IncidentStatus::Resolved).count() > 1
        };
        assert_eq!(all.iter().filter(reopened).count(), 1);
        for told in &all {
            let afters: Vec<i64> = told.updates.iter().map(|said| said.after).collect();
            assert!((2..=5).contains(&afters.len()) && afters[0] == 0, "{}", told.title);
            assert!(afters.windows(2).all(|pair| pair[1] - pair[0] >= 2), "{}", told.title);
            assert!(told.updates.iter().all(|said| !said.body.is_empty()), "{}", told.title);
        }
        let titles: BTreeSet<_> = all.iter().map(|told| told.title).collect();
        assert_eq!(titles.len(), all.len(), "each has a title of its own");
    }

    #[test]
    fn everything_but_what_is_open_was_over_before_now() {
        // At the first second of a day, when the days ago are shortest.
        let midnight = DemoTime::Day(0, 0, 0).time(MADE);
        for told in incidents() {
            let last = told.updates.last().map_or(0, |said| said.after * 60 + 60);
            assert!(told.begins.time(midnight).plus_seconds(last) <= midnight, "{}", told.title);
        }
    }
}
