//! The updates of incidents.

use super::{ImpactInput, IncidentBody, ServiceInUpdate, UpdateBody, incident, incident_id, statements, typed, word};
use crate::{
    domain::{
        ids::UpdateId,
        incident::{IncidentStatus, ServiceImpact, UpdateInput},
        role::allowed,
        time::Time,
    },
    server::{
        App,
        access::{Caller, run},
        incidents,
        rest::{
            extract::{IfMatch, StrictJson, check_if_match, id, json_ok, no_content},
            problem::ApiResult,
        },
    },
};
use axum::{extract::Path, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(post_incident_update))
        .routes(routes!(change_incident_update, delete_incident_update))
        .routes(routes!(resolve_incident))
        .routes(routes!(preview_message))
}

/// A new incident update. Requires a message, a new status or a service's status.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "status": "monitoring", "body": "A fix is out.",
    "services": [{ "service_id": "k3n9x2m4q7ab", "status": "operational" }],
}))]
struct PostUpdate {
    /// The incident's new status. Unchanged if omitted. Any other status reopens a resolved incident.
    status: Option<IncidentStatus>,
    /// The message, in Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// Services whose status changes. Others are unchanged.
    #[serde(default)]
    services: Vec<ImpactInput>,
    /// Time of the update. Defaults to now.
    at: Option<Time>,
    /// The `revision` of the incident you read. The update is only posted if nothing has changed since.
    revision: Option<i64>,
}

/// Changes to an update. Omitted fields keep their value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "A fix is out, and works." }))]
struct ChangeUpdate {
    /// The incident's status from this update on.
    status: Option<IncidentStatus>,
    /// The message, in Markdown.
    #[schema(max_length = 25_000)]
    body: Option<String>,
    /// Service statuses that replace the current ones.
    services: Option<Vec<ImpactInput>>,
    /// Time of the update.
    at: Option<Time>,
}

/// How to resolve an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "Payments work again." }))]
struct ResolveIncident {
    /// The final message, in Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// When it was resolved. Defaults to now.
    at: Option<Time>,
    /// The `revision` of the incident you read. It is only resolved if nothing has changed since.
    revision: Option<i64>,
}

/// A message to preview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "We are *on it*." }))]
struct PreviewMessage {
    /// The message, in Markdown.
    #[schema(max_length = 25_000)]
    body: String,
}

/// A rendered message.
#[derive(Debug, Serialize, ToSchema)]
struct RenderedMessage {
    /// Sanitized HTML.
    body_html: String,
}

fn update_id(text: &str) -> ApiResult<UpdateId> {
    id(text, "update")
}

/// Post an update
///
/// Posts a message, a new status or service changes. Giving a resolved incident another status reopens it; its services
/// return to their last status unless the update sets them.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/incidents/{id}/updates",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de")
    ),
    request_body = PostUpdate,
    responses((status = 200, description = "The updated incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn post_incident_update(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    StrictJson(new): StrictJson<PostUpdate>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = incident_id(&id)?;
    let input = UpdateInput {
        status: word(new.status, IncidentStatus::as_str),
        body: new.body,
        services: statements(new.services),
        at: typed(new.at),
        seen: new.revision,
    };
    run(incidents::post_update(scope, id.clone(), input)).await?;
    Ok(json_ok(&incident(&caller, &organization, id).await?))
}

/// Update an incident update
///
/// `If-Match` takes the incident's ETag.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/incidents/{id}/updates/{update}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de"),
        ("update" = String, Path, description = "The update's ID.", example = "p2k8d5f0a1cz")
    ),
    request_body = ChangeUpdate,
    responses((status = 200, description = "The updated incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn change_incident_update(
    caller: Caller,
    Path((organization, id, update)): Path<(String, String, String)>,
    seen: IfMatch,
    StrictJson(change): StrictJson<ChangeUpdate>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let (id, update) = (incident_id(&id)?, update_id(&update)?);
    let scope = check_if_match(&seen, scope, incident(&caller, &organization, id.clone())).await?;
    let before = incident(&caller, &organization, id.clone()).await?;
    let revision = before.incident.revision;
    // One that is not there is refused by the verb.
    let (body, said) = match before.updates.into_iter().find(|one| one.id == update) {
        Some(UpdateBody { body, services, .. }) => (body, services),
        None => (String::new(), Vec::new()),
    };
    let said = || {
        said.into_iter()
            .map(|ServiceInUpdate { service_id, status, .. }| ServiceImpact { service_id, status })
            .collect()
    };
    let input = UpdateInput {
        status: word(change.status, IncidentStatus::as_str),
        body: change.body.unwrap_or(body),
        services: change.services.map_or_else(said, statements),
        at: typed(change.at),
        seen: Some(revision),
    };
    run(incidents::edit_update(scope, id.clone(), update, input)).await?;
    Ok(json_ok(&incident(&caller, &organization, id).await?))
}

/// Delete an update
///
/// The only update can't be deleted; delete the incident instead. `If-Match` takes the incident's ETag.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/incidents/{id}/updates/{update}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de"),
        ("update" = String, Path, description = "The update's ID.", example = "p2k8d5f0a1cz")
    ),
    responses((status = 204, description = "Deleted.")),
    security(("bearer" = []))
)]
async fn delete_incident_update(
    caller: Caller,
    Path((organization, id, update)): Path<(String, String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::DeleteIncidents>(&organization).await?;
    let (id, update) = (incident_id(&id)?, update_id(&update)?);
    let scope = check_if_match(&seen, scope, incident(&caller, &organization, id.clone())).await?;
    run(incidents::delete_update(scope, id, update)).await?;
    Ok(no_content())
}

/// Resolve an incident
///
/// Posts a final update. The incident no longer affects its services.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/incidents/{id}/resolve",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de")
    ),
    request_body = ResolveIncident,
    responses((status = 200, description = "The updated incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn resolve_incident(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    StrictJson(end): StrictJson<ResolveIncident>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = incident_id(&id)?;
    let input = UpdateInput {
        status: IncidentStatus::Resolved.as_str().to_owned(),
        body: end.body,
        services: Vec::new(),
        at: typed(end.at),
        seen: end.revision,
    };
    run(incidents::post_update(scope, id.clone(), input)).await?;
    Ok(json_ok(&incident(&caller, &organization, id).await?))
}

/// Preview a message
///
/// Nothing is saved.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/preview",
    tag = "Incidents",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = PreviewMessage,
    responses((status = 200, description = "The rendered message.", body = RenderedMessage)),
    security(("bearer" = []))
)]
async fn preview_message(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(message): StrictJson<PreviewMessage>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let body_html = incidents::preview(&scope, &message.body).await?;
    Ok(json_ok(&RenderedMessage { body_html }))
}
