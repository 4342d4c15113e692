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

/// What speaks through a token.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CallerKind {
    /// A person, by a token of their own or one of the OpenID provider.
    Person,
    /// A program, by a token of an organization.
    Organization,
}

/// Whom a token speaks for.
#[derive(Debug, Serialize, ToSchema)]
struct WhoAmI {
    /// Whether a person or a program of an organization asks.
    kind: CallerKind,
    /// The person's name, or what the organization's token is called.
    #[schema(example = "Deploys")]
    name: String,
    /// The person's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The organizations that can be asked for, with the role that counts there.
    organizations: Vec<OrganizationSummary>,
}

/// Tell whom the token speaks for
///
/// And in which organizations, with the role that counts there: that of the token where it is less than the person's.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    tag = "Me",
    responses((status = 200, description = "Whom the token speaks for.", body = WhoAmI)),
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
