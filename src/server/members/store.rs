//! Members in the database.

use crate::{
    domain::{
        error::Result,
        ids::{OrganizationId, UserId},
        member::Member,
        role::Role,
        time::Time,
    },
    server::db::{Read, Write, error::refused},
};

pub(super) async fn members(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Member>> {
    let rows: Vec<(UserId, String, String, Role, Time)> = sqlx::query_as(
        "select u.id, u.name, u.email, m.role, m.created_at
         from members m join users u on u.id = m.user_id
         where m.organization_id = $1 order by lower(u.name), u.id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows
        .into_iter()
        .map(|(user_id, name, email, role, joined_at)| Member {
            user_id,
            name,
            email,
            role,
            teams: Vec::new(),
            joined_at,
        })
        .collect())
}

/// Name and role.
pub(super) async fn member(write: &mut Write, user: &UserId) -> Result<Option<(String, Role)>> {
    sqlx::query_as(
        "select u.name, m.role from members m join users u on u.id = m.user_id
         where m.organization_id = $1 and m.user_id = $2",
    )
    .bind(write.organization.clone())
    .bind(user.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)
}

pub(super) async fn count_owners(write: &mut Write) -> Result<usize> {
    let (count,): (i64,) = sqlx::query_as("select count(*) from members where organization_id = $1 and role = $2")
        .bind(write.organization.clone())
        .bind(Role::Owner)
        .fetch_one(write.connection())
        .await
        .map_err(refused)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub(super) async fn has_address(write: &mut Write, email_key: &str) -> Result<bool> {
    let row: Option<(UserId,)> = sqlx::query_as(
        "select u.id from members m join users u on u.id = m.user_id
         where m.organization_id = $1 and u.email_key = $2",
    )
    .bind(write.organization.clone())
    .bind(email_key.to_owned())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.is_some())
}

pub(super) async fn insert(write: &mut Write, user: &UserId, role: Role) -> Result<()> {
    // On PostgreSQL: who is being deleted becomes no owner meanwhile.
    sqlx::query("update users set updated_at = updated_at where id = $1")
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    sqlx::query("insert into members (organization_id, user_id, role, created_at) values ($1, $2, $3, $4)")
        .bind(write.organization.clone())
        .bind(user.clone())
        .bind(role)
        .bind(write.at)
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn set_role(write: &mut Write, user: &UserId, role: Role) -> Result<()> {
    sqlx::query("update members set role = $1 where organization_id = $2 and user_id = $3")
        .bind(role)
        .bind(write.organization.clone())
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Roles in teams go with it.
pub(super) async fn delete(write: &mut Write, user: &UserId) -> Result<()> {
    sqlx::query("delete from members where organization_id = $1 and user_id = $2")
        .bind(write.organization.clone())
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}
