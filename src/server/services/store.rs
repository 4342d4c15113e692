//! Services, groups and status history in the database. Every statement names the organization.

use super::{ExistingServices, NewService, order::Item};
use crate::{
    domain::{
        error::Result,
        ids::{GroupId, OrganizationId, ServiceId, TeamId},
        service::{Group, GroupInput, Service, ServiceList, Transition, name_key},
        status::{Cause, ServiceStatus},
        time::Time,
    },
    server::db::{Read, Write, bulk, error::refused, row_packing},
};
use sqlx::AnyConnection;

type ServiceRow =
    (ServiceId, Option<GroupId>, Option<TeamId>, String, String, ServiceStatus, ServiceStatus, Time, i64, Time, Time);

fn service_of(row: ServiceRow) -> Service {
    let (id, group_id, team_id, name, description, own_status, status, since, position, created_at, updated_at) = row;
    Service { id, group_id, team_id, name, description, own_status, status, since, position, created_at, updated_at }
}

fn packed_service(columns: &mut row_packing::Columns<'_>) -> Option<Service> {
    let time = |columns: &mut row_packing::Columns<'_>| columns.value().map(Time::from_micros);
    Some(Service {
        id: columns.value()?,
        group_id: columns.optional()?,
        team_id: columns.optional()?,
        name: columns.text()?.to_owned(),
        description: columns.text()?.to_owned(),
        own_status: columns.value()?,
        status: columns.value()?,
        since: time(columns)?,
        position: columns.value()?,
        created_at: time(columns)?,
        updated_at: time(columns)?,
    })
}

pub(super) async fn list(read: &mut Read, organization: &OrganizationId) -> Result<ServiceList> {
    let groups: Vec<(GroupId, String, String, i64)> = sqlx::query_as(
        "select id, name, description, position from service_groups where organization_id = $1 order by position, id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let (text,): (Option<String>,) = sqlx::query_as(
        "select string_agg(s.id || $2 || coalesce(s.group_id, '') || $2 || coalesce(s.team_id, '')
                           || $2 || replace(replace(s.name, $2, ' '), $3, ' ')
                           || $2 || replace(replace(s.description, $2, ' '), $3, ' ')
                           || $2 || s.own_status || $2 || h.status || $2 || h.started_at
                           || $2 || s.position || $2 || s.created_at || $2 || s.updated_at, $3)
         from services s join status_history h on h.service_id = s.id and h.ended_at is null
         where s.organization_id = $1 and s.deleted_at is null",
    )
    .bind(organization.clone())
    .bind(row_packing::COLUMN)
    .bind(row_packing::ROW)
    .fetch_one(read.connection())
    .await
    .map_err(refused)?;
    let mut services = row_packing::rows(text.as_deref(), packed_service)?;
    services.sort_unstable_by(|one, other| (one.position, &one.id).cmp(&(other.position, &other.id)));
    Ok(ServiceList {
        groups: groups
            .into_iter()
            .map(|(id, name, description, position)| Group { id, name, description, position })
            .collect(),
        services,
        teams: Vec::new(),
    })
}

async fn one_service(
    connection: &mut AnyConnection,
    organization: &OrganizationId,
    id: &ServiceId,
) -> Result<Option<Service>> {
    let row: Option<ServiceRow> = sqlx::query_as(
        "select s.id, s.group_id, s.team_id, s.name, s.description, s.own_status, h.status, h.started_at, s.position, s.created_at, s.updated_at
         from services s join status_history h on h.service_id = s.id and h.ended_at is null
         where s.organization_id = $1 and s.id = $2 and s.deleted_at is null",
    )
    .bind(organization.clone())
    .bind(id.clone())
    .fetch_optional(connection)
    .await
    .map_err(refused)?;
    Ok(row.map(service_of))
}

pub(super) async fn service(read: &mut Read, organization: &OrganizationId, id: &ServiceId) -> Result<Option<Service>> {
    one_service(read.connection(), organization, id).await
}

pub(super) async fn service_in(write: &mut Write, id: &ServiceId) -> Result<Option<Service>> {
    let organization = write.organization.clone();
    one_service(write.connection(), &organization, id).await
}

