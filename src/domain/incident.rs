//! Incidents: what they are, what they say of services, and what follows from it.

use super::{
    account::single_line,
    error::{AppError, FieldErrors},
    ids::{IncidentId, ServiceId, TeamId, TemplateId, UpdateId},
    service::Service,
    status::{Cause, Impact, ServiceStatus, words},
    time::Time,
    timeline::StatusClaim,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Most characters of a title.
pub const MAX_TITLE_LENGTH: usize = 200;
/// Most characters of a message or a postmortem.
pub const MAX_BODY_LENGTH: usize = 25_000;
/// Most services that one update, or one maintenance, names.
pub const MAX_SERVICES: usize = 1_000;
/// Most updates of one incident or maintenance.
pub const MAX_UPDATES: usize = 500;
/// Most bytes that the messages of an incident or a maintenance have together: 256 KiB.
pub const MAX_MESSAGES_BYTES: usize = 256 * 1024;
/// Most statements about services in all updates of one incident: whatever changes an incident reads them all.
pub const MAX_STATEMENTS: usize = 20_000;

words! {
    /// How far an incident has come. Any order may be needed.
    IncidentStatus {
        /// Something is wrong, and nobody knows what.
        Investigating = "investigating",
        /// What is wrong is known.
        Identified = "identified",
        /// It is mended, and watched.
        Monitoring = "monitoring",
        /// It is over.
        Resolved = "resolved",
    }
}

impl IncidentStatus {
    /// As it is written on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Investigating => "Investigating",
            Self::Identified => "Identified",
            Self::Monitoring => "Monitoring",
            Self::Resolved => "Resolved",
        }
    }
}

impl Impact {
    /// As it is written on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Minor => "Minor",
            Self::Major => "Major",
            Self::Critical => "Critical",
        }
    }

    /// What an incident that says this of a service amounts to.
    pub const fn of(status: ServiceStatus) -> Self {
        match status {
            ServiceStatus::Operational | ServiceStatus::UnderMaintenance => Self::None,
            ServiceStatus::DegradedPerformance => Self::Minor,
            ServiceStatus::PartialOutage => Self::Major,
            ServiceStatus::MajorOutage => Self::Critical,
        }
    }
}

/// What an incident says of a service; no status: it is no longer part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceImpact {
    /// The service.
    pub service_id: ServiceId,
    /// Its status while the incident is open.
    pub status: Option<ServiceStatus>,
}

/// What of an update counts for history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateEvent<W> {
    /// The incident's status from then on.
    pub status: IncidentStatus,
    /// When.
    pub at: Time,
    /// Who posted it.
    pub who: W,
    /// What it says of services.
    pub statements: Vec<ServiceImpact>,
}

/// What follows from an incident's updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentSummary {
    /// Of the latest update.
    pub status: IncidentStatus,
    /// Of the first update.
    pub started_at: Time,
    /// Of the update that resolved it, unless it was reopened.
    pub resolved_at: Option<Time>,
    /// Derived from the worst that was ever said of a service.
    pub impact: Impact,
}

/// A claim about one service, with who made it and who ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentClaim<W> {
    /// The service.
    pub service_id: ServiceId,
    /// What is claimed.
    pub claim: StatusClaim<W>,
    /// Who ended it, if it has ended.
    pub ended_by: Option<W>,
}

/// What follows from the steps of an incident, which are in order. `None` without a step.
pub fn summarize_updates<W>(steps: &[UpdateEvent<W>]) -> Option<IncidentSummary> {
    let (first, last) = (steps.first()?, steps.last()?);
    let worst = steps.iter().flat_map(|step| &step.statements).filter_map(|statement| statement.status);
    let resolved = |step: &&UpdateEvent<W>| step.status == IncidentStatus::Resolved;
    // It has been resolved since the first of the closing run of resolved steps.
    let resolved_at = steps.iter().rev().take_while(resolved).last().map(|step| step.at);
    Some(IncidentSummary {
        status: last.status,
        started_at: first.at,
        resolved_at,
        impact: worst.map(Impact::of).max().unwrap_or(Impact::None),
    })
}

