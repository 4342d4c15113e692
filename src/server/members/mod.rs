//! Members: the verbs.

mod store;

use super::{
    access::Scope,
    db::{AuditEntry, Read, Write},
    invitations, teams, tokens,
};
use crate::domain::{
    error::{AppError, Result},
    ids::{OrganizationId, TokenId, UserId},
    live::Topic,
    member::{Member, People, keeps_an_owner, may_change},
    role::{Action, Role, allowed},
};

fn no_member() -> AppError {
    AppError::NotFound("member".to_owned())
}

/// Everybody: members, teams, open invitations.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn people(scope: Scope<allowed::Read>) -> Result<People> {
    let mut read = scope.read().await?;
    Ok(People {
        members: list(&mut read, scope.id()).await?,
        teams: teams::list(&mut read, scope.id()).await?,
        invitations: invitations::open(&mut read, scope.id()).await?,
    })
}

async fn list(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Member>> {
    let mut members = store::members(read, organization).await?;
    for (user_id, team, role) in teams::roles(read, organization).await? {
        if let Some(member) = members.iter_mut().find(|member| member.user_id == user_id) {
            member.teams.push((team, role));
        }
    }
    Ok(members)
}

/// Gives a member another role. Tokens of the organization that they made stay as they are, also those that may do
/// more than they may from now on: a change of role is no break with a person, and what a program carries cannot be
/// brought back once it has ended. Whoever changes the role is told of them and revokes them where it is needed. Open
/// invitations that they sent, and that they could not send from now on, are revoked.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] when an owner is made or unmade by somebody
/// else; [`AppError::Conflict`] for the last owner.
pub async fn change_role(scope: Scope<allowed::ManageMembers>, user: UserId, role: Role) -> Result<()> {
    let mut write = scope.write().await?;
    let (name, before) = store::member(&mut write, &user).await?.ok_or_else(no_member)?;
    if before == role {
        return Ok(());
    }
    check(&mut write, scope.role(), before, Some(role)).await?;
    store::set_role(&mut write, &user, role).await?;
    // Links that they have may give no more than they may now.
    let invites = role.may(Action::ManageMembers);
    let kept = Role::ALL.iter().copied().filter(|invited| invites && may_change(role, None, Some(*invited)));
    invitations::revoke_sent_by(&mut write, &user, &kept.collect::<Vec<_>>()).await?;
    let (old, new) = (before.as_str().to_owned(), role.as_str().to_owned());
    write.audit(AuditEntry::new("member.role_changed", &user, name).values(Some(old), Some(new)));
    write.commit(&[Topic::Members]).await?;
    scope.app().hub.revalidate_sessions(&user);
    Ok(())
}

/// Takes a member out; the person loses access with the next request, and open sockets close. The tokens of the
/// organization that they made end too, since they may know them, but for those that are named to be kept; open
/// invitations that they sent, and those to their own address, are revoked.
///
/// # Errors
/// As [`change_role`]; [`AppError::Invalid`] when a token to keep is none that they made.
pub async fn remove(scope: Scope<allowed::ManageMembers>, user: UserId, keep_tokens: Vec<TokenId>) -> Result<()> {
    let write = scope.write().await?;
    take_out(write, scope.role(), &user, "member.removed", &keep_tokens).await?;
    scope.app().hub.revalidate_sessions(&user);
    Ok(())
}

/// Leaves the organization. The tokens that the person made for it end, and open invitations that they sent.
///
/// # Errors
/// [`AppError::Conflict`] for the last owner, and for a program, which is no member.
pub async fn leave(scope: Scope<allowed::Read>) -> Result<()> {
    let Some(person) = scope.person() else {
        return Err(AppError::Conflict("An organization token isn’t a member. Revoke it instead.".to_owned()));
    };
    let user = person.user().id.clone();
    let write = scope.write().await?;
    take_out(write, Role::Owner, &user, "member.left", &[]).await?;
    scope.app().hub.revalidate_sessions(&user);
    Ok(())
}

async fn take_out(
    mut write: Write,
    actor: Role,
    user: &UserId,
    action: &'static str,
    keep_tokens: &[TokenId],
) -> Result<()> {
    let (name, before) = store::member(&mut write, user).await?.ok_or_else(no_member)?;
    check(&mut write, actor, before, None).await?;
    store::delete(&mut write, user).await?;
    write.audit(AuditEntry::new(action, user, name).values(Some(before.as_str().to_owned()), None));
    invitations::revoke_sent_by(&mut write, user, &[]).await?;
    invitations::revoke_sent_to(&mut write, user).await?;
    let topics: &[Topic] = match tokens::end_created_by(&mut write, user, keep_tokens).await? {
        true => &[Topic::Members, Topic::Organization],
        false => &[Topic::Members],
    };
    write.commit(topics).await
}

async fn check(write: &mut Write, actor: Role, before: Role, after: Option<Role>) -> Result<()> {
    if !may_change(actor, Some(before), after) {
        return Err(write.refuse(Action::OwnOrganization));
    }
    if !keeps_an_owner(store::count_owners(write).await?, before, after) {
        return Err(AppError::Conflict(
            "This is the last owner. Make someone else an owner first, or delete the organization.".to_owned(),
        ));
    }
    Ok(())
}

/// Makes somebody a member within a write: the part that doors share. A member stays what they are.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn add(write: &mut Write, user: &UserId, name: &str, role: Role) -> Result<bool> {
    if store::member(write, user).await?.is_some() {
        return Ok(false);
    }
    store::insert(write, user, role).await?;
    write.audit(AuditEntry::new("member.added", user, name).values(None, Some(role.as_str().to_owned())));
    Ok(true)
}

/// Makes a member an owner within a write.
///
/// # Errors
/// [`AppError::NotFound`] when the person is no member.
pub async fn make_owner(write: &mut Write, user: &UserId) -> Result<()> {
    let (name, before) = store::member(write, user).await?.ok_or_else(no_member)?;
    store::set_role(write, user, Role::Owner).await?;
    let (old, new) = (before.as_str().to_owned(), Role::Owner.as_str().to_owned());
    write.audit(AuditEntry::new("member.role_changed", user, name).values(Some(old), Some(new)));
    Ok(())
}

/// Whether somebody with this address is a member.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn has_address(write: &mut Write, email_key: &str) -> Result<bool> {
    store::has_address(write, email_key).await
}

/// Whether this person is a member.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn name_of(write: &mut Write, user: &UserId) -> Result<Option<String>> {
    Ok(store::member(write, user).await?.map(|(name, _)| name))
}
