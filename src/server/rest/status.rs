//! Public reading, without a token: what a status page shows, for programs.

use crate::server::{
    App,
    local_time::Month,
    status_page::{
        Document, handlers,
        public_api::{
            PublicApi,
            schema::{
                PublicIncidentDocument, PublicIncidents, PublicMaintenanceDocument, PublicMaintenanceList,
                PublicServiceDocument, PublicServices, PublicStatusPage, PublicTimeline,
            },
        },
    },
};
use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read_status_page))
        .routes(routes!(list_public_services))
        .routes(routes!(read_public_service))
        .routes(routes!(list_public_incidents))
        .routes(routes!(read_public_incident))
        .routes(routes!(list_public_maintenance))
        .routes(routes!(read_public_maintenance))
        .routes(routes!(read_timeline))
}

/// The parts of an address; those that are no text are no address of ours.
type Parts<T> = Result<Path<T>, PathRejection>;

/// The document at these parts of an address, if there can be one.
async fn answer<T: Default>(
    app: &App,
    parts: Parts<T>,
    headers: &HeaderMap,
    which: impl FnOnce(T) -> (String, Option<PublicApi>),
) -> Response {
    let (slug, reading) = which(parts.map(|Path(parts)| parts).unwrap_or_default());
    handlers::program(app, &slug, reading.map(Document::PublicApi), headers).await
}

/// A whole status page.
///
/// What visitors see at this moment: the state of the page, groups and services with their uptime, open
/// incidents, and maintenance that goes on or is to come. Nobody has to sign in, and any site may read it.
///
/// Every answer carries an `ETag`: sent back as `If-None-Match`, it is answered with 304 as long as nothing
/// has changed. `HEAD` is answered as `GET` is, without a body.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}",
    tag = "Status page",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "What the page shows", body = PublicStatusPage)),
    security(())
)]
async fn read_status_page(State(app): State<App>, parts: Parts<String>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |slug| (slug, Some(PublicApi::WholePage))).await
}

/// Groups and services.
///
/// Each with its status now and its uptime of the last 90 days.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/services",
    tag = "Status page",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "Groups and services, in the order of the page", body = PublicServices)),
    security(())
)]
async fn list_public_services(State(app): State<App>, parts: Parts<String>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |slug| (slug, Some(PublicApi::Services))).await
}

/// A service, day by day.
///
/// The last 90 days by the organization's time zone, with the worst status of each and what was down.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/services/{service}",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("service" = String, Path, description = "The service's id"),
    ),
    responses((status = 200, description = "The service and its days", body = PublicServiceDocument)),
    security(())
)]
async fn read_public_service(State(app): State<App>, parts: Parts<(String, String)>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |(slug, id)| (slug, id.parse().ok().map(PublicApi::Service))).await
}

/// The latest incidents.
///
/// At most 50, latest first, open ones and those that are over. Older ones are found month by month in the
/// timeline.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/incidents",
    tag = "Status page",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "Incidents with their updates", body = PublicIncidents)),
    security(())
)]
async fn list_public_incidents(State(app): State<App>, parts: Parts<String>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |slug| (slug, Some(PublicApi::Incidents))).await
}

/// An incident.
///
/// With every update, and the postmortem once it is published.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/incidents/{incident}",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("incident" = String, Path, description = "The incident's id"),
    ),
    responses((status = 200, description = "The incident", body = PublicIncidentDocument)),
    security(())
)]
async fn read_public_incident(State(app): State<App>, parts: Parts<(String, String)>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |(slug, id)| (slug, id.parse().ok().map(PublicApi::Incident))).await
}

/// Maintenance.
///
/// What goes on, what is to come, and the latest 50 that are over. Older ones are found month by month in the
/// timeline.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/maintenance",
    tag = "Status page",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "Maintenance with its updates", body = PublicMaintenanceList)),
    security(())
)]
async fn list_public_maintenance(State(app): State<App>, parts: Parts<String>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |slug| (slug, Some(PublicApi::Maintenance))).await
}

/// One maintenance.
///
/// With every update.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/maintenance/{maintenance}",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("maintenance" = String, Path, description = "The maintenance's id"),
    ),
    responses((status = 200, description = "The maintenance", body = PublicMaintenanceDocument)),
    security(())
)]
async fn read_public_maintenance(
    State(app): State<App>,
    parts: Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&app, parts, &headers, |(slug, id)| (slug, id.parse().ok().map(PublicApi::OneMaintenance))).await
}

/// Which month is asked for.
#[derive(Debug, Deserialize)]
struct StrictQuery {
    month: Option<String>,
}

/// What happened in a month.
///
/// Incidents and maintenance by the day on which they began, latest first. `earlier` and `later` name the
/// months beside it: following `earlier` until it is null reads everything that there is.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/timeline",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("month" = Option<String>, Query, description = "The month, this one when it is left out", example = "2026-11"),
    ),
    responses((status = 200, description = "The days on which something began", body = PublicTimeline)),
    security(())
)]
async fn read_timeline(
    State(app): State<App>,
    parts: Parts<String>,
    asked: Result<Query<StrictQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let reading = match asked.map(|Query(StrictQuery { month })| month) {
        Ok(None) => Some(PublicApi::Timeline(None)),
        Ok(Some(month)) => Month::read(&month).map(|month| PublicApi::Timeline(Some(month))),
        Err(_) => None,
    };
    answer(&app, parts, &headers, |slug| (slug, reading)).await
}
