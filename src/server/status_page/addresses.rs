//! What is answered at the addresses below `/status/{organization}`.

use super::{Below, Document, days::Month};
use crate::{
    domain::error::AppError,
    server::{App, directory, document},
};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

/// Which month of the history is asked for.
#[derive(Debug, serde::Deserialize)]
pub struct Asked {
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
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let which = match asked.month.as_str() {
        "" => Some(Below::History(None)),
        month => Month::read(month).map(|month| Below::History(Some(month))),
    };
    answer(&app, &slug, which.map(Document::Below), &headers).await
}

/// `GET /status/{organization}/incidents/{id}`
pub async fn incident(
    State(app): State<App>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, id.parse().ok().map(Below::Incident).map(Document::Below), &headers).await
}

/// `GET /status/{organization}/maintenance/{id}`
pub async fn maintenance(
    State(app): State<App>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, id.parse().ok().map(Below::Maintenance).map(Document::Below), &headers).await
}

/// `GET /status/{organization}/services/{id}`
pub async fn service(State(app): State<App>, Path((slug, id)): Path<(String, String)>, headers: HeaderMap) -> Response {
    answer(&app, &slug, id.parse().ok().map(Below::Service).map(Document::Below), &headers).await
}

/// What is in memory and true was answered before anything came here: see [`crate::server::listen`].
async fn answer(app: &App, slug: &str, which: Option<Document>, headers: &HeaderMap) -> Response {
    let page = match app.pages.find(app, slug).await {
        Ok(page) => page,
        Err(error) => return refused(headers, slug, &error),
    };
    let Some(which) = which else { return nothing_here(headers) };
    let address = which.address(slug);
    match app.pages.document(app, &page, which).await {
        Ok(Some(found)) if found.address != address => Redirect::permanent(&found.address).into_response(),
        Ok(Some(found)) => found.response(headers, true),
        Ok(None) => nothing_here(headers),
        Err(error) => refused(headers, slug, &error),
    }
}

fn nothing_here(headers: &HeaderMap) -> Response {
    document::error_page(
        headers,
        StatusCode::NOT_FOUND,
        "Page not found",
        "There is nothing at this address. It may be mistyped, or what was here has been deleted.",
    )
}

/// Why there is no status page at this slug, or none right now.
pub fn refused(headers: &HeaderMap, slug: &str, error: &AppError) -> Response {
    match error {
        AppError::NotFound(_) => {
            let text = format!(
                "No organization here has the address “{slug}”. It may be mistyped, or the page has moved. The directory lists the pages that are public."
            );
            document::error_page(headers, StatusCode::NOT_FOUND, "No such status page", &text)
        }
        error => directory::refusal(headers, error),
    }
}
