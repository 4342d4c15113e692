//! Maintenance: planned work in windows, once or again and again.

use super::{
    extract::{
        IfMatch, Page, StrictJson, StrictQuery, check_if_match, created, id, json_ok, limit, no_content, position,
    },
    incidents::{typed, word},
    problem::ApiResult,
};
use crate::{
    domain::{
        calendar::CalendarMonth,
        ids::{MaintenanceId, ServiceId, UpdateId},
        maintenance::{
            Maintenance, MaintenanceDetail, MaintenanceFilter, MaintenanceInput, MaintenanceStatus, MaintenanceUpdate,
            MaintenanceUpdateInput,
        },
        role::allowed,
        time::Time,
    },
    server::{
        App,
        access::{Caller, run},
        maintenance::{self, calendar, series},
    },
};
use axum::{extract::Path, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_maintenance, schedule_maintenance))
        .routes(routes!(read_maintenance_calendar))
        .routes(routes!(read_maintenance, change_maintenance, delete_maintenance))
        .routes(routes!(post_maintenance_update))
        .routes(routes!(end_maintenance_series))
}

/// One message of a maintenance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintenanceUpdate)]
struct UpdateBody {
    /// Permanent.
    id: UpdateId,
    /// The maintenance's status from then on.
    status: MaintenanceStatus,
    /// As it was written: Markdown, or HTML for what was imported.
    body: String,
    /// As it is shown: safe HTML.
    body_html: String,
    /// Its own time.
    at: Time,
    /// Who posted it, as they were called then.
    by: Option<String>,
}

impl From<MaintenanceUpdate> for UpdateBody {
    fn from(update: MaintenanceUpdate) -> Self {
        let MaintenanceUpdate { id, status, body, html, at, by } = update;
        Self { id, status, body, body_html: html, at, by }
    }
}

/// A maintenance with everything that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintenanceWithUpdates)]
struct MaintenanceBody {
    #[serde(flatten)]
    maintenance: Maintenance,
    /// Newest first.
    updates: Vec<UpdateBody>,
    /// The rule of its series (RFC 5545), if it belongs to one that goes on.
    rule: Option<String>,
    /// Its permanent address for visitors.
    page: String,
}

impl From<MaintenanceDetail> for MaintenanceBody {
    fn from(detail: MaintenanceDetail) -> Self {
        let MaintenanceDetail { maintenance, updates, rule, page } = detail;
        Self { maintenance, updates: updates.into_iter().map(UpdateBody::from).collect(), rule, page }
    }
}

const fn yes() -> bool {
    true
}

/// A new maintenance, or a series of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Database upgrade", "body": "Reads only.", "services": ["k3n9x2m4q7ab"],
    "starts_at": "2030-11-21T22:00:00Z", "ends_at": "2030-11-21T23:00:00Z", "repeat": "monthly",
}))]
struct ScheduleMaintenance {
    /// One line.
    #[schema(max_length = 200)]
    title: String,
    /// The first message, Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// The services that are under maintenance meanwhile: one at least.
    #[schema(min_items = 1)]
    services: Vec<ServiceId>,
    /// The window's beginning. One that has begun already begins at once.
    starts_at: Time,
    /// The window's end, 31 days later at most.
    ends_at: Time,
    /// Whether it starts and completes by itself.
    #[serde(default = "yes")]
    #[schema(default = true)]
    automatic: bool,
    /// How it comes again, at the same hour of the organization's time zone: `daily`, `weekly`, `biweekly`,
    /// `monthly`, or a rule of RFC 5545; left out: not at all.
    #[schema(max_length = 300)]
    repeat: Option<String>,
}

/// What can be changed of a maintenance that is not over. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "starts_at": "2030-11-22T22:00:00Z", "ends_at": "2030-11-22T23:00:00Z" }))]
struct ChangeMaintenance {
    /// One line.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// A message that tells of the change, Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// Its services, instead of all that it has.
    services: Option<Vec<ServiceId>>,
    /// The window's beginning; what has begun keeps its own.
    starts_at: Option<Time>,
    /// The window's end.
    ends_at: Option<Time>,
    /// Whether it starts and completes by itself.
    automatic: Option<bool>,
}

