//! What stands beside incidents in an export, read at once for all that began in the time of the table.

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId},
        status::ServiceStatus,
        time::Time,
    },
    server::db::{Read, error::refused},
};
use std::collections::HashMap;

/// The names of the services of each, in the order of the page.
pub(super) async fn services(
    read: &mut Read,
    organization: &OrganizationId,
    from: Time,
    to: Time,
) -> Result<HashMap<IncidentId, Vec<String>>> {
    let rows: Vec<(IncidentId, String)> = sqlx::query_as(
        "select i.id, v.name from incidents i join incident_services s on s.incident_id = i.id
         join services v on v.id = s.service_id
         where i.organization_id = $1 and i.started_at >= $2 and i.started_at <= $3 order by v.position, v.id",
    )
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let mut by_incident: HashMap<IncidentId, Vec<String>> = HashMap::new();
    for (incident, name) in rows {
        by_incident.entry(incident).or_default().push(name);
    }
    Ok(by_incident)
}

/// The worst that each ever said of a service.
pub(super) async fn worst(
    read: &mut Read,
    organization: &OrganizationId,
    from: Time,
    to: Time,
) -> Result<HashMap<IncidentId, ServiceStatus>> {
    let rows: Vec<(IncidentId, ServiceStatus)> = sqlx::query_as(
        "select distinct i.id, s.status from incidents i join incident_updates u on u.incident_id = i.id
         join incident_update_services s on s.update_id = u.id
         where i.organization_id = $1 and i.started_at >= $2 and i.started_at <= $3 and s.status is not null",
    )
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let mut by_incident = HashMap::new();
    for (incident, status) in rows {
        let worst = by_incident.entry(incident).or_insert(status);
        *worst = status.max(*worst);
    }
    Ok(by_incident)
}

/// How many updates each has.
pub(super) async fn updates(
    read: &mut Read,
    organization: &OrganizationId,
    from: Time,
    to: Time,
) -> Result<HashMap<IncidentId, i64>> {
    let rows: Vec<(IncidentId, i64)> = sqlx::query_as(
        "select i.id, count(*) from incidents i join incident_updates u on u.incident_id = i.id
         where i.organization_id = $1 and i.started_at >= $2 and i.started_at <= $3 group by i.id",
    )
    .bind(organization.clone())
    .bind(from)
    .bind(to)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().collect())
}