/// What the steps of an incident, which are in order, claim of services. A resolved incident claims
/// nothing; one that is reopened claims what is said from then on.
pub fn claims<W: Clone + PartialEq>(steps: &[UpdateEvent<W>]) -> Vec<IncidentClaim<W>> {
    let mut done: Vec<IncidentClaim<W>> = Vec::new();
    // In the order in which they began; the places of those that are over are empty.
    let mut open: Vec<Option<IncidentClaim<W>>> = Vec::new();
    let mut places: HashMap<&ServiceId, usize> = HashMap::new();
    let close = |mut claim: IncidentClaim<W>, step: &UpdateEvent<W>| {
        claim.claim.to = Some(step.at);
        claim.ended_by = Some(step.who.clone());
        claim
    };
    for step in steps {
        if step.status == IncidentStatus::Resolved {
            places.clear();
            done.extend(open.drain(..).flatten().map(|claim| close(claim, step)));
            continue;
        }
        for ServiceImpact { service_id, status } in &step.statements {
            if let Some(place) = places.get(service_id) {
                if open[*place].as_ref().map(|claim| claim.claim.status) == *status {
                    continue;
                }
                done.extend(open[*place].take().map(|claim| close(claim, step)));
                places.remove(service_id);
            }
            // That a service is well is no claim against what others say.
            if let Some(status) = status.filter(|status| *status != ServiceStatus::Operational) {
                let claim =
                    StatusClaim { status, from: step.at, to: None, cause: Cause::Incident, who: step.who.clone() };
                places.insert(service_id, open.len());
                open.push(Some(IncidentClaim { service_id: service_id.clone(), claim, ended_by: None }));
            }
        }
    }
    done.extend(open.into_iter().flatten());
    done.retain(|claim| claim.claim.to != Some(claim.claim.from));
    done
}

/// What is said at last of each service that is still part of the incident.
pub fn last_impacts<W>(steps: &[UpdateEvent<W>]) -> Vec<(ServiceId, ServiceStatus)> {
    let mut seen: HashSet<&ServiceId> = HashSet::new();
    let all = steps.iter().flat_map(|step| &step.statements).rev();
    let last = all.filter(|statement| seen.insert(&statement.service_id));
    let mut said: Vec<_> = last.filter_map(|said| Some((said.service_id.clone(), said.status?))).collect();
    said.reverse();
    said
}

/// A service in an incident, and what the incident said of it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Affected {
    /// The service.
    pub service_id: ServiceId,
    /// Its name now.
    pub name: String,
    /// The team that owns it.
    pub team_id: Option<TeamId>,
    /// What the incident said last.
    pub status: ServiceStatus,
}

/// What every incident is told by, in lists and on its own page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Permanent.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// How far it has come.
    pub status: IncidentStatus,
    /// How much it matters.
    pub impact: Impact,
    /// When it began.
    pub started_at: Time,
    /// When it was over.
    pub resolved_at: Option<Time>,
    /// Services it says something of, in the order of the page.
    pub services: Vec<Affected>,
    /// Counts its changes.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: Time,
}

impl Incident {
    /// Whether it is still open.
    pub const fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }
}

/// One message of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentUpdate {
    /// Permanent.
    pub id: UpdateId,
    /// The incident's status from then on.
    pub status: IncidentStatus,
    /// As it was written: Markdown, or HTML for what was imported.
    pub body: String,
    /// As it is shown: safe HTML.
    pub html: String,
    /// Its own time.
    pub at: Time,
    /// Who posted it, as they were called then.
    pub by: Option<String>,
    /// When it was last edited.
    pub edited_at: Option<Time>,
    /// What it says of services: names as they are now.
    pub services: Vec<(ServiceImpact, String)>,
}

/// What was learned from an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postmortem {
    /// As it was written, Markdown.
    pub body: String,
    /// As it is shown: safe HTML.
    pub html: String,
    /// Since when everybody reads it; `None` for a draft.
    pub published_at: Option<Time>,
}

/// An incident with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentDetail {
    /// The incident.
    pub incident: Incident,
    /// The impact that was set by hand, if it was.
    pub impact_set: Option<Impact>,
    /// Newest first.
    pub updates: Vec<IncidentUpdate>,
    /// When each of them is of by the clock of the organization, as forms have it: `2026-11-21T22:00`.
    pub local_times: Vec<(UpdateId, String)>,
    /// What was learned, if anything was written.
    pub postmortem: Option<Postmortem>,
    /// Incidents that belong together with it: id, title, status.
    pub links: Vec<(IncidentId, String, IncidentStatus)>,
    /// Its permanent address for visitors.
    pub page: String,
}

