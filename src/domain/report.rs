//! Reports: what history and incidents add up to, day by day, month by month and by service.
//!
//! Several services are combined by adding their tallies. An incident belongs to a day, a month or a
//! period when it was open at some time in it, so that what is counted is what is listed. Its time to
//! resolve lasts from its beginning to its end; only those that are over have one.

use super::{
    error::AppError,
    ids::{IncidentId, ServiceId},
    time::Time,
    uptime::{Span, Tally, tallies},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The periods that a report can have, in days.
pub const PERIODS: [u32; 3] = [30, 90, 365];

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportFilter {
    /// Only this service; empty: all.
    pub service: String,
    /// The last so many days, today included: one of [`PERIODS`].
    pub days: u32,
}

impl Default for ReportFilter {
    fn default() -> Self {
        Self { service: String::new(), days: 90 }
    }
}

impl ReportFilter {
    /// The service, if it is about one.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for another period, [`AppError::NotFound`] for what is no service's id.
    pub fn check(&self) -> Result<Option<ServiceId>, AppError> {
        if !PERIODS.contains(&self.days) {
            return Err(AppError::field("days", "Choose 30, 90 or 365 days."));
        }
        match self.service.as_str() {
            "" => Ok(None),
            id => id.parse().map(Some).map_err(|_| AppError::NotFound("service".to_owned())),
        }
    }
}

/// Days or months that follow each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// What they are called: `2026-11-21`, `2026-11`.
    pub names: Vec<String>,
    /// The first moment of each, and at last the first moment after them all.
    pub bounds: Vec<Time>,
}

impl Calendar {
    fn parts(&self) -> impl Iterator<Item = (&String, Time, Time)> {
        self.names.iter().zip(self.bounds.windows(2)).map(|(name, bounds)| (name, bounds[0], bounds[1]))
    }

    /// First moment, and first moment after it.
    fn whole(&self) -> (Time, Time) {
        let first = self.bounds.first().copied().unwrap_or_default();
        (first, self.bounds.last().copied().unwrap_or(first))
    }
}

/// A service with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePeriod {
    /// Permanent.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Its group's name.
    pub group: Option<String>,
    /// In order.
    pub spans: Vec<Span>,
}

/// An incident as a report lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportIncident {
    /// Permanent.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// When it began.
    pub started_at: Time,
    /// When it was over.
    pub resolved_at: Option<Time>,
}

impl ReportIncident {
    /// How long it took to resolve it.
    pub fn seconds_to_resolve(&self) -> Option<i64> {
        self.resolved_at.map(|end| (end.micros() - self.started_at.micros()).max(0) / 1_000_000)
    }

    /// Whether it was open at some time between two moments.
    fn touches(&self, from: Time, to: Time) -> bool {
        self.started_at < to && (self.started_at >= from || self.resolved_at.is_none_or(|end| end > from))
    }
}

/// An incident, and the services that it says something of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentPeriod {
    /// The incident.
    pub incident: ReportIncident,
    /// Its services.
    pub services: Vec<ServiceId>,
}

/// How many incidents there were, and how long those took that are over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentTotals {
    /// All of them.
    pub count: usize,
    /// Those that are over.
    pub resolved: usize,
    /// What those took together.
    pub resolve_seconds: i64,
}

impl IncidentTotals {
    fn of<'a>(incidents: impl IntoIterator<Item = &'a ReportIncident>) -> Self {
        let mut sum = Self::default();
        incidents.into_iter().for_each(|incident| sum.add(incident));
        sum
    }

    fn add(&mut self, incident: &ReportIncident) {
        self.count += 1;
        if let Some(seconds) = incident.seconds_to_resolve() {
            self.resolved += 1;
            self.resolve_seconds += seconds;
        }
    }

    /// The mean time to resolve, in seconds; `None` while none is over.
    pub fn mean_seconds(&self) -> Option<i64> {
        i64::try_from(self.resolved).ok().and_then(|resolved| self.resolve_seconds.checked_div(resolved))
    }
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayBar {
    /// `2026-11-21`, in the organization's time zone.
    pub date: String,
    /// What its services had.
    pub tally: Tally,
    /// What was open then; the report names them.
    pub incidents: Vec<IncidentId>,
}

/// One month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthBar {
    /// `2026-11`, in the organization's time zone.
    pub month: String,
    /// What its services had.
    pub tally: Tally,
    /// What was open then.
    pub incidents: IncidentTotals,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLine {
    /// Permanent.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Its group's name.
    pub group: Option<String>,
    /// What it had in the whole period.
    pub tally: Tally,
    /// Those of the period that say something of it.
    pub incidents: IncidentTotals,
}

