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

/// One more message of an incident: it needs a body, another status, or something about a service.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "status": "monitoring", "body": "A fix is out.",
    "services": [{ "service_id": "k3n9x2m4q7ab", "status": "operational" }],
}))]
struct PostUpdate {
    /// The incident's status from then on; left out: as it is. One that is resolved goes on with any other.
    status: Option<IncidentStatus>,
    /// Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// What changes about services; the others stay as they are.
    #[serde(default)]
    services: Vec<ImpactInput>,
    /// Its own time; left out: now.
    at: Option<Time>,
    /// The `revision` of the incident that you have seen: then it is posted only if nothing changed since.
    revision: Option<i64>,
}

/// What can be changed of an update. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "A fix is out, and works." }))]
struct ChangeUpdate {
    /// The incident's status from then on.
    status: Option<IncidentStatus>,
    /// Markdown.
    #[schema(max_length = 25_000)]
    body: Option<String>,
    /// What it says of services, instead of all that it said.
    services: Option<Vec<ImpactInput>>,
    /// Its own time.
    at: Option<Time>,
}

/// The end of an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "Payments work again." }))]
struct ResolveIncident {
    /// The last message, Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// When it was over; left out: now.
    at: Option<Time>,
    /// The `revision` of the incident that you have seen: then it is resolved only if nothing changed since.
    revision: Option<i64>,
}

/// A message that is not kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "We are *on it*." }))]
struct PreviewMessage {
    /// Markdown.
    #[schema(max_length = 25_000)]
    body: String,
}

/// How a message will look.
#[derive(Debug, Serialize, ToSchema)]
struct RenderedMessage {
    /// Safe HTML.
    body_html: String,
}

fn update_id(text: &str) -> ApiResult<UpdateId> {
    id(text, "update")
}

/// Post an update
///
/// A message, another status, or what changed about services. A resolved incident that gets another status is
/// open again, with its services as they were last unless the update says something of them.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/incidents/{id}/updates",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de")
    ),
    request_body = PostUpdate,
    responses((status = 200, description = "The incident as it is now.", body = IncidentBody)),
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

/// Change an update
///
/// `If-Match` takes the ETag of the incident.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/incidents/{id}/updates/{update}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de"),
        ("update" = String, Path, description = "The update's id.", example = "p2k8d5f0a1cz")
    ),
    request_body = ChangeUpdate,
    responses((status = 200, description = "The incident as it is now.", body = IncidentBody)),
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

/// Take an update back
///
/// The only one cannot be: then delete the incident. `If-Match` takes the ETag of the incident.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/incidents/{id}/updates/{update}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de"),
        ("update" = String, Path, description = "The update's id.", example = "p2k8d5f0a1cz")
    ),
    responses((status = 204, description = "It is gone.")),
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
/// An update that ends it: its services are free of what it said of them.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/incidents/{id}/resolve",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de")
    ),
    request_body = ResolveIncident,
    responses((status = 200, description = "The incident as it is now.", body = IncidentBody)),
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

/// See how a message will look
///
/// Nothing is kept.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/preview",
    tag = "Incidents",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = PreviewMessage,
    responses((status = 200, description = "The message as it is shown.", body = RenderedMessage)),
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
