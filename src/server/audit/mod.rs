//! Reading the audit log. It is written by every commit (`server/db`), and by nothing else.

mod store;

use super::{access::Scope, csv::cell};
use crate::domain::{
    audit::{AuditFilter, AuditLine, AuditPage},
    error::Result,
    role::allowed,
};

/// Lines on one page of the screen.
const PAGE: usize = 100;
/// Lines of an export.
const EXPORT: usize = 50_000;

/// A page of the log, newest first.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn list(scope: Scope<allowed::EditOrganization>, filter: AuditFilter) -> Result<AuditPage> {
    let mut lines = page(scope, filter, PAGE).await?;
    let more = lines.len() > PAGE;
    lines.truncate(PAGE);
    Ok(AuditPage { lines, more })
}

/// So many lines, newest first, and one more when there is one.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn page(scope: Scope<allowed::EditOrganization>, filter: AuditFilter, most: usize) -> Result<Vec<AuditLine>> {
    store::lines(&mut scope.read().await?, scope.id(), &filter, most + 1).await
}

/// The log as CSV, newest first.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn csv(scope: Scope<allowed::EditOrganization>, filter: AuditFilter) -> Result<String> {
    let lines = store::lines(&mut scope.read().await?, scope.id(), &filter, EXPORT).await?;
    let mut text = "time,who,how,address,action,what,before,after\r\n".to_owned();
    for line in lines {
        let AuditLine { at, actor, door, address, action, subject, before, after, .. } = line;
        let fields = [
            at.rfc3339(),
            actor,
            door.as_str().to_owned(),
            address.unwrap_or_default(),
            action,
            subject,
            before.unwrap_or_default(),
            after.unwrap_or_default(),
        ];
        text.push_str(&fields.map(|field| cell(&field)).join(","));
        text.push_str("\r\n");
    }
    Ok(text)
}
