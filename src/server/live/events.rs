//! What programs are told: how one moment of an organization differs from the one before, as JSON,
//! written once for everybody who listens.

use crate::{
    domain::{
        ids::{IncidentId, MaintenanceId, ServiceId, UpdateId},
        incident::{IncidentStatus, IncidentUpdate, PublishedIncident},
        maintenance::{MaintenanceStatus, MaintenanceUpdate, PublishedMaintenance},
        service::Service,
        status::{Impact, PageStatus, ServiceStatus},
        time::Time,
    },
    server::{App, status_page::Snapshot},
};
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// Versions with events that somebody who comes back can be behind.
const VERSIONS: usize = 32;
/// Memory for the events of one organization, in bytes; whoever missed older ones reads everything.
const MAX_MEMORY_BYTES: usize = 128 * 1024;
/// The longest event, in bytes; of a longer one the messages are left out. A socket keeps a buffer as
/// large as its largest message.
const MAX_MESSAGE_BYTES: usize = 32 * 1024;

/// A service, as programs are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServicePayload {
    /// Permanent.
    pub id: ServiceId,
    /// As the page calls it.
    pub name: String,
    /// What visitors see.
    pub status: ServiceStatus,
    /// Since when it has had that status.
    pub since: Time,
}

/// A service in an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AffectedServicePayload {
    /// The service.
    pub id: ServiceId,
    /// Its name now.
    pub name: String,
    /// What is said of it; none: it is no longer part of the incident.
    pub status: Option<ServiceStatus>,
}

/// A service in a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaintainedServicePayload {
    /// The service.
    pub id: ServiceId,
    /// Its name now.
    pub name: String,
}

/// An incident, as programs are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncidentPayload {
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
    /// When it last changed.
    pub updated_at: Time,
    /// Since when there is a postmortem to read.
    pub postmortem_published_at: Option<Time>,
    /// Its permanent address.
    pub url: String,
    /// Services that it says something of, in the order of the page.
    pub services: Vec<AffectedServicePayload>,
}

/// A message of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncidentUpdatePayload {
    /// Permanent.
    pub id: UpdateId,
    /// The incident's status from then on.
    pub status: IncidentStatus,
    /// As it was written: Markdown, or HTML for what was imported.
    pub body: String,
    /// Its own time.
    pub at: Time,
    /// What it says of services.
    pub services: Vec<AffectedServicePayload>,
}

/// A maintenance, as programs are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaintenancePayload {
    /// Permanent.
    pub id: MaintenanceId,
    /// One line.
    pub title: String,
    /// How far it has come.
    pub status: MaintenanceStatus,
    /// The window's beginning.
    pub starts_at: Time,
    /// The window's end.
    pub ends_at: Time,
    /// When it really began.
    pub started_at: Option<Time>,
    /// When it was really over, or was cancelled.
    pub completed_at: Option<Time>,
    /// When it last changed.
    pub updated_at: Time,
    /// Its permanent address.
    pub url: String,
    /// Its services, in the order of the page.
    pub services: Vec<MaintainedServicePayload>,
}

/// A message of a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaintenanceUpdatePayload {
    /// Permanent.
    pub id: UpdateId,
    /// The maintenance's status from then on.
    pub status: MaintenanceStatus,
    /// As it was written: Markdown, or HTML for what was imported.
    pub body: String,
    /// Its own time.
    pub at: Time,
}

/// An incident with those of its messages that are new or were edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncidentEvent {
    /// The incident as it is now.
    pub incident: IncidentPayload,
    /// Newest first; none at all when they are too long for an event.
    pub updates: Option<Vec<IncidentUpdatePayload>>,
}

/// A maintenance with those of its messages that are new or were edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaintenanceEvent {
    /// The maintenance as it is now.
    pub maintenance: MaintenancePayload,
    /// Newest first; none at all when they are too long for an event.
    pub updates: Option<Vec<MaintenanceUpdatePayload>>,
}

/// What a service was that is no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceRemoved {
    /// Its id.
    pub id: ServiceId,
    /// Its last name.
    pub name: String,
}

/// What an incident or a maintenance was that is no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed<I> {
    /// Its id.
    pub id: I,
    /// Its last title.
    pub title: String,
}

