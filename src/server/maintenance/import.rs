//! Maintenance of another program's file.

use super::store;
use crate::{
    domain::{
        error::Result,
        ids::{MaintenanceId, ServiceId, UpdateId},
        maintenance::MaintenanceStatus,
        time::Time,
    },
    server::{
        db::{AuditEntry, Write, random_id},
        history::Author,
        incidents::Imported,
        markdown::Rendered,
    },
};

/// An update of an imported maintenance.
#[derive(Debug, Clone)]
pub struct ImportedMaintenanceUpdate {
    /// Its id in that file.
    pub source_id: String,
    /// The maintenance's status from then on.
    pub status: MaintenanceStatus,
    /// HTML, made safe when it is shown.
    pub html: String,
    /// Its own time.
    pub at: Time,
}

/// A maintenance of another program's file. It keeps the state that the file says: nothing moves it,
/// and it claims nothing of its services, whose own statuses the file says as well.
#[derive(Debug, Clone)]
pub struct ImportedMaintenance {
    /// Its id in that file.
    pub source_id: String,
    /// One line.
    pub title: String,
    /// How far it has come.
    pub status: MaintenanceStatus,
    /// The window's beginning.
    pub starts_at: Time,
    /// The window's end.
    pub ends_at: Time,
    /// When it really began.
    pub started_at: Option<Time>,
    /// When it was really over.
    pub completed_at: Option<Time>,
    /// In order.
    pub updates: Vec<ImportedMaintenanceUpdate>,
    /// Its services.
    pub services: Vec<ServiceId>,
}

/// Imports a maintenance within a write. One that is there already (by its source's id) becomes what
/// the file says.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn import(write: &mut Write, new: &ImportedMaintenance) -> Result<Imported> {
    let (id, added) = match store::by_source(write, &new.source_id).await? {
        Some(id) => (id, false),
        None => {
            let id = MaintenanceId::from_random(random_id());
            store::insert_imported(write, &id, new).await?;
            (id, true)
        }
    };
    let mut other = store::set_imported(write, &id, new).await?;
    other |= store::set_services(write, &id, &new.services).await?;
    let known = store::imported_updates(write, &id).await?;
    let (nobody, later) = (Author { user_id: None, name: None }, Rendered::default());
    for update in &new.updates {
        match known.iter().find(|(_, source_id)| *source_id == update.source_id) {
            Some((known, _)) => other |= store::set_imported_update(write, known, update).await?,
            None => {
                let id_of_update = UpdateId::from_random(random_id());
                let row = store::NewUpdate {
                    id: &id_of_update,
                    status: update.status,
                    body: &update.html,
                    format: "html",
                    rendered: &later,
                    at: update.at,
                    who: &nobody,
                    source_id: Some(&update.source_id),
                };
                store::insert_update(write, &id, &row).await?;
                other = true;
            }
        }
    }
    let what = match (added, other) {
        (true, _) => Imported::Added,
        (false, true) => Imported::Updated,
        (false, false) => return Ok(Imported::Unchanged),
    };
    store::set_search(write, &id).await?;
    let action = if added { "maintenance.imported" } else { "maintenance.import_updated" };
    write.audit(AuditEntry::new(action, &id, &new.title));
    Ok(what)
}
