//! Incidents that belong together.

mod store;

use super::incident_to_change;
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{IncidentId, OrganizationId},
        incident::IncidentStatus,
        live::Topic,
        role::allowed,
    },
    server::{
        access::Scope,
        db::{AuditEntry, Read},
    },
};

/// Says that two incidents belong together, or no more.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Invalid`] for an incident and itself.
pub async fn set(
    scope: Scope<allowed::ReportIncidents>,
    id: IncidentId,
    other: IncidentId,
    together: bool,
) -> Result<()> {
    if id == other {
        return Err(AppError::field("other", "Choose a different incident."));
    }
    let mut write = scope.write().await?;
    let head = incident_to_change(&mut write, &id).await?;
    let there = incident_to_change(&mut write, &other).await?;
    let (first, second) = if id < other { (&id, &other) } else { (&other, &id) };
    if !store::set(&mut write, first, second, together).await? {
        return Ok(());
    }
    let action = if together { "incident.linked" } else { "incident.unlinked" };
    write.audit(AuditEntry::new(action, &id, head.title).values(None, Some(there.title)));
    write.commit(&[Topic::Incidents]).await
}

/// The incidents that belong together with one: id, title, status, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn of(
    read: &mut Read,
    organization: &OrganizationId,
    id: &IncidentId,
) -> Result<Vec<(IncidentId, String, IncidentStatus)>> {
    store::of(read, organization, id).await
}
