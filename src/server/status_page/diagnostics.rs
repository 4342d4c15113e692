//! The page that shows how well this browser hears of changes: connection, delay, messages.

use super::handlers;
use crate::{
    domain::error::Result,
    server::{
        App,
        document::{self, Head, Style},
        live::events::Organization,
    },
};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::prelude::*;

/// The address.
pub fn routes() -> Router<App> {
    Router::new().route("/status/{organization}/live-test", get(diagnostics))
}

/// `GET /status/{organization}/live-test`
async fn diagnostics(State(app): State<App>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let caching = [(header::CACHE_CONTROL, "no-cache")];
    match organization(&app, &slug).await {
        Ok(found) if found.slug == slug => (caching, Html(page(&app, found))).into_response(),
        Ok(found) => (caching, Redirect::permanent(&format!("/status/{}/live-test", found.slug))).into_response(),
        Err(error) => handlers::refused(&headers, &slug, &error),
    }
}

/// Whose page it is, as the finished status page knows it.
async fn organization(app: &App, slug: &str) -> Result<Organization> {
    let page = app.pages.find(app, slug).await?;
    Ok(app.pages.rendered(app, &page).await?.recent.organization.clone())
}

/// One line of the state: what the script fills in, under this id.
fn line(id: &'static str, label: &'static str) -> AnyView {
    view! { <tr><th scope="row">{label}</th><td id=id>"–"</td></tr> }.into_any()
}

fn page(app: &App, organization: Organization) -> String {
    let Organization { slug, name, .. } = organization;
    let home = format!("/status/{slug}");
    let head = Head {
        title: format!("Live connection · {name} status"),
        description: format!("Test this browser’s live connection to {name}’s status page."),
        canonical: Some(app.url.join(&format!("{home}/live-test"))),
        indicator: None,
        style: Style::StatusPage,
        script: Some("live-test.js"),
        theme: None,
        feeds: None,
    };
    document::render(head, move || {
        view! {
            <a class="skip" href="#main">"Skip to content"</a>
            <div class="page">
                <header class="top">
                    <a class="brand" href=home.clone()>
                        <svg class="mark" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
                            <rect width="22" height="22" rx="6" />
                            <path d="M6.5 11.5l3 3 6-7" />
                        </svg>
                        <span>{name.clone()}</span>
                    </a>
                    <p id="live" class="live" role="status" hidden></p>
                </header>
                <main id="main" data-organization=slug.clone()>
                    <p class="back"><a href=home>"Back to status"</a></p>
                    <header class="title">
                        <div>
                            <h1>"Live connection"</h1>
                            <p>{format!("Tests this browser’s live connection to {name}’s status page and shows the messages it receives.")}</p>
                        </div>
                    </header>
                    <noscript>
                        <p class="card empty">
                            "JavaScript is turned off in this browser, so this page can’t connect. The status page works without it; reload it to see changes."
                        </p>
                    </noscript>
                    <section id="test" hidden>
                        <div class="card">
                            <table>
                                <tbody>
                                    {line("state", "Connection")} {line("transport", "Transport")}
                                    {line("latency", "Round trip")} {line("version", "Version")}
                                    {line("received", "Messages received")} {line("reconnects", "Reconnects")}
                                </tbody>
                            </table>
                        </div>
                        <p class="buttons">
                            <button id="reconnect" type="button">"Reconnect"</button>
                            <button id="clear" type="button">"Clear messages"</button>
                        </p>
                        <section class="part">
                            <h2 id="messages-title">"Messages"</h2>
                            <div class="card">
                                <table aria-labelledby="messages-title">
                                    <thead>
                                        <tr>
                                            <th scope="col">"Time"</th>
                                            <th scope="col">"Type"</th>
                                            <th scope="col">"Message"</th>
                                        </tr>
                                    </thead>
                                    <tbody id="messages"></tbody>
                                </table>
                                <p id="none" class="empty">"No messages yet. They’ll appear as soon as something changes."</p>
                            </div>
                        </section>
                    </section>
                </main>
                <footer class="foot">
                    <p>"Only the latest 50 messages are kept, and only in this tab."</p>
                    <p>"Powered by " <a href="/">"Candor"</a></p>
                </footer>
            </div>
        }
        .into_any()
    })
}
