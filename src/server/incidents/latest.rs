//! What was last said of incidents: for readers who follow them.

mod store;

use super::{messages, store::with_services};
use crate::{
    domain::{error::Result, ids::ServiceId, incident::PublishedIncident},
    server::{access::PublicPage, db::Read},
};

/// Incidents as visitors read them, those first of which something was said last; all of them, or those
/// that say something of one service.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn published(
    page: &PublicPage,
    read: &mut Read,
    service: Option<&ServiceId>,
    most: i64,
) -> Result<Vec<PublishedIncident>> {
    let incidents = store::incidents(read, page.id(), service, most).await?;
    let incidents = with_services(read, page.id(), incidents).await?;
    messages::published(read, page.id(), incidents).await
}
