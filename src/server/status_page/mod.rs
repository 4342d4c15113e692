//! Public pages: read in one transaction, rendered once per version, kept as finished bytes.

mod page;
mod snapshot;
mod views;

pub use page::Page;

use super::{App, access::PublicPage};
use crate::domain::{
    error::{AppError, Result},
    ids::OrganizationId,
};
use snapshot::Snapshot;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

/// Pages kept at most; beyond that all are forgotten and made again when asked for.
const PAGES_MOST: usize = 10_000;

/// Finished pages, and who is making one.
#[derive(Debug, Default)]
pub struct Pages {
    slots: Mutex<HashMap<OrganizationId, Arc<Slot>>>,
    slugs: Mutex<HashMap<String, OrganizationId>>,
}

#[derive(Debug, Default)]
struct Slot {
    finished: RwLock<Option<Arc<Page>>>,
    making: tokio::sync::Mutex<()>,
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
    }

    /// The page as it is now. However many ask at once, it is made once; when it cannot be made,
    /// the last good one stays.
    ///
    /// # Errors
    /// Only when there is no last good one.
    pub async fn get(&self, app: &App, page: &PublicPage) -> Result<Arc<Page>> {
        let slot = self.slot(&page.id);
        let fresh = || slot.finished().filter(|finished| finished.version >= app.hub.version(&page.id));
        if let Some(finished) = fresh() {
            return Ok(finished);
        }
        let _making = slot.making.lock().await;
        if let Some(finished) = fresh() {
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
            Err(error) => match last {
                Some(last) => {
                    tracing::error!(%error, organization = %page.id, "a public page cannot be made: the last good one stays");
                    Ok(last)
                }
                None => Err(error),
            },
        }
    }
}

async fn make(app: &App, page: &PublicPage, last: Option<Arc<Page>>) -> Result<Page> {
    let snapshot = Snapshot::read(app, page).await?;
    let app = app.clone();
    super::access::run(async move {
        tokio::task::spawn_blocking(move || Page::render(&app, &snapshot, last.as_deref())).await.map_err(|error| {
            tracing::error!(%error, "a public page cannot be rendered");
            AppError::Internal
        })
    })
    .await
}
