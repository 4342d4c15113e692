//! Groups and services of the files.

use super::{
    ImportError, Progress, Report,
    file::{Component, Document, clean, line},
};
use crate::{
    domain::{
        ids::{GroupId, ServiceId},
        position::spread,
        service::{GroupInput, MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH},
        status::{Cause, ServiceStatus},
        time::Time,
    },
    server::{
        db::Write,
        incidents::Imported,
        services::{self, NewService},
    },
};
use std::collections::{HashMap, HashSet};

/// A group or service as it shall be here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    source_id: String,
    texts: GroupInput,
    /// `None`: it is a group.
    service: Option<ServiceRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ServiceRow {
    group: Option<String>,
    status: ServiceStatus,
    created_at: Option<Time>,
}

/// The rows of all files in the order in which they shall stand: what the last file says, in its
/// order, then what only files before it know.
pub(super) fn rows(documents: &[Document], notes: &mut Vec<String>) -> Vec<Row> {
    let all = documents.iter().flat_map(|document| document.components.iter().flatten());
    let groups: HashSet<&str> = all.filter(|c| c.group == Some(true)).map(|c| c.id.as_str()).collect();
    let mut ordered: Vec<&Component> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for document in documents.iter().rev() {
        let mut here: Vec<&Component> = Vec::new();
        let mut in_this_file: HashSet<&str> = HashSet::new();
        for component in document.components.iter().flatten() {
            if !in_this_file.insert(component.id.as_str()) {
                notes.push(format!("“{}” appears twice in the file: using the first one", component.name));
            } else if seen.insert(component.id.as_str()) {
                here.push(component);
            }
        }
        here.sort_by_key(|component| component.position.unwrap_or(i64::MAX));
        ordered.extend(here);
    }
    ordered.into_iter().map(|component| row(component, &groups, notes)).collect()
}

fn row(component: &Component, groups: &HashSet<&str>, notes: &mut Vec<String>) -> Row {
    let name = match line(&component.name, MAX_NAME_LENGTH) {
        name if name.is_empty() => {
            notes.push(format!("component {} has no name: using its ID", component.id));
            line(&component.id, MAX_NAME_LENGTH)
        }
        name => name,
    };
    let texts = GroupInput {
        name,
        description: clean(component.description.as_deref().unwrap_or_default(), MAX_DESCRIPTION_LENGTH),
    };
    let service = (component.group != Some(true)).then(|| {
        let status = component.status.as_deref().unwrap_or("operational");
        let status = status.parse().unwrap_or_else(|_| {
            notes.push(format!("“{}” has an unknown status “{status}”: imported as operational", texts.name));
            ServiceStatus::Operational
        });
        let group = component.group_id.clone().filter(|group| {
            let there = groups.contains(group.as_str());
            if !there {
                notes.push(format!(
                    "“{}” belongs to a group that is not in the file: imported without a group",
                    texts.name
                ));
            }
            there
        });
        ServiceRow { group, status, created_at: component.created_at }
    });
    Row { source_id: component.id.clone(), texts, service }
}

