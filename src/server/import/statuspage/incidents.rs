//! Incidents and maintenance of the files. They keep the state that the files say: an incident claims
//! nothing of services, and no clock moves a maintenance.

use super::{
    ImportError, Progress, Report,
    file::{Affected, Document, Incident, Update, line},
};
use crate::{
    domain::{
        ids::{OrganizationId, ServiceId},
        incident::{IncidentStatus, MAX_TITLE_LENGTH},
        live::Topic,
        maintenance::MaintenanceStatus,
        status::{Impact, ServiceStatus, word as known_word},
        time::Time,
    },
    server::{
        App,
        command::COMMAND,
        db::Write,
        import::facts::{self, AffectedFacts, ImportedFacts, UpdateFacts},
        incidents::{self, Imported, ImportedIncident, ImportedUpdate},
        maintenance::{self, ImportedMaintenance, ImportedMaintenanceUpdate},
        services::{self, ExistingServices},
    },
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Incidents of one transaction: few enough that others get to write in between.
const AT_ONCE: usize = 100;

const TOPICS: &[Topic] = &[Topic::Incidents, Topic::Maintenance];

/// An incident or a maintenance of the files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    told: &'a Incident,
    planned: bool,
}

/// Everything that the files tell of, oldest first. Some lists of incidents hold maintenance as well:
/// what it is shows in the entry. Where several tell of the same, what was updated last counts.
pub(super) fn entries(documents: &[Document]) -> Vec<Entry<'_>> {
    let mut found: Vec<Entry<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for document in documents {
        let windows = document.scheduled_maintenances.iter().flatten().map(|told| Entry { told, planned: true });
        let incidents = document.incidents.iter().flatten().map(|told| {
            let planned = told.impact.as_deref() == Some("maintenance")
                || (told.scheduled_for.is_some() && told.scheduled_until.is_some());
            Entry { told, planned }
        });
        for entry in incidents.chain(windows) {
            match places.get(entry.told.id.as_str()) {
                None => {
                    places.insert(&entry.told.id, found.len());
                    found.push(entry);
                }
                Some(place) if entry.told.updated_at >= found[*place].told.updated_at => found[*place] = entry,
                Some(_) => {}
            }
        }
    }
    found.sort_by_key(|entry| entry.told.created_at);
    found
}

