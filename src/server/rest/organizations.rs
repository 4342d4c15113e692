//! Organizations: one's own, and what can be changed about one.

use super::{
    extract::{IfMatch, Page, StrictJson, StrictQuery, check_if_match, created, json_ok, no_content},
    members::{PageQuery, paged},
    problem::{ApiError, ApiResult},
};
use crate::{
    domain::{
        error::{AppError, FieldError, FieldErrors},
        ids::OrganizationId,
        organization::{NewOrganization, OrganizationSettings, OrganizationSummary},
        role::{Role, allowed},
        status::{ServiceStatus, StatusLabels},
    },
    server::{
        App,
        access::{Caller, SignedIn, run},
        organizations,
    },
};
use axum::{extract::Path, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_organizations, create_organization)).routes(routes!(
        read_organization,
        change_organization,
        delete_organization
    ))
}

/// The refusal of what only a person does.
fn no_person() -> ApiError {
    let words = "This needs a personal token, not an organization token. Create one at /account/tokens.";
    ApiError::new(StatusCode::FORBIDDEN, words)
}

/// The refusal of a personal token that was given less than the person may.
pub(super) fn limited() -> ApiError {
    let words = "This token’s role is limited. Managing your own account needs a personal token with your full role. Create one at /account/tokens.";
    ApiError::new(StatusCode::FORBIDDEN, words)
}

/// The person who asks.
pub(super) fn person(caller: &Caller) -> ApiResult<SignedIn> {
    match caller {
        Caller::Person(person) => Ok(person.clone()),
        Caller::ApiClient(_) => Err(no_person()),
    }
}

/// The person who asks, by what may act in their own business.
pub(super) fn whole_person(caller: &Caller) -> ApiResult<SignedIn> {
    person(caller).and_then(|person| if person.is_limited() { Err(limited()) } else { Ok(person) })
}

/// Custom names for service statuses.
#[derive(Debug, Serialize, ToSchema)]
struct StatusNames {
    /// Replaces “Operational”.
    operational: String,
    /// Replaces “Under maintenance”.
    under_maintenance: String,
    /// Replaces “Degraded performance”.
    degraded_performance: String,
    /// Replaces “Partial outage”.
    partial_outage: String,
    /// Replaces “Major outage”.
    major_outage: String,
}

impl From<&StatusLabels> for StatusNames {
    fn from(labels: &StatusLabels) -> Self {
        let label = |status| labels.label(status).to_owned();
        Self {
            operational: label(ServiceStatus::Operational),
            under_maintenance: label(ServiceStatus::UnderMaintenance),
            degraded_performance: label(ServiceStatus::DegradedPerformance),
            partial_outage: label(ServiceStatus::PartialOutage),
            major_outage: label(ServiceStatus::MajorOutage),
        }
    }
}

/// Custom names for service statuses. An empty string restores the default; omitted fields keep their value.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenameStatuses {
    /// Replaces “Operational”.
    #[schema(max_length = 40)]
    operational: Option<String>,
    /// Replaces “Under maintenance”.
    #[schema(max_length = 40)]
    under_maintenance: Option<String>,
    /// Replaces “Degraded performance”.
    #[schema(max_length = 40)]
    degraded_performance: Option<String>,
    /// Replaces “Partial outage”.
    #[schema(max_length = 40)]
    partial_outage: Option<String>,
    /// Replaces “Major outage”.
    #[schema(max_length = 40)]
    major_outage: Option<String>,
}

impl RenameStatuses {
    fn over(self, before: &StatusLabels) -> StatusLabels {
        let new = [
            (ServiceStatus::Operational, self.operational),
            (ServiceStatus::UnderMaintenance, self.under_maintenance),
            (ServiceStatus::DegradedPerformance, self.degraded_performance),
            (ServiceStatus::PartialOutage, self.partial_outage),
            (ServiceStatus::MajorOutage, self.major_outage),
        ];
        let own = |(status, word): (ServiceStatus, Option<String>)| {
            let word = word.unwrap_or_else(|| before.renamed(status).to_owned());
            (status.as_str().to_owned(), Value::String(word))
        };
        StatusLabels::from_json(&Value::Object(new.into_iter().map(own).collect::<Map<_, _>>()).to_string())
    }
}

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organization)]
pub(super) struct OrganizationBody {
    /// Unique identifier. Never changes.
    id: OrganizationId,
    /// Used in URLs. The five most recent former slugs keep redirecting here.
    slug: String,
    /// Display name.
    name: String,
    /// Your role in the organization.
    role: Role,
    /// Short description for visitors. May be empty.
    description: String,
    /// IANA time zone name.
    time_zone: String,
    /// Where visitors can get help. May be empty.
    support_url: String,
    /// Whether it is listed in the public directory.
    listed: bool,
    /// Custom names for service statuses.
    labels: StatusNames,
    /// URL of the status page.
    page: String,
}

/// A new organization.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Northwind", "slug": "northwind", "time_zone": "Europe/Vienna", "listed": true }))]
struct CreateOrganization {
    /// Display name.
    #[schema(max_length = 80)]
    name: String,
    /// Used in URLs: lowercase letters, digits and single hyphens.
    #[schema(min_length = 2, max_length = 40)]
    slug: String,
    /// IANA time zone name. Defaults to `UTC`.
    time_zone: Option<String>,
    /// Whether it is listed in the public directory.
    #[serde(default)]
    listed: bool,
}

