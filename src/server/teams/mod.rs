//! Teams: the verbs.

mod store;

use super::{
    access::Scope,
    db::{AuditEntry, Read, Write},
    members,
};
use crate::domain::{
    error::{AppError, Result},
    ids::{OrganizationId, TeamId, UserId},
    live::Topic,
    member::{Team, team_name},
    role::{TeamRole, allowed},
};
use crate::server::db::random_id;

fn no_team() -> AppError {
    AppError::NotFound("team".to_owned())
}

/// Every team, by name.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Team>> {
    store::teams(read, organization).await
}

/// Who has which role in which team.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn roles(read: &mut Read, organization: &OrganizationId) -> Result<Vec<(UserId, TeamId, TeamRole)>> {
    store::roles(read, organization).await
}

/// Creates a team.
///
/// # Errors
/// [`AppError::Invalid`] when the name is wrong or taken.
pub async fn create(scope: Scope<allowed::ManageMembers>, name: String) -> Result<TeamId> {
    let name = team_name(&name)?;
    let mut write = scope.write().await?;
    let id = TeamId::from_random(random_id());
    store::insert(&mut write, &id, &name).await?;
    write.audit(AuditEntry::new("team.created", &id, name));
    write.commit(&[Topic::Members]).await?;
    Ok(id)
}

/// Deletes a team; its services stay, without a team, and its members stay members.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn delete(scope: Scope<allowed::ManageMembers>, id: TeamId) -> Result<()> {
    let mut write = scope.write().await?;
    let name = store::name(&mut write, &id).await?.ok_or_else(no_team)?;
    store::delete(&mut write, &id).await?;
    write.audit(AuditEntry::new("team.deleted", &id, name));
    write.commit(&[Topic::Members, Topic::Services]).await
}

/// Renames a team.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`], [`AppError::Forbidden`] for another team.
pub async fn rename(scope: Scope<allowed::EditTeam>, id: TeamId, name: String) -> Result<()> {
    let name = team_name(&name)?;
    let mut write = scope.write().await?;
    let before = team_to_change(&mut write, &id).await?;
    store::rename(&mut write, &id, &name).await?;
    write.audit(AuditEntry::new("team.renamed", &id, name.clone()).values(Some(before), Some(name)));
    write.commit(&[Topic::Members]).await
}

/// Puts a member of the organization into a team, or gives them another role there.
///
/// # Errors
/// [`AppError::NotFound`] when there is no such team or member, [`AppError::Forbidden`].
pub async fn set_member(scope: Scope<allowed::EditTeam>, id: TeamId, user: UserId, role: TeamRole) -> Result<()> {
    let mut write = scope.write().await?;
    let team = team_to_change(&mut write, &id).await?;
    let name = members::name_of(&mut write, &user).await?.ok_or_else(|| AppError::NotFound("member".to_owned()))?;
    let before = store::role(&mut write, &id, &user).await?;
    if before == Some(role) {
        return Ok(());
    }
    put(&mut write, &id, &user, role).await?;
    let (old, new) = (before.map(|role| role.as_str().to_owned()), Some(role.as_str().to_owned()));
    write.audit(AuditEntry::new("team.member_set", &id, format!("{name} in {team}")).values(old, new));
    write.commit(&[Topic::Members]).await?;
    scope.app().hub.revalidate_sessions(&user);
    Ok(())
}

/// Puts somebody into a team within a write.
///
/// # Errors
/// [`AppError::Conflict`] when the team has just been deleted.
pub async fn put(write: &mut Write, team: &TeamId, user: &UserId, role: TeamRole) -> Result<()> {
    store::set_member(write, team, user, role).await
}

/// Takes somebody out of a team.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`].
pub async fn remove_member(scope: Scope<allowed::EditTeam>, id: TeamId, user: UserId) -> Result<()> {
    let mut write = scope.write().await?;
    let team = team_to_change(&mut write, &id).await?;
    let name = members::name_of(&mut write, &user).await?.unwrap_or_default();
    if !store::remove_member(&mut write, &id, &user).await? {
        return Err(AppError::NotFound("member of the team".to_owned()));
    }
    write.audit(AuditEntry::new("team.member_removed", &id, format!("{name} from {team}")));
    write.commit(&[Topic::Members]).await?;
    scope.app().hub.revalidate_sessions(&user);
    Ok(())
}

/// The name of a team that this write may touch: every change of a team begins here.
async fn team_to_change(write: &mut Write, id: &TeamId) -> Result<String> {
    let name = store::name(write, id).await?.ok_or_else(no_team)?;
    write.require(Some(id))?;
    Ok(name)
}

/// Whether the organization has this team.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn exists(write: &mut Write, id: &TeamId) -> Result<bool> {
    Ok(store::name(write, id).await?.is_some())
}
