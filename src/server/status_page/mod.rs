//! Public pages: read in one transaction, rendered once per version, kept as finished bytes.

pub mod absent;
pub mod badge;
pub mod calendar;
pub mod diagnostics;
mod document_cache;
pub mod embed;
pub mod feeds;
pub mod handlers;
mod page;
mod prepared_response;
pub mod public_api;
mod snapshot;
pub mod statuspage_v2;
mod store;
mod subpages;
mod uptime_bars;
mod views;
mod xml;

pub use page::Page;
pub use prepared_response::PreparedResponse;
pub use subpages::SubPage;

use super::{App, access, access::PublicPage, local_time, test_hooks};
use crate::domain::error::{AppError, Result};
use document_cache::{CacheEntry, DocumentCache, InFlight};
use prepared_response::{DocumentMeta, Kind, RenderedDocument};
pub use snapshot::Snapshot;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A visitor who can have the last good document waits no longer for the next one.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How long another waits, who would get nothing.
const MAX_TIMEOUT: Duration = Duration::from_secs(8);

/// A public document of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Document {
    /// The status page.
    StatusPage,
    /// A page below it.
    SubPage(SubPage),
    /// What a program reads that knows the Statuspage API.
    Compatible(statuspage_v2::Resource),
    /// A feed.
    Feed(feeds::Feed),
    /// The calendar of maintenance.
    Calendar(calendar::Calendar),
    /// A badge.
    Badge(badge::Badge),
    /// What other sites show of it.
    Embed(embed::Embed),
    /// What a program reads of our own API.
    PublicApi(public_api::PublicApi),
}

impl Document {
    /// Its address: path and query.
    pub fn address(&self, slug: &str) -> String {
        match self {
            Self::StatusPage => format!("/status/{slug}"),
            Self::SubPage(which) => which.path(slug),
            Self::Compatible(which) => which.path(slug),
            Self::Feed(which) => which.path(slug),
            Self::Calendar(which) => which.path(slug),
            Self::Badge(which) => which.path(slug),
            Self::Embed(which) => which.path(slug),
            Self::PublicApi(which) => which.path(slug),
        }
    }

    /// Reads and writes it; `None` when there is nothing at its address. The status page is made by
    /// itself, since it is shown in parts as well.
    async fn write(&self, app: &App, page: &PublicPage) -> Result<Option<RenderedDocument>> {
        match self {
            Self::StatusPage => Ok(None),
            Self::SubPage(which) => subpages::render_document(app, page, which).await,
            Self::Compatible(which) => statuspage_v2::render_document(app, page, which).await,
            Self::Feed(which) => feeds::render_document(app, page, which).await,
            Self::Calendar(which) => calendar::render_document(app, page, which).await,
            Self::Badge(which) => badge::render_document(app, page, which).await,
            Self::Embed(which) => embed::render_document(app, page, which).await,
            Self::PublicApi(which) => public_api::render_document(app, page, which).await,
        }
    }
}

/// Which document, of whom.
type Key = (PublicPage, Document);

/// Finished documents, and those that are being made.
#[derive(Debug, Default)]
pub struct Pages {
    document_cache: DocumentCache,
    absent: absent::NegativeCache,
}

impl Pages {
    /// The document at this address (path and query), if it is in memory and shows what is so now.
    pub fn cached(&self, address: &str) -> Option<Arc<PreparedResponse>> {
        let prepared_response = self.document_cache.at(address)?.prepared_response;
        // After an organization took another address the document leads there.
        (prepared_response.is_fresh() && prepared_response.address == address).then_some(prepared_response)
    }

    /// Whether something has been found at this address (path and query) before.
    fn knows(&self, address: &str) -> bool {
        self.document_cache.key(address).is_some()
    }

    /// Forgets who has not asked lately, so that memory stays bounded.
    pub fn sweep(&self) {
        self.absent.sweep();
    }

