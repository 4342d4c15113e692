//! Invitations: the verbs. An invitation is a one-time link sent to an address.

pub mod page;
mod store;

use super::{
    App,
    access::{
        Scope, SignedIn, SystemScope,
        accounts::{self, AddressProof},
        secret,
        secret::Secret,
    },
    clock,
    db::{AuditEntry, Grant, Read, Write, random_id},
    members,
    notify::{self, limits},
    teams,
};
use crate::domain::{
    account::{Email, email},
    error::{AppError, Result},
    ids::{InvitationId, OrganizationId, TeamId, UserId},
    live::Topic,
    member::{
        CheckedInvitation, INVITATION_SECONDS, Invitation, InvitationDelivery, InvitationInput, OpenInvitation,
        PendingInvitations, may_change,
    },
    role::{Action, Role, TeamRole, allowed},
    time::Time,
};

/// Invitations of an organization that are open at once.
const MAX_OPEN: i64 = 500;
/// For how long an imported membership waits for its person, in seconds: a year.
const WAITING_SECONDS: i64 = 365 * 86_400;

fn no_invitation() -> AppError {
    AppError::NotFound("invitation".to_owned())
}

/// Those that can still be accepted or have expired unanswered, newest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn open(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Invitation>> {
    store::open(read, organization).await
}

/// Invites somebody.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong, also when the person is a member or
/// invited already; [`AppError::Conflict`] when too many are open; where mail is sent, the same for whoever has not verified their own address,
/// and [`AppError::TooMany`].
pub async fn invite(scope: Scope<allowed::ManageMembers>, input: InvitationInput) -> Result<InvitationDelivery> {
    let CheckedInvitation { email, role, team } = input.check()?;
    if !may_change(scope.role(), None, Some(role)) {
        return Err(AppError::field("role", "Only owners can invite other owners."));
    }
    let mut write = scope.write().await?;
    if members::has_address(&mut write, &email.key).await? {
        return Err(AppError::field("email", "This person is already a member."));
    }
    if let Some((team, _)) = &team
        && !teams::exists(&mut write, team).await?
    {
        return Err(AppError::field("team_id", "This team was just deleted. Choose another one."));
    }
    let (id, secret) = (InvitationId::from_random(random_id()), Secret::fresh());
    store::expire_old(&mut write, &email.key).await?;
    if store::count_open(&mut write).await? >= MAX_OPEN {
        return Err(AppError::Conflict(format!(
            "This organization already has {MAX_OPEN} pending invitations. Revoke some before inviting more people."
        )));
    }
    store::insert(&mut write, &id, &email, role, team.as_ref(), link(&scope, &secret)).await?;
    write.audit(AuditEntry::new("invitation.sent", &id, &email.shown).values(None, Some(role.as_str().to_owned())));
    let sent = send(&scope, &mut write, &id, &email.shown, role, &secret.token).await?;
    write.commit(&[Topic::Members]).await?;
    scope.app().mail_is_waiting();
    Ok(sent)
}

/// Sends an invitation again, with a new link and new time; the old link is void.
///
/// # Errors
/// [`AppError::NotFound`] when it was accepted or revoked; [`AppError::Forbidden`]; as [`invite`] where mail
/// is sent.
pub async fn resend(scope: Scope<allowed::ManageMembers>, id: InvitationId) -> Result<InvitationDelivery> {
    let mut write = scope.write().await?;
    let secret = Secret::fresh();
    let (email, role) = store::renew(&mut write, &id, link(&scope, &secret)).await?.ok_or_else(no_invitation)?;
    // The link makes an owner of whoever holds it.
    if !may_change(scope.role(), None, Some(role)) {
        return Err(write.refuse(Action::OwnOrganization));
    }
    write.audit(AuditEntry::new("invitation.sent_again", &id, &email));
    let sent = send(&scope, &mut write, &id, &email, role, &secret.token).await?;
    write.commit(&[Topic::Members]).await?;
    scope.app().mail_is_waiting();
    Ok(sent)
}

