//! Texts to begin an incident or an update with.

use super::{
    extract::{
        IfMatch, Page, StrictJson, StrictQuery, check_if_match, created, double_option, id, json_ok, no_content,
    },
    incidents::word,
    members::{PageQuery, paged},
    problem::ApiResult,
};
use crate::{
    domain::{
        error::AppError,
        ids::TemplateId,
        incident::{IncidentStatus, Template, TemplateInput},
        role::allowed,
        status::Impact,
    },
    server::{
        App,
        access::{Caller, run},
        incidents::templates,
    },
};
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_templates, create_template)).routes(routes!(
        read_template,
        change_template,
        delete_template
    ))
}

/// A new template. Its texts can use `{{service}}`, `{{status}}`, `{{organization}}`, `{{date}}` and `{{time}}`,
/// which the dashboard fills in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Outage", "title": "{{service}} is {{status}}", "body": "We’re looking into it." }))]
struct CreateTemplate {
    /// The template's name.
    #[schema(max_length = 80)]
    name: String,
    /// The incident's title.
    #[serde(default)]
    #[schema(max_length = 200)]
    title: String,
    /// The message, in Markdown.
    #[serde(default)]
    #[schema(max_length = 25_000)]
    body: String,
    /// The incident's status. Defaults to `investigating`.
    status: Option<IncidentStatus>,
    /// The impact to set. Derived from the services if omitted.
    impact: Option<Impact>,
}

/// Changes to a template. Omitted fields keep their value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Outage of a service", "impact": null }))]
struct ChangeTemplate {
    /// The template's name.
    #[schema(max_length = 80)]
    name: Option<String>,
    /// The incident's title.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// The message, in Markdown.
    #[schema(max_length = 25_000)]
    body: Option<String>,
    /// The incident's status.
    status: Option<IncidentStatus>,
    /// The impact to set. `null` derives it from the services.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Impact>)]
    impact: Option<Option<Impact>>,
}

async fn template(caller: &Caller, organization: &str, id: &TemplateId) -> ApiResult<Template> {
    let scope = caller.scope::<allowed::Read>(organization).await?;
    let found = run(templates::list(scope)).await?.into_iter().find(|template| template.id == *id);
    Ok(found.ok_or_else(|| AppError::NotFound("template".to_owned()))?)
}

fn template_id(text: &str) -> ApiResult<TemplateId> {
    id(text, "template")
}

/// List templates
///
/// Sorted by name.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/templates",
    tag = "Templates",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        PageQuery
    ),
    responses((status = 200, description = "A page of templates.", body = Page<Template>)),
    security(("bearer" = []))
)]
async fn list_templates(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(few): StrictQuery<PageQuery>,
) -> ApiResult<Response> {
    let all = run(templates::list(caller.scope::<allowed::Read>(&organization).await?)).await?;
    Ok(json_ok(&paged(all, |template| (template.name.to_lowercase(), template.id.to_string()), &few)?))
}

/// Create a template
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/templates",
    tag = "Templates",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = CreateTemplate,
    responses((status = 201, description = "The template.", body = Template)),
    security(("bearer" = []))
)]
async fn create_template(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(new): StrictJson<CreateTemplate>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let input = TemplateInput {
        name: new.name,
        title: new.title,
        body: new.body,
        status: word(new.status, IncidentStatus::as_str),
        impact: word(new.impact, Impact::as_str),
    };
    let id = run(templates::save(scope, None, input)).await?;
    let address = format!("/api/v1/organizations/{organization}/templates/{id}");
    Ok(created(&address, &template(&caller, &organization, &id).await?))
}

/// Get a template
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/templates/{id}",
    tag = "Templates",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The template's ID.", example = "g1f6c3z8x0vn")
    ),
    responses((status = 200, description = "The template.", body = Template)),
    security(("bearer" = []))
)]
async fn read_template(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&template(&caller, &organization, &template_id(&id)?).await?))
}

/// Update a template
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/templates/{id}",
    tag = "Templates",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The template's ID.", example = "g1f6c3z8x0vn")
    ),
    request_body = ChangeTemplate,
    responses((status = 200, description = "The updated template.", body = Template)),
    security(("bearer" = []))
)]
async fn change_template(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(change): StrictJson<ChangeTemplate>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = template_id(&id)?;
    let scope = check_if_match(&seen, scope, template(&caller, &organization, &id)).await?;
    let before = template(&caller, &organization, &id).await?;
    let input = TemplateInput {
        name: change.name.unwrap_or(before.name),
        title: change.title.unwrap_or(before.title),
        body: change.body.unwrap_or(before.body),
        status: change.status.unwrap_or(before.status).as_str().to_owned(),
        impact: word(change.impact.unwrap_or(before.impact), Impact::as_str),
    };
    run(templates::save(scope, Some(id.clone()), input)).await?;
    Ok(json_ok(&template(&caller, &organization, &id).await?))
}

/// Delete a template
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/templates/{id}",
    tag = "Templates",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The template's ID.", example = "g1f6c3z8x0vn")
    ),
    responses((status = 204, description = "Deleted.")),
    security(("bearer" = []))
)]
async fn delete_template(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ReportIncidents>(&organization).await?;
    let id = template_id(&id)?;
    let scope = check_if_match(&seen, scope, template(&caller, &organization, &id)).await?;
    run(templates::delete(scope, id)).await?;
    Ok(no_content())
}
