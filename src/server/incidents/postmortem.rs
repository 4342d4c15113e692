//! What was learned from an incident: a draft, then for everybody.

use super::{TOPICS, incident_to_change, store};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::IncidentId,
        incident::body,
        role::allowed,
        time::Time,
    },
    server::{
        access::Scope,
        db::{AuditEntry, Write},
        markdown::{self, Rendered, Source},
    },
};

/// Keeps a postmortem; published, everybody reads it. An empty one goes away.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Invalid`]; [`AppError::Conflict`] to
/// publish while the incident is open.
pub async fn save(scope: Scope<allowed::ReportIncidents>, id: IncidentId, text: String, published: bool) -> Result<()> {
    let text = body(&text).map_err(|message| AppError::field("body", message))?;
    let rendered = markdown::render_typed(&text).await?;
    let mut write = scope.write().await?;
    let head = incident_to_change(&mut write, &id).await?;
    if published && head.resolved_at.is_none() {
        return Err(AppError::Conflict("Resolve the incident before you publish a postmortem.".to_owned()));
    }
    if published && text.is_empty() {
        return Err(AppError::field("body", "Write something before you publish."));
    }
    store::set_postmortem(&mut write, &id, &text, &rendered, published).await?;
    let action = if published { "incident.postmortem_published" } else { "incident.postmortem_saved" };
    write.audit(AuditEntry::new(action, &id, head.title));
    write.commit(TOPICS).await
}

/// Keeps a postmortem within a write: the part that doors share. Its HTML is left to the job.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn set(write: &mut Write, id: &IncidentId, text: &str, published: bool) -> Result<()> {
    store::set_postmortem(write, id, text, &Rendered::default(), published).await
}

/// Publishes the postmortem of an imported incident, as its file says it; whether that is new.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn import(write: &mut Write, source_id: &str, html: &str, at: Time) -> Result<bool> {
    let Some(id) = store::by_source(write, source_id).await? else { return Ok(false) };
    let rendered = markdown::render(Source::Html(html.to_owned())).await?;
    store::import_postmortem(write, &id, &rendered, at).await
}
