//! Maintenance in the database.

use super::{ImportedMaintenance, ImportedMaintenanceUpdate, NewMaintenance};
use crate::{
    domain::{
        error::Result,
        ids::{MaintenanceId, OrganizationId, SeriesId, ServiceId, TeamId, UpdateId},
        maintenance::{MaintainedService, Maintenance, MaintenanceFilter, MaintenanceStatus, MaintenanceUpdate},
        time::Time,
    },
    server::{
        db::{
            Read, Write, bulk,
            error::refused,
            in_list::{self, updates_within_weight},
            searched,
        },
        history::Author,
        markdown::{self, Message, Rendered},
    },
};
use sqlx::AnyConnection;
use std::collections::HashMap;

type Row = (
    MaintenanceId,
    String,
    MaintenanceStatus,
    Time,
    Time,
    Option<Time>,
    Option<Time>,
    i64,
    Option<SeriesId>,
    i64,
    Time,
);

/// Rows of one organization; the rest says which, and in which order.
macro_rules! maintenances {
    ($($rest:tt)+) => {
        concat!(
            "select m.id, m.title, m.status, m.starts_at, m.ends_at, m.started_at, m.completed_at, m.automatic,
                    m.series_id, m.revision, m.updated_at
             from maintenances m where m.organization_id = $1 ",
            $($rest)+
        )
    };
}

fn maintenance(row: Row) -> Maintenance {
    let (id, title, status, starts_at, ends_at, started_at, completed_at, automatic, series_id, revision, updated_at) =
        row;
    Maintenance {
        id,
        title,
        status,
        starts_at,
        ends_at,
        started_at,
        completed_at,
        automatic: automatic != 0,
        series_id,
        services: Vec::new(),
        revision,
        updated_at,
    }
}

/// Puts the services to maintenance of one organization, in the order of the page. Of hundreds of windows that name
/// hundreds of services each, the first 20,000.
pub(super) async fn with_services(
    connection: &mut AnyConnection,
    organization: &OrganizationId,
    rows: Vec<Row>,
) -> Result<Vec<Maintenance>> {
    let mut all: Vec<Maintenance> = rows.into_iter().map(maintenance).collect();
    let ids: Vec<&MaintenanceId> = all.iter().map(|maintenance| &maintenance.id).collect();
    let rows: Vec<(MaintenanceId, ServiceId, String, Option<TeamId>)> = in_list::rows(
        connection,
        &[organization.as_str()],
        &ids,
        "select m.maintenance_id, s.id, s.name, s.team_id
         from maintenance_services m join services s on s.id = m.service_id
         where m.organization_id = $1 and m.maintenance_id in ($list) order by s.position, s.id limit 20000",
    )
    .await?;
    let mut by_maintenance: HashMap<MaintenanceId, Vec<MaintainedService>> = HashMap::new();
    for (maintenance, service_id, name, team_id) in rows {
        by_maintenance.entry(maintenance).or_default().push(MaintainedService { service_id, name, team_id });
    }
    for maintenance in &mut all {
        maintenance.services = by_maintenance.remove(&maintenance.id).unwrap_or_default();
    }
    Ok(all)
}

async fn load(
    connection: &mut AnyConnection,
    organization: &OrganizationId,
    id: &MaintenanceId,
) -> Result<Option<Maintenance>> {
    let rows: Vec<Row> = sqlx::query_as(maintenances!("and m.id = $2"))
        .bind(organization.clone())
        .bind(id.clone())
        .fetch_all(&mut *connection)
        .await
        .map_err(refused)?;
    Ok(with_services(connection, organization, rows).await?.pop())
}

pub(super) async fn get(
    read: &mut Read,
    organization: &OrganizationId,
    id: &MaintenanceId,
) -> Result<Option<Maintenance>> {
    load(read.connection(), organization, id).await
}

pub(super) async fn one_in(write: &mut Write, id: &MaintenanceId) -> Result<Option<Maintenance>> {
    let organization = write.organization.clone();
    load(write.connection(), &organization, id).await
}

