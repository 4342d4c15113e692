//! What is answered at the addresses below `/status/{organization}`.

use super::{Below, days::Month};
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
    answer(&app, &slug, which, &headers).await
}

/// `GET /status/{organization}/incidents/{id}`
pub async fn incident(
    State(app): State<App>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, id.parse().ok().map(Below::Incident), &headers).await
}

/// `GET /status/{organization}/maintenance/{id}`
pub async fn maintenance(
    State(app): State<App>,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, id.parse().ok().map(Below::Maintenance), &headers).await
}

/// `GET /status/{organization}/services/{id}`
pub async fn service(State(app): State<App>, Path((slug, id)): Path<(String, String)>, headers: HeaderMap) -> Response {
    answer(&app, &slug, id.parse().ok().map(Below::Service), &headers).await
}

async fn answer(app: &App, slug: &str, which: Option<Below>, headers: &HeaderMap) -> Response {
    let page = match app.pages.find(app, slug).await {
        Ok(page) => page,
        Err(error) => return refused(headers, slug, &error),
    };
    let Some(which) = which else { return nothing_here(headers) };
    match app.pages.below(app, &page, &which).await {
        Ok(Some(found)) if found.slug != slug => Redirect::permanent(&which.path(&found.slug)).into_response(),
        Ok(Some(found)) => found.response(headers),
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
