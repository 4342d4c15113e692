//! Who hears of changes: a hub with one channel for each organization that somebody watches.

mod sockets;

pub use sockets::{Sockets, dashboard, public};

use crate::domain::{
    ids::{OrganizationId, UserId},
    live::{Hint, Topic},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
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
}

impl Default for Watchers {
    fn default() -> Self {
        Self { channels: Mutex::default(), people: broadcast::Sender::new(PEOPLE) }
    }
}

#[derive(Debug, Clone)]
struct Channel {
    version: watch::Sender<i64>,
    hints: broadcast::Sender<Hint>,
}

impl Hub {
    fn channel(&self, organization: &OrganizationId) -> Channel {
        let mut channels = self.0.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels
            .entry(organization.clone())
            .or_insert_with(|| Channel { version: watch::Sender::new(0), hints: broadcast::Sender::new(HINTS) })
            .clone()
    }

    /// Tells of a change; one that is known already is not told again.
    pub fn publish(&self, organization: &OrganizationId, version: i64, topics: &[Topic]) {
        let channel = self.channel(organization);
        let news = channel.version.send_if_modified(|known| {
            let news = version > *known;
            *known = version.max(*known);
            news
        });
        if news {
            // Nobody watching is no failure.
            let _ = channel.hints.send(Hint { version, topics: topics.to_vec() });
        }
    }

    /// The latest version that was published here, 0 when none was.
    pub fn version(&self, organization: &OrganizationId) -> i64 {
        *self.channel(organization).version.borrow()
    }

    /// Wakes at every new version.
    pub fn versions(&self, organization: &OrganizationId) -> watch::Receiver<i64> {
        self.channel(organization).version.subscribe()
    }

    /// Makes every open socket of this person ask again whether it may stay open.
    pub fn recheck(&self, person: &UserId) {
        // Nobody watching is no failure.
        let _ = self.0.people.send(person.clone());
    }

    /// Whose sockets have to ask again.
    pub fn rechecks(&self) -> broadcast::Receiver<UserId> {
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
