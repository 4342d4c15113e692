//! What stands beside incidents in an export.

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId},
        status::ServiceStatus,
    },
    server::db::{Read, in_list},
};
use std::collections::HashMap;

/// The worst that each ever said of a service.
pub(super) async fn worst(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, ServiceStatus>> {
    let rows: Vec<(IncidentId, ServiceStatus)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select distinct i.id, s.status from incidents i join incident_updates u on u.incident_id = i.id
         join incident_update_services s on s.update_id = u.id
         where i.organization_id = $1 and i.id in ($list) and s.status is not null",
    )
    .await?;
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
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, i64>> {
    let rows: Vec<(IncidentId, i64)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select i.id, count(*) from incidents i join incident_updates u on u.incident_id = i.id
         where i.organization_id = $1 and i.id in ($list) group by i.id",
    )
    .await?;
    Ok(rows.into_iter().collect())
}
