//! What programs ask of services and groups: one change of whatever is named, and pages of history.

use super::{TOPICS, edit, edit_group, no_group, no_service, own_team_only, service_to_change, set_own_status, store};
use crate::{
    domain::{
        error::Result,
        ids::{GroupId, IntervalId, ServiceId, TeamId},
        incident::Incident,
        role::allowed,
        service::{GroupInput, Interval, Service, ServiceInput},
        status::{Cause, ServiceStatus},
    },
    server::{
        access::Scope,
        history::{self, IntervalFilter},
        incidents,
    },
};

/// A change of a service; what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceChange {
    /// Unique within its group.
    pub name: Option<String>,
    /// One sentence for visitors.
    pub description: Option<String>,
    /// Into a group, or out of every one.
    pub group_id: Option<Option<GroupId>>,
    /// To a team, or to none.
    pub team_id: Option<Option<TeamId>>,
    /// What it says of itself.
    pub status: Option<ServiceStatus>,
}

/// A change of a group; what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Unique within the organization.
    pub name: Option<String>,
    /// One sentence for visitors.
    pub description: Option<String>,
}

/// One service, and the open incidents that say something of it.
///
/// # Errors
/// [`crate::domain::error::AppError::NotFound`] when there is none.
pub async fn read(scope: Scope<allowed::Read>, id: ServiceId) -> Result<(Service, Vec<Incident>)> {
    let mut read = scope.read().await?;
    let service = store::service(&mut read, scope.id(), &id).await?.ok_or_else(no_service)?;
    let holding = incidents::affecting(&mut read, scope.id(), &id).await?;
    Ok((service, holding))
}

/// Intervals of a service's status history, newest first.
///
/// # Errors
/// [`crate::domain::error::AppError::NotFound`] when there is no such service.
pub async fn intervals(
    scope: Scope<allowed::Read>,
    id: ServiceId,
    filter: IntervalFilter,
) -> Result<Vec<(IntervalId, Interval)>> {
    let mut read = scope.read().await?;
    store::service(&mut read, scope.id(), &id).await?.ok_or_else(no_service)?;
    history::page(&mut read, scope.id(), &id, &filter).await
}

/// Changes what is named of a service, all in one change.
///
/// # Errors
/// As [`super::update`] and [`super::set_status`].
pub async fn change(
    scope: Scope<allowed::EditServices>,
    id: ServiceId,
    change: ServiceChange,
    cause: Cause,
) -> Result<()> {
    let ServiceChange { name, description, group_id, team_id, status } = change;
    let mut write = scope.write().await?;
    let before = service_to_change(&mut write, &id).await?;
    let mut changed = false;
    if let Some(status) = status {
        changed |= set_own_status(&mut write, &id, status, cause).await?;
    }
    if name.is_some() || description.is_some() || group_id.is_some() || team_id.is_some() {
        let group = group_id.unwrap_or_else(|| before.group_id.clone());
        let team = team_id.unwrap_or_else(|| before.team_id.clone());
        let input = ServiceInput {
            name: name.unwrap_or_else(|| before.name.clone()),
            description: description.unwrap_or_else(|| before.description.clone()),
            group_id: group.map(String::from).unwrap_or_default(),
            team_id: team.map(String::from).unwrap_or_default(),
        };
        let checked = input.check()?;
        write.require(checked.team_id.as_ref()).map_err(|_| own_team_only())?;
        changed |= edit(&mut write, &before, checked).await?;
    }
    if changed { write.commit(TOPICS).await } else { Ok(()) }
}

/// Changes what is named of a group.
///
/// # Errors
/// As [`super::update_group`].
pub async fn change_group(scope: Scope<allowed::EditServices>, id: GroupId, change: GroupChange) -> Result<()> {
    scope.require(None)?;
    let mut write = scope.write().await?;
    let before = store::group_texts(&mut write, &id).await?.ok_or_else(no_group)?;
    let input = GroupInput {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        description: change.description.unwrap_or_else(|| before.description.clone()),
    };
    if edit_group(&mut write, &id, &before, &input.check()?).await? { write.commit(TOPICS).await } else { Ok(()) }
}
