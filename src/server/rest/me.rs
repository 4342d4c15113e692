//! Who asks.

use super::{extract::json_ok, problem::ApiResult};
use crate::{
    domain::organization::OrganizationSummary,
    server::{App, access::Caller},
};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_me))
}

/// What a token belongs to.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CallerKind {
    /// A user, with a personal token or a token of the OpenID provider.
    Person,
    /// A program, with a token of an organization.
    Organization,
}

/// The token's identity.
#[derive(Debug, Serialize, ToSchema)]
struct WhoAmI {
    /// Whether the token belongs to a user or to an organization.
    kind: CallerKind,
    /// The user's name, or the name of the organization's token.
    #[schema(example = "Deploys")]
    name: String,
    /// The user's email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The organizations that the token can access, with the effective role in each.
    organizations: Vec<OrganizationSummary>,
}

/// Get the token's identity
///
/// Also lists the organizations that the token can access and the effective role in each. A personal token limited to a
/// lesser role never has more than that role.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    tag = "Me",
    responses((status = 200, description = "The token's identity.", body = WhoAmI)),
    security(("bearer" = []))
)]
async fn read_me(caller: Caller) -> ApiResult<Response> {
    let organizations = caller.organizations().await?;
    let (kind, name, email) = match &caller {
        Caller::Person(person) => (CallerKind::Person, person.user().name.clone(), Some(person.user().email.clone())),
        Caller::ApiClient(program) => (CallerKind::Organization, program.name().to_owned(), None),
    };
    Ok(json_ok(&WhoAmI { kind, name, email, organizations }))
}
