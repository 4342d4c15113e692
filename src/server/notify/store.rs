//! The queue of mail, in the database.

use super::{Message, limits::Invitation, mail::Mail};
use crate::{
    domain::{
        error::Result,
        ids::{ID_LENGTH, MessageId, OrganizationId, UserId},
        time::Time,
    },
    server::db::error::refused,
};
use sqlx::{Any, AnyConnection};

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

/// Which invitations are counted together.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// Those to a mailbox.
    Mailbox(&'a str),
    /// Those of an organization to a mailbox.
    MailboxAndOrganization(&'a str, &'a OrganizationId),
    /// Those of an organization.
    Organization(&'a OrganizationId),
    /// Those of a person.
    Sender(&'a UserId),
}

/// When the nth newest of the invitations after `since` was mailed, if there are as many.
pub(super) async fn nth_newest_invitation(
    connection: &mut AnyConnection,
    by: By<'_>,
    n: i64,
    since: Time,
) -> Result<Option<Time>> {
    let query = match by {
        By::Mailbox(mailbox) => sqlx::query_as::<Any, (Time,)>(
            "select sent_at from invitation_mails where mailbox = $1
               and sent_at > $2 order by sent_at desc limit 1 offset $3",
        )
        .bind(mailbox.to_owned()),
        By::MailboxAndOrganization(mailbox, organization) => sqlx::query_as::<Any, (Time,)>(
            "select sent_at from invitation_mails where mailbox = $1 and organization_id = $2
               and sent_at > $3 order by sent_at desc limit 1 offset $4",
        )
        .bind(mailbox.to_owned())
        .bind(organization.clone()),
        By::Organization(organization) => sqlx::query_as::<Any, (Time,)>(
            "select sent_at from invitation_mails where organization_id = $1
               and sent_at > $2 order by sent_at desc limit 1 offset $3",
        )
        .bind(organization.clone()),
        By::Sender(sender) => sqlx::query_as::<Any, (Time,)>(
            "select sent_at from invitation_mails where sender_id = $1
               and sent_at > $2 order by sent_at desc limit 1 offset $3",
        )
        .bind(sender.clone()),
    };
    let row = query.bind(since).bind(n - 1).fetch_optional(connection).await.map_err(refused)?;
    Ok(row.map(|(at,)| at))
}

pub(super) async fn insert_invitation_mail(
    connection: &mut AnyConnection,
    id: [u8; ID_LENGTH],
    mailbox: &str,
    invitation: &Invitation<'_>,
    at: Time,
) -> Result<()> {
    sqlx::query(
        "insert into invitation_mails (id, mailbox, organization_id, sender_id, sent_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(MessageId::from_random(id))
    .bind(mailbox.to_owned())
    .bind(invitation.organization.clone())
    .bind(invitation.sender.cloned())
    .bind(at)
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// At most a thousand; the next sweep goes on.
pub(super) async fn delete_invitation_mails(connection: &mut AnyConnection, before: Time) -> Result<()> {
    sqlx::query(
        "delete from invitation_mails where id in (select id from invitation_mails where sent_at < $1 limit 1000)",
    )
    .bind(before)
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// For how long deliveries count against an organization's turn, in seconds.
const TURN_SECONDS: i64 = 600;

/// Takes messages that are due. Mail about accounts goes first, then organizations take turns: the nth
/// message of one counts as many places behind as deliveries of it were attempted in the last minutes, so that
/// an organization with hundreds does not delay another's.
///
/// The next attempt (after 1 minute, 5, 30, 2 hours, 12 hours) is set before this one begins: whoever stops in
/// between, and whoever else looks, leaves it alone till then. The second condition is for PostgreSQL, where
/// somebody else may have claimed the row while this statement waited for it.
pub(super) async fn claim(connection: &mut AnyConnection, now: Time, most: i64) -> Result<Vec<Message>> {
    let rows: Vec<(MessageId, String, String, String, String, i64)> = sqlx::query_as(
        "update messages
         set attempts = attempts + 1, attempted_at = $1,
             next_attempt_at = $1 + case attempts
                 when 0 then 60000000 when 1 then 300000000 when 2 then 1800000000 when 3 then 7200000000
                 else 43200000000 end
         where id in (
               select due.id
               from (select id, organization_id, next_attempt_at,
                            row_number() over (partition by organization_id order by next_attempt_at, id) as nth
                     from messages where next_attempt_at <= $1) due
               left join (select organization_id, count(*) as deliveries from messages
                          where attempted_at > $2 group by organization_id) lately
                 on lately.organization_id = due.organization_id
               order by case when due.organization_id is null then 0 else 1 end,
                        due.nth + coalesce(lately.deliveries, 0), due.next_attempt_at, due.id
               limit $3)
           and next_attempt_at <= $1
         returning id, recipient, subject, text_body, html_body, attempts",
    )
    .bind(now)
    .bind(now.plus_seconds(-TURN_SECONDS))
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