/// Brings them in, about a hundred in one transaction.
pub(super) async fn fill<F: FnMut(usize, usize)>(
    app: &App,
    organization: &OrganizationId,
    entries: &[Entry<'_>],
    report: &mut Report,
    progress: &mut Progress<F>,
) -> Result<(), ImportError> {
    let mut missing = Missing::default();
    for some in entries.chunks(AT_ONCE) {
        let mut write = COMMAND.write(app, organization).await?;
        let known = services::known(&mut write).await?;
        let mut changed = false;
        for Entry { told, planned } in some {
            let services = missing.find(&known, told);
            let (what, counts) = if *planned {
                (bring_window(&mut write, told, services, &mut report.notes).await?, &mut report.maintenance)
            } else {
                (bring_incident(&mut write, told, services, &mut report.notes).await?, &mut report.incidents)
            };
            if let Some(what) = what {
                counts.count(what);
                changed |= what != Imported::Unchanged;
            }
            progress.step();
        }
        if changed {
            write.commit(TOPICS).await?;
        }
    }
    missing.tell(&mut report.notes);
    Ok(())
}

async fn bring_window(
    write: &mut Write,
    told: &Incident,
    services: Vec<ServiceId>,
    notes: &mut Vec<String>,
) -> Result<Option<Imported>, ImportError> {
    let Some(new) = window(told, services, notes) else { return Ok(None) };
    let what = maintenance::import(write, &new).await?;
    keep_facts(write, told, what).await
}

async fn bring_incident(
    write: &mut Write,
    told: &Incident,
    services: Vec<ServiceId>,
    notes: &mut Vec<String>,
) -> Result<Option<Imported>, ImportError> {
    let Some((new, postmortem)) = incident(told, services, notes) else { return Ok(None) };
    let what = incidents::import(write, &new).await?;
    let learned = match postmortem {
        Some((html, at)) => incidents::postmortem::import(write, &new.source_id, &html, at).await?,
        None => false,
    };
    keep_facts(write, told, if learned && what == Imported::Unchanged { Imported::Updated } else { what }).await
}

/// Keeps what the file says besides, for clients of the compatible API.
async fn keep_facts(write: &mut Write, told: &Incident, what: Imported) -> Result<Option<Imported>, ImportError> {
    let new = facts::keep(write, &told.id, &facts_of(told), what != Imported::Unchanged).await?;
    Ok(Some(if new && what == Imported::Unchanged { Imported::Updated } else { what }))
}

fn facts_of(told: &Incident) -> ImportedFacts {
    let status = |given: Option<&str>| known_word(given).unwrap_or(ServiceStatus::Operational);
    let affected = |affected: &Affected| {
        Some(AffectedFacts {
            code: affected.code.clone()?,
            name: line(affected.name.as_deref().unwrap_or_default(), MAX_TITLE_LENGTH),
            old: status(affected.old_status.as_deref()),
            new: status(affected.new_status.as_deref()),
        })
    };
    let update = |update: &Update| {
        let facts = UpdateFacts {
            created_at: update.created_at,
            updated_at: update.updated_at,
            delivered: update.deliver_notifications == Some(true),
            affected: update.affected_components.as_ref().map(|all| all.iter().filter_map(affected).collect()),
        };
        (update.id.clone(), facts)
    };
    ImportedFacts {
        created_at: told.created_at,
        updated_at: told.updated_at,
        started_at: told.started_at,
        updates: told.incident_updates.iter().flatten().map(update).collect(),
    }
}

/// Components that incidents name and no service came from: by id, what they were called and how many
/// incidents name them.
#[derive(Debug, Default)]
struct Missing(BTreeMap<String, (String, usize)>);

impl Missing {
    /// The services that an incident or its updates name.
    fn find(&mut self, known: &ExistingServices, told: &Incident) -> Vec<ServiceId> {
        let named = told.components.iter().flatten().map(|named| (Some(&named.id), &named.name));
        let affected = told.incident_updates.iter().flatten().flat_map(|update| {
            update.affected_components.iter().flatten().map(|affected| (affected.code.as_ref(), &affected.name))
        });
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for (id, name) in named.chain(affected) {
            let Some(id) = id.filter(|id| seen.insert(*id)) else { continue };
            if let Some(service) = known.services.get(id) {
                found.push(service.clone());
            } else if !known.groups.contains_key(id) {
                // A group is named along with what stands in it.
                let name = name.as_deref().map(|name| line(name, MAX_TITLE_LENGTH)).unwrap_or_default();
                self.0.entry(id.clone()).or_insert((name, 0)).1 += 1;
            }
        }
        found
    }

    fn tell(self, notes: &mut Vec<String>) {
        notes.extend(self.0.into_iter().map(|(id, (name, times))| {
            let (subject, verb) = if times == 1 { ("entry", "names") } else { ("entries", "name") };
            format!("{times} {subject} {verb} “{name}” ({id}), which isn’t a service here: imported without it")
        }));
    }
}

/// The updates in order, each at its own time. Files have the newest first; of two at the same time
/// the later one is put a microsecond behind, because order is told by time alone.
fn in_order<'a>(told: &'a Incident, notes: &mut Vec<String>) -> Vec<(&'a Update, Time)> {
    let mut updates = Vec::new();
    for update in told.incident_updates.iter().flatten().rev() {
        match update.display_at.or(update.created_at).or(told.created_at) {
            Some(at) => updates.push((update, at)),
            None => notes.push(format!("update {} of “{}” has no time: skipped", update.id, told.name)),
        }
    }
    updates.sort_by_key(|(update, at)| (*at, update.created_at));
    let mut last = None;
    for (_, at) in &mut updates {
        *at = last.map_or(*at, |last| just_after(last).max(*at));
        last = Some(*at);
    }
    updates
}

const fn just_after(at: Time) -> Time {
    Time::from_micros(at.micros() + 1)
}

