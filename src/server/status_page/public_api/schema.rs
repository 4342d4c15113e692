//! The public documents of the API. What is private has no field here: no people, no teams, no drafts.

use super::super::{
    local_time,
    uptime_bars::{Bars, DAYS},
};
use crate::{
    domain::{
        ids::{GroupId, IncidentId, MaintenanceId, OrganizationId, ServiceId, UpdateId},
        incident::{Affected, IncidentStatus, IncidentUpdate, Postmortem, PublishedIncident, ServiceImpact},
        maintenance::{MaintainedService, Maintenance, MaintenanceStatus, MaintenanceUpdate, PublishedMaintenance},
        service::{Group, Service},
        status::{Impact, Indicator, PageDescription, ServiceStatus},
        time::Time,
        uptime::Tally,
    },
    server::{config::BaseUrl, organizations::PublicOrganization},
};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;

/// Whose document it is, and of when.
pub(super) struct PublicResource {
    pub url: BaseUrl,
    pub organization: PublicOrganization,
    pub zone: Tz,
    pub now: Time,
}

impl PublicResource {
    /// The address that a person opens.
    fn page(&self, below: &str) -> String {
        self.url.join(&format!("/status/{}{below}", self.organization.slug))
    }
}

/// Everything that a status page shows at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicStatusPage {
    /// Whose page it is.
    pub organization: PublicOrganizationFacts,
    /// The state of the whole page.
    pub indicator: Indicator,
    /// The same in words.
    pub description: PageDescription,
    /// Groups of services, in the order of the page.
    pub groups: Vec<PublicGroup>,
    /// Services, in the order of the page; those of a group name it.
    pub services: Vec<PublicService>,
    /// Open incidents with their updates, latest first.
    pub incidents: Vec<PublicIncident>,
    /// Maintenance that goes on or is to come, earliest first.
    pub maintenance: Vec<PublicMaintenance>,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}

/// An organization as visitors see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicOrganizationFacts {
    /// Permanent.
    pub id: OrganizationId,
    /// Part of its addresses.
    #[schema(example = "acme")]
    pub slug: String,
    /// As it is shown.
    #[schema(example = "Acme")]
    pub name: String,
    /// A sentence or two, may be empty.
    pub description: String,
    /// IANA name of the time zone by which its days and months are counted.
    #[schema(example = "Europe/Vienna")]
    pub time_zone: String,
    /// Where visitors find help, may be empty.
    pub support_url: String,
    /// Its status page.
    #[schema(example = "https://status.example.com/status/acme")]
    pub page: String,
}

impl PublicOrganizationFacts {
    pub(super) fn of(place: &PublicResource) -> Self {
        let PublicOrganization { id, slug, name, description, time_zone, support_url, .. } = place.organization.clone();
        Self { id, slug, name, description, time_zone, support_url, page: place.page("") }
    }
}

/// Uptime of the last 90 days, today included: `up_seconds / observed_seconds`. A second of a major outage
/// counts as down, of a partial outage 0.3 of it; degraded performance and maintenance count as up. Time
/// before a service existed is not observed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicUptime {
    /// In percent with two decimals, rounded down: 100 only when nothing was down.
    #[schema(example = 99.97)]
    pub percent: f64,
    /// The numerator.
    #[schema(example = 7_772_400.0)]
    pub up_seconds: f64,
    /// The denominator.
    #[schema(example = 7_776_000.0)]
    pub observed_seconds: f64,
    /// In a major outage.
    pub major_outage_seconds: f64,
    /// In a partial outage.
    pub partial_outage_seconds: f64,
    /// With degraded performance.
    pub degraded_performance_seconds: f64,
    /// Under maintenance.
    pub under_maintenance_seconds: f64,
    /// When it was first observed, if that was within the 90 days.
    pub since: Option<Time>,
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// In percent; `None` without data.
fn percent(tally: &Tally) -> Option<f64> {
    tally.basis_points().map(|points| f64::from(points) / 100.0)
}

