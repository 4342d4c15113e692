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
    let words = "A token of an organization is no person. Use a personal token, from /account/tokens.";
    ApiError::new(StatusCode::FORBIDDEN, words)
}

/// The refusal of a personal token that was given less than the person may.
pub(super) fn limited() -> ApiError {
    let words = "This token stops at a lesser role than yours. What is your own business needs one that may do all \
                 that you may, from /account/tokens.";
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

/// What the statuses of services are called.
#[derive(Debug, Serialize, ToSchema)]
struct StatusNames {
    /// Instead of “Operational”.
    operational: String,
    /// Instead of “Under maintenance”.
    under_maintenance: String,
    /// Instead of “Degraded performance”.
    degraded_performance: String,
    /// Instead of “Partial outage”.
    partial_outage: String,
    /// Instead of “Major outage”.
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

/// What the statuses of services are to be called; an empty word brings the standard one back, and what is left
/// out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenameStatuses {
    /// Instead of “Operational”.
    #[schema(max_length = 40)]
    operational: Option<String>,
    /// Instead of “Under maintenance”.
    #[schema(max_length = 40)]
    under_maintenance: Option<String>,
    /// Instead of “Degraded performance”.
    #[schema(max_length = 40)]
    degraded_performance: Option<String>,
    /// Instead of “Partial outage”.
    #[schema(max_length = 40)]
    partial_outage: Option<String>,
    /// Instead of “Major outage”.
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
    /// Permanent.
    id: OrganizationId,
    /// Part of its addresses; the five latest former ones go on leading here.
    slug: String,
    /// As it is shown.
    name: String,
    /// What you are there.
    role: Role,
    /// A sentence or two for visitors, may be empty.
    description: String,
    /// IANA name.
    time_zone: String,
    /// Where visitors find help, may be empty.
    support_url: String,
    /// Whether the directory lists it.
    listed: bool,
    /// What the statuses of services are called.
    labels: StatusNames,
    /// The address of its status page.
    page: String,
}

/// A new organization.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Northwind", "slug": "northwind", "time_zone": "Europe/Vienna", "listed": true }))]
struct CreateOrganization {
    /// As it is shown.
    #[schema(max_length = 80)]
    name: String,
    /// Part of its addresses: small letters, digits and single hyphens.
    #[schema(min_length = 2, max_length = 40)]
    slug: String,
    /// IANA name; left out: `UTC`.
    time_zone: Option<String>,
    /// Whether the directory lists it.
    #[serde(default)]
    listed: bool,
}

/// What can be changed about an organization. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "description": "Payments for small shops.", "labels": { "operational": "All good" } }))]
struct ChangeOrganization {
    /// As it is shown.
    #[schema(max_length = 80)]
    name: Option<String>,
    /// Part of its addresses; the five latest former ones go on leading here.
    #[schema(min_length = 2, max_length = 40)]
    slug: Option<String>,
    /// A sentence or two for visitors.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// IANA name.
    time_zone: Option<String>,
    /// Where visitors find help: an address that begins with `https://`, `http://` or `mailto:`; empty: nowhere.
    #[schema(max_length = 500)]
    support_url: Option<String>,
    /// Whether the directory lists it.
    listed: Option<bool>,
    /// What the statuses of services are called.
    labels: Option<RenameStatuses>,
}

/// The confirmation that an organization is to be deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    /// The organization's name, exactly as it is written.
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
/// Those that you can ask for: where the person is a member, or the one of the token.
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
/// For any person; you are its first owner. A token of an organization creates none.
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

/// Read an organization
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

/// Change an organization
///
/// With another slug its addresses are others; the old ones go on leading to it.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}",
    tag = "Organizations",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = ChangeOrganization,
    responses((status = 200, description = "The organization as it is now.", body = OrganizationBody)),
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
/// With everything in it: services, history, incidents, members. Its name confirms that it is the one.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}",
    tag = "Organizations",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        Confirmation
    ),
    responses((status = 204, description = "It is gone.")),
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
