//! People, their sessions and memberships, in the database.

use super::{Membership, User};
use crate::{
    domain::{
        error::Result,
        ids::{OrganizationId, TeamId, TokenId, UserId},
        organization::OrganizationSummary,
        role::{Role, TeamRole},
        time::Time,
    },
    server::{
        clock,
        db::{AccountWrite, Read, Write, error::refused},
    },
};
use sqlx::AnyConnection;

pub(super) async fn user(read: &mut Read, id: &UserId) -> Result<Option<User>> {
    let row: Option<(UserId, String, String, Option<Time>)> =
        sqlx::query_as("select id, name, email, email_verified_at from users where id = $1")
            .bind(id.clone())
            .fetch_optional(read.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(id, name, email, verified_at)| User { id, name, email, verified: verified_at.is_some() }))
}

pub(super) async fn membership(read: &mut Read, user: &UserId, slug: &str) -> Result<Option<Membership>> {
    let row: Option<(OrganizationId, String, String, Role, String)> = sqlx::query_as(
        "select o.id, o.slug, o.name, m.role, o.time_zone
         from organizations o join members m on m.organization_id = o.id
         where (o.slug = $1 or o.id = (select organization_id from former_slugs where slug = $1))
           and m.user_id = $2 and o.suspended_at is null",
    )
    .bind(slug.to_owned())
    .bind(user.clone())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(id, slug, name, role, time_zone)| Membership {
        organization: OrganizationSummary { id, slug, name, role },
        time_zone,
    }))
}

/// The organization of a token, if that is what the slug calls.
pub(super) async fn organization(read: &mut Read, id: &OrganizationId, slug: &str) -> Result<Option<Membership>> {
    let row: Option<(OrganizationId, String, String, String)> = sqlx::query_as(
        "select id, slug, name, time_zone from organizations
         where (slug = $1 or id = (select organization_id from former_slugs where slug = $1))
           and id = $2 and suspended_at is null",
    )
    .bind(slug.to_owned())
    .bind(id.clone())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(id, slug, name, time_zone)| Membership {
        organization: OrganizationSummary { id, slug, name, role: Role::Viewer },
        time_zone,
    }))
}

pub(super) async fn organization_of_token(read: &mut Read, id: &OrganizationId) -> Result<Option<OrganizationSummary>> {
    let row: Option<(OrganizationId, String, String)> =
        sqlx::query_as("select id, slug, name from organizations where id = $1 and suspended_at is null")
            .bind(id.clone())
            .fetch_optional(read.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(id, slug, name)| OrganizationSummary { id, slug, name, role: Role::Viewer }))
}

/// What a token says of whoever carries it.
pub(super) struct TokenRow {
    pub id: TokenId,
    pub name: String,
    pub organization: Option<OrganizationId>,
    pub user: Option<UserId>,
    pub role: Role,
    pub created_by: Option<UserId>,
    pub last_used_at: Option<Time>,
    pub ends_at: Option<Time>,
}

/// The token of this hash that has not expired.
pub(super) async fn token(read: &mut Read, hash: &str, now: Time) -> Result<Option<TokenRow>> {
    type Row =
        (TokenId, String, Option<OrganizationId>, Option<UserId>, Role, Option<UserId>, Option<Time>, Option<Time>);
    let row: Option<Row> = sqlx::query_as(
        "select id, name, organization_id, user_id, role, created_by_id, last_used_at, expires_at from api_tokens
         where token_hash = $1 and (expires_at is null or expires_at > $2)",
    )
    .bind(hash.to_owned())
    .bind(now)
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(id, name, organization, user, role, created_by, last_used_at, ends_at)| TokenRow {
        id,
        name,
        organization,
        user,
        role,
        created_by,
        last_used_at,
        ends_at,
    }))
}

pub(super) async fn token_was_used(write: &mut AccountWrite, id: &TokenId, at: Time) -> Result<()> {
    sqlx::query("update api_tokens set last_used_at = $1 where id = $2")
        .bind(at)
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// The person's roles in the teams of an organization.
pub(super) async fn team_roles(
    connection: &mut AnyConnection,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<Vec<(TeamId, TeamRole)>> {
    sqlx::query_as("select team_id, role from team_members where user_id = $1 and organization_id = $2")
        .bind(user.clone())
        .bind(organization.clone())
        .fetch_all(connection)
        .await
        .map_err(refused)
}

/// The person's role in the organization that is written, if the session or the token that asks lives still.
pub(super) async fn role_now(
    write: &mut Write,
    user: &UserId,
    session_hash: Option<String>,
    token: Option<&TokenId>,
) -> Result<Option<Role>> {
    let row: Option<(Role,)> = sqlx::query_as(
        "select m.role from members m join organizations o on o.id = m.organization_id
         where m.organization_id = $1 and m.user_id = $2 and o.suspended_at is null
           and ($3 = '' or exists (select 1 from sessions where id_hash = $3))
           and ($4 = '' or exists (select 1 from api_tokens where id = $4))",
    )
    .bind(write.organization.clone())
    .bind(user.clone())
    .bind(session_hash.unwrap_or_default())
    .bind(token.map(ToString::to_string).unwrap_or_default())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(role,)| role))
}

