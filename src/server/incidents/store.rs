//! Incidents in the database.

use super::ImportedUpdate;
use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId, ServiceId, TeamId, UpdateId, UserId},
        incident::{Affected, Incident, IncidentFilter, IncidentStatus, IncidentSummary, ServiceImpact, UpdateEvent},
        status::{Impact, ServiceStatus},
        time::Time,
    },
    server::{
        db::{Read, Write, bulk, error::refused, in_list, searched},
        history::Author,
        markdown::Rendered,
    },
};
use std::collections::HashMap;

/// What verbs need to know of an incident before they change it.
pub(super) struct Head {
    pub title: String,
    pub status: IncidentStatus,
    pub impact_set: Option<Impact>,
    pub started_at: Time,
    pub resolved_at: Option<Time>,
    pub revision: i64,
}

pub(super) async fn head(write: &mut Write, id: &IncidentId) -> Result<Option<Head>> {
    type Row = (String, IncidentStatus, Option<Impact>, Time, Option<Time>, i64);
    let row: Option<Row> = sqlx::query_as(
        "select title, status, impact_set, started_at, resolved_at, revision from incidents where organization_id = $1 and id = $2",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(title, status, impact_set, started_at, resolved_at, revision)| Head {
        title,
        status,
        impact_set,
        started_at,
        resolved_at,
        revision,
    }))
}

/// The teams of the incident's services; `None` for a service without one.
pub(super) async fn teams_of(write: &mut Write, id: &IncidentId) -> Result<Vec<Option<TeamId>>> {
    teams(
        write,
        id,
        "select distinct s.team_id from incident_services i join services s on s.id = i.service_id
         where i.organization_id = $1 and i.incident_id = $2",
    )
    .await
}

/// The teams of every service that one of the incident's updates names, those that were taken out again as well.
pub(super) async fn teams_ever(write: &mut Write, id: &IncidentId) -> Result<Vec<Option<TeamId>>> {
    teams(
        write,
        id,
        "select distinct s.team_id from incident_updates u
         join incident_update_services i on i.update_id = u.id
         join services s on s.id = i.service_id
         where u.organization_id = $1 and u.incident_id = $2",
    )
    .await
}

async fn teams(write: &mut Write, id: &IncidentId, statement: &'static str) -> Result<Vec<Option<TeamId>>> {
    let rows: Vec<(Option<TeamId>,)> = sqlx::query_as(statement)
        .bind(write.organization.clone())
        .bind(id.clone())
        .fetch_all(write.connection())
        .await
        .map_err(refused)?;
    Ok(rows.into_iter().map(|(team,)| team).collect())
}