pub(super) async fn recent(read: &mut Read, organization: &OrganizationId, most: i64) -> Result<Vec<Transition>> {
    type Row = (ServiceId, String, Option<ServiceStatus>, ServiceStatus, Time, Cause, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "select s.id, s.name,
                (select b.status from status_history b
                 where b.service_id = h.service_id and b.ended_at = h.started_at and b.id <> h.id
                 order by b.started_at desc limit 1),
                h.status, h.started_at, h.cause, h.user_name
         from status_history h join services s on s.id = h.service_id
         where h.organization_id = $1 and s.deleted_at is null
         order by h.started_at desc, h.id desc limit $2",
    )
    .bind(organization.clone())
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows
        .into_iter()
        .map(|(service_id, service, before, status, at, cause, by)| Transition {
            service_id,
            service,
            before,
            status,
            at,
            cause,
            by,
        })
        .collect())
}

pub(super) async fn group_name(read: &mut Read, organization: &OrganizationId, id: &GroupId) -> Result<Option<String>> {
    let row: Option<(String,)> =
        sqlx::query_as("select name from service_groups where organization_id = $1 and id = $2")
            .bind(organization.clone())
            .bind(id.clone())
            .fetch_optional(read.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(name,)| name))
}

pub(super) async fn group_name_in(write: &mut Write, id: &GroupId) -> Result<Option<String>> {
    Ok(group_texts(write, id).await?.map(|texts| texts.name))
}

pub(super) async fn group_texts(write: &mut Write, id: &GroupId) -> Result<Option<GroupInput>> {
    let row: Option<(String, String)> =
        sqlx::query_as("select name, description from service_groups where organization_id = $1 and id = $2")
            .bind(write.organization.clone())
            .bind(id.clone())
            .fetch_optional(write.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(name, description)| GroupInput { name, description }))
}

pub(super) async fn count(write: &mut Write) -> Result<usize> {
    let (count,): (i64,) =
        sqlx::query_as("select count(*) from services where organization_id = $1 and deleted_at is null")
            .bind(write.organization.clone())
            .fetch_one(write.connection())
            .await
            .map_err(refused)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Whether a service of the group other than `except` has the key.
pub(super) async fn name_taken(
    write: &mut Write,
    group: Option<&GroupId>,
    key: &str,
    except: Option<&ServiceId>,
) -> Result<bool> {
    let row: Option<(String,)> = sqlx::query_as(
        "select id from services where organization_id = $1 and coalesce(group_id, '') = $2 and name_key = $3 and id <> $4 and deleted_at is null",
    )
    .bind(write.organization.clone())
    .bind(group.map_or("", GroupId::as_str).to_owned())
    .bind(key.to_owned())
    .bind(except.map_or("", ServiceId::as_str).to_owned())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.is_some())
}

type PlaceRow = (String, i64, String);

fn item_of((id, position, kind): PlaceRow) -> (Item, i64) {
    (if kind == "group" { Item::Group(id) } else { Item::Service(id) }, position)
}

/// The last place in a group, or on the top level, where groups stand too.
pub(super) async fn last_position(write: &mut Write, group: Option<&GroupId>) -> Result<Option<i64>> {
    let (last,): (Option<i64>,) = sqlx::query_as(
        "select max(position) from (
             select position from services where organization_id = $1 and coalesce(group_id, '') = $2 and deleted_at is null
             union all
             select position from service_groups where organization_id = $1 and $2 = '') as places",
    )
    .bind(write.organization.clone())
    .bind(group.map_or("", GroupId::as_str).to_owned())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(last)
}

/// What stands in a group, or on the top level, in order.
pub(super) async fn siblings(write: &mut Write, group: Option<&GroupId>) -> Result<Vec<(Item, i64)>> {
    let rows: Vec<PlaceRow> = sqlx::query_as(
        "select id, position, 'service' as kind from services where organization_id = $1 and coalesce(group_id, '') = $2 and deleted_at is null
         union all
         select id, position, 'group' as kind from service_groups where organization_id = $1 and $2 = ''
         order by 2, 1",
    )
    .bind(write.organization.clone())
    .bind(group.map_or("", GroupId::as_str).to_owned())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(item_of).collect())
}

/// Everything that has a place, whatever it stands in, in order.
pub(super) async fn places(write: &mut Write) -> Result<Vec<(Item, i64)>> {
    let rows: Vec<PlaceRow> = sqlx::query_as(
        "select id, position, 'service' as kind from services where organization_id = $1 and deleted_at is null
         union all
         select id, position, 'group' as kind from service_groups where organization_id = $1
         order by 2, 1",
    )
    .bind(write.organization.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(item_of).collect())
}

/// The key of an imported service or group whose plain key is taken by a namesake.
fn namesake_key(key: &str, source_id: &str) -> String {
    format!("{key}\u{1f}{source_id}")
}