/// The role of a token of the organization that is written, if it lives still.
pub(super) async fn role_of_token_now(write: &mut Write, token: &TokenId) -> Result<Option<Role>> {
    let row: Option<(Role,)> = sqlx::query_as(
        "select t.role from api_tokens t join organizations o on o.id = t.organization_id
         where t.organization_id = $1 and t.id = $2 and o.suspended_at is null",
    )
    .bind(write.organization.clone())
    .bind(token.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(role,)| role))
}

pub(super) async fn memberships(read: &mut Read, user: &UserId) -> Result<Vec<OrganizationSummary>> {
    let rows: Vec<(OrganizationId, String, String, Role)> = sqlx::query_as(
        "select o.id, o.slug, o.name, m.role
         from organizations o join members m on m.organization_id = o.id
         where m.user_id = $1 and o.suspended_at is null
         order by o.name_key, o.id",
    )
    .bind(user.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(id, slug, name, role)| OrganizationSummary { id, slug, name, role }).collect())
}

pub(super) async fn last_used(read: &mut Read, user: &UserId) -> Result<Option<OrganizationId>> {
    let row: Option<(Option<OrganizationId>,)> = sqlx::query_as("select last_organization_id from users where id = $1")
        .bind(user.clone())
        .fetch_optional(read.connection())
        .await
        .map_err(refused)?;
    Ok(row.and_then(|(id,)| id))
}

pub(super) async fn set_last_used(
    write: &mut AccountWrite,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<()> {
    sqlx::query("update users set last_organization_id = $1 where id = $2")
        .bind(organization.clone())
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn organization_by_slug(read: &mut Read, slug: &str) -> Result<Option<OrganizationId>> {
    let row: Option<(OrganizationId,)> = sqlx::query_as(
        "select id from organizations where slug = $1 and suspended_at is null
             union select o.id from former_slugs f join organizations o on o.id = f.organization_id
             where f.slug = $1 and o.suspended_at is null",
    )
    .bind(slug.to_owned())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(id,)| id))
}

/// A session as it is kept.
pub(super) struct SessionRow {
    pub id_hash: String,
    pub user_id: UserId,
    pub data: String,
    pub browser: String,
    pub address: String,
    pub access_version: i64,
    pub created_at: Time,
    pub expires_at: Time,
}

/// Whether it was inserted: `false` when there is one of this id already, which stays as it is.
pub(super) async fn insert_session(write: &mut AccountWrite, session: SessionRow) -> Result<bool> {
    let done = sqlx::query(
        "insert into sessions (id_hash, user_id, data, browser, address, created_at, seen_at, expires_at,
                               access_version)
         values ($1, $2, $3, $4, $5, $6, $6, $7, $8) on conflict (id_hash) do nothing",
    )
    .bind(session.id_hash)
    .bind(session.user_id)
    .bind(session.data)
    .bind(session.browser)
    .bind(session.address)
    .bind(session.created_at)
    .bind(session.expires_at)
    .bind(session.access_version)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// A session that has ended meanwhile stays ended.