impl PublicUptime {
    /// `None` without data.
    fn of(bars: &Bars) -> Option<Self> {
        let tally = &bars.whole;
        Some(Self {
            percent: percent(tally)?,
            up_seconds: (tally.observed * 10 - tally.down_tenths()) as f64 / 1e7,
            observed_seconds: seconds(tally.observed),
            major_outage_seconds: seconds(tally.major),
            partial_outage_seconds: seconds(tally.partial),
            degraded_performance_seconds: seconds(tally.degraded),
            under_maintenance_seconds: seconds(tally.maintenance),
            since: bars.since,
        })
    }
}

/// A heading over services.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicGroup {
    /// Permanent.
    pub id: GroupId,
    /// As it is shown.
    #[schema(example = "Core")]
    pub name: String,
    /// One sentence, may be empty.
    pub description: String,
    /// The worst of its services.
    pub status: ServiceStatus,
    /// Of its services together; null without data.
    pub uptime: Option<PublicUptime>,
}

impl PublicGroup {
    pub(super) fn of(group: &Group, services: &[&Service], bars: &Bars) -> Self {
        let Group { id, name, description, .. } = group.clone();
        let status = services.iter().map(|service| service.status).max().unwrap_or(ServiceStatus::Operational);
        Self { id, name, description, status, uptime: PublicUptime::of(bars) }
    }
}

/// What customers depend on.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicService {
    /// Permanent.
    pub id: ServiceId,
    /// The group it stands under.
    pub group_id: Option<GroupId>,
    /// As it is shown.
    #[schema(example = "API")]
    pub name: String,
    /// One sentence, may be empty.
    pub description: String,
    /// What visitors see: the worst of what it says itself, what open incidents say, and maintenance.
    pub status: ServiceStatus,
    /// Since when.
    pub status_since: Time,
    /// Null without data.
    pub uptime: Option<PublicUptime>,
    /// Its own page.
    pub page: String,
}

impl PublicService {
    pub(super) fn of(place: &PublicResource, service: Service, bars: &Bars) -> Self {
        let Service { id, group_id, name, description, status, since, .. } = service;
        let page = place.page(&format!("/services/{id}"));
        Self { id, group_id, name, description, status, status_since: since, uptime: PublicUptime::of(bars), page }
    }
}

/// Every group and service of an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicServices {
    /// In the order of the page.
    pub groups: Vec<PublicGroup>,
    /// In the order of the page; those of a group name it.
    pub services: Vec<PublicService>,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}

/// A day of a service. Its bounds are midnights of the organization's time zone: it can have 23 or 25 hours.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicDay {
    /// The day.
    #[schema(example = "2026-11-21", format = Date)]
    pub date: String,
    /// The worst that it was; null without data.
    pub status: Option<ServiceStatus>,
    /// In percent, as of the whole; null without data.
    #[schema(example = 98.75)]
    pub percent: Option<f64>,
    /// What counts as down: seconds of a major outage, and 0.3 of each of a partial one.
    #[schema(example = 1_080.0)]
    pub downtime_seconds: f64,
    /// What was observed.
    #[schema(example = 86_400.0)]
    pub observed_seconds: f64,
}

/// The days of a bar, earliest first. The last one is at least as bad as things are `now`.
pub(super) fn days(place: &PublicResource, bars: &Bars, now: ServiceStatus) -> Vec<PublicDay> {
    let mut worst: Vec<Option<ServiceStatus>> = bars.days.iter().map(Tally::worst).collect();
    for exception in bars.exceptions(now) {
        if let Some(status) = worst.get_mut(exception.day) {
            *status = Some(exception.status);
        }
    }
    let length = i64::try_from(DAYS).unwrap_or_default();
    let first = local_time::plus(local_time::date(place.zone, place.now), 1 - length);
    let day = |((number, tally), status): ((i64, &Tally), Option<ServiceStatus>)| PublicDay {
        date: local_time::plus(first, number).to_string(),
        status,
        percent: percent(tally),
        downtime_seconds: tally.down_tenths() as f64 / 1e7,
        observed_seconds: seconds(tally.observed),
    };
    (0..).zip(&bars.days).zip(worst).map(day).collect()
}

