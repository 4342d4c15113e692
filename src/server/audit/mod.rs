//! Reading the audit log. It is written by every commit (`server/db`), and by nothing else.

mod store;

use super::{access::Scope, csv::cell, exports};
use crate::domain::{
    audit::{AuditFilter, AuditLine, AuditPage},
    error::Result,
    role::allowed,
};
use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};

/// Lines on one page of the screen.
const PAGE: usize = 100;
/// Lines of an export.
const EXPORT: usize = 50_000;
/// Lines of an export that are read at once.
const PART: usize = 500;

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
    store::lines(&mut scope.read_list(&filter.words).await?, scope.id(), &filter, most + 1).await
}

/// The log as CSV, newest first. It is read while it is sent, page by page.
///
/// # Errors
/// [`AppError::Unavailable`](crate::domain::error::AppError::Unavailable) when the database does not answer;
/// [`AppError::Busy`](crate::domain::error::AppError::Busy) when others export already.
pub async fn csv(scope: Scope<allowed::EditOrganization>, filter: AuditFilter) -> Result<Body> {
    let permit = scope.app().exports.begin(&scope.principal()).await?;
    let (first, next) = part(&scope, filter, EXPORT).await?;
    let head = "time,who,how,address,action,what,before,after\r\n".to_owned();
    let rest = stream::try_unfold(next, move |next| {
        let scope = scope.clone();
        async move {
            let Some((filter, left)) = next else { return Ok(None) };
            part(&scope, filter, left).await.map(Some)
        }
    });
    let parts = stream::iter([Ok(head + &first)]).chain(rest);
    Ok(exports::body(permit, parts.map(|part| part.map(Bytes::from))))
}

/// The next lines of an export, and what to go on with.
async fn part(
    scope: &Scope<allowed::EditOrganization>,
    filter: AuditFilter,
    left: usize,
) -> Result<(String, Option<(AuditFilter, usize)>)> {
    let lines = store::lines(&mut scope.read_long().await?, scope.id(), &filter, left.min(PART)).await?;
    let left = left - lines.len();
    let next = match lines.last() {
        Some(last) if left > 0 && lines.len() == PART => {
            Some((AuditFilter { before: Some((last.at, last.id.clone())), ..filter }, left))
        }
        _ => None,
    };
    Ok((table(lines), next))
}

fn table(lines: Vec<AuditLine>) -> String {
    let mut text = String::new();
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
    text
}
