//! Claims and history in the database.

use super::{Author, IntervalFilter, MAX_CLAIMS, Row, Source, StoredClaim, too_much_history};
use crate::{
    domain::{
        error::Result,
        ids::{ClaimId, IncidentId, IntervalId, MaintenanceId, OrganizationId, ServiceId, UserId},
        service::Interval,
        status::{Cause, ServiceStatus},
        time::Time,
        timeline::{StatusClaim, StatusInterval},
    },
    server::db::{Read, Write, bulk, error::refused, random_id, row_packing},
};
use std::collections::HashMap;

fn ids(source: &Source) -> (Option<IncidentId>, Option<MaintenanceId>) {
    match source {
        Source::Own => (None, None),
        Source::Incident(id) => (Some(id.clone()), None),
        Source::Maintenance(id) => (None, Some(id.clone())),
    }
}

pub(super) async fn insert_claims(write: &mut Write, source: &Source, claims: &[StoredClaim]) -> Result<()> {
    let (incident, maintenance) = ids(source);
    let rows = claims.iter().map(|StoredClaim { service_id, claim, ended_by }| {
        let id = ClaimId::from_random(random_id());
        let (from, to) = (claim.from.micros(), claim.to.map(Time::micros));
        let ended_user = ended_by.as_ref().and_then(|who| who.user_id.as_ref());
        let ended_name = ended_by.as_ref().and_then(|who| who.name.as_ref());
        let StatusClaim { status, cause, who, .. } = claim;
        let who = (&who.user_id, &who.name);
        (id, service_id, &incident, &maintenance, status, from, to, cause, who.0, who.1, ended_user, ended_name)
    });
    let rows: Vec<_> = rows.collect();
    bulk::execute(
        write,
        "insert into status_claims (id, organization_id, service_id, incident_id, maintenance_id, status, started_at, ended_at,
                                    cause, user_id, user_name, ended_user_id, ended_user_name)
         select given.value ->> 0, $1, given.value ->> 1, given.value ->> 2, given.value ->> 3, given.value ->> 4,
                cast(given.value ->> 5 as bigint), cast(given.value ->> 6 as bigint), given.value ->> 7, given.value ->> 8,
                given.value ->> 9, given.value ->> 10, given.value ->> 11
         from $rows",
        &rows,
    )
    .await?;
    Ok(())
}

/// Ends the services' own claims now, or at their beginning should the clock have been set back; the
/// moment at which the next ones begin.
pub(super) async fn end_own_claims(write: &mut Write, services: &[ServiceId]) -> Result<Vec<(ServiceId, Time)>> {
    let (at, who) = (write.at.micros(), Author::of(write));
    let rows: Vec<_> = services.iter().map(|service| (service, at, &who.user_id, &who.name)).collect();
    bulk::fetch(
        write,
        "update status_claims
         set ended_at = case when started_at > cast(given.value ->> 1 as bigint) then started_at else cast(given.value ->> 1 as bigint) end,
             ended_user_id = given.value ->> 2, ended_user_name = given.value ->> 3
         from $rows
         where service_id = given.value ->> 0 and organization_id = $1
           and incident_id is null and maintenance_id is null and ended_at is null
         returning service_id, ended_at",
        &rows,
    )
    .await
}

type ClaimRow = (
    ServiceId,
    ServiceStatus,
    Time,
    Option<Time>,
    Cause,
    Option<UserId>,
    Option<String>,
    Option<UserId>,
    Option<String>,
);

fn kept(row: ClaimRow) -> StoredClaim {
    let (service_id, status, from, to, cause, user_id, name, ended_user_id, ended_name) = row;
    let ended_by = to.map(|_| Author { user_id: ended_user_id, name: ended_name });
    StoredClaim { service_id, claim: StatusClaim { status, from, to, cause, who: Author { user_id, name } }, ended_by }
}

pub(super) async fn claims_of(write: &mut Write, source: &Source) -> Result<Vec<(ClaimId, StoredClaim)>> {
    let (incident, maintenance) = ids(source);
    let (statement, id) = match (incident, maintenance) {
        (Some(incident), _) => (
            "select id, service_id, status, started_at, ended_at, cause, user_id, user_name, ended_user_id, ended_user_name
             from status_claims where organization_id = $1 and incident_id = $2 order by started_at, id",
            incident.to_string(),
        ),
        (None, Some(maintenance)) => (
            "select id, service_id, status, started_at, ended_at, cause, user_id, user_name, ended_user_id, ended_user_name
             from status_claims where organization_id = $1 and maintenance_id = $2 order by started_at, id",
            maintenance.to_string(),
        ),
        (None, None) => return Ok(Vec::new()),
    };
    type Row = (
        ClaimId,
        ServiceId,
        ServiceStatus,
        Time,
        Option<Time>,
        Cause,
        Option<UserId>,
        Option<String>,
        Option<UserId>,
        Option<String>,
    );
    let rows: Vec<Row> = sqlx::query_as(statement)
        .bind(write.organization.clone())
        .bind(id)
        .fetch_all(write.connection())
        .await
        .map_err(refused)?;
    Ok(rows.into_iter().map(|(id, a, b, c, d, e, f, g, h, i)| (id, kept((a, b, c, d, e, f, g, h, i)))).collect())
}