/// One service, day by day.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicServiceDocument {
    /// The service.
    pub service: PublicService,
    /// The last 90 days, earliest first; the last one is today.
    pub days: Vec<PublicDay>,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}

/// A service in an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicAffected {
    /// The service; one that was deleted is still named.
    pub service_id: ServiceId,
    /// Its name now.
    #[schema(example = "API")]
    pub name: String,
    /// What the incident said of it last.
    pub status: ServiceStatus,
}

impl From<Affected> for PublicAffected {
    fn from(Affected { service_id, name, status, .. }: Affected) -> Self {
        Self { service_id, name, status }
    }
}

/// What an update says of a service.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicStatement {
    /// The service.
    pub service_id: ServiceId,
    /// Its name now.
    #[schema(example = "API")]
    pub name: String,
    /// Null: it is no longer part of the incident.
    pub status: Option<ServiceStatus>,
}

/// One message of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncidentUpdate {
    /// Permanent.
    pub id: UpdateId,
    /// The incident's status from then on.
    pub status: IncidentStatus,
    /// Its own time.
    pub at: Time,
    /// As it was written: Markdown, or for imported messages HTML without anything active.
    #[schema(example = "We **look** into it.")]
    pub body: String,
    /// As it is shown: safe HTML.
    #[schema(example = "<p>We <strong>look</strong> into it.</p>")]
    pub html: String,
    /// What it says of services.
    pub services: Vec<PublicStatement>,
}

impl From<IncidentUpdate> for PublicIncidentUpdate {
    fn from(update: IncidentUpdate) -> Self {
        let IncidentUpdate { id, status, body, html, at, services, .. } = update;
        let said = |(ServiceImpact { service_id, status }, name)| PublicStatement { service_id, name, status };
        Self { id, status, at, body, html, services: services.into_iter().map(said).collect() }
    }
}

/// What was learned from an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicPostmortem {
    /// As it was written: Markdown, or for imported ones HTML without anything active.
    pub body: String,
    /// As it is shown: safe HTML.
    pub html: String,
    /// When it was published.
    pub published_at: Time,
}

/// What is or was wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncident {
    /// Permanent.
    pub id: IncidentId,
    /// One line.
    #[schema(example = "Errors on payments")]
    pub title: String,
    /// How far it has come.
    pub status: IncidentStatus,
    /// How much it matters.
    pub impact: Impact,
    /// When it began.
    pub started_at: Time,
    /// When it was over; null while it is open.
    pub resolved_at: Option<Time>,
    /// When it last changed.
    pub updated_at: Time,
    /// Services it says something of, in the order of the page.
    pub services: Vec<PublicAffected>,
    /// Newest first.
    pub updates: Vec<PublicIncidentUpdate>,
    /// Once it is published.
    pub postmortem: Option<PublicPostmortem>,
    /// Its own page.
    pub page: String,
}

impl PublicIncident {
    pub(super) fn of(place: &PublicResource, told: PublishedIncident) -> Self {
        let PublishedIncident { incident, updates, postmortem } = told;
        let published = |Postmortem { body, html, published_at }: Postmortem| {
            published_at.map(|published_at| PublicPostmortem { body, html, published_at })
        };
        Self {
            page: place.page(&format!("/incidents/{}", incident.id)),
            id: incident.id,
            title: incident.title,
            status: incident.status,
            impact: incident.impact,
            started_at: incident.started_at,
            resolved_at: incident.resolved_at,
            updated_at: incident.updated_at,
            services: incident.services.into_iter().map(PublicAffected::from).collect(),
            updates: updates.into_iter().map(PublicIncidentUpdate::from).collect(),
            postmortem: postmortem.and_then(published),
        }
    }
}