pub(super) async fn insert_service(write: &mut Write, id: &ServiceId, new: &NewService, position: i64) -> Result<()> {
    let mut key = name_key(&new.texts.name);
    if let Some(source_id) = &new.source_id
        && name_taken(write, new.group_id.as_ref(), &key, None).await?
    {
        key = namesake_key(&key, source_id);
    }
    sqlx::query(
        "insert into services (id, organization_id, group_id, name, name_key, description, own_status, position, source_id, created_at, updated_at, team_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(new.group_id.clone())
    .bind(new.texts.name.clone())
    .bind(key)
    .bind(new.texts.description.clone())
    .bind(new.status)
    .bind(position)
    .bind(new.source_id.clone())
    .bind(new.created_at.unwrap_or(write.at))
    .bind(write.at)
    .bind(new.team_id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn update_service(
    write: &mut Write,
    id: &ServiceId,
    texts: &GroupInput,
    key: Option<String>,
    group: Option<&GroupId>,
    position: i64,
) -> Result<()> {
    sqlx::query(
        "update services set name = $1, name_key = coalesce($2, name_key), description = $3, group_id = $4, position = $5, updated_at = $6
         where organization_id = $7 and id = $8",
    )
    .bind(texts.name.clone())
    .bind(key)
    .bind(texts.description.clone())
    .bind(group.cloned())
    .bind(position)
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn update_imported(
    write: &mut Write,
    id: &ServiceId,
    texts: &GroupInput,
    group: Option<&GroupId>,
    position: i64,
) -> Result<()> {
    let mut key = name_key(&texts.name);
    if name_taken(write, group, &key, Some(id)).await? {
        // Its id makes the key unique whatever the neighbours are called.
        key = namesake_key(&key, id.as_str());
    }
    update_service(write, id, texts, Some(key), group, position).await
}

/// The name of the service, when there was one to change.
pub(super) async fn set_deleted(write: &mut Write, id: &ServiceId, deleted: bool) -> Result<Option<String>> {
    let statement = if deleted {
        "update services set deleted_at = $1 where organization_id = $2 and id = $3 and deleted_at is null returning name"
    } else {
        "update services set deleted_at = null, updated_at = $1 where organization_id = $2 and id = $3 and deleted_at is not null returning name"
    };
    let row: Option<(String,)> = sqlx::query_as(statement)
        .bind(write.at)
        .bind(write.organization.clone())
        .bind(id.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(name,)| name))
}

/// What is asked of services that are about to be changed.
pub(super) struct Owned {
    pub id: ServiceId,
    pub name: String,
    pub team_id: Option<TeamId>,
    pub own_status: ServiceStatus,
}

/// Those of these services that are there.
pub(super) async fn owned(write: &mut Write, ids: &[(&&ServiceId,)]) -> Result<Vec<Owned>> {
    let rows: Vec<(ServiceId, String, Option<TeamId>, ServiceStatus)> = bulk::fetch(
        write,
        "select s.id, s.name, s.team_id, s.own_status from $rows cross join services s
         where s.id = given.value ->> 0 and s.organization_id = $1 and s.deleted_at is null",
        ids,
    )
    .await?;
    Ok(rows.into_iter().map(|(id, name, team_id, own_status)| Owned { id, name, team_id, own_status }).collect())
}

pub(super) async fn set_own_statuses(write: &mut Write, ids: &[ServiceId], status: ServiceStatus) -> Result<()> {
    let at = write.at.micros();
    let rows: Vec<_> = ids.iter().map(|id| (id, status, at)).collect();
    bulk::execute(
        write,
        "update services set own_status = given.value ->> 1, updated_at = cast(given.value ->> 2 as bigint) from $rows
         where services.id = given.value ->> 0 and coalesce(organization_id, '') = $1",
        &rows,
    )
    .await?;
    Ok(())
}

async fn group_name_taken(write: &mut Write, key: &str, except: &GroupId) -> Result<bool> {
    let row: Option<(String,)> =
        sqlx::query_as("select id from service_groups where organization_id = $1 and name_key = $2 and id <> $3")
            .bind(write.organization.clone())
            .bind(key.to_owned())
            .bind(except.clone())
            .fetch_optional(write.connection())
            .await
            .map_err(refused)?;
    Ok(row.is_some())
}

pub(super) async fn insert_group(
    write: &mut Write,
    id: &GroupId,
    texts: &GroupInput,
    source_id: Option<&str>,
    position: i64,
) -> Result<()> {
    let mut key = name_key(&texts.name);
    if let Some(source_id) = source_id
        && group_name_taken(write, &key, id).await?
    {
        key = namesake_key(&key, source_id);
    }
    sqlx::query(
        "insert into service_groups (id, organization_id, name, name_key, description, position, source_id, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(texts.name.clone())
    .bind(key)
    .bind(texts.description.clone())
    .bind(position)
    .bind(source_id.map(str::to_owned))
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn update_group(
    write: &mut Write,
    id: &GroupId,
    texts: &GroupInput,
    key: Option<String>,
) -> Result<()> {
    sqlx::query(
        "update service_groups set name = $1, name_key = coalesce($2, name_key), description = $3, updated_at = $4
         where organization_id = $5 and id = $6",
    )
    .bind(texts.name.clone())
    .bind(key)
    .bind(texts.description.clone())
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn update_imported_group(write: &mut Write, id: &GroupId, texts: &GroupInput) -> Result<()> {
    let mut key = name_key(&texts.name);
    if group_name_taken(write, &key, id).await? {
        key = namesake_key(&key, id.as_str());
    }
    update_group(write, id, texts, Some(key)).await
}

/// Takes every service out of the group, deleted ones as well.
pub(super) async fn ungroup_all(write: &mut Write, group: &GroupId) -> Result<()> {
    sqlx::query("update services set group_id = null where organization_id = $1 and group_id = $2")
        .bind(write.organization.clone())
        .bind(group.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete_group(write: &mut Write, id: &GroupId) -> Result<()> {
    sqlx::query("delete from service_groups where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn team_name_in(write: &mut Write, id: &TeamId) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("select name from teams where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(name,)| name))
}

pub(super) async fn team_name(read: &mut Read, organization: &OrganizationId, id: &TeamId) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("select name from teams where organization_id = $1 and id = $2")
        .bind(organization.clone())
        .bind(id.clone())
        .fetch_optional(read.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(name,)| name))
}

pub(super) async fn set_team(write: &mut Write, id: &ServiceId, team: Option<&TeamId>) -> Result<()> {
    sqlx::query("update services set team_id = $1 where organization_id = $2 and id = $3")
        .bind(team.cloned())
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// `None` when there is no such service.
pub(super) async fn set_group(write: &mut Write, id: &ServiceId, group: Option<&GroupId>) -> Result<Option<()>> {
    let done =
        sqlx::query("update services set group_id = $1 where organization_id = $2 and id = $3 and deleted_at is null")
            .bind(group.cloned())
            .bind(write.organization.clone())
            .bind(id.clone())
            .execute(write.connection())
            .await
            .map_err(refused)?;
    Ok((done.rows_affected() == 1).then_some(()))
}

/// Whether one of them stood elsewhere before.
pub(super) async fn set_service_positions(write: &mut Write, places: &[(String, i64)]) -> Result<bool> {
    let moved = bulk::execute(
        write,
        "update services set position = cast(given.value ->> 1 as bigint) from $rows
         where services.id = given.value ->> 0 and coalesce(organization_id, '') = $1
           and position <> cast(given.value ->> 1 as bigint)",
        places,
    );
    Ok(moved.await? > 0)
}

/// Whether one of them stood elsewhere before.
pub(super) async fn set_group_positions(write: &mut Write, places: &[(String, i64)]) -> Result<bool> {
    let moved = bulk::execute(
        write,
        "update service_groups set position = cast(given.value ->> 1 as bigint) from $rows
         where service_groups.id = given.value ->> 0 and coalesce(organization_id, '') = $1
           and position <> cast(given.value ->> 1 as bigint)",
        places,
    );
    Ok(moved.await? > 0)
}

pub(super) async fn known(write: &mut Write) -> Result<ExistingServices> {
    let groups: Vec<(String, GroupId)> =
        sqlx::query_as("select source_id, id from service_groups where organization_id = $1 and source_id is not null")
            .bind(write.organization.clone())
            .fetch_all(write.connection())
            .await
            .map_err(refused)?;
    let services: Vec<(String, ServiceId)> =
        sqlx::query_as("select source_id, id from services where organization_id = $1 and source_id is not null and deleted_at is null")
            .bind(write.organization.clone())
            .fetch_all(write.connection())
            .await
            .map_err(refused)?;
    Ok(ExistingServices { groups: groups.into_iter().collect(), services: services.into_iter().collect() })
}
