//! What was written about incidents, updates and postmortems: read at once for all that are told of.

mod store;

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId},
        incident::{Incident, IncidentUpdate, Postmortem, PublishedIncident},
    },
    server::db::{Read, Write},
};
use std::slice;

/// These incidents as visitors read them, in their order.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub(super) async fn published(
    read: &mut Read,
    organization: &OrganizationId,
    incidents: Vec<Incident>,
) -> Result<Vec<PublishedIncident>> {
    let ids: Vec<IncidentId> = incidents.iter().map(|incident| incident.id.clone()).collect();
    let mut updates = store::updates(read, organization, &ids).await?;
    let mut postmortems = store::postmortems(read, organization, &ids).await?;
    let told = |incident: Incident| {
        let updates = updates.remove(&incident.id).unwrap_or_default();
        let postmortem = postmortems.remove(&incident.id).filter(|postmortem| postmortem.published_at.is_some());
        PublishedIncident { incident, updates, postmortem }
    };
    Ok(incidents.into_iter().map(told).collect())
}

/// How long the messages of an incident's updates are together, in bytes.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub(super) async fn length(write: &mut Write, id: &IncidentId) -> Result<usize> {
    store::length(write, id).await
}

/// The updates of one, newest first, and its postmortem, also when it is a draft.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub(super) async fn of(
    read: &mut Read,
    organization: &OrganizationId,
    id: &IncidentId,
) -> Result<(Vec<IncidentUpdate>, Option<Postmortem>)> {
    let updates = store::updates(read, organization, slice::from_ref(id)).await?.remove(id).unwrap_or_default();
    let postmortem = store::postmortems(read, organization, slice::from_ref(id)).await?.remove(id);
    Ok((updates, postmortem))
}
