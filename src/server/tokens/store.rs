//! API tokens in the database.

use crate::{
    domain::{
        error::Result,
        ids::{OrganizationId, TokenId, UserId},
        role::Role,
        time::Time,
        token::{ApiToken, CheckedToken},
    },
    server::{
        access::User,
        db::{AccountWrite, Read, Write, error::refused},
    },
};
use sqlx::AnyConnection;

type Row = (TokenId, String, Role, String, String, Option<UserId>, Time, Option<Time>, Option<Time>);

fn token((id, name, role, ending, created_by, created_by_id, created_at, expires_at, last_used_at): Row) -> ApiToken {
    ApiToken { id, name, role, ending, created_by, created_by_id, created_at, expires_at, last_used_at }
}

pub(super) async fn of_organization(read: &mut Read, organization: &OrganizationId) -> Result<Vec<ApiToken>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, name, role, ending, created_by, created_by_id, created_at, expires_at, last_used_at
         from api_tokens where organization_id = $1 order by created_at desc, id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(token).collect())
}

/// Those of the organization that this person made, newest first.
pub(super) async fn made_by(
    connection: &mut AnyConnection,
    organization: &OrganizationId,
    user: &UserId,
) -> Result<Vec<ApiToken>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, name, role, ending, created_by, created_by_id, created_at, expires_at, last_used_at
         from api_tokens where organization_id = $1 and created_by_id = $2 order by created_at desc, id",
    )
    .bind(organization.clone())
    .bind(user.clone())
    .fetch_all(connection)
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(token).collect())
}

pub(super) async fn of_person(read: &mut Read, user: &UserId) -> Result<Vec<ApiToken>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, name, role, ending, created_by, created_by_id, created_at, expires_at, last_used_at
         from api_tokens where user_id = $1 order by created_at desc, id",
    )
    .bind(user.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(token).collect())
}

pub(super) async fn count_of_organization(write: &mut Write) -> Result<i64> {
    let organization = write.organization.clone();
    let (count,): (i64,) = sqlx::query_as("select count(*) from api_tokens where organization_id = $1")
        .bind(organization)
        .fetch_one(write.connection())
        .await
        .map_err(refused)?;
    Ok(count)
}

pub(super) async fn count_of_person(write: &mut AccountWrite, user: &UserId) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as("select count(*) from api_tokens where user_id = $1")
        .bind(user.clone())
        .fetch_one(write.connection())
        .await
        .map_err(refused)?;
    Ok(count)
}

pub(super) async fn insert_of_organization(
    write: &mut Write,
    id: &TokenId,
    checked: &CheckedToken,
    hash: &str,
    ending: &str,
    created_by_id: Option<&UserId>,
) -> Result<()> {
    sqlx::query(
        "insert into api_tokens (id, organization_id, name, role, token_hash, ending, created_by, created_by_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(checked.name.clone())
    .bind(checked.role)
    .bind(hash.to_owned())
    .bind(ending.to_owned())
    .bind(write.actor.name.clone())
    .bind(created_by_id.cloned())
    .bind(write.at)
    .bind(checked.lives.map(|seconds| write.at.plus_seconds(seconds)))
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn insert_of_person(
    write: &mut AccountWrite,
    id: &TokenId,
    user: &User,
    checked: &CheckedToken,
    hash: &str,
    ending: &str,
    at: Time,
) -> Result<()> {
    sqlx::query(
        "insert into api_tokens (id, user_id, name, role, token_hash, ending, created_by, created_by_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $2, $8, $9)",
    )
    .bind(id.clone())
    .bind(user.id.clone())
    .bind(checked.name.clone())
    .bind(checked.role)
    .bind(hash.to_owned())
    .bind(ending.to_owned())
    .bind(user.name.clone())
    .bind(at)
    .bind(checked.lives.map(|seconds| at.plus_seconds(seconds)))
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete_of_organization(write: &mut Write, id: &TokenId) -> Result<Option<(String, Role)>> {
    let organization = write.organization.clone();
    sqlx::query_as("delete from api_tokens where organization_id = $1 and id = $2 returning name, role")
        .bind(organization)
        .bind(id.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)
}

pub(super) async fn delete_of_person(write: &mut AccountWrite, user: &UserId, id: &TokenId) -> Result<bool> {
    let done = sqlx::query("delete from api_tokens where user_id = $1 and id = $2")
        .bind(user.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}
