//! What is answered at the addresses below `/status/{organization}`.

use super::{Document, PreparedResponse, SubPage, local_time::Month, prepared_response::open_to_all};
use crate::{
    domain::error::AppError,
    server::{App, directory, document, rest::ApiError},
};
use axum::{
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;

/// Which month of the history is asked for.
#[derive(Debug, serde::Deserialize)]
pub struct HistoryQuery {
    #[serde(default)]
    month: String,
}

/// `GET /status/{organization}`
pub async fn status_page(State(app): State<App>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    answer(&app, &slug, Some(Document::StatusPage), &headers).await
}

/// `GET /status/{organization}/history`
pub async fn history(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(asked): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Response {
    let which = match asked.month.as_str() {
        "" => Some(SubPage::History(None)),
        month => Month::read(month).map(|month| SubPage::History(Some(month))),
    };
    answer(&app, &slug, which.map(Document::SubPage), &headers).await
}

/// `GET /status/{organization}/incidents/{id}`
pub async fn incident(
    State(app): State<App>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, id.parse().ok().map(SubPage::Incident).map(Document::SubPage), &headers).await
}

/// `GET /status/{organization}/maintenance/{id}`
pub async fn maintenance(
    State(app): State<App>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, id.parse().ok().map(SubPage::Maintenance).map(Document::SubPage), &headers).await
}

/// `GET /status/{organization}/services/{id}`
pub async fn service(State(app): State<App>, Path((slug, id)): Path<(String, String)>, headers: HeaderMap) -> Response {
    answer(&app, &slug, id.parse().ok().map(SubPage::Service).map(Document::SubPage), &headers).await
}

/// What is in memory and true was answered before anything came here: see [`crate::server::listen`].
async fn answer(app: &App, slug: &str, which: Option<Document>, headers: &HeaderMap) -> Response {
    match found(app, slug, which).await {
        Ok(Some(LookupResult::Here(document))) => document.response(headers, true),
        Ok(Some(LookupResult::At(address))) => {
            // Addresses are given back, and may belong to another one day.
            ([(header::CACHE_CONTROL, "no-cache")], Redirect::permanent(&address)).into_response()
        }
        Ok(None) => nothing_here(headers),
        Err(error) => refused(headers, slug, &error),
    }
}

/// Answers what a browser asks before a page of another site reads a document with its `ETag`.
pub async fn preflight(request: Request, next: Next) -> Response {
    let asked = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() != Method::OPTIONS || !asked {
        return next.run(request).await;
    }
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    let mut response = (StatusCode::NO_CONTENT, allowed).into_response();
    open_to_all(response.headers_mut());
    response
}

/// A document for programs: what cannot be answered is refused as programs read it.
pub async fn program(app: &App, slug: &str, which: Option<Document>, headers: &HeaderMap) -> Response {
    match found(app, slug, which).await {
        Ok(Some(LookupResult::Here(document))) => document.response(headers, true),
        Ok(Some(LookupResult::At(address))) => {
            let mut response = ([(header::CACHE_CONTROL, "no-cache")], Redirect::permanent(&address)).into_response();
            open_to_all(response.headers_mut());
            response
        }
        Ok(None) => refused_to_a_program(AppError::NotFound("address".to_owned())),
        Err(error) => refused_to_a_program(error),
    }
}

fn refused_to_a_program(error: AppError) -> Response {
    let mut response = ApiError::from(error).into_response();
    open_to_all(response.headers_mut());
    response
}

enum LookupResult {
    Here(Arc<PreparedResponse>),
    At(String),
}

async fn found(app: &App, slug: &str, which: Option<Document>) -> Result<Option<LookupResult>, AppError> {
    let page = app.pages.find(app, slug).await?;
    let Some(which) = which else { return Ok(None) };
    let there = which.address(slug);
    let mut document = app.pages.document(app, &page, which.clone()).await;
    // Where there is nothing, the status page tells whether the organization is still there.
    let home = match &document {
        Ok(None) => Some(app.pages.document(app, &page, Document::StatusPage).await),
        _ => None,
    };
    let (told, at) = match &home {
        Some(home) => (home, Document::StatusPage.address(slug)),
        None => (&document, there.clone()),
    };
    let gone = matches!(told, Err(AppError::NotFound(_)));
    if gone || matches!(told, Ok(Some(told)) if told.address != at) {
        // The slug that was remembered may be another organization's by now.
        let now = app.pages.look_up(app, slug).await?;
        if gone || now != page {
            document = app.pages.document(app, &now, which).await;
        }
    }
    let found = |document: Arc<PreparedResponse>| {
        if document.address == there {
            LookupResult::Here(document)
        } else {
            LookupResult::At(document.address.clone())
        }
    };
    Ok(document?.map(found))
}

fn nothing_here(headers: &HeaderMap) -> Response {
    document::error_page(
        headers,
        StatusCode::NOT_FOUND,
        "Page not found",
        "There’s nothing at this address. It may be mistyped, or the page may have been deleted.",
    )
}

/// Why there is no status page at this slug, or none right now.
pub fn refused(headers: &HeaderMap, slug: &str, error: &AppError) -> Response {
    match error {
        AppError::NotFound(_) => {
            let text = format!(
                "There’s no status page at “{slug}”. The address may be mistyped, or the page may have moved. The directory lists all public pages."
            );
            document::error_page(headers, StatusCode::NOT_FOUND, "Status page not found", &text)
        }
        error => directory::refusal(headers, error),
    }
}
