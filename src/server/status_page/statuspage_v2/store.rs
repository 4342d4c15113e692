//! What the compatible API tells, in the database: a fixed number of statements, however much it is.

use crate::{
    domain::{
        error::Result,
        ids::{GroupId, IncidentId, MaintenanceId, OrganizationId, ServiceId, UpdateId},
        incident::IncidentStatus,
        maintenance::MaintenanceStatus,
        status::{Impact, ServiceStatus},
        time::Time,
    },
    server::db::{
        Read,
        error::refused,
        in_list::{self, updates_within_weight},
    },
};
use std::{collections::HashMap, hash::Hash};

/// When each group was made, and last changed.
pub(super) async fn group_times(
    read: &mut Read,
    organization: &OrganizationId,
) -> Result<HashMap<GroupId, (Time, Time)>> {
    let rows: Vec<(GroupId, Time, Time)> =
        sqlx::query_as("select id, created_at, updated_at from service_groups where organization_id = $1")
            .bind(organization.clone())
            .fetch_all(read.connection())
            .await
            .map_err(refused)?;
    Ok(rows.into_iter().map(|(id, created_at, updated_at)| (id, (created_at, updated_at))).collect())
}

/// An incident.
pub(super) struct IncidentRow {
    pub id: IncidentId,
    pub title: String,
    pub status: IncidentStatus,
    pub impact: Impact,
    pub started_at: Time,
    pub resolved_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
    pub source_id: Option<String>,
    pub postmortem: String,
    pub postmortem_at: Option<Time>,
    pub published_at: Option<Time>,
}

/// Incidents of one organization; the rest says which, and in which order.
macro_rules! incidents {
    ($rest:literal) => {
        concat!(
            "select i.id, i.title, i.status, i.impact, i.started_at, i.resolved_at, i.created_at, i.updated_at,
                    i.source_id, i.postmortem, i.postmortem_at, i.postmortem_published_at
             from incidents i where i.organization_id = $1 ",
            $rest
        )
    };
}

/// Those that are open, or the fifty latest of all; latest first.
pub(super) async fn incidents(read: &mut Read, organization: &OrganizationId, open: bool) -> Result<Vec<IncidentRow>> {
    type Row = (
        IncidentId,
        String,
        IncidentStatus,
        Impact,
        Time,
        Option<Time>,
        Time,
        Time,
        Option<String>,
        String,
        Option<Time>,
        Option<Time>,
    );
    let statement = if open {
        incidents!("and i.resolved_at is null order by i.started_at desc, i.id desc limit 100")
    } else {
        incidents!("order by i.started_at desc, i.id desc limit 50")
    };
    let rows: Vec<Row> =
        sqlx::query_as(statement).bind(organization.clone()).fetch_all(read.connection()).await.map_err(refused)?;
    let incident = |row: Row| {
        let (
            id,
            title,
            status,
            impact,
            started_at,
            resolved_at,
            created_at,
            updated_at,
            source_id,
            postmortem,
            postmortem_at,
            published_at,
        ) = row;
        IncidentRow {
            id,
            title,
            status,
            impact,
            started_at,
            resolved_at,
            created_at,
            updated_at,
            source_id,
            postmortem,
            postmortem_at,
            published_at,
        }
    };
    Ok(rows.into_iter().map(incident).collect())
}

/// A maintenance.
pub(super) struct MaintenanceRow {
    pub id: MaintenanceId,
    pub title: String,
    pub status: MaintenanceStatus,
    pub starts_at: Time,
    pub ends_at: Time,
    pub completed_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
    pub source_id: Option<String>,
}

/// Maintenance of one organization; the rest says which, and in which order.
macro_rules! maintenances {
    ($rest:literal) => {
        concat!(
            "select m.id, m.title, m.status, m.starts_at, m.ends_at, m.completed_at, m.created_at, m.updated_at,
                    m.source_id
             from maintenances m where m.organization_id = $1 ",
            $rest
        )
    };
}

/// All that goes on or comes, earliest first; or the fifty latest of all, latest first.
pub(super) async fn maintenances(
    read: &mut Read,
    organization: &OrganizationId,
    open: bool,
) -> Result<Vec<MaintenanceRow>> {
    type Row = (MaintenanceId, String, MaintenanceStatus, Time, Time, Option<Time>, Time, Time, Option<String>);
    let statement = if open {
        maintenances!("and m.status in ('scheduled', 'in_progress', 'verifying') order by m.starts_at, m.id limit 500")
    } else {
        maintenances!("order by m.starts_at desc, m.id desc limit 50")
    };
    let rows: Vec<Row> =
        sqlx::query_as(statement).bind(organization.clone()).fetch_all(read.connection()).await.map_err(refused)?;
    let maintenance = |row: Row| {
        let (id, title, status, starts_at, ends_at, completed_at, created_at, updated_at, source_id) = row;
        MaintenanceRow { id, title, status, starts_at, ends_at, completed_at, created_at, updated_at, source_id }
    };
    Ok(rows.into_iter().map(maintenance).collect())
}

