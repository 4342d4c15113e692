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

/// What an update says of a service.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceInUpdate {
    /// The service.
    service_id: ServiceId,
    /// Its name now.
    name: String,
    /// Its status from then on; `null`: it is no longer part of the incident.
    status: Option<ServiceStatus>,
}

/// One message of an incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentUpdate)]
struct UpdateBody {
    /// Permanent.
    id: UpdateId,
    /// The incident's status from then on.
    status: IncidentStatus,
    /// As it was written: Markdown, or HTML for what was imported.
    body: String,
    /// As it is shown: safe HTML.
    body_html: String,
    /// Its own time.
    at: Time,
    /// Who posted it, as they were called then.
    by: Option<String>,
    /// When it was last edited.
    edited_at: Option<Time>,
    /// What it says of services; of others it says nothing.
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

/// What was learned from an incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Postmortem)]
struct PostmortemBody {
    /// As it was written: Markdown, or HTML for what was imported.
    body: String,
    /// As it is shown: safe HTML.
    body_html: String,
    /// Since when everybody reads it; `null` for a draft.
    published_at: Option<Time>,
}

/// An incident that belongs together with another.
#[derive(Debug, Serialize, ToSchema)]
struct RelatedIncident {
    /// Permanent.
    id: IncidentId,
    /// One line.
    title: String,
    /// How far it has come.
    status: IncidentStatus,
}

/// An incident with everything that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncidentWithUpdates)]
struct IncidentBody {
    #[serde(flatten)]
    incident: Incident,
    /// The impact that was set by hand; `null`: it is derived from the services.
    impact_set: Option<Impact>,
    /// Newest first.
    updates: Vec<UpdateBody>,
    /// What was learned, if anything was written.
    postmortem: Option<PostmortemBody>,
    /// Incidents that belong together with it, latest first.
    related: Vec<RelatedIncident>,
    /// Its permanent address for visitors.
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

/// What is said of a service.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImpactInput {
    /// The service.
    service_id: ServiceId,
    /// Its status while the incident is open; `null`: it is no longer part of the incident.
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
    /// One line.
    #[schema(max_length = 200)]
    title: String,
    /// How far it has come; left out: `investigating`.
    status: Option<IncidentStatus>,
    /// How much it matters; left out: derived from the services.
    impact: Option<Impact>,
    /// The first message, Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// What is said of services.
    #[serde(default)]
    services: Vec<ImpactInput>,
    /// When it began; left out: now.
    started_at: Option<Time>,
    /// When it was over, for one that is reported afterwards.
    resolved_at: Option<Time>,
}

/// What can be changed of an incident. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Payments fail in Europe", "impact": null }))]
struct ChangeIncident {
    /// One line.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// How much it matters; `null`: derived from the services.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Impact>)]
    impact: Option<Option<Impact>>,
}

/// What was learned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "A certificate had run out. It is renewed by itself now.", "published": true }))]
struct SavePostmortem {
    /// Markdown; empty: what was written goes away.
    #[schema(max_length = 25_000)]
    body: String,
    /// Whether everybody reads it; else it is a draft. Only a resolved incident has one that is published.
    #[serde(default)]
    published: bool,
}

/// Whether incidents are over.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum IncidentState {
    /// Those that are open.
    Active,
    /// Those that are over.
    Resolved,
}

/// Which incidents are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Only those that are open, or those that are over.
    #[param(inline)]
    state: Option<IncidentState>,
    /// Only those that say something of this service.
    service: Option<ServiceId>,
    /// Only those that say something of a service of this team.
    team: Option<TeamId>,
    /// Only those of this impact.
    impact: Option<Impact>,
    /// Only those with these words in title or messages.
    words: Option<String>,
    /// Only those that began then or later.
    from: Option<Time>,
    /// Only those that began before.
    to: Option<Time>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most: 1 to 200, else 50.
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
/// Latest first, without their messages.
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
    let read = run(incidents::some(scope, filter, most + 1)).await?;
    Ok(json_ok(&Page::of(read, most, |last| (last.started_at, last.id.clone()))))
}

/// Report an incident
///
/// The services that it names have the worst of their own status and what open incidents say of them, at once
/// and with their history. With `started_at` (and `resolved_at`) it is reported afterwards, and that history is
/// computed anew.
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

/// Read an incident
///
/// With its updates, its postmortem and the incidents that belong together with it.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/incidents/{id}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de")
    ),
    responses((status = 200, description = "The incident.", body = IncidentBody)),
    security(("bearer" = []))
)]
async fn read_incident(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&incident(&caller, &organization, incident_id(&id)?).await?))
}

/// Change an incident
///
/// What it is called and how much it matters. How far it has come is changed by an update.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/incidents/{id}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de")
    ),
    request_body = ChangeIncident,
    responses((status = 200, description = "The incident as it is now.", body = IncidentBody)),
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
/// The history of its services becomes what it would be without it; what it replaced stays in the audit log.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/incidents/{id}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de")
    ),
    responses((status = 204, description = "It is gone.")),
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

/// Keep a postmortem
///
/// As a draft, or published for everybody. `If-Match` takes the ETag of the incident.
#[utoipa::path(
    put,
    path = "/api/v1/organizations/{organization}/incidents/{id}/postmortem",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de")
    ),
    request_body = SavePostmortem,
    responses((status = 200, description = "The incident as it is now.", body = IncidentBody)),
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

/// Say that two incidents belong together
///
/// It counts for both of them. `If-Match` takes the ETag of the first.
#[utoipa::path(
    put,
    path = "/api/v1/organizations/{organization}/incidents/{id}/related/{other}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de"),
        ("other" = String, Path, description = "The other incident's id.", example = "w4q7r2t9y3xb")
    ),
    responses((status = 200, description = "The first incident as it is now.", body = IncidentBody)),
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

/// Say that two incidents do not belong together
///
/// `If-Match` takes the ETag of the first.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/incidents/{id}/related/{other}",
    tag = "Incidents",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The incident's id.", example = "h5j2l9p4s7de"),
        ("other" = String, Path, description = "The other incident's id.", example = "w4q7r2t9y3xb")
    ),
    responses((status = 204, description = "They do not belong together.")),
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
