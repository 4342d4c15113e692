//! Members, teams and invitations.

use crate::domain::{
    error::AppError,
    ids::{InvitationId, TeamId, TokenId, UserId},
    member::{InvitationDelivery, InvitationInput, PendingInvitations, People},
    role::{Role, TeamRole},
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use crate::{
    domain::role::allowed,
    server::{
        access::{run, scope, signed_in},
        invitations, members, teams,
    },
};

/// Everybody: members, teams, open invitations.
#[server(prefix = "/rpc", endpoint = "read_people")]
pub async fn read_people(organization: String) -> Result<People, AppError> {
    run(members::people(scope::<allowed::Read>(&organization).await?)).await
}

/// Gives a member another role.
#[server(prefix = "/rpc", endpoint = "change_role", input = Json)]
pub async fn change_role(organization: String, user: UserId, role: Role) -> Result<(), AppError> {
    run(members::change_role(scope::<allowed::ManageMembers>(&organization).await?, user, role)).await
}

/// Takes a member out, and ends the tokens that they made but for those to keep.
#[server(prefix = "/rpc", endpoint = "remove_member", input = Json)]
pub async fn remove_member(
    organization: String,
    user: UserId,
    #[server(default)] keep_tokens: Vec<TokenId>,
) -> Result<(), AppError> {
    run(members::remove(scope::<allowed::ManageMembers>(&organization).await?, user, keep_tokens)).await
}

/// Leaves the organization.
#[server(prefix = "/rpc", endpoint = "leave_organization", input = Json)]
pub async fn leave_organization(organization: String) -> Result<(), AppError> {
    run(members::leave(scope::<allowed::Read>(&organization).await?)).await
}

/// Invites somebody.
#[server(prefix = "/rpc", endpoint = "invite", input = Json)]
pub async fn invite(organization: String, input: InvitationInput) -> Result<InvitationDelivery, AppError> {
    run(invitations::invite(scope::<allowed::ManageMembers>(&organization).await?, input)).await
}

/// Sends an invitation again.
#[server(prefix = "/rpc", endpoint = "resend_invitation", input = Json)]
pub async fn resend_invitation(organization: String, id: InvitationId) -> Result<InvitationDelivery, AppError> {
    run(invitations::resend(scope::<allowed::ManageMembers>(&organization).await?, id)).await
}

/// Takes an invitation back.
#[server(prefix = "/rpc", endpoint = "revoke_invitation", input = Json)]
pub async fn revoke_invitation(organization: String, id: InvitationId) -> Result<(), AppError> {
    run(invitations::revoke(scope::<allowed::ManageMembers>(&organization).await?, id)).await
}

/// What the person is invited to, by the address that they have verified.
#[server(prefix = "/rpc", endpoint = "open_invitations")]
pub async fn open_invitations() -> Result<PendingInvitations, AppError> {
    run(invitations::open_to(signed_in().await?)).await
}

/// Accepts an invitation without its link, and goes to the organization.
#[server(prefix = "/rpc", endpoint = "accept_open_invitation")]
pub async fn accept_open_invitation(id: InvitationId) -> Result<(), AppError> {
    let slug = run(invitations::accept_open(signed_in().await?, id)).await?;
    leptos_axum::redirect(&format!("/dashboard/{slug}"));
    Ok(())
}

/// Creates a team.
#[server(prefix = "/rpc", endpoint = "create_team", input = Json)]
pub async fn create_team(organization: String, name: String) -> Result<TeamId, AppError> {
    run(teams::create(scope::<allowed::ManageMembers>(&organization).await?, name)).await
}

/// Deletes a team; its services and members stay.
#[server(prefix = "/rpc", endpoint = "delete_team", input = Json)]
pub async fn delete_team(organization: String, id: TeamId) -> Result<(), AppError> {
    run(teams::delete(scope::<allowed::ManageMembers>(&organization).await?, id)).await
}

/// Renames a team.
#[server(prefix = "/rpc", endpoint = "rename_team", input = Json)]
pub async fn rename_team(organization: String, id: TeamId, name: String) -> Result<(), AppError> {
    run(teams::rename(scope::<allowed::EditTeam>(&organization).await?, id, name)).await
}

/// Puts a member into a team, or gives them another role there.
#[server(prefix = "/rpc", endpoint = "set_team_member", input = Json)]
pub async fn set_team_member(organization: String, team: TeamId, user: UserId, role: TeamRole) -> Result<(), AppError> {
    run(teams::set_member(scope::<allowed::EditTeam>(&organization).await?, team, user, role)).await
}

/// Takes a member out of a team.
#[server(prefix = "/rpc", endpoint = "remove_team_member", input = Json)]
pub async fn remove_team_member(organization: String, team: TeamId, user: UserId) -> Result<(), AppError> {
    run(teams::remove_member(scope::<allowed::EditTeam>(&organization).await?, team, user)).await
}
