//! What last changed about maintenance: for readers who follow it.

mod store;

use super::published;
use crate::{
    domain::{error::Result, ids::ServiceId, maintenance::PublishedMaintenance, time::Time},
    server::{access::PublicPage, db::Read},
};

/// A maintenance with when visitors learned of it.
#[derive(Debug, Clone)]
pub struct Announced {
    /// As visitors read it.
    pub told: PublishedMaintenance,
    /// When it was announced.
    pub announced_at: Time,
    /// When it was last told about, or was moved.
    pub changed_at: Time,
}

/// Maintenance as visitors read it, what changed last first; all of it, or that of one service.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn announced(
    page: &PublicPage,
    read: &mut Read,
    service: Option<&ServiceId>,
    most: i64,
) -> Result<Vec<Announced>> {
    let (maintenance, moments): (Vec<_>, Vec<_>) =
        store::maintenance(read, page.id(), service, most).await?.into_iter().unzip();
    let told = published(read, page.id(), maintenance).await?;
    let announced = |(told, (announced_at, changed_at))| Announced { told, announced_at, changed_at };
    Ok(told.into_iter().zip(moments).map(announced).collect())
}
