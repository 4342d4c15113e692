//! Where finished documents are kept, and those that are being made.

use super::{Document, Key, Page, PreparedResponse};
use crate::{
    domain::error::{AppError, Result},
    server::access::PublicPage,
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use quick_cache::{OptionsBuilder, Weighter, sync::Cache};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Memory for finished documents, in bytes; what is asked for least makes room. About a thousand
/// organizations that somebody reads fit in; the others' pages are made when they are asked for.
const MAX_MEMORY_BYTES: u64 = 64 * 1024 * 1024;
/// Documents expected in it, so that it need not grow.
const EXPECTED: usize = 1_000;
/// Parts of the memory that are locked by themselves.
const SHARDS: usize = 2;
/// Addresses remembered with what is there.
const MAX_ADDRESSES: usize = 20_000;
/// Documents below the status page that are made at once for one organization.
const AT_ONCE: usize = 16;
/// After it could not be made, a document is not tried again for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// A document as it is kept.
#[derive(Debug, Clone)]
pub(super) struct CacheEntry {
    pub prepared_response: Arc<PreparedResponse>,
    /// Of a status page: what the next one is compared with.
    pub page: Option<Arc<Page>>,
}

impl From<PreparedResponse> for CacheEntry {
    fn from(prepared_response: PreparedResponse) -> Self {
        Self { prepared_response: Arc::new(prepared_response), page: None }
    }
}

#[derive(Debug, Clone, Copy)]
struct BySize;

impl Weighter<Arc<Key>, CacheEntry> for BySize {
    fn weight(&self, _key: &Arc<Key>, kept: &CacheEntry) -> u64 {
        (kept.prepared_response.size() + kept.page.as_ref().map_or(0, |page| page.size())) as u64
    }
}

type Outcome = Result<Option<CacheEntry>>;

/// One making of a document, shared by all who wait for it.
#[derive(Clone)]
pub(super) struct InFlight {
    pub begun: Instant,
    pub made: Shared<BoxFuture<'static, Outcome>>,
    failed_at: Option<Instant>,
}

/// Finished documents by what they are and by address; flights by what they make.
pub(super) struct DocumentCache {
    documents: Cache<Arc<Key>, CacheEntry, BySize>,
    addresses: Cache<String, Arc<Key>>,
    in_flight: Mutex<HashMap<Key, InFlight>>,
}

impl std::fmt::Debug for DocumentCache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shelf").field("documents", &self.documents.len()).finish_non_exhaustive()
    }
}

impl Default for DocumentCache {
    #[expect(clippy::expect_used, reason = "it refuses only what is not set")]
    fn default() -> Self {
        // Each shard has its part of the memory, and the largest document has to fit into one.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(EXPECTED)
            .weight_capacity(MAX_MEMORY_BYTES)
            .shards(SHARDS)
            .build()
            .expect("all that it needs is set");
        Self {
            documents: Cache::with_options(options, BySize, Default::default(), Default::default()),
            addresses: Cache::new(MAX_ADDRESSES),
            in_flight: Mutex::default(),
        }
    }
}

impl DocumentCache {
    /// What is at this address.
    pub fn key(&self, address: &str) -> Option<Arc<Key>> {
        self.addresses.get(address)
    }

    /// Notes what is at this address.
    pub fn insert_alias(&self, address: String, key: Arc<Key>) {
        self.addresses.insert(address, key);
    }

    /// The document at this address, if it is in memory.
    pub fn at(&self, address: &str) -> Option<CacheEntry> {
        self.documents.get(&self.key(address)?)
    }

    /// The document, if it is in memory.
    pub fn get(&self, key: &Key) -> Option<CacheEntry> {
        self.documents.get(key)
    }