/// One more message of a maintenance: it needs a body, another status, or another end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "It takes longer.", "ends_at": "2030-11-22T00:30:00Z" }))]
struct PostMaintenanceUpdate {
    /// `in_progress` starts it now, `verifying` says that the work is done, `completed` ends it now, `cancelled`
    /// calls it off before it has begun; left out: as it is.
    status: Option<MaintenanceStatus>,
    /// Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// Another end of the window.
    ends_at: Option<Time>,
    /// The `revision` of the maintenance that you have seen: then it is posted only if nothing changed since.
    revision: Option<i64>,
}

/// Whether maintenance is over.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MaintenanceState {
    /// What is scheduled or goes on, earliest first.
    Upcoming,
    /// What is over or cancelled, latest first.
    Past,
}

/// Which maintenance is listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Only what is scheduled or goes on (earliest first), or what is over (latest first). Left out: all, earliest
    /// first.
    #[param(inline)]
    state: Option<MaintenanceState>,
    /// Only those with this service.
    service: Option<ServiceId>,
    /// Only those with these words in title or messages.
    words: Option<String>,
    /// Only those whose window ends after this.
    from: Option<Time>,
    /// Only those whose window begins before this.
    to: Option<Time>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most: 1 to 200, else 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Which month is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Month {
    /// `2026-11`; left out: the present one.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: Option<String>,
}

async fn one(caller: &Caller, organization: &str, id: MaintenanceId) -> ApiResult<MaintenanceBody> {
    let scope = caller.scope::<allowed::Read>(organization).await?;
    Ok(run(maintenance::detail(scope, id)).await?.into())
}

fn maintenance_id(text: &str) -> ApiResult<MaintenanceId> {
    id(text, "maintenance")
}

/// List maintenance
///
/// Without its messages.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/maintenance",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        Listing
    ),
    responses((status = 200, description = "A page of maintenance.", body = Page<Maintenance>)),
    security(("bearer" = []))
)]
async fn list_maintenance(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(listing): StrictQuery<Listing>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let Listing { state, service, words, from, to, after, limit: wanted } = listing;
    let state = match state {
        Some(MaintenanceState::Upcoming) => "upcoming",
        Some(MaintenanceState::Past) => "past",
        None => "",
    };
    let filter = MaintenanceFilter {
        state: state.to_owned(),
        from,
        to,
        service: service.map(String::from).unwrap_or_default(),
        words: words.unwrap_or_default(),
        after: after.as_deref().map(position).transpose()?,
    };
    let most = limit(wanted)?;
    let read = run(maintenance::some(scope, filter, most + 1)).await?;
    Ok(json_ok(&Page::of(read, most, |last| (last.starts_at, last.id.clone()))))
}

/// Read a month of maintenance
///
/// As a calendar shows it: whole weeks from Monday on, days by the clock of the organization.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/maintenance/calendar",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        Month
    ),
    responses((status = 200, description = "The month.", body = CalendarMonth)),
    security(("bearer" = []))
)]
async fn read_maintenance_calendar(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(Month { month }): StrictQuery<Month>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    Ok(json_ok(&run(calendar::month(scope, month.unwrap_or_default())).await?))
}

/// Schedule a maintenance
///
/// Its services are under maintenance while it goes on. With `repeat` it is the first of a series, whose windows
/// are made 92 days ahead.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/maintenance",
    tag = "Maintenance",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = ScheduleMaintenance,
    responses((status = 201, description = "The maintenance.", body = MaintenanceBody)),
    security(("bearer" = []))
)]
async fn schedule_maintenance(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(new): StrictJson<ScheduleMaintenance>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let input = MaintenanceInput {
        title: new.title,
        body: new.body,
        starts_at: typed(Some(new.starts_at)),
        ends_at: typed(Some(new.ends_at)),
        services: new.services,
        by_hand: !new.automatic,
        repeat: new.repeat.unwrap_or_default(),
        seen: None,
    };
    let id = run(maintenance::schedule(scope, input)).await?;
    let address = format!("/api/v1/organizations/{organization}/maintenance/{id}");
    Ok(created(&address, &one(&caller, &organization, id).await?))
}

