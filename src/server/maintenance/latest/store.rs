//! What last changed about maintenance in the database.

use super::super::store::with_services;
use crate::{
    domain::{
        error::Result,
        ids::{MaintenanceId, OrganizationId, SeriesId, ServiceId},
        maintenance::{Maintenance, MaintenanceStatus},
        time::Time,
    },
    server::db::{Read, error::refused},
};

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
    Time,
    Time,
);

/// What changed last, each with when it was announced and when it changed. One that is imported is as old as what
/// its file says of it; one that is only scheduled changes by being moved as well.
pub(super) async fn maintenance(
    read: &mut Read,
    organization: &OrganizationId,
    service: Option<&ServiceId>,
    most: i64,
) -> Result<Vec<(Maintenance, (Time, Time))>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select t.id, t.title, t.status, t.starts_at, t.ends_at, t.started_at, t.completed_at, t.automatic,
                t.series_id, t.revision, t.updated_at,
                case when t.first_at < t.created_at then t.first_at else t.created_at end,
                case when t.status = 'scheduled' and t.source_id is null then t.updated_at
                     else coalesce(t.last_at, t.created_at) end as changed_at
         from (select m.id, m.title, m.status, m.starts_at, m.ends_at, m.started_at, m.completed_at, m.automatic,
                      m.series_id, m.revision, m.updated_at, m.created_at, m.source_id,
                      (select min(u.at) from maintenance_updates u where u.maintenance_id = m.id) as first_at,
                      (select max(u.at) from maintenance_updates u where u.maintenance_id = m.id) as last_at
               from maintenances m
               where m.organization_id = $1
                 and ($2 = '' or exists (select 1 from maintenance_services s
                                         where s.maintenance_id = m.id and s.service_id = $2))) t
         order by changed_at desc, t.id desc limit $3",
    )
    .bind(organization.clone())
    .bind(service.map_or_else(String::new, ToString::to_string))
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let mut moments = Vec::with_capacity(rows.len());
    let mut bare = Vec::with_capacity(rows.len());
    for (id, title, status, from, to, began, ended, automatic, series, revision, updated, announced, changed) in rows {
        moments.push((announced, changed));
        bare.push((id, title, status, from, to, began, ended, automatic, series, revision, updated));
    }
    let all = with_services(read.connection(), organization, bare).await?;
    Ok(all.into_iter().zip(moments).collect())
}
