//! Services, their statuses and their history.

use super::{
    extract::{
        IfMatch, Page, StrictJson, StrictQuery, check_if_match, created, double_option, id, json_ok, limit, no_content,
        position,
    },
    problem::ApiResult,
};
use crate::{
    domain::{
        error::AppError,
        ids::{GroupId, IncidentId, IntervalId, ServiceId, TeamId},
        incident::Incident,
        role::allowed,
        service::{Interval, Service, ServiceInput, ServiceList},
        status::{Cause, ServiceStatus},
        time::Time,
    },
    server::{
        App,
        access::{Caller, run},
        history::IntervalFilter,
        services::{self, ServiceChange},
    },
};
use axum::{extract::Path, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Most services whose status is set at once.
const AT_ONCE: usize = 500;

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_services, create_service))
        .routes(routes!(set_statuses))
        .routes(routes!(move_service))
        .routes(routes!(read_service, change_service, delete_service))
        .routes(routes!(restore_service))
        .routes(routes!(list_history))
}

/// An open incident that sets a service's status.
#[derive(Debug, Serialize, ToSchema)]
struct StatusCause {
    /// The incident.
    incident_id: IncidentId,
    /// The incident's title.
    #[schema(example = "Elevated error rates")]
    title: String,
    /// The service.
    service_id: ServiceId,
    /// The status that it sets.
    status: ServiceStatus,
}

/// A service and the incidents that affect it.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceBody {
    #[serde(flatten)]
    service: Service,
    /// Open incidents that affect the service. `status` is the worst of these, the service's own status and
    /// maintenance.
    held_by: Vec<StatusCause>,
}

fn held_by(incidents: &[Incident], concerns: impl Fn(&ServiceId) -> bool) -> Vec<StatusCause> {
    let said = incidents.iter().flat_map(|incident| incident.services.iter().map(move |said| (incident, said)));
    said.filter(|(_, said)| concerns(&said.service_id))
        .map(|(incident, said)| StatusCause {
            incident_id: incident.id.clone(),
            title: incident.title.clone(),
            service_id: said.service_id.clone(),
            status: said.status,
        })
        .collect()
}

async fn service(caller: &Caller, organization: &str, id: ServiceId) -> ApiResult<ServiceBody> {
    let scope = caller.scope::<allowed::Read>(organization).await?;
    let (service, incidents) = run(services::read(scope, id)).await?;
    let held_by = held_by(&incidents, |id| *id == service.id);
    Ok(ServiceBody { service, held_by })
}

async fn list(caller: &Caller, organization: &str) -> ApiResult<ServiceList> {
    Ok(run(services::list(caller.scope::<allowed::Read>(organization).await?)).await?)
}

/// List groups and services
///
/// Returns all of them in status page order, with the teams that own them. Groups and ungrouped services share one
/// order: sort them by `position`.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/services",
    tag = "Services",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    responses((status = 200, description = "Groups, services and teams.", body = ServiceList)),
    security(("bearer" = []))
)]
async fn list_services(caller: Caller, Path(organization): Path<String>) -> ApiResult<Response> {
    Ok(json_ok(&list(&caller, &organization).await?))
}

/// A new service.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Checkout", "description": "Carts and payments" }))]
struct NewService {
    /// Unique within its group.
    #[schema(max_length = 255, example = "Checkout")]
    name: String,
    /// Short description for visitors.
    #[serde(default)]
    #[schema(max_length = 1000, example = "Carts and payments")]
    description: String,
    /// The service's group. Ungrouped if omitted.
    #[serde(default)]
    group_id: Option<GroupId>,
    /// The team that owns the service. None if omitted.
    #[serde(default)]
    team_id: Option<TeamId>,
}

/// Create a service
///
/// Adds the service at the end of its group with status operational. Requires the Service manager role, or Team admin
/// for your own team.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/services",
    tag = "Services",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = NewService,
    responses((status = 201, description = "The service.", body = ServiceBody)),
    security(("bearer" = []))
)]
async fn create_service(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(new): StrictJson<NewService>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditServices>(&organization).await?;
    let slug = scope.organization().slug.clone();
    let NewService { name, description, group_id, team_id } = new;
    let (group_id, team_id) =
        (group_id.map(String::from).unwrap_or_default(), team_id.map(String::from).unwrap_or_default());
    let id = run(services::create(scope, ServiceInput { name, description, group_id, team_id })).await?;
    let address = format!("/api/v1/organizations/{slug}/services/{id}");
    Ok(created(&address, &service(&caller, &slug, id).await?))
}

