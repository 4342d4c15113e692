//! `/api/v1`: what programs ask. The verbs are the dashboard's.
//!
//! Everything stands behind a bearer token but what is [`public`]. `docs/API.md` is the guide,
//! `docs/openapi.json` the document that [`openapi`] makes of these routes.

mod audit;
mod exports;
pub mod extract;
mod groups;
pub mod idempotency;
mod incidents;
mod invitations;
pub mod limits;
mod maintenance;
mod me;
mod members;
pub mod openapi;
mod organizations;
pub mod problem;
mod services;
mod status;
mod store;
mod teams;
mod templates;
mod tokens;
mod uptime;

pub use problem::{ApiError, refusals_are_problems};

use super::{
    App,
    access::{Caller, secret, security_log},
    status_page::{absent, handlers},
};
use crate::domain::token::PREFIX;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use utoipa_axum::router::OpenApiRouter;

/// What needs a token.
fn with_token() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(me::routes())
        .merge(organizations::routes())
        .merge(members::routes())
        .merge(teams::routes())
        .merge(invitations::routes())
        .merge(services::routes())
        .merge(groups::routes())
        .merge(uptime::routes())
        .merge(incidents::routes())
        .merge(templates::routes())
        .merge(maintenance::routes())
        .merge(tokens::routes())
        .merge(audit::routes())
        .merge(exports::routes())
}

/// The addresses that need a token. A cookie counts for nothing here.
pub fn routes(app: &App) -> Router {
    Router::from(with_token())
        .route_layer(middleware::from_fn(extract::etag_layer))
        .route_layer(middleware::from_fn_with_state(app.clone(), authenticate))
        .with_state(app.clone())
}

/// What everybody may read: status pages as JSON, and what the API is.
pub fn public(app: &App) -> Router {
    Router::from(status::routes())
        .layer(middleware::from_fn(handlers::preflight))
        .route_layer(middleware::from_fn_with_state(app.clone(), absent::limit_misses))
        .route_layer(middleware::from_fn_with_state(app.clone(), limits::readers))
        .route("/api/openapi.json", get(openapi::answer))
        .merge(openapi::docs())
        .route_layer(middleware::from_fn(extract::etag_layer))
        .with_state(app.clone())
}

/// Lets in whoever has a token that lives, as often as that may be.
async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match Caller::from_bearer(&app, &parts).await {
        Ok(caller) => caller,
        Err(error) if error.status() == StatusCode::UNAUTHORIZED.as_u16() => {
            security_log::token_refused(&parts, &error);
            return match app.limits.api.unauthenticated(limits::address(&parts.extensions)) {
                Ok(_) => ApiError::from(error).into_response(),
                Err(spent) => spent.refused(),
            };
        }
        Err(error) => return ApiError::from(error).into_response(),
    };
    let owner = owner(&caller, &parts.headers);
    let allowance = match app.limits.api.token(&owner, &caller.principal()) {
        Ok(allowance) => allowance,
        Err(spent) => return spent.refused(),
    };
    parts.extensions.insert(caller.clone());
    let mut response = idempotency::once(&app, &caller, owner, Request::from_parts(parts, body), next).await;
    allowance.note(response.headers_mut());
    response
}

/// Hash of the credential, however the header is spelled; of the person, where a provider makes new ones every
/// few minutes.
fn owner(caller: &Caller, headers: &HeaderMap) -> String {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = value.split_once(' ').map_or(value, |(_, token)| token.trim());
    match caller {
        Caller::Person(person) if !token.starts_with(PREFIX) => secret::hash(&format!("user {}", person.user().id)),
        _ => secret::hash(token),
    }
}
