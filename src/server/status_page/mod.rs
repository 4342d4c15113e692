//! Public pages: read in one transaction, rendered once per version, kept as finished bytes.

pub mod addresses;
mod bars;
mod below;
mod finished;
mod page;
mod snapshot;
mod views;

pub use below::Below;
pub use finished::Finished;
pub use page::Page;

use super::{App, access, access::PublicPage, clock, days};
use crate::domain::{
    error::{AppError, Result},
    ids::OrganizationId,
};
use snapshot::Snapshot;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

/// Status pages kept at most; beyond that all are forgotten and made again when asked for.
const PAGES_MOST: usize = 10_000;
/// Pages below them kept at most, of all organizations together.
const BELOW_MOST: usize = 1_000;

/// Finished pages, and who is making one.
#[derive(Debug, Default)]
pub struct Pages {
    slots: Mutex<HashMap<OrganizationId, Arc<Slot>>>,
    slugs: Mutex<HashMap<String, OrganizationId>>,
    below: Mutex<HashMap<(OrganizationId, Below), Arc<Finished>>>,
}

#[derive(Debug, Default)]
struct Slot {
    finished: RwLock<Option<Arc<Page>>>,
    making: tokio::sync::Mutex<()>,
    making_below: tokio::sync::Mutex<()>,
}

impl Slot {
    fn finished(&self) -> Option<Arc<Page>> {
        self.finished.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Pages {
    fn slot(&self, id: &OrganizationId) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= PAGES_MOST && !slots.contains_key(id) {
            slots.clear();
        }
        slots.entry(id.clone()).or_default().clone()
    }

    /// The public page of this slug, without asking the database twice.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn find(&self, app: &App, slug: &str) -> Result<PublicPage> {
        let known = self.slugs.lock().unwrap_or_else(PoisonError::into_inner).get(slug).cloned();
        if let Some(id) = known {
            return Ok(PublicPage { id });
        }
        let page = PublicPage::find(app, slug).await?;
        let mut slugs = self.slugs.lock().unwrap_or_else(PoisonError::into_inner);
        if slugs.len() >= PAGES_MOST {
            slugs.clear();
        }
        slugs.insert(slug.to_owned(), page.id.clone());
        Ok(page)
    }

    /// The organization has gone, or may not be seen any more.
    fn forget(&self, id: &OrganizationId) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.slugs.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, known| known != id);
        self.below.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _), _| known != id);
    }

    /// The page as it is now. However many ask at once, it is made once; when it cannot be made,
    /// the last good one stays.
    ///
    /// # Errors
    /// Only when there is no last good one.
    pub async fn get(&self, app: &App, page: &PublicPage) -> Result<Arc<Page>> {
        let slot = self.slot(&page.id);
        let is_fresh = |finished: &Arc<Page>| finished.is_fresh(app.hub.version(&page.id), clock::now());
        if let Some(finished) = slot.finished().filter(is_fresh) {
            return Ok(finished);
        }
        let _making = slot.making.lock().await;
        if let Some(finished) = slot.finished().filter(is_fresh) {
            return Ok(finished);
        }
        let last = slot.finished();
        match make(app, page, last.clone()).await {
            Ok(made) => {
                let made = Arc::new(made);
                *slot.finished.write().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
                Ok(made)
            }
            Err(error @ AppError::NotFound(_)) => {
                self.forget(&page.id);
                Err(error)
            }
            Err(error) => last.ok_or_else(|| error.clone()).inspect(|_| stays(page, &error)),
        }
    }

    /// A page below it, as it is now; `None` when there is none. It is made, kept and forgotten as
    /// the status page is.
    ///
    /// # Errors
    /// Only when there is no last good one.
    pub async fn below(&self, app: &App, page: &PublicPage, which: &Below) -> Result<Option<Arc<Finished>>> {
        let slot = self.slot(&page.id);
        let is_fresh = |finished: &Arc<Finished>| finished.is_fresh(app.hub.version(&page.id), clock::now());
        if let Some(finished) = self.kept(&page.id, which).filter(is_fresh) {
            return Ok(Some(finished));
        }
        let _making = slot.making_below.lock().await;
        let last = self.kept(&page.id, which);
        if let Some(finished) = last.clone().filter(is_fresh) {
            return Ok(Some(finished));
        }
        match below::make(app, page, which).await {
            Ok(Some(made)) => {
                let made = Arc::new(made);
                self.keep(&page.id, which, made.clone());
                Ok(Some(made))
            }
            Ok(None) => {
                self.below.lock().unwrap_or_else(PoisonError::into_inner).remove(&(page.id.clone(), which.clone()));
                Ok(None)
            }
            Err(error @ AppError::NotFound(_)) => {
                self.forget(&page.id);
                Err(error)
            }
            Err(error) => last.map(Some).ok_or_else(|| error.clone()).inspect(|_| stays(page, &error)),
        }
    }

    fn kept(&self, id: &OrganizationId, which: &Below) -> Option<Arc<Finished>> {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        below.get(&(id.clone(), which.clone())).cloned()
    }

    /// Keeps one; those of older versions make room.
    fn keep(&self, id: &OrganizationId, which: &Below, made: Arc<Finished>) {
        let mut below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        below.retain(|(known, _), other| known != id || other.version >= made.version);
        if below.len() >= BELOW_MOST {
            below.clear();
        }
        below.insert((id.clone(), which.clone()), made);
    }
}

fn stays(page: &PublicPage, error: &AppError) {
    tracing::error!(%error, organization = %page.id, "a public page cannot be made: the last good one stays");
}

async fn make(app: &App, page: &PublicPage, last: Option<Arc<Page>>) -> Result<Page> {
    let snapshot = Snapshot::read(app, page).await?;
    let app = app.clone();
    rendered(move || Page::render(&app, &snapshot, last.as_deref())).await
}

/// Renders where it holds nobody up, and to its end, whoever asked for it.
async fn rendered<T: Send + 'static>(render: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    access::run(async move {
        tokio::task::spawn_blocking(render).await.map_err(|error| {
            tracing::error!(%error, "a public page cannot be rendered");
            AppError::Internal
        })
    })
    .await
}
