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

/// Everything a status page currently shows.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicStatusPage {
    /// The organization.
    pub organization: PublicOrganizationFacts,
    /// Overall status of the page.
    pub indicator: Indicator,
    /// The overall status in words.
    pub description: PageDescription,
    /// Groups of services, in page order.
    pub groups: Vec<PublicGroup>,
    /// Services, in page order. Grouped services have a `group_id`.
    pub services: Vec<PublicService>,
    /// Open incidents with their updates, latest first.
    pub incidents: Vec<PublicIncident>,
    /// Ongoing and upcoming maintenance, earliest first.
    pub maintenance: Vec<PublicMaintenance>,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}

/// An organization as shown to visitors.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicOrganizationFacts {
    /// Unique identifier. Never changes.
    pub id: OrganizationId,
    /// Used in URLs.
    #[schema(example = "acme")]
    pub slug: String,
    /// Display name.
    #[schema(example = "Acme")]
    pub name: String,
    /// Short description. May be empty.
    pub description: String,
    /// IANA name of the time zone used for days and months.
    #[schema(example = "Europe/Vienna")]
    pub time_zone: String,
    /// Where visitors can get help. May be empty.
    pub support_url: String,
    /// URL of the status page.
    #[schema(example = "https://status.example.com/status/acme")]
    pub page: String,
}

impl PublicOrganizationFacts {
    pub(super) fn of(place: &PublicResource) -> Self {
        let PublicOrganization { id, slug, name, description, time_zone, support_url, .. } = place.organization.clone();
        Self { id, slug, name, description, time_zone, support_url, page: place.page("") }
    }
}

/// Uptime over the last 90 days, including today: `up_seconds / observed_seconds`. Major outages count as down, partial
/// outages count 30%; degraded performance and maintenance count as up. Time before a service existed isn't counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicUptime {
    /// Percentage with two decimals, rounded down. 100 only if there was no downtime.
    #[schema(example = 99.97)]
    pub percent: f64,
    /// The numerator.
    #[schema(example = 7_772_400.0)]
    pub up_seconds: f64,
    /// The denominator.
    #[schema(example = 7_776_000.0)]
    pub observed_seconds: f64,
    /// Seconds in a major outage.
    pub major_outage_seconds: f64,
    /// Seconds in a partial outage.
    pub partial_outage_seconds: f64,
    /// Seconds with degraded performance.
    pub degraded_performance_seconds: f64,
    /// Seconds under maintenance.
    pub under_maintenance_seconds: f64,
    /// When it was first observed, if within the 90 days.
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

/// A group of services.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicGroup {
    /// Unique identifier. Never changes.
    pub id: GroupId,
    /// Display name.
    #[schema(example = "Core")]
    pub name: String,
    /// Short description. May be empty.
    pub description: String,
    /// The worst status of its services.
    pub status: ServiceStatus,
    /// Uptime of its services combined. `null` if there is no data.
    pub uptime: Option<PublicUptime>,
}

impl PublicGroup {
    pub(super) fn of(group: &Group, services: &[&Service], bars: &Bars) -> Self {
        let Group { id, name, description, .. } = group.clone();
        let status = services.iter().map(|service| service.status).max().unwrap_or(ServiceStatus::Operational);
        Self { id, name, description, status, uptime: PublicUptime::of(bars) }
    }
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicService {
    /// Unique identifier. Never changes.
    pub id: ServiceId,
    /// The service's group.
    pub group_id: Option<GroupId>,
    /// Display name.
    #[schema(example = "API")]
    pub name: String,
    /// Short description. May be empty.
    pub description: String,
    /// Effective status: the worst of its own status, open incidents and maintenance.
    pub status: ServiceStatus,
    /// Since when it has had this status.
    pub status_since: Time,
    /// `null` if there is no data.
    pub uptime: Option<PublicUptime>,
    /// Public URL.
    pub page: String,
}

impl PublicService {
    pub(super) fn of(place: &PublicResource, service: Service, bars: &Bars) -> Self {
        let Service { id, group_id, name, description, status, since, .. } = service;
        let page = place.page(&format!("/services/{id}"));
        Self { id, group_id, name, description, status, status_since: since, uptime: PublicUptime::of(bars), page }
    }
}

/// All groups and services of an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicServices {
    /// In page order.
    pub groups: Vec<PublicGroup>,
    /// In page order. Grouped services have a `group_id`.
    pub services: Vec<PublicService>,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}

/// A day of a service, from midnight to midnight in the organization's time zone. It can have 23 or 25 hours.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicDay {
    /// The date.
    #[schema(example = "2026-11-21", format = Date)]
    pub date: String,
    /// Worst status of the day. `null` if there is no data.
    pub status: Option<ServiceStatus>,
    /// Uptime as a percentage. `null` if there is no data.
    #[schema(example = 98.75)]
    pub percent: Option<f64>,
    /// Seconds of downtime: major outages, plus 30% of partial outages.
    #[schema(example = 1_080.0)]
    pub downtime_seconds: f64,
    /// Observed seconds.
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

/// A service with its daily history.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicServiceDocument {
    /// The service.
    pub service: PublicService,
    /// The last 90 days, earliest first. The last entry is today.
    pub days: Vec<PublicDay>,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}

/// A service affected by an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicAffected {
    /// The service. Deleted services are still listed.
    pub service_id: ServiceId,
    /// The service's current name.
    #[schema(example = "API")]
    pub name: String,
    /// Its latest status in the incident.
    pub status: ServiceStatus,
}

impl From<Affected> for PublicAffected {
    fn from(Affected { service_id, name, status, .. }: Affected) -> Self {
        Self { service_id, name, status }
    }
}

