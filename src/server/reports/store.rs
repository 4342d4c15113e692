//! What reports read of services and incidents in the database.

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId, ServiceId},
        report::{IncidentPeriod, ReportIncident},
        time::Time,
    },
    server::db::{Read, error::refused},
};
use std::collections::HashMap;

/// Each service with its name and its group's, in the order of the status page.
pub(super) async fn services(
    read: &mut Read,
    organization: &OrganizationId,
) -> Result<Vec<(ServiceId, String, Option<String>)>> {
    sqlx::query_as(
        "select s.id, s.name, g.name from services s left join service_groups g on g.id = s.group_id
         where s.organization_id = $1 and s.deleted_at is null
         order by coalesce(g.position, s.position), coalesce(g.id, s.id), s.position, s.id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}

/// The incidents that were open at some time between two moments, latest first: all, or those that say
/// something of one service.
pub(super) async fn incidents(
    read: &mut Read,
    organization: &OrganizationId,
    service: Option<&ServiceId>,
    from: Time,
    to: Time,
) -> Result<Vec<IncidentPeriod>> {
    let service = service.map(ServiceId::to_string).unwrap_or_default();
    let rows: Vec<(IncidentId, String, Time, Option<Time>)> = sqlx::query_as(
        "select i.id, i.title, i.started_at, i.resolved_at from incidents i
         where i.organization_id = $1 and i.started_at < $3
           and (i.started_at >= $2 or i.resolved_at is null or i.resolved_at > $2)
           and ($4 = '' or exists (select 1 from incident_services s where s.incident_id = i.id and s.service_id = $4))
         order by i.started_at desc, i.id desc",
    )
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .bind(service.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let named: Vec<(IncidentId, ServiceId)> = sqlx::query_as(
        "select s.incident_id, s.service_id from incident_services s join incidents i on i.id = s.incident_id
         where i.organization_id = $1 and i.started_at < $3
           and (i.started_at >= $2 or i.resolved_at is null or i.resolved_at > $2)
           and ($4 = '' or s.service_id = $4)",
    )
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .bind(service)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let mut by_incident: HashMap<IncidentId, Vec<ServiceId>> = HashMap::new();
    for (incident, service) in named {
        by_incident.entry(incident).or_default().push(service);
    }
    Ok(rows
        .into_iter()
        .map(|(id, title, started_at, resolved_at)| {
            let services = by_incident.remove(&id).unwrap_or_default();
            IncidentPeriod { incident: ReportIncident { id, title, started_at, resolved_at }, services }
        })
        .collect())
}
