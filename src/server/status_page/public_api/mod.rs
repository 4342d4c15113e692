//! What programs read of an organization without a token: `/api/v1/status/{organization}`.

pub mod schema;

use super::{
    local_time::{self, Month},
    prepared_response::{DocumentMeta, Kind, RenderedDocument},
    rendered,
    uptime_bars::{Bars, DAYS},
};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{IncidentId, MaintenanceId, ServiceId},
        incident::PublishedIncident,
        maintenance::PublishedMaintenance,
        service::{Section, Service, ServiceList},
        status::{PageStatus, ServiceStatus},
        time::Time,
        uptime::Span,
    },
    server::{App, access::PublicPage, clock, db::Read, history, incidents, maintenance, organizations, services},
};
use chrono::NaiveDate;
use schema::{
    PublicGroup, PublicIncident, PublicIncidentDocument, PublicIncidents, PublicMaintenance, PublicMaintenanceDocument,
    PublicMaintenanceList, PublicOrganizationFacts, PublicResource, PublicService, PublicServiceDocument,
    PublicServices, PublicStatusPage, PublicTimeline, PublicTimelineDay,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Incidents, and windows that are over, in a list.
const LATEST: i64 = 50;
/// While a service is not operational its seconds count on, so they are told anew after so many.
const REFRESH_SECONDS: i64 = 60;

/// Which of an organization's public facts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PublicApi {
    /// What the status page shows.
    WholePage,
    /// Every group and service.
    Services,
    /// One service, day by day.
    Service(ServiceId),
    /// The latest incidents.
    Incidents,
    /// One incident.
    Incident(IncidentId),
    /// What goes on, what comes, and what is over.
    Maintenance,
    /// One maintenance.
    OneMaintenance(MaintenanceId),
    /// What happened in a month: this one when none is asked for.
    Timeline(Option<Month>),
}

impl PublicApi {
    /// Its address.
    pub fn path(&self, slug: &str) -> String {
        let home = format!("/api/v1/status/{slug}");
        match self {
            Self::WholePage => home,
            Self::Services => format!("{home}/services"),
            Self::Service(id) => format!("{home}/services/{id}"),
            Self::Incidents => format!("{home}/incidents"),
            Self::Incident(id) => format!("{home}/incidents/{id}"),
            Self::Maintenance => format!("{home}/maintenance"),
            Self::OneMaintenance(id) => format!("{home}/maintenance/{id}"),
            Self::Timeline(None) => format!("{home}/timeline"),
            Self::Timeline(Some(month)) => format!("{home}/timeline?month={}", month.key()),
        }
    }
}

