//! Incidents and maintenance as feeds: Atom, RSS and JSON Feed, of an organization or of one service.
//!
//! An entry is an incident or a maintenance with all its updates, newest first, or each update for
//! itself. Its id never changes: neither with the organization's address nor with the server's.

mod atom;
mod entries;
mod json_feed;
mod rss;

use super::{
    Document, handlers,
    prepared_response::{DocumentMeta, Kind, RenderedDocument},
    rendered,
};
use crate::{
    domain::{error::Result, ids::ServiceId, time::Time},
    server::{
        App,
        access::PublicPage,
        clock, incidents, maintenance,
        organizations::{self, PublicOrganization},
        services,
    },
};
use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use entries::Entry;

/// Entries of a feed.
const MAX_ENTRIES: usize = 50;

/// How a feed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// [RFC 4287](https://www.rfc-editor.org/rfc/rfc4287).
    Atom,
    /// [RSS 2.0](https://www.rssboard.org/rss-specification).
    Rss,
    /// [JSON Feed 1.1](https://www.jsonfeed.org/version/1.1/).
    Json,
}

impl Format {
    const fn file(self) -> &'static str {
        match self {
            Self::Atom => "feed.atom",
            Self::Rss => "feed.rss",
            Self::Json => "feed.json",
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Atom => Kind::Atom,
            Self::Rss => Kind::Rss,
            Self::Json => Kind::JsonFeed,
        }
    }
}

/// Which feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Feed {
    /// How it is written.
    pub format: Format,
    /// Only what is about this service.
    pub service: Option<ServiceId>,
    /// Whether each update is an entry of its own.
    pub each: bool,
}

impl Feed {
    /// Its address.
    pub fn path(&self, slug: &str) -> String {
        let service = self.service.as_ref().map(|id| format!("service={id}"));
        let each = self.each.then(|| "updates=each".to_owned());
        address(slug, self.format.file(), service.into_iter().chain(each))
    }
}

/// A file of a status page with its query.
pub(super) fn address(slug: &str, file: &str, query: impl Iterator<Item = String>) -> String {
    let query: Vec<String> = query.collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/status/{slug}/{file}{mark}{}", query.join("&"))
}

/// The service that a query names: none when it is empty. `None` for what cannot be a service.
pub(super) fn requested_service(text: &str) -> Option<Option<ServiceId>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

/// What a feed says, whatever it is written in.
struct FeedDocument<'a> {
    organization: &'a PublicOrganization,
    title: String,
    description: String,
    /// The status page, or the service's page.
    home: String,
    /// Where the feed itself is.
    own: String,
    /// Never changes.
    id: String,
    /// When something of it changed last.
    updated: Time,
    /// Newest first.
    entries: Vec<Entry>,
}

/// Reads and writes a feed; `None` when there is no such service.
pub(super) async fn render_document(app: &App, page: &PublicPage, which: &Feed) -> Result<Option<RenderedDocument>> {
    let mut read = app.db.read(page).await?;
    let organization = organizations::public(&mut read, page.id()).await?;
    let mut service = None;
    if let Some(id) = &which.service {
        let all = services::list_public(page, &mut read).await?.services;
        let Some(found) = all.into_iter().find(|service| service.id == *id) else { return Ok(None) };
        service = Some(found.name);
    }
    let most = i64::try_from(MAX_ENTRIES).unwrap_or(i64::MAX);
    let incidents = incidents::latest::published(page, &mut read, which.service.as_ref(), most).await?;
    let maintenance = maintenance::latest::announced(page, &mut read, which.service.as_ref(), most).await?;
    drop(read);
    let (app, which) = (app.clone(), which.clone());
    rendered(move || {
        let path = which.path(&organization.slug);
        let mut entries = entries::of(&app.url, &organization, &incidents, &maintenance, which.each);
        entries.sort_by(|one, other| (other.updated, &other.id).cmp(&(one.updated, &one.id)));
        entries.truncate(MAX_ENTRIES);
        let (name, slug) = (&organization.name, &organization.slug);
        let (title, description, home) = match (&service, &which.service) {
            (Some(service), Some(id)) => (
                format!("{name} status: {service}"),
                format!("Incidents and maintenance of {service} by {name}."),
                format!("/status/{slug}/services/{id}"),
            ),
            _ => (format!("{name} status"), format!("Incidents and maintenance of {name}."), format!("/status/{slug}")),
        };
        let whose = which.service.as_ref().map_or("", ServiceId::as_str);
        let told = FeedDocument {
            title,
            description,
            home: app.url.join(&home),
            own: app.url.join(&path),
            id: entries::permanent(&format!("feed {} {whose} {}", organization.id, which.each)),
            updated: entries.first().map_or(organization.changed_at, |entry| entry.updated),
            entries,
            organization: &organization,
        };
        let text = match which.format {
            Format::Atom => atom::write(&told),
            Format::Rss => rss::write(&told),
            Format::Json => json_feed::write(&told),
        };
        let meta = DocumentMeta {
            version: organization.version,
            address: path,
            made_at: clock::now().max(organization.changed_at),
            // Nothing of it changes by time alone.
            good_until: Time::from_micros(i64::MAX),
        };
        Some(RenderedDocument { kind: which.format.kind(), text, meta })
    })
    .await
}

