//! Incidents that belong together in the database.

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId},
        incident::IncidentStatus,
    },
    server::db::{Read, Write, error::refused},
};

pub(super) async fn set(write: &mut Write, first: &IncidentId, second: &IncidentId, together: bool) -> Result<bool> {
    let statement = if together {
        "insert into incident_links (organization_id, incident_id, other_id) values ($1, $2, $3) on conflict do nothing"
    } else {
        "delete from incident_links where organization_id = $1 and incident_id = $2 and other_id = $3"
    };
    let done = sqlx::query(statement)
        .bind(write.organization.clone())
        .bind(first.clone())
        .bind(second.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn of(
    read: &mut Read,
    organization: &OrganizationId,
    id: &IncidentId,
) -> Result<Vec<(IncidentId, String, IncidentStatus)>> {
    sqlx::query_as(
        "select i.id, i.title, i.status from incidents i join incident_links l
             on (l.incident_id = $2 and l.other_id = i.id) or (l.other_id = $2 and l.incident_id = i.id)
         where i.organization_id = $1 order by i.started_at desc, i.id",
    )
    .bind(organization.clone())
    .bind(id.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}
