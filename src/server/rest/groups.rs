//! Groups of services.

use super::{
    extract::{IfMatch, Page, StrictJson, check_if_match, created, id, json_ok, no_content},
    problem::ApiResult,
};
use crate::{
    domain::{
        error::AppError,
        ids::GroupId,
        role::allowed,
        service::{Group, GroupInput},
    },
    server::{
        App,
        access::{Caller, run},
        services::{self, GroupChange},
    },
};
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_groups, create_group)).routes(routes!(
        read_group,
        change_group,
        delete_group
    ))
}

async fn groups(caller: &Caller, organization: &str) -> ApiResult<Vec<Group>> {
    Ok(run(services::list(caller.scope::<allowed::Read>(organization).await?)).await?.groups)
}

async fn group(caller: &Caller, organization: &str, id: &GroupId) -> ApiResult<Group> {
    let found = groups(caller, organization).await?.into_iter().find(|group| group.id == *id);
    found.ok_or_else(|| AppError::NotFound("group".to_owned()).into())
}

/// List groups
///
/// Returns all groups in status page order.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/groups",
    tag = "Groups",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    responses((status = 200, description = "All groups.", body = Page<Group>)),
    security(("bearer" = []))
)]
async fn list_groups(caller: Caller, Path(organization): Path<String>) -> ApiResult<Response> {
    Ok(json_ok(&Page::whole(groups(&caller, &organization).await?)))
}

/// A new group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Payments" }))]
struct NewGroup {
    /// Unique within the organization.
    #[schema(max_length = 255, example = "Payments")]
    name: String,
    /// Short description for visitors.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: String,
}

/// Create a group
///
/// Adds the group at the end of the page. Requires the Service manager role.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/groups",
    tag = "Groups",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = NewGroup,
    responses((status = 201, description = "The group.", body = Group)),
    security(("bearer" = []))
)]
async fn create_group(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(NewGroup { name, description }): StrictJson<NewGroup>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditServices>(&organization).await?;
    let slug = scope.organization().slug.clone();
    let id = run(services::create_group(scope, GroupInput { name, description })).await?;
    let address = format!("/api/v1/organizations/{slug}/groups/{id}");
    Ok(created(&address, &group(&caller, &slug, &id).await?))
}

/// Get a group
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/groups/{id}",
    tag = "Groups",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The group's ID.", example = "p2r8w1c5v9de")
    ),
    responses((status = 200, description = "The group.", body = Group)),
    security(("bearer" = []))
)]
async fn read_group(caller: Caller, Path((organization, group_id)): Path<(String, String)>) -> ApiResult<Response> {
    // Whose organization it is comes before what is wrong with the address.
    caller.scope::<allowed::Read>(&organization).await?;
    Ok(json_ok(&group(&caller, &organization, &id(&group_id, "group")?).await?))
}

/// Changes to a group. Omitted fields keep their value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Payments" }))]
struct ChangedGroup {
    /// Unique within the organization.
    #[serde(default)]
    #[schema(max_length = 255, example = "Payments")]
    name: Option<String>,
    /// Short description for visitors.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: Option<String>,
}

/// Update a group
///
/// Omitted fields keep their value. Requires the Service manager role. With `If-Match`, the update only succeeds if
/// nothing has changed since you read it.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/groups/{id}",
    tag = "Groups",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The group's ID.", example = "p2r8w1c5v9de")
    ),
    request_body = ChangedGroup,
    responses((status = 200, description = "The updated group.", body = Group)),
    security(("bearer" = []))
)]
async fn change_group(
    caller: Caller,
    Path((organization, group_id)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(ChangedGroup { name, description }): StrictJson<ChangedGroup>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditServices>(&organization).await?;
    let id: GroupId = id(&group_id, "group")?;
    let scope = check_if_match(&seen, scope, group(&caller, &organization, &id)).await?;
    run(services::change_group(scope, id.clone(), GroupChange { name, description })).await?;
    Ok(json_ok(&group(&caller, &organization, &id).await?))
}

/// Delete a group
///
/// Its services are kept, ungrouped, in its place. Requires the Service manager role.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/groups/{id}",
    tag = "Groups",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The group's ID.", example = "p2r8w1c5v9de")
    ),
    responses((status = 204, description = "Deleted.")),
    security(("bearer" = []))
)]
async fn delete_group(
    caller: Caller,
    Path((organization, group_id)): Path<(String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditServices>(&organization).await?;
    let id: GroupId = id(&group_id, "group")?;
    let scope = check_if_match(&seen, scope, group(&caller, &organization, &id)).await?;
    run(services::delete_group(scope, id)).await?;
    Ok(no_content())
}
