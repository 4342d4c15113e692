//! What was written about incidents in the database.

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId, ServiceId, UpdateId},
        incident::{IncidentStatus, IncidentUpdate, Postmortem, Statement},
        status::ServiceStatus,
        time::Time,
    },
    server::{
        db::{Read, lists},
        markdown,
        markup::inert,
    },
};
use std::collections::HashMap;

fn shown(format: &str, body: &str) -> String {
    if format == "html" { markdown::clean(body) } else { markdown::to_html(body) }
}

/// What was written. Of imported HTML, nothing that does anything.
fn source(format: &str, body: String) -> String {
    if format == "html" { inert(&body).into_owned() } else { body }
}

/// The updates of each, newest first. `cross join`: SQLite keeps this order of tables; left to itself it walks
/// through all updates of the organization.
pub(super) async fn updates(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Vec<IncidentUpdate>>> {
    type Row = (IncidentId, UpdateId, IncidentStatus, String, String, Time, Option<String>, Option<Time>);
    let rows: Vec<Row> = lists::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select u.incident_id, u.id, u.status, u.body, u.format, u.at, u.user_name, u.edited_at
         from incidents i cross join incident_updates u
         where i.organization_id = $1 and i.id in ($list) and u.incident_id = i.id
         order by u.at desc, u.created_at desc, u.id desc",
    )
    .await?;
    let said: Vec<(UpdateId, ServiceId, Option<ServiceStatus>, String)> = lists::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select s.update_id, s.service_id, s.status, v.name
         from incidents i cross join incident_updates u
         join incident_update_services s on s.update_id = u.id join services v on v.id = s.service_id
         where i.organization_id = $1 and i.id in ($list) and u.incident_id = i.id
         order by v.position, v.id",
    )
    .await?;
    let mut by_update: HashMap<UpdateId, Vec<(Statement, String)>> = HashMap::new();
    for (update, service_id, status, name) in said {
        by_update.entry(update).or_default().push((Statement { service_id, status }, name));
    }
    let mut by_incident: HashMap<IncidentId, Vec<IncidentUpdate>> = HashMap::new();
    for (incident, id, status, body, format, at, by, edited_at) in rows {
        let (html, services) = (shown(&format, &body), by_update.remove(&id).unwrap_or_default());
        let body = source(&format, body);
        let update = IncidentUpdate { id, status, body, html, at, by, edited_at, services };
        by_incident.entry(incident).or_default().push(update);
    }
    Ok(by_incident)
}

/// The postmortems of those that have one, drafts as well.
pub(super) async fn postmortems(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Postmortem>> {
    let rows: Vec<(IncidentId, String, String, Option<Time>)> = lists::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select id, postmortem, postmortem_format, postmortem_published_at from incidents
         where organization_id = $1 and id in ($list) and postmortem <> ''",
    )
    .await?;
    let postmortem = |(id, body, format, published_at): (IncidentId, String, String, Option<Time>)| {
        (id, Postmortem { html: shown(&format, &body), body: source(&format, body), published_at })
    };
    Ok(rows.into_iter().map(postmortem).collect())
}