    /// The public page of this slug, without asking the database twice.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn find(&self, app: &App, slug: &str) -> Result<PublicPage> {
        let address = Document::StatusPage.address(slug);
        match self.document_cache.key(&address) {
            Some(key) if self.document_cache.get(&key).is_none_or(|kept| kept.prepared_response.address == address) => {
                Ok(key.0.clone())
            }
            _ => self.look_up(app, slug).await,
        }
    }

    /// The same as the database has it now: a former slug may belong to another organization by now.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    async fn look_up(&self, app: &App, slug: &str) -> Result<PublicPage> {
        let page = self.absent.find(app, slug).await?;
        let key = Arc::new((page.clone(), Document::StatusPage));
        self.document_cache.insert_alias(Document::StatusPage.address(slug), key);
        Ok(page)
    }

    /// The status page as it is now.
    ///
    /// # Errors
    /// As [`Pages::document`].
    pub async fn get(&self, app: &App, page: &PublicPage) -> Result<Arc<PreparedResponse>> {
        self.document(app, page, Document::StatusPage)
            .await?
            .ok_or_else(|| AppError::NotFound("status page".to_owned()))
    }

    /// The status page as it is now, in parts.
    ///
    /// # Errors
    /// As [`Pages::document`].
    pub async fn rendered(&self, app: &App, page: &PublicPage) -> Result<Arc<Page>> {
        let kept = self.get_or_render(app, page, Document::StatusPage).await?;
        kept.and_then(|kept| kept.page).ok_or_else(|| AppError::NotFound("status page".to_owned()))
    }

    /// A document as it is now; `None` when there is none. However many ask at once, it is made once;
    /// when it cannot be made, or not soon, the last good one stays.
    ///
    /// # Errors
    /// Only when there is no last good one.
    pub async fn document(
        &self,
        app: &App,
        page: &PublicPage,
        which: Document,
    ) -> Result<Option<Arc<PreparedResponse>>> {
        Ok(self.get_or_render(app, page, which).await?.map(|kept| kept.prepared_response))
    }

    async fn get_or_render(&self, app: &App, page: &PublicPage, which: Document) -> Result<Option<CacheEntry>> {
        let key: Key = (page.clone(), which);
        let asked = Instant::now();
        if self.document_cache.get(&key).is_none() && self.absent.lacks_subject(app, page, &key.1).await? {
            return Ok(None);
        }
        loop {
            let last = self.document_cache.get(&key);
            if let Some(kept) = last.as_ref().filter(|kept| kept.prepared_response.is_fresh()) {
                return Ok(Some(kept.clone()));
            }
            let flight =
                self.document_cache.join_or_start(&key, || render_document(app.clone(), key.clone(), last.clone()));
            let InFlight { begun, made, .. } = match flight {
                Ok(flight) => flight,
                Err(error) => return last.map(Some).ok_or(error),
            };
            let outcome = match &last {
                None => tokio::time::timeout(MAX_TIMEOUT, made).await.map_err(|_| AppError::Unavailable)?,
                Some(last) => match tokio::time::timeout(TIMEOUT.saturating_sub(begun.elapsed()), made).await {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        tracing::warn!(organization = %page.id(), "status page is slow to render; serving the last good version");
                        return Ok(Some(last.clone()));
                    }
                },
            };
            match outcome {
                // What was begun before this one asked may show less than was saved by then.
                Ok(Some(kept)) if begun < asked && !kept.prepared_response.is_fresh() => {}
                Ok(made) => return Ok(made),
                Err(error @ AppError::NotFound(_)) => return Err(error),
                Err(error) => return last.map(Some).ok_or(error),
            }
        }
    }
}

/// Reads and renders a document, keeps it, and shows it to whoever watches. It goes on to its end,
/// whoever asked for it.
async fn render_document(app: App, key: Key, last: Option<CacheEntry>) -> Result<Option<CacheEntry>> {
    let page = key.0.clone();
    let making = app.clone();
    let made = match &key.1 {
        Document::StatusPage => {
            access::run(async move {
                let (kept, parts) = status_page(&making, &page, last).await?;
                tracing::debug!(organization = %page.id(), ?parts, "status page rendered");
                Ok(Some(kept))
            })
            .await
        }
        other => {
            let which = other.clone();
            access::run(async move {
                let Some(draft) = which.write(&making, &page).await? else { return Ok(None) };
                let current = making.hub.current(page.id());
                let finish = move || PreparedResponse::new(current, &making.protection, draft);
                Ok(Some(CacheEntry::from(rendered(finish).await?)))
            })
            .await
        }
    };
    if let Err(error) = &made
        && !matches!(error, AppError::NotFound(_))
    {
        tracing::error!(%error, organization = %key.0.id(), "status page could not be rendered; serving the last good version");
    }
    app.pages.document_cache.complete(&key, &made);
    made
}

/// How long the parts of making a status page took.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// Reading it in one transaction.
    pub reading: Duration,
    /// Rendering, and telling the regions apart that changed.
    pub rendering: Duration,
    /// Compressing it and making its answers ready.
    pub compressing: Duration,
}

/// Makes the status page as a visitor's request does, without keeping it: the version that it shows,
/// and how long it took.
///
/// # Errors
/// As [`Pages::document`].
pub async fn measure(app: &App, page: &PublicPage) -> Result<(i64, Parts)> {
    let last = app.pages.document_cache.get(&(page.clone(), Document::StatusPage));
    let (kept, parts) = status_page(app, page, last).await?;
    Ok((kept.prepared_response.version, parts))
}

async fn status_page(app: &App, page: &PublicPage, last: Option<CacheEntry>) -> Result<(CacheEntry, Parts)> {
    let started = Instant::now();
    let snapshot = Snapshot::read(app, page).await?;
    let reading = started.elapsed();
    let app = app.clone();
    rendered(move || {
        let organization = &snapshot.organization;
        test_hooks::rendering(&organization.slug);
        let started = Instant::now();
        // Whoever watches may hold it when memory does not.
        let last = app.hub.shown(&organization.id).or_else(|| last.and_then(|kept| kept.page));
        let (page, html) = Page::render(&app, &snapshot, last.as_deref());
        let page = Arc::new(page);
        // Sockets need not wait until it is compressed.
        app.hub.show(&organization.id, &page);
        let rendering = started.elapsed();
        let meta = DocumentMeta {
            version: organization.version,
            address: Document::StatusPage.address(&organization.slug),
            made_at: snapshot.made_at,
            good_until: snapshot.good_until,
        };
        let draft = RenderedDocument { kind: Kind::Page, text: html, meta };
        let prepared_response =
            Arc::new(PreparedResponse::new(app.hub.current(&organization.id), &app.protection, draft));
        let compressing = started.elapsed() - rendering;
        (CacheEntry { prepared_response, page: Some(page) }, Parts { reading, rendering, compressing })
    })
    .await
}

/// Renders where it holds nobody up.
async fn rendered<T: Send + 'static>(render: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(render).await.map_err(|error| {
        tracing::error!(%error, "status page could not be rendered");
        AppError::Internal
    })
}
