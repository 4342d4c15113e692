//! Exports that are held in memory while they are made: one at a time for each person, and few altogether.

use super::{
    access::Principal,
    keyed_queue::{KeyedQueue, QueuePermit},
};
use crate::domain::error::{AppError, Result};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task, time,
};

/// Exports that are made at once: each may hold a connection for reading.
const AT_ONCE: usize = 4;
/// How long one waits for the others.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The exports that are made now.
#[derive(Debug)]
pub struct Exports {
    keyed_queue: KeyedQueue<Principal>,
    places: Arc<Semaphore>,
}

impl Default for Exports {
    fn default() -> Self {
        Self { keyed_queue: KeyedQueue::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// Leave to make an export; the next one's begins when it is dropped.
#[derive(Debug)]
pub struct ExportPermit {
    _place: OwnedSemaphorePermit,
    _permit: QueuePermit<Principal>,
}

impl Exports {
    /// Waits for the exports of the same person, and then for a place among all.
    ///
    /// # Errors
    /// [`AppError::Busy`] when that takes too long.
    pub async fn begin(&self, principal: &Principal) -> Result<ExportPermit> {
        let permit = self.keyed_queue.take(principal).await?;
        let place = time::timeout(TIMEOUT, self.places.clone().acquire_owned()).await.map_err(|_| AppError::Busy)?;
        Ok(ExportPermit { _place: place.map_err(|_| AppError::Internal)?, _permit: permit })
    }
}

/// Writes a table where it holds up nobody else.
///
/// # Errors
/// [`AppError::Internal`] when it panics.
pub async fn written<T: Send + 'static>(table: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    task::spawn_blocking(table).await.map_err(|error| {
        tracing::error!(%error, "export could not be written");
        AppError::Internal
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::UserId, server::db::random_id};
    use futures_util::poll;

    #[tokio::test]
    async fn nobody_takes_all_places() {
        let exports = Exports::default();
        let somebody = || Principal::Person(UserId::from_random(random_id()));
        let greedy = somebody();
        let first = exports.begin(&greedy).await.expect("the first");
        let mut second = Box::pin(exports.begin(&greedy));
        assert!(poll!(second.as_mut()).is_pending(), "one at a time");
        let mut others = Vec::new();
        for _ in 1..AT_ONCE {
            others.push(exports.begin(&somebody()).await.expect("there is a place"));
        }
        let late = somebody();
        let mut late = Box::pin(exports.begin(&late));
        assert!(poll!(late.as_mut()).is_pending(), "all places are taken");
        drop(first);
        assert!(late.await.is_ok() && second.await.is_ok());
    }
}