/// Which feed is asked for.
#[derive(Debug, serde::Deserialize)]
struct FeedQuery {
    #[serde(default)]
    service: String,
    #[serde(default)]
    updates: String,
}

impl FeedQuery {
    fn feed(&self, format: Format) -> Option<Feed> {
        let each = match self.updates.as_str() {
            "" => false,
            "each" => true,
            _ => return None,
        };
        Some(Feed { format, service: requested_service(&self.service)?, each })
    }
}

type FeedQueryResult = Result<Query<FeedQuery>, QueryRejection>;

async fn answer(app: &App, slug: &str, asked: FeedQueryResult, format: Format, headers: &HeaderMap) -> Response {
    let feed = asked.ok().and_then(|Query(asked)| asked.feed(format));
    handlers::program(app, slug, feed.map(Document::Feed), headers).await
}

/// `GET /status/{organization}/feed.atom`
async fn atom(
    State(app): State<App>,
    Path(slug): Path<String>,
    asked: FeedQueryResult,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, asked, Format::Atom, &headers).await
}

/// `GET /status/{organization}/feed.rss`
async fn rss(State(app): State<App>, Path(slug): Path<String>, asked: FeedQueryResult, headers: HeaderMap) -> Response {
    answer(&app, &slug, asked, Format::Rss, &headers).await
}

/// `GET /status/{organization}/feed.json`
async fn json_feed(
    State(app): State<App>,
    Path(slug): Path<String>,
    asked: FeedQueryResult,
    headers: HeaderMap,
) -> Response {
    answer(&app, &slug, asked, Format::Json, &headers).await
}

/// The addresses of all feeds.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/status/{organization}/feed.atom", get(atom))
        .route("/status/{organization}/feed.rss", get(rss))
        .route("/status/{organization}/feed.json", get(json_feed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::db::random_id;

    #[test]
    fn a_feed_has_one_address() {
        let id = ServiceId::from_random(random_id());
        let feed = |service, each| Feed { format: Format::Atom, service, each };
        assert_eq!(feed(None, false).path("acme"), "/status/acme/feed.atom");
        assert_eq!(feed(None, true).path("acme"), "/status/acme/feed.atom?updates=each");
        assert_eq!(
            feed(Some(id.clone()), true).path("acme"),
            format!("/status/acme/feed.atom?service={id}&updates=each")
        );
    }

    #[test]
    fn what_is_no_feed_is_none() {
        let asked = |service: &str, updates: &str| {
            FeedQuery { service: service.to_owned(), updates: updates.to_owned() }.feed(Format::Rss)
        };
        assert!(asked("", "").is_some_and(|feed| !feed.each) && asked("", "each").is_some_and(|feed| feed.each));
        assert_eq!(asked("", "all"), None);
        assert_eq!(asked("API", ""), None);
    }
}