    /// The flight that makes this document, begun if there is none.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many of the organization's are made already.
    pub fn join_or_start<F>(&self, key: &Key, begin: impl FnOnce() -> F) -> Result<InFlight>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut in_flight = self.in_flight();
        in_flight.retain(|_, flight| flight.failed_at.is_none_or(|at| at.elapsed() < PAUSE));
        if let Some(flight) = in_flight.get(key) {
            return Ok(flight.clone());
        }
        let others = |((id, which), flight): &(&Key, &InFlight)| {
            *id == key.0 && *which != Document::StatusPage && flight.failed_at.is_none()
        };
        if key.1 != Document::StatusPage && in_flight.iter().filter(others).count() >= AT_ONCE {
            return Err(AppError::Busy);
        }
        // Polled by whoever waits, and by a task of its own for when nobody does.
        let begun = Instant::now();
        let made = begin().boxed().shared();
        tokio::spawn(made.clone());
        let flight = InFlight { begun, made, failed_at: None };
        in_flight.insert(key.clone(), flight.clone());
        Ok(flight)
    }

    fn in_flight(&self) -> MutexGuard<'_, HashMap<Key, InFlight>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a flight made. One that failed stays for a while, so that not every visitor tries
    /// again.
    pub fn complete(&self, key: &Key, made: &Outcome) {
        match made {
            Ok(Some(kept)) => {
                let key = Arc::new(key.clone());
                self.insert_alias(kept.prepared_response.address.clone(), key.clone());
                self.documents.insert(key, kept.clone());
            }
            Ok(None) => {
                self.documents.remove(key);
            }
            Err(AppError::NotFound(_)) => self.forget(&key.0),
            Err(_) => {
                if let Some(flight) = self.in_flight().get_mut(key) {
                    flight.failed_at = Some(Instant::now());
                }
                return;
            }
        }
        self.in_flight().remove(key);
    }

    /// The organization has gone, or may not be seen any more.
    fn forget(&self, page: &PublicPage) {
        self.documents.retain(|key, _| key.0 != *page);
        self.addresses.retain(|_, key| key.0 != *page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Time,
        server::{
            live::Current,
            status_page::prepared_response::{DocumentMeta, Kind, RenderedDocument},
        },
    };

    fn document(length: usize, number: usize) -> (Key, Outcome) {
        // Different from others, and as long when it is compressed.
        let text: String = (0..length / 2).map(|_| format!("{:02x}", rand::random::<u8>())).collect();
        let meta = DocumentMeta {
            version: 1,
            address: format!("/status/{number}"),
            made_at: Time::default(),
            good_until: Time::default(),
        };
        let draft = RenderedDocument { kind: Kind::Page, text, meta };
        let prepared_response = PreparedResponse::new(Current::default(), &Default::default(), draft);
        ((PublicPage::random(), Document::StatusPage), Ok(Some(prepared_response.into())))
    }

    #[test]
    fn what_is_asked_for_least_makes_room() {
        let document_cache = DocumentCache::default();
        let (often, made) = document(100_000, 0);
        document_cache.complete(&often, &made);
        for number in 1..=600 {
            let (key, made) = document(100_000, number);
            document_cache.complete(&key, &made);
            assert!(document_cache.get(&often).is_some(), "it was asked for just before document {number}");
        }
        assert!(document_cache.documents.weight() <= MAX_MEMORY_BYTES);
        assert!(document_cache.documents.len() > 200, "{} are kept", document_cache.documents.len());
        assert!(document_cache.at("/status/0").is_some());
    }

    #[test]
    fn an_organization_that_has_gone_is_forgotten() {
        let document_cache = DocumentCache::default();
        let (key, made) = document(100, 0);
        document_cache.complete(&key, &made);
        document_cache.complete(&key, &Err(AppError::NotFound("status page".into())));
        assert!(document_cache.get(&key).is_none() && document_cache.key("/status/0").is_none());
    }

    #[tokio::test]
    async fn whoever_asks_meanwhile_shares_the_flight() {
        let document_cache = DocumentCache::default();
        let (key, _) = document(100, 0);
        let begun = std::sync::atomic::AtomicUsize::new(0);
        let begin = || {
            begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            std::future::pending()
        };
        let in_flight: Vec<_> = (0..100).map(|_| document_cache.join_or_start(&key, begin)).collect();
        assert!(in_flight.iter().all(Result::is_ok));
        assert_eq!(begun.into_inner(), 1);
    }

    #[tokio::test]
    async fn what_failed_is_not_tried_at_once_again() {
        let document_cache = DocumentCache::default();
        let (key, made) = document(100, 0);
        let failed = || std::future::ready(Err(AppError::Unavailable));
        let flight = document_cache.join_or_start(&key, failed).expect("the first");
        document_cache.complete(&key, &Err(AppError::Unavailable));
        assert!(flight.made.await.is_err());
        let again = document_cache.join_or_start(&key, || std::future::ready(made.clone())).expect("the same");
        assert!(again.made.await.is_err(), "the failure is told to whoever comes now");
    }
}
