//! Series in the database.

use crate::{
    domain::{
        error::Result,
        ids::{MaintenanceId, OrganizationId, SeriesId, TeamId},
        maintenance::{AHEAD, Maintenance},
        time::Time,
    },
    server::db::{Read, Write, bulk, error::refused},
};

/// A series as it is.
pub(super) struct Series {
    pub rule: String,
    pub time_zone: String,
    pub first: Time,
    pub made_until: Time,
    pub ended: bool,
    /// The window that stays while the others to come are removed.
    pub removing_except: Option<MaintenanceId>,
}

pub(super) async fn insert(write: &mut Write, id: &SeriesId, rule: &str, zone: &str, first: Time) -> Result<()> {
    sqlx::query(
        "insert into maintenance_series (id, organization_id, rule, time_zone, first_at, made_until, created_at)
         values ($1, $2, $3, $4, $5, $5, $6)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(rule.to_owned())
    .bind(zone.to_owned())
    .bind(first)
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn find(write: &mut Write, id: &SeriesId) -> Result<Option<Series>> {
    type Row = (String, String, Time, Time, Option<Time>, Option<MaintenanceId>);
    let row: Option<Row> = sqlx::query_as(
        "select rule, time_zone, first_at, made_until, ended_at, removing_except from maintenance_series
         where organization_id = $1 and id = $2",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(rule, time_zone, first, made_until, ended_at, removing_except)| Series {
        rule,
        time_zone,
        first,
        made_until,
        ended: ended_at.is_some(),
        removing_except,
    }))
}

/// The window of a series that begins last.
pub(super) async fn latest(write: &mut Write, series: &SeriesId) -> Result<Option<MaintenanceId>> {
    let row: Option<(MaintenanceId,)> = sqlx::query_as(
        "select id from maintenances where organization_id = $1 and series_id = $2 order by starts_at desc limit 1",
    )
    .bind(write.organization.clone())
    .bind(series.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(id,)| id))
}

/// Adds windows that are as another one is, but for their times: begin and end.
pub(super) async fn insert_windows(
    write: &mut Write,
    like: &Maintenance,
    windows: &[(MaintenanceId, Time, Time)],
    search: &str,
) -> Result<()> {
    let at = write.at.micros();
    let row =
        |(id, from, to): &(MaintenanceId, Time, Time)| (id.clone(), &like.id, from.micros(), to.micros(), search, at);
    let rows: Vec<_> = windows.iter().map(row).collect();
    bulk::execute(
        write,
        "insert into maintenances (id, organization_id, title, status, starts_at, ends_at, automatic, series_id, search, created_at, updated_at)
         select given.value ->> 0, m.organization_id, m.title, 'scheduled', cast(given.value ->> 2 as bigint),
                cast(given.value ->> 3 as bigint), m.automatic, m.series_id, given.value ->> 4,
                cast(given.value ->> 5 as bigint), cast(given.value ->> 5 as bigint)
         from $rows cross join maintenances m where m.id = given.value ->> 1 and m.organization_id = $1",
        &rows,
    )
    .await?;
    bulk::execute(
        write,
        "insert into maintenance_services (organization_id, maintenance_id, service_id)
         select s.organization_id, given.value ->> 0, s.service_id
         from $rows cross join maintenance_services s where s.maintenance_id = given.value ->> 1 and s.organization_id = $1",
        &rows,
    )
    .await?;
    Ok(())
}

pub(super) async fn set_made_until(write: &mut Write, id: &SeriesId, until: Time) -> Result<()> {
    sqlx::query("update maintenance_series set made_until = $1 where organization_id = $2 and id = $3")
        .bind(until)
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Ends a series: no more windows are made, and those to come but one are to be removed.
pub(super) async fn end(write: &mut Write, id: &SeriesId, keep: &MaintenanceId) -> Result<()> {
    sqlx::query(
        "update maintenance_series set ended_at = coalesce(ended_at, $1), removing_except = $2
         where organization_id = $3 and id = $4",
    )
    .bind(write.at)
    .bind(keep.clone())
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn removed(write: &mut Write, id: &SeriesId) -> Result<()> {
    sqlx::query("update maintenance_series set removing_except = null where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// The windows of a series that have not begun, but for one, and how many services each has.
pub(super) async fn to_come(
    write: &mut Write,
    id: &SeriesId,
    keep: &MaintenanceId,
) -> Result<Vec<(MaintenanceId, i64)>> {
    sqlx::query_as(
        "select m.id, (select count(*) from maintenance_services s where s.maintenance_id = m.id)
         from maintenances m
         where m.organization_id = $1 and m.series_id = $2 and m.status = 'scheduled' and m.id <> $3 order by m.starts_at",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(keep.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)
}

/// The teams of the services of those windows; `None` for a service, or a window, without one.
pub(super) async fn teams_to_come(
    write: &mut Write,
    id: &SeriesId,
    keep: &MaintenanceId,
) -> Result<Vec<Option<TeamId>>> {
    let rows: Vec<(Option<TeamId>,)> = sqlx::query_as(
        "select distinct v.team_id
         from maintenances m
         left join maintenance_services s on s.maintenance_id = m.id
         left join services v on v.id = s.service_id
         where m.organization_id = $1 and m.series_id = $2 and m.status = 'scheduled' and m.id <> $3",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(keep.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(team,)| team).collect())
}

/// What refers to them goes first: by its foreign keys SQLite takes twice as long.
pub(super) async fn delete_windows(write: &mut Write, ids: &[(MaintenanceId,)]) -> Result<()> {
    bulk::execute(
        write,
        "delete from maintenance_services
         where organization_id = $1 and maintenance_id in (select given.value ->> 0 from $rows)",
        ids,
    )
    .await?;
    bulk::execute(
        write,
        "delete from maintenances
         where coalesce(organization_id, '') = $1 and id in (select given.value ->> 0 from $rows)",
        ids,
    )
    .await?;
    Ok(())
}

/// The rule of a series that goes on.
pub(super) async fn rule(read: &mut Read, organization: &OrganizationId, id: &SeriesId) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as(
        "select rule from maintenance_series where organization_id = $1 and id = $2 and ended_at is null",
    )
    .bind(organization.clone())
    .bind(id.clone())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(rule,)| rule))
}

/// Series whose windows are made for less than they should be ahead, or are still to be removed.
pub(super) async fn unfinished(read: &mut Read, now: Time) -> Result<Vec<(OrganizationId, SeriesId)>> {
    sqlx::query_as(
        "select organization_id, id from maintenance_series
         where (ended_at is null and made_until < $1) or removing_except is not null limit 500",
    )
    .bind(now.plus_seconds(AHEAD - 86_400))
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}
