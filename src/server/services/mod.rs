//! Services and groups: the verbs.

mod change;
mod order;
mod store;

pub use change::{GroupChange, ServiceChange, change, change_group, intervals, read};
pub use order::move_item;

use super::{
    access::{PublicPage, Scope},
    db::{AuditEntry, Read, Write, random_id},
    history, incidents, maintenance,
};
use crate::domain::{
    error::{AppError, Result},
    ids::{GroupId, ServiceId, TeamId},
    incident::{Affected, Incident},
    live::Topic,
    position,
    role::allowed,
    service::{
        CheckedService, Deleted, GroupInput, MAX_SERVICES, Overview, Service, ServiceDetail, ServiceInput, ServiceList,
        name_key,
    },
    status::{Cause, ServiceStatus},
};

use std::{collections::BTreeSet, slice};

const TOPICS: &[Topic] = &[Topic::Services];

/// What the audit log calls a group or a team where there is none.
const NONE: &str = "none";

fn no_service() -> AppError {
    AppError::NotFound("service".to_owned())
}

fn own_team_only() -> AppError {
    AppError::field("team_id", "Choose a team where you’re an admin.")
}

/// A service that this write may touch: every change of a service begins here.
async fn service_to_change(write: &mut Write, id: &ServiceId) -> Result<Service> {
    let service = store::service_in(write, id).await?.ok_or_else(no_service)?;
    write.require(service.team_id.as_ref())?;
    Ok(service)
}

/// Services that this write may speak for: for incidents and maintenance.
///
/// # Errors
/// [`AppError::NotFound`] when one of them does not exist, [`AppError::Forbidden`].
pub async fn require<'a>(write: &mut Write, ids: impl IntoIterator<Item = &'a ServiceId>) -> Result<()> {
    let ids: BTreeSet<&ServiceId> = ids.into_iter().collect();
    services_to_change(write, &ids).await.map(drop)
}

/// Services that this write may touch, at most once each.
async fn services_to_change(write: &mut Write, ids: &BTreeSet<&ServiceId>) -> Result<Vec<store::Owned>> {
    let services = store::owned(write, &ids.iter().map(|id| (id,)).collect::<Vec<_>>()).await?;
    if services.len() != ids.len() {
        return Err(no_service());
    }
    services.iter().try_for_each(|service| write.require(service.team_id.as_ref()))?;
    Ok(services)
}

fn no_group() -> AppError {
    AppError::NotFound("group".to_owned())
}

/// Every group and service, in order, and the teams that can own a service.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list(scope: Scope<allowed::Read>) -> Result<ServiceList> {
    let mut read = scope.read().await?;
    let list = store::list(&mut read, scope.id()).await?;
    Ok(ServiceList { teams: super::teams::list(&mut read, scope.id()).await?, ..list })
}

/// Every group and service as the public page shows them.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list_public(page: &PublicPage, read: &mut Read) -> Result<ServiceList> {
    store::list(read, page.id()).await
}

/// One service with its latest history.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn detail(scope: Scope<allowed::Read>, id: ServiceId) -> Result<ServiceDetail> {
    let mut read = scope.read().await?;
    let service = store::service(&mut read, scope.id(), &id).await?.ok_or_else(no_service)?;
    let group = match &service.group_id {
        Some(group) => store::group_name(&mut read, scope.id(), group).await?,
        None => None,
    };
    let history = history::latest(&mut read, scope.id(), &id, 100).await?;
    let team = match &service.team_id {
        Some(team) => store::team_name(&mut read, scope.id(), team).await?,
        None => None,
    };
    let holding = incidents::affecting(&mut read, scope.id(), &id).await?;
    Ok(ServiceDetail { service, group, team, history, holding })
}

