//! Incidents, what was learned from them, and which belong together.

mod updates;

use super::{
    extract::{
        IfMatch, Page, StrictJson, StrictQuery, check_if_match, created, double_option, id, json_ok, limit, no_content,
        position,
    },
    problem::ApiResult,
};
use crate::{
    domain::{
        ids::{IncidentId, ServiceId, TeamId, UpdateId},
        incident::{
            Incident, IncidentDetail, IncidentEdit, IncidentFilter, IncidentStatus, IncidentUpdate, NewIncident,
            ServiceImpact,
        },
        role::allowed,
        status::{Impact, ServiceStatus},
        time::Time,
    },
    server::{
        App,
        access::{Caller, run},
        incidents::{self, links, postmortem},
    },
};
use axum::{extract::Path, response::Response};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_incidents, report_incident))
        .routes(routes!(read_incident, change_incident, delete_incident))
        .routes(routes!(save_postmortem))
        .routes(routes!(relate_incidents, unrelate_incidents))
        .merge(updates::routes())
}

/// A moment as verbs read what is typed; empty when there is none.
pub(super) fn typed(at: Option<Time>) -> String {
    at.map(|at| at.utc().to_rfc3339_opts(SecondsFormat::Micros, true)).unwrap_or_default()
}

/// A closed list's word as verbs read it; empty when there is none.
pub(super) fn word<T>(value: Option<T>, as_str: fn(T) -> &'static str) -> String {
    value.map(as_str).unwrap_or_default().to_owned()
}

/// A service's status in an update.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceInUpdate {
    /// The service.
    service_id: ServiceId,
    /// The service's current name.
    name: String,
    /// Its status from this update on. `null` if the service is no longer affected.
    status: Option<ServiceStatus>,
}

/// An incident update.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentUpdate)]
struct UpdateBody {
    /// Unique identifier. Never changes.
    id: UpdateId,
    /// The incident's status from this update on.
    status: IncidentStatus,
    /// The original text: Markdown, or HTML if it was imported.
    body: String,
    /// The rendered text as sanitized HTML.
    body_html: String,
    /// Time of the update.
    at: Time,
    /// Name of the author when it was posted.
    by: Option<String>,
    /// When it was last edited.
    edited_at: Option<Time>,
    /// Services whose status it sets. Others are unchanged.
    services: Vec<ServiceInUpdate>,
}

impl From<IncidentUpdate> for UpdateBody {
    fn from(update: IncidentUpdate) -> Self {
        let IncidentUpdate { id, status, body, html, at, by, edited_at, services } = update;
        let services = services
            .into_iter()
            .map(|(ServiceImpact { service_id, status }, name)| ServiceInUpdate { service_id, name, status })
            .collect();
        Self { id, status, body, body_html: html, at, by, edited_at, services }
    }
}

/// A postmortem.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Postmortem)]
struct PostmortemBody {
    /// The original text: Markdown, or HTML if it was imported.
    body: String,
    /// The rendered text as sanitized HTML.
    body_html: String,
    /// When it was published. `null` for a draft.
    published_at: Option<Time>,
}

/// A linked incident.
#[derive(Debug, Serialize, ToSchema)]
struct RelatedIncident {
    /// Unique identifier. Never changes.
    id: IncidentId,
    /// The title.
    title: String,
    /// Current status.
    status: IncidentStatus,
}

/// An incident with its updates, postmortem and linked incidents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentWithUpdates)]
struct IncidentBody {
    #[serde(flatten)]
    incident: Incident,
    /// The impact that was set manually. `null` if it is derived from the services.
    impact_set: Option<Impact>,
    /// Newest first.
    updates: Vec<UpdateBody>,
    /// The postmortem, if there is one.
    postmortem: Option<PostmortemBody>,
    /// Linked incidents, latest first.
    related: Vec<RelatedIncident>,
    /// Permanent public URL.
    page: String,
}

impl From<IncidentDetail> for IncidentBody {
    fn from(detail: IncidentDetail) -> Self {
        let IncidentDetail { incident, impact_set, updates, postmortem, links, page, .. } = detail;
        Self {
            incident,
            impact_set,
            updates: updates.into_iter().map(UpdateBody::from).collect(),
            postmortem: postmortem.map(|postmortem| PostmortemBody {
                body: postmortem.body,
                body_html: postmortem.html,
                published_at: postmortem.published_at,
            }),
            related: links.into_iter().map(|(id, title, status)| RelatedIncident { id, title, status }).collect(),
            page,
        }
    }
}

