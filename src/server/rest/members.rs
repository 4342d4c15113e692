//! Members, and what they and their teams are listed by.

use super::{
    extract::{IfMatch, Page, StrictJson, StrictQuery, check_if_match, id, json_ok, limit, no_content, position},
    organizations::limited,
    problem::ApiResult,
};
use crate::{
    domain::{
        error::AppError,
        ids::{TeamId, TokenId, UserId},
        member::{Member, People},
        role::{Role, TeamRole, allowed},
        time::Time,
    },
    server::{
        App,
        access::{Caller, SignedIn, run},
        members,
    },
};
use axum::{extract::Path, response::Response};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_members))
        .routes(routes!(read_member, change_member, remove_member))
        .routes(routes!(leave_organization))
}

/// Pagination.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// `next` from the previous page.
    after: Option<String>,
    /// Maximum number of results, from 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The part of a list that was asked for, in the order of a key which no two have in common.
pub(super) fn paged<T, K>(mut all: Vec<T>, key: impl Fn(&T) -> K, few: &PageQuery) -> ApiResult<Page<T>>
where
    K: Ord + Serialize + DeserializeOwned,
{
    let after: Option<K> = few.after.as_deref().map(position).transpose()?;
    let most = limit(few.limit)?;
    all.sort_by_key(&key);
    if let Some(after) = after {
        all.retain(|one| key(one) > after);
    }
    Ok(Page::of(all, most, key))
}

/// A member's role in a team.
#[derive(Debug, Serialize, ToSchema)]
struct RoleInTeam {
    /// The team.
    team_id: TeamId,
    /// The role in the team.
    role: TeamRole,
}

/// A user in an organization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberBody {
    /// The user.
    user_id: UserId,
    /// The user's name.
    name: String,
    /// The user's email address.
    email: String,
    /// The role in the organization.
    role: Role,
    /// Roles in teams.
    teams: Vec<RoleInTeam>,
    /// When the user joined.
    joined_at: Time,
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        let Member { user_id, name, email, role, teams, joined_at } = member;
        let teams = teams.into_iter().map(|(team_id, role)| RoleInTeam { team_id, role }).collect();
        Self { user_id, name, email, role, teams, joined_at }
    }
}

/// Changes to a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "status_reporter" }))]
struct ChangeMember {
    /// The role in the organization.
    role: Role,
}

/// Everybody of an organization.
pub(super) async fn people(caller: &Caller, organization: &str) -> ApiResult<People> {
    let scope = caller.scope::<allowed::Read>(organization).await?;
    Ok(run(members::people(scope)).await?)
}

async fn member(caller: &Caller, organization: &str, user: &UserId) -> ApiResult<MemberBody> {
    let people = people(caller, organization).await?;
    let found = people.members.into_iter().find(|member| member.user_id == *user);
    Ok(found.ok_or_else(|| AppError::NotFound("member".to_owned()))?.into())
}

/// The person of this id.
pub(super) fn user_id(text: &str) -> ApiResult<UserId> {
    id(text, "member")
}

/// List members
///
/// Sorted by name.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/members",
    tag = "Members",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        PageQuery
    ),
    responses((status = 200, description = "A page of members.", body = Page<MemberBody>)),
    security(("bearer" = []))
)]
async fn list_members(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(few): StrictQuery<PageQuery>,
) -> ApiResult<Response> {
    let people = people(&caller, &organization).await?;
    let all: Vec<MemberBody> = people.members.into_iter().map(MemberBody::from).collect();
    Ok(json_ok(&paged(all, |member| (member.name.to_lowercase(), member.user_id.to_string()), &few)?))
}

/// Get a member
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/members/{user}",
    tag = "Members",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("user" = String, Path, description = "The user's ID.", example = "u6b3n8m1v0ks")
    ),
    responses((status = 200, description = "The member.", body = MemberBody)),
    security(("bearer" = []))
)]
async fn read_member(caller: Caller, Path((organization, user)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&member(&caller, &organization, &user_id(&user)?).await?))
}

/// Update a member's role
///
/// Only owners can add or remove owners. The last owner can't be demoted.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization}/members/{user}",
    tag = "Members",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("user" = String, Path, description = "The user's ID.", example = "u6b3n8m1v0ks")
    ),
    request_body = ChangeMember,
    responses((status = 200, description = "The updated member.", body = MemberBody)),
    security(("bearer" = []))
)]
async fn change_member(
    caller: Caller,
    Path((organization, user)): Path<(String, String)>,
    seen: IfMatch,
    StrictJson(change): StrictJson<ChangeMember>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ManageMembers>(&organization).await?;
    let user = user_id(&user)?;
    let scope = check_if_match(&seen, scope, member(&caller, &organization, &user)).await?;
    run(members::change_role(scope, user.clone(), change.role)).await?;
    Ok(json_ok(&member(&caller, &organization, &user).await?))
}

/// What happens to the tokens of a removed member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RemoveMemberQuery {
    /// Comma-separated IDs of API tokens to keep. All others that the member created are revoked.
    #[param(example = "t7h1n4s6u0fg,t2k9d3m5x8qa")]
    keep_tokens: Option<String>,
}

impl RemoveMemberQuery {
    fn keep(&self) -> ApiResult<Vec<TokenId>> {
        let listed = self.keep_tokens.as_deref().unwrap_or_default().split(',').map(str::trim);
        let ids: Result<_, _> = listed.filter(|id| !id.is_empty()).map(str::parse).collect();
        ids.map_err(|_| AppError::field("keep_tokens", "Must be a comma-separated list of token IDs.").into())
    }
}

/// Remove a member
///
/// The user loses access immediately. The organization's API tokens that they created are revoked too, unless they are
/// listed in `keep_tokens`. Use `created_by_id` in the list of tokens to find them.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/members/{user}",
    tag = "Members",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("user" = String, Path, description = "The user's ID.", example = "u6b3n8m1v0ks"),
        RemoveMemberQuery
    ),
    responses((status = 204, description = "Removed.")),
    security(("bearer" = []))
)]
async fn remove_member(
    caller: Caller,
    Path((organization, user)): Path<(String, String)>,
    StrictQuery(removal): StrictQuery<RemoveMemberQuery>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ManageMembers>(&organization).await?;
    let (user, keep_tokens) = (user_id(&user)?, removal.keep()?);
    let scope = check_if_match(&seen, scope, member(&caller, &organization, &user)).await?;
    run(members::remove(scope, user, keep_tokens)).await?;
    Ok(no_content())
}

/// Leave an organization
///
/// Requires a personal token. The last owner can't leave. The organization's API tokens that you created are revoked.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/leave",
    tag = "Members",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    responses((status = 204, description = "You left the organization.")),
    security(("bearer" = []))
)]
async fn leave_organization(caller: Caller, Path(organization): Path<String>) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    if scope.person().is_some_and(SignedIn::is_limited) {
        return Err(limited());
    }
    run(members::leave(scope)).await?;
    Ok(no_content())
}