/// The numbers of the overview.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn overview(scope: Scope<allowed::Read>) -> Result<Overview> {
    let mut read = scope.read().await?;
    let list = store::list(&mut read, scope.id()).await?;
    let recent = store::recent(&mut read, scope.id(), 12).await?;
    let members = super::organizations::count_members(&mut read, scope.id()).await?;
    let count = |status| list.services.iter().filter(|service| service.status == status).count();
    let by_status =
        ServiceStatus::MENU.into_iter().map(|status| (status, count(status))).filter(|(_, count)| *count > 0).collect();
    let services = list.services.len();
    let mut unwell: Vec<_> =
        list.services.into_iter().filter(|service| service.status != ServiceStatus::Operational).collect();
    unwell.sort_by_key(|service| (std::cmp::Reverse(service.status), std::cmp::Reverse(service.since)));
    let incidents = incidents::open_now(&mut read, scope.id(), 20).await?;
    let maintenance = maintenance::upcoming(&mut read, scope.id(), 5).await?;
    Ok(Overview { by_status, unwell, recent, services, members, incidents, maintenance })
}

/// Adds a service at the end of its group; it begins operational.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong.
pub async fn create(scope: Scope<allowed::EditServices>, input: ServiceInput) -> Result<ServiceId> {
    let CheckedService { texts, group_id, team_id } = input.check()?;
    scope.require(team_id.as_ref()).map_err(|_| own_team_only())?;
    let mut write = scope.write().await?;
    require_group(&mut write, group_id.as_ref()).await?;
    require_team(&mut write, team_id.as_ref()).await?;
    let id = add(&mut write, NewService { team_id, ..NewService::typed(texts, group_id) }).await?;
    write.commit(TOPICS).await?;
    Ok(id)
}

/// Adds several services without a group, for the first steps of an organization. Names that are
/// there already are passed over.
///
/// # Errors
/// [`AppError::Invalid`] when a name is wrong.
pub async fn create_several(scope: Scope<allowed::EditServices>, names: Vec<String>) -> Result<()> {
    scope.require(None)?;
    let mut checked = Vec::new();
    if names.len() > 50 {
        return Err(AppError::field("names", "You can add up to 50 services at a time."));
    }
    for name in names {
        checked.push(GroupInput { name, description: String::new() }.check()?);
    }
    let mut write = scope.write().await?;
    let mut added = Vec::new();
    for texts in checked {
        if !store::name_taken(&mut write, None, &name_key(&texts.name), None).await? {
            added.push(insert(&mut write, NewService::typed(texts, None)).await?);
        }
    }
    begin(&mut write, added, Cause::Manual).await?;
    write.commit(TOPICS).await
}

/// A service about to be added.
#[derive(Debug, Clone)]
pub struct NewService {
    /// Checked texts.
    pub texts: GroupInput,
    /// Its group.
    pub group_id: Option<GroupId>,
    /// The team that owns it.
    pub team_id: Option<TeamId>,
    /// What it says of itself.
    pub status: ServiceStatus,
    /// Its id in the file it comes from.
    pub source_id: Option<String>,
    /// What set its first status.
    pub cause: Cause,
    /// When it came into being elsewhere, if not now. What is known of its status begins now.
    pub created_at: Option<crate::domain::time::Time>,
    /// Since when it has had its status, if that is known.
    pub observed_since: Option<crate::domain::time::Time>,
}

impl NewService {
    fn typed(texts: GroupInput, group_id: Option<GroupId>) -> Self {
        Self {
            texts,
            group_id,
            team_id: None,
            status: ServiceStatus::Operational,
            source_id: None,
            cause: Cause::Manual,
            created_at: None,
            observed_since: None,
        }
    }
}

/// Adds a service within a write: the part that doors share.
///
/// # Errors
/// [`AppError::Invalid`] when the name is taken, [`AppError::Conflict`] when there are too many.
pub async fn add(write: &mut Write, new: NewService) -> Result<ServiceId> {
    let cause = new.cause;
    let added = insert(write, new).await?;
    let id = added.0.service_id.clone();
    begin(write, vec![added], cause).await?;
    Ok(id)
}

/// A service's row; [`begin`] does the rest for several at once.
async fn insert(write: &mut Write, new: NewService) -> Result<(history::IntervalStart, String)> {
    let service_id = ServiceId::from_random(random_id());
    let last = store::last_position(write, new.group_id.as_ref()).await?;
    let position = position::between(last, None).unwrap_or(i64::MAX);
    store::insert_service(write, &service_id, &new, position).await?;
    let at = new.observed_since.unwrap_or(write.at).min(write.at);
    Ok((history::IntervalStart { service_id, status: new.status, at }, new.texts.name))
}