/// HTML as it stands; what no database keeps is left out.
fn html(update: &Update) -> String {
    let body = update.body.as_deref().unwrap_or_default();
    body.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
}

fn title(told: &Incident, notes: &mut Vec<String>) -> String {
    let title = line(&told.name, MAX_TITLE_LENGTH);
    if title.is_empty() {
        notes.push(format!("incident {} has no name: using its ID", told.id));
        return line(&told.id, MAX_TITLE_LENGTH);
    }
    if told.name.chars().count() > MAX_TITLE_LENGTH {
        notes.push(format!("“{title}” was truncated: a title can have at most {MAX_TITLE_LENGTH} characters"));
    }
    title
}

/// The word of a closed list; what is missing or unknown is what it was before.
fn word<T: std::str::FromStr>(given: Option<&str>, before: T, title: &str, notes: &mut Vec<String>) -> T {
    let Some(given) = given else { return before };
    given.parse().unwrap_or_else(|_| {
        notes.push(format!("“{title}” has an unknown status “{given}”: ignored"));
        before
    })
}

/// HTML, and when it was published.
type Postmortem = (String, Time);

fn incident(
    told: &Incident,
    services: Vec<ServiceId>,
    notes: &mut Vec<String>,
) -> Option<(ImportedIncident, Option<Postmortem>)> {
    let title = title(told, notes);
    let mut updates: Vec<ImportedUpdate> = Vec::new();
    let mut postmortem = None;
    for (update, at) in in_order(told, notes) {
        if update.status.as_deref() == Some("postmortem") {
            postmortem = Some((html(update), at)).filter(|(html, _)| !html.trim().is_empty());
            continue;
        }
        let before = updates.last().map_or(IncidentStatus::Investigating, |update| update.status);
        let status = word(update.status.as_deref(), before, &title, notes);
        updates.push(ImportedUpdate { source_id: update.id.clone(), status, html: html(update), at });
    }
    let last = match (updates.last(), told.resolved_at) {
        (Some(last), _) => last.status,
        (None, Some(_)) => IncidentStatus::Resolved,
        (None, None) => IncidentStatus::Investigating,
    };
    let state = match told.status.as_deref() {
        Some("postmortem") => IncidentStatus::Resolved,
        given => word(given, last, &title, notes),
    };
    // What the updates leave open is said by updates without words.
    let silent = |status: IncidentStatus, at: Time| {
        let source_id = format!("{}:{}", told.id, status.as_str());
        ImportedUpdate { source_id, status, html: String::new(), at }
    };
    if updates.is_empty() {
        let Some(at) = told.created_at.or(told.started_at) else {
            notes.push(format!("“{title}” has no time: skipped"));
            return None;
        };
        let first = if state == IncidentStatus::Resolved { IncidentStatus::Investigating } else { state };
        updates.push(silent(first, at));
    }
    let open_end = updates.last().filter(|last| last.status != state).map(|last| {
        let own = match state {
            IncidentStatus::Resolved => told.resolved_at,
            IncidentStatus::Monitoring => told.monitoring_at,
            IncidentStatus::Investigating | IncidentStatus::Identified => None,
        };
        let after = just_after(last.at);
        silent(state, own.or(told.updated_at).map_or(after, |at| at.max(after)))
    });
    updates.extend(open_end);
    let impact = told.impact.as_deref().map_or(Impact::None, |given| {
        given.parse().unwrap_or_else(|_| {
            notes.push(format!("“{title}” has an unknown impact “{given}”: imported as none"));
            Impact::None
        })
    });
    Some((ImportedIncident { source_id: told.id.clone(), title, impact, updates, services }, postmortem))
}

