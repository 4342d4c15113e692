//! Invitations: those of an organization, and those to oneself.

use super::{
    extract::{IfMatch, Page, StrictJson, StrictQuery, check_if_match, created, id, json_ok, no_content, no_replay},
    members::{PageQuery, paged, people},
    organizations::{OrganizationBody, organization, person, whole_person},
    problem::ApiResult,
};
use crate::{
    domain::{
        error::AppError,
        ids::{InvitationId, TeamId},
        member::{Invitation, InvitationInput, PendingInvitations},
        role::{Role, TeamRole, allowed},
        time::Time,
    },
    server::{
        App,
        access::{Caller, run},
        invitations,
    },
};
use axum::{extract::Path, http::header, response::Response};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, invite))
        .routes(routes!(read_invitation, revoke_invitation))
        .routes(routes!(resend_invitation))
        .routes(routes!(list_own_invitations))
        .routes(routes!(accept_invitation))
}

/// A pending invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationBody {
    /// Unique identifier. Never changes.
    id: InvitationId,
    /// Email address of the invited person.
    email: String,
    /// The role that it grants.
    role: Role,
    /// The team that the person joins.
    team_id: Option<TeamId>,
    /// The role in that team.
    team_role: Option<TeamRole>,
    /// Who sent it.
    invited_by: String,
    /// When it expires.
    expires_at: Time,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        let Invitation { id, email, role, team, invited_by, expires_at } = invitation;
        let (team_id, team_role) = team.unzip();
        Self { id, email, role, team_id, team_role, invited_by, expires_at }
    }
}

/// An invitation that was sent.
#[derive(Debug, Serialize, ToSchema)]
struct SentInvitation {
    #[serde(flatten)]
    invitation: InvitationBody,
    /// Link to share yourself if email isn't set up on this server. Only returned once.
    link: Option<String>,
}

/// A new invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "ana@example.com", "role": "status_reporter" }))]
struct Invite {
    /// Email address of the invited person.
    email: String,
    /// The role that it grants.
    role: Role,
    /// A team that the person joins.
    team_id: Option<TeamId>,
    /// The role in that team. Defaults to `team_member`.
    team_role: Option<TeamRole>,
}

async fn invitation(caller: &Caller, organization: &str, id: &InvitationId) -> ApiResult<InvitationBody> {
    let people = people(caller, organization).await?;
    let found = people.invitations.into_iter().find(|invitation| invitation.id == *id);
    Ok(found.ok_or_else(|| AppError::NotFound("invitation".to_owned()))?.into())
}

fn invitation_id(text: &str) -> ApiResult<InvitationId> {
    id(text, "invitation")
}

/// An answer with a link in it: not kept, and with no tag, since reading the invitation shows it without.
fn with_link(mut response: Response) -> Response {
    response.headers_mut().remove(header::ETAG);
    no_replay(response)
}

/// List invitations
///
/// Pending invitations, including expired ones. Newest first.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/invitations",
    tag = "Invitations",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        PageQuery
    ),
    responses((status = 200, description = "A page of invitations.", body = Page<InvitationBody>)),
    security(("bearer" = []))
)]
async fn list_invitations(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(few): StrictQuery<PageQuery>,
) -> ApiResult<Response> {
    let people = people(&caller, &organization).await?;
    let all: Vec<InvitationBody> = people.invitations.into_iter().map(InvitationBody::from).collect();
    Ok(json_ok(&paged(all, |one| (Reverse(one.expires_at), one.id.to_string()), &few)?))
}

/// Create an invitation
///
/// Sends an invitation by email. If email isn't set up on this server, the response contains a link to share instead.
/// Only owners can invite other owners.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/invitations",
    tag = "Invitations",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme")),
    request_body = Invite,
    responses((status = 201, description = "The invitation.", body = SentInvitation)),
    security(("bearer" = []))
)]
async fn invite(
    caller: Caller,
    Path(organization): Path<String>,
    StrictJson(new): StrictJson<Invite>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ManageMembers>(&organization).await?;
    let input = InvitationInput {
        email: new.email,
        role: new.role.as_str().to_owned(),
        team_id: new.team_id.map(String::from).unwrap_or_default(),
        team_role: new.team_role.map(TeamRole::as_str).unwrap_or_default().to_owned(),
    };
    let sent = run(invitations::invite(scope, input)).await?;
    let address = format!("/api/v1/organizations/{organization}/invitations/{}", sent.id);
    let invitation = invitation(&caller, &organization, &sent.id).await?;
    Ok(with_link(created(&address, &SentInvitation { invitation, link: sent.link })))
}

/// Get an invitation
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/invitations/{id}",
    tag = "Invitations",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The invitation's ID.", example = "n8m5k2j9h6gf")
    ),
    responses((status = 200, description = "The invitation.", body = InvitationBody)),
    security(("bearer" = []))
)]
async fn read_invitation(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    Ok(json_ok(&invitation(&caller, &organization, &invitation_id(&id)?).await?))
}

/// Revoke an invitation
///
/// Its link stops working.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization}/invitations/{id}",
    tag = "Invitations",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The invitation's ID.", example = "n8m5k2j9h6gf")
    ),
    responses((status = 204, description = "Revoked.")),
    security(("bearer" = []))
)]
async fn revoke_invitation(
    caller: Caller,
    Path((organization, id)): Path<(String, String)>,
    seen: IfMatch,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ManageMembers>(&organization).await?;
    let id = invitation_id(&id)?;
    let scope = check_if_match(&seen, scope, invitation(&caller, &organization, &id)).await?;
    run(invitations::revoke(scope, id)).await?;
    Ok(no_content())
}

/// Resend an invitation
///
/// Sends a new link with a new expiry. The old link stops working.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization}/invitations/{id}/resend",
    tag = "Invitations",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The invitation's ID.", example = "n8m5k2j9h6gf")
    ),
    responses((status = 200, description = "The updated invitation.", body = SentInvitation)),
    security(("bearer" = []))
)]
async fn resend_invitation(caller: Caller, Path((organization, id)): Path<(String, String)>) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::ManageMembers>(&organization).await?;
    let id = invitation_id(&id)?;
    let sent = run(invitations::resend(scope, id.clone())).await?;
    let invitation = invitation(&caller, &organization, &id).await?;
    Ok(with_link(json_ok(&SentInvitation { invitation, link: sent.link })))
}

/// List your invitations
///
/// Requires a personal token. Invitations are only listed once you have verified your email address.
#[utoipa::path(
    get,
    path = "/api/v1/invitations",
    tag = "Invitations",
    responses((status = 200, description = "Your invitations, newest first.", body = PendingInvitations)),
    security(("bearer" = []))
)]
async fn list_own_invitations(caller: Caller) -> ApiResult<Response> {
    Ok(json_ok(&run(invitations::open_to(person(&caller)?)).await?))
}

/// Accept an invitation
///
/// Requires a personal token, and that you have verified the email address it was sent to.
#[utoipa::path(
    post,
    path = "/api/v1/invitations/{id}/accept",
    tag = "Invitations",
    params(("id" = String, Path, description = "The invitation's ID.", example = "n8m5k2j9h6gf")),
    responses((status = 200, description = "The organization you joined.", body = OrganizationBody)),
    security(("bearer" = []))
)]
async fn accept_invitation(caller: Caller, Path(id): Path<String>) -> ApiResult<Response> {
    let slug = run(invitations::accept_open(whole_person(&caller)?, invitation_id(&id)?)).await?;
    Ok(json_ok(&organization(&caller, &slug).await?))
}