/// The latest incidents of an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncidents {
    /// At most 50, latest first.
    pub incidents: Vec<PublicIncident>,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}

/// One incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncidentDocument {
    /// The incident.
    pub incident: PublicIncident,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}

/// A service in a maintenance.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintained {
    /// The service; one that was deleted is still named.
    pub service_id: ServiceId,
    /// Its name now.
    #[schema(example = "API")]
    pub name: String,
}

impl From<MaintainedService> for PublicMaintained {
    fn from(MaintainedService { service_id, name, .. }: MaintainedService) -> Self {
        Self { service_id, name }
    }
}

/// One message of a maintenance.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenanceUpdate {
    /// Permanent.
    pub id: UpdateId,
    /// The maintenance's status from then on.
    pub status: MaintenanceStatus,
    /// Its own time.
    pub at: Time,
    /// As it was written: Markdown, or for imported messages HTML without anything active.
    pub body: String,
    /// As it is shown: safe HTML.
    pub html: String,
}

impl From<MaintenanceUpdate> for PublicMaintenanceUpdate {
    fn from(MaintenanceUpdate { id, status, body, html, at, .. }: MaintenanceUpdate) -> Self {
        Self { id, status, at, body, html }
    }
}

/// Planned work in a window.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenance {
    /// Permanent.
    pub id: MaintenanceId,
    /// One line.
    #[schema(example = "Database upgrade")]
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
    /// Its services, in the order of the page.
    pub services: Vec<PublicMaintained>,
    /// Newest first.
    pub updates: Vec<PublicMaintenanceUpdate>,
    /// Its own page.
    pub page: String,
}

impl PublicMaintenance {
    pub(super) fn of(place: &PublicResource, told: PublishedMaintenance) -> Self {
        let PublishedMaintenance { maintenance, updates } = told;
        let Maintenance {
            id, title, status, starts_at, ends_at, started_at, completed_at, services, updated_at, ..
        } = maintenance;
        Self {
            page: place.page(&format!("/maintenance/{id}")),
            id,
            title,
            status,
            starts_at,
            ends_at,
            started_at,
            completed_at,
            updated_at,
            services: services.into_iter().map(PublicMaintained::from).collect(),
            updates: updates.into_iter().map(PublicMaintenanceUpdate::from).collect(),
        }
    }
}

/// The maintenance of an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenanceList {
    /// What goes on, earliest first.
    pub in_progress: Vec<PublicMaintenance>,
    /// What is to come, earliest first.
    pub upcoming: Vec<PublicMaintenance>,
    /// What is over or was cancelled: at most 50, latest first.
    pub past: Vec<PublicMaintenance>,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}

/// One maintenance.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenanceDocument {
    /// The maintenance.
    pub maintenance: PublicMaintenance,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}

/// What began on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicTimelineDay {
    /// The day, by the organization's time zone.
    #[schema(example = "2026-11-21", format = Date)]
    pub date: String,
    /// Incidents that began on it, latest first.
    pub incidents: Vec<PublicIncident>,
    /// Maintenance whose window begins on it, latest first.
    pub maintenance: Vec<PublicMaintenance>,
}

impl PublicTimelineDay {
    pub(super) const fn of(date: String) -> Self {
        Self { date, incidents: Vec::new(), maintenance: Vec::new() }
    }
}

/// What happened in a month, day by day.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicTimeline {
    /// The month, by the organization's time zone.
    #[schema(example = "2026-11")]
    pub month: String,
    /// Days on which something began, latest first.
    pub days: Vec<PublicTimelineDay>,
    /// The month before, if something can be in it.
    #[schema(example = "2026-10")]
    pub earlier: Option<String>,
    /// The month after, if it has begun.
    pub later: Option<String>,
    /// Counts the organization's changes.
    pub version: i64,
    /// When this document was made.
    pub made_at: Time,
}