/// An incident as visitors read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedIncident {
    /// The incident.
    pub incident: Incident,
    /// Newest first.
    pub updates: Vec<IncidentUpdate>,
    /// What was learned, once it is published.
    pub postmortem: Option<Postmortem>,
}

/// Which incidents a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncidentFilter {
    /// `active`, `resolved`, or empty for all.
    pub state: String,
    /// Only those that say something of this service.
    pub service: String,
    /// Only those that say something of a service of this team.
    pub team: String,
    /// Only those of this impact.
    pub impact: String,
    /// In title or messages.
    pub words: String,
    /// Only those that began then or later.
    pub from: Option<Time>,
    /// Only those that began before.
    pub to: Option<Time>,
    /// Only older ones than this.
    pub before: Option<(Time, IncidentId)>,
}

/// A page of a list of incidents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentPage {
    /// Latest first.
    pub incidents: Vec<Incident>,
    /// Whether older ones follow.
    pub more: bool,
    /// How many there are that are open, with the same filter.
    pub active: i64,
    /// How many there are that are over, with the same filter.
    pub resolved: i64,
}

/// What a person types to report an incident. Its times are typed in the organization's time zone, as
/// `2026-11-21T22:00`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewIncident {
    /// One line.
    pub title: String,
    /// Empty: derived from the services.
    pub impact: String,
    /// Empty: investigating.
    pub status: String,
    /// The first message, Markdown.
    pub body: String,
    /// What is said of services.
    pub services: Vec<ServiceImpact>,
    /// When it began, local; empty: now.
    pub started_at: String,
    /// When it was over, local, for one that is reported afterwards; else empty.
    pub resolved_at: String,
}

/// What a person types to update an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdateInput {
    /// Empty: as it is.
    pub status: String,
    /// Markdown.
    pub body: String,
    /// What changes about services; the others stay as they are.
    pub services: Vec<ServiceImpact>,
    /// Its own time, typed in the organization's time zone; empty: now, or for one that was posted, as it is.
    pub at: String,
    /// The revision of the incident that the person has seen; `None` to post whatever happened since.
    pub seen: Option<i64>,
}

/// What a person types to change what an incident is called and how much it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncidentEdit {
    /// One line.
    pub title: String,
    /// Empty: derived from the services.
    pub impact: String,
    /// The revision of the incident that the person has seen.
    pub seen: Option<i64>,
}

/// What a person typed to report an incident, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedIncident {
    /// One line.
    pub title: String,
    /// The impact that was set by hand.
    pub impact: Option<Impact>,
    /// How far it has come.
    pub status: IncidentStatus,
    /// Markdown.
    pub body: String,
    /// What is said of services.
    pub services: Vec<ServiceImpact>,
    /// When it began, if not now.
    pub started_at: Option<Time>,
    /// When it was over, for one that is reported afterwards.
    pub resolved_at: Option<Time>,
}

/// Checks a message or a postmortem: bounded, without control characters.
///
/// # Errors
/// In words.
pub fn body(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().count() > MAX_BODY_LENGTH {
        return Err(format!("Use at most {MAX_BODY_LENGTH} characters."));
    }
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        return Err("Remove the control characters.".to_owned());
    }
    Ok(text.to_owned())
}

/// The impact that a form names; empty: derived.
///
/// # Errors
/// In words.
pub fn impact(text: &str) -> Result<Option<Impact>, String> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| "Choose an impact.".to_owned()),
    }
}

/// The status that a form names; empty: `otherwise`.
///
/// # Errors
/// In words.
pub fn status(text: &str, otherwise: IncidentStatus) -> Result<IncidentStatus, String> {
    match text {
        "" => Ok(otherwise),
        text => text.parse().map_err(|_| "Choose a status.".to_owned()),
    }
}

/// The moment that a form names, read by the clocks of the organization; empty: none.
///
/// # Errors
/// In words, as `read` says them.
pub fn moment(text: &str, read: impl Fn(&str) -> Result<Time, String>) -> Result<Option<Time>, String> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

/// Refuses a service that is named twice, and more than fit.
///
/// # Errors
/// In words.
pub fn statements(all: &[ServiceImpact]) -> Result<Vec<ServiceImpact>, String> {
    if all.len() > MAX_SERVICES {
        return Err(format!("Choose at most {MAX_SERVICES} services."));
    }
    let mut seen = std::collections::BTreeSet::new();
    if all.iter().all(|statement| seen.insert(&statement.service_id)) {
        Ok(all.to_vec())
    } else {
        Err("A service is listed twice.".to_owned())
    }
}

