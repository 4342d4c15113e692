//! Tokens of an organization.

use super::{
    extract::{Page, StrictJson, created, id, json_ok, no_content, no_replay},
    problem::ApiResult,
};
use crate::{
    domain::{
        error::AppError,
        ids::TokenId,
        role::{Role, allowed},
        token::{ApiToken, LIVES, NewToken, TokenInput},
    },
    server::{
        App,
        access::{Caller, run},
        tokens,
    },
};
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_tokens, create_token)).routes(routes!(read_token, revoke_token))
}

async fn all(caller: &Caller, organization: &str) -> ApiResult<Vec<ApiToken>> {
    Ok(run(tokens::list(caller.scope::<allowed::EditOrganization>(organization).await?)).await?)
}

/// List API tokens
///
/// Returns the organization's tokens, newest first, without the secrets. Requires the Admin role.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/tokens",
    tag = "API tokens",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    responses((status = 200, description = "All tokens.", body = Page<ApiToken>)),
    security(("bearer" = []))
)]
async fn list_tokens(caller: Caller, Path(organization): Path<String>) -> ApiResult<Response> {
    Ok(json_ok(&Page::whole(all(&caller, &organization).await?)))
}

/// A new token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Deploys", "role": "status_reporter", "expires_in_days": 90 }))]
struct TokenRequest {
    /// The token's name.
    #[schema(max_length = 60, example = "Deploys")]
    name: String,
    /// The token's role. Can't exceed your own.
    #[schema(example = "status_reporter")]
    role: Role,
    /// Days until it expires: 30, 90 or 365. Never expires if omitted.
    #[serde(default)]
    #[schema(example = 90)]
    expires_in_days: Option<u32>,
}

/// Create an API token
///
/// The response contains the token, which is shown only once. Repeating the request with the same `Idempotency-Key`
/// neither creates another token nor returns it again. Requires the Admin role.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/tokens",
    tag = "API tokens",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = TokenRequest,
    responses((status = 201, description = "The token.", body = NewToken)),
    security(("bearer" = []))
)]
async fn create_token(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(TokenRequest { name, role, expires_in_days }): StrictJson<TokenRequest>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditOrganization>(&organization).await?;
    let slug = scope.organization().slug.clone();
    let days = expires_in_days.map(|days| days.to_string()).unwrap_or_default();
    let input = TokenInput { name, role: role.as_str().to_owned(), days: days.clone() };
    let made_or_not = run(tokens::create(scope, input)).await;
    let token = made_or_not.map_err(|error| in_words_of_the_api(error, &days))?;
    let address = format!("/api/v1/organizations/{slug}/tokens/{}", token.id);
    Ok(no_replay(created(&address, &token)))
}

/// The form calls the field otherwise.
fn in_words_of_the_api(error: AppError, asked: &str) -> AppError {
    let AppError::Invalid(mut fields) = error else { return error };
    for field in fields.0.iter_mut().filter(|field| field.field == "days") {
        field.field = "expires_in_days".to_owned();
        if LIVES.iter().all(|(days, _)| *days != asked) {
            field.message = "Must be 30, 90 or 365, or omitted.".to_owned();
        }
    }
    AppError::Invalid(fields)
}

/// Get an API token
///
/// Returns the token's details, without the secret. Requires the Admin role.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/tokens/{id}",
    tag = "API tokens",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The token's ID.", example = "t7h1n4s6u0fg")
    ),
    responses((status = 200, description = "The token's details.", body = ApiToken)),
    security(("bearer" = []))
)]
async fn read_token(caller: Caller, Path((organization, token_id)): Path<(String, String)>) -> ApiResult<Response> {
    let all = all(&caller, &organization).await?;
    let id: TokenId = id(&token_id, "token")?;
    let token = all.into_iter().find(|token| token.id == id);
    Ok(json_ok(&token.ok_or_else(|| AppError::NotFound("token".to_owned()))?))
}

/// Revoke an API token
///
/// The token stops working immediately. Requires the Admin role.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/tokens/{id}",
    tag = "API tokens",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The token's ID.", example = "t7h1n4s6u0fg")
    ),
    responses((status = 204, description = "Revoked.")),
    security(("bearer" = []))
)]
async fn revoke_token(caller: Caller, Path((organization, token_id)): Path<(String, String)>) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditOrganization>(&organization).await?;
    let id: TokenId = id(&token_id, "token")?;
    run(tokens::revoke(scope, id)).await?;
    Ok(no_content())
}
