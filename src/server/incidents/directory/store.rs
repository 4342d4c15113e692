//! Incidents of listed organizations in the database.

use super::ListedIncident;
use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId},
        incident::IncidentStatus,
        status::Impact,
        time::Time,
    },
    server::db::{Read, error::refused},
};

type Row = (String, String, IncidentId, String, IncidentStatus, Impact, Time, Option<Time>);

fn listed((slug, organization, id, title, status, impact, started_at, resolved_at): Row) -> ListedIncident {
    ListedIncident { slug, organization, id, title, status, impact, started_at, resolved_at }
}

pub(super) async fn open(read: &mut Read, slug: &str, most: i64) -> Result<Vec<ListedIncident>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select o.slug, o.name, i.id, i.title, i.status, i.impact, i.started_at, i.resolved_at
         from organizations o join incidents i on i.organization_id = o.id
         where o.listed_at is not null and o.suspended_at is null and ($1 = '' or o.slug = $1) and i.resolved_at is null
         order by i.started_at desc, i.id desc limit $2",
    )
    .bind(slug.to_owned())
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(listed).collect())
}

pub(super) async fn past(read: &mut Read, slug: &str, since: Time, most: i64) -> Result<Vec<ListedIncident>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select o.slug, o.name, i.id, i.title, i.status, i.impact, i.started_at, i.resolved_at
         from organizations o join incidents i on i.organization_id = o.id
         where o.listed_at is not null and o.suspended_at is null and ($1 = '' or o.slug = $1)
           and i.started_at > $2 and i.resolved_at is not null
         order by i.started_at desc, i.id desc limit $3",
    )
    .bind(slug.to_owned())
    .bind(since)
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(listed).collect())
}

pub(super) async fn first(read: &mut Read, organization: &OrganizationId) -> Result<Option<Time>> {
    let (first,): (Option<Time>,) = sqlx::query_as("select min(started_at) from incidents where organization_id = $1")
        .bind(organization.clone())
        .fetch_one(read.connection())
        .await
        .map_err(refused)?;
    Ok(first)
}