/// How services fared in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Every day of the period, oldest first.
    pub days: Vec<DayBar>,
    /// The last months, whole whatever the period is, oldest first.
    pub months: Vec<MonthBar>,
    /// In the order of the status page.
    pub services: Vec<ServiceLine>,
    /// Those of the period, latest first.
    pub incidents: Vec<ReportIncident>,
    /// The period as a whole.
    pub total: Tally,
    /// The incidents of the period, counted.
    pub sum: IncidentTotals,
}

impl Report {
    /// The report of these services. Incidents are given latest first.
    pub fn of(days: &Calendar, months: &Calendar, services: Vec<ServicePeriod>, happened: Vec<IncidentPeriod>) -> Self {
        let (from, to) = days.whole();
        let mut by_service: HashMap<&ServiceId, IncidentTotals> = HashMap::new();
        for IncidentPeriod { incident, services } in happened.iter().filter(|one| one.incident.touches(from, to)) {
            for service in services {
                by_service.entry(service).or_default().add(incident);
            }
        }
        let mut by_day = vec![Tally::default(); days.names.len()];
        let mut by_month = vec![Tally::default(); months.names.len()];
        let mut total = Tally::default();
        let mut lines = Vec::with_capacity(services.len());
        for ServicePeriod { id, name, group, spans } in services {
            let own = tallies(&spans, &days.bounds);
            let tally = own.iter().copied().fold(Tally::default(), Tally::and);
            add(&mut by_day, &own);
            add(&mut by_month, &tallies(&spans, &months.bounds));
            total = total.and(tally);
            let incidents = by_service.get(&id).copied().unwrap_or_default();
            lines.push(ServiceLine { id, name, group, tally, incidents });
        }
        let within = |from, to| happened.iter().map(|one| &one.incident).filter(move |one| one.touches(from, to));
        let days = days
            .parts()
            .zip(by_day)
            .map(|((date, from, to), tally)| DayBar {
                date: date.clone(),
                tally,
                incidents: within(from, to).map(|incident| incident.id.clone()).collect(),
            })
            .collect();
        let months = months
            .parts()
            .zip(by_month)
            .map(|((month, from, to), tally)| MonthBar {
                month: month.clone(),
                tally,
                incidents: IncidentTotals::of(within(from, to)),
            })
            .collect();
        let incidents: Vec<ReportIncident> = within(from, to).cloned().collect();
        let sum = IncidentTotals::of(&incidents);
        Self { days, months, services: lines, incidents, total, sum }
    }
}

fn add(all: &mut [Tally], more: &[Tally]) {
    for (tally, more) in all.iter_mut().zip(more) {
        *tally = tally.and(*more);
    }
}

/// The time that counts as down, in seconds: all of a major outage and three tenths of a partial one, as
/// in the uptime. Rounded up, so that it is nothing only when nothing was down.
pub const fn down_seconds(tally: &Tally) -> i64 {
    (tally.down_tenths() + 9_999_999) / 10_000_000
}

/// `21 Nov 2026`, of `2026-11-21`.
pub fn day_in_words(date: &str) -> String {
    in_words(date, date, "%-d %b %Y")
}

/// `Nov 2026`, of `2026-11`.
pub fn month_in_words(month: &str) -> String {
    in_words(&format!("{month}-01"), month, "%b %Y")
}

