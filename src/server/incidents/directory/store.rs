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
    server::db::{Read, error::refused, in_list},
};
use std::collections::HashMap;

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

/// `cross join`: SQLite keeps this order of tables; left to itself it walks through the incidents of all years.
pub(super) async fn past(read: &mut Read, slug: &str, since: Time, most: i64) -> Result<Vec<ListedIncident>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select o.slug, o.name, i.id, i.title, i.status, i.impact, i.started_at, i.resolved_at
         from organizations o cross join incidents i
         where o.listed_at is not null and o.suspended_at is null and ($1 = '' or o.slug = $1)
           and i.organization_id = o.id and i.started_at > $2 and i.resolved_at is not null
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

pub(super) async fn open_impacts(
    read: &mut Read,
    organizations: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Vec<Impact>>> {
    let rows: Vec<(OrganizationId, Impact)> = in_list::rows(
        read.connection(),
        &[],
        organizations,
        "select organization_id, impact from incidents
         where organization_id in ($list) and resolved_at is null and status <> 'monitoring'",
    )
    .await?;
    let mut by_organization: HashMap<OrganizationId, Vec<Impact>> = HashMap::new();
    for (organization, impact) in rows {
        by_organization.entry(organization).or_default().push(impact);
    }
    Ok(by_organization)
}

pub(super) async fn first(read: &mut Read, organization: &OrganizationId) -> Result<Option<Time>> {
    let (first,): (Option<Time>,) = sqlx::query_as("select min(started_at) from incidents where organization_id = $1")
        .bind(organization.clone())
        .fetch_one(read.connection())
        .await
        .map_err(refused)?;
    Ok(first)
}
