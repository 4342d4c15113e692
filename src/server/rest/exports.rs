//! Whole files: an organization, and tables of what it was.

use super::{extract::StrictQuery, problem::ApiResult};
use crate::{
    domain::{
        ids::{ServiceId, TeamId},
        incident::IncidentFilter,
        report::ReportFilter,
        role::allowed,
        status::Impact,
        time::Time,
    },
    server::{
        App,
        access::{Caller, run},
        incidents, reports, requests, transfer,
    },
};
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(export_organization))
        .routes(routes!(export_uptime))
        .routes(routes!(export_incidents))
}

/// Lines of text, each a row.
pub fn table(text: impl Into<Body>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, text.into()).into_response()
}

/// Export an organization
///
/// Returns everything in the organization as one file that `candor import candor` can read, without secrets, passwords
/// and sessions. Requires the Owner role.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/export",
    tag = "Organizations",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    responses((status = 200, description = "The export file.", body = Object)),
    security(("bearer" = []))
)]
async fn export_organization(
    caller: Caller,
    Path(organization): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let packed = run(transfer::download(caller.scope::<allowed::OwnOrganization>(&organization).await?)).await?;
    let gzip = requests::accepts_encoding(&headers, "gzip");
    let always = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept-encoding"),
    ];
    let mut response = (always, packed.body(gzip)).into_response();
    if gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// The period to export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UptimeQuery {
    /// Only this service.
    service: Option<ServiceId>,
    /// The last 30, 90 or 365 days, including today. Defaults to 90.
    #[param(example = 30)]
    days: Option<u32>,
}

/// Export uptime as CSV
///
/// One row per day and service.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/uptime.csv",
    tag = "Uptime",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme"), UptimeQuery),
    responses((status = 200, description = "The CSV file.", body = String, content_type = "text/csv")),
    security(("bearer" = []))
)]
async fn export_uptime(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(UptimeQuery { service, days }): StrictQuery<UptimeQuery>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let usual = ReportFilter::default();
    let service = service.map(String::from).unwrap_or_default();
    let filter = ReportFilter { service, days: days.unwrap_or(usual.days) };
    Ok(table(run(reports::csv(scope, filter)).await?))
}

/// Filters for incidents.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct IncidentsQuery {
    /// Only incidents that affect this service.
    service: Option<ServiceId>,
    /// Only incidents that affect a service of this team.
    team: Option<TeamId>,
    /// Only incidents with this impact.
    impact: Option<Impact>,
    /// Search text in titles and messages.
    words: Option<String>,
    /// Only incidents that started at or after this time.
    from: Option<Time>,
    /// Only incidents that started before this time.
    to: Option<Time>,
}

/// Export incidents as CSV
///
/// Latest first, with the time to identify, fix and resolve each one.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/incidents.csv",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        IncidentsQuery
    ),
    responses((status = 200, description = "The CSV file.", body = String, content_type = "text/csv")),
    security(("bearer" = []))
)]
async fn export_incidents(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(IncidentsQuery { service, team, impact, words, from, to }): StrictQuery<IncidentsQuery>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let filter = IncidentFilter {
        service: service.map(String::from).unwrap_or_default(),
        team: team.map(String::from).unwrap_or_default(),
        impact: impact.map(|impact| impact.as_str().to_owned()).unwrap_or_default(),
        words: words.unwrap_or_default(),
        from,
        to,
        ..IncidentFilter::default()
    };
    Ok(table(run(incidents::export::csv(scope, filter)).await?))
}