fn in_words(date: &str, otherwise: &str, form: &str) -> String {
    match NaiveDate::parse_from_str(date, "%Y-%m-%d") {
        Ok(day) => day.format(form).to_string(),
        Err(_) => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::ID_LENGTH,
        status::ServiceStatus::{self, MajorOutage, Operational, PartialOutage},
    };

    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    fn service(number: u8) -> ServiceId {
        ServiceId::from_random([number; ID_LENGTH])
    }

    /// Two days, which are also the second and third of a month.
    fn calendars() -> (Calendar, Calendar) {
        let days = Calendar {
            names: vec!["2026-11-02".into(), "2026-11-03".into()],
            bounds: [DAY, 2 * DAY, 3 * DAY].map(at).to_vec(),
        };
        let months =
            Calendar { names: vec!["2026-10".into(), "2026-11".into()], bounds: [-DAY, 0, 3 * DAY].map(at).to_vec() };
        (days, months)
    }

    fn watched(number: u8, parts: &[(ServiceStatus, i64, i64)]) -> ServicePeriod {
        let spans = parts.iter().map(|(status, from, to)| Span { status: *status, from: at(*from), to: at(*to) });
        ServicePeriod { id: service(number), name: format!("Service {number}"), group: None, spans: spans.collect() }
    }

    fn happened(number: u8, from: i64, to: Option<i64>, services: &[u8]) -> IncidentPeriod {
        let incident = ReportIncident {
            id: IncidentId::from_random([number; ID_LENGTH]),
            title: format!("Incident {number}"),
            started_at: at(from),
            resolved_at: to.map(at),
        };
        IncidentPeriod { incident, services: services.iter().map(|number| service(*number)).collect() }
    }

    #[test]
    fn an_hour_in_a_day_by_hand() {
        let (days, months) = calendars();
        let noon = DAY + 12 * HOUR;
        let down = [(Operational, 0, noon), (MajorOutage, noon, noon + HOUR), (Operational, noon + HOUR, 3 * DAY)];
        let services = vec![watched(1, &down), watched(2, &[(Operational, 0, 3 * DAY)])];
        let report = Report::of(&days, &months, services, vec![happened(1, noon, Some(noon + HOUR), &[1])]);
        // One hour of two services with 24 hours each: 47 / 48 of the day, 95 / 96 of both days.
        let words: Vec<_> = report.days.iter().map(|day| day.tally.in_words()).collect();
        assert_eq!(words, ["97.91%", "100%"]);
        assert_eq!((report.total.in_words().as_str(), down_seconds(&report.total)), ("98.95%", HOUR));
        // The month has a day more: 143 / 144.
        let words: Vec<_> = report.months.iter().map(|month| month.tally.in_words()).collect();
        assert_eq!(words, ["no data", "99.30%"]);
        let lines: Vec<_> = report
            .services
            .iter()
            .map(|line| (line.tally.in_words(), line.incidents.count, line.incidents.mean_seconds()))
            .collect();
        assert_eq!(lines, [("97.91%".to_owned(), 1, Some(HOUR)), ("100%".to_owned(), 0, None)]);
        assert_eq!((report.days[0].incidents.len(), report.days[1].incidents.len()), (1, 0));
    }

    #[test]
    fn incidents_belong_to_every_day_on_which_they_were_open() {
        let (days, months) = calendars();
        let all = vec![
            // Open still, without a service.
            happened(4, 2 * DAY + 5, None, &[]),
            // Over midnight.
            happened(3, 2 * DAY - 100, Some(2 * DAY + 200), &[1]),
            // Over before the period, but of the month.
            happened(2, 10, Some(DAY), &[1]),
            // Of the month before.
            happened(1, -DAY, Some(-DAY + 60), &[1]),
        ];
        let report = Report::of(&days, &months, vec![watched(1, &[(Operational, 0, 3 * DAY)])], all);
        let ids = |day: &DayBar| day.incidents.iter().map(|id| id.to_string()).collect::<Vec<_>>();
        assert_eq!((ids(&report.days[0]).len(), ids(&report.days[1]).len()), (1, 2));
        let months: Vec<_> =
            report.months.iter().map(|month| (month.incidents.count, month.incidents.resolved)).collect();
        assert_eq!(months, [(1, 1), (3, 2)]);
        assert_eq!((report.sum.count, report.sum.resolved, report.sum.mean_seconds()), (2, 1, Some(300)));
        assert_eq!(report.incidents.len(), report.sum.count);
        assert_eq!(report.services[0].incidents.count, 1);
        // The second one took from second 10 to the end of the first day.
        assert_eq!(report.months[1].incidents.resolve_seconds, DAY - 10 + 300);
    }

    #[test]
    fn before_a_service_was_there_is_no_data() {
        let (days, months) = calendars();
        let born = watched(1, &[(Operational, 2 * DAY, 3 * DAY - HOUR), (PartialOutage, 3 * DAY - HOUR, 3 * DAY)]);
        let report = Report::of(&days, &months, vec![born], Vec::new());
        let words: Vec<_> = report.days.iter().map(|day| day.tally.in_words()).collect();
        // 0.3 hours of 24.
        assert_eq!(words, ["no data", "98.75%"]);
        assert_eq!((report.total.observed, down_seconds(&report.total)), (DAY * 1_000_000, 1_080));
        assert_eq!(Report::of(&days, &months, Vec::new(), Vec::new()).total.in_words(), "no data");
    }

    #[test]
    fn the_shortest_outage_is_some_downtime() {
        assert_eq!(down_seconds(&Tally { partial: 1, ..Tally::default() }), 1);
        assert_eq!(down_seconds(&Tally { degraded: 5, maintenance: 5, ..Tally::default() }), 0);
    }

    #[test]
    fn filters_are_checked() {
        let filter = |service: &str, days| ReportFilter { service: service.to_owned(), days }.check();
        assert_eq!(filter("", 30), Ok(None));
        assert_eq!(filter(service(1).as_str(), 365), Ok(Some(service(1))));
        assert_eq!(filter("x", 90), Err(AppError::NotFound("service".to_owned())));
        assert!(filter("", 7).is_err_and(|error| error.on("days").is_some()));
        assert!(ReportFilter::default().check().is_ok());
    }

    #[test]
    fn days_and_months_in_words() {
        assert_eq!((day_in_words("2026-11-01"), month_in_words("2026-11")), ("1 Nov 2026".into(), "Nov 2026".into()));
        assert_eq!((day_in_words("soon"), month_in_words("soon")), ("soon".into(), "soon".into()));
    }
}
