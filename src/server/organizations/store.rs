//! Organizations and members in the database.

use super::PublicOrganization;
use crate::{
    domain::{
        error::Result,
        ids::{OrganizationId, UserId},
        organization::{NewOrganization, OrganizationSettings},
        role::Role,
        status::{ServiceStatus, StatusLabels},
        time::Time,
    },
    server::db::{AccountWrite, Read, Write, error::refused, in_list, searched},
};
use sqlx::AnyConnection;
use std::collections::HashMap;

pub(super) async fn insert_organization(write: &mut Write, new: &NewOrganization) -> Result<()> {
    sqlx::query(
        "insert into organizations (id, slug, name, name_key, time_zone, listed_at, version, changed_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)",
    )
    .bind(write.organization.clone())
    .bind(new.slug.clone())
    .bind(new.name.clone())
    .bind(new.name.to_lowercase())
    .bind(new.time_zone.clone())
    .bind(new.listed.then_some(write.at))
    .bind(write.version)
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn insert_member(write: &mut Write, user: &UserId, role: Role) -> Result<()> {
    sqlx::query("insert into members (organization_id, user_id, role, created_at) values ($1, $2, $3, $4)")
        .bind(write.organization.clone())
        .bind(user.clone())
        .bind(role)
        .bind(write.at)
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn count_owned(write: &mut Write, user: &UserId) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as("select count(*) from members where user_id = $1 and role = $2")
        .bind(user.clone())
        .bind(Role::Owner)
        .fetch_one(write.connection())
        .await
        .map_err(refused)?;
    Ok(count)
}

pub(super) async fn count_members(read: &mut Read, organization: &OrganizationId) -> Result<usize> {
    let (count,): (i64,) = sqlx::query_as("select count(*) from members where organization_id = $1")
        .bind(organization.clone())
        .fetch_one(read.connection())
        .await
        .map_err(refused)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub(super) async fn by_slug(read: &mut Read, slug: &str) -> Result<Option<OrganizationId>> {
    let row: Option<(OrganizationId,)> = sqlx::query_as("select id from organizations where slug = $1")
        .bind(slug.to_owned())
        .fetch_optional(read.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(id,)| id))
}

/// Whether an organization has it, or had it and holds it back.
pub(super) async fn slug_taken(read: &mut Read, slug: &str) -> Result<bool> {
    let row: Option<(OrganizationId,)> = sqlx::query_as(
        "select id from organizations where slug = $1 union select organization_id from former_slugs where slug = $1",
    )
    .bind(slug.to_owned())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.is_some())
}

/// Whether another organization has it, or had it and holds it back.
pub(super) async fn slug_held(write: &mut Write, slug: &str) -> Result<bool> {
    let row: Option<(OrganizationId,)> = sqlx::query_as(
        "select id from organizations where slug = $1 and id <> $2
         union select organization_id from former_slugs where slug = $1 and organization_id <> $2",
    )
    .bind(slug.to_owned())
    .bind(write.organization.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.is_some())
}