/// Get a service
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/services/{id}",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's ID.", example = "k3f9x0q2m7ab")
    ),
    responses((status = 200, description = "The service.", body = ServiceBody)),
    security(("bearer" = []))
)]
async fn read_service(caller: Caller, Path((organization, service_id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&service(&caller, &organization, id(&service_id, "service")?).await?))
}

/// Changes to a service. Omitted fields keep their value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "status": "degraded_performance" }))]
struct ChangedService {
    /// Unique within its group.
    #[serde(default)]
    #[schema(max_length = 255, example = "Checkout")]
    name: Option<String>,
    /// Short description for visitors.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// Moves the service to the end of this group. `null` removes it from its group.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<GroupId>)]
    group_id: Option<Option<GroupId>>,
    /// The team that owns the service. `null` for none.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<TeamId>)]
    team_id: Option<Option<TeamId>>,
    /// The service's own status. Open incidents and maintenance still apply.
    #[serde(default)]
    #[schema(example = "degraded_performance")]
    status: Option<ServiceStatus>,
}

/// Update a service
///
/// All changes are applied together; omitted fields keep their value. Changing only `status` requires the Status
/// reporter role, or Team member for your own team; everything else requires Service manager, or Team admin. Setting a
/// status doesn't hide open incidents: `held_by` lists those that keep the service at a worse status. With `If-Match`,
/// the update only succeeds if nothing has changed since you read it.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/services/{id}",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's ID.", example = "k3f9x0q2m7ab")
    ),
    request_body = ChangedService,
    responses((status = 200, description = "The updated service.", body = ServiceBody)),
    security(("bearer" = []))
)]
async fn change_service(
    caller: Caller,
    Path((organization, service_id)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(change): StrictJson<ChangedService>,
) -> ApiResult<Response> {
    let id: ServiceId = id(&service_id, "service")?;
    let ChangedService { name, description, group_id, team_id, status } = change;
    let texts = name.is_some() || description.is_some() || group_id.is_some() || team_id.is_some();
    match status {
        Some(status) if !texts => {
            let scope = caller.scope::<allowed::SetStatus>(&organization).await?;
            let scope = check_if_match(&seen, scope, service(&caller, &organization, id.clone())).await?;
            run(services::set_status(scope, vec![id.clone()], status, Cause::Api)).await?;
        }
        status => {
            let scope = caller.scope::<allowed::EditServices>(&organization).await?;
            let scope = check_if_match(&seen, scope, service(&caller, &organization, id.clone())).await?;
            let change = ServiceChange { name, description, group_id, team_id, status };
            run(services::change(scope, id.clone(), change, Cause::Api)).await?;
        }
    }
    Ok(json_ok(&service(&caller, &organization, id).await?))
}

/// Delete a service
///
/// Removes the service from every page. Its history is kept, so the service can be restored. Requires the Admin role.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/services/{id}",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's ID.", example = "k3f9x0q2m7ab")
    ),
    responses((status = 204, description = "Deleted.")),
    security(("bearer" = []))
)]
async fn delete_service(
    caller: Caller,
    Path((organization, service_id)): Path<(String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let id: ServiceId = id(&service_id, "service")?;
    let scope = caller.scope::<allowed::DeleteServices>(&organization).await?;
    let scope = check_if_match(&seen, scope, service(&caller, &organization, id.clone())).await?;
    run(services::delete(scope, id)).await?;
    Ok(no_content())
}

/// Restore a deleted service
///
/// Restores the service to its former position if possible, otherwise to the end of its group. Requires the Admin role.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/services/{id}/restore",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's ID.", example = "k3f9x0q2m7ab")
    ),
    responses((status = 200, description = "The updated service.", body = ServiceBody)),
    security(("bearer" = []))
)]
async fn restore_service(
    caller: Caller,
    Path((organization, service_id)): Path<(String, String)>,
) -> ApiResult<Response> {
    let id: ServiceId = id(&service_id, "service")?;
    let scope = caller.scope::<allowed::DeleteServices>(&organization).await?;
    run(services::restore(scope, id.clone())).await?;
    Ok(json_ok(&service(&caller, &organization, id).await?))
}

