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

/// Get a status page
///
/// What visitors see right now: the page's status, groups and services with their uptime, open incidents, and ongoing
/// or upcoming maintenance. No authentication is needed, and cross-origin requests are allowed.
///
/// Every response has an `ETag`. Send it as `If-None-Match` to get a 304 if nothing has changed. `HEAD` works like
/// `GET`, without a body.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}",
    tag = "Status page",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "The status page", body = PublicStatusPage)),
    security(())
)]
async fn read_status_page(State(app): State<App>, parts: Parts<String>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |slug| (slug, Some(PublicApi::WholePage))).await
}

/// List public services
///
/// Groups and services, each with its current status and its uptime over the last 90 days.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/services",
    tag = "Status page",
    params(("organization" = String, Path, description = "The organization's slug", example = "acme")),
    responses((status = 200, description = "Groups and services, in page order", body = PublicServices)),
    security(())
)]
async fn list_public_services(State(app): State<App>, parts: Parts<String>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |slug| (slug, Some(PublicApi::Services))).await
}

/// Get a public service
///
/// Includes the last 90 days in the organization's time zone, with the worst status and the downtime of each day.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/services/{service}",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("service" = String, Path, description = "The service's ID"),
    ),
    responses((status = 200, description = "The service and its days", body = PublicServiceDocument)),
    security(())
)]
async fn read_public_service(State(app): State<App>, parts: Parts<(String, String)>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |(slug, id)| (slug, id.parse().ok().map(PublicApi::Service))).await
}

/// List public incidents
///
/// The latest 50 incidents, open and resolved, latest first. Use the timeline to read older ones month by month.
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

/// Get a public incident
///
/// Includes every update and the published postmortem.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/incidents/{incident}",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("incident" = String, Path, description = "The incident's ID"),
    ),
    responses((status = 200, description = "The incident", body = PublicIncidentDocument)),
    security(())
)]
async fn read_public_incident(State(app): State<App>, parts: Parts<(String, String)>, headers: HeaderMap) -> Response {
    answer(&app, parts, &headers, |(slug, id)| (slug, id.parse().ok().map(PublicApi::Incident))).await
}

/// List public maintenance
///
/// Ongoing, upcoming and the latest 50 past ones. Use the timeline to read older ones month by month.
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

/// Get a public maintenance
///
/// Includes every update.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/maintenance/{maintenance}",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("maintenance" = String, Path, description = "The maintenance's ID"),
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
struct MonthQuery {
    month: Option<String>,
}

/// Get a month's timeline
///
/// Incidents and maintenance by the day they started, latest first. `earlier` and `later` are the adjacent months;
/// follow `earlier` until it is null to read everything.
#[utoipa::path(
    get,
    path = "/api/v1/status/{organization}/timeline",
    tag = "Status page",
    params(
        ("organization" = String, Path, description = "The organization's slug", example = "acme"),
        ("month" = Option<String>, Query, description = "The month. Defaults to the current one", example = "2026-11"),
    ),
    responses((status = 200, description = "The days on which something started", body = PublicTimeline)),
    security(())
)]
async fn read_timeline(
    State(app): State<App>,
    parts: Parts<String>,
    asked: Result<Query<MonthQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let reading = match asked.map(|Query(MonthQuery { month })| month) {
        Ok(None) => Some(PublicApi::Timeline(None)),
        Ok(Some(month)) => Month::read(&month).map(|month| PublicApi::Timeline(Some(month))),
        Err(_) => None,
    };
    answer(&app, parts, &headers, |slug| (slug, reading)).await
}
