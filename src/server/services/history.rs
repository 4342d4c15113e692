//! The status history of a service: one row for each interval, no overlap, no hole.

use super::store;
use crate::{
    domain::{
        error::Result,
        ids::{IntervalId, ServiceId},
        status::{Cause, ServiceStatus},
        time::Time,
    },
    server::db::{Write, random_id},
};

/// What caused a transition.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// The cause; who did it is the write's actor.
    pub cause: Cause,
}

impl Mark {
    /// A transition with this cause.
    pub const fn by(cause: Cause) -> Self {
        Self { cause }
    }
}

/// The first interval of a service.
pub(super) async fn begin(
    write: &mut Write,
    service: &ServiceId,
    status: ServiceStatus,
    at: Time,
    mark: &Mark,
) -> Result<()> {
    store::insert_interval(write, &IntervalId::from_random(random_id()), service, status, at, mark.cause).await
}

/// Ends the open interval and begins the next at the same moment, when the status is another.
pub(super) async fn follow(
    write: &mut Write,
    service: &ServiceId,
    before: ServiceStatus,
    status: ServiceStatus,
    mark: &Mark,
) -> Result<()> {
    if before == status {
        return Ok(());
    }
    // A clock that was set back must not make an interval end before it began.
    let at = store::end_open_interval(write, service).await?;
    begin(write, service, status, at, mark).await
}
