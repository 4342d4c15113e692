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

/// An open incident that says of a service how it is.
#[derive(Debug, Serialize, ToSchema)]
struct StatusCause {
    /// The incident.
    incident_id: IncidentId,
    /// Its title.
    #[schema(example = "Elevated error rates")]
    title: String,
    /// The service.
    service_id: ServiceId,
    /// What it says of the service.
    status: ServiceStatus,
}

/// A service, and what holds it.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceBody {
    #[serde(flatten)]
    service: Service,
    /// Open incidents that say something of it: `status` is the worst of them, of its own and of maintenance.
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
/// All of them, in the order of the status page, with the teams that own them. A group and a service without one
/// share one order: sort them by `position`.
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

/// A service to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Checkout", "description": "Carts and payments" }))]
struct NewService {
    /// Unique within its group.
    #[schema(max_length = 255, example = "Checkout")]
    name: String,
    /// One sentence for visitors.
    #[serde(default)]
    #[schema(max_length = 1000, example = "Carts and payments")]
    description: String,
    /// The group that it stands in; none when left out.
    #[serde(default)]
    group_id: Option<GroupId>,
    /// The team that owns it; none when left out.
    #[serde(default)]
    team_id: Option<TeamId>,
}

/// Add a service
///
/// At the end of its group. It begins operational. Needs the role Service manager, or Team admin for the own team.
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

/// Read a service
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/services/{id}",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's id.", example = "k3f9x0q2m7ab")
    ),
    responses((status = 200, description = "The service.", body = ServiceBody)),
    security(("bearer" = []))
)]
async fn read_service(caller: Caller, Path((organization, service_id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&service(&caller, &organization, id(&service_id, "service")?).await?))
}

/// What to change of a service. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "status": "degraded_performance" }))]
struct ChangedService {
    /// Unique within its group.
    #[serde(default)]
    #[schema(max_length = 255, example = "Checkout")]
    name: Option<String>,
    /// One sentence for visitors.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// The group to put it in, at the end; `null` takes it out of its group.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<GroupId>)]
    group_id: Option<Option<GroupId>>,
    /// The team that owns it from now on; `null` for none.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<TeamId>)]
    team_id: Option<Option<TeamId>>,
    /// What it says of itself. Open incidents and maintenance count on.
    #[serde(default)]
    #[schema(example = "degraded_performance")]
    status: Option<ServiceStatus>,
}

/// Change a service, or set its status
///
/// All in one change; what is left out stays as it is. For `status` alone the role Status reporter is enough, or Team
/// member for the own team; for the rest it takes Service manager, or Team admin. Setting a status hides no incident:
/// `held_by` tells which ones hold the service at something worse. With `If-Match` it is changed only while it is what
/// you read.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/services/{id}",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's id.", example = "k3f9x0q2m7ab")
    ),
    request_body = ChangedService,
    responses((status = 200, description = "The service as it is now.", body = ServiceBody)),
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
/// It leaves every page; its history stays, so that it can be restored whole. Needs the role Admin.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/services/{id}",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's id.", example = "k3f9x0q2m7ab")
    ),
    responses((status = 204, description = "It is deleted.")),
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
/// To its place when that is free still, else to the end of its group. Needs the role Admin.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/services/{id}/restore",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's id.", example = "k3f9x0q2m7ab")
    ),
    responses((status = 200, description = "The service as it is now.", body = ServiceBody)),
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
    /// What they say of themselves.
    status: ServiceStatus,
}

/// What became of several services.
#[derive(Debug, Serialize, ToSchema)]
struct StatusesSet {
    /// Open incidents that hold one of them at something worse.
    held_by: Vec<StatusCause>,
}

/// Set the status of several services
///
/// In one change: when one of them does not exist, none is changed.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/services/status",
    tag = "Services",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = Statuses,
    responses((status = 200, description = "It is set.", body = StatusesSet)),
    security(("bearer" = []))
)]
async fn set_statuses(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(Statuses { ids, status }): StrictJson<Statuses>,
) -> ApiResult<Response> {
    if ids.is_empty() || ids.len() > AT_ONCE {
        return Err(AppError::field("ids", format!("Name 1 to {AT_ONCE} services.")).into());
    }
    let scope = caller.scope::<allowed::SetStatus>(&organization).await?;
    let incidents = run(services::set_status(scope, ids.clone(), status, Cause::Api)).await?;
    let mut held_by = held_by(&incidents, |id| ids.contains(id));
    held_by.retain(|held| held.status > status);
    Ok(json_ok(&StatusesSet { held_by }))
}

/// Where to move something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    /// A service's or a group's id.
    #[schema(example = "k3f9x0q2m7ab")]
    id: String,
    /// The group to put a service in; none when left out.
    #[serde(default)]
    group_id: Option<GroupId>,
    /// The service or group that stands right behind it; at the end when left out.
    #[serde(default)]
    before: Option<String>,
}

/// Move a service or a group
///
/// Before another one, or to the end of its group or of the page.
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

/// Which intervals to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HistoryQuery {
    /// Only intervals that reach past this moment.
    from: Option<Time>,
    /// Only intervals that began before this moment.
    to: Option<Time>,
    /// `next` of the page before.
    after: Option<String>,
    /// Entries on a page, 50 unless you say otherwise.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List the status history of a service
///
/// Newest first. Intervals never overlap and never leave a hole; the first of them lasts still (`to` is `null`).
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/services/{id}/history",
    tag = "Services",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's id.", example = "k3f9x0q2m7ab"),
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
