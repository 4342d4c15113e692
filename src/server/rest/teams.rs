//! Teams, and who is in them.

use super::{
    extract::{IfMatch, Page, StrictJson, StrictQuery, check_if_match, created, id, json_ok, no_content},
    members::{PageQuery, paged, people, user_id},
    problem::ApiResult,
};
use crate::{
    domain::{
        error::AppError,
        ids::{TeamId, UserId},
        member::{People, Team},
        role::{TeamRole, allowed},
    },
    server::{
        App,
        access::{Caller, run},
        teams,
    },
};
use axum::{extract::Path, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_teams, create_team))
        .routes(routes!(read_team, change_team, delete_team))
        .routes(routes!(set_team_member, remove_team_member))
}

/// A member of a team.
#[derive(Debug, Serialize, ToSchema)]
struct TeamMember {
    /// The user.
    user_id: UserId,
    /// The user's name.
    name: String,
    /// The role in the team.
    role: TeamRole,
}

/// A team and its members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamWithMembers)]
struct TeamBody {
    #[serde(flatten)]
    team: Team,
    /// Sorted by name.
    members: Vec<TeamMember>,
}

fn whole(people: People) -> Vec<TeamBody> {
    let People { members, teams, .. } = people;
    let of = |team: &Team| {
        let member = |member: &crate::domain::member::Member| {
            let role = member.teams.iter().find(|(id, _)| *id == team.id).map(|(_, role)| *role)?;
            Some(TeamMember { user_id: member.user_id.clone(), name: member.name.clone(), role })
        };
        members.iter().filter_map(member).collect()
    };
    teams.into_iter().map(|team| TeamBody { members: of(&team), team }).collect()
}

/// A team's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Platform" }))]
struct NameTeam {
    /// Unique within the organization.
    #[schema(max_length = 80)]
    name: String,
}

/// A member's role in a team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "team_member" }))]
struct SetTeamMember {
    /// The role in the team.
    role: TeamRole,
}

async fn team(caller: &Caller, organization: &str, id: &TeamId) -> ApiResult<TeamBody> {
    let found = whole(people(caller, organization).await?).into_iter().find(|one| one.team.id == *id);
    Ok(found.ok_or_else(|| AppError::NotFound("team".to_owned()))?)
}

fn team_id(text: &str) -> ApiResult<TeamId> {
    id(text, "team")
}

/// List teams
///
/// Sorted by name. Each team includes its members.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/teams",
    tag = "Teams",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        PageQuery
    ),
    responses((status = 200, description = "A page of teams.", body = Page<TeamBody>)),
    security(("bearer" = []))
)]
async fn list_teams(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(few): StrictQuery<PageQuery>,
) -> ApiResult<Response> {
    let all = whole(people(&caller, &organization).await?);
    Ok(json_ok(&paged(all, |one| (one.team.name.to_lowercase(), one.team.id.to_string()), &few)?))
}

/// Create a team
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/teams",
    tag = "Teams",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = NameTeam,
    responses((status = 201, description = "The team.", body = TeamBody)),
    security(("bearer" = []))
)]
async fn create_team(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(new): StrictJson<NameTeam>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ManageMembers>(&organization).await?;
    let id = run(teams::create(scope, new.name)).await?;
    let address = format!("/api/v1/organizations/{organization}/teams/{id}");
    Ok(created(&address, &team(&caller, &organization, &id).await?))
}

/// Get a team
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/teams/{id}",
    tag = "Teams",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The team's ID.", example = "b9v6c3x0z5ml")
    ),
    responses((status = 200, description = "The team.", body = TeamBody)),
    security(("bearer" = []))
)]
async fn read_team(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&team(&caller, &organization, &team_id(&id)?).await?))
}

/// Rename a team
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/teams/{id}",
    tag = "Teams",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The team's ID.", example = "b9v6c3x0z5ml")
    ),
    request_body = NameTeam,
    responses((status = 200, description = "The updated team.", body = TeamBody)),
    security(("bearer" = []))
)]
async fn change_team(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(change): StrictJson<NameTeam>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditTeam>(&organization).await?;
    let id = team_id(&id)?;
    let scope = check_if_match(&seen, scope, team(&caller, &organization, &id)).await?;
    run(teams::rename(scope, id.clone(), change.name)).await?;
    Ok(json_ok(&team(&caller, &organization, &id).await?))
}

/// Delete a team
///
/// Its services are kept without a team, and its members remain members of the organization.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/teams/{id}",
    tag = "Teams",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The team's ID.", example = "b9v6c3x0z5ml")
    ),
    responses((status = 204, description = "Deleted.")),
    security(("bearer" = []))
)]
async fn delete_team(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ManageMembers>(&organization).await?;
    let id = team_id(&id)?;
    let scope = check_if_match(&seen, scope, team(&caller, &organization, &id)).await?;
    run(teams::delete(scope, id)).await?;
    Ok(no_content())
}

/// Add a team member
///
/// If the user is already in the team, this updates their role. `If-Match` takes the team's ETag.
#[utoipa::path(
    put,
    path = "/api/v1/organizations/{organization}/teams/{id}/members/{user}",
    tag = "Teams",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The team's ID.", example = "b9v6c3x0z5ml"),
        ("user" = String, Path, description = "The user's ID.", example = "u6b3n8m1v0ks")
    ),
    request_body = SetTeamMember,
    responses((status = 200, description = "The updated team.", body = TeamBody)),
    security(("bearer" = []))
)]
async fn set_team_member(
    caller: Caller,
    Path((organization, id, user)): Path<(String, String, String)>,
    seen: IfMatch,
    StrictJson(set): StrictJson<SetTeamMember>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditTeam>(&organization).await?;
    let (id, user) = (team_id(&id)?, user_id(&user)?);
    let scope = check_if_match(&seen, scope, team(&caller, &organization, &id)).await?;
    run(teams::set_member(scope, id.clone(), user, set.role)).await?;
    Ok(json_ok(&team(&caller, &organization, &id).await?))
}

/// Remove a team member
///
/// The user remains a member of the organization. `If-Match` takes the team's ETag.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/teams/{id}/members/{user}",
    tag = "Teams",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The team's ID.", example = "b9v6c3x0z5ml"),
        ("user" = String, Path, description = "The user's ID.", example = "u6b3n8m1v0ks")
    ),
    responses((status = 204, description = "Removed from the team.")),
    security(("bearer" = []))
)]
async fn remove_team_member(
    caller: Caller,
    Path((organization, id, user)): Path<(String, String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditTeam>(&organization).await?;
    let (id, user) = (team_id(&id)?, user_id(&user)?);
    let scope = check_if_match(&seen, scope, team(&caller, &organization, &id)).await?;
    run(teams::remove_member(scope, id, user)).await?;
    Ok(no_content())
}