/// Changes to an organization. Omitted fields keep their value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "description": "Payments for small shops.", "labels": { "operational": "All good" } }))]
struct ChangeOrganization {
    /// Display name.
    #[schema(max_length = 80)]
    name: Option<String>,
    /// Used in URLs. The five most recent former slugs keep redirecting here.
    #[schema(min_length = 2, max_length = 40)]
    slug: Option<String>,
    /// Short description for visitors.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// IANA time zone name.
    time_zone: Option<String>,
    /// Where visitors can get help: a URL that starts with `https://`, `http://` or `mailto:`. An empty string removes
    /// it.
    #[schema(max_length = 500)]
    support_url: Option<String>,
    /// Whether it is listed in the public directory.
    listed: Option<bool>,
    /// Custom names for service statuses.
    labels: Option<RenameStatuses>,
}

/// Confirmation that an organization should be deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    /// The organization's name, exactly as shown.
    #[serde(default)]
    #[param(required = true)]
    name: String,
}

/// The organization of this slug.
pub(super) async fn organization(caller: &Caller, slug: &str) -> ApiResult<OrganizationBody> {
    let scope = caller.scope::<allowed::Read>(slug).await?;
    let OrganizationSummary { id, slug, role, .. } = scope.organization().clone();
    let page = scope.app().url.join(&format!("/status/{slug}"));
    let settings = run(organizations::settings(scope)).await?;
    Ok(OrganizationBody {
        id,
        slug,
        name: settings.name,
        role,
        description: settings.description,
        time_zone: settings.time_zone,
        support_url: settings.support_url,
        listed: settings.listed,
        labels: StatusNames::from(&settings.labels),
        page,
    })
}

/// Fields as a body of this module has them: `labels[operational]` of a form is `labels.operational`.
fn by_path(error: AppError) -> AppError {
    match error {
        AppError::Invalid(FieldErrors(fields)) => {
            let named =
                |FieldError { field, message }| FieldError { field: field.replace('[', ".").replace(']', ""), message };
            AppError::Invalid(FieldErrors(fields.into_iter().map(named).collect()))
        }
        other => other,
    }
}

/// List your organizations
///
/// For a user, every organization they are a member of; for an organization token, that organization.
#[utoipa::path(
    get,
    path = "/api/v1/organizations",
    tag = "Organizations",
    params(PageQuery),
    responses((status = 200, description = "A page of organizations.", body = Page<OrganizationSummary>)),
    security(("bearer" = []))
)]
async fn list_organizations(caller: Caller, StrictQuery(few): StrictQuery<PageQuery>) -> ApiResult<Response> {
    let all = caller.organizations().await?;
    Ok(json_ok(&paged(all, |one| (one.name.to_lowercase(), one.id.to_string()), &few)?))
}

/// Create an organization
///
/// You become its first owner. Requires a personal token; organization tokens can't create organizations.
#[utoipa::path(
    post,
    path = "/api/v1/organizations",
    tag = "Organizations",
    request_body = CreateOrganization,
    responses((status = 201, description = "The organization.", body = OrganizationBody)),
    security(("bearer" = []))
)]
async fn create_organization(caller: Caller, StrictJson(new): StrictJson<CreateOrganization>) -> ApiResult<Response> {
    let CreateOrganization { name, slug, time_zone, listed } = new;
    let input = NewOrganization { name, slug, time_zone: time_zone.unwrap_or_default(), listed };
    let new = run(organizations::create(whole_person(&caller)?, input)).await?;
    let address = format!("/api/v1/organizations/{}", new.slug);
    Ok(created(&address, &organization(&caller, &new.slug).await?))
}

/// Get an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}",
    tag = "Organizations",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    responses((status = 200, description = "The organization.", body = OrganizationBody)),
    security(("bearer" = []))
)]
async fn read_organization(caller: Caller, Path(slug): Path<String>) -> ApiResult<Response> {
    Ok(json_ok(&organization(&caller, &slug).await?))
}

/// Update an organization
///
/// Changing the slug changes the organization's URLs; the old ones redirect to the new ones.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}",
    tag = "Organizations",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = ChangeOrganization,
    responses((status = 200, description = "The updated organization.", body = OrganizationBody)),
    security(("bearer" = []))
)]
async fn change_organization(
    caller: Caller,
    Path(slug): Path<String>,
    seen: IfMatch,
    StrictJson(change): StrictJson<ChangeOrganization>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditOrganization>(&slug).await?;
    let scope = check_if_match(&seen, scope, organization(&caller, &slug)).await?;
    let before = run(organizations::settings(caller.scope::<allowed::Read>(&slug).await?)).await?;
    let labels = match change.labels {
        Some(labels) => labels.over(&before.labels),
        None => before.labels,
    };
    let input = OrganizationSettings {
        name: change.name.unwrap_or(before.name),
        slug: change.slug.unwrap_or(before.slug),
        description: change.description.unwrap_or(before.description),
        time_zone: change.time_zone.unwrap_or(before.time_zone),
        support_url: change.support_url.unwrap_or(before.support_url),
        listed: change.listed.unwrap_or(before.listed),
        labels,
    };
    let slug = run(organizations::update(scope, input)).await.map_err(by_path)?;
    Ok(json_ok(&organization(&caller, &slug).await?))
}

/// Delete an organization
///
/// Deletes the organization and everything in it: services, history, incidents and members. Send its name as
/// confirmation.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}",
    tag = "Organizations",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        Confirmation
    ),
    responses((status = 204, description = "Deleted.")),
    security(("bearer" = []))
)]
async fn delete_organization(
    caller: Caller,
    Path(slug): Path<String>,
    seen: IfMatch,
    StrictQuery(Confirmation { name }): StrictQuery<Confirmation>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::OwnOrganization>(&slug).await?;
    let scope = check_if_match(&seen, scope, organization(&caller, &slug)).await?;
    run(organizations::delete(scope, name)).await?;
    Ok(no_content())
}
