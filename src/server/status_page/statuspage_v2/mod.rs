//! The Statuspage v2 compatible API: what programs that know Statuspage read of a page.
//!
//! Every key, word and order is that of real bodies (docs/STATUSPAGE.md says what differs, and why).

mod model;
mod schema;
mod store;

use super::{
    Document, handlers,
    prepared_response::{DocumentMeta, Kind, RenderedDocument},
    rendered,
};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{GroupId, OrganizationId},
        maintenance::MaintenanceStatus,
        service::ServiceList,
        status::{Impact, PageStatus},
        time::Time,
    },
    server::{
        App,
        access::PublicPage,
        clock,
        db::Read,
        import::facts,
        incidents,
        organizations::{self, PublicOrganization},
        services,
    },
};
use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::get,
};
use model::{Entry, ServiceNames, Sources};
use schema::{
    Clock, ComponentsBody, Incident, IncidentsBody, MaintenancesBody, Page, StatusBody, SummaryBody, components, places,
};
use serde::Serialize;
use std::collections::HashMap;

/// Nothing of it changes by time alone; it is made anew after so many seconds all the same.
const GOOD_FOR: i64 = 86_400;

/// A document of the compatible API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// All at once: components, open incidents, open maintenance, status.
    Summary,
    /// The status of the page.
    Status,
    /// Groups and services.
    Components,
    /// The latest incidents.
    Incidents,
    /// Open incidents.
    Unresolved,
    /// The latest maintenance.
    Maintenances,
    /// Maintenance that will come.
    Upcoming,
    /// Maintenance that goes on.
    Active,
}

impl Resource {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Summary,
        Self::Status,
        Self::Components,
        Self::Incidents,
        Self::Unresolved,
        Self::Maintenances,
        Self::Upcoming,
        Self::Active,
    ];

    /// Its address.
    pub fn path(&self, slug: &str) -> String {
        let name = match self {
            Self::Summary => "summary",
            Self::Status => "status",
            Self::Components => "components",
            Self::Incidents => "incidents",
            Self::Unresolved => "incidents/unresolved",
            Self::Maintenances => "scheduled-maintenances",
            Self::Upcoming => "scheduled-maintenances/upcoming",
            Self::Active => "scheduled-maintenances/active",
        };
        format!("/status/{slug}/api/v2/{name}.json")
    }

    /// Which incidents it tells of, if any: `true` for open ones, `false` for the latest of all.
    const fn incidents(self) -> Option<bool> {
        match self {
            Self::Summary | Self::Unresolved => Some(true),
            Self::Incidents => Some(false),
            _ => None,
        }
    }

    /// Which maintenance, likewise.
    const fn maintenance(self) -> Option<bool> {
        match self {
            Self::Summary | Self::Upcoming | Self::Active => Some(true),
            Self::Maintenances => Some(false),
            _ => None,
        }
    }
}

/// `GET /status/{organization}/api/v2/…`
pub fn routes() -> Router<App> {
    let router = Resource::ALL.into_iter().fold(Router::new(), |router, which| {
        let answer = move |State(app): State<App>, Path(slug): Path<String>, headers: HeaderMap| async move {
            handlers::program(&app, &slug, Some(Document::Compatible(which)), &headers).await
        };
        router.route(&which.path("{organization}"), get(answer))
    });
    // Programs are told in their own terms that there is nothing.
    let nothing = |State(app): State<App>, Path((slug, _)): Path<(String, String)>, headers: HeaderMap| async move {
        handlers::program(&app, &slug, None, &headers).await
    };
    router.route("/status/{organization}/api/v2/{*rest}", get(nothing))
}

/// Everything that a document tells, of one moment.
struct PageData {
    organization: PublicOrganization,
    services: ServiceList,
    groups: HashMap<GroupId, (Time, Time)>,
    impacts: Vec<Impact>,
    incidents: Vec<Entry>,
    maintenance: Vec<Entry>,
}

/// Reads and writes it.
///
/// # Errors
/// [`AppError::NotFound`] when the organization has gone; [`AppError::Unavailable`] when the database
/// does not answer.
pub(super) async fn render_document(
    app: &App,
    page: &PublicPage,
    which: &Resource,
) -> Result<Option<RenderedDocument>> {
    let which = *which;
    let told = read(app, page, which).await?;
    let now = clock::now().max(told.organization.changed_at);
    let meta = DocumentMeta {
        version: told.organization.version,
        address: which.path(&told.organization.slug),
        made_at: now,
        good_until: now.plus_seconds(GOOD_FOR),
    };
    let app = app.clone();
    let text = rendered(move || write(&app, &told, which)).await??;
    Ok(Some(RenderedDocument { kind: Kind::Json, text, meta }))
}

