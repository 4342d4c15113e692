//! Who goes next. There is one writer, and each organization may have one change in line for it: however many changes
//! an organization brings, another's waits for one of them at most. Exports go by the same rule.

use crate::domain::error::{AppError, Result};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::OwnedMutexGuard, time};

/// Of one that may wait.
const MAX_WAITING: usize = 64;
/// How long one waits for those before it.
const TIMEOUT: Duration = Duration::from_secs(5);

type KeyQueue = Arc<tokio::sync::Mutex<()>>;

/// What each brings, in line.
#[derive(Debug)]
pub(super) struct KeyedQueue<K: Eq + Hash>(Arc<Mutex<HashMap<K, KeyQueue>>>);

impl<K: Eq + Hash> Default for KeyedQueue<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Clone for KeyedQueue<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The turn of one; the next one's begins when it is dropped.
#[derive(Debug)]
pub(super) struct QueuePermit<K: Eq + Hash> {
    turns: KeyedQueue<K>,
    key: K,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K: Eq + Hash> KeyedQueue<K> {
    fn queues(&self) -> MutexGuard<'_, HashMap<K, KeyQueue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for those of the same key that came before.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many wait, or they take too long.
    pub async fn take(&self, key: &K) -> Result<QueuePermit<K>>
    where
        K: Clone,
    {
        let mut permit = QueuePermit { turns: self.clone(), key: key.clone(), guard: None };
        let line = {
            let mut lines = self.queues();
            let line = lines.entry(key.clone()).or_default();
            // The map's own, and one for each that waits or writes.
            if Arc::strong_count(line) > MAX_WAITING {
                return Err(AppError::Busy);
            }
            line.clone()
        };
        permit.guard = Some(time::timeout(TIMEOUT, line.lock_owned()).await.map_err(|_| AppError::Busy)?);
        Ok(permit)
    }
}

impl<K: Eq + Hash> Drop for QueuePermit<K> {
    fn drop(&mut self) {
        self.guard = None;
        let mut lines = self.turns.queues();
        if lines.get(&self.key).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::OrganizationId, server::db::random_id};
    use futures_util::{future::join_all, poll};

    #[tokio::test]
    async fn one_at_a_time_and_not_too_many() {
        let (turns, id) = (KeyedQueue::default(), OrganizationId::from_random(random_id()));
        let first = turns.take(&id).await.expect("a turn");
        assert!(turns.take(&OrganizationId::from_random(random_id())).await.is_ok(), "another organization");
        let mut waiting = Box::pin(join_all((0..200).map(|_| async { turns.take(&id).await.map(drop) })));
        assert!(poll!(waiting.as_mut()).is_pending(), "they wait");
        drop(first);
        let refused = waiting.await.into_iter().filter(Result::is_err).count();
        assert_eq!(refused, 200 - (MAX_WAITING - 1));
        assert!(turns.queues().is_empty(), "nothing is left behind");
    }
}
