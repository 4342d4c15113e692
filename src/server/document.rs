//! Pages that work without a script: one shell for public pages, accounts and errors.

use super::{access::cookies, assets};
use crate::domain::status::Indicator;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use leptos::prelude::*;

/// Which of the two stylesheets a page uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The design system, as in the dashboard.
    Site,
    /// The small one of status pages.
    StatusPage,
}

/// What stands in a page's head.
#[derive(Debug, Clone)]
pub struct Head {
    /// Also for Open Graph.
    pub title: String,
    /// One or two sentences.
    pub description: String,
    /// The permanent address, if the page has one.
    pub canonical: Option<String>,
    /// Colours the icon.
    pub indicator: Option<Indicator>,
    /// The stylesheet.
    pub style: Style,
    /// A file of `public/` to run, if any.
    pub script: Option<&'static str>,
    /// `light` or `dark`, when the reader chose one.
    pub theme: Option<&'static str>,
    /// The path of the status page, for its feeds.
    pub feeds: Option<String>,
}

impl Head {
    /// The head of a page of accounts, errors or the directory.
    pub fn site(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            canonical: None,
            indicator: None,
            style: Style::Site,
            script: None,
            theme: None,
            feeds: None,
        }
    }
    /// The same in the theme that the reader's cookie names.
    #[must_use]
    pub fn themed(mut self, headers: &HeaderMap) -> Self {
        self.theme = cookies::theme(headers);
        self
    }
}

/// The address of the icon for an indicator.
pub fn favicon(indicator: Option<Indicator>) -> String {
    assets::address(
        &indicator.map_or_else(|| "favicon.svg".to_owned(), |indicator| format!("favicon-{}.svg", indicator.as_str())),
    )
}

/// The whole document. The view is made without a reactive system around it, so that nothing but
/// its own markup is written.
pub fn render(head: Head, body: impl FnOnce() -> AnyView) -> String {
    let Head { title, description, canonical, indicator, style, script, theme, feeds } = head;
    let property = |name: &'static str| leptos::attr::custom::custom_attribute("property", name);
    let described = (!description.is_empty()).then_some(description);
    Owner::new().with(|| {
        let markup = view! {
            <html lang="en" data-theme=theme>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <title>{title.clone()}</title>
                    {described.clone().map(|text| view! { <meta name="description" content=text /> })}
                    {canonical.clone().map(|address| view! { <link rel="canonical" href=address /> })}
                    {canonical.map(|address| view! {
                        <meta {..property("og:type")} content="website" />
                        <meta {..property("og:title")} content=title />
                        <meta {..property("og:description")} content=described />
                        <meta {..property("og:url")} content=address />
                        <meta name="twitter:card" content="summary" />
                    })}
                    {feeds.map(|home| view! {
                        <link rel="alternate" type="application/atom+xml" title="Incidents and maintenance (Atom)" href=format!("{home}/feed.atom") />
                        <link rel="alternate" type="application/rss+xml" title="Incidents and maintenance (RSS)" href=format!("{home}/feed.rss") />
                        <link rel="alternate" type="application/feed+json" title="Incidents and maintenance (JSON)" href=format!("{home}/feed.json") />
                    })}
                    <link rel="icon" type="image/svg+xml" href=favicon(indicator) />
                    {match style {
                        Style::Site => {
                            view! { <link rel="stylesheet" href=assets::address("pkg/candor.css") /> }.into_any()
                        }
                        Style::StatusPage => leptos::html::style().inner_html(assets::STATUS_CSS).into_any(),
                    }}
                    {script.map(|file| view! { <script src=assets::address(file) defer></script> })}
                </head>
                <body>{body()}</body>
            </html>
        };
        format!("<!DOCTYPE html>{}", plain(markup.to_html()))
    })
}

/// Without the marks that hydration would need; in a `<title>` they would be read as text. Text
/// cannot hold one, its `<` being escaped.
pub fn plain(html: String) -> String {
    html.replace("<!>", "")
}

/// An error in the product's look.
pub fn error_page(headers: &HeaderMap, status: StatusCode, title: &str, text: &str) -> Response {
    let head = Head::site(format!("{title} · Candor")).themed(headers);
    let (title, text) = (title.to_owned(), text.to_owned());
    let html = render(head, move || crate::server::directory::error_view(status.as_u16(), title, text));
    (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response()
}

/// A page made for one reader.
pub fn private(status: StatusCode, html: String) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response()
}
