//! Teams in the database.

use crate::{
    domain::{
        error::Result,
        ids::{OrganizationId, TeamId, UserId},
        member::Team,
        role::TeamRole,
        service::name_key,
    },
    server::db::{Read, Write, error::refused},
};

pub(super) async fn teams(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Team>> {
    let rows: Vec<(TeamId, String, i64)> = sqlx::query_as(
        "select t.id, t.name,
                (select count(*) from services s where s.organization_id = t.organization_id and s.team_id = t.id and s.deleted_at is null)
         from teams t where t.organization_id = $1 order by t.name_key, t.id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, services)| Team { id, name, services: usize::try_from(services).unwrap_or_default() })
        .collect())
}

pub(super) async fn roles(read: &mut Read, organization: &OrganizationId) -> Result<Vec<(UserId, TeamId, TeamRole)>> {
    sqlx::query_as(
        "select user_id, team_id, role from team_members where organization_id = $1 order by created_at, team_id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}

pub(super) async fn name(write: &mut Write, id: &TeamId) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("select name from teams where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(name,)| name))
}

pub(super) async fn insert(write: &mut Write, id: &TeamId, name: &str) -> Result<()> {
    sqlx::query(
        "insert into teams (id, organization_id, name, name_key, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(name.to_owned())
    .bind(name_key(name))
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn rename(write: &mut Write, id: &TeamId, name: &str) -> Result<()> {
    sqlx::query("update teams set name = $1, name_key = $2, updated_at = $3 where organization_id = $4 and id = $5")
        .bind(name.to_owned())
        .bind(name_key(name))
        .bind(write.at)
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete(write: &mut Write, id: &TeamId) -> Result<()> {
    for statement in [
        "update services set team_id = null where organization_id = $1 and team_id = $2",
        "update invitations set team_id = null, team_role = null where organization_id = $1 and team_id = $2",
        "delete from teams where organization_id = $1 and id = $2",
    ] {
        sqlx::query(statement)
            .bind(write.organization.clone())
            .bind(id.clone())
            .execute(write.connection())
            .await
            .map_err(refused)?;
    }
    Ok(())
}

pub(super) async fn role(write: &mut Write, team: &TeamId, user: &UserId) -> Result<Option<TeamRole>> {
    let row: Option<(TeamRole,)> =
        sqlx::query_as("select role from team_members where organization_id = $1 and team_id = $2 and user_id = $3")
            .bind(write.organization.clone())
            .bind(team.clone())
            .bind(user.clone())
            .fetch_optional(write.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(role,)| role))
}

pub(super) async fn set_member(write: &mut Write, team: &TeamId, user: &UserId, role: TeamRole) -> Result<()> {
    sqlx::query(
        "insert into team_members (organization_id, team_id, user_id, role, created_at) values ($1, $2, $3, $4, $5)
         on conflict (team_id, user_id) do update set role = excluded.role",
    )
    .bind(write.organization.clone())
    .bind(team.clone())
    .bind(user.clone())
    .bind(role)
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn remove_member(write: &mut Write, team: &TeamId, user: &UserId) -> Result<bool> {
    let done = sqlx::query("delete from team_members where organization_id = $1 and team_id = $2 and user_id = $3")
        .bind(write.organization.clone())
        .bind(team.clone())
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}