/// One thing that is otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Change {
    /// A service was added, or brought back.
    ServiceCreated {
        /// The service.
        service: ServicePayload,
    },
    /// Status or name of a service changed.
    ServiceUpdate {
        /// The service as it is now.
        service: ServicePayload,
        /// Its status before.
        old_status: ServiceStatus,
        /// Its status now.
        new_status: ServiceStatus,
    },
    /// A service was deleted.
    ServiceDeleted {
        /// What it was.
        service: ServiceRemoved,
    },
    /// An incident was reported.
    IncidentCreated(Box<IncidentEvent>),
    /// An incident has a new message, or was changed.
    IncidentUpdate(Box<IncidentEvent>),
    /// An incident was deleted.
    IncidentDeleted {
        /// What it was.
        incident: Removed<IncidentId>,
    },
    /// A maintenance was announced.
    MaintenanceCreated(Box<MaintenanceEvent>),
    /// A maintenance has a new message, began, ended, or was changed.
    MaintenanceUpdate(Box<MaintenanceEvent>),
    /// A maintenance was deleted, or moved out of sight.
    MaintenanceDeleted {
        /// What it was.
        maintenance: Removed<MaintenanceId>,
    },
    /// What the whole page says is otherwise.
    StatusUpdate {
        /// What it says now.
        status: PageStatus,
        /// What it said before.
        old_status: PageStatus,
    },
}

impl Change {
    const fn kind(&self) -> &'static str {
        match self {
            Self::ServiceCreated { .. } => "service_created",
            Self::ServiceUpdate { .. } => "service_update",
            Self::ServiceDeleted { .. } => "service_deleted",
            Self::IncidentCreated(_) => "incident_created",
            Self::IncidentUpdate(_) => "incident_update",
            Self::IncidentDeleted { .. } => "incident_deleted",
            Self::MaintenanceCreated(_) => "maintenance_created",
            Self::MaintenanceUpdate(_) => "maintenance_update",
            Self::MaintenanceDeleted { .. } => "maintenance_deleted",
            Self::StatusUpdate { .. } => "status_update",
        }
    }

    fn without_messages(mut self) -> Self {
        match &mut self {
            Self::IncidentCreated(told) | Self::IncidentUpdate(told) => told.updates = None,
            Self::MaintenanceCreated(told) | Self::MaintenanceUpdate(told) => told.updates = None,
            _ => {}
        }
        self
    }
}

/// A change on its way.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    organization: &'a str,
    organization_id: &'a str,
    version: i64,
    /// Another one of this version follows: who goes on from the version has not heard all of it yet.
    more: bool,
    at: Time,
    #[serde(flatten)]
    change: &'a Change,
}

/// Who an organization is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Part of its address.
    pub slug: String,
    /// As it is shown.
    pub name: String,
}

/// What an organization shows at one moment, as far as programs are told of it.
#[derive(Debug)]
pub struct PageState<'a> {
    organization: Organization,
    version: i64,
    at: Time,
    /// The address of its status page.
    home: String,
    status: PageStatus,
    services: &'a [Service],
    /// Those that the page tells of.
    incidents: Vec<&'a PublishedIncident>,
    /// Those of the days of the bars.
    known: Vec<&'a IncidentId>,
    maintenance: Vec<&'a PublishedMaintenance>,
    /// Maintenance from before is not shown.
    since: Time,
}

impl<'a> PageState<'a> {
    /// What this snapshot shows.
    pub fn of(app: &App, snapshot: &'a Snapshot) -> Self {
        let organization = &snapshot.organization;
        let mut seen = HashSet::new();
        let incidents = snapshot.open.iter().chain(&snapshot.past).filter(|told| seen.insert(&told.incident.id));
        let maintenance = snapshot.maintenance.iter().chain(&snapshot.past_maintenance).chain(&snapshot.cancelled);
        Self {
            organization: Organization {
                id: organization.id.to_string(),
                slug: organization.slug.clone(),
                name: organization.name.clone(),
            },
            version: organization.version,
            at: organization.changed_at,
            home: app.url.join(&format!("/status/{}", organization.slug)),
            status: snapshot.status,
            services: &snapshot.services.services,
            incidents: incidents.collect(),
            known: snapshot.overlapping.iter().map(|incident| &incident.id).collect(),
            maintenance: maintenance.collect(),
            since: snapshot.timeline(),
        }
    }

