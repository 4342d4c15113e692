//! What was last said of incidents in the database.

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId, ServiceId},
        incident::{Incident, IncidentStatus},
        status::Impact,
        time::Time,
    },
    server::db::{Read, error::refused},
};

type Row = (IncidentId, String, IncidentStatus, Impact, Time, Option<Time>, i64, Time);

/// Those of which something was said last, without their services. A postmortem is something said, once it is
/// published.
pub(super) async fn incidents(
    read: &mut Read,
    organization: &OrganizationId,
    service: Option<&ServiceId>,
    most: i64,
) -> Result<Vec<Incident>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select i.id, i.title, i.status, i.impact, i.started_at, i.resolved_at, i.revision, i.updated_at
         from incidents i
         where i.organization_id = $1
           and ($2 = '' or exists (select 1 from incident_services s where s.incident_id = i.id and s.service_id = $2))
         order by case when i.postmortem_published_at >
                            (select max(u.at) from incident_updates u where u.incident_id = i.id)
                       then i.postmortem_published_at
                       else (select max(u.at) from incident_updates u where u.incident_id = i.id) end desc,
                  i.id desc
         limit $3",
    )
    .bind(organization.clone())
    .bind(service.map_or_else(String::new, ToString::to_string))
    .bind(most)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let incident = |(id, title, status, impact, started_at, resolved_at, revision, updated_at): Row| Incident {
        id,
        title,
        status,
        impact,
        started_at,
        resolved_at,
        services: Vec::new(),
        revision,
        updated_at,
    };
    Ok(rows.into_iter().map(incident).collect())
}