/// A service's status in an update.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicStatement {
    /// The service.
    pub service_id: ServiceId,
    /// The service's current name.
    #[schema(example = "API")]
    pub name: String,
    /// `null` if the service is no longer affected.
    pub status: Option<ServiceStatus>,
}

/// An incident update.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncidentUpdate {
    /// Unique identifier. Never changes.
    pub id: UpdateId,
    /// The incident's status from this update on.
    pub status: IncidentStatus,
    /// Time of the update.
    pub at: Time,
    /// The original text: Markdown, or HTML without active content if it was imported.
    #[schema(example = "We’re **looking** into it.")]
    pub body: String,
    /// The rendered text as sanitized HTML.
    #[schema(example = "<p>We’re <strong>looking</strong> into it.</p>")]
    pub html: String,
    /// Service statuses set by this update.
    pub services: Vec<PublicStatement>,
}

impl From<IncidentUpdate> for PublicIncidentUpdate {
    fn from(update: IncidentUpdate) -> Self {
        let IncidentUpdate { id, status, body, html, at, services, .. } = update;
        let said = |(ServiceImpact { service_id, status }, name)| PublicStatement { service_id, name, status };
        Self { id, status, at, body, html, services: services.into_iter().map(said).collect() }
    }
}

/// A postmortem.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicPostmortem {
    /// The original text: Markdown, or HTML without active content if it was imported.
    pub body: String,
    /// The rendered text as sanitized HTML.
    pub html: String,
    /// When it was published.
    pub published_at: Time,
}

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncident {
    /// Unique identifier. Never changes.
    pub id: IncidentId,
    /// The title.
    #[schema(example = "Errors on payments")]
    pub title: String,
    /// Current status.
    pub status: IncidentStatus,
    /// The impact.
    pub impact: Impact,
    /// When it started.
    pub started_at: Time,
    /// When it was resolved. `null` while it is open.
    pub resolved_at: Option<Time>,
    /// When it last changed.
    pub updated_at: Time,
    /// Affected services, in page order.
    pub services: Vec<PublicAffected>,
    /// Newest first.
    pub updates: Vec<PublicIncidentUpdate>,
    /// The postmortem, once published.
    pub postmortem: Option<PublicPostmortem>,
    /// Public URL.
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

/// An organization's latest incidents.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncidents {
    /// At most 50, latest first.
    pub incidents: Vec<PublicIncident>,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicIncidentDocument {
    /// The incident.
    pub incident: PublicIncident,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}

/// A service under maintenance.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintained {
    /// The service. Deleted services are still listed.
    pub service_id: ServiceId,
    /// The service's current name.
    #[schema(example = "API")]
    pub name: String,
}

impl From<MaintainedService> for PublicMaintained {
    fn from(MaintainedService { service_id, name, .. }: MaintainedService) -> Self {
        Self { service_id, name }
    }
}

/// A maintenance update.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenanceUpdate {
    /// Unique identifier. Never changes.
    pub id: UpdateId,
    /// The maintenance's status from this update on.
    pub status: MaintenanceStatus,
    /// Time of the update.
    pub at: Time,
    /// The original text: Markdown, or HTML without active content if it was imported.
    pub body: String,
    /// The rendered text as sanitized HTML.
    pub html: String,
}

impl From<MaintenanceUpdate> for PublicMaintenanceUpdate {
    fn from(MaintenanceUpdate { id, status, body, html, at, .. }: MaintenanceUpdate) -> Self {
        Self { id, status, at, body, html }
    }
}

/// A maintenance window.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenance {
    /// Unique identifier. Never changes.
    pub id: MaintenanceId,
    /// The title.
    #[schema(example = "Database upgrade")]
    pub title: String,
    /// Current status.
    pub status: MaintenanceStatus,
    /// Start of the window.
    pub starts_at: Time,
    /// End of the window.
    pub ends_at: Time,
    /// When it actually started.
    pub started_at: Option<Time>,
    /// When it was actually completed, or cancelled.
    pub completed_at: Option<Time>,
    /// When it last changed.
    pub updated_at: Time,
    /// Its services, in page order.
    pub services: Vec<PublicMaintained>,
    /// Newest first.
    pub updates: Vec<PublicMaintenanceUpdate>,
    /// Public URL.
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

/// An organization's maintenance.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenanceList {
    /// In progress, earliest first.
    pub in_progress: Vec<PublicMaintenance>,
    /// Upcoming, earliest first.
    pub upcoming: Vec<PublicMaintenance>,
    /// Completed or cancelled: at most 50, latest first.
    pub past: Vec<PublicMaintenance>,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}

/// A maintenance.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicMaintenanceDocument {
    /// The maintenance.
    pub maintenance: PublicMaintenance,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}

/// A day of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicTimelineDay {
    /// The date, in the organization's time zone.
    #[schema(example = "2026-11-21", format = Date)]
    pub date: String,
    /// Incidents that started on this day, latest first.
    pub incidents: Vec<PublicIncident>,
    /// Maintenance whose window starts on this day, latest first.
    pub maintenance: Vec<PublicMaintenance>,
}

impl PublicTimelineDay {
    pub(super) const fn of(date: String) -> Self {
        Self { date, incidents: Vec::new(), maintenance: Vec::new() }
    }
}

/// A month of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicTimeline {
    /// The month, in the organization's time zone.
    #[schema(example = "2026-11")]
    pub month: String,
    /// Days on which something started, latest first.
    pub days: Vec<PublicTimelineDay>,
    /// The previous month, if it may have entries.
    #[schema(example = "2026-10")]
    pub earlier: Option<String>,
    /// The next month, if it has started.
    pub later: Option<String>,
    /// Increases with every change to the organization.
    pub version: i64,
    /// When this document was generated.
    pub made_at: Time,
}
