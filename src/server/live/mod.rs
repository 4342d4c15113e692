//! Who hears of changes: a hub with one channel for each organization that somebody watches.

pub mod api_stream;
pub mod events;
mod renderer;
mod sockets;

pub use sockets::{ConnectionLimits, dashboard, public};

use super::status_page::Page;
use crate::domain::{
    ids::{OrganizationId, UserId},
    live::{Hint, Topic},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tokio::sync::{broadcast, watch};

/// Hints that a slow dashboard may lag behind before it is told to read everything again.
const HINTS: usize = 16;

/// People whose rights changed that a slow socket may lag behind; it then checks its own.
const PEOPLE: usize = 64;

/// Where commits tell of changes and sockets hear of them.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Watchers>);

#[derive(Debug)]
struct Watchers {
    channels: Mutex<HashMap<OrganizationId, Channel>>,
    people: broadcast::Sender<UserId>,
    stopping: watch::Sender<bool>,
    /// Counts everything that was published, of whomever.
    news: AtomicU64,
}

impl Default for Watchers {
    fn default() -> Self {
        let (people, stopping) = (broadcast::Sender::new(PEOPLE), watch::Sender::new(false));
        Self { channels: Mutex::default(), people, stopping, news: AtomicU64::new(0) }
    }
}

#[derive(Debug, Clone)]
struct Channel {
    current: Current,
    version: watch::Sender<i64>,
    hints: broadcast::Sender<Hint>,
    /// The latest page, while visitors watch.
    page: watch::Sender<Option<Arc<Page>>>,
    /// Whether somebody makes pages for the visitors who watch.
    has_renderer: bool,
}

impl Default for Channel {
    fn default() -> Self {
        let (version, hints) = (watch::Sender::new(0), broadcast::Sender::new(HINTS));
        Self { current: Current::default(), version, hints, page: watch::Sender::new(None), has_renderer: false }
    }
}

/// The latest version of an organization that was published here: what finished documents compare
/// themselves with.
#[derive(Debug, Clone, Default)]
pub struct Current(Arc<AtomicI64>);

impl Current {
    /// The version, 0 when none was published.
    pub fn version(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}

impl Hub {
    fn channels(&self) -> MutexGuard<'_, HashMap<OrganizationId, Channel>> {
        self.0.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn channel(&self, organization: &OrganizationId) -> Channel {
        self.channels().entry(organization.clone()).or_default().clone()
    }

    /// Tells of a change; one that is known already is not told again.
    pub fn publish(&self, organization: &OrganizationId, version: i64, topics: &[Topic]) {
        let channel = self.channel(organization);
        channel.current.0.fetch_max(version, Ordering::AcqRel);
        let news = channel.version.send_if_modified(|known| {
            let news = version > *known;
            *known = version.max(*known);
            news
        });
        if news {
            self.0.news.fetch_add(1, Ordering::AcqRel);
            // Nobody watching is no failure.
            let _ = channel.hints.send(Hint { version, topics: topics.to_vec() });
        }
    }

    /// The latest version that was published here, 0 when none was.
    pub fn version(&self, organization: &OrganizationId) -> i64 {
        self.current(organization).version()
    }

    /// The same, as it will be from now on.
    pub fn current(&self, organization: &OrganizationId) -> Current {
        self.channels().entry(organization.clone()).or_default().current.clone()
    }

    /// How many changes were published, of all organizations: as long as it stays, nothing has changed.
    pub fn change_count(&self) -> u64 {
        self.0.news.load(Ordering::Acquire)
    }

    /// The page that visitors who watch were shown last.
    pub fn shown(&self, organization: &OrganizationId) -> Option<Arc<Page>> {
        self.channel(organization).page.borrow().clone()
    }

    /// Shows a page to the visitors who watch, unless they have seen a later one; what time
    /// alone has changed wakes nobody.
    pub fn show(&self, organization: &OrganizationId, page: &Arc<Page>) {
        let channel = self.channel(organization);
        if channel.has_renderer {
            channel.page.send_if_modified(|shown| {
                let seen = shown.as_ref().map(|shown| shown.version);
                if seen.is_none_or(|seen| seen <= page.version) {
                    *shown = Some(page.clone());
                }
                seen.is_none_or(|seen| seen < page.version)
            });
        }
    }

    /// Tells every socket to come back to another process: this one ends.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Whether this process ends.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Makes every open socket of this person ask again whether it may stay open.
    pub fn revalidate_sessions(&self, person: &UserId) {
        // Nobody watching is no failure.
        let _ = self.0.people.send(person.clone());
    }

    /// Whose sockets have to ask again.
    pub fn session_revalidations(&self) -> broadcast::Receiver<UserId> {
        self.0.people.subscribe()
    }

    /// Every change with its topics.
    pub fn hints(&self, organization: &OrganizationId) -> broadcast::Receiver<Hint> {
        self.channel(organization).hints.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::db::random_id;

    #[test]
    fn an_older_version_is_no_news() {
        let (hub, id) = (Hub::default(), OrganizationId::from_random(random_id()));
        let mut hints = hub.hints(&id);
        hub.publish(&id, 3, &[Topic::Services]);
        hub.publish(&id, 3, &[Topic::Services]);
        hub.publish(&id, 2, &[Topic::Services]);
        assert_eq!(hub.version(&id), 3);
        assert_eq!(hints.try_recv().map(|hint| hint.version), Ok(3));
        assert!(hints.try_recv().is_err());
    }
}