    fn service(service: &Service) -> ServicePayload {
        let Service { id, name, status, since, .. } = service;
        ServicePayload { id: id.clone(), name: name.clone(), status: *status, since: *since }
    }

    /// The incident with those of its messages that are wanted.
    fn incident(&self, told: &PublishedIncident, wanted: impl Fn(&IncidentUpdate) -> bool) -> Box<IncidentEvent> {
        let PublishedIncident { incident, updates, postmortem } = told;
        let services = incident.services.iter().map(|affected| AffectedServicePayload {
            id: affected.service_id.clone(),
            name: affected.name.clone(),
            status: Some(affected.status),
        });
        let shown = IncidentPayload {
            id: incident.id.clone(),
            title: incident.title.clone(),
            status: incident.status,
            impact: incident.impact,
            started_at: incident.started_at,
            resolved_at: incident.resolved_at,
            updated_at: incident.updated_at,
            postmortem_published_at: postmortem.as_ref().and_then(|postmortem| postmortem.published_at),
            url: format!("{}/incidents/{}", self.home, incident.id),
            services: services.collect(),
        };
        let update = |update: &IncidentUpdate| {
            let services = update.services.iter().map(|(statement, name)| AffectedServicePayload {
                id: statement.service_id.clone(),
                name: name.clone(),
                status: statement.status,
            });
            IncidentUpdatePayload {
                id: update.id.clone(),
                status: update.status,
                body: update.body.clone(),
                at: update.at,
                services: services.collect(),
            }
        };
        let updates = updates.iter().filter(|update| wanted(update)).map(update).collect();
        Box::new(IncidentEvent { incident: shown, updates: Some(updates) })
    }

    /// The maintenance with those of its messages that are wanted.
    fn planned(
        &self,
        told: &PublishedMaintenance,
        wanted: impl Fn(&MaintenanceUpdate) -> bool,
    ) -> Box<MaintenanceEvent> {
        let PublishedMaintenance { maintenance, updates } = told;
        let services = maintenance.services.iter().map(|maintained| MaintainedServicePayload {
            id: maintained.service_id.clone(),
            name: maintained.name.clone(),
        });
        let shown = MaintenancePayload {
            id: maintenance.id.clone(),
            title: maintenance.title.clone(),
            status: maintenance.status,
            starts_at: maintenance.starts_at,
            ends_at: maintenance.ends_at,
            started_at: maintenance.started_at,
            completed_at: maintenance.completed_at,
            updated_at: maintenance.updated_at,
            url: format!("{}/maintenance/{}", self.home, maintenance.id),
            services: services.collect(),
        };
        let update = |update: &MaintenanceUpdate| MaintenanceUpdatePayload {
            id: update.id.clone(),
            status: update.status,
            body: update.body.clone(),
            at: update.at,
        };
        let updates = updates.iter().filter(|update| wanted(update)).map(update).collect();
        Box::new(MaintenanceEvent { maintenance: shown, updates: Some(updates) })
    }

    /// The change as it is sent.
    fn text(&self, change: Change, more: bool) -> Utf8Bytes {
        let write = |change: &Change| {
            let event = Event {
                kind: change.kind(),
                organization: &self.organization.slug,
                organization_id: &self.organization.id,
                version: self.version,
                more,
                at: self.at,
                change,
            };
            serde_json::to_string(&event).unwrap_or_default()
        };
        let text = write(&change);
        if text.len() > MAX_MESSAGE_BYTES { write(&change.without_messages()).into() } else { text.into() }
    }
}

/// What is remembered of an incident or a maintenance, to see whether it is otherwise later.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EventId {
    title: String,
    /// Everything but its messages, as a number.
    whole: u64,
    updates: BTreeMap<UpdateId, u64>,
}

