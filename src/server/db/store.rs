//! The statements that belong to every change.

use super::{AuditEntry, Plain, Write, error::refused, random_id};
use crate::domain::{
    error::{AppError, Result},
    ids::{AuditId, OrganizationId},
    time::Time,
};
use sqlx::{Any, AnyConnection, AnyPool, FromRow, SqlStr, any::AnyRow};

pub(super) async fn ping(pool: &AnyPool) -> Result<()> {
    let mut connection: Plain = pool.acquire().await.map_err(refused)?;
    sqlx::query("select 1").execute(&mut *connection).await.map_err(refused)?;
    Ok(())
}

pub(super) async fn changed_since(pool: &AnyPool, then: Time) -> Result<Vec<(OrganizationId, i64)>> {
    sqlx::query_as(
        "select id, version from organizations where changed_at >= $1
         union all select id, version from organization_events where at >= $1",
    )
    .bind(then)
    .fetch_all(pool)
    .await
    .map_err(refused)
}

/// Of a deletion or an import.
pub(super) async fn insert_event(write: &mut Write) -> Result<()> {
    let (organization, version, at) = (write.organization.clone(), write.version, write.at);
    sqlx::query(
        "insert into organization_events (id, version, at) values ($1, $2, $3)
         on conflict (id) do update set version = excluded.version, at = excluded.at",
    )
    .bind(organization)
    .bind(version)
    .bind(at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// For [`super::lists`].
pub(super) async fn rows<R>(connection: &mut AnyConnection, statement: SqlStr, values: Vec<String>) -> Result<Vec<R>>
where
    R: Send + Unpin + for<'r> FromRow<'r, AnyRow>,
{
    let mut query = sqlx::query_as::<Any, R>(statement);
    for value in values {
        query = query.bind(value);
    }
    query.fetch_all(connection).await.map_err(refused)
}

/// The new version, and the moment of the change: `now`, or just after the change before when that
/// is later (it waited for the lock, or the clock was set back).
pub(super) async fn raise_version(
    connection: &mut AnyConnection,
    organization: &OrganizationId,
    now: Time,
) -> Result<(i64, Time)> {
    let raised: Option<(i64, Time)> = sqlx::query_as(
        "update organizations set version = version + 1, changed_at = case when changed_at >= $1 then changed_at + 1 else $1 end
         where id = $2 returning version, changed_at",
    )
    .bind(now)
    .bind(organization.clone())
    .fetch_optional(connection)
    .await
    .map_err(refused)?;
    raised.ok_or_else(|| AppError::NotFound("organization".to_owned()))
}

pub(super) async fn insert_audit(write: &mut Write, entry: AuditEntry) -> Result<()> {
    let (organization, at, actor) = (write.organization.clone(), write.at, write.actor.clone());
    sqlx::query(
        "insert into audit_entries (id, organization_id, at, user_id, actor, door, address, action, subject_id, subject, before_value, after_value)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(AuditId::from_random(random_id()))
    .bind(organization)
    .bind(at)
    .bind(actor.user_id)
    .bind(actor.name)
    .bind(actor.door)
    .bind(actor.address)
    .bind(entry.action)
    .bind(entry.subject_id)
    .bind(entry.subject)
    .bind(entry.before)
    .bind(entry.after)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}