impl NewIncident {
    /// Checks every field. `now` is the moment of the report; `read` reads a time by the clocks of the
    /// organization.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with everything that is wrong.
    pub fn check(&self, now: Time, read: impl Fn(&str) -> Result<Time, String>) -> Result<CheckedIncident, AppError> {
        let mut errors = FieldErrors::default();
        let title = errors.take("title", single_line("a title", &self.title, MAX_TITLE_LENGTH)).unwrap_or_default();
        let impact = errors.take("impact", impact(&self.impact)).unwrap_or_default();
        let status = errors.take("status", status(&self.status, IncidentStatus::Investigating));
        let body = errors.take("body", body(&self.body)).unwrap_or_default();
        let services = errors.take("services", statements(&self.services)).unwrap_or_default();
        let started_at = errors.take("started_at", moment(&self.started_at, &read)).flatten();
        let resolved_at = errors.take("resolved_at", moment(&self.resolved_at, &read)).flatten();
        // An end has nothing to be compared with while nobody knows the beginning.
        let known = errors.of("started_at").is_none();
        if started_at.is_some_and(|at| at > now) {
            errors.add("started_at", "An incident can’t start in the future. For planned work, schedule maintenance.");
        }
        match (started_at, resolved_at) {
            (_, None) => {}
            (_, Some(end)) if end > now => errors.add("resolved_at", "An incident can’t end in the future."),
            (Some(start), Some(end)) if end > start => {}
            _ if !known => {}
            _ => errors.add("resolved_at", "The end must be after the start."),
        }
        errors.finish()?;
        let status = status.unwrap_or(IncidentStatus::Investigating);
        Ok(CheckedIncident { title, impact, status, body, services, started_at, resolved_at })
    }
}

/// A text to begin an incident or an update with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Template {
    /// Permanent.
    pub id: TemplateId,
    /// What it is found by.
    pub name: String,
    /// The incident's title.
    pub title: String,
    /// The message, Markdown.
    pub body: String,
    /// The incident's status.
    pub status: IncidentStatus,
    /// The impact to set, if any.
    pub impact: Option<Impact>,
}

/// What a person types about a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateInput {
    /// What it is found by.
    pub name: String,
    /// The incident's title.
    pub title: String,
    /// The message, Markdown.
    pub body: String,
    /// Empty: investigating.
    pub status: String,
    /// Empty: derived from the services.
    pub impact: String,
}

/// The variables that a template can use.
pub const VARIABLES: &[(&str, &str)] = &[
    ("service", "The names of the affected services"),
    ("status", "Their worst status"),
    ("organization", "The organization's name"),
    ("date", "The date"),
    ("time", "The time, in UTC"),
];