/// Takes an invitation back.
///
/// # Errors
/// [`AppError::NotFound`] when it was accepted or revoked; [`AppError::Forbidden`].
pub async fn revoke(scope: Scope<allowed::ManageMembers>, id: InvitationId) -> Result<()> {
    let mut write = scope.write().await?;
    let (email, role) = store::revoke(&mut write, &id).await?.ok_or_else(no_invitation)?;
    if !may_change(scope.role(), Some(role), None) {
        return Err(write.refuse(Action::OwnOrganization));
    }
    write.audit(AuditEntry::new("invitation.revoked", &id, email));
    write.commit(&[Topic::Members]).await
}

/// Whether the link is mailed or shown is decided here and in [`send`] alike.
fn link<'a>(scope: &'a Scope<allowed::ManageMembers>, secret: &'a Secret) -> store::Link<'a> {
    store::Link {
        token_hash: &secret.hash,
        mailed: scope.app().sends_mail(),
        seconds: INVITATION_SECONDS,
        sender: scope.accountable_user(),
    }
}

/// Revokes, within a write, the open invitations that this person sent, or a token that they made, but for those to
/// roles that are kept: they may have the links, or have invited themselves.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn revoke_sent_by(write: &mut Write, user: &UserId, kept: &[Role]) -> Result<()> {
    let revoked = store::revoke_sent_by(write, user, kept).await?;
    audit_revoked(write, revoked);
    Ok(())
}

/// Revokes, within a write, the open invitations to this person's own address.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn revoke_sent_to(write: &mut Write, user: &UserId) -> Result<()> {
    let revoked = store::revoke_sent_to(write, user).await?;
    audit_revoked(write, revoked);
    Ok(())
}

fn audit_revoked(write: &mut Write, revoked: Vec<(InvitationId, String)>) {
    for (id, email) in revoked {
        write.audit(AuditEntry::new("invitation.revoked", &id, email));
    }
}

/// Keeps a membership that an import found for whoever proves this address: an open invitation whose link
/// nobody knows.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn keep_for(write: &mut Write, email: &Email, role: Role, team: Option<&(TeamId, TeamRole)>) -> Result<()> {
    let (id, secret) = (InvitationId::from_random(random_id()), Secret::fresh());
    let link = store::Link { token_hash: &secret.hash, mailed: false, seconds: WAITING_SECONDS, sender: None };
    store::insert(write, &id, email, role, team, link).await
}

async fn send(
    scope: &Scope<allowed::ManageMembers>,
    write: &mut Write,
    id: &InvitationId,
    email: &str,
    role: Role,
    token: &str,
) -> Result<InvitationDelivery> {
    let app = scope.app();
    let link = app.url.join(&format!("/accept-invitation?token={token}"));
    if !app.sends_mail() {
        return Ok(InvitationDelivery { id: id.clone(), email: email.to_owned(), link: Some(link) });
    }
    // Of a token whoever made it.
    let sender = scope.accountable_user();
    if let Some(sender) = sender {
        // Else two invitations of one person in two organizations would not count each other.
        write.lock_user(sender).await?;
        if !store::is_verified(write, sender).await? {
            return Err(AppError::Conflict(
                "Verify your email address first, under “Your account”. Until then, this server can’t email invitations for you or for tokens you created."
                    .to_owned(),
            ));
        }
    }
    let (organization, at) = (write.organization.clone(), write.at);
    let counted = limits::Invitation { recipient: email, organization: &organization, sender };
    limits::count_invitation(write.connection(), &counted, at).await?;
    let expires = write.at.plus_seconds(INVITATION_SECONDS);
    let (name, inviter) = (&scope.organization().name, scope.actor().name);
    let mail = notify::mail::invitation(email, name, &inviter, role.label(), &link, expires);
    notify::queue(write.connection(), Some(&organization), mail, at).await?;
    Ok(InvitationDelivery { id: id.clone(), email: email.to_owned(), link: None })
}

/// What an invitation offers to whoever holds its link.
#[derive(Debug, Clone)]
pub struct InvitationOffer {
    /// Permanent.
    pub id: InvitationId,
    /// The organization.
    pub organization: OrganizationId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// To whom it was sent.
    pub email: String,
    /// The role it gives.
    pub role: Role,
    /// The team and the role in it.
    pub team: Option<(TeamId, TeamRole)>,
    /// Who invited.
    pub invited_by: String,
    /// Until when it can be accepted.
    pub expires_at: Time,
    token_hash: String,
    /// Whether the link left by mail and was shown to nobody.
    link_mailed: bool,
}