/// A service's status in an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImpactInput {
    /// The service.
    service_id: ServiceId,
    /// Its status while the incident is open. `null` if the service is no longer affected.
    #[serde(default)]
    status: Option<ServiceStatus>,
}

fn statements(all: Vec<ImpactInput>) -> Vec<ServiceImpact> {
    all.into_iter().map(|ImpactInput { service_id, status }| ServiceImpact { service_id, status }).collect()
}

/// A new incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Payments fail", "body": "We are looking into it.",
    "services": [{ "service_id": "k3n9x2m4q7ab", "status": "partial_outage" }],
}))]
struct ReportIncident {
    /// The title.
    #[schema(max_length = 200)]
    title: String,
    /// Current status. Defaults to `investigating`.
    status: Option<IncidentStatus>,
    /// The impact. Derived from the services if omitted.
    impact: Option<Impact>,
    /// The first message, in Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// Affected services.
    #[serde(default)]
    services: Vec<ImpactInput>,
    /// When it started. Defaults to now.
    started_at: Option<Time>,
    /// When it was resolved, for an incident in the past.
    resolved_at: Option<Time>,
}

/// Changes to an incident. Omitted fields keep their value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Payments fail in Europe", "impact": null }))]
struct ChangeIncident {
    /// The title.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// The impact. `null` derives it from the services.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Impact>)]
    impact: Option<Option<Impact>>,
}

/// A postmortem.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "A certificate had expired. It’s now renewed automatically.", "published": true }))]
struct SavePostmortem {
    /// The text, in Markdown. An empty string deletes the postmortem.
    #[schema(max_length = 25_000)]
    body: String,
    /// Whether it is published or a draft. Only resolved incidents can have a published postmortem.
    #[serde(default)]
    published: bool,
}

/// Whether incidents are open or resolved.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum IncidentState {
    /// Open incidents.
    Active,
    /// Resolved incidents.
    Resolved,
}

/// Filters for incidents.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Only open or only resolved incidents.
    #[param(inline)]
    state: Option<IncidentState>,
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
    /// `next` from the previous page.
    after: Option<String>,
    /// Maximum number of results, from 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

async fn incident(caller: &Caller, organization: &str, id: IncidentId) -> ApiResult<IncidentBody> {
    let scope = caller.scope::<allowed::Read>(organization).await?;
    Ok(run(incidents::detail(scope, id)).await?.into())
}

fn incident_id(text: &str) -> ApiResult<IncidentId> {
    id(text, "incident")
}

/// List incidents
///
/// Latest first, without their updates.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/incidents",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        Listing
    ),
    responses((status = 200, description = "A page of incidents.", body = Page<Incident>)),
    security(("bearer" = []))
)]
async fn list_incidents(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(listing): StrictQuery<Listing>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let Listing { state, service, team, impact, words, from, to, after, limit: wanted } = listing;
    let state = match state {
        Some(IncidentState::Active) => "active",
        Some(IncidentState::Resolved) => "resolved",
        None => "",
    };
    let filter = IncidentFilter {
        state: state.to_owned(),
        service: service.map(String::from).unwrap_or_default(),
        team: team.map(String::from).unwrap_or_default(),
        impact: word(impact, Impact::as_str),
        words: words.unwrap_or_default(),
        from,
        to,
        before: after.as_deref().map(position).transpose()?,
    };
    let most = limit(wanted)?;
    let read = run(incidents::list_first(scope, filter, most + 1)).await?;
    Ok(json_ok(&Page::of(read, most, |last| (last.started_at, last.id.clone()))))
}

