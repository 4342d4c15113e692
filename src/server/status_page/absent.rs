//! Addresses at which there is nothing. Anybody can make up as many as they like, so they must cost
//! less than a document: one statement by primary key, remembered until something changes, a few at
//! once, and a rate limit for each network that asks for many.

use super::{Document, badge::Badge, calendar::Calendar, feeds::Feed, public_api::PublicApi, store, subpages::SubPage};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{IncidentId, MaintenanceId, OrganizationId, ServiceId},
    },
    server::{
        App,
        access::{PublicPage, limits::subnet_key},
        requests::{self, ClientAddress},
    },
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use quick_cache::sync::Cache;
use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// Absent ids and slugs that are remembered.
const MAX_REMEMBERED: usize = 20_000;
/// Lookups at once, of all organizations together.
const MAX_LOOKUPS: usize = 4;
/// How long a lookup waits for its turn.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);
/// Answers "not found" that a network gets at once before it has to slow down.
const MISSES_BURST: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// Answers "not found" per second that it gets from then on.
const MISSES_PER_SECOND: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// Networks remembered as too fast.
const MAX_NETWORKS: usize = 10_000;

/// What a document is about, beside its organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Service(ServiceId),
    Incident(IncidentId),
    Maintenance(MaintenanceId),
}

impl Document {
    /// What has to exist for there to be such a document.
    fn subject(&self) -> Option<Subject> {
        match self {
            Self::SubPage(SubPage::Service(id)) | Self::PublicApi(PublicApi::Service(id)) => {
                Some(Subject::Service(id.clone()))
            }
            Self::SubPage(SubPage::Incident(id)) | Self::PublicApi(PublicApi::Incident(id)) => {
                Some(Subject::Incident(id.clone()))
            }
            Self::SubPage(SubPage::Maintenance(id)) | Self::PublicApi(PublicApi::OneMaintenance(id)) => {
                Some(Subject::Maintenance(id.clone()))
            }
            Self::Feed(Feed { service, .. })
            | Self::Calendar(Calendar { service })
            | Self::Badge(Badge { service, .. }) => service.clone().map(Subject::Service),
            Self::StatusPage
            | Self::SubPage(SubPage::History(_))
            | Self::PublicApi(_)
            | Self::Compatible(_)
            | Self::Embed(_) => None,
        }
    }
}

/// What is known not to exist, and who asks for it too often.
#[derive(Debug)]
pub(super) struct NegativeCache {
    /// With the organization's version at which it did not exist.
    subjects: Cache<(OrganizationId, Subject), i64>,
    /// With the number of changes to anything that were known when it did not exist.
    slugs: Cache<String, u64>,
    lookups: Semaphore,
    misses: DefaultKeyedRateLimiter<IpAddr>,
    /// Networks that have to wait, until when.
    waiting: Cache<IpAddr, Instant>,
    clock: DefaultClock,
}

impl Default for NegativeCache {
    fn default() -> Self {
        Self {
            subjects: Cache::new(MAX_REMEMBERED),
            slugs: Cache::new(MAX_REMEMBERED),
            lookups: Semaphore::new(MAX_LOOKUPS),
            misses: RateLimiter::keyed(Quota::per_second(MISSES_PER_SECOND).allow_burst(MISSES_BURST)),
            waiting: Cache::new(MAX_NETWORKS),
            clock: DefaultClock::default(),
        }
    }
}

impl NegativeCache {
    /// Whether what the document is about is missing.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many lookups are under way; [`AppError::Unavailable`] when the
    /// database does not answer.
    pub async fn lacks_subject(&self, app: &App, page: &PublicPage, which: &Document) -> Result<bool> {
        let Some(subject) = which.subject() else { return Ok(false) };
        let key = (page.id().clone(), subject);
        let version = app.hub.version(page.id());
        if self.subjects.get(&key) == Some(version) {
            return Ok(true);
        }
        let _lookup = self.lookup().await?;
        let mut read = app.db.read(page).await?;
        let exists = store::exists(&mut read, &key.0, &key.1).await?;
        if !exists {
            self.subjects.insert(key, version);
        }
        Ok(!exists)
    }

    /// The public page of this slug.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none; as [`Self::lacks_subject`].
    pub async fn find(&self, app: &App, slug: &str) -> Result<PublicPage> {
        let changes = app.hub.change_count();
        if self.slugs.get(slug) == Some(changes) {
            return Err(AppError::NotFound("status page".to_owned()));
        }
        let _lookup = self.lookup().await?;
        let found = PublicPage::find(app, slug).await;
        if matches!(found, Err(AppError::NotFound(_))) {
            self.slugs.insert(slug.to_owned(), changes);
        }
        found
    }

    async fn lookup(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        match tokio::time::timeout(LOOKUP_TIMEOUT, self.lookups.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(AppError::Busy),
        }
    }

    /// Seconds until this network may ask for what is not in memory again, if it has to wait.
    fn retry_after(&self, network: IpAddr) -> Option<u64> {
        let until = self.waiting.get(&network)?;
        let left = until.checked_duration_since(Instant::now())?;
        Some(left.as_secs() + 1)
    }

    /// Counts an answer "not found".
    fn missed(&self, network: IpAddr) {
        if let Err(until) = self.misses.check_key(&network) {
            let wait = until.wait_time_from(self.clock.now());
            self.waiting.insert(network, Instant::now() + wait);
        }
    }

    /// Forgets networks that have not asked lately, so that memory stays bounded.
    pub fn sweep(&self) {
        self.misses.retain_recent();
    }
}

/// The layer over public documents: a network that asked for too much that does not exist gets only
/// what is in memory until it has slowed down.
pub async fn limit_misses(State(app): State<App>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<ClientAddress>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |client| client.0);
    let network = subnet_key(client);
    let absent = &app.pages.absent;
    if let Some(retry_after) = absent.retry_after(network)
        && !request.uri().path_and_query().is_some_and(|address| app.pages.knows(address.as_str()))
    {
        return requests::refuse(&request, &AppError::TooMany { retry_after });
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        absent.missed(network);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_that_misses_too_often_has_to_wait() {
        let absent = NegativeCache::default();
        let (network, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        for _ in 0..MISSES_BURST.get() {
            absent.missed(network);
        }
        assert_eq!(absent.retry_after(network), None);
        absent.missed(network);
        assert_eq!(absent.retry_after(network), Some(1));
        assert_eq!(absent.retry_after(other), None);
    }
}