impl InvitationOffer {
    /// That whoever opened its link has the address, unless the link was shown to somebody.
    pub fn proof(&self) -> Option<AddressProof> {
        email(&self.email).ok().filter(|_| self.link_mailed).map(AddressProof::mailed_link)
    }
}

/// The offer behind a link.
///
/// # Errors
/// [`AppError::NotFound`] when there is none, or it was accepted, revoked or has expired.
pub async fn find(app: &App, token: &str) -> Result<InvitationOffer> {
    let mut read = app.db.read(&SystemScope::job("invitation")).await?;
    let offer = store::by_token(&mut read, &secret::hash(token)).await?;
    offer.filter(|offer| offer.expires_at > clock::now()).ok_or_else(no_invitation)
}

/// Accepts an offer whose link was opened: the signed-in person becomes a member. A mailed link proves their
/// address as well.
///
/// # Errors
/// [`AppError::NotFound`] when it was accepted, revoked or has expired meanwhile.
pub async fn accept(by: SignedIn, offer: InvitationOffer) -> Result<String> {
    let mut write = write_to(&by, &offer).await?;
    if !store::claim(&mut write, &offer.id, &offer.token_hash).await? {
        return Err(no_invitation());
    }
    let (person, proof) = (by.clone(), offer.proof());
    let slug = join(by, write, offer).await?;
    if let Some(proof) = proof
        && let Err(error) = accounts::prove_own_address(&person, &proof).await
    {
        // The person is a member all the same.
        tracing::warn!(user = %person.user().id, %error, "email address could not be verified");
    }
    Ok(slug)
}

/// What the signed-in person is invited to. Only somebody who has verified the address learns what
/// was sent there.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn open_to(by: SignedIn) -> Result<PendingInvitations> {
    let mut read = by.app().db.read(&by).await?;
    let offers = store::to_person(&mut read, &by.user().id, clock::now()).await?;
    let invitations = offers
        .into_iter()
        .map(|InvitationOffer { id, name, role, invited_by, expires_at, .. }| OpenInvitation {
            id,
            organization: name,
            role,
            invited_by,
            expires_at,
        })
        .collect();
    Ok(PendingInvitations { verified: by.user().verified, invitations })
}

/// Accepts an invitation without its link: the verified address stands for it.
///
/// # Errors
/// [`AppError::NotFound`] when it is none of [`open_to`], or is none any more.
pub async fn accept_open(by: SignedIn, id: InvitationId) -> Result<String> {
    let mut read = by.app().db.read(&by).await?;
    let offers = store::to_person(&mut read, &by.user().id, clock::now()).await?;
    drop(read);
    let offer = offers.into_iter().find(|offer| offer.id == id).ok_or_else(no_invitation)?;
    let mut write = write_to(&by, &offer).await?;
    if !store::claim_by_address(&mut write, &offer.id, &by.user().id).await? {
        return Err(no_invitation());
    }
    join(by, write, offer).await
}

async fn write_to(by: &SignedIn, offer: &InvitationOffer) -> Result<Write> {
    let app = by.app();
    app.db.write(by, &offer.organization, by.actor(), Grant::everything(Action::Read), &app.hub).await
}

/// Makes the person a member by an offer that this write has claimed.
async fn join(by: SignedIn, mut write: Write, offer: InvitationOffer) -> Result<String> {
    let user = by.user();
    members::add(&mut write, &user.id, &user.name, offer.role).await?;
    if let Some((team, role)) = &offer.team
        && teams::exists(&mut write, team).await?
    {
        teams::put(&mut write, team, &user.id, *role).await?;
    }
    write.audit(AuditEntry::new("invitation.accepted", &offer.id, &offer.email));
    write.commit(&[Topic::Members]).await?;
    by.use_organization(&offer.organization).await?;
    Ok(offer.slug)
}
