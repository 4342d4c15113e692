//! Statuspage v2 `summary.json` and `components.json`, and what other vendors write in that shape.
//!
//! Tolerant: whatever is missing or unknown is passed over and reported, never guessed. Importing
//! again updates what came from the file before and doubles nothing.

use crate::{
    domain::{
        error::AppError,
        ids::{GroupId, ServiceId},
        live::Topic,
        organization::NewOrganization,
        position::spread,
        service::{DESCRIPTION_MOST, GroupInput, NAME_MOST},
        status::{Cause, ServiceStatus},
        time::Time,
    },
    server::{
        App,
        command::COMMAND,
        organizations,
        services::{self, Mark, NewService},
    },
};
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::{Path, PathBuf},
};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{file} cannot be read: {error}")]
    File {
        /// Which file.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file is no Statuspage document.
    #[error("{file} is no Statuspage v2 summary.json or components.json: {error}")]
    Shape {
        /// Which file.
        file: String,
        /// Where it is not.
        error: String,
    },
    /// A verb refused.
    #[error(transparent)]
    Refused(#[from] AppError),
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Report {
    /// The organization's slug.
    pub organization: String,
    /// Whether it was made now.
    pub made: bool,
    /// Groups and services that are new.
    pub added: usize,
    /// Groups and services that the file says something new of.
    pub updated: usize,
    /// Groups and services that were as the file says.
    pub unchanged: usize,
    /// What could not be placed, in words.
    pub notes: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { organization, made, added, updated, unchanged, notes } = self;
        let verb = if *made { "made and filled" } else { "filled" };
        write!(f, "{organization} is {verb}: {added} added, {updated} updated, {unchanged} unchanged.")?;
        notes.iter().try_for_each(|note| write!(f, "\n  {note}"))
    }
}

#[derive(Debug, Default, Deserialize)]
struct Document {
    page: Option<PageRow>,
    components: Option<Vec<Component>>,
}

#[derive(Debug, Default, Deserialize)]
struct PageRow {
    name: Option<String>,
    time_zone: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Component {
    id: String,
    #[serde(default)]
    name: String,
    status: Option<String>,
    description: Option<String>,
    position: Option<i64>,
    group_id: Option<String>,
    group: Option<bool>,
    created_at: Option<Time>,
}

/// A group or service as it shall be here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
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

/// The rows of a document in the order in which they stand: groups and services without one first,
/// then the services of each group.
fn rows(components: &[Component], notes: &mut Vec<String>) -> Vec<Row> {
    let groups: HashSet<&str> = components.iter().filter(|c| c.group == Some(true)).map(|c| c.id.as_str()).collect();
    let mut ordered: Vec<&Component> = Vec::new();
    let mut seen = HashSet::new();
    for component in components {
        if seen.insert(component.id.as_str()) {
            ordered.push(component);
        } else {
            notes.push(format!("“{}” stands twice in the file: the first counts", component.name));
        }
    }
    ordered.sort_by_key(|component| component.position.unwrap_or(i64::MAX));
    ordered.into_iter().map(|component| row(component, &groups, notes)).collect()
}

fn row(component: &Component, groups: &HashSet<&str>, notes: &mut Vec<String>) -> Row {
    let name = match clean(&component.name.replace(['\r', '\n'], " "), NAME_MOST) {
        name if name.is_empty() => {
            notes.push(format!("component {} has no name: it is called by its id", component.id));
            component.id.clone()
        }
        name => name,
    };
    let texts =
        GroupInput { name, description: clean(component.description.as_deref().unwrap_or_default(), DESCRIPTION_MOST) };
    let service = (component.group != Some(true)).then(|| {
        let status = component.status.as_deref().unwrap_or("operational");
        let status = status.parse().unwrap_or_else(|_| {
            notes.push(format!("“{}” has the unknown status “{status}”: taken as operational", texts.name));
            ServiceStatus::Operational
        });
        let group = component.group_id.clone().filter(|group| {
            let there = groups.contains(group.as_str());
            if !there {
                notes.push(format!(
                    "“{}” belongs to a group that is not in the file: it stands outside groups",
                    texts.name
                ));
            }
            there
        });
        ServiceRow { group, status, created_at: component.created_at }
    });
    Row { source_id: component.id.clone(), texts, service }
}

/// Without control characters, trimmed, and no longer than fits.
fn clean(text: &str, most: usize) -> String {
    let plain: String =
        text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || *c == '\n').take(most).collect();
    plain.trim().to_owned()
}

fn read(file: &Path) -> Result<Document, ImportError> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| ImportError::File { file: name.clone(), error })?;
    let document: Document = serde_json::from_str(&text)
        .map_err(|error| ImportError::Shape { file: name.clone(), error: error.to_string() })?;
    if document.components.is_none() {
        return Err(ImportError::Shape { file: name, error: "there is no list “components” in it".to_owned() });
    }
    Ok(document)
}