pub(super) async fn update_session(
    write: &mut AccountWrite,
    id_hash: &str,
    data: String,
    seen_at: Time,
    expires_at: Time,
) -> Result<()> {
    sqlx::query(
        "update sessions set data = $1, seen_at = case when seen_at < $2 then $2 else seen_at end, expires_at = $3
         where id_hash = $4",
    )
    .bind(data)
    .bind(seen_at)
    .bind(expires_at)
    .bind(id_hash.to_owned())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Data, expiry and access version of the session, if it has begun after `oldest` and ends after `now`.
pub(super) async fn session(
    read: &mut Read,
    id_hash: &str,
    now: Time,
    oldest: Time,
) -> Result<Option<(String, Time, i64)>> {
    sqlx::query_as(
        "select data, expires_at, access_version from sessions
         where id_hash = $1 and expires_at > $2 and created_at > $3",
    )
    .bind(id_hash.to_owned())
    .bind(now)
    .bind(oldest)
    .fetch_optional(read.connection())
    .await
    .map_err(refused)
}

/// Whether the session or the token has not been ended.
pub(super) async fn has_session_or_token(
    write: &mut AccountWrite,
    session_hash: Option<String>,
    token: Option<&TokenId>,
) -> Result<bool> {
    let found: Option<(i64,)> = sqlx::query_as(
        "select 1 where ($1 = '' or exists (select 1 from sessions where id_hash = $1))
                    and ($2 = '' or exists (select 1 from api_tokens where id = $2))",
    )
    .bind(session_hash.unwrap_or_default())
    .bind(token.map(ToString::to_string).unwrap_or_default())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(found.is_some())
}

/// The account's access version; `None` when there is no such account.
pub(super) async fn access_version(connection: &mut AnyConnection, user: &UserId) -> Result<Option<i64>> {
    let row: Option<(i64,)> = sqlx::query_as("select access_version from users where id = $1")
        .bind(user.clone())
        .fetch_optional(connection)
        .await
        .map_err(refused)?;
    Ok(row.map(|(version,)| version))
}

/// Whether there was one.
pub(super) async fn delete_session(write: &mut AccountWrite, id_hash: &str) -> Result<bool> {
    let done = sqlx::query("delete from sessions where id_hash = $1")
        .bind(id_hash.to_owned())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// A living session in the person's list.
pub(super) struct ListedSession {
    pub id_hash: String,
    pub browser: String,
    pub address: String,
    pub created_at: Time,
    pub seen_at: Time,
}

/// The person's sessions that live, the last used first.
pub(super) async fn sessions(read: &mut Read, user: &UserId, now: Time, oldest: Time) -> Result<Vec<ListedSession>> {
    let rows: Vec<(String, String, String, Time, Time)> = sqlx::query_as(
        "select id_hash, browser, address, created_at, seen_at from sessions
         where user_id = $1 and expires_at > $2 and created_at > $3 order by seen_at desc, id_hash",
    )
    .bind(user.clone())
    .bind(now)
    .bind(oldest)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let listed = |(id_hash, browser, address, created_at, seen_at)| ListedSession {
        id_hash,
        browser,
        address,
        created_at,
        seen_at,
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// Ends one session, if it is this person's.
pub(super) async fn delete_session_of(write: &mut AccountWrite, user: &UserId, id_hash: &str) -> Result<()> {
    sqlx::query("delete from sessions where user_id = $1 and id_hash = $2")
        .bind(user.clone())
        .bind(id_hash.to_owned())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Ends the person's sessions but the one of this hash; of no session when it is empty. Those that are about to begin
/// do not: the access version of their proof is the account's no more. The first statement locks the person, so that
/// none begins between the others.
pub(super) async fn end_sessions_but(write: &mut AccountWrite, user: &UserId, id_hash: &str) -> Result<()> {
    sqlx::query("update users set access_version = access_version + 1, access_ended_at = $2 where id = $1")
        .bind(user.clone())
        .bind(clock::now())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    for statement in [
        "delete from sessions where user_id = $1 and id_hash <> $2",
        "update sessions set access_version = (select access_version from users where id = $1)
         where user_id = $1 and id_hash = $2",
    ] {
        sqlx::query(statement)
            .bind(user.clone())
            .bind(id_hash.to_owned())
            .execute(write.connection())
            .await
            .map_err(refused)?;
    }
    Ok(())
}

/// At most a thousand, [`crate::server::db::SWEEP_ROWS`].
pub(super) async fn delete_ended_sessions(write: &mut AccountWrite, now: Time, oldest: Time) -> Result<u64> {
    let done = sqlx::query(
        "delete from sessions where id_hash in (
             select id_hash from sessions where expires_at <= $1 or created_at <= $2 limit 1000)",
    )
    .bind(now)
    .bind(oldest)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected())
}

/// Whether it was inserted: `false` when this sign-in through the provider was used before.
pub(super) async fn insert_used_flow(write: &mut AccountWrite, state_hash: &str, expires_at: Time) -> Result<bool> {
    let done = sqlx::query(
        "insert into used_oidc_flows (state_hash, expires_at) values ($1, $2) on conflict (state_hash) do nothing",
    )
    .bind(state_hash.to_owned())
    .bind(expires_at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// At most a thousand, [`crate::server::db::SWEEP_ROWS`].
pub(super) async fn delete_ended_flows(write: &mut AccountWrite, now: Time) -> Result<u64> {
    let done = sqlx::query(
        "delete from used_oidc_flows where state_hash in (
             select state_hash from used_oidc_flows where expires_at <= $1 limit 1000)",
    )
    .bind(now)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected())
}

/// How often the organization has changed.
pub(super) async fn version(read: &mut Read, organization: &OrganizationId) -> Result<i64> {
    let (version,): (i64,) = sqlx::query_as("select version from organizations where id = $1")
        .bind(organization.clone())
        .fetch_one(read.connection())
        .await
        .map_err(refused)?;
    Ok(version)
}