fn window(told: &Incident, services: Vec<ServiceId>, notes: &mut Vec<String>) -> Option<ImportedMaintenance> {
    let title = title(told, notes);
    let (starts_at, ends_at) = match (told.scheduled_for, told.scheduled_until) {
        (Some(from), Some(to)) if to > from => (from, to),
        _ => {
            notes.push(format!("“{title}” is a maintenance without a window: skipped"));
            return None;
        }
    };
    let mut updates: Vec<ImportedMaintenanceUpdate> = Vec::new();
    for (update, at) in in_order(told, notes) {
        let before = updates.last().map_or(MaintenanceStatus::Scheduled, |update| update.status);
        let status = word(update.status.as_deref(), before, &title, notes);
        updates.push(ImportedMaintenanceUpdate { source_id: update.id.clone(), status, html: html(update), at });
    }
    let last = updates.last().map_or(MaintenanceStatus::Scheduled, |update| update.status);
    let status = word(told.status.as_deref(), last, &title, notes);
    // What the file calls its start is when it was written down.
    let begun = updates.iter().find(|update| update.status.is_going_on()).map(|update| update.at);
    let over = updates.iter().rev().take_while(|update| update.status.is_over()).last().map(|update| update.at);
    let completed_at = status.is_over().then(|| over.or(told.resolved_at).unwrap_or(ends_at));
    let started_at = match status {
        MaintenanceStatus::Scheduled | MaintenanceStatus::Cancelled => None,
        MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => Some(begun.unwrap_or(starts_at)),
        MaintenanceStatus::Completed => Some(begun.unwrap_or(starts_at).min(completed_at.unwrap_or(ends_at))),
    };
    let source_id = told.id.clone();
    Some(ImportedMaintenance {
        source_id,
        title,
        status,
        starts_at,
        ends_at,
        started_at,
        completed_at,
        updates,
        services,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use IncidentStatus::{Identified, Investigating, Monitoring, Resolved};

    fn document(text: &str) -> Document {
        serde_json::from_str(text).expect("a document")
    }

    fn at(text: &str) -> Time {
        serde_json::from_value(serde_json::Value::from(text)).expect("a time")
    }

    /// The only incident of a list, with what was noted of it.
    fn only(text: &str) -> (Option<(ImportedIncident, Option<Postmortem>)>, Vec<String>) {
        let document = document(&format!(r#"{{"incidents":[{text}]}}"#));
        let mut notes = Vec::new();
        (incident(entries(&[document])[0].told, Vec::new(), &mut notes), notes)
    }

    fn course(incident: &ImportedIncident) -> Vec<(IncidentStatus, String)> {
        incident.updates.iter().map(|update| (update.status, update.at.rfc3339())).collect()
    }

    fn expected(course: &[(IncidentStatus, &str)]) -> Vec<(IncidentStatus, String)> {
        course.iter().map(|(status, at)| (*status, (*at).to_owned())).collect()
    }

    #[test]
    fn updates_stand_in_the_order_of_their_own_times() {
        let (told, notes) = only(
            r#"{"id":"a","name":"A","status":"resolved","impact":"major","created_at":"2026-01-01T10:00:00Z","incident_updates":[
                {"id":"3","status":"resolved","body":"<p>Over</p>","created_at":"2026-01-01T12:00:00.5Z","display_at":"2026-01-01T11:00:00Z"},
                {"id":"2","status":"identified","body":"x\u0000\r\ny","created_at":"2026-01-01T10:30:00-01:00"},
                {"id":"1","status":null,"body":null,"created_at":"2026-01-01T10:00:00Z","display_at":null}]}"#,
        );
        let (told, postmortem) = told.expect("an incident");
        assert!(notes.is_empty() && postmortem.is_none(), "{notes:?}");
        let times = ["2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "2026-01-01T11:30:00Z"];
        // What the times turn round ends as the file says all the same.
        let ends = "2026-01-01T11:30:00Z";
        assert_eq!(
            course(&told),
            expected(&[(Investigating, times[0]), (Resolved, times[1]), (Identified, times[2]), (Resolved, ends)])
        );
        assert_eq!((told.updates[2].html.as_str(), told.impact), ("x\r\ny", Impact::Major));
    }

    #[test]
    fn of_updates_at_the_same_time_the_later_one_stays_last() {
        let (told, _) = only(
            r#"{"id":"a","name":"A","status":"resolved","incident_updates":[
                {"id":"2","status":"resolved","created_at":"2026-01-01T10:00:00Z"},
                {"id":"1","status":"investigating","created_at":"2026-01-01T10:00:00Z"}]}"#,
        );
        let (told, _) = told.expect("an incident");
        let begin = at("2026-01-01T10:00:00Z");
        let times: Vec<_> = told.updates.iter().map(|update| (update.status, update.at)).collect();
        assert_eq!(times, [(Investigating, begin), (Resolved, just_after(begin))]);
    }

    #[test]
    fn what_updates_leave_open_is_said_without_words() {
        let (told, _) = only(
            r#"{"id":"a","name":"A","status":"resolved","created_at":"2026-01-01T10:00:00Z","resolved_at":"2026-01-01T12:00:00Z","incident_updates":[]}"#,
        );
        let (told, _) = told.expect("an incident");
        assert_eq!(
            course(&told),
            expected(&[(Investigating, "2026-01-01T10:00:00Z"), (Resolved, "2026-01-01T12:00:00Z")])
        );
        let (told, _) = only(
            r#"{"id":"a","name":"A","status":"resolved","resolved_at":"2026-01-01T12:00:00Z","incident_updates":[
                {"id":"1","status":"monitoring","created_at":"2026-01-01T10:00:00Z"}]}"#,
        );
        let (told, _) = told.expect("an incident");
        assert_eq!(
            course(&told),
            expected(&[(Monitoring, "2026-01-01T10:00:00Z"), (Resolved, "2026-01-01T12:00:00Z")])
        );
        assert_eq!(told.updates[1].source_id, "a:resolved");
        let (told, _) = only(r#"{"id":"a","name":"A","status":"identified","created_at":"2026-01-01T10:00:00Z"}"#);
        assert_eq!(course(&told.expect("an incident").0), expected(&[(Identified, "2026-01-01T10:00:00Z")]));
    }

    #[test]
    fn a_postmortem_is_no_update() {
        let (told, notes) = only(
            r#"{"id":"a","name":"A","status":"postmortem","incident_updates":[
                {"id":"3","status":"postmortem","body":"<h2>Why</h2>","created_at":"2026-01-05T10:00:00Z"},
                {"id":"2","status":"resolved","body":"Over","created_at":"2026-01-01T11:00:00Z"},
                {"id":"1","status":"investigating","body":"Begin","created_at":"2026-01-01T10:00:00Z"}]}"#,
        );
        let (told, postmortem) = told.expect("an incident");
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(postmortem, Some(("<h2>Why</h2>".to_owned(), at("2026-01-05T10:00:00Z"))));
        assert_eq!(told.updates.last().map(|update| update.status), Some(Resolved));
        assert_eq!(told.updates.len(), 2);
    }

    #[test]
    fn what_is_unknown_is_told() {
        let (told, notes) = only(
            r#"{"id":"a","status":"gone","impact":"huge","incident_updates":[
                {"id":"2","status":"update","created_at":"2026-01-01T11:00:00Z"},
                {"id":"1","status":"identified","created_at":"2026-01-01T10:00:00Z"}]}"#,
        );
        let (told, _) = told.expect("an incident");
        assert_eq!((told.title.as_str(), told.impact), ("a", Impact::None));
        assert!(told.updates.iter().all(|update| update.status == Identified));
        assert_eq!(notes.len(), 4, "{notes:?}");
        for what in ["no name", "“gone”", "“update”", "“huge”"] {
            assert!(notes.iter().any(|note| note.contains(what)), "{what}: {notes:?}");
        }
        let (told, notes) = only(r#"{"id":"a","name":"A"}"#);
        assert!(told.is_none() && notes.len() == 1, "{notes:?}");
    }

    #[test]
    fn a_maintenance_is_found_wherever_it_stands_and_the_latest_word_counts() {
        let window = r#""scheduled_for":"2026-01-02T10:00:00Z","scheduled_until":"2026-01-02T12:00:00Z""#;
        let documents = [
            document(&format!(
                r#"{{"incidents":[
                    {{"id":"m","name":"M","impact":"maintenance","status":"in_progress","updated_at":"2026-01-02T10:00:10Z",{window}}},
                    {{"id":"i","name":"I","status":"resolved","updated_at":"2026-01-03T10:00:10Z"}}]}}"#
            )),
            document(&format!(
                r#"{{"incidents":[{{"id":"i","name":"I","status":"identified","updated_at":"2026-01-03T09:00:10Z"}}],
                    "scheduled_maintenances":[{{"id":"m","name":"M","status":"completed","updated_at":"2026-01-02T12:00:10Z",{window}}}]}}"#
            )),
        ];
        let found = entries(&documents);
        let told: Vec<_> =
            found.iter().map(|entry| (entry.told.id.as_str(), entry.told.status.as_deref(), entry.planned)).collect();
        assert_eq!(told, [("m", Some("completed"), true), ("i", Some("resolved"), false)]);
        let new = super::window(found[0].told, Vec::new(), &mut Vec::new()).expect("a window");
        assert_eq!((new.started_at, new.completed_at), (Some(new.starts_at), Some(new.ends_at)));
    }

    #[test]
    fn a_window_keeps_what_really_happened() {
        let told = document(
            r#"{"scheduled_maintenances":[{"id":"m","name":"M","status":"completed","impact":"maintenance",
                "started_at":"2026-01-01T08:00:00Z","scheduled_for":"2026-01-02T10:00:00Z","scheduled_until":"2026-01-02T12:00:00Z",
                "incident_updates":[
                    {"id":"4","status":"completed","created_at":"2026-01-02T11:40:00Z"},
                    {"id":"3","status":"verifying","created_at":"2026-01-02T11:30:00Z"},
                    {"id":"2","status":"in_progress","created_at":"2026-01-02T10:01:00Z"},
                    {"id":"1","status":"scheduled","created_at":"2026-01-01T08:00:00Z"}]},
                {"id":"n","name":"N","status":"verifying","scheduled_for":"2026-01-02T10:00:00Z","scheduled_until":"2026-01-02T12:00:00Z"},
                {"id":"o","name":"O","status":"scheduled","scheduled_for":"2026-01-02T10:00:00Z","scheduled_until":"2026-01-02T10:00:00Z"}]}"#,
        );
        let mut notes = Vec::new();
        let documents = [told];
        let new: Vec<_> = entries(&documents).iter().map(|entry| window(entry.told, Vec::new(), &mut notes)).collect();
        let first = new[0].as_ref().expect("a window");
        assert_eq!(first.started_at, Some(at("2026-01-02T10:01:00Z")));
        assert_eq!(first.completed_at, Some(at("2026-01-02T11:40:00Z")));
        assert_eq!(first.updates.len(), 4);
        let second = new[1].as_ref().expect("a window");
        assert_eq!((second.status, second.completed_at), (MaintenanceStatus::Verifying, None));
        assert_eq!(second.started_at, Some(second.starts_at));
        assert!(new[2].is_none() && notes.len() == 1, "{notes:?}");
    }

    #[test]
    fn services_are_found_by_their_ids_and_what_is_missing_is_told_once() {
        let documents = [document(
            r#"{"incidents":[
                {"id":"a","name":"A","components":[{"id":"s1","name":"One"},{"id":"g1","name":"Group"}],"incident_updates":[
                    {"id":"1","affected_components":[{"code":"s1","name":"Group - One"},{"code":"s2","name":"Group - Two"},{"code":"x","name":"Gone"}]}]},
                {"id":"b","name":"B","components":[],"incident_updates":[
                    {"id":"2","affected_components":[{"code":"x","name":"Gone"},{"name":"No code"}]},
                    {"id":"3","affected_components":null}]}]}"#,
        )];
        let service = |number: u8| ServiceId::from_random([number; 12]);
        let known = ExistingServices {
            groups: [("g1".to_owned(), crate::domain::ids::GroupId::from_random([9; 12]))].into(),
            services: [("s1".to_owned(), service(1)), ("s2".to_owned(), service(2))].into(),
        };
        let mut missing = Missing::default();
        let found: Vec<_> = entries(&documents).iter().map(|entry| missing.find(&known, entry.told)).collect();
        assert_eq!(found, [vec![service(1), service(2)], Vec::new()]);
        let mut notes = Vec::new();
        missing.tell(&mut notes);
        assert_eq!(notes, ["2 entries name “Gone” (x), which isn’t a service here: imported without it"]);
    }
}
