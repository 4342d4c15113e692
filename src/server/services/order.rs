//! The hand-made order: moving a service or a group, and what becomes of a group's services.

use super::{NONE, TOPICS, no_group, no_service, service_to_change, store};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{GroupId, ServiceId},
        position::{between, spread},
        role::allowed,
    },
    server::{
        access::Scope,
        db::{AuditEntry, Write},
    },
};

/// Something that has a place: groups and services share the order of the top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Group(String),
    Service(String),
}

impl Item {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Group(id) | Self::Service(id) => id,
        }
    }
}

/// Moves a service or a group (by its id) before another one, or to the end. A service goes into
/// `group`, or out of every group. Before itself it stays where it is.
///
/// # Errors
/// [`AppError::NotFound`] when something named does not exist, [`AppError::Invalid`] when the
/// group has a service of that name already.
pub async fn move_item(
    scope: Scope<allowed::EditServices>,
    item: String,
    group: Option<GroupId>,
    before: Option<String>,
) -> Result<()> {
    let mut write = scope.write().await?;
    let heading = store::group_name_in(&mut write, &parse(&item)?).await?;
    let (moved, name, old_group) = match (heading, &group) {
        (Some(name), None) => {
            write.require(None)?;
            (Item::Group(item.clone()), name, None)
        }
        (Some(_), Some(_)) => return Err(AppError::Conflict("A group can’t be inside another group.".to_owned())),
        (None, _) => {
            let service = service_to_change(&mut write, &parse(&item)?).await?;
            (Item::Service(item.clone()), service.name, service.group_id)
        }
    };
    if old_group == group && before.as_ref() == Some(&item) {
        return Ok(());
    }
    let new_name = group_name(&mut write, group.as_ref()).await?;
    let old_name = group_name(&mut write, old_group.as_ref()).await?;
    let mut siblings = store::siblings(&mut write, group.as_ref()).await?;
    siblings.retain(|(sibling, _)| sibling.id() != item);
    let index = match &before {
        Some(before) => siblings.iter().position(|(sibling, _)| sibling.id() == before).ok_or_else(no_service)?,
        None => siblings.len(),
    };
    let place = |siblings: &[(Item, i64)]| {
        between(index.checked_sub(1).and_then(|i| siblings.get(i)).map(|s| s.1), siblings.get(index).map(|s| s.1))
    };
    let position = match place(&siblings) {
        Some(position) => position,
        None => {
            for ((_, position), fresh) in siblings.iter_mut().zip(spread(usize::MAX)) {
                *position = fresh;
            }
            set_all(&mut write, siblings.iter().cloned()).await?;
            place(&siblings).unwrap_or_default()
        }
    };
    if let Item::Service(id) = &moved {
        store::set_group(&mut write, &parse(id)?, group.as_ref()).await?.ok_or_else(no_service)?;
    }
    set_all(&mut write, [(moved, position)]).await?;
    write.audit(AuditEntry::new("service.moved", &item, name).changed(&[("group", &old_name, &new_name)]));
    write.commit(TOPICS).await
}

async fn group_name(write: &mut Write, group: Option<&GroupId>) -> Result<String> {
    let Some(id) = group else { return Ok(NONE.to_owned()) };
    store::group_name_in(write, id).await?.ok_or_else(no_group)
}

/// Gives a service that has just come back a place of its own: at the end, when something stands
/// where it stood.
pub(super) async fn settle(write: &mut Write, id: &ServiceId) -> Result<()> {
    let service = store::service_in(write, id).await?.ok_or_else(no_service)?;
    let siblings = store::siblings(write, service.group_id.as_ref()).await?;
    if siblings.iter().any(|(item, position)| *position == service.position && item.id() != id.as_str()) {
        let last = siblings.last().map(|(_, position)| *position);
        set_all(write, [(Item::Service(id.to_string()), between(last, None).unwrap_or(i64::MAX))]).await?;
    }
    Ok(())
}

/// Deletes a group and puts its services, in their order, where it stood.
pub(super) async fn dissolve(write: &mut Write, group: &GroupId) -> Result<()> {
    let inside = store::siblings(write, Some(group)).await?;
    let mut order: Vec<Item> = Vec::new();
    for (item, _) in store::siblings(write, None).await? {
        if item.id() == group.as_str() {
            order.extend(inside.iter().map(|(service, _)| service.clone()));
        } else {
            order.push(item);
        }
    }
    store::ungroup_all(write, group).await?;
    set_all(write, order.into_iter().zip(spread(usize::MAX))).await?;
    store::delete_group(write, group).await
}

/// Gives items their places; whether one of them stood elsewhere before.
pub(super) async fn set_all(write: &mut Write, places: impl IntoIterator<Item = (Item, i64)>) -> Result<bool> {
    let (groups, services): (Vec<_>, Vec<_>) = places.into_iter().partition(|(item, _)| matches!(item, Item::Group(_)));
    let rows = |places: &[(Item, i64)]| places.iter().map(|(item, place)| (item.id().to_owned(), *place)).collect();
    let (groups, services): (Vec<_>, Vec<_>) = (rows(&groups), rows(&services));
    let moved = store::set_group_positions(write, &groups).await?;
    Ok(store::set_service_positions(write, &services).await? || moved)
}

fn parse<T: std::str::FromStr>(id: &str) -> Result<T> {
    id.parse().map_err(|_| no_service())
}