/// The old slug goes on leading here; the new one is no former one any more.
pub(super) async fn keep_slug(write: &mut Write, old: &str, new: &str) -> Result<()> {
    sqlx::query("delete from former_slugs where slug = $1 and organization_id = $2")
        .bind(new.to_owned())
        .bind(write.organization.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    sqlx::query("insert into former_slugs (slug, organization_id, freed_at) values ($1, $2, $3)")
        .bind(old.to_owned())
        .bind(write.organization.clone())
        .bind(write.at)
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Frees former slugs but the latest.
pub(super) async fn free_old_slugs(write: &mut Write, kept: usize) -> Result<()> {
    sqlx::query(
        "delete from former_slugs where organization_id = $1 and slug not in (
             select slug from former_slugs where organization_id = $1 order by freed_at desc, slug limit $2)",
    )
    .bind(write.organization.clone())
    .bind(kept as i64)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

async fn settings_of(connection: &mut AnyConnection, id: &OrganizationId) -> Result<Option<OrganizationSettings>> {
    type Row = (String, String, String, String, String, Option<Time>, String);
    let row: Option<Row> = sqlx::query_as(
        "select name, slug, description, time_zone, support_url, listed_at, labels from organizations where id = $1",
    )
    .bind(id.clone())
    .fetch_optional(connection)
    .await
    .map_err(refused)?;
    Ok(row.map(|(name, slug, description, time_zone, support_url, listed_at, labels)| OrganizationSettings {
        name,
        slug,
        description,
        time_zone,
        support_url,
        listed: listed_at.is_some(),
        labels: StatusLabels::from_json(&labels),
    }))
}

pub(super) async fn settings(read: &mut Read, id: &OrganizationId) -> Result<Option<OrganizationSettings>> {
    settings_of(read.connection(), id).await
}

pub(super) async fn settings_in(write: &mut Write) -> Result<Option<OrganizationSettings>> {
    let id = write.organization.clone();
    settings_of(write.connection(), &id).await
}

pub(super) async fn labels(read: &mut Read, id: &OrganizationId) -> Result<StatusLabels> {
    let row: Option<(String,)> = sqlx::query_as("select labels from organizations where id = $1")
        .bind(id.clone())
        .fetch_optional(read.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(labels,)| StatusLabels::from_json(&labels)).unwrap_or_default())
}

pub(super) async fn update(write: &mut Write, new: &OrganizationSettings) -> Result<()> {
    sqlx::query(
        "update organizations set name = $1, name_key = $2, slug = $3, description = $4, time_zone = $5, support_url = $6,
                labels = $7, listed_at = case when $8 = 0 then null else coalesce(listed_at, $9) end, updated_at = $9
         where id = $10",
    )
    .bind(new.name.clone())
    .bind(new.name.to_lowercase())
    .bind(new.slug.clone())
    .bind(new.description.clone())
    .bind(new.time_zone.clone())
    .bind(new.support_url.clone())
    .bind(new.labels.to_json())
    .bind(i64::from(new.listed))
    .bind(write.at)
    .bind(write.organization.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete(write: &mut Write) -> Result<()> {
    sqlx::query("delete from organizations where id = $1")
        .bind(write.organization.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Forgets deletions and imports before this moment.
pub(super) async fn forget_events(write: &mut AccountWrite, before: Time) -> Result<()> {
    sqlx::query("delete from organization_events where at < $1")
        .bind(before)
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Of those that the directory lists.
pub(super) async fn listed_slugs(read: &mut Read, most: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "select slug from organizations where listed_at is not null and suspended_at is null order by slug limit $1",
    )
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(slug,)| slug).collect())
}

pub(super) async fn effective_statuses(read: &mut Read, organization: &OrganizationId) -> Result<Vec<ServiceStatus>> {
    let rows: Vec<(ServiceStatus,)> = sqlx::query_as(
        "select h.status from services s join status_history h on h.service_id = s.id and h.ended_at is null
         where s.organization_id = $1 and s.deleted_at is null",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(|(status,)| status).collect())
}

/// Names and effective statuses of the services of each, worst first.
pub(super) async fn services_in_short(
    read: &mut Read,
    organizations: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Vec<(String, ServiceStatus)>>> {
    let rows: Vec<(OrganizationId, String, ServiceStatus)> = in_list::rows(
        read.connection(),
        &[],
        organizations,
        "select s.organization_id, s.name, h.status
         from services s join status_history h on h.service_id = s.id and h.ended_at is null
         where s.organization_id in ($list) and s.deleted_at is null order by s.position, s.id",
    )
    .await?;
    let mut all: HashMap<OrganizationId, Vec<(String, ServiceStatus)>> = HashMap::new();
    for (organization, name, status) in rows {
        all.entry(organization).or_default().push((name, status));
    }
    for services in all.values_mut() {
        services.sort_by_key(|(_, status)| std::cmp::Reverse(*status));
    }
    Ok(all)
}

type PublicRow = (OrganizationId, String, String, String, String, String, String, i64, Time);

fn public_of(
    (id, slug, name, description, time_zone, support_url, labels, version, changed_at): PublicRow,
) -> PublicOrganization {
    let labels = StatusLabels::from_json(&labels);
    PublicOrganization { id, slug, name, description, time_zone, support_url, labels, version, changed_at }
}

pub(super) async fn public(read: &mut Read, id: &OrganizationId) -> Result<Option<PublicOrganization>> {
    let row: Option<PublicRow> = sqlx::query_as(
        "select id, slug, name, description, time_zone, support_url, labels, version, changed_at from organizations
         where id = $1 and suspended_at is null",
    )
    .bind(id.clone())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(public_of))
}

/// Those whose name, or the name of one of whose services, holds the words.
pub(super) async fn listed(read: &mut Read, search: &str, most: i64) -> Result<Vec<PublicOrganization>> {
    let rows: Vec<PublicRow> = sqlx::query_as(
        "select id, slug, name, description, time_zone, support_url, labels, version, changed_at from organizations o
         where o.listed_at is not null and o.suspended_at is null
           and ($1 = '' or replace(o.name_key, $1, '') <> o.name_key
                or exists (select 1 from services s where s.organization_id = o.id and s.deleted_at is null
                                                      and replace(s.name_key, $1, '') <> s.name_key))
         order by o.name_key, o.id limit $2",
    )
    .bind(searched(search))
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(public_of).collect())
}