async fn read(app: &App, page: &PublicPage, which: Resource) -> Result<PageData> {
    let mut read = app.db.read(page).await?;
    let organization = organizations::public(&mut read, page.id()).await?;
    let services = services::list_public(page, &mut read).await?;
    let groups = store::group_times(&mut read, page.id()).await?;
    let impacts = match which {
        Resource::Summary | Resource::Status => incidents::open_impacts(&mut read, page.id()).await?,
        _ => Vec::new(),
    };
    let names = ServiceNames::of(&services);
    let incidents = match which.incidents() {
        Some(open) => incidents_told(&mut read, page.id(), open, &names).await?,
        None => Vec::new(),
    };
    let mut maintenance = match which.maintenance() {
        Some(open) => maintenance_told(&mut read, page.id(), open, &names).await?,
        None => Vec::new(),
    };
    let comes = |entry: &Entry| entry.status == MaintenanceStatus::Scheduled.as_str();
    match which {
        Resource::Upcoming => maintenance.retain(|entry| comes(entry)),
        Resource::Active => maintenance.retain(|entry| !comes(entry)),
        _ => {}
    }
    Ok(PageData { organization, services, groups, impacts, incidents, maintenance })
}

async fn incidents_told(
    read: &mut Read,
    organization: &OrganizationId,
    open: bool,
    names: &ServiceNames,
) -> Result<Vec<Entry>> {
    let rows = store::incidents(read, organization, open).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    let mut updates = store::incident_updates(read, organization, &ids).await?;
    let told: Vec<_> = updates.values().flatten().map(|update| update.id.clone()).collect();
    let mut said = store::said(read, organization, &told).await?;
    let mut services = store::incident_services(read, organization, &ids).await?;
    let sources = sources(read, organization, rows.iter().filter_map(|row| row.source_id.clone()).collect()).await?;
    let entry = |row: store::IncidentRow| {
        let updates = updates.remove(&row.id).unwrap_or_default();
        let services = services.remove(&row.id).unwrap_or_default();
        model::incident(row, updates, &mut said, services, &sources, names)
    };
    let mut entries: Vec<Entry> = rows.into_iter().map(entry).collect();
    if open {
        model::by_latest_word(&mut entries);
    }
    Ok(entries)
}

async fn maintenance_told(
    read: &mut Read,
    organization: &OrganizationId,
    open: bool,
    names: &ServiceNames,
) -> Result<Vec<Entry>> {
    let rows = store::maintenances(read, organization, open).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    let mut updates = store::maintenance_updates(read, organization, &ids).await?;
    let mut services = store::maintenance_services(read, organization, &ids).await?;
    let sources = sources(read, organization, rows.iter().filter_map(|row| row.source_id.clone()).collect()).await?;
    let entry = |row: store::MaintenanceRow| {
        let updates = updates.remove(&row.id).unwrap_or_default();
        let services = services.remove(&row.id).unwrap_or_default();
        model::maintenance(row, updates, services, &sources, names)
    };
    let mut entries: Vec<Entry> = rows.into_iter().map(entry).collect();
    if open {
        model::by_what_comes(&mut entries);
    }
    Ok(entries)
}

/// What the files said that these came from.
async fn sources(read: &mut Read, organization: &OrganizationId, source_ids: Vec<String>) -> Result<Sources> {
    let kept = facts::of(read, organization, &source_ids).await?;
    let components = facts::components(read, organization, &Sources::codes(&kept)).await?;
    Ok(Sources { kept, components })
}

fn write(app: &App, told: &PageData, which: Resource) -> Result<String> {
    let PageData { organization, services, groups, impacts, incidents, maintenance } = told;
    let (id, slug) = (organization.id.as_str(), &organization.slug);
    let clock = Clock::of(&organization.time_zone);
    let page = Page::of(organization, app.url.join(&format!("/status/{slug}")), clock);
    let components = components(services, id, groups, clock);
    let places = places(&components);
    let body = |entry, noun: &str, entry_id: &str| {
        let url = app.url.join(&format!("/status/{slug}/{noun}/{entry_id}"));
        Incident::of(entry, url, id, &components, &places, clock)
    };
    let incidents = || incidents.iter().map(|entry| body(entry, "incidents", &entry.id)).collect();
    let maintenances = || maintenance.iter().map(|entry| body(entry, "maintenance", &entry.id)).collect();
    let statuses = services.services.iter().map(|service| service.status);
    let status = PageStatus::of(statuses, impacts.iter().copied()).into();
    match which {
        Resource::Summary => text(&SummaryBody {
            page,
            components: &components,
            incidents: incidents(),
            scheduled_maintenances: maintenances(),
            status,
        }),
        Resource::Status => text(&StatusBody { page, status }),
        Resource::Components => text(&ComponentsBody { page, components: &components }),
        Resource::Incidents | Resource::Unresolved => text(&IncidentsBody { page, incidents: incidents() }),
        Resource::Maintenances | Resource::Upcoming | Resource::Active => {
            text(&MaintenancesBody { page, scheduled_maintenances: maintenances() })
        }
    }
}

fn text(body: &impl Serialize) -> Result<String> {
    serde_json::to_string(body).map_err(|error| {
        tracing::error!(%error, "a document of the compatible API cannot be written");
        AppError::Internal
    })
}
