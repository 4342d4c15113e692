//! Incidents that belong together.

use super::{incident_to_change, store};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::IncidentId,
        live::Topic,
        role::allowed,
    },
    server::{access::Scope, db::AuditEntry},
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
        return Err(AppError::field("other", "Choose another incident."));
    }
    let mut write = scope.write().await?;
    let head = incident_to_change(&mut write, &id).await?;
    let there = store::head(&mut write, &other).await?.ok_or_else(super::no_incident)?;
    let (first, second) = if id < other { (&id, &other) } else { (&other, &id) };
    if !store::set_link(&mut write, first, second, together).await? {
        return Ok(());
    }
    let action = if together { "incident.linked" } else { "incident.unlinked" };
    write.audit(AuditEntry::new(action, &id, head.title).values(None, Some(there.title)));
    write.commit(&[Topic::Incidents]).await
}
