//! Members, teams and invitations, as screens see them.

use super::{
    account::single_line,
    error::{AppError, FieldErrors},
    ids::{InvitationId, TeamId, UserId},
    role::{Role, TeamRole},
    time::Time,
};
use serde::{Deserialize, Serialize};

/// Most characters of a team's name.
pub const MAX_TEAM_NAME_LENGTH: usize = 80;
/// An invitation can be accepted for this many seconds: seven days.
pub const INVITATION_SECONDS: i64 = 7 * 86_400;

/// A user in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// As the person is called.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The role everywhere in the organization.
    pub role: Role,
    /// Roles in teams.
    pub teams: Vec<(TeamId, TeamRole)>,
    /// Since when.
    pub joined_at: Time,
}

/// A group of members that owns services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Team {
    /// Permanent.
    pub id: TeamId,
    /// Unique within the organization.
    pub name: String,
    /// Number of services it owns.
    pub services: usize,
}

/// An offer to become a member that nobody has accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Permanent.
    pub id: InvitationId,
    /// To whom.
    pub email: String,
    /// The role it gives.
    pub role: Role,
    /// The team and the role in it that it gives as well.
    pub team: Option<(TeamId, TeamRole)>,
    /// Who invited.
    pub invited_by: String,
    /// Until when it can be accepted.
    pub expires_at: Time,
}

/// Everybody of an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// By name.
    pub members: Vec<Member>,
    /// By name.
    pub teams: Vec<Team>,
    /// Newest first.
    pub invitations: Vec<Invitation>,
}

/// An invitation to whoever is signed in, by the address that they have verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OpenInvitation {
    /// Permanent.
    pub id: InvitationId,
    /// What the organization is called.
    pub organization: String,
    /// The role it gives.
    pub role: Role,
    /// Who invited.
    pub invited_by: String,
    /// Until when it can be accepted.
    pub expires_at: Time,
}

/// What whoever is signed in is invited to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PendingInvitations {
    /// Whether the address is known to be theirs; until it is, nothing is told of what was sent there.
    pub verified: bool,
    /// Newest first.
    pub invitations: Vec<OpenInvitation>,
}

/// How an invitation went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationDelivery {
    /// The invitation.
    pub id: InvitationId,
    /// To whom.
    pub email: String,
    /// The link to pass on by hand, where this server sends no mail.
    pub link: Option<String>,
}

/// What a person types to invite somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationInput {
    /// To whom.
    pub email: String,
    /// The role it gives.
    pub role: String,
    /// Empty: no team.
    #[serde(default)]
    pub team_id: String,
    /// The role in that team.
    #[serde(default)]
    pub team_role: String,
}

/// An invitation, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedInvitation {
    /// To whom.
    pub email: super::account::Email,
    /// The role it gives.
    pub role: Role,
    /// The team and the role in it.
    pub team: Option<(TeamId, TeamRole)>,
}

impl InvitationInput {
    /// Checks every field.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with everything that is wrong.
    pub fn check(&self) -> Result<CheckedInvitation, AppError> {
        let mut errors = FieldErrors::default();
        let email = errors.take("email", super::account::email(&self.email));
        let role = errors.take("role", self.role.parse().map_err(|_| "Choose a role.".to_owned()));
        let team = match self.team_id.as_str() {
            "" => None,
            id => {
                let id = errors.take("team_id", id.parse().map_err(|_| "Choose a team.".to_owned()));
                let role = match self.team_role.as_str() {
                    "" => Some(TeamRole::TeamMember),
                    role => errors.take("team_role", role.parse().map_err(|_| "Choose a role.".to_owned())),
                };
                id.zip(role)
            }
        };
        match (email, role) {
            (Some(email), Some(role)) if errors.0.is_empty() => Ok(CheckedInvitation { email, role, team }),
            _ => Err(AppError::Invalid(errors)),
        }
    }
}

/// Checks a team's name.
///
/// # Errors
/// [`AppError::Invalid`] on `name`.
pub fn team_name(text: &str) -> Result<String, AppError> {
    single_line("a name", text, MAX_TEAM_NAME_LENGTH).map_err(|message| AppError::field("name", message))
}

/// Whether `actor` may give or take these roles; only an owner makes or unmakes an owner.
pub fn may_change(actor: Role, before: Option<Role>, after: Option<Role>) -> bool {
    actor == Role::Owner || (before != Some(Role::Owner) && after != Some(Role::Owner))
}

/// Whether an organization keeps an owner when one of `owners` owners changes from `before` to
/// `after` (`None`: is no member).
pub fn keeps_an_owner(owners: usize, before: Role, after: Option<Role>) -> bool {
    before != Role::Owner || after == Some(Role::Owner) || owners > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_owner_makes_an_owner() {
        assert!(may_change(Role::Owner, Some(Role::Viewer), Some(Role::Owner)));
        assert!(!may_change(Role::Admin, Some(Role::Viewer), Some(Role::Owner)));
        assert!(!may_change(Role::Admin, Some(Role::Owner), None));
        assert!(may_change(Role::Admin, Some(Role::Admin), Some(Role::Viewer)));
    }

    #[test]
    fn the_last_owner_stays() {
        assert!(!keeps_an_owner(1, Role::Owner, None));
        assert!(!keeps_an_owner(1, Role::Owner, Some(Role::Admin)));
        assert!(keeps_an_owner(2, Role::Owner, None));
        assert!(keeps_an_owner(1, Role::Admin, None));
    }

    #[test]
    fn invitations_are_checked_whole() {
        let bad =
            InvitationInput { email: "x".into(), role: "king".into(), team_id: "?".into(), team_role: "x".into() };
        let Err(AppError::Invalid(errors)) = bad.check() else { panic!("is refused") };
        assert_eq!(errors.0.len(), 4);
    }
}