fn digest(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

fn of_incident_update(update: &IncidentUpdate) -> u64 {
    let said: Vec<_> = update.services.iter().map(|(said, _)| (&said.service_id, said.status)).collect();
    digest((update.status, update.at, &update.body, said))
}

fn of_maintenance_update(update: &MaintenanceUpdate) -> u64 {
    digest((update.status, update.at, &update.body))
}

impl EventId {
    fn of_incident(told: &PublishedIncident) -> Self {
        let PublishedIncident { incident, updates, postmortem } = told;
        let services: Vec<_> = incident.services.iter().map(|one| (&one.service_id, one.status)).collect();
        let postmortem = postmortem.as_ref().map(|postmortem| (postmortem.published_at, &postmortem.body));
        let times = (incident.started_at, incident.resolved_at);
        let whole = digest((&incident.title, incident.status, incident.impact, times, services, postmortem));
        let updates = updates.iter().map(|update| (update.id.clone(), of_incident_update(update))).collect();
        Self { title: incident.title.clone(), whole, updates }
    }

    fn of_maintenance(told: &PublishedMaintenance) -> Self {
        let PublishedMaintenance { maintenance, updates } = told;
        let services: Vec<_> = maintenance.services.iter().map(|one| &one.service_id).collect();
        let times = (maintenance.starts_at, maintenance.ends_at, maintenance.started_at, maintenance.completed_at);
        let whole = digest((&maintenance.title, maintenance.status, times, services));
        let updates = updates.iter().map(|update| (update.id.clone(), of_maintenance_update(update))).collect();
        Self { title: maintenance.title.clone(), whole, updates }
    }
}

/// What is remembered of a moment.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint {
    status: Option<PageStatus>,
    services: BTreeMap<ServiceId, (String, ServiceStatus)>,
    incidents: BTreeMap<IncidentId, EventId>,
    known: BTreeSet<IncidentId>,
    /// With the beginnings of their windows.
    maintenance: BTreeMap<MaintenanceId, (EventId, Time)>,
}

impl Fingerprint {
    /// What is worth remembering of it.
    pub fn of(moment: &PageState<'_>) -> Self {
        let service = |service: &Service| (service.id.clone(), (service.name.clone(), service.status));
        let incident = |told: &&PublishedIncident| (told.incident.id.clone(), EventId::of_incident(told));
        let maintenance = |told: &&PublishedMaintenance| {
            (told.maintenance.id.clone(), (EventId::of_maintenance(told), told.maintenance.starts_at))
        };
        Self {
            status: Some(moment.status),
            services: moment.services.iter().map(service).collect(),
            incidents: moment.incidents.iter().map(incident).collect(),
            known: moment.known.iter().map(|id| (*id).clone()).collect(),
            maintenance: moment.maintenance.iter().map(maintenance).collect(),
        }
    }

    /// About how many bytes of memory it takes.
    fn size(&self) -> usize {
        let updates = |mark: &EventId| 200 + mark.updates.len() * 64;
        let incidents: usize = self.incidents.values().map(updates).sum();
        let maintenance: usize = self.maintenance.values().map(|(mark, _)| updates(mark)).sum();
        incidents + maintenance + self.services.len() * 120 + self.known.len() * 48
    }
}

/// How `now`, whose facts are `facts`, differs from what was before: services, incidents, maintenance,
/// and then what they add up to.
pub fn changes(before: &Fingerprint, facts: &Fingerprint, now: &PageState<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    of_services(before, facts, now, &mut changes);
    of_incidents(before, facts, now, &mut changes);
    of_maintenance(before, facts, now, &mut changes);
    if let Some(old_status) = before.status.filter(|status| *status != now.status) {
        changes.push(Change::StatusUpdate { status: now.status, old_status });
    }
    changes
}

fn of_services(before: &Fingerprint, facts: &Fingerprint, now: &PageState<'_>, changes: &mut Vec<Change>) {
    for service in now.services {
        match before.services.get(&service.id) {
            None => changes.push(Change::ServiceCreated { service: PageState::service(service) }),
            Some((name, status)) if *name != service.name || *status != service.status => {
                changes.push(Change::ServiceUpdate {
                    service: PageState::service(service),
                    old_status: *status,
                    new_status: service.status,
                });
            }
            Some(_) => {}
        }
    }
    let gone = before.services.iter().filter(|(id, _)| !facts.services.contains_key(*id));
    changes.extend(gone.map(|(id, (name, _))| Change::ServiceDeleted {
        service: ServiceRemoved { id: id.clone(), name: name.clone() },
    }));
}

