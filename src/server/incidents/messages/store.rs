//! What was written about incidents in the database.

use crate::{
    domain::{
        error::Result,
        ids::{IncidentId, OrganizationId, ServiceId, UpdateId},
        incident::{IncidentStatus, IncidentUpdate, Postmortem, ServiceImpact},
        status::ServiceStatus,
        time::Time,
    },
    server::{
        db::{
            Read, Write,
            error::refused,
            in_list::{self, updates_within_weight},
        },
        markdown::{self, Message},
    },
};
use std::collections::HashMap;

/// The updates of each, newest first, as far as [`lists::weight`] allows. `cross join`: SQLite keeps this order of
/// tables; left to itself it walks through all updates of the organization.
pub(super) async fn updates(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Vec<IncidentUpdate>>> {
    type Row = (IncidentId, UpdateId, IncidentStatus, Time, Option<String>, Option<Time>, String, String, String, i64);
    let rows: Vec<Row> = in_list::rows(
        read.connection(),
        &[organization.as_str(), in_list::weight(ids)],
        ids,
        updates_within_weight!(
            "u.incident_id, u.id, u.status, u.at, u.user_name, u.edited_at, u.body, u.format, u.body_html, u.body_html_version",
            weight "length(u.body) + case when length(u.body_html) < length(u.body) then length(u.body) else length(u.body_html) end
                    + 100 * (select count(*) from incident_update_services s where s.update_id = u.id)",
            of "u.incident_id",
            from "incidents i cross join incident_updates u
                  where i.organization_id = $1 and i.id in ($list) and u.incident_id = i.id"
        ),
    )
    .await?;
    let updates: Vec<&UpdateId> = rows.iter().map(|(_, id, ..)| id).collect();
    let said: Vec<(UpdateId, ServiceId, Option<ServiceStatus>, String)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        &updates,
        "select s.update_id, s.service_id, s.status, v.name
         from incident_update_services s join services v on v.id = s.service_id
         where v.organization_id = $1 and s.update_id in ($list)
         order by v.position, v.id",
    )
    .await?;
    let mut by_update: HashMap<UpdateId, Vec<(ServiceImpact, String)>> = HashMap::new();
    for (update, service_id, status, name) in said {
        by_update.entry(update).or_default().push((ServiceImpact { service_id, status }, name));
    }
    let (heads, mut messages): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|(incident, id, status, at, by, edited_at, body, format, html, version)| {
            ((incident, id, status, at, by, edited_at), Message::stored(body, format, html, version))
        })
        .unzip();
    markdown::bring_up_to_date(&mut messages).await?;
    let mut by_incident: HashMap<IncidentId, Vec<IncidentUpdate>> = HashMap::new();
    for ((incident, id, status, at, by, edited_at), message) in heads.into_iter().zip(messages) {
        let ((body, html), services) = (message.into_parts(), by_update.remove(&id).unwrap_or_default());
        let update = IncidentUpdate { id, status, body, html, at, by, edited_at, services };
        by_incident.entry(incident).or_default().push(update);
    }
    Ok(by_incident)
}

pub(super) async fn length(write: &mut Write, id: &IncidentId) -> Result<usize> {
    let (length,): (i64,) = sqlx::query_as(
        "select cast(coalesce(sum(octet_length(body)), 0) as bigint) from incident_updates where incident_id = $1",
    )
    .bind(id.clone())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(usize::try_from(length).unwrap_or(usize::MAX))
}

/// The postmortems of those that have one, drafts as well.
pub(super) async fn postmortems(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Postmortem>> {
    let rows: Vec<(IncidentId, Option<Time>, String, String, String, i64)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select id, postmortem_published_at, postmortem, postmortem_format, postmortem_html, postmortem_html_version
         from incidents
         where organization_id = $1 and id in ($list) and postmortem <> ''",
    )
    .await?;
    let (heads, mut messages): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|(id, published_at, body, format, html, version)| {
            ((id, published_at), Message::stored(body, format, html, version))
        })
        .unzip();
    markdown::bring_up_to_date(&mut messages).await?;
    let postmortem = |((id, published_at), message): ((IncidentId, Option<Time>), Message)| {
        let (body, html) = message.into_parts();
        (id, Postmortem { html, body, published_at })
    };
    Ok(heads.into_iter().zip(messages).map(postmortem).collect())
}
