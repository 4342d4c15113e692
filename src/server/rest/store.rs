//! Requests that came with a key, in the database.

use super::idempotency::{IdempotencyKey, StoredResponse};
use crate::{
    domain::{error::Result, time::Time},
    server::db::{AccountWrite, error::refused},
};

/// Takes the key for a request; `false` when another request has it. One from before `stale` that never came to
/// an end, or from before `expired`, has it no longer.
pub(super) async fn claim(
    write: &mut AccountWrite,
    claim: &IdempotencyKey,
    stale: Time,
    expired: Time,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into idempotency_keys (owner, idempotency_key, fingerprint, claimed_at, principal) values ($1, $2, $3, $4, $7)
         on conflict (owner, idempotency_key) do update
         set fingerprint = excluded.fingerprint, claimed_at = excluded.claimed_at, status = null, content_type = null,
             location = null, etag = null, body = null, body_bytes = 0
         where (idempotency_keys.status is null and idempotency_keys.claimed_at < $5) or idempotency_keys.claimed_at < $6",
    )
    .bind(claim.owner.clone())
    .bind(claim.key.clone())
    .bind(claim.fingerprint.clone())
    .bind(claim.at)
    .bind(stale)
    .bind(expired)
    .bind(claim.principal.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn find(write: &mut AccountWrite, claim: &IdempotencyKey) -> Result<Option<StoredResponse>> {
    type Row = (String, Option<i64>, Option<String>, Option<String>, Option<String>, Option<String>);
    let row: Option<Row> = sqlx::query_as(
        "select fingerprint, status, content_type, location, etag, body from idempotency_keys
         where owner = $1 and idempotency_key = $2",
    )
    .bind(claim.owner.clone())
    .bind(claim.key.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(fingerprint, status, content_type, location, etag, body)| StoredResponse {
        fingerprint,
        status: status.and_then(|status| u16::try_from(status).ok()),
        content_type,
        location,
        etag,
        body,
    }))
}

/// Keeps the answer to the request that has the key still.
pub(super) async fn keep(write: &mut AccountWrite, claim: &IdempotencyKey, answer: &StoredResponse) -> Result<()> {
    sqlx::query(
        "update idempotency_keys set status = $1, content_type = $2, location = $3, etag = $4, body = $5, body_bytes = $10
         where owner = $6 and idempotency_key = $7 and claimed_at = $8 and fingerprint = $9",
    )
    .bind(answer.status.map(i64::from))
    .bind(answer.content_type.clone())
    .bind(answer.location.clone())
    .bind(answer.etag.clone())
    .bind(answer.body.clone())
    .bind(claim.owner.clone())
    .bind(claim.key.clone())
    .bind(claim.at)
    .bind(claim.fingerprint.clone())
    .bind(answer.body.as_ref().map_or(0, |body| i64::try_from(body.len()).unwrap_or(i64::MAX)))
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Bytes of the answers that are kept for whoever it is.
pub(super) async fn kept_bytes(write: &mut AccountWrite, principal: &str) -> Result<i64> {
    let (bytes,): (i64,) = sqlx::query_as(
        "select cast(coalesce(sum(body_bytes), 0) as bigint) from idempotency_keys where principal = $1",
    )
    .bind(principal.to_owned())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(bytes)
}

/// Forgets all keys of whoever it is but the latest.
pub(super) async fn forget_oldest(write: &mut AccountWrite, principal: &str, most: i64) -> Result<()> {
    sqlx::query(
        "delete from idempotency_keys where principal = $1 and claimed_at <= (
             select claimed_at from idempotency_keys where principal = $1 order by claimed_at desc limit 1 offset $2)",
    )
    .bind(principal.to_owned())
    .bind(most)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Gives the key back.
pub(super) async fn release(write: &mut AccountWrite, claim: &IdempotencyKey) -> Result<()> {
    sqlx::query(
        "delete from idempotency_keys
         where owner = $1 and idempotency_key = $2 and claimed_at = $3 and fingerprint = $4",
    )
    .bind(claim.owner.clone())
    .bind(claim.key.clone())
    .bind(claim.at)
    .bind(claim.fingerprint.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Forgets what is from before `expired`, at most a thousand, [`crate::server::db::SWEEP_ROWS`].
pub(super) async fn forget(write: &mut AccountWrite, expired: Time) -> Result<u64> {
    let done = sqlx::query(
        "delete from idempotency_keys where (owner, idempotency_key) in (
             select owner, idempotency_key from idempotency_keys where claimed_at < $1 limit 1000)",
    )
    .bind(expired)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected())
}
