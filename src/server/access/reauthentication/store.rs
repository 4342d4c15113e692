//! What a person can prove a session with, and the links that were mailed for it.

use crate::{
    domain::{error::Result, ids::UserId, time::Time},
    server::db::{AccountWrite, Read, error::refused},
};

/// What somebody can prove to be themselves with.
pub(super) struct Credentials {
    pub name: String,
    pub email: String,
    pub email_key: String,
    pub verified: bool,
    /// Of a password that has not expired.
    pub password_hash: Option<String>,
    /// Whether the account is linked to a person at the provider.
    pub has_identity: bool,
}

pub(super) async fn credentials(
    read: &mut Read,
    user: &UserId,
    issuer: &str,
    now: Time,
) -> Result<Option<Credentials>> {
    type Row = (String, String, String, Option<Time>, Option<String>, i64);
    let row: Option<Row> = sqlx::query_as(
        "select name, email, email_key, email_verified_at,
                case when password_expires_at <= $3 then null else password_hash end,
                (select count(*) from oidc_identities i where i.user_id = users.id and i.issuer = $2)
         from users where id = $1",
    )
    .bind(user.clone())
    .bind(issuer.to_owned())
    .bind(now)
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(name, email, email_key, verified_at, password_hash, identities)| Credentials {
        name,
        email,
        email_key,
        verified: verified_at.is_some(),
        password_hash,
        has_identity: identities > 0,
    }))
}

/// A link as it is kept.
pub(super) struct NewLink<'a> {
    pub token_hash: String,
    pub user: &'a UserId,
    pub session_hash: &'a str,
    pub email_key: &'a str,
    pub at: Time,
    pub expires_at: Time,
}

pub(super) async fn insert_link(write: &mut AccountWrite, link: NewLink<'_>) -> Result<()> {
    sqlx::query(
        "insert into confirmation_links (token_hash, user_id, session_hash, email_key, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(link.token_hash)
    .bind(link.user.clone())
    .bind(link.session_hash.to_owned())
    .bind(link.email_key.to_owned())
    .bind(link.at)
    .bind(link.expires_at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Whether this session of the person has such a link, sent to the address that the account still has.
pub(super) async fn has_link(
    read: &mut Read,
    token_hash: &str,
    user: &UserId,
    session_hash: &str,
    now: Time,
) -> Result<bool> {
    let row: Option<(String,)> = sqlx::query_as(
        "select token_hash from confirmation_links
         where token_hash = $1 and user_id = $2 and session_hash = $3 and expires_at > $4
           and email_key = (select email_key from users where id = $2)",
    )
    .bind(token_hash.to_owned())
    .bind(user.clone())
    .bind(session_hash.to_owned())
    .bind(now)
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.is_some())
}

/// Uses a link up, as [`has_link`] finds it; `false` when there is none.
pub(super) async fn take_link(
    write: &mut AccountWrite,
    token_hash: &str,
    user: &UserId,
    session_hash: &str,
    now: Time,
) -> Result<bool> {
    let done = sqlx::query(
        "delete from confirmation_links
         where token_hash = $1 and user_id = $2 and session_hash = $3 and expires_at > $4
           and email_key = (select email_key from users where id = $2)",
    )
    .bind(token_hash.to_owned())
    .bind(user.clone())
    .bind(session_hash.to_owned())
    .bind(now)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// At most a thousand, [`crate::server::db::SWEEP_ROWS`].
pub(super) async fn delete_ended_links(write: &mut AccountWrite, now: Time) -> Result<u64> {
    let done = sqlx::query(
        "delete from confirmation_links where token_hash in (
             select token_hash from confirmation_links where expires_at <= $1 limit 1000)",
    )
    .bind(now)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected())
}
