//! What an organization leaves behind, in the database.

use crate::{
    domain::{error::Result, ids::OrganizationId},
    server::db::{AccountWrite, Read, Write, error::refused},
};

/// Deletes some rows of `$1`, at most `$2`, of each table that may hold many; those that refer to others come first.
/// Where a table has no index on its organization, rows are found by what they refer to.
pub(super) const LARGE: &[&str] = &[
    "delete from status_history where id in (select id from status_history where organization_id = $1 limit $2)",
    "delete from status_claims where id in (
         select c.id from services s cross join status_claims c
         where c.service_id = s.id and s.organization_id = $1 limit $2)",
    "delete from incident_update_services where (update_id, service_id) in (
         select i.update_id, i.service_id from services s cross join incident_update_services i
         where i.service_id = s.id and s.organization_id = $1 limit $2)",
    "delete from incident_services where (incident_id, service_id) in (
         select i.incident_id, i.service_id from services s cross join incident_services i
         where i.service_id = s.id and s.organization_id = $1 limit $2)",
    "delete from maintenance_services where (maintenance_id, service_id) in (
         select m.maintenance_id, m.service_id from services s cross join maintenance_services m
         where m.service_id = s.id and s.organization_id = $1 limit $2)",
    "delete from incident_updates where id in (
         select u.id from incidents i cross join incident_updates u
         where u.incident_id = i.id and i.organization_id = $1 limit $2)",
    "delete from maintenance_updates where id in (
         select u.id from maintenances m cross join maintenance_updates u
         where u.maintenance_id = m.id and m.organization_id = $1 limit $2)",
    "delete from audit_entries where id in (select id from audit_entries where organization_id = $1 limit $2)",
    "delete from incidents where id in (select id from incidents where organization_id = $1 limit $2)",
    "delete from maintenances where id in (select id from maintenances where organization_id = $1 limit $2)",
    "delete from services where id in (select id from services where organization_id = $1 limit $2)",
];

/// How many rows the organization has in its large tables; of each so many are counted at most.
pub(super) async fn rows(write: &mut Write, most: i64) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as(
        "select (select count(*) from (select 1 from status_history where organization_id = $1 limit $2) as h)
              + (select count(*) from (select 1 from audit_entries where organization_id = $1 limit $2) as a)
              + (select count(*) from (
                     select 1 from services s cross join incident_update_services i
                     where i.service_id = s.id and s.organization_id = $1 limit $2) as i)
              + (select count(*) from (
                     select 1 from services s cross join maintenance_services m
                     where m.service_id = s.id and s.organization_id = $1 limit $2) as m)",
    )
    .bind(write.organization.clone())
    .bind(most)
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(count)
}

/// Takes an organization away from everybody, and frees its names. No slug begins with a hyphen, so that nobody can
/// have the one that it gets.
pub(super) async fn hide(write: &mut Write) -> Result<()> {
    sqlx::query(
        "update organizations set deleting_at = $1, suspended_at = coalesce(suspended_at, $1), listed_at = null,
                slug = '-' || id, host = null
         where id = $2",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    for statement in [
        "delete from former_slugs where organization_id = $1",
        "delete from api_tokens where organization_id = $1",
        "delete from invitations where organization_id = $1",
        "delete from members where organization_id = $1",
    ] {
        sqlx::query(statement).bind(write.organization.clone()).execute(write.connection()).await.map_err(refused)?;
    }
    Ok(())
}

/// Organizations whose deletion goes on.
pub(super) async fn hidden(read: &mut Read) -> Result<Vec<OrganizationId>> {
    let rows: Vec<(OrganizationId,)> = sqlx::query_as("select id from organizations where deleting_at is not null")
        .fetch_all(read.connection())
        .await
        .map_err(refused)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Runs one of the statements of [`LARGE`]; how many rows it deleted.
pub(super) async fn delete_some(
    write: &mut AccountWrite,
    id: &OrganizationId,
    statement: &'static str,
    most: i64,
) -> Result<u64> {
    let done = sqlx::query(statement).bind(id.clone()).bind(most).execute(write.connection()).await.map_err(refused)?;
    Ok(done.rows_affected())
}