async fn begin(write: &mut Write, added: Vec<(history::IntervalStart, String)>, cause: Cause) -> Result<()> {
    if store::count(write).await? > MAX_SERVICES {
        return Err(AppError::Conflict(format!(
            "An organization can have at most {MAX_SERVICES} services. Delete some first."
        )));
    }
    let (begins, names): (Vec<history::IntervalStart>, Vec<String>) = added.into_iter().unzip();
    history::begin(write, &begins, cause).await?;
    for (history::IntervalStart { service_id, status, .. }, name) in begins.iter().zip(names) {
        let after = status.as_str().to_owned();
        write.audit(AuditEntry::new("service.created", service_id, name).values(None, Some(after)));
    }
    Ok(())
}

/// Changes a service's texts and group.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`].
pub async fn update(scope: Scope<allowed::EditServices>, id: ServiceId, input: ServiceInput) -> Result<()> {
    let checked = input.check()?;
    scope.require(checked.team_id.as_ref()).map_err(|_| own_team_only())?;
    let mut write = scope.write().await?;
    let before = service_to_change(&mut write, &id).await?;
    if edit(&mut write, &before, checked).await? { write.commit(TOPICS).await } else { Ok(()) }
}

/// Brings a service to these texts, this group and this team within a write; `false` when it has them already.
async fn edit(write: &mut Write, before: &Service, checked: CheckedService) -> Result<bool> {
    let (id, CheckedService { texts, group_id: group, team_id: team }) = (&before.id, checked);
    let new_group = require_group(write, group.as_ref()).await?;
    let new_team = require_team(write, team.as_ref()).await?;
    if before.name == texts.name
        && before.description == texts.description
        && before.group_id == group
        && before.team_id == team
    {
        return Ok(false);
    }
    let old_group = require_group(write, before.group_id.as_ref()).await?;
    let old_team = require_team(write, before.team_id.as_ref()).await?;
    let position = if before.group_id == group {
        before.position
    } else {
        position::between(store::last_position(write, group.as_ref()).await?, None).unwrap_or(i64::MAX)
    };
    // An imported namesake keeps its own key while its name stays.
    let key = (before.name != texts.name).then(|| name_key(&texts.name));
    store::update_service(write, id, &texts, key, group.as_ref(), position).await?;
    store::set_team(write, id, team.as_ref()).await?;
    write.audit(AuditEntry::new("service.updated", id, &texts.name).changed(&[
        ("name", &before.name, &texts.name),
        ("description", &before.description, &texts.description),
        ("group", &old_group, &new_group),
        ("team", &old_team, &new_team),
    ]));
    Ok(true)
}

/// Takes a service off every page. Its history stays, so that [`restore`] brings it back whole.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn delete(scope: Scope<allowed::DeleteServices>, id: ServiceId) -> Result<Deleted> {
    let mut write = scope.write().await?;
    let service = service_to_change(&mut write, &id).await?;
    store::set_deleted(&mut write, &id, true).await?;
    write.audit(
        AuditEntry::new("service.deleted", &id, &service.name).values(Some(service.status.as_str().to_owned()), None),
    );
    write.commit(TOPICS).await?;
    Ok(Deleted { id, name: service.name })
}

/// Brings a deleted service back, to its place when that is free still, else to the end of its group.
///
/// # Errors
/// [`AppError::NotFound`] when it is not deleted, [`AppError::Invalid`] when its name is taken now.
pub async fn restore(scope: Scope<allowed::DeleteServices>, id: ServiceId) -> Result<()> {
    let mut write = scope.write().await?;
    let name = store::set_deleted(&mut write, &id, false).await?.ok_or_else(no_service)?;
    order::settle(&mut write, &id).await?;
    write.audit(AuditEntry::new("service.restored", &id, name));
    write.commit(TOPICS).await
}