pub(super) async fn insert(write: &mut Write, id: &MaintenanceId, new: &NewMaintenance) -> Result<()> {
    sqlx::query(
        "insert into maintenances (id, organization_id, title, status, starts_at, ends_at, automatic, series_id, created_at, updated_at)
         values ($1, $2, $3, 'scheduled', $4, $5, $6, $7, $8, $8)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(new.title.clone())
    .bind(new.starts_at)
    .bind(new.ends_at)
    .bind(i64::from(new.automatic))
    .bind(new.series_id.clone())
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// The services instead of those before; whether they are others.
pub(super) async fn set_services(write: &mut Write, id: &MaintenanceId, all: &[ServiceId]) -> Result<bool> {
    let before: Vec<(ServiceId,)> = sqlx::query_as(
        "delete from maintenance_services where organization_id = $1 and maintenance_id = $2 returning service_id",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    let rows: Vec<_> = all.iter().map(|service| (id, service)).collect();
    bulk::execute(
        write,
        "insert into maintenance_services (organization_id, maintenance_id, service_id)
         select $1, given.value ->> 0, given.value ->> 1 from $rows where true
         on conflict do nothing",
        &rows,
    )
    .await?;
    let mut before: Vec<ServiceId> = before.into_iter().map(|(id,)| id).collect();
    let mut after = all.to_vec();
    before.sort_unstable();
    after.sort_unstable();
    after.dedup();
    Ok(before != after)
}

pub(super) async fn set_texts(
    write: &mut Write,
    id: &MaintenanceId,
    title: &str,
    starts_at: Time,
    ends_at: Time,
    automatic: bool,
) -> Result<()> {
    sqlx::query(
        "update maintenances set title = $1, starts_at = $2, ends_at = $3, automatic = $4, revision = revision + 1, updated_at = $5
         where organization_id = $6 and id = $7",
    )
    .bind(title.to_owned())
    .bind(starts_at)
    .bind(ends_at)
    .bind(i64::from(automatic))
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn touch(write: &mut Write, id: &MaintenanceId) -> Result<()> {
    sqlx::query(
        "update maintenances set revision = revision + 1, updated_at = $1 where organization_id = $2 and id = $3",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn set_status(
    write: &mut Write,
    id: &MaintenanceId,
    status: MaintenanceStatus,
    started_at: Option<Time>,
    completed_at: Option<Time>,
) -> Result<()> {
    sqlx::query(
        "update maintenances set status = $1, started_at = $2, completed_at = $3, revision = revision + 1, updated_at = $4
         where organization_id = $5 and id = $6",
    )
    .bind(status)
    .bind(started_at)
    .bind(completed_at)
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// What the list searches in; in lower case by Rust's rules, which are the same on every engine.
pub(super) async fn set_search(write: &mut Write, id: &MaintenanceId) -> Result<()> {
    let texts: Vec<(String,)> = sqlx::query_as(
        "select title from maintenances where organization_id = $1 and id = $2
         union all
         select body from maintenance_updates where organization_id = $1 and maintenance_id = $2",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    let search = texts.into_iter().map(|(text,)| text.to_lowercase()).collect::<Vec<_>>().join("\n");
    sqlx::query("update maintenances set search = $1 where organization_id = $2 and id = $3")
        .bind(search)
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete(write: &mut Write, id: &MaintenanceId) -> Result<()> {
    sqlx::query("delete from maintenances where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// An update about to be kept.
pub(super) struct NewUpdate<'a> {
    pub id: &'a UpdateId,
    pub status: MaintenanceStatus,
    pub body: &'a str,
    pub format: &'static str,
    pub rendered: &'a Rendered,
    pub at: Time,
    pub who: &'a Author,
    pub source_id: Option<&'a str>,
}

pub(super) async fn insert_update(write: &mut Write, id: &MaintenanceId, new: &NewUpdate<'_>) -> Result<()> {
    sqlx::query(
        "insert into maintenance_updates (id, organization_id, maintenance_id, status, body, format, at, user_id, user_name, source_id, created_at,
                                          body_html, body_html_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(new.id.clone())
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(new.status)
    .bind(new.body.to_owned())
    .bind(new.format)
    .bind(new.at)
    .bind(new.who.user_id.clone())
    .bind(new.who.name.clone())
    .bind(new.source_id.map(str::to_owned))
    .bind(write.at)
    .bind(new.rendered.html.clone())
    .bind(new.rendered.version)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// How many updates a maintenance has, and how many bytes their messages have together.
pub(super) async fn size_of_updates(write: &mut Write, id: &MaintenanceId) -> Result<(usize, usize)> {
    let (count, length): (i64, i64) = sqlx::query_as(
        "select count(*), cast(coalesce(sum(octet_length(body)), 0) as bigint) from maintenance_updates
         where organization_id = $1 and maintenance_id = $2",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok((usize::try_from(count).unwrap_or(usize::MAX), usize::try_from(length).unwrap_or(usize::MAX)))
}

/// What was announced: the text of the first update, with its HTML.
pub(super) async fn first_message(write: &mut Write, id: &MaintenanceId) -> Result<Option<(String, Rendered)>> {
    let row: Option<(String, String, i64)> = sqlx::query_as(
        "select body, body_html, body_html_version from maintenance_updates where organization_id = $1 and maintenance_id = $2
         order by at, created_at, id limit 1",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(body, html, version)| (body, Rendered { html, version })))
}

/// The updates of each, newest first, as far as [`lists::weight`] allows.
pub(super) async fn updates(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[MaintenanceId],
) -> Result<HashMap<MaintenanceId, Vec<MaintenanceUpdate>>> {
    type Row = (MaintenanceId, UpdateId, MaintenanceStatus, Time, Option<String>, String, String, String, i64);
    let rows: Vec<Row> = in_list::rows(
        read.connection(),
        &[organization.as_str(), in_list::weight(ids)],
        ids,
        updates_within_weight!(
            "u.maintenance_id, u.id, u.status, u.at, u.user_name, u.body, u.format, u.body_html, u.body_html_version",
            weight "length(u.body) + case when length(u.body_html) < length(u.body) then length(u.body) else length(u.body_html) end",
            of "u.maintenance_id",
            from "maintenance_updates u where u.organization_id = $1 and u.maintenance_id in ($list)"
        ),
    )
    .await?;
    let (heads, mut messages): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|(maintenance, id, status, at, by, body, format, html, version)| {
            ((maintenance, id, status, at, by), Message::stored(body, format, html, version))
        })
        .unzip();
    markdown::bring_up_to_date(&mut messages).await?;
    let mut by_maintenance: HashMap<MaintenanceId, Vec<MaintenanceUpdate>> = HashMap::new();
    for ((maintenance, id, status, at, by), message) in heads.into_iter().zip(messages) {
        let (body, html) = message.into_parts();
        let update = MaintenanceUpdate { id, status, body, html, at, by };
        by_maintenance.entry(maintenance).or_default().push(update);
    }
    Ok(by_maintenance)
}

/// What every list is filtered by.
macro_rules! filtered {
    () => {
        " and ($2 = '' or exists (select 1 from maintenance_services s where s.maintenance_id = m.id and s.service_id = $2))
          and ($3 = '' or replace(m.search, $3, '') <> m.search)
          and m.starts_at < $6 and m.ends_at > $7 "
    };
}

pub(super) async fn list(
    read: &mut Read,
    organization: &OrganizationId,
    filter: &MaintenanceFilter,
    most: i64,
) -> Result<Vec<Maintenance>> {
    let upcoming = maintenances!(
        "and m.status in ('scheduled', 'in_progress', 'verifying')
           and (m.starts_at > $4 or (m.starts_at = $4 and m.id > $5))",
        filtered!(),
        "order by m.starts_at, m.id limit $8"
    );
    let past = maintenances!(
        "and m.status in ('completed', 'cancelled')
           and (m.starts_at < $4 or (m.starts_at = $4 and m.id < $5))",
        filtered!(),
        "order by m.starts_at desc, m.id desc limit $8"
    );
    let all = maintenances!(
        "and (m.starts_at > $4 or (m.starts_at = $4 and m.id > $5))",
        filtered!(),
        "order by m.starts_at, m.id limit $8"
    );
    let (statement, beginning) = match filter.state.as_str() {
        "upcoming" => (upcoming, i64::MIN),
        "past" => (past, i64::MAX),
        _ => (all, i64::MIN),
    };
    let rows: Vec<Row> = sqlx::query_as(statement)
        .bind(organization.clone())
        .bind(filter.service.clone())
        .bind(searched(&filter.words))
        .bind(filter.after.as_ref().map_or(beginning, |(at, _)| at.micros()))
        .bind(filter.after.as_ref().map_or_else(String::new, |(_, id)| id.to_string()))
        .bind(filter.to.map_or(i64::MAX, Time::micros))
        .bind(filter.from.map_or(i64::MIN, Time::micros))
        .bind(most)
        .fetch_all(read.connection())
        .await
        .map_err(refused)?;
    with_services(read.connection(), organization, rows).await
}

/// Those of these ids that are there, without their services.
pub(super) async fn bare(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[MaintenanceId],
) -> Result<Vec<Maintenance>> {
    let statement = maintenances!("and m.id in ($list)");
    let rows: Vec<Row> = in_list::rows(read.connection(), &[organization.as_str()], ids, statement).await?;
    Ok(rows.into_iter().map(maintenance).collect())
}

/// How many are to come or going on, and how many are over.
pub(super) async fn counts(
    read: &mut Read,
    organization: &OrganizationId,
    filter: &MaintenanceFilter,
) -> Result<(i64, i64)> {
    sqlx::query_as(
        "select cast(coalesce(sum(case when m.status in ('completed', 'cancelled') then 0 else 1 end), 0) as bigint),
                cast(coalesce(sum(case when m.status in ('completed', 'cancelled') then 1 else 0 end), 0) as bigint)
         from maintenances m
         where m.organization_id = $1
           and ($2 = '' or exists (select 1 from maintenance_services s where s.maintenance_id = m.id and s.service_id = $2))
           and ($3 = '' or replace(m.search, $3, '') <> m.search)",
    )
    .bind(organization.clone())
    .bind(filter.service.clone())
    .bind(searched(&filter.words))
    .fetch_one(read.connection())
    .await
    .map_err(refused)
}

pub(super) async fn between(
    read: &mut Read,
    organization: &OrganizationId,
    from: Time,
    to: Time,
) -> Result<Vec<Maintenance>> {
    let rows: Vec<Row> = sqlx::query_as(maintenances!(
        "and m.starts_at >= $2 and m.starts_at < $3 order by m.starts_at desc, m.id desc limit 2000"
    ))
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    with_services(read.connection(), organization, rows).await
}

pub(super) async fn first(read: &mut Read, organization: &OrganizationId) -> Result<Option<Time>> {
    let (first,): (Option<Time>,) =
        sqlx::query_as("select min(starts_at) from maintenances where organization_id = $1")
            .bind(organization.clone())
            .fetch_one(read.connection())
            .await
            .map_err(refused)?;
    Ok(first)
}

/// What runs by itself and is due for a step.
pub(super) async fn due(read: &mut Read, now: Time) -> Result<Vec<(OrganizationId, MaintenanceId)>> {
    sqlx::query_as(
        // The list of all three is what their index is for.
        "select organization_id, id from maintenances
         where status in ('scheduled', 'in_progress', 'verifying') and status = 'scheduled' and starts_at <= $1 and automatic = 1
         union all
         select organization_id, id from maintenances
         where status in ('scheduled', 'in_progress', 'verifying') and status <> 'scheduled' and ends_at <= $1 and automatic = 1
         limit 500",
    )
    .bind(now)
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}

pub(super) async fn by_source(write: &mut Write, source_id: &str) -> Result<Option<MaintenanceId>> {
    let row: Option<(MaintenanceId,)> =
        sqlx::query_as("select id from maintenances where organization_id = $1 and source_id = $2")
            .bind(write.organization.clone())
            .bind(source_id.to_owned())
            .fetch_optional(write.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(id,)| id))
}

pub(super) async fn insert_imported(write: &mut Write, id: &MaintenanceId, new: &ImportedMaintenance) -> Result<()> {
    sqlx::query(
        "insert into maintenances (id, organization_id, title, status, starts_at, ends_at, started_at, completed_at, automatic, source_id, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $10)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(new.title.clone())
    .bind(new.status)
    .bind(new.starts_at)
    .bind(new.ends_at)
    .bind(new.started_at)
    .bind(new.completed_at)
    .bind(new.source_id.clone())
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn set_imported(write: &mut Write, id: &MaintenanceId, new: &ImportedMaintenance) -> Result<bool> {
    let done = sqlx::query(
        "update maintenances set title = $1, status = $2, starts_at = $3, ends_at = $4, started_at = $5, completed_at = $6,
                                 revision = revision + 1, updated_at = $7
         where organization_id = $8 and id = $9
           and (title <> $1 or status <> $2 or starts_at <> $3 or ends_at <> $4
                or coalesce(started_at, 0) <> coalesce($5, 0) or coalesce(completed_at, 0) <> coalesce($6, 0))",
    )
    .bind(new.title.clone())
    .bind(new.status)
    .bind(new.starts_at)
    .bind(new.ends_at)
    .bind(new.started_at)
    .bind(new.completed_at)
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn imported_updates(write: &mut Write, id: &MaintenanceId) -> Result<Vec<(UpdateId, String)>> {
    sqlx::query_as(
        "select id, source_id from maintenance_updates
         where organization_id = $1 and maintenance_id = $2 and source_id is not null",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)
}

pub(super) async fn set_imported_update(
    write: &mut Write,
    id: &UpdateId,
    new: &ImportedMaintenanceUpdate,
) -> Result<bool> {
    let done = sqlx::query(
        "update maintenance_updates set status = $1, body = $2, at = $3, body_html = '', body_html_version = 0
         where organization_id = $4 and id = $5 and (status <> $1 or body <> $2 or at <> $3)",
    )
    .bind(new.status)
    .bind(new.html.clone())
    .bind(new.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// How many of the organization are scheduled or go on.
pub(super) async fn count_open(write: &mut Write) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as(
        "select count(*) from maintenances
         where organization_id = $1 and status in ('scheduled', 'in_progress', 'verifying')",
    )
    .bind(write.organization.clone())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(count)
}
