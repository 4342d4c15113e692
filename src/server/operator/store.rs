//! What the operator looks at, in the database.

use super::{OrganizationRow, UserRow};
use crate::{
    domain::{
        error::Result,
        ids::{OrganizationId, UserId},
        role::Role,
        time::Time,
    },
    server::db::{Read, Write, error::refused},
};

pub(super) async fn organizations(read: &mut Read) -> Result<Vec<OrganizationRow>> {
    type Row = (OrganizationId, String, String, i64, i64, Time, Option<Time>);
    let rows: Vec<Row> = sqlx::query_as(
        "select o.id, o.slug, o.name,
                (select count(*) from members m where m.organization_id = o.id),
                (select count(*) from services s where s.organization_id = o.id and s.deleted_at is null),
                o.created_at, o.suspended_at
         from organizations o where o.deleting_at is null order by o.slug",
    )
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows
        .into_iter()
        .map(|(id, slug, name, members, services, created_at, suspended_at)| OrganizationRow {
            id,
            slug,
            name,
            members,
            services,
            created_at,
            suspended_at,
        })
        .collect())
}

pub(super) async fn owners(read: &mut Read, organization: &OrganizationId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "select u.email from members m join users u on u.id = m.user_id
         where m.organization_id = $1 and m.role = $2 order by u.email_key",
    )
    .bind(organization.clone())
    .bind(Role::Owner)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

pub(super) async fn set_suspended(write: &mut Write, suspended: bool) -> Result<()> {
    sqlx::query("update organizations set suspended_at = $1 where id = $2")
        .bind(suspended.then_some(write.at))
        .bind(write.organization.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn users(read: &mut Read) -> Result<Vec<UserRow>> {
    type Row = (UserId, String, String, Option<Time>, Option<Time>, i64, Time);
    let rows: Vec<Row> = sqlx::query_as(
        "select u.id, u.email, u.name, u.email_verified_at, u.withdrawn_verification_at,
                (select count(*) from members m where m.user_id = u.id), u.created_at
         from users u order by u.email_key",
    )
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows
        .into_iter()
        .map(|(id, email, name, verified, withdrawn, organizations, created_at)| UserRow {
            id,
            email,
            name,
            verified: verified.is_some(),
            verification_withdrawn: verified.is_none() && withdrawn.is_some(),
            organizations,
            created_at,
        })
        .collect())
}

pub(super) async fn withdrawn_verifications(read: &mut Read) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as(
        "select count(*) from users where withdrawn_verification_at is not null and email_verified_at is null",
    )
    .fetch_one(read.connection())
    .await
    .map_err(refused)?;
    Ok(count)
}