/// Sets what services say of themselves, all in one change. The open incidents that hold one of them
/// at something worse: setting a status does not hide an incident.
///
/// # Errors
/// [`AppError::NotFound`] when one of them does not exist: then none is changed.
pub async fn set_status(
    scope: Scope<allowed::SetStatus>,
    ids: Vec<ServiceId>,
    status: ServiceStatus,
    cause: Cause,
) -> Result<Vec<Incident>> {
    let mut write = scope.write().await?;
    if set_own_statuses(&mut write, &ids, status, cause).await? {
        write.commit(TOPICS).await?;
    } else {
        drop(write);
    }
    // Read once, however many services were set.
    let mut holding = incidents::open_now(&mut scope.read().await?, scope.id(), 100).await?;
    let worse = |said: &Affected| said.status > status && ids.contains(&said.service_id);
    holding.retain(|incident| incident.services.iter().any(worse));
    Ok(holding)
}

/// Sets what one service says of itself within a write; `false` when it said so already.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn set_own_status(write: &mut Write, id: &ServiceId, status: ServiceStatus, cause: Cause) -> Result<bool> {
    set_own_statuses(write, slice::from_ref(id), status, cause).await
}

async fn set_own_statuses(write: &mut Write, ids: &[ServiceId], status: ServiceStatus, cause: Cause) -> Result<bool> {
    let mut other = services_to_change(write, &ids.iter().collect()).await?;
    other.retain(|service| service.own_status != status);
    let ids: Vec<ServiceId> = other.iter().map(|service| service.id.clone()).collect();
    store::set_own_statuses(write, &ids, status).await?;
    history::set_own(write, &ids, status, cause).await?;
    let changed = !other.is_empty();
    for store::Owned { id, name, own_status, .. } in other {
        let (before, after) = (own_status.as_str().to_owned(), status.as_str().to_owned());
        write.audit(AuditEntry::new("service.status_set", &id, name).values(Some(before), Some(after)));
    }
    Ok(changed)
}

/// Adds a group at the end.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong.
pub async fn create_group(scope: Scope<allowed::EditServices>, input: GroupInput) -> Result<GroupId> {
    scope.require(None)?;
    let texts = input.check()?;
    let mut write = scope.write().await?;
    let id = add_group(&mut write, &texts, None).await?;
    write.commit(TOPICS).await?;
    Ok(id)
}

/// Adds a group within a write: the part that doors share.
///
/// # Errors
/// [`AppError::Invalid`] when the name is taken.
pub async fn add_group(write: &mut Write, texts: &GroupInput, source_id: Option<&str>) -> Result<GroupId> {
    let id = GroupId::from_random(random_id());
    let position = position::between(store::last_position(write, None).await?, None).unwrap_or(i64::MAX);
    store::insert_group(write, &id, texts, source_id, position).await?;
    write.audit(AuditEntry::new("group.created", &id, &texts.name));
    Ok(id)
}

/// Changes a group's texts.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`].
pub async fn update_group(scope: Scope<allowed::EditServices>, id: GroupId, input: GroupInput) -> Result<()> {
    scope.require(None)?;
    let texts = input.check()?;
    let mut write = scope.write().await?;
    let before = store::group_texts(&mut write, &id).await?.ok_or_else(no_group)?;
    if edit_group(&mut write, &id, &before, &texts).await? { write.commit(TOPICS).await } else { Ok(()) }
}

/// Brings a group to these texts within a write; `false` when it has them already.
async fn edit_group(write: &mut Write, id: &GroupId, before: &GroupInput, texts: &GroupInput) -> Result<bool> {
    if before == texts {
        return Ok(false);
    }
    // An imported namesake keeps its own key while its name stays.
    let key = (before.name != texts.name).then(|| name_key(&texts.name));
    store::update_group(write, id, texts, key).await?;
    write.audit(group_updated(id, before, texts));
    Ok(true)
}

fn group_updated(id: &GroupId, before: &GroupInput, now: &GroupInput) -> AuditEntry {
    AuditEntry::new("group.updated", id, &now.name)
        .changed(&[("name", &before.name, &now.name), ("description", &before.description, &now.description)])
}