/// Reads and writes it; `None` when there is nothing at this address.
///
/// # Errors
/// [`AppError::NotFound`] when the organization has gone; [`AppError::Unavailable`] when the database
/// does not answer.
pub(super) async fn render_document(
    app: &App,
    page: &PublicPage,
    which: &PublicApi,
) -> Result<Option<RenderedDocument>> {
    let mut read = app.db.read(page).await?;
    let organization = organizations::public(&mut read, page.id()).await?;
    let zone = local_time::zone(&organization.time_zone);
    let now = clock::now().max(organization.changed_at);
    let path = which.path(&organization.slug);
    let place = PublicResource { url: app.url.clone(), organization, zone, now };
    let midnight = local_time::start(zone, local_time::plus(local_time::date(zone, now), 1));
    let until =
        |all_is_well: bool| if all_is_well { midnight } else { midnight.min(now.plus_seconds(REFRESH_SECONDS)) };
    match which {
        PublicApi::WholePage => {
            let observed = ObservedService::read(page, &mut read, &place).await?;
            let impacts = incidents::open_impacts(&mut read, page.id()).await?;
            let status = PageStatus::of(observed.list.services.iter().map(|service| service.status), impacts);
            let open = incidents::open(page, &mut read).await?;
            let windows = maintenance::open(page, &mut read).await?;
            drop(read);
            let until = until(observed.all_is_well());
            draft(place, path, until, move |place| whole_page(place, status, &observed, open, windows)).await
        }
        PublicApi::Services => {
            let observed = ObservedService::read(page, &mut read, &place).await?;
            drop(read);
            let until = until(observed.all_is_well());
            draft(place, path, until, move |place| {
                let (groups, services) = observed.published(place);
                PublicServices { groups, services, version: place.organization.version, made_at: place.now }
            })
            .await
        }
        PublicApi::Service(id) => {
            let list = services::list_public(page, &mut read).await?;
            let Some(service) = list.services.into_iter().find(|service| service.id == *id) else { return Ok(None) };
            let bounds = local_time::bounds(zone, now, DAYS);
            let spans = history::spans_of(&mut read, page.id(), id, bounds[0], now).await?;
            drop(read);
            let until = until(service.status == ServiceStatus::Operational);
            draft(place, path, until, move |place| {
                let bars = Bars::of(&spans, &bounds);
                PublicServiceDocument {
                    days: schema::days(place, &bars, service.status),
                    service: PublicService::of(place, service, &bars),
                    version: place.organization.version,
                    made_at: place.now,
                }
            })
            .await
        }
        PublicApi::Incidents => {
            let latest = incidents::latest(page, &mut read, LATEST).await?;
            drop(read);
            draft(place, path, midnight, move |place| PublicIncidents {
                incidents: latest.into_iter().map(|told| PublicIncident::of(place, told)).collect(),
                version: place.organization.version,
                made_at: place.now,
            })
            .await
        }
        PublicApi::Incident(id) => {
            let Some(told) = optional(incidents::get(page, &mut read, id).await)? else { return Ok(None) };
            drop(read);
            draft(place, path, midnight, move |place| PublicIncidentDocument {
                incident: PublicIncident::of(place, told),
                version: place.organization.version,
                made_at: place.now,
            })
            .await
        }
        PublicApi::Maintenance => {
            let open = maintenance::open(page, &mut read).await?;
            let past = maintenance::past(page, &mut read, LATEST).await?;
            drop(read);
            draft(place, path, midnight, move |place| windows(place, open, past)).await
        }
        PublicApi::OneMaintenance(id) => {
            let Some(told) = optional(maintenance::get(page, &mut read, id).await)? else { return Ok(None) };
            drop(read);
            draft(place, path, midnight, move |place| PublicMaintenanceDocument {
                maintenance: PublicMaintenance::of(place, told),
                version: place.organization.version,
                made_at: place.now,
            })
            .await
        }
        PublicApi::Timeline(asked) => {
            let Some(past) = PastEvents::read(page, &mut read, &place, *asked).await? else { return Ok(None) };
            drop(read);
            draft(place, path, midnight, move |place| past.published(place)).await
        }
    }
}

/// What is not there is no failure.
fn optional<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(AppError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the document where it holds nobody up.
async fn draft<T: Serialize + 'static>(
    place: PublicResource,
    address: String,
    good_until: Time,
    content: impl FnOnce(&PublicResource) -> T + Send + 'static,
) -> Result<Option<RenderedDocument>> {
    let meta = DocumentMeta { version: place.organization.version, address, made_at: place.now, good_until };
    let text = rendered(move || serde_json::to_string(&content(&place))).await?.map_err(|error| {
        tracing::error!(%error, "public document could not be serialized");
        AppError::Internal
    })?;
    Ok(Some(RenderedDocument { kind: Kind::Json, text, meta }))
}

fn whole_page(
    place: &PublicResource,
    status: PageStatus,
    observed: &ObservedService,
    open: Vec<PublishedIncident>,
    windows: Vec<PublishedMaintenance>,
) -> PublicStatusPage {
    let (groups, services) = observed.published(place);
    PublicStatusPage {
        organization: PublicOrganizationFacts::of(place),
        indicator: status.indicator,
        description: status.description,
        groups,
        services,
        incidents: open.into_iter().map(|told| PublicIncident::of(place, told)).collect(),
        maintenance: windows.into_iter().map(|told| PublicMaintenance::of(place, told)).collect(),
        version: place.organization.version,
        made_at: place.now,
    }
}

fn windows(
    place: &PublicResource,
    open: Vec<PublishedMaintenance>,
    past: Vec<PublishedMaintenance>,
) -> PublicMaintenanceList {
    let (in_progress, upcoming): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|told| told.maintenance.status.is_going_on());
    let published = |all: Vec<PublishedMaintenance>| -> Vec<PublicMaintenance> {
        all.into_iter().map(|told| PublicMaintenance::of(place, told)).collect()
    };
    PublicMaintenanceList {
        in_progress: published(in_progress),
        upcoming: published(upcoming),
        past: published(past),
        version: place.organization.version,
        made_at: place.now,
    }
}

/// Groups and services, and what they were in the days of the bars.
struct ObservedService {
    list: ServiceList,
    spans: HashMap<ServiceId, Vec<Span>>,
    bounds: Vec<Time>,
}