/// Create an incident
///
/// Each affected service immediately takes the worst of its own status and the statuses set by open incidents, and its
/// history is updated. Use `started_at` (and `resolved_at`) to backfill a past incident; the affected history is
/// recalculated.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/incidents",
    tag = "Incidents",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = ReportIncident,
    responses((status = 201, description = "The incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn report_incident(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(new): StrictJson<ReportIncident>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let input = NewIncident {
        title: new.title,
        impact: word(new.impact, Impact::as_str),
        status: word(new.status, IncidentStatus::as_str),
        body: new.body,
        services: statements(new.services),
        started_at: typed(new.started_at),
        resolved_at: typed(new.resolved_at),
    };
    let id = run(incidents::report(scope, input)).await?;
    let address = format!("/api/v1/organizations/{organization}/incidents/{id}");
    Ok(created(&address, &incident(&caller, &organization, id).await?))
}

/// Get an incident
///
/// Includes its updates, postmortem and linked incidents.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/incidents/{id}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de")
    ),
    responses((status = 200, description = "The incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn read_incident(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&incident(&caller, &organization, incident_id(&id)?).await?))
}

/// Update an incident
///
/// Changes its title and impact. To change its status, post an update.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/incidents/{id}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de")
    ),
    request_body = ChangeIncident,
    responses((status = 200, description = "The updated incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn change_incident(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(change): StrictJson<ChangeIncident>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = incident_id(&id)?;
    let scope = check_if_match(&seen, scope, incident(&caller, &organization, id.clone())).await?;
    let before = incident(&caller, &organization, id.clone()).await?;
    let input = IncidentEdit {
        title: change.title.unwrap_or(before.incident.title),
        impact: word(change.impact.unwrap_or(before.impact_set), Impact::as_str),
        seen: Some(before.incident.revision),
    };
    run(incidents::edit(scope, id.clone(), input)).await?;
    Ok(json_ok(&incident(&caller, &organization, id).await?))
}

/// Delete an incident
///
/// The history of its services is recalculated without it. The replaced history is kept in the audit log.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/incidents/{id}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de")
    ),
    responses((status = 204, description = "Deleted.")),
    security(("bearer" = []))
)]
async fn delete_incident(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::DeleteIncidents>(&organization).await?;
    let id = incident_id(&id)?;
    let scope = check_if_match(&seen, scope, incident(&caller, &organization, id.clone())).await?;
    run(incidents::delete(scope, id)).await?;
    Ok(no_content())
}

/// Save the postmortem
///
/// Saves it as a draft or publishes it. `If-Match` takes the incident's ETag.
#[utoipa::path(
    put,
    path = "/api/v1/organizations/{organization}/incidents/{id}/postmortem",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de")
    ),
    request_body = SavePostmortem,
    responses((status = 200, description = "The updated incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn save_postmortem(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(new): StrictJson<SavePostmortem>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = incident_id(&id)?;
    let scope = check_if_match(&seen, scope, incident(&caller, &organization, id.clone())).await?;
    run(postmortem::save(scope, id.clone(), new.body, new.published)).await?;
    Ok(json_ok(&incident(&caller, &organization, id).await?))
}

/// Link two incidents
///
/// The link shows on both incidents. `If-Match` takes the ETag of the first one.
#[utoipa::path(
    put,
    path = "/api/v1/organizations/{organization}/incidents/{id}/related/{other}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de"),
        ("other" = String, Path, description = "The other incident's ID.", example = "w4q7r2t9y3xb")
    ),
    responses((status = 200, description = "The updated first incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn relate_incidents(
    caller: Caller,
    Path((organization, id, other)): Path<(String, String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let (id, other) = (incident_id(&id)?, incident_id(&other)?);
    let scope = check_if_match(&seen, scope, incident(&caller, &organization, id.clone())).await?;
    run(links::set(scope, id.clone(), other, true)).await?;
    Ok(json_ok(&incident(&caller, &organization, id).await?))
}

/// Unlink two incidents
///
/// `If-Match` takes the ETag of the first one.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/incidents/{id}/related/{other}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's ID.", example = "h5j2l9p4s7de"),
        ("other" = String, Path, description = "The other incident's ID.", example = "w4q7r2t9y3xb")
    ),
    responses((status = 204, description = "Unlinked.")),
    security(("bearer" = []))
)]
async fn unrelate_incidents(
    caller: Caller,
    Path((organization, id, other)): Path<(String, String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let (id, other) = (incident_id(&id)?, incident_id(&other)?);
    let scope = check_if_match(&seen, scope, incident(&caller, &organization, id.clone())).await?;
    run(links::set(scope, id, other, false)).await?;
    Ok(no_content())
}