pub(super) async fn delete_claims(write: &mut Write, ids: &[(&ClaimId,)]) -> Result<()> {
    bulk::execute(
        write,
        "delete from status_claims where organization_id = $1 and id in (select given.value ->> 0 from $rows)",
        ids,
    )
    .await?;
    Ok(())
}

/// Since when each of these services has had a status of its own.
pub(super) async fn first_own_claims(
    write: &mut Write,
    services: &[(&ServiceId,)],
) -> Result<HashMap<ServiceId, Time>> {
    let rows: Vec<(ServiceId, Option<Time>)> = bulk::fetch(
        write,
        "select given.value ->> 0,
                (select min(c.started_at) from status_claims c
                 where c.service_id = given.value ->> 0 and c.organization_id = $1
                   and c.incident_id is null and c.maintenance_id is null)
         from $rows",
        services,
    )
    .await?;
    Ok(rows.into_iter().filter_map(|(service, first)| Some((service, first?))).collect())
}

/// The claims of each service that hold at its moment, end at it, or come later, in order. Two statements instead
/// of an `or`, so that both use their index. The limit is one more than [`MAX_CLAIMS`].
pub(super) async fn claims_since(
    write: &mut Write,
    since: &[(&ServiceId, i64)],
) -> Result<HashMap<ServiceId, Vec<StoredClaim>>> {
    let rows: Vec<ClaimRow> = bulk::fetch(
        write,
        "select c.service_id, c.status, c.started_at, c.ended_at, c.cause, c.user_id, c.user_name, c.ended_user_id, c.ended_user_name, c.id
         from $rows cross join status_claims c
         where c.service_id = given.value ->> 0 and c.organization_id = $1 and c.ended_at is null
         union all
         select c.service_id, c.status, c.started_at, c.ended_at, c.cause, c.user_id, c.user_name, c.ended_user_id, c.ended_user_name, c.id
         from $rows cross join status_claims c
         where c.service_id = given.value ->> 0 and c.organization_id = $1 and c.ended_at >= cast(given.value ->> 1 as bigint)
         order by 3, 10 limit 10001",
        since,
    )
    .await?;
    if rows.len() > MAX_CLAIMS {
        return Err(too_much_history());
    }
    let mut claims: HashMap<ServiceId, Vec<StoredClaim>> = HashMap::new();
    for row in rows {
        claims.entry(row.0.clone()).or_default().push(kept(row));
    }
    Ok(claims)
}

type IntervalRow = (ServiceId, IntervalId, ServiceStatus, Time, Option<Time>);

fn interval((_, id, status, from, to): IntervalRow) -> Row {
    Row { id, status, from, to }
}

/// The interval of each service that stands before its moment.
pub(super) async fn intervals_before(
    write: &mut Write,
    before: &[(&ServiceId, i64)],
) -> Result<HashMap<ServiceId, Row>> {
    let rows: Vec<IntervalRow> = bulk::fetch(
        write,
        "with prior as materialized (
             select (select h.id from status_history h
                     where h.service_id = given.value ->> 0 and coalesce(h.organization_id, '') = $1
                       and h.started_at < cast(given.value ->> 1 as bigint) and (h.ended_at is null or h.ended_at > h.started_at)
                     order by h.started_at desc, h.id desc limit 1) as id
             from $rows)
         select h.service_id, h.id, h.status, h.started_at, h.ended_at from prior join status_history h on h.id = prior.id",
        before,
    )
    .await?;
    Ok(rows.into_iter().map(|row| (row.0.clone(), interval(row))).collect())
}

/// Takes away every interval of each service from its moment on; what they were, in order.
pub(super) async fn take_intervals(
    write: &mut Write,
    since: &[(&ServiceId, i64)],
) -> Result<HashMap<ServiceId, Vec<Row>>> {
    let mut rows: Vec<IntervalRow> = bulk::fetch(
        write,
        "delete from status_history where id in (
             select h.id from $rows cross join status_history h
             where h.service_id = given.value ->> 0 and coalesce(h.organization_id, '') = $1
               and h.started_at >= cast(given.value ->> 1 as bigint))
         returning service_id, id, status, started_at, ended_at",
        since,
    )
    .await?;
    rows.sort_unstable_by_key(|(_, _, _, from, _)| *from);
    let mut taken: HashMap<ServiceId, Vec<Row>> = HashMap::new();
    for row in rows {
        taken.entry(row.0.clone()).or_default().push(interval(row));
    }
    Ok(taken)
}