/// The status of several services.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Statuses {
    /// The services.
    #[schema(min_items = 1, max_items = 500, example = json!(["k3f9x0q2m7ab"]))]
    ids: Vec<ServiceId>,
    /// The status to set.
    status: ServiceStatus,
}

/// The result of setting several statuses.
#[derive(Debug, Serialize, ToSchema)]
struct StatusesSet {
    /// Open incidents that keep one of the services at a worse status.
    held_by: Vec<StatusCause>,
}

/// Set several statuses
///
/// Sets all of them together. If one service doesn't exist, none is changed.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/services/status",
    tag = "Services",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = Statuses,
    responses((status = 200, description = "The statuses were set.", body = StatusesSet)),
    security(("bearer" = []))
)]
async fn set_statuses(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(Statuses { ids, status }): StrictJson<Statuses>,
) -> ApiResult<Response> {
    if ids.is_empty() || ids.len() > AT_ONCE {
        return Err(AppError::field("ids", format!("List 1 to {AT_ONCE} services.")).into());
    }
    let scope = caller.scope::<allowed::SetStatus>(&organization).await?;
    let incidents = run(services::set_status(scope, ids.clone(), status, Cause::Api)).await?;
    let mut held_by = held_by(&incidents, |id| ids.contains(id));
    held_by.retain(|held| held.status > status);
    Ok(json_ok(&StatusesSet { held_by }))
}

/// Where to move a service or group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    /// ID of the service or group to move.
    #[schema(example = "k3f9x0q2m7ab")]
    id: String,
    /// The group to move a service to. Ungrouped if omitted.
    #[serde(default)]
    group_id: Option<GroupId>,
    /// The service or group to place it before. Placed at the end if omitted.
    #[serde(default)]
    before: Option<String>,
}

/// Move a service or group
///
/// Moves it before another one, or to the end of its group or the page.
#[utoipa::path(
    put,
    path = "/api/v1/organizations/{organization}/services/order",
    tag = "Services",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = Move,
    responses((status = 200, description = "All groups and services in their new order.", body = ServiceList)),
    security(("bearer" = []))
)]
async fn move_service(
    caller: Caller,
    Path(organization): Path<String>,
    seen: IfMatch,
    StrictJson(Move { id, group_id, before }): StrictJson<Move>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditServices>(&organization).await?;
    let scope = check_if_match(&seen, scope, list(&caller, &organization)).await?;
    run(services::move_item(scope, id, group_id, before)).await?;
    Ok(json_ok(&list(&caller, &organization).await?))
}

/// Filters for the status history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HistoryQuery {
    /// Only intervals that end after this time.
    from: Option<Time>,
    /// Only intervals that started before this time.
    to: Option<Time>,
    /// `next` from the previous page.
    after: Option<String>,
    /// Maximum number of results per page. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List a service's status history
///
/// Newest first. Intervals never overlap or leave gaps. The first one is still ongoing (`to` is `null`).
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/services/{id}/history",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's ID.", example = "k3f9x0q2m7ab"),
        HistoryQuery
    ),
    responses((status = 200, description = "A page of intervals.", body = Page<Interval>)),
    security(("bearer" = []))
)]
async fn list_history(
    caller: Caller,
    Path((organization, service_id)): Path<(String, String)>,
    StrictQuery(HistoryQuery { from, to, after, limit: wanted }): StrictQuery<HistoryQuery>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let id: ServiceId = id(&service_id, "service")?;
    let most = limit(wanted)?;
    let before: Option<(Time, IntervalId)> = after.as_deref().map(position).transpose()?;
    let filter = IntervalFilter { from, to, before, most: most + 1 };
    let intervals = run(services::intervals(scope, id, filter)).await?;
    let Page { data, next } = Page::of(intervals, most, |(id, interval)| (interval.from, id.clone()));
    Ok(json_ok(&Page { data: data.into_iter().map(|(_, interval)| interval).collect(), next }))
}
