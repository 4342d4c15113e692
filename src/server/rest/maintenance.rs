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

/// A maintenance update.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintenanceUpdate)]
struct UpdateBody {
    /// Unique identifier. Never changes.
    id: UpdateId,
    /// The maintenance's status from this update on.
    status: MaintenanceStatus,
    /// The original text: Markdown, or HTML if it was imported.
    body: String,
    /// The rendered text as sanitized HTML.
    body_html: String,
    /// Time of the update.
    at: Time,
    /// Name of the author when it was posted.
    by: Option<String>,
}

impl From<MaintenanceUpdate> for UpdateBody {
    fn from(update: MaintenanceUpdate) -> Self {
        let MaintenanceUpdate { id, status, body, html, at, by } = update;
        Self { id, status, body, body_html: html, at, by }
    }
}

/// A maintenance with its updates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintenanceWithUpdates)]
struct MaintenanceBody {
    #[serde(flatten)]
    maintenance: Maintenance,
    /// Newest first.
    updates: Vec<UpdateBody>,
    /// The recurrence rule (RFC 5545), if it belongs to an active series.
    rule: Option<String>,
    /// Permanent public URL.
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
    /// The title.
    #[schema(max_length = 200)]
    title: String,
    /// The first message, in Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// The services under maintenance during the window. At least one.
    #[schema(min_items = 1)]
    services: Vec<ServiceId>,
    /// Start of the window. If it is in the past, the maintenance starts immediately.
    starts_at: Time,
    /// End of the window, at most 31 days after its start.
    ends_at: Time,
    /// Whether it starts and completes automatically.
    #[serde(default = "yes")]
    #[schema(default = true)]
    automatic: bool,
    /// How it repeats, at the same time of day in the organization's time zone: `daily`, `weekly`, `biweekly`,
    /// `monthly` or an RFC 5545 rule. Doesn't repeat if omitted.
    #[schema(max_length = 300)]
    repeat: Option<String>,
}

/// Changes to a maintenance that hasn't ended. Omitted fields keep their value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "starts_at": "2030-11-22T22:00:00Z", "ends_at": "2030-11-22T23:00:00Z" }))]
struct ChangeMaintenance {
    /// The title.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// A message about the change, in Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// Services that replace the current ones.
    services: Option<Vec<ServiceId>>,
    /// Start of the window. Can't be changed once the maintenance has started.
    starts_at: Option<Time>,
    /// End of the window.
    ends_at: Option<Time>,
    /// Whether it starts and completes automatically.
    automatic: Option<bool>,
}

/// A new maintenance update. Requires a message, a new status or a new end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "It takes longer.", "ends_at": "2030-11-22T00:30:00Z" }))]
struct PostMaintenanceUpdate {
    /// `in_progress` starts it now, `verifying` means that the work is done, `completed` ends it now, and `cancelled`
    /// cancels it before it starts. Unchanged if omitted.
    status: Option<MaintenanceStatus>,
    /// The message, in Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// A new end of the window.
    ends_at: Option<Time>,
    /// The `revision` of the maintenance you read. The update is only posted if nothing has changed since.
    revision: Option<i64>,
}

/// Whether maintenance is open or past.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MaintenanceState {
    /// Scheduled or in progress, earliest first.
    Upcoming,
    /// Completed or cancelled, latest first.
    Past,
}

/// Filters for maintenance.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Only scheduled and ongoing maintenance (earliest first), or only past maintenance (latest first). Defaults to
    /// all, earliest first.
    #[param(inline)]
    state: Option<MaintenanceState>,
    /// Only maintenance of this service.
    service: Option<ServiceId>,
    /// Search text in titles and messages.
    words: Option<String>,
    /// Only windows that end after this time.
    from: Option<Time>,
    /// Only windows that start before this time.
    to: Option<Time>,
    /// `next` from the previous page.
    after: Option<String>,
    /// Maximum number of results, from 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The month to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Month {
    /// A month such as `2026-11`. Defaults to the current one.
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
/// Returns maintenance without its updates.
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
    let read = run(maintenance::list_first(scope, filter, most + 1)).await?;
    Ok(json_ok(&Page::of(read, most, |last| (last.starts_at, last.id.clone()))))
}

/// Get a month of maintenance
///
/// Returns a calendar of whole weeks, starting on Monday. Days follow the organization's time zone.
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

/// Schedule maintenance
///
/// Its services are under maintenance while it is in progress. With `repeat`, it is the first of a series whose windows
/// are created 92 days ahead.
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

/// Get a maintenance
///
/// Includes its updates and the recurrence rule of its series.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/maintenance/{id}",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's ID.", example = "y7t4r1e8w5qa")
    ),
    responses((status = 200, description = "The maintenance.", body = MaintenanceBody)),
    security(("bearer" = []))
)]
async fn read_maintenance(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&one(&caller, &organization, maintenance_id(&id)?).await?))
}

/// Update a maintenance
///
/// Changes its title, services, window and automation. To change its status, post an update.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/maintenance/{id}",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's ID.", example = "y7t4r1e8w5qa")
    ),
    request_body = ChangeMaintenance,
    responses((status = 200, description = "The updated maintenance.", body = MaintenanceBody)),
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
/// The history of its services is recalculated without it.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/maintenance/{id}",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's ID.", example = "y7t4r1e8w5qa")
    ),
    responses((status = 204, description = "Deleted.")),
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
/// Posts a message, or starts, verifies, completes or cancels the maintenance, or moves its end.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/maintenance/{id}/updates",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's ID.", example = "y7t4r1e8w5qa")
    ),
    request_body = PostMaintenanceUpdate,
    responses((status = 200, description = "The updated maintenance.", body = MaintenanceBody)),
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
/// Ends the series that this maintenance belongs to. Its other windows that haven't started are deleted, and no more
/// are created.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/maintenance/{id}/end-series",
    tag = "Maintenance",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The maintenance's ID.", example = "y7t4r1e8w5qa")
    ),
    responses((status = 200, description = "The maintenance, which is kept.", body = MaintenanceBody)),
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
