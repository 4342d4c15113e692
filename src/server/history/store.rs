//! Claims and history in the database.

use super::{IntervalFilter, Kept, Row, Source, Who};
use crate::{
    domain::{
        error::Result,
        ids::{ClaimId, IncidentId, IntervalId, MaintenanceId, OrganizationId, ServiceId, UserId},
        service::Interval,
        status::{Cause, ServiceStatus},
        time::Time,
        timeline::{Claim, Stretch},
    },
    server::db::{Read, Write, error::refused, packed},
};

fn ids(source: &Source) -> (Option<IncidentId>, Option<MaintenanceId>) {
    match source {
        Source::Own => (None, None),
        Source::Incident(id) => (Some(id.clone()), None),
        Source::Maintenance(id) => (None, Some(id.clone())),
    }
}

pub(super) async fn insert_claim(write: &mut Write, id: &ClaimId, source: &Source, kept: &Kept) -> Result<()> {
    let (incident, maintenance) = ids(source);
    let Kept { service_id, claim, ended_by } = kept.clone();
    let (ended_user_id, ended_user_name) = ended_by.map_or((None, None), |who| (who.user_id, who.name));
    sqlx::query(
        "insert into status_claims (id, organization_id, service_id, incident_id, maintenance_id, status, started_at, ended_at,
                                    cause, user_id, user_name, ended_user_id, ended_user_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(service_id)
    .bind(incident)
    .bind(maintenance)
    .bind(claim.status)
    .bind(claim.from)
    .bind(claim.to)
    .bind(claim.cause)
    .bind(claim.who.user_id)
    .bind(claim.who.name)
    .bind(ended_user_id)
    .bind(ended_user_name)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Ends the service's own claim now, or at its beginning should the clock have been set back; the
/// moment at which the next one begins.
pub(super) async fn end_own_claim(write: &mut Write, service: &ServiceId) -> Result<Time> {
    let who = Who::of(write);
    let (ended_at,): (Time,) = sqlx::query_as(
        "update status_claims set ended_at = case when started_at > $1 then started_at else $1 end,
                                  ended_user_id = $2, ended_user_name = $3
         where organization_id = $4 and service_id = $5 and incident_id is null and maintenance_id is null and ended_at is null
         returning ended_at",
    )
    .bind(write.at)
    .bind(who.user_id)
    .bind(who.name)
    .bind(write.organization.clone())
    .bind(service.clone())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(ended_at)
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

fn kept(row: ClaimRow) -> Kept {
    let (service_id, status, from, to, cause, user_id, name, ended_user_id, ended_name) = row;
    let ended_by = to.map(|_| Who { user_id: ended_user_id, name: ended_name });
    Kept { service_id, claim: Claim { status, from, to, cause, who: Who { user_id, name } }, ended_by }
}

pub(super) async fn claims_of(write: &mut Write, source: &Source) -> Result<Vec<(ClaimId, Kept)>> {
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

pub(super) async fn delete_claim(write: &mut Write, id: &ClaimId) -> Result<()> {
    sqlx::query("delete from status_claims where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn first_own_claim(write: &mut Write, service: &ServiceId) -> Result<Option<Time>> {
    let (first,): (Option<Time>,) = sqlx::query_as(
        "select min(started_at) from status_claims
         where organization_id = $1 and service_id = $2 and incident_id is null and maintenance_id is null",
    )
    .bind(write.organization.clone())
    .bind(service.clone())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(first)
}

/// The claims that hold at this moment, end at it, or come later. Two statements instead of an `or`, as
/// below.
pub(super) async fn claims_since(write: &mut Write, service: &ServiceId, since: Time) -> Result<Vec<Kept>> {
    let rows: Vec<ClaimRow> = sqlx::query_as(
        "select service_id, status, started_at, ended_at, cause, user_id, user_name, ended_user_id, ended_user_name, id
         from status_claims where service_id = $1 and organization_id = $2 and ended_at is null
         union all
         select service_id, status, started_at, ended_at, cause, user_id, user_name, ended_user_id, ended_user_name, id
         from status_claims where service_id = $1 and organization_id = $2 and ended_at >= $3
         order by 3, 10",
    )
    .bind(service.clone())
    .bind(write.organization.clone())
    .bind(since)
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(kept).collect())
}

/// The interval that stands before this moment.
pub(super) async fn interval_before(write: &mut Write, service: &ServiceId, at: Time) -> Result<Option<Row>> {
    let row: Option<(IntervalId, ServiceStatus, Time, Option<Time>)> = sqlx::query_as(
        "select id, status, started_at, ended_at from status_history
         where service_id = $1 and organization_id = $2 and started_at < $3 and (ended_at is null or ended_at > started_at)
         order by started_at desc, id desc limit 1",
    )
    .bind(service.clone())
    .bind(write.organization.clone())
    .bind(at)
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(id, status, from, to)| Row { id, status, from, to }))
}

/// Takes away every interval from this moment on; what they were, in order.
pub(super) async fn take_intervals(write: &mut Write, service: &ServiceId, since: Time) -> Result<Vec<Row>> {
    let rows: Vec<(IntervalId, ServiceStatus, Time, Option<Time>)> = sqlx::query_as(
        "delete from status_history where service_id = $1 and organization_id = $2 and started_at >= $3
         returning id, status, started_at, ended_at",
    )
    .bind(service.clone())
    .bind(write.organization.clone())
    .bind(since)
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    let mut rows: Vec<Row> = rows.into_iter().map(|(id, status, from, to)| Row { id, status, from, to }).collect();
    rows.sort_unstable_by_key(|row| row.from);
    Ok(rows)
}

pub(super) async fn end_interval(write: &mut Write, id: &IntervalId, at: Option<Time>) -> Result<()> {
    sqlx::query("update status_history set ended_at = $1 where organization_id = $2 and id = $3")
        .bind(at)
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn insert_interval(
    write: &mut Write,
    id: &IntervalId,
    service: &ServiceId,
    stretch: &Stretch<Who>,
) -> Result<()> {
    let Stretch { status, from, to, cause, who } = stretch.clone();
    sqlx::query(
        "insert into status_history (id, organization_id, service_id, status, started_at, ended_at, cause, user_id, user_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(service.clone())
    .bind(status)
    .bind(from)
    .bind(to)
    .bind(cause)
    .bind(who.user_id)
    .bind(who.name)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn service_name(write: &mut Write, service: &ServiceId) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("select name from services where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(service.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(name,)| name))
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
    .bind(packed::COLUMN)
    .bind(packed::ROW)
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
