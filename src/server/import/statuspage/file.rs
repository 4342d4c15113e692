//! What the files say: as much of the Statuspage v2 shapes as is of use here.
//!
//! `summary.json` holds all of it, every other file a part, so one shape fits them all.

use super::ImportError;
use crate::domain::{account::is_invisible_control, time::Time};
use serde::{Deserialize, Deserializer, de::Error};
use std::path::Path;

/// Bytes of an id.
const MAX_ID_LENGTH: usize = 255;

/// A file.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Document {
    pub page: Option<Page>,
    pub components: Option<Vec<Component>>,
    pub incidents: Option<Vec<Incident>>,
    pub scheduled_maintenances: Option<Vec<Incident>>,
}

/// Whose page it is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    pub name: Option<String>,
    pub time_zone: Option<String>,
}

/// A service, or a group when it says so.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Component {
    #[serde(deserialize_with = "id")]
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub status: Option<String>,
    pub description: Option<String>,
    pub position: Option<i64>,
    pub group_id: Option<String>,
    pub group: Option<bool>,
    pub created_at: Option<Time>,
}

/// An incident or a maintenance, which has a window besides.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Incident {
    #[serde(deserialize_with = "id")]
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub status: Option<String>,
    pub impact: Option<String>,
    pub created_at: Option<Time>,
    pub updated_at: Option<Time>,
    pub started_at: Option<Time>,
    pub monitoring_at: Option<Time>,
    pub resolved_at: Option<Time>,
    pub scheduled_for: Option<Time>,
    pub scheduled_until: Option<Time>,
    pub incident_updates: Option<Vec<Update>>,
    pub components: Option<Vec<Named>>,
}

/// A message of an incident or a maintenance.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Update {
    #[serde(deserialize_with = "id")]
    pub id: String,
    pub status: Option<String>,
    pub body: Option<String>,
    pub created_at: Option<Time>,
    pub updated_at: Option<Time>,
    pub display_at: Option<Time>,
    pub deliver_notifications: Option<bool>,
    pub affected_components: Option<Vec<Affected>>,
}

/// A component where an incident names it; in newer files with everything that is known of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub id: String,
    pub name: Option<String>,
}

/// A component where an update names it: perhaps one that is gone, or by an old name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Affected {
    pub code: Option<String>,
    pub name: Option<String>,
    pub old_status: Option<String>,
    pub new_status: Option<String>,
}

/// An id, which clients of the compatible API read again: no control characters, not too long.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if id.chars().any(is_invisible_control) || id.len() > MAX_ID_LENGTH {
        return Err(D::Error::custom(format!(
            "an ID can have at most {MAX_ID_LENGTH} bytes and no control characters"
        )));
    }
    Ok(id)
}

impl Document {
    /// Whether it has none of the lists that are imported.
    pub(super) const fn is_empty(&self) -> bool {
        self.components.is_none() && self.incidents.is_none() && self.scheduled_maintenances.is_none()
    }
}

/// Reads a file. Some vendors leave out a list that is empty, so a page alone is a document too.
pub(super) fn read(file: &Path) -> Result<Document, ImportError> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| ImportError::File { file: name.clone(), error })?;
    let document: Document = serde_json::from_str(&text)
        .map_err(|error| ImportError::Shape { file: name.clone(), error: error.to_string() })?;
    if document.is_empty() && document.page.is_none() {
        let error = "it has no “components”, “incidents” or “scheduled_maintenances” list".to_owned();
        return Err(ImportError::Shape { file: name, error });
    }
    Ok(document)
}

/// Without control characters, trimmed, and no longer than fits.
pub(super) fn clean(text: &str, most: usize) -> String {
    let plain: String =
        text.replace("\r\n", "\n").chars().filter(|c| !is_invisible_control(*c) || *c == '\n').take(most).collect();
    plain.trim().to_owned()
}

/// The same on one line.
pub(super) fn line(text: &str, most: usize) -> String {
    clean(&text.replace(['\r', '\n'], " "), most)
}
