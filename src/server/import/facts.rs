//! What imported files say beyond what Candor stores: when things were written, and what each
//! update said of components, perhaps of some that are gone. It is shown to clients of the
//! compatible API, for whom an incident shall stay what it was.

mod store;

use crate::{
    domain::{error::Result, ids::OrganizationId, status::ServiceStatus, time::Time},
    server::db::{Read, Write},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What a file says of an incident or a maintenance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportedFacts {
    /// When it was written down.
    pub created_at: Option<Time>,
    /// When it last changed.
    pub updated_at: Option<Time>,
    /// What the file calls its start.
    pub started_at: Option<Time>,
    /// Its updates, by their ids in the file.
    pub updates: BTreeMap<String, UpdateFacts>,
}

/// What a file says of an update.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdateFacts {
    /// When it was written.
    pub created_at: Option<Time>,
    /// When it was last edited.
    pub updated_at: Option<Time>,
    /// Whether subscribers were told.
    pub delivered: bool,
    /// What it said of components, if anything.
    pub affected: Option<Vec<AffectedFacts>>,
}

/// What an update said of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedFacts {
    /// The component's id in the file.
    pub code: String,
    /// What it was called then.
    pub name: String,
    /// What it was before.
    pub old: ServiceStatus,
    /// What it was from then on.
    pub new: ServiceStatus,
}

/// Facts as they were kept.
#[derive(Debug, Clone)]
pub struct StoredFacts {
    /// What the file says.
    pub facts: ImportedFacts,
    /// When it was so; what was done here later counts more.
    pub at: Time,
}

/// Keeps what a file says, within a write; whether it is new. `changed`: so is something else of it,
/// and with that it is what the file says again.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn keep(write: &mut Write, source_id: &str, facts: &ImportedFacts, changed: bool) -> Result<bool> {
    // Maps and texts alone: it can be written.
    let text = serde_json::to_string(facts).unwrap_or_default();
    let same = store::text(write, source_id).await?.as_ref() == Some(&text);
    if !same || changed {
        store::set(write, source_id, &text).await?;
    }
    Ok(!same)
}

/// What files said of these, by their ids there.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn of(
    read: &mut Read,
    organization: &OrganizationId,
    source_ids: &[String],
) -> Result<HashMap<String, StoredFacts>> {
    let rows = store::of(read, organization, source_ids).await?;
    let kept = |(source_id, text, at): (String, String, Time)| {
        Some((source_id, StoredFacts { facts: serde_json::from_str(&text).ok()?, at }))
    };
    Ok(rows.into_iter().filter_map(kept).collect())
}

/// Which services and groups came from these components, by the components' ids.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn components(
    read: &mut Read,
    organization: &OrganizationId,
    codes: &[String],
) -> Result<HashMap<String, String>> {
    Ok(store::components(read, organization, codes).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_read_back() {
        let at = Time::from_micros(1_793_000_000_123_456);
        let affected = vec![AffectedFacts {
            code: "a".to_owned(),
            name: "Group - Child".to_owned(),
            old: ServiceStatus::Operational,
            new: ServiceStatus::MajorOutage,
        }];
        let update = UpdateFacts { created_at: Some(at), updated_at: None, delivered: true, affected: Some(affected) };
        let facts = ImportedFacts {
            created_at: Some(at),
            updated_at: Some(at),
            started_at: None,
            updates: [("u".into(), update)].into(),
        };
        let text = serde_json::to_string(&facts).expect("a text");
        assert_eq!(serde_json::from_str::<ImportedFacts>(&text).expect("facts"), facts);
        // What an older version kept may lack something.
        assert_eq!(serde_json::from_str::<ImportedFacts>("{}").expect("facts"), ImportedFacts::default());
    }
}