/// Takes a heading away; its services stay, without a group, in its place.
///
/// # Errors
/// [`AppError::NotFound`] when there is none, [`AppError::Conflict`] when a service outside groups
/// has the name of one inside.
pub async fn delete_group(scope: Scope<allowed::EditServices>, id: GroupId) -> Result<()> {
    scope.require(None)?;
    let mut write = scope.write().await?;
    let name = store::group_name_in(&mut write, &id).await?.ok_or_else(no_group)?;
    order::dissolve(&mut write, &id).await.map_err(|error| match error {
        AppError::Invalid(_) => AppError::Conflict(format!(
            "“{name}” contains a service with the same name as one outside the group. Rename one of them first."
        )),
        other => other,
    })?;
    write.audit(AuditEntry::new("group.deleted", &id, name));
    write.commit(TOPICS).await
}

/// The group's name.
async fn require_group(write: &mut Write, group: Option<&GroupId>) -> Result<String> {
    let Some(id) = group else { return Ok(NONE.to_owned()) };
    let name = store::group_name_in(write, id).await?;
    name.ok_or_else(|| AppError::field("group_id", "This group was just deleted. Choose another one."))
}

/// The team's name.
async fn require_team(write: &mut Write, team: Option<&TeamId>) -> Result<String> {
    let Some(id) = team else { return Ok(NONE.to_owned()) };
    let name = store::team_name_in(write, id).await?;
    name.ok_or_else(|| AppError::field("team_id", "This team was just deleted. Choose another one."))
}

/// What an import knows of an organization already: ids by the ids of the file.
#[derive(Debug, Default)]
pub struct ExistingServices {
    /// Groups.
    pub groups: std::collections::HashMap<String, GroupId>,
    /// Services that are not deleted: a deleted one comes anew.
    pub services: std::collections::HashMap<String, ServiceId>,
}

/// What was imported before.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn known(write: &mut Write) -> Result<ExistingServices> {
    store::known(write).await
}

/// Brings an imported service to what the file says now; `true` when anything changed.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn update_imported(
    write: &mut Write,
    id: &ServiceId,
    texts: &GroupInput,
    group: Option<&GroupId>,
    status: ServiceStatus,
) -> Result<bool> {
    let before = service_to_change(write, id).await?;
    let same =
        before.name == texts.name && before.description == texts.description && before.group_id.as_ref() == group;
    if !same {
        let old_group = require_group(write, before.group_id.as_ref()).await?;
        let new_group = require_group(write, group).await?;
        store::update_imported(write, id, texts, group, before.position).await?;
        write.audit(AuditEntry::new("service.updated", id, &texts.name).changed(&[
            ("name", &before.name, &texts.name),
            ("description", &before.description, &texts.description),
            ("group", &old_group, &new_group),
        ]));
    }
    let moved = set_own_status(write, id, status, Cause::Import).await?;
    Ok(!same || moved)
}

/// Brings an imported group to what the file says now; `true` when anything changed.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn update_imported_group(write: &mut Write, id: &GroupId, texts: &GroupInput) -> Result<bool> {
    let before = store::group_texts(write, id).await?.ok_or_else(no_group)?;
    if before == *texts {
        return Ok(false);
    }
    store::update_imported_group(write, id, texts).await?;
    write.audit(group_updated(id, &before, texts));
    Ok(true)
}

/// Puts groups and services into the order of a file, and what the file does not know behind them;
/// `true` when anything moved.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn put_in_order(write: &mut Write, groups: &[(GroupId, i64)], services: &[(ServiceId, i64)]) -> Result<bool> {
    let placed = groups.iter().map(|(id, place)| (order::Item::Group(id.to_string()), *place));
    let placed = placed.chain(services.iter().map(|(id, place)| (order::Item::Service(id.to_string()), *place)));
    let mut moved = order::set_all(write, placed).await?;
    let places = groups.iter().map(|(id, place)| (id.as_str(), *place));
    let places = places.chain(services.iter().map(|(id, place)| (id.as_str(), *place)));
    let places: std::collections::HashMap<&str, i64> = places.collect();
    let end = places.values().max().map_or(0, |last| last + position::GAP);
    let mut others = store::places(write).await?;
    others.retain(|(item, _)| !places.contains_key(item.id()));
    if others.iter().any(|(_, position)| *position < end) {
        let count = others.len();
        let behind = position::spread(count).map(|place| end + place);
        order::set_all(write, others.into_iter().map(|(item, _)| item).zip(behind)).await?;
        moved = true;
    }
    Ok(moved)
}
