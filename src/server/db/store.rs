//! The statements that belong to every change.

use super::{Actor, AuditEntry, Plain, Write, bulk, error::refused, random_id};
use crate::domain::{
    error::{AppError, Result},
    ids::{AuditId, OrganizationId, UserId},
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

/// An update that changes nothing: the one row lock that both engines know.
pub(super) async fn lock_user(connection: &mut AnyConnection, user: &UserId) -> Result<()> {
    let done = sqlx::query("update users set updated_at = updated_at where id = $1")
        .bind(user.clone())
        .execute(connection)
        .await
        .map_err(refused)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(AppError::Unauthenticated) }
}

/// For [`super::bulk`].
pub(super) async fn execute_bulk(write: &mut Write, statement: SqlStr, rows: String) -> Result<u64> {
    let organization = write.organization.clone();
    let query = sqlx::query::<Any>(statement).bind(organization).bind(rows);
    Ok(query.execute(write.connection()).await.map_err(refused)?.rows_affected())
}

/// For [`super::bulk`].
pub(super) async fn fetch_bulk<R>(write: &mut Write, statement: SqlStr, rows: String) -> Result<Vec<R>>
where
    R: Send + Unpin + for<'r> FromRow<'r, AnyRow>,
{
    let organization = write.organization.clone();
    let query = sqlx::query_as::<Any, R>(statement).bind(organization).bind(rows);
    query.fetch_all(write.connection()).await.map_err(refused)
}

/// Takes the lock of an organization that every change takes, without changing it.
pub(super) async fn lock(connection: &mut AnyConnection, organization: &OrganizationId) -> Result<()> {
    sqlx::query("update organizations set version = version where id = $1")
        .bind(organization.clone())
        .execute(connection)
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn insert_audit(write: &mut Write, entries: &[AuditEntry]) -> Result<()> {
    let (at, actor) = (write.at.micros(), write.actor.clone());
    let rows = entries.iter().map(|entry| {
        let AuditEntry { action, subject_id, subject, before, after } = entry;
        let id = AuditId::from_random(random_id());
        let Actor { user_id, name, door, address } = &actor;
        (id, at, user_id, name, door, address, action, subject_id, subject, before, after)
    });
    let rows: Vec<_> = rows.collect();
    bulk::execute(
        write,
        "insert into audit_entries (id, organization_id, at, user_id, actor, door, address, action, subject_id, subject, before_value, after_value)
         select given.value ->> 0, $1, cast(given.value ->> 1 as bigint), given.value ->> 2, given.value ->> 3, given.value ->> 4,
                given.value ->> 5, given.value ->> 6, given.value ->> 7, given.value ->> 8, given.value ->> 9, given.value ->> 10
         from $rows",
        &rows,
    )
    .await?;
    Ok(())
}
