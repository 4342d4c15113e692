//! Incidents of every listed organization, as the directory shows them.

mod store;

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId},
        incident::IncidentStatus,
        status::Impact,
        time::Time,
    },
    server::{App, access::SystemScope, clock, db::Read},
};
use std::collections::HashMap;

/// Incidents that were over longer ago are left out, in seconds: 15 days.
const PAST: i64 = 15 * 86_400;

/// An incident in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedIncident {
    /// The slug of its organization.
    pub slug: String,
    /// The name of its organization.
    pub organization: String,
    /// Permanent.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// How far it has come.
    pub status: IncidentStatus,
    /// How much it matters.
    pub impact: Impact,
    /// When it began.
    pub started_at: Time,
    /// When it was over.
    pub resolved_at: Option<Time>,
}

/// Incidents of the organizations that are listed, or of the one of this slug: those that are open,
/// then those that began and were over lately, each latest first.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn listed(app: &App, organization: Option<&str>, most: i64) -> Result<Vec<ListedIncident>> {
    let mut read = app.db.read(&SystemScope::job("directory")).await?;
    let slug = organization.unwrap_or_default();
    let mut listed = store::open(&mut read, slug, most).await?;
    let left = most - i64::try_from(listed.len()).unwrap_or(most);
    if left > 0 {
        listed.extend(store::past(&mut read, slug, clock::now().plus_seconds(-PAST), left).await?);
    }
    Ok(listed)
}

/// The impacts of open incidents that are not yet monitored, by organization.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn open_impacts(
    read: &mut Read,
    organizations: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Vec<Impact>>> {
    store::open_impacts(read, organizations).await
}

/// When the first incident of an organization began.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn first(read: &mut Read, organization: &OrganizationId) -> Result<Option<Time>> {
    store::first(read, organization).await
}