fn of_incidents(before: &Fingerprint, facts: &Fingerprint, now: &PageState<'_>, changes: &mut Vec<Change>) {
    for told in &now.incidents {
        let id = &told.incident.id;
        match before.incidents.get(id) {
            Some(mark) if facts.incidents.get(id) == Some(mark) => {}
            Some(mark) => {
                let is_new =
                    |update: &IncidentUpdate| mark.updates.get(&update.id) != Some(&of_incident_update(update));
                changes.push(Change::IncidentUpdate(now.incident(told, is_new)));
            }
            // It was over for long and was opened again.
            None if before.known.contains(id) => changes.push(Change::IncidentUpdate(now.incident(told, |_| true))),
            None => changes.push(Change::IncidentCreated(now.incident(told, |_| true))),
        }
    }
    // What was over long enough ago is no longer told of, but is still there.
    let gone = before.incidents.iter();
    let gone = gone.filter(|(id, _)| !facts.incidents.contains_key(*id) && !facts.known.contains(*id));
    changes.extend(
        gone.map(|(id, mark)| Change::IncidentDeleted {
            incident: Removed { id: id.clone(), title: mark.title.clone() },
        }),
    );
}

fn of_maintenance(before: &Fingerprint, facts: &Fingerprint, now: &PageState<'_>, changes: &mut Vec<Change>) {
    for told in &now.maintenance {
        let id = &told.maintenance.id;
        match before.maintenance.get(id) {
            Some(mark) if facts.maintenance.get(id) == Some(mark) => {}
            Some((mark, _)) => {
                let is_new =
                    |update: &MaintenanceUpdate| mark.updates.get(&update.id) != Some(&of_maintenance_update(update));
                changes.push(Change::MaintenanceUpdate(now.planned(told, is_new)));
            }
            None => changes.push(Change::MaintenanceCreated(now.planned(told, |_| true))),
        }
    }
    let gone = before.maintenance.iter();
    let gone = gone.filter(|(id, (_, starts_at))| !facts.maintenance.contains_key(*id) && *starts_at >= now.since);
    changes.extend(gone.map(|(id, (mark, _))| Change::MaintenanceDeleted {
        maintenance: Removed { id: id.clone(), title: mark.title.clone() },
    }));
}

/// The latest events of an organization, and what the next ones are told by.
#[derive(Debug, Clone, Default)]
pub struct EventLog {
    /// Who it is.
    pub organization: Organization,
    /// What its page says.
    pub status: Option<PageStatus>,
    /// Up to which version it tells.
    pub version: i64,
    /// Everything after this version is known.
    from: i64,
    facts: Arc<Fingerprint>,
    told: VecDeque<(i64, Arc<[Utf8Bytes]>)>,
}

impl EventLog {
    /// The same after one more moment; the beginning when nothing came before.
    pub fn following(last: Option<&Self>, now: &PageState<'_>) -> Self {
        let (organization, status) = (now.organization.clone(), Some(now.status));
        let Some(last) = last.filter(|last| last.version <= now.version) else {
            let (version, facts) = (now.version, Arc::new(Fingerprint::of(now)));
            return Self { organization, status, version, from: version, facts, told: VecDeque::new() };
        };
        let mut next = Self { organization, status, ..last.clone() };
        // What time alone has changed is told with the next version.
        if now.version > last.version {
            let facts = Fingerprint::of(now);
            let changes = changes(&last.facts, &facts, now);
            (next.version, next.facts) = (now.version, Arc::new(facts));
            if !changes.is_empty() {
                let last = changes.len() - 1;
                let texts = changes.into_iter().enumerate();
                let texts = texts.map(|(place, change)| now.text(change, place < last)).collect();
                next.told.push_back((now.version, texts));
                next.forget();
            }
        }
        next
    }

    /// Keeps no more than there is room for.
    fn forget(&mut self) {
        while self.told.len() > VERSIONS || self.length() > MAX_MEMORY_BYTES {
            let Some((version, _)) = self.told.pop_front() else { return };
            self.from = version;
        }
    }

    fn length(&self) -> usize {
        self.told.iter().flat_map(|(_, texts)| texts.iter()).map(|text| text.len()).sum()
    }

    /// Whether everything that followed this version is still known.
    pub fn reaches(&self, version: i64) -> bool {
        (self.from..=self.version).contains(&version)
    }

    /// What followed this version, in order; `None` when not all of it is still known.
    pub fn after(&self, version: i64) -> Option<Vec<Utf8Bytes>> {
        let later = self.told.iter().filter(|(told, _)| *told > version);
        self.reaches(version).then(|| later.flat_map(|(_, texts)| texts.iter().cloned()).collect())
    }

    /// About how many bytes of memory it takes.
    pub fn size(&self) -> usize {
        self.length() + self.facts.size()
    }
}

#[cfg(test)]
mod tests;