/// Read a maintenance
///
/// With its updates, and the rule of its series.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/maintenance/{id}",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's id.", example = "y7t4r1e8w5qa")
    ),
    responses((status = 200, description = "The maintenance.", body = MaintenanceBody)),
    security(("bearer" = []))
)]
async fn read_maintenance(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&one(&caller, &organization, maintenance_id(&id)?).await?))
}

/// Change a maintenance
///
/// What it is called, its services, window and automation. How far it has come is changed by an update.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/maintenance/{id}",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's id.", example = "y7t4r1e8w5qa")
    ),
    request_body = ChangeMaintenance,
    responses((status = 200, description = "The maintenance as it is now.", body = MaintenanceBody)),
    security(("bearer" = []))
)]
async fn change_maintenance(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(change): StrictJson<ChangeMaintenance>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = maintenance_id(&id)?;
    let scope = check_if_match(&seen, scope, one(&caller, &organization, id.clone())).await?;
    let before = one(&caller, &organization, id.clone()).await?.maintenance;
    let services = || before.services.iter().map(|service| service.service_id.clone()).collect();
    let input = MaintenanceInput {
        title: change.title.unwrap_or_else(|| before.title.clone()),
        body: change.body,
        starts_at: typed(change.starts_at.or(Some(before.starts_at))),
        ends_at: typed(change.ends_at.or(Some(before.ends_at))),
        services: change.services.unwrap_or_else(services),
        by_hand: !change.automatic.unwrap_or(before.automatic),
        repeat: String::new(),
        seen: Some(before.revision),
    };
    run(maintenance::edit(scope, id.clone(), input)).await?;
    Ok(json_ok(&one(&caller, &organization, id).await?))
}

/// Delete a maintenance
///
/// The history of its services becomes what it would be without it.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/maintenance/{id}",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's id.", example = "y7t4r1e8w5qa")
    ),
    responses((status = 204, description = "It is gone.")),
    security(("bearer" = []))
)]
async fn delete_maintenance(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::DeleteIncidents>(&organization).await?;
    let id = maintenance_id(&id)?;
    let scope = check_if_match(&seen, scope, one(&caller, &organization, id.clone())).await?;
    run(maintenance::delete(scope, id)).await?;
    Ok(no_content())
}

/// Post an update
///
/// A message; or it starts the maintenance, says that the work is done, ends it, calls it off, or moves its end.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/maintenance/{id}/updates",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's id.", example = "y7t4r1e8w5qa")
    ),
    request_body = PostMaintenanceUpdate,
    responses((status = 200, description = "The maintenance as it is now.", body = MaintenanceBody)),
    security(("bearer" = []))
)]
async fn post_maintenance_update(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    StrictJson(new): StrictJson<PostMaintenanceUpdate>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = maintenance_id(&id)?;
    let input = MaintenanceUpdateInput {
        status: word(new.status, MaintenanceStatus::as_str),
        body: new.body,
        ends_at: typed(new.ends_at),
        seen: new.revision,
    };
    run(maintenance::update(scope, id.clone(), input)).await?;
    Ok(json_ok(&one(&caller, &organization, id).await?))
}

/// End a series
///
/// The series of this maintenance: its other windows that have not begun are deleted, and no more are made.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/maintenance/{id}/end-series",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's id.", example = "y7t4r1e8w5qa")
    ),
    responses((status = 200, description = "The maintenance, which stays.", body = MaintenanceBody)),
    security(("bearer" = []))
)]
async fn end_maintenance_series(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::DeleteIncidents>(&organization).await?;
    let id = maintenance_id(&id)?;
    run(series::end(scope, id.clone())).await?;
    Ok(json_ok(&one(&caller, &organization, id).await?))
}