/// Brings the rows in; `true` when that changed anything.
pub(super) async fn fill<F: FnMut(usize, usize)>(
    write: &mut Write,
    rows: &[Row],
    report: &mut Report,
    progress: &mut Progress<F>,
) -> Result<bool, ImportError> {
    let known = services::known(write).await?;
    let updated = |changed: bool| if changed { Imported::Updated } else { Imported::Unchanged };
    let mut groups: HashMap<&str, GroupId> = HashMap::new();
    for row in rows.iter().filter(|row| row.service.is_none()) {
        let (id, what) = match known.groups.get(&row.source_id) {
            Some(id) => (id.clone(), updated(services::update_imported_group(write, id, &row.texts).await?)),
            None => (services::add_group(write, &row.texts, Some(&row.source_id)).await?, Imported::Added),
        };
        groups.insert(&row.source_id, id);
        report.services.count(what);
        progress.step();
    }
    let mut ids: HashMap<&str, ServiceId> = HashMap::new();
    for row in rows {
        let Some(service) = &row.service else { continue };
        let group = service.group.as_deref().and_then(|group| groups.get(group));
        let (id, what) = match known.services.get(&row.source_id) {
            Some(id) => {
                let changed = services::update_imported(write, id, &row.texts, group, service.status).await?;
                (id.clone(), updated(changed))
            }
            None => {
                let new = NewService {
                    texts: row.texts.clone(),
                    group_id: group.cloned(),
                    team_id: None,
                    status: service.status,
                    source_id: Some(row.source_id.clone()),
                    cause: Cause::Import,
                    created_at: service.created_at,
                    // The file says how it is, not how it was.
                    observed_since: None,
                };
                (services::add(write, new).await?, Imported::Added)
            }
        };
        ids.insert(&row.source_id, id);
        report.services.count(what);
        progress.step();
    }
    let places: Vec<(&Row, i64)> = rows.iter().zip(spread(rows.len())).collect();
    let group_places: Vec<(GroupId, i64)> =
        places.iter().filter_map(|(row, place)| Some((groups.get(row.source_id.as_str())?.clone(), *place))).collect();
    let service_places: Vec<(ServiceId, i64)> =
        places.iter().filter_map(|(row, place)| Some((ids.get(row.source_id.as_str())?.clone(), *place))).collect();
    let moved = services::put_in_order(write, &group_places, &service_places).await?;
    Ok(moved || report.services.added + report.services.updated > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> (Vec<Row>, Vec<String>) {
        let documents: Vec<Document> =
            texts.iter().map(|text| serde_json::from_str(text).expect("a document")).collect();
        let mut notes = Vec::new();
        let rows = rows(&documents, &mut notes);
        (rows, notes)
    }

    fn names(rows: &[Row]) -> Vec<&str> {
        rows.iter().map(|row| row.texts.name.as_str()).collect()
    }

    #[test]
    fn the_full_shape() {
        let (rows, notes) = parse(&[r#"{"page":{"id":"x","name":"Example","time_zone":"Etc/UTC"},"components":[
                {"id":"s2","name":"Child","status":"partial_outage","position":1,"group_id":"g1","group":false,"description":"a\r\nb","created_at":"2022-02-15T13:37:37.407-08:00"},
                {"id":"s1","name":" Alone ","status":"operational","position":2,"group_id":null,"group":false},
                {"id":"g1","name":"Group","status":"partial_outage","position":1,"group":true,"components":["s2"]}]}"#]);
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(names(&rows), ["Child", "Group", "Alone"]);
        let child = rows[0].service.as_ref().expect("a service");
        assert_eq!((child.group.as_deref(), child.status), (Some("g1"), ServiceStatus::PartialOutage));
        assert_eq!(rows[0].texts.description, "a\nb");
        assert!(child.created_at.is_some());
    }

    #[test]
    fn an_imitation_with_fewer_keys() {
        let (rows, notes) = parse(&[
            r#"{"page":{"name":"AI"},"components":[{"id":"01JABC","name":"Search","status":"degraded_performance","position":3}]}"#,
        ]);
        assert!(notes.is_empty());
        assert_eq!(rows[0].service.as_ref().map(|service| service.status), Some(ServiceStatus::DegradedPerformance));
    }

    #[test]
    fn what_cannot_be_placed_is_told() {
        let (rows, notes) = parse(&[
            r#"{"components":[{"id":"a","name":"A","status":"on_fire"},{"id":"b","name":"B","group_id":"gone"},{"id":"c"},{"id":"a","name":"A again"}]}"#,
        ]);
        assert_eq!((rows.len(), notes.len()), (3, 4), "{notes:?}");
    }

    #[test]
    fn of_several_files_the_last_counts() {
        let (rows, notes) = parse(&[
            r#"{"components":[{"id":"a","name":"A","position":1},{"id":"b","name":"B","position":2,"group_id":"g"}]}"#,
            r#"{"incidents":[]}"#,
            r#"{"components":[{"id":"g","name":"G","position":9,"group":true},{"id":"a","name":"A, later","position":10}]}"#,
        ]);
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(names(&rows), ["G", "A, later", "B"]);
        assert_eq!(rows[2].service.as_ref().and_then(|service| service.group.as_deref()), Some("g"));
    }
}