/// An update of either.
pub(super) struct UpdateRow<S> {
    pub id: UpdateId,
    pub status: S,
    pub body: String,
    pub at: Time,
    pub created_at: Time,
    pub edited_at: Option<Time>,
    pub source_id: Option<String>,
}

fn by_id<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut all: HashMap<K, Vec<V>> = HashMap::new();
    for (id, value) in rows {
        all.entry(id).or_default().push(value);
    }
    all
}

/// The updates of each incident, newest first, as far as [`lists::LIST_WEIGHT`] allows. `cross join`: SQLite keeps this order of tables; left to itself
/// it walks through all updates of the organization.
pub(super) async fn incident_updates(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Vec<UpdateRow<IncidentStatus>>>> {
    type Row = (IncidentId, UpdateId, IncidentStatus, String, Time, Time, Option<Time>, Option<String>);
    let rows: Vec<Row> = in_list::rows(
        read.connection(),
        &[organization.as_str(), in_list::LIST_WEIGHT],
        ids,
        updates_within_weight!(
            "u.incident_id, u.id, u.status, u.body, u.at, u.created_at as posted_at, u.edited_at, u.source_id",
            weight "2 * length(u.body)
                    + 100 * (select count(*) from incident_update_services s where s.update_id = u.id)",
            of "u.incident_id",
            from "incidents i cross join incident_updates u
                  where i.organization_id = $1 and i.id in ($list) and u.incident_id = i.id"
        ),
    )
    .await?;
    Ok(by_id(rows.into_iter().map(|(incident, id, status, body, at, created_at, edited_at, source_id)| {
        (incident, UpdateRow { id, status, body, at, created_at, edited_at, source_id })
    })))
}

/// What an update says of a service, and what that is called.
pub(super) type SaidRow = (ServiceId, Option<ServiceStatus>, String);

/// What each of these updates says of services, in the order of the page.
pub(super) async fn said(
    read: &mut Read,
    organization: &OrganizationId,
    updates: &[UpdateId],
) -> Result<HashMap<UpdateId, Vec<SaidRow>>> {
    let rows: Vec<(UpdateId, ServiceId, Option<ServiceStatus>, String)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        updates,
        "select s.update_id, s.service_id, s.status, v.name
         from incident_update_services s join services v on v.id = s.service_id
         where v.organization_id = $1 and s.update_id in ($list)
         order by v.position, v.id",
    )
    .await?;
    Ok(by_id(rows.into_iter().map(|(update, service, status, name)| (update, (service, status, name)))))
}

/// The services of each incident; of hundreds that name hundreds each, the first 20,000.
pub(super) async fn incident_services(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Vec<ServiceId>>> {
    let rows: Vec<(IncidentId, ServiceId)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select incident_id, service_id from incident_services
         where organization_id = $1 and incident_id in ($list) order by incident_id, service_id limit 20000",
    )
    .await?;
    Ok(by_id(rows))
}

/// The updates of each maintenance, newest first, as far as [`lists::LIST_WEIGHT`] allows.
pub(super) async fn maintenance_updates(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[MaintenanceId],
) -> Result<HashMap<MaintenanceId, Vec<UpdateRow<MaintenanceStatus>>>> {
    type Row = (MaintenanceId, UpdateId, MaintenanceStatus, String, Time, Time, Option<String>);
    let rows: Vec<Row> = in_list::rows(
        read.connection(),
        &[organization.as_str(), in_list::LIST_WEIGHT],
        ids,
        updates_within_weight!(
            "u.maintenance_id, u.id, u.status, u.body, u.at, u.created_at as posted_at, u.source_id",
            weight "2 * length(u.body)",
            of "u.maintenance_id",
            from "maintenance_updates u where u.organization_id = $1 and u.maintenance_id in ($list)"
        ),
    )
    .await?;
    Ok(by_id(rows.into_iter().map(|(maintenance, id, status, body, at, created_at, source_id)| {
        (maintenance, UpdateRow { id, status, body, at, created_at, edited_at: None, source_id })
    })))
}

/// The services of each maintenance with their names, in the order of the page.
pub(super) async fn maintenance_services(
    read: &mut Read,
    organization: &OrganizationId,
    ids: &[MaintenanceId],
) -> Result<HashMap<MaintenanceId, Vec<(ServiceId, String)>>> {
    let rows: Vec<(MaintenanceId, ServiceId, String)> = in_list::rows(
        read.connection(),
        &[organization.as_str()],
        ids,
        "select m.maintenance_id, s.id, s.name from maintenance_services m join services s on s.id = m.service_id
         where m.organization_id = $1 and m.maintenance_id in ($list) order by s.position, s.id limit 20000",
    )
    .await?;
    Ok(by_id(rows.into_iter().map(|(maintenance, service, name)| (maintenance, (service, name)))))
}