/// Fills the variables of a template in; unknown ones stay as they stand.
pub fn fill(text: &str, services: &[&Service], status: Option<&str>, organization: &str, now: Time) -> String {
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let names = match names.as_slice() {
        [] => "our services".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    };
    let utc = now.utc();
    [
        ("service", names),
        ("status", status.unwrap_or("affected").to_lowercase()),
        ("organization", organization.to_owned()),
        ("date", utc.format("%-d %B %Y").to_string()),
        ("time", utc.format("%H:%M UTC").to_string()),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), &value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use IncidentStatus::{Identified, Investigating, Monitoring, Resolved};
    use ServiceStatus::{MajorOutage, Operational, PartialOutage};

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    fn service(number: u8) -> ServiceId {
        ServiceId::from_random([number; 12])
    }

    fn step(at_second: i64, status: IncidentStatus, said: &[(u8, Option<ServiceStatus>)]) -> UpdateEvent<&'static str> {
        let statements = said
            .iter()
            .map(|(number, status)| ServiceImpact { service_id: service(*number), status: *status })
            .collect();
        UpdateEvent { status, at: at(at_second), who: "ana", statements }
    }

    fn told(steps: &[UpdateEvent<&'static str>]) -> Vec<(ServiceId, ServiceStatus, i64, Option<i64>)> {
        claims(steps)
            .into_iter()
            .map(|IncidentClaim { service_id, claim, .. }| {
                (service_id, claim.status, claim.from.seconds(), claim.to.map(Time::seconds))
            })
            .collect()
    }

    #[test]
    fn updates_change_services_and_the_end_frees_them() {
        let steps = [
            step(10, Investigating, &[(1, Some(MajorOutage)), (2, Some(PartialOutage))]),
            step(20, Identified, &[(1, Some(PartialOutage))]),
            step(30, Monitoring, &[(2, Some(Operational))]),
            step(40, Resolved, &[]),
        ];
        assert_eq!(
            told(&steps),
            [
                (service(1), MajorOutage, 10, Some(20)),
                (service(2), PartialOutage, 10, Some(30)),
                (service(1), PartialOutage, 20, Some(40)),
            ]
        );
        let course = summarize_updates(&steps).expect("there are steps");
        assert_eq!((course.status, course.impact), (Resolved, Impact::Critical));
        assert_eq!((course.started_at, course.resolved_at), (at(10), Some(at(40))));
    }

    #[test]
    fn a_service_can_be_taken_out_and_an_incident_reopened() {
        let steps = [
            step(10, Investigating, &[(1, Some(MajorOutage)), (2, Some(MajorOutage))]),
            step(20, Investigating, &[(2, None)]),
            step(30, Resolved, &[]),
            step(40, Investigating, &[(1, Some(PartialOutage))]),
        ];
        assert_eq!(
            told(&steps),
            [
                (service(2), MajorOutage, 10, Some(20)),
                (service(1), MajorOutage, 10, Some(30)),
                (service(1), PartialOutage, 40, None),
            ]
        );
        assert_eq!(summarize_updates(&steps).map(|course| course.resolved_at), Some(None));
    }

    #[test]
    fn what_states_no_status_claims_nothing() {
        let steps = [step(10, Investigating, &[(1, Some(Operational))]), step(20, Resolved, &[])];
        assert!(told(&steps).is_empty());
        assert_eq!(summarize_updates(&steps).map(|course| course.impact), Some(Impact::None));
        // A remark after the end does not move the end.
        let steps = [step(10, Investigating, &[]), step(20, Resolved, &[]), step(30, Resolved, &[])];
        assert_eq!(summarize_updates(&steps).and_then(|course| course.resolved_at), Some(at(20)));
    }

    fn checked(new: &NewIncident, now: i64) -> Result<CheckedIncident, AppError> {
        new.check(at(now), |text| text.parse().map(at).map_err(|_| "Write a second.".to_owned()))
    }

    fn wrong(new: &NewIncident, now: i64) -> Vec<String> {
        match checked(new, now) {
            Err(AppError::Invalid(errors)) => errors.0.into_iter().map(|error| error.field).collect(),
            other => panic!("is refused: {other:?}"),
        }
    }

    #[test]
    fn reports_are_checked_whole() {
        let bad = NewIncident {
            impact: "huge".into(),
            status: "panic".into(),
            body: "x".repeat(MAX_BODY_LENGTH + 1),
            services: vec![ServiceImpact { service_id: service(1), status: None }; 2],
            started_at: "100".into(),
            resolved_at: "50".into(),
            ..Default::default()
        };
        assert_eq!(wrong(&bad, 60), ["title", "impact", "status", "body", "services", "started_at", "resolved_at"]);
    }

    #[test]
    fn times_are_read_as_they_are_typed() {
        let typed = |from: &str, to: &str| NewIncident {
            title: "Slow".into(),
            started_at: from.into(),
            resolved_at: to.into(),
            ..Default::default()
        };
        let times = |from: &str, to: &str| {
            checked(&typed(from, to), 60).map(|checked| (checked.started_at, checked.resolved_at))
        };
        assert_eq!(times("", " "), Ok((None, None)));
        assert_eq!(times("10", ""), Ok((Some(at(10)), None)));
        assert_eq!(times(" 10", "20 "), Ok((Some(at(10)), Some(at(20)))));
        for (from, to, fields) in [
            ("soon", "20", vec!["started_at"]),
            ("soon", "later", vec!["started_at", "resolved_at"]),
            ("20", "20", vec!["resolved_at"]),
            ("", "20", vec!["resolved_at"]),
            ("10", "70", vec!["resolved_at"]),
            ("70", "", vec!["started_at"]),
        ] {
            assert_eq!(wrong(&typed(from, to), 60), fields, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn templates_are_filled_in() {
        let text = "{{service}} is {{status}} since {{time}}, {{date}}. {{unknown}}";
        let filled = fill(text, &[], Some("Major outage"), "Northwind", Time::from_micros(0));
        assert_eq!(filled, "our services is major outage since 00:00 UTC, 1 January 1970. {{unknown}}");
    }
}