pub(super) async fn insert(
    write: &mut Write,
    id: &IncidentId,
    title: &str,
    impact: Option<Impact>,
    at: Time,
    source_id: Option<&str>,
) -> Result<()> {
    sqlx::query(
        "insert into incidents (id, organization_id, title, status, impact, impact_set, started_at, source_id, created_at, updated_at)
         values ($1, $2, $3, 'investigating', 'none', $4, $5, $6, $7, $7)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(title.to_owned())
    .bind(impact)
    .bind(at)
    .bind(source_id.map(str::to_owned))
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// An update about to be kept.
pub(super) struct NewUpdate<'a> {
    pub id: &'a UpdateId,
    pub status: IncidentStatus,
    pub body: &'a str,
    pub format: &'static str,
    pub rendered: &'a Rendered,
    pub at: Time,
    pub who: &'a Author,
    pub source_id: Option<&'a str>,
}

impl<'a> NewUpdate<'a> {
    pub(super) const fn typed(
        id: &'a UpdateId,
        status: IncidentStatus,
        body: &'a str,
        rendered: &'a Rendered,
        at: Time,
        who: &'a Author,
    ) -> Self {
        Self { id, status, body, format: "markdown", rendered, at, who, source_id: None }
    }
}

pub(super) async fn insert_update(write: &mut Write, incident: &IncidentId, new: &NewUpdate<'_>) -> Result<()> {
    sqlx::query(
        "insert into incident_updates (id, organization_id, incident_id, status, body, format, at, user_id, user_name, source_id, created_at,
                                       body_html, body_html_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(new.id.clone())
    .bind(write.organization.clone())
    .bind(incident.clone())
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

/// What an update says of services, instead of what it said; whether that is something else.
pub(super) async fn set_statements(write: &mut Write, update: &UpdateId, said: &[ServiceImpact]) -> Result<bool> {
    let mut before: Vec<(ServiceId, Option<ServiceStatus>)> = sqlx::query_as(
        "delete from incident_update_services where organization_id = $1 and update_id = $2 returning service_id, status",
    )
    .bind(write.organization.clone())
    .bind(update.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    let rows: Vec<_> = said.iter().map(|ServiceImpact { service_id, status }| (update, service_id, status)).collect();
    bulk::execute(
        write,
        "insert into incident_update_services (organization_id, update_id, service_id, status)
         select $1, given.value ->> 0, given.value ->> 1, given.value ->> 2 from $rows",
        &rows,
    )
    .await?;
    let mut after: Vec<_> = said.iter().map(|said| (said.service_id.clone(), said.status)).collect();
    before.sort_unstable();
    after.sort_unstable();
    Ok(before != after)
}

/// The updates of an incident in order, with what they say.
pub(super) async fn steps(write: &mut Write, id: &IncidentId) -> Result<Vec<UpdateEvent<Author>>> {
    type Row = (UpdateId, IncidentStatus, Time, Option<UserId>, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "select id, status, at, user_id, user_name from incident_updates
         where organization_id = $1 and incident_id = $2 order by at, created_at, id",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    let said: Vec<(UpdateId, ServiceId, Option<ServiceStatus>)> = sqlx::query_as(
        "select s.update_id, s.service_id, s.status from incident_update_services s
         join incident_updates u on u.id = s.update_id
         where u.organization_id = $1 and u.incident_id = $2 order by s.service_id",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    let mut by_update: HashMap<UpdateId, Vec<ServiceImpact>> = HashMap::new();
    for (update, service_id, status) in said {
        by_update.entry(update).or_default().push(ServiceImpact { service_id, status });
    }
    Ok(rows
        .into_iter()
        .map(|(id, status, at, user_id, name)| UpdateEvent {
            status,
            at,
            who: Author { user_id, name },
            statements: by_update.remove(&id).unwrap_or_default(),
        })
        .collect())
}

/// Keeps what follows from the updates, and counts the change.
pub(super) async fn set_summary(write: &mut Write, id: &IncidentId, course: &IncidentSummary) -> Result<()> {
    sqlx::query(
        "update incidents set status = $1, impact = coalesce(impact_set, $2), started_at = $3, resolved_at = $4,
                              revision = revision + 1, updated_at = $5
         where organization_id = $6 and id = $7",
    )
    .bind(course.status)
    .bind(course.impact)
    .bind(course.started_at)
    .bind(course.resolved_at)
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn set_services(
    write: &mut Write,
    id: &IncidentId,
    said: &[(ServiceId, ServiceStatus)],
) -> Result<()> {
    sqlx::query("delete from incident_services where organization_id = $1 and incident_id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    let rows: Vec<_> = said.iter().map(|(service, status)| (id, service, status)).collect();
    bulk::execute(
        write,
        "insert into incident_services (organization_id, incident_id, service_id, status)
         select $1, given.value ->> 0, given.value ->> 1, given.value ->> 2 from $rows",
        &rows,
    )
    .await?;
    Ok(())
}

/// What the list searches in; in lower case by Rust's rules, which are the same on every engine.
pub(super) async fn set_search(write: &mut Write, id: &IncidentId) -> Result<()> {
    let texts: Vec<(String,)> = sqlx::query_as(
        "select title from incidents where organization_id = $1 and id = $2
         union all
         select body from incident_updates where organization_id = $1 and incident_id = $2",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    let search = texts.into_iter().map(|(text,)| text.to_lowercase()).collect::<Vec<_>>().join("\n");
    sqlx::query("update incidents set search = $1 where organization_id = $2 and id = $3")
        .bind(search)
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Title and impact by hand; whether they were otherwise.
pub(super) async fn set_head(write: &mut Write, id: &IncidentId, title: &str, impact: Option<Impact>) -> Result<bool> {
    let done = sqlx::query(
        "update incidents set title = $1, impact_set = $2
         where organization_id = $3 and id = $4 and (title <> $1 or coalesce(impact_set, '') <> coalesce($2, ''))",
    )
    .bind(title.to_owned())
    .bind(impact)
    .bind(write.organization.clone())
    .bind(id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn delete(write: &mut Write, id: &IncidentId) -> Result<()> {
    sqlx::query("delete from incidents where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// An update as it is before it is changed.
pub(super) struct UpdateRow {
    pub status: IncidentStatus,
    pub body: String,
    pub at: Time,
}

pub(super) async fn update(write: &mut Write, incident: &IncidentId, id: &UpdateId) -> Result<Option<UpdateRow>> {
    let row: Option<(IncidentStatus, String, Time)> = sqlx::query_as(
        "select status, body, at from incident_updates where organization_id = $1 and incident_id = $2 and id = $3",
    )
    .bind(write.organization.clone())
    .bind(incident.clone())
    .bind(id.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(status, body, at)| UpdateRow { status, body, at }))
}

/// What is edited is written as Markdown from then on, unless its text stayed.
pub(super) async fn set_update(
    write: &mut Write,
    id: &UpdateId,
    status: IncidentStatus,
    body: &str,
    rendered: &Rendered,
    at: Time,
) -> Result<()> {
    sqlx::query(
        "update incident_updates set status = $1, format = case when body = $2 then format else 'markdown' end,
                                     body_html = case when body = $2 then body_html else $7 end,
                                     body_html_version = case when body = $2 then body_html_version else $8 end,
                                     body = $2, at = $3, edited_at = $4
         where organization_id = $5 and id = $6",
    )
    .bind(status)
    .bind(body.to_owned())
    .bind(at)
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(rendered.html.clone())
    .bind(rendered.version)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete_update(write: &mut Write, id: &UpdateId) -> Result<()> {
    sqlx::query("delete from incident_updates where organization_id = $1 and id = $2")
        .bind(write.organization.clone())
        .bind(id.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn by_source(write: &mut Write, source_id: &str) -> Result<Option<IncidentId>> {
    let row: Option<(IncidentId,)> =
        sqlx::query_as("select id from incidents where organization_id = $1 and source_id = $2")
            .bind(write.organization.clone())
            .bind(source_id.to_owned())
            .fetch_optional(write.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(id,)| id))
}

/// An update that was imported before.
pub(super) struct KnownUpdate {
    pub id: UpdateId,
    pub source_id: String,
}

pub(super) async fn imported_updates(write: &mut Write, id: &IncidentId) -> Result<Vec<KnownUpdate>> {
    let rows: Vec<(UpdateId, String)> = sqlx::query_as(
        "select id, source_id from incident_updates
         where organization_id = $1 and incident_id = $2 and source_id is not null",
    )
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(id, source_id)| KnownUpdate { id, source_id }).collect())
}

/// What the file says instead of what it said, unless a person has edited it here. Its HTML is left to the job.
pub(super) async fn set_imported(write: &mut Write, known: &KnownUpdate, new: &ImportedUpdate) -> Result<bool> {
    let done = sqlx::query(
        "update incident_updates set status = $1, body = $2, at = $3, body_html = '', body_html_version = 0
         where organization_id = $4 and id = $5 and edited_at is null and (status <> $1 or body <> $2 or at <> $3)",
    )
    .bind(new.status)
    .bind(new.html.clone())
    .bind(new.at)
    .bind(write.organization.clone())
    .bind(known.id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

type IncidentRow = (IncidentId, String, IncidentStatus, Impact, Time, Option<Time>, i64, Time);

fn incident((id, title, status, impact, started_at, resolved_at, revision, updated_at): IncidentRow) -> Incident {
    Incident { id, title, status, impact, started_at, resolved_at, services: Vec::new(), revision, updated_at }
}

/// Puts the services to incidents of one organization, in the order of the page.
/// Of hundreds of incidents that name hundreds of services each, the first 20,000.
pub(super) async fn with_services(
    read: &mut Read,
    organization: &OrganizationId,
    mut incidents: Vec<Incident>,
) -> Result<Vec<Incident>> {
    let ids: Vec<&IncidentId> = incidents.iter().map(|incident| &incident.id).collect();
    let rows: Vec<(IncidentId, ServiceId, String, Option<TeamId>, ServiceStatus)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        &ids,
        "select i.incident_id, s.id, s.name, s.team_id, i.status
         from incident_services i join services s on s.id = i.service_id
         where i.organization_id = $1 and i.incident_id in ($list) order by s.position, s.id limit 20000",
    )
    .await?;
    let mut by_incident: HashMap<IncidentId, Vec<Affected>> = HashMap::new();
    for (incident, service_id, name, team_id, status) in rows {
        by_incident.entry(incident).or_default().push(Affected { service_id, name, team_id, status });
    }
    for incident in &mut incidents {
        incident.services = by_incident.remove(&incident.id).unwrap_or_default();
    }
    Ok(incidents)
}

pub(super) async fn list(
    read: &mut Read,
    organization: &OrganizationId,
    filter: &IncidentFilter,
    most: i64,
) -> Result<Vec<Incident>> {
    let incidents = bare(read, organization, filter, most).await?;
    with_services(read, organization, incidents).await
}

/// A list by its filter. Each state has a statement of its own, so that open incidents are found by their index
/// and not among those of all years.
macro_rules! filtered {
    ($state:literal) => {
        concat!(
            "select i.id, i.title, i.status, i.impact, i.started_at, i.resolved_at, i.revision, i.updated_at
             from incidents i where i.organization_id = $1",
            $state,
            " and ($2 = '' or exists (select 1 from incident_services s where s.incident_id = i.id and s.service_id = $2))
              and ($3 = '' or exists (select 1 from incident_services s join services v on v.id = s.service_id
                                      where s.incident_id = i.id and v.team_id = $3))
              and ($4 = '' or i.impact = $4)
              and ($5 = '' or replace(i.search, $5, '') <> i.search)
              and (i.started_at < $6 or (i.started_at = $6 and i.id < $7))
              and i.started_at >= $9 and i.started_at < $10
            order by i.started_at desc, i.id desc limit $8"
        )
    };
}

/// The same without their services.
pub(super) async fn bare(
    read: &mut Read,
    organization: &OrganizationId,
    filter: &IncidentFilter,
    most: i64,
) -> Result<Vec<Incident>> {
    let statement = match filter.state.as_str() {
        "" => filtered!(""),
        "active" => filtered!(" and i.resolved_at is null"),
        "resolved" => filtered!(" and i.resolved_at is not null"),
        _ => return Ok(Vec::new()),
    };
    let rows: Vec<IncidentRow> = sqlx::query_as(statement)
        .bind(organization.clone())
        .bind(filter.service.clone())
        .bind(filter.team.clone())
        .bind(filter.impact.clone())
        .bind(searched(&filter.words))
        .bind(filter.before.as_ref().map_or(i64::MAX, |(at, _)| at.micros()))
        .bind(filter.before.as_ref().map_or_else(String::new, |(_, id)| id.to_string()))
        .bind(most)
        .bind(filter.from.map_or(i64::MIN, Time::micros))
        .bind(filter.to.map_or(i64::MAX, Time::micros))
        .fetch_all(read.connection())
        .await
        .map_err(refused)?;
    Ok(rows.into_iter().map(incident).collect())
}

/// How many are open and how many are over, whatever state the filter asks for.
pub(super) async fn counts(
    read: &mut Read,
    organization: &OrganizationId,
    filter: &IncidentFilter,
) -> Result<(i64, i64)> {
    sqlx::query_as(
        "select cast(coalesce(sum(case when i.resolved_at is null then 1 else 0 end), 0) as bigint),
                cast(coalesce(sum(case when i.resolved_at is null then 0 else 1 end), 0) as bigint)
         from incidents i
         where i.organization_id = $1
           and ($2 = '' or exists (select 1 from incident_services s where s.incident_id = i.id and s.service_id = $2))
           and ($3 = '' or exists (select 1 from incident_services s join services v on v.id = s.service_id
                                   where s.incident_id = i.id and v.team_id = $3))
           and ($4 = '' or i.impact = $4)
           and ($5 = '' or replace(i.search, $5, '') <> i.search)
           and i.started_at >= $6 and i.started_at < $7",
    )
    .bind(organization.clone())
    .bind(filter.service.clone())
    .bind(filter.team.clone())
    .bind(filter.impact.clone())
    .bind(searched(&filter.words))
    .bind(filter.from.map_or(i64::MIN, Time::micros))
    .bind(filter.to.map_or(i64::MAX, Time::micros))
    .fetch_one(read.connection())
    .await
    .map_err(refused)
}

pub(super) async fn between(
    read: &mut Read,
    organization: &OrganizationId,
    from: Time,
    to: Time,
) -> Result<Vec<Incident>> {
    let rows: Vec<IncidentRow> = sqlx::query_as(
        "select id, title, status, impact, started_at, resolved_at, revision, updated_at from incidents
         where organization_id = $1 and started_at >= $2 and started_at < $3 order by started_at desc, id desc",
    )
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    with_services(read, organization, rows.into_iter().map(incident).collect()).await
}

/// Two statements instead of an `or`, so that both use their index however many years there are. Ordered here:
/// for an order SQLite takes another index, and walks through all years.
pub(super) async fn overlapping(
    read: &mut Read,
    organization: &OrganizationId,
    from: Time,
    to: Time,
) -> Result<Vec<Incident>> {
    let rows: Vec<IncidentRow> = sqlx::query_as(
        "select id, title, status, impact, started_at, resolved_at, revision, updated_at from incidents
         where organization_id = $1 and resolved_at is null and started_at < $3
         union all
         select id, title, status, impact, started_at, resolved_at, revision, updated_at from incidents
         where organization_id = $1 and resolved_at > $2 and started_at < $3",
    )
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let mut incidents: Vec<Incident> = rows.into_iter().map(incident).collect();
    incidents.sort_unstable_by(|one, other| (other.started_at, &other.id).cmp(&(one.started_at, &one.id)));
    with_services(read, organization, incidents).await
}

pub(super) async fn get(
    read: &mut Read,
    organization: &OrganizationId,
    id: &IncidentId,
) -> Result<Option<(Incident, Option<Impact>)>> {
    let row: Option<IncidentRow> = sqlx::query_as(
        "select id, title, status, impact, started_at, resolved_at, revision, updated_at from incidents
         where organization_id = $1 and id = $2",
    )
    .bind(organization.clone())
    .bind(id.clone())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    let Some(row) = row else { return Ok(None) };
    let (set,): (Option<Impact>,) =
        sqlx::query_as("select impact_set from incidents where organization_id = $1 and id = $2")
            .bind(organization.clone())
            .bind(id.clone())
            .fetch_one(read.connection())
            .await
            .map_err(refused)?;
    let mut found = with_services(read, organization, vec![incident(row)]).await?;
    Ok(found.pop().map(|incident| (incident, set)))
}

pub(super) async fn set_postmortem(
    write: &mut Write,
    id: &IncidentId,
    body: &str,
    rendered: &Rendered,
    published: bool,
) -> Result<()> {
    sqlx::query(
        "update incidents set postmortem_format = case when postmortem = $1 then postmortem_format else 'markdown' end,
                postmortem_html = case when postmortem = $1 then postmortem_html else $6 end,
                postmortem_html_version = case when postmortem = $1 then postmortem_html_version else $7 end,
                postmortem = $1, postmortem_at = $2,
                postmortem_published_at = case when $3 = 0 then null else coalesce(postmortem_published_at, $2) end,
                revision = revision + 1, updated_at = $2
         where organization_id = $4 and id = $5",
    )
    .bind(body.to_owned())
    .bind(write.at)
    .bind(i64::from(published))
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(rendered.html.clone())
    .bind(rendered.version)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// What a file says, unless a person has written one here; whether it is new. What is kept of it is what may be shown.
pub(super) async fn import_postmortem(
    write: &mut Write,
    id: &IncidentId,
    rendered: &Rendered,
    at: Time,
) -> Result<bool> {
    let done = sqlx::query(
        "update incidents set postmortem = $1, postmortem_format = 'html', postmortem_at = $2, postmortem_published_at = $2,
                postmortem_html = $1, postmortem_html_version = $5
         where organization_id = $3 and id = $4 and (postmortem = '' or (postmortem_format = 'html' and postmortem <> $1))",
    )
    .bind(rendered.html.clone())
    .bind(at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(rendered.version)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn count_open(read: &mut Read, organization: &OrganizationId) -> Result<usize> {
    let (count,): (i64,) =
        sqlx::query_as("select count(*) from incidents where organization_id = $1 and resolved_at is null")
            .bind(organization.clone())
            .fetch_one(read.connection())
            .await
            .map_err(refused)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) async fn open_impacts(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Impact>> {
    let rows: Vec<(Impact,)> = sqlx::query_as(
        "select impact from incidents where organization_id = $1 and resolved_at is null and status <> 'monitoring'",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(impact,)| impact).collect())
}
