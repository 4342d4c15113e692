//! Writes of columns that follow from others.

use super::{Db, error::refused, store};
use crate::{
    domain::{error::Result, ids::OrganizationId},
    server::{access::SystemScope, keyed_queue::QueuePermit},
};
use sqlx::{Any, AnyConnection, Transaction};

/// A write of columns that follow from others of the same row, such as the HTML of a message. It changes nothing that
/// anybody is shown, so it raises no version, writes no audit entry and tells nobody.
#[derive(Debug)]
pub struct DerivedWrite {
    transaction: Transaction<'static, Any>,
    /// Whose rows are written.
    pub organization: OrganizationId,
    /// Dropped after the transaction: fields go in order.
    _permit: QueuePermit<OrganizationId>,
}

impl DerivedWrite {
    /// For statements in a `store.rs`.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
    /// Keeps what was written.
    ///
    /// # Errors
    /// [`crate::domain::error::AppError::Unavailable`] when it could not be kept: then nothing was.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await.map_err(refused)
    }
}

impl Db {
    /// A write of derived columns of one organization, in line with its changes.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_derived(&self, _proof: &SystemScope, organization: &OrganizationId) -> Result<DerivedWrite> {
        let permit = self.keyed_queue.take(organization).await?;
        let mut transaction = self.begin_write().await?;
        store::lock(&mut transaction, organization).await?;
        Ok(DerivedWrite { transaction, organization: organization.clone(), _permit: permit })
    }
}
