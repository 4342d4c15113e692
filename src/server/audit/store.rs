//! The audit log in the database.

use crate::{
    domain::{
        audit::{AuditFilter, AuditLine, Door, actions_called},
        error::Result,
        ids::{AuditId, OrganizationId},
        time::Time,
    },
    server::db::{Read, error::refused, searched},
};

pub(super) async fn lines(
    read: &mut Read,
    organization: &OrganizationId,
    filter: &AuditFilter,
    most: usize,
) -> Result<Vec<AuditLine>> {
    type Row = (AuditId, Time, String, Door, Option<String>, String, String, Option<String>, Option<String>);
    // The screen shows actions by their names, so they are found by those too.
    let called = format!(",{},", actions_called(&filter.words).join(","));
    let rows: Vec<Row> = sqlx::query_as(
        "select id, at, actor, door, address, action, subject, before_value, after_value from audit_entries
         where organization_id = $1
           and ($2 = '' or replace(lower(actor), $2, '') <> lower(actor)
                or replace(lower(subject), $2, '') <> lower(subject) or replace(action, $2, '') <> action
                or $7 like ('%,' || action || ',%'))
           and action like $3 escape '\\'
           and (at < $4 or (at = $4 and id < $5))
         order by at desc, id desc limit $6",
    )
    .bind(organization.clone())
    .bind(searched(&filter.words))
    .bind(format!("{}%", filter.noun.replace(['%', '_', '\\'], "")))
    .bind(filter.before.as_ref().map_or(i64::MAX, |(at, _)| at.micros()))
    .bind(filter.before.as_ref().map_or_else(String::new, |(_, id)| id.to_string()))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .bind(called)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows
        .into_iter()
        .map(|(id, at, actor, door, address, action, subject, before, after)| AuditLine {
            id,
            at,
            actor,
            door,
            address,
            action,
            subject,
            before,
            after,
        })
        .collect())
}
