//! The queue of mail, in the database.

use super::{Message, mail::Mail};
use crate::{
    domain::{
        error::Result,
        ids::{MessageId, OrganizationId},
        time::Time,
    },
    server::db::error::refused,
};
use sqlx::AnyConnection;

pub(super) async fn insert(
    connection: &mut AnyConnection,
    id: MessageId,
    organization: Option<&OrganizationId>,
    mail: Mail,
    at: Time,
) -> Result<()> {
    sqlx::query(
        "insert into messages (id, organization_id, recipient, subject, text_body, html_body, created_at, next_attempt_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
    )
    .bind(id)
    .bind(organization.cloned())
    .bind(mail.recipient)
    .bind(mail.subject)
    .bind(mail.text)
    .bind(mail.html)
    .bind(at)
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// Takes messages that are due. The next attempt (after 1 minute, 5, 30, 2 hours, 12 hours) is set
/// before this one begins: whoever stops in between, and whoever else looks, leaves it alone till
/// then. The second condition is for PostgreSQL, where somebody else may have claimed the row
/// while this statement waited for it.
pub(super) async fn claim(connection: &mut AnyConnection, now: Time, most: i64) -> Result<Vec<Message>> {
    let rows: Vec<(MessageId, String, String, String, String, i64)> = sqlx::query_as(
        "update messages
         set attempts = attempts + 1,
             next_attempt_at = $1 + case attempts
                 when 0 then 60000000 when 1 then 300000000 when 2 then 1800000000 when 3 then 7200000000
                 else 43200000000 end
         where id in (select id from messages where next_attempt_at <= $1 order by next_attempt_at, id limit $2)
           and next_attempt_at <= $1
         returning id, recipient, subject, text_body, html_body, attempts",
    )
    .bind(now)
    .bind(most)
    .fetch_all(connection)
    .await
    .map_err(refused)?;
    let message = |(id, recipient, subject, text, html, attempts)| Message {
        id,
        mail: Mail { recipient, subject, text, html },
        attempts,
    };
    Ok(rows.into_iter().map(message).collect())
}

/// Links in a message that has left are nobody's business any more.
pub(super) async fn sent(connection: &mut AnyConnection, id: &MessageId, at: Time) -> Result<()> {
    sqlx::query(
        "update messages set sent_at = $1, next_attempt_at = null, last_error = null, text_body = '', html_body = ''
         where id = $2",
    )
    .bind(at)
    .bind(id.clone())
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn failed(connection: &mut AnyConnection, id: &MessageId, error: String) -> Result<()> {
    sqlx::query("update messages set last_error = $1 where id = $2")
        .bind(error)
        .bind(id.clone())
        .execute(connection)
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn given_up(connection: &mut AnyConnection, id: &MessageId, error: String) -> Result<()> {
    sqlx::query(
        "update messages set next_attempt_at = null, last_error = $1, text_body = '', html_body = '' where id = $2",
    )
    .bind(error)
    .bind(id.clone())
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// At most a thousand, [`crate::server::db::SWEEP_ROWS`].
pub(super) async fn delete_ended(connection: &mut AnyConnection, before: Time) -> Result<u64> {
    let done = sqlx::query(
        "delete from messages where id in (
             select id from messages where next_attempt_at is null and created_at < $1 limit 1000)",
    )
    .bind(before)
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(done.rows_affected())
}
