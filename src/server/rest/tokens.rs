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
/// Those of the organization, newest first; never the tokens themselves. Needs the role Admin.
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

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Deploys", "role": "status_reporter", "expires_in_days": 90 }))]
struct TokenRequest {
    /// What it is for.
    #[schema(max_length = 60, example = "Deploys")]
    name: String,
    /// What it may do at most: no more than whoever makes it.
    #[schema(example = "status_reporter")]
    role: Role,
    /// How long it lives: 30, 90 or 365 days, or until it is revoked when left out.
    #[serde(default)]
    #[schema(example = 90)]
    expires_in_days: Option<u32>,
}

/// Make an API token
///
/// The answer holds the token, which is shown this once: a request that comes again with the same `Idempotency-Key`
/// makes no second one, and does not get it. Needs the role Admin.
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
            field.message = "Choose 30, 90 or 365, or leave it out.".to_owned();
        }
    }
    AppError::Invalid(fields)
}

/// Read what is known of an API token
///
/// Never the token itself. Needs the role Admin.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/tokens/{id}",
    tag = "API tokens",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The token's id.", example = "t7h1n4s6u0fg")
    ),
    responses((status = 200, description = "What is known of it.", body = ApiToken)),
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
/// It ends with the next request that carries it. Needs the role Admin.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/tokens/{id}",
    tag = "API tokens",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The token's id.", example = "t7h1n4s6u0fg")
    ),
    responses((status = 204, description = "It has ended.")),
    security(("bearer" = []))
)]
async fn revoke_token(caller: Caller, Path((organization, token_id)): Path<(String, String)>) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditOrganization>(&organization).await?;
    let id: TokenId = id(&token_id, "token")?;
    run(tokens::revoke(scope, id)).await?;
    Ok(no_content())
}
