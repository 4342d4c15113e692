//! The columns in which rendered messages are stored.

use super::RENDERER_VERSION;
use crate::{
    domain::{error::Result, ids::OrganizationId},
    server::db::{DerivedWrite, Read, error::refused},
};

/// Where messages are stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Table {
    IncidentUpdates,
    Postmortems,
    MaintenanceUpdates,
}

/// A row whose HTML is of older rules.
pub(super) struct Stale {
    pub organization: OrganizationId,
    pub id: String,
    pub body: String,
    pub format: String,
}

pub(super) async fn stale(read: &mut Read, table: Table, most: i64) -> Result<Vec<Stale>> {
    let statement = match table {
        Table::IncidentUpdates => {
            "select organization_id, id, body, format from incident_updates
             where body <> '' and body_html_version < $1 limit $2"
        }
        Table::Postmortems => {
            "select organization_id, id, postmortem, postmortem_format from incidents
             where postmortem <> '' and postmortem_html_version < $1 limit $2"
        }
        Table::MaintenanceUpdates => {
            "select organization_id, id, body, format from maintenance_updates
             where body <> '' and body_html_version < $1 limit $2"
        }
    };
    let rows: Vec<(OrganizationId, String, String, String)> = sqlx::query_as(statement)
        .bind(RENDERER_VERSION)
        .bind(most)
        .fetch_all(read.connection())
        .await
        .map_err(refused)?;
    Ok(rows.into_iter().map(|(organization, id, body, format)| Stale { organization, id, body, format }).collect())
}

/// Keeps the HTML of a row, unless the row has become another meanwhile; whether it did.
pub(super) async fn set_html(write: &mut DerivedWrite, table: Table, row: &Stale, html: &str) -> Result<bool> {
    let statement = match table {
        Table::IncidentUpdates => {
            "update incident_updates set body_html = $1, body_html_version = $2
             where organization_id = $3 and id = $4 and body = $5 and format = $6 and body_html_version < $2"
        }
        Table::Postmortems => {
            "update incidents set postmortem_html = $1, postmortem_html_version = $2
             where organization_id = $3 and id = $4 and postmortem = $5 and postmortem_format = $6
               and postmortem_html_version < $2"
        }
        Table::MaintenanceUpdates => {
            "update maintenance_updates set body_html = $1, body_html_version = $2
             where organization_id = $3 and id = $4 and body = $5 and format = $6 and body_html_version < $2"
        }
    };
    let organization = write.organization.clone();
    let done = sqlx::query(statement)
        .bind(html.to_owned())
        .bind(RENDERER_VERSION)
        .bind(organization)
        .bind(row.id.clone())
        .bind(row.body.clone())
        .bind(row.format.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}