impl ObservedService {
    async fn read(page: &PublicPage, read: &mut Read, place: &PublicResource) -> Result<Self> {
        let list = services::list_public(page, read).await?;
        let bounds = local_time::bounds(place.zone, place.now, DAYS);
        let spans = history::spans(read, page.id(), bounds[0], place.now).await?;
        Ok(Self { list, spans, bounds })
    }

    fn all_is_well(&self) -> bool {
        self.list.services.iter().all(|service| service.status == ServiceStatus::Operational)
    }

    fn bars(&self, service: &Service) -> Bars {
        Bars::of(self.spans.get(&service.id).map(Vec::as_slice).unwrap_or_default(), &self.bounds)
    }

    /// Both in the order of the page.
    fn published(&self, place: &PublicResource) -> (Vec<PublicGroup>, Vec<PublicService>) {
        let (mut groups, mut services) = (Vec::new(), Vec::new());
        for section in self.list.sections() {
            let (group, inside) = match section {
                Section::Group(group, inside) => (Some(group), inside),
                Section::Loose(inside) => (None, inside),
            };
            let bars: Vec<Bars> = inside.iter().map(|service| self.bars(service)).collect();
            groups.extend(group.map(|group| PublicGroup::of(group, &inside, &Bars::together(&bars))));
            let told =
                inside.into_iter().zip(&bars).map(|(service, bars)| PublicService::of(place, service.clone(), bars));
            services.extend(told);
        }
        (groups, services)
    }
}

/// What happened in a month.
struct PastEvents {
    month: Month,
    this_month: Month,
    first: Month,
    incidents: Vec<PublishedIncident>,
    maintenance: Vec<PublishedMaintenance>,
}

impl PastEvents {
    /// `None` for a month that is to come.
    async fn read(
        page: &PublicPage,
        read: &mut Read,
        place: &PublicResource,
        asked: Option<Month>,
    ) -> Result<Option<Self>> {
        let month_of = |at: Time| Month::of(local_time::date(place.zone, at));
        let this_month = month_of(place.now);
        let month = asked.unwrap_or(this_month);
        if month > this_month {
            return Ok(None);
        }
        let services = services::list_public(page, read).await?;
        let born = services.services.iter().map(|service| service.created_at);
        let incident = incidents::directory::first(read, page.id()).await?;
        let window = maintenance::first(read, page.id()).await?;
        let first = incident.into_iter().chain(window).chain(born).min();
        let first = first.map_or(this_month, month_of).min(this_month);
        let (from, to) = month.bounds(place.zone);
        let incidents = incidents::between(page, read, from, to).await?;
        let maintenance = maintenance::between(page, read, from, to).await?;
        Ok(Some(Self { month, this_month, first, incidents, maintenance }))
    }

    fn published(self, place: &PublicResource) -> PublicTimeline {
        let Self { month, this_month, first, incidents, maintenance } = self;
        let mut by_day: BTreeMap<NaiveDate, PublicTimelineDay> = BTreeMap::new();
        let day = |at: Time| {
            let date = local_time::date(place.zone, at);
            (date, date.to_string())
        };
        for told in incidents {
            let (date, text) = day(told.incident.started_at);
            let day = by_day.entry(date).or_insert_with(|| PublicTimelineDay::of(text));
            day.incidents.push(PublicIncident::of(place, told));
        }
        for told in maintenance {
            let (date, text) = day(told.maintenance.starts_at);
            let day = by_day.entry(date).or_insert_with(|| PublicTimelineDay::of(text));
            day.maintenance.push(PublicMaintenance::of(place, told));
        }
        PublicTimeline {
            month: month.key(),
            days: by_day.into_values().rev().collect(),
            earlier: (month > first).then(|| month.before().key()),
            later: (month < this_month).then(|| month.after().key()),
            version: place.organization.version,
            made_at: place.now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_an_address_of_its_own() {
        let id: ServiceId = "abcdefghijkl".parse().expect("an id");
        let month = Month::read("2026-10");
        assert_eq!(PublicApi::WholePage.path("acme"), "/api/v1/status/acme");
        assert_eq!(PublicApi::Service(id).path("acme"), "/api/v1/status/acme/services/abcdefghijkl");
        assert_eq!(PublicApi::Timeline(None).path("acme"), "/api/v1/status/acme/timeline");
        assert_eq!(PublicApi::Timeline(month).path("acme"), "/api/v1/status/acme/timeline?month=2026-10");
    }
}
