//! `/api/v1`: what programs ask with a bearer token. The verbs are the dashboard's.

use super::{
    App,
    access::{Caller, run},
    requests, services,
};
use crate::domain::{
    error::AppError,
    ids::ServiceId,
    role::allowed,
    service::{Service, ServiceList},
    status::{Cause, ServiceStatus},
};
use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, rejection::JsonRejection},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

/// The addresses.
pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/api/v1/me", get(me))
        .route("/api/v1/organizations/{organization}/services", get(list_services))
        .route("/api/v1/organizations/{organization}/services/{id}", get(read_service).patch(set_status))
        .with_state(app.clone())
}

/// A refusal as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) writes it.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [crate::domain::error::FieldError]>,
}

/// An [`AppError`] on its way to a program.
#[derive(Debug)]
pub struct Refused(AppError);

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Self(error)
    }
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self(AppError::BadRequest(rejection.body_text()))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = self.0;
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let errors = match &error {
            AppError::Invalid(fields) => Some(fields.0.as_slice()),
            _ => None,
        };
        let detail = match &error {
            AppError::Unauthenticated => {
                "Send a token that lives: Authorization: Bearer cnd_…, from the settings of the organization or from /account/tokens."
                    .to_owned()
            }
            error => error.to_string(),
        };
        let title = status.canonical_reason().unwrap_or("Error");
        let mut response = (status, Json(Problem { title, status: status.as_u16(), detail, errors })).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if error == AppError::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Candor\""));
        }
        requests::say_when(headers, &error);
        response
    }
}

type Answer<T> = Result<T, Refused>;

impl FromRequestParts<App> for Caller {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        Self::from_bearer(app, parts).await.map_err(|error| Refused(error).into_response())
    }
}

/// Answers are of one caller: nobody keeps them.
fn private<T: Serialize>(body: T) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Who the token speaks for.
#[derive(Debug, Serialize)]
struct Me {
    /// `person` or `organization`.
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    organizations: Vec<crate::domain::organization::OrganizationSummary>,
}

/// `GET /api/v1/me`
async fn me(caller: Caller) -> Answer<Response> {
    let organizations = caller.organizations().await?;
    let (kind, name, email) = match &caller {
        Caller::Person(person) => ("person", person.user().name.clone(), Some(person.user().email.clone())),
        Caller::Program(program) => ("organization", program.name().to_owned(), None),
    };
    Ok(private(Me { kind, name, email, organizations }))
}

/// `GET /api/v1/organizations/{organization}/services`
async fn list_services(caller: Caller, Path(organization): Path<String>) -> Answer<Response> {
    let list: ServiceList = run(services::list(caller.scope::<allowed::Read>(&organization).await?)).await?;
    Ok(private(list))
}

async fn service(caller: &Caller, organization: &str, id: ServiceId) -> Answer<Service> {
    let scope = caller.scope::<allowed::Read>(organization).await?;
    Ok(run(services::detail(scope, id)).await?.service)
}

fn service_id(text: &str) -> Answer<ServiceId> {
    text.parse().map_err(|_| Refused(AppError::NotFound("service".to_owned())))
}

/// `GET /api/v1/organizations/{organization}/services/{id}`
async fn read_service(caller: Caller, Path((organization, id)): Path<(String, String)>) -> Answer<Response> {
    Ok(private(service(&caller, &organization, service_id(&id)?).await?))
}

/// What can be changed of a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceChange {
    status: ServiceStatus,
}

/// `PATCH /api/v1/organizations/{organization}/services/{id}`
async fn set_status(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    change: Result<Json<ServiceChange>, JsonRejection>,
) -> Answer<Response> {
    let scope = caller.scope::<allowed::SetStatus>(&organization).await?;
    let (id, Json(change)) = (service_id(&id)?, change?);
    run(services::set_status(scope, vec![id.clone()], change.status, Cause::Api)).await?;
    Ok(private(service(&caller, &organization, id).await?))
}
