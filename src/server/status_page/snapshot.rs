//! Everything that a public page shows, read in one transaction.

use super::{
    local_time,
    uptime_bars::{Bars, DAYS},
    views::PageContext,
};
use crate::{
    domain::{
        error::Result,
        ids::ServiceId,
        incident::{Incident, PublishedIncident},
        maintenance::PublishedMaintenance,
        service::ServiceList,
        status::{PageStatus, ServiceStatus},
        time::Time,
        uptime::Span,
    },
    server::{
        App,
        access::PublicPage,
        clock, history, incidents, maintenance,
        organizations::{self, PublicOrganization},
        services,
    },
};
use std::collections::HashMap;

/// Days of the timeline.
pub const TIMELINE: usize = 15;
/// Maintenance is announced this far ahead, in seconds.
const AHEAD: i64 = 30 * 86_400;
/// While something is not operational its minutes count on, so a page is made anew after so many seconds.
const REFRESH_SECONDS: i64 = 60;

/// One moment of an organization.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Name, slug, what statuses are called, version.
    pub organization: PublicOrganization,
    /// Groups and services, in order.
    pub services: ServiceList,
    /// What they and the open incidents add up to.
    pub status: PageStatus,
    /// Open incidents, latest first.
    pub open: Vec<PublishedIncident>,
    /// Maintenance that goes on or comes within a month, earliest first.
    pub maintenance: Vec<PublishedMaintenance>,
    /// Incidents that began within the days of the timeline, or were over within them; latest first.
    pub past: Vec<PublishedIncident>,
    /// Maintenance that is over, of the days of the timeline, latest first.
    pub past_maintenance: Vec<PublishedMaintenance>,
    /// Maintenance that is over though its window would still come, as when it was cancelled; latest first.
    pub cancelled: Vec<PublishedMaintenance>,
    /// Incidents of the days of the bars, latest first.
    pub overlapping: Vec<Incident>,
    /// The midnights of the days of the bars, and the next one.
    pub bounds: Vec<Time>,
    /// What the services were in these days.
    pub spans: HashMap<ServiceId, Vec<Span>>,
    /// When it was read.
    pub made_at: Time,
    /// When the day turns, or a window begins or ends: readers read the page again.
    pub turns_at: Time,
    /// From when on something of it is no longer so.
    pub good_until: Time,
}

impl Snapshot {
    /// Reads it.
    ///
    /// # Errors
    /// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
    pub async fn read(app: &App, page: &PublicPage) -> Result<Self> {
        let mut read = app.db.read(page).await?;
        let organization = organizations::public(&mut read, page.id()).await?;
        let zone = local_time::zone(&organization.time_zone);
        // Not before the latest change, should the clock have been set back.
        let made_at = clock::now().max(organization.changed_at);
        let until = Time::from_micros(made_at.micros() + 1);
        let bounds = local_time::bounds(zone, made_at, DAYS);
        let (first, timeline) = (bounds[0], bounds[DAYS - TIMELINE]);
        let services = services::list_public(page, &mut read).await?;
        let impacts = incidents::open_impacts(&mut read, page.id()).await?;
        let status = PageStatus::of(services.services.iter().map(|service| service.status), impacts);
        let open = incidents::open(page, &mut read).await?;
        let mut maintenance = maintenance::open(page, &mut read).await?;
        maintenance.retain(|told| told.maintenance.starts_at <= made_at.plus_seconds(AHEAD));
        let overlapping = incidents::overlapping(page, &mut read, first, until).await?;
        let past = incidents::published(page, &mut read, past(&overlapping, timeline)).await?;
        let mut over = maintenance::between(page, &mut read, timeline, made_at.plus_seconds(AHEAD)).await?;
        over.retain(|told| told.maintenance.status.is_over());
        let (past_maintenance, cancelled) = over.into_iter().partition(|told| told.maintenance.starts_at < until);
        let spans = history::spans(&mut read, page.id(), first, made_at).await?;
        let turns = maintenance.iter().flat_map(|told| [told.maintenance.starts_at, told.maintenance.ends_at]);
        let turns = turns.filter(|at| *at > made_at);
        let turns_at = turns.fold(bounds[DAYS], Time::min);
        let counting = services.services.iter().any(|service| service.status != ServiceStatus::Operational);
        let good_until = if counting { turns_at.min(made_at.plus_seconds(REFRESH_SECONDS)) } else { turns_at };
        Ok(Self {
            organization,
            services,
            status,
            open,
            maintenance,
            past,
            past_maintenance,
            cancelled,
            overlapping,
            bounds,
            spans,
            made_at,
            turns_at,
            good_until,
        })
    }

    /// The first moment of the timeline.
    pub fn timeline(&self) -> Time {
        self.bounds[DAYS - TIMELINE]
    }

    /// Number of services that are not operational.
    pub fn affected(&self) -> usize {
        self.services.services.iter().filter(|service| service.status != ServiceStatus::Operational).count()
    }

    /// What every part of the page needs to know.
    pub fn setting(&self) -> PageContext<'_> {
        PageContext::new(&self.organization, &self.services, self.made_at)
    }

    /// The days of a service.
    pub fn bars(&self, service: &ServiceId) -> Bars {
        Bars::of(self.spans.get(service).map(Vec::as_slice).unwrap_or_default(), &self.bounds)
    }
}

/// Incidents of the timeline: those that began since then, and those from before that were over
/// since then.
fn past(overlapping: &[Incident], since: Time) -> Vec<Incident> {
    let within =
        |incident: &&Incident| incident.started_at >= since || incident.resolved_at.is_some_and(|end| end >= since);
    overlapping.iter().filter(within).cloned().collect()
}