/// Imports the files, in order, into the organization of this slug; makes it, public, when there is
/// none. `progress` hears how many of how many rows are done.
///
/// # Errors
/// [`ImportError`]; what a file before the failing one said is kept, of the failing one nothing.
pub async fn statuspage(
    app: &App,
    files: &[PathBuf],
    slug: &str,
    mut progress: impl FnMut(usize, usize),
) -> Result<Report, ImportError> {
    let mut report = Report { organization: slug.to_owned(), ..Report::default() };
    for file in files {
        let document = read(file)?;
        let page = document.page.unwrap_or_default();
        let time_zone =
            page.time_zone.filter(|zone| zone.parse::<chrono_tz::Tz>().is_ok()).unwrap_or_else(|| "UTC".to_owned());
        let name = page
            .name
            .map(|name| clean(&name.replace(['\r', '\n'], " "), 80))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| slug.to_owned());
        let new = NewOrganization { name, slug: slug.to_owned(), time_zone, listed: true };
        let (id, made) = organizations::find_or_create(app, COMMAND, new).await?;
        report.made |= made;
        let rows = rows(&document.components.unwrap_or_default(), &mut report.notes);
        let mut write = COMMAND.write(app, &id).await?;
        let changed = fill(&mut write, &rows, &mut report, &mut progress).await?;
        if changed {
            write.commit(&[Topic::Services]).await?;
        }
    }
    Ok(report)
}

async fn fill(
    write: &mut crate::server::db::Write,
    rows: &[Row],
    report: &mut Report,
    progress: &mut impl FnMut(usize, usize),
) -> Result<bool, ImportError> {
    let known = services::known(write).await?;
    let (added, updated) = (report.added, report.updated);
    let mut groups: HashMap<&str, GroupId> = HashMap::new();
    let mut done = 0;
    for row in rows.iter().filter(|row| row.service.is_none()) {
        let id = match known.groups.get(&row.source_id) {
            Some(id) => {
                let changed = services::update_imported_group(write, id, &row.texts).await?;
                *(if changed { &mut report.updated } else { &mut report.unchanged }) += 1;
                id.clone()
            }
            None => {
                report.added += 1;
                services::add_group(write, &row.texts, Some(&row.source_id)).await?
            }
        };
        groups.insert(&row.source_id, id);
        done += 1;
        progress(done, rows.len());
    }
    let mut ids: HashMap<&str, ServiceId> = HashMap::new();
    for row in rows {
        let Some(service) = &row.service else { continue };
        let group = service.group.as_deref().and_then(|group| groups.get(group));
        let id = match known.services.get(&row.source_id) {
            Some(id) => {
                let changed = services::update_imported(write, id, &row.texts, group, service.status).await?;
                *(if changed { &mut report.updated } else { &mut report.unchanged }) += 1;
                id.clone()
            }
            None => {
                report.added += 1;
                let new = NewService {
                    texts: row.texts.clone(),
                    group_id: group.cloned(),
                    team_id: None,
                    status: service.status,
                    source_id: Some(row.source_id.clone()),
                    mark: Mark::by(Cause::Import),
                    created_at: service.created_at,
                };
                services::add(write, new).await?
            }
        };
        ids.insert(&row.source_id, id);
        done += 1;
        progress(done, rows.len());
    }
    let places: Vec<(&Row, i64)> = rows.iter().zip(spread(rows.len())).collect();
    let group_places: Vec<(GroupId, i64)> =
        places.iter().filter_map(|(row, place)| Some((groups.get(row.source_id.as_str())?.clone(), *place))).collect();
    let service_places: Vec<(ServiceId, i64)> =
        places.iter().filter_map(|(row, place)| Some((ids.get(row.source_id.as_str())?.clone(), *place))).collect();
    let moved = services::put_in_order(write, &group_places, &service_places).await?;
    Ok(moved || report.added > added || report.updated > updated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<Row>, Vec<String>) {
        let document: Document = serde_json::from_str(text).expect("a document");
        let mut notes = Vec::new();
        let rows = rows(&document.components.unwrap_or_default(), &mut notes);
        (rows, notes)
    }

    #[test]
    fn the_full_shape() {
        let (rows, notes) = parse(
            r#"{"page":{"id":"x","name":"Example","time_zone":"Etc/UTC"},"components":[
                {"id":"s2","name":"Child","status":"partial_outage","position":1,"group_id":"g1","group":false,"description":"a\r\nb","created_at":"2022-02-15T13:37:37.407-08:00"},
                {"id":"s1","name":" Alone ","status":"operational","position":2,"group_id":null,"group":false},
                {"id":"g1","name":"Group","status":"partial_outage","position":1,"group":true,"components":["s2"]}]}"#,
        );
        assert!(notes.is_empty(), "{notes:?}");
        let names: Vec<&str> = rows.iter().map(|row| row.texts.name.as_str()).collect();
        assert_eq!(names, ["Child", "Group", "Alone"]);
        let child = rows[0].service.as_ref().expect("a service");
        assert_eq!((child.group.as_deref(), child.status), (Some("g1"), ServiceStatus::PartialOutage));
        assert_eq!(rows[0].texts.description, "a\nb");
        assert!(child.created_at.is_some());
    }

    #[test]
    fn an_imitation_with_fewer_keys() {
        let (rows, notes) = parse(
            r#"{"page":{"name":"AI"},"components":[{"id":"01JABC","name":"Search","status":"degraded_performance","position":3}]}"#,
        );
        assert!(notes.is_empty());
        assert_eq!(rows[0].service.as_ref().map(|service| service.status), Some(ServiceStatus::DegradedPerformance));
    }

    #[test]
    fn what_cannot_be_placed_is_told() {
        let (rows, notes) = parse(
            r#"{"components":[{"id":"a","name":"A","status":"on_fire"},{"id":"b","name":"B","group_id":"gone"},{"id":"c"},{"id":"a","name":"A again"}]}"#,
        );
        assert_eq!((rows.len(), notes.len()), (3, 4), "{notes:?}");
    }
}