pub(super) async fn end_intervals(write: &mut Write, ended: &[(IntervalId, Option<i64>)]) -> Result<()> {
    bulk::execute(
        write,
        "update status_history set ended_at = cast(given.value ->> 1 as bigint) from $rows
         where status_history.id = given.value ->> 0 and coalesce(organization_id, '') = $1",
        ended,
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_intervals(write: &mut Write, new: &[(ServiceId, StatusInterval<Author>)]) -> Result<()> {
    let rows = new.iter().map(|(service, StatusInterval { status, from, to, cause, who })| {
        let id = IntervalId::from_random(random_id());
        (id, service, status, from.micros(), to.map(Time::micros), cause, &who.user_id, &who.name)
    });
    let rows: Vec<_> = rows.collect();
    bulk::execute(
        write,
        "insert into status_history (id, organization_id, service_id, status, started_at, ended_at, cause, user_id, user_name)
         select given.value ->> 0, $1, given.value ->> 1, given.value ->> 2, cast(given.value ->> 3 as bigint),
                cast(given.value ->> 4 as bigint), given.value ->> 5, given.value ->> 6, given.value ->> 7
         from $rows",
        &rows,
    )
    .await?;
    Ok(())
}

pub(super) async fn service_names(write: &mut Write, services: &[(&ServiceId,)]) -> Result<HashMap<ServiceId, String>> {
    let rows: Vec<(ServiceId, String)> = bulk::fetch(
        write,
        "select s.id, s.name from $rows cross join services s where s.id = given.value ->> 0 and s.organization_id = $1",
        services,
    )
    .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn latest(
    read: &mut Read,
    organization: &OrganizationId,
    service: &ServiceId,
    most: i64,
) -> Result<Vec<Interval>> {
    type Latest = (ServiceStatus, Time, Option<Time>, Cause, Option<String>);
    let rows: Vec<Latest> = sqlx::query_as(
        "select status, started_at, ended_at, cause, user_name from status_history
         where service_id = $1 and organization_id = $2 order by started_at desc, id desc limit $3",
    )
    .bind(service.clone())
    .bind(organization.clone())
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(status, from, to, cause, by)| Interval { status, from, to, cause, by }).collect())
}

/// What every service was since a moment, packed: service, status, from, to. A service is operational
/// since it was first observed, and what it was else stands in rows of its own: most of its history need
/// not be read. Two statements instead of an `or`, so that both use their index however old the history is.
pub(super) async fn intervals(read: &mut Read, organization: &OrganizationId, since: Time) -> Result<Option<String>> {
    let (text,): (Option<String>,) = sqlx::query_as(
        "select string_agg(line, $4) from (
             select service_id || $3 || status || $3 || started_at || $3 || ended_at as line
             from status_history where organization_id = $1 and status <> 'operational' and ended_at > $2
             union all
             select service_id || $3 || status || $3 || started_at || $3
             from status_history where organization_id = $1 and status <> 'operational' and ended_at is null
             union all
             select id || $3 || 'operational' || $3
                 || (select min(started_at) from status_history where service_id = services.id) || $3
             from services where organization_id = $1) as reaching",
    )
    .bind(organization.clone())
    .bind(since)
    .bind(row_packing::COLUMN)
    .bind(row_packing::ROW)
    .fetch_one(read.connection())
    .await
    .map_err(refused)?;
    Ok(text)
}

pub(super) async fn intervals_of(
    read: &mut Read,
    organization: &OrganizationId,
    service: &ServiceId,
    since: Time,
) -> Result<Vec<(ServiceStatus, Time, Option<Time>)>> {
    sqlx::query_as(
        "select status, started_at, ended_at from status_history
         where service_id = $1 and organization_id = $2 and (ended_at is null or ended_at > $3) order by started_at, id",
    )
    .bind(service.clone())
    .bind(organization.clone())
    .bind(since)
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}

pub(super) async fn page(
    read: &mut Read,
    organization: &OrganizationId,
    service: &ServiceId,
    filter: &IntervalFilter,
) -> Result<Vec<(IntervalId, Interval)>> {
    type Paged = (IntervalId, ServiceStatus, Time, Option<Time>, Cause, Option<String>);
    let rows: Vec<Paged> = sqlx::query_as(
        "select id, status, started_at, ended_at, cause, user_name from status_history
         where service_id = $1 and organization_id = $2 and started_at < $3 and (ended_at is null or ended_at > $4)
           and (started_at < $5 or (started_at = $5 and id < $6))
         order by started_at desc, id desc limit $7",
    )
    .bind(service.clone())
    .bind(organization.clone())
    .bind(filter.to.unwrap_or(Time::from_micros(i64::MAX)))
    .bind(filter.from.unwrap_or(Time::from_micros(i64::MIN)))
    .bind(filter.before.as_ref().map_or(i64::MAX, |(at, _)| at.micros()))
    .bind(filter.before.as_ref().map_or_else(String::new, |(_, id)| id.to_string()))
    .bind(i64::try_from(filter.most).unwrap_or(i64::MAX))
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let interval = |(id, status, from, to, cause, by): Paged| (id, Interval { status, from, to, cause, by });
    Ok(rows.into_iter().map(interval).collect())
}
