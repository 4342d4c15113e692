//! Incidents and maintenance in the terms of the compatible API: which update changed what of which
//! component, and what imported files said themselves.

use super::store::{IncidentRow, MaintenanceRow, SaidRow, UpdateRow};
use crate::{
    domain::{
        ids::{IncidentId, ServiceId, UpdateId, id_text},
        incident::IncidentStatus,
        maintenance::MaintenanceStatus,
        service::ServiceList,
        status::ServiceStatus,
        time::Time,
    },
    server::{
        import::facts::{AffectedFacts, ImportedFacts, StoredFacts, UpdateFacts},
        markup::inert,
    },
};
use sha2::{Digest, Sha256};
use std::{cmp::Reverse, collections::HashMap};

/// An incident, or a maintenance, which has a window.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub id: String,
    pub title: String,
    pub status: &'static str,
    pub impact: &'static str,
    pub created_at: Time,
    pub updated_at: Time,
    pub started_at: Time,
    pub monitoring_at: Option<Time>,
    pub resolved_at: Option<Time>,
    pub window: Option<(Time, Time)>,
    /// Newest first.
    pub updates: Vec<Update>,
    pub services: Vec<ServiceId>,
}

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub id: String,
    pub status: &'static str,
    pub body: String,
    pub created_at: Time,
    pub updated_at: Time,
    pub display_at: Time,
    pub delivered: bool,
    pub affected: Option<Vec<Affected>>,
}

/// What a message changed of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Affected {
    pub code: String,
    pub name: String,
    pub old: ServiceStatus,
    pub new: ServiceStatus,
}

impl Entry {
    /// When something was last said of it.
    fn latest(&self) -> Time {
        self.updates.first().map_or(self.updated_at, |update| update.display_at)
    }
}

/// Open incidents: the one that was told of last stands first.
pub(super) fn by_latest_word(entries: &mut [Entry]) {
    entries.sort_by_key(|entry| (Reverse(entry.latest()), entry.id.clone()));
}

/// Open maintenance: what comes, earliest first, and then what goes on, told of last first.
pub(super) fn by_what_comes(entries: &mut [Entry]) {
    let comes = |entry: &Entry| entry.status == MaintenanceStatus::Scheduled.as_str();
    entries.sort_by(|one, other| {
        comes(other).cmp(&comes(one)).then_with(|| match (comes(one), one.window, other.window) {
            (true, Some((one, _)), Some((other, _))) => one.cmp(&other),
            _ => other.latest().cmp(&one.latest()),
        })
    });
}

/// What services are called where groups do not stand above them: `Group - Service`.
#[derive(Debug, Default)]
pub(super) struct ServiceNames(HashMap<ServiceId, String>);

impl ServiceNames {
    pub(super) fn of(list: &ServiceList) -> Self {
        let groups: HashMap<_, _> = list.groups.iter().map(|group| (&group.id, group.name.as_str())).collect();
        let name = |service: &crate::domain::service::Service| {
            let group = service.group_id.as_ref().and_then(|group| groups.get(group));
            let name = group.map_or_else(|| service.name.clone(), |group| format!("{group} - {}", service.name));
            (service.id.clone(), name)
        };
        Self(list.services.iter().map(name).collect())
    }

    /// `otherwise`: of one that is deleted.
    fn get(&self, service: &ServiceId, otherwise: &str) -> String {
        self.0.get(service).map_or_else(|| otherwise.to_owned(), Clone::clone)
    }
}

/// What imported files said, and which of our services their components became.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub kept: HashMap<String, StoredFacts>,
    pub components: HashMap<String, String>,
}

impl Sources {
    /// The components that the files name.
    pub(super) fn codes(kept: &HashMap<String, StoredFacts>) -> Vec<String> {
        let updates = kept.values().flat_map(|kept| kept.facts.updates.values());
        let mut codes: Vec<String> =
            updates.flat_map(|update| update.affected.iter().flatten()).map(|said| said.code.clone()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    fn of(&self, source_id: Option<&String>) -> Option<&StoredFacts> {
        self.kept.get(source_id?)
    }
}

/// What an update says of a service: its id and name, and its status from then on.
type Stated = (String, String, ServiceStatus);

/// What the updates so far made of components; those that are well are left out.
#[derive(Debug, Default)]
struct StatedStatuses(Vec<Stated>);

impl StatedStatuses {
    /// What an update changes. When all is over, what was held until then is well again.
    fn step(&mut self, mut stated: Vec<Stated>, over: bool) -> Option<Vec<Affected>> {
        if over {
            for (.., status) in &mut stated {
                *status = ServiceStatus::Operational;
            }
            let held = self.0.iter().filter(|(code, ..)| stated.iter().all(|(other, ..)| other != code));
            let well = held.map(|(code, name, _)| (code.clone(), name.clone(), ServiceStatus::Operational));
            let well: Vec<Stated> = well.collect();
            stated.extend(well);
        }
        let affected: Vec<Affected> = stated
            .into_iter()
            .map(|(code, name, new)| {
                let before = self.0.iter().find(|(held, ..)| *held == code);
                let old = before.map_or(ServiceStatus::Operational, |(.., status)| *status);
                Affected { code, name, old, new }
            })
            .collect();
        affected.iter().for_each(|affected| self.note(affected));
        (!affected.is_empty()).then_some(affected)
    }

    /// What a file says that an update changed.
    fn recorded(&mut self, said: &[AffectedFacts], components: &HashMap<String, String>) -> Vec<Affected> {
        let affected = |said: &AffectedFacts| {
            let code = components.get(&said.code).unwrap_or(&said.code).clone();
            Affected { code, name: said.name.clone(), old: said.old, new: said.new }
        };
        let affected: Vec<Affected> = said.iter().map(affected).collect();
        affected.iter().for_each(|affected| self.note(affected));
        affected
    }

    fn note(&mut self, Affected { code, name, new, .. }: &Affected) {
        self.0.retain(|(held, ..)| held != code);
        if *new != ServiceStatus::Operational {
            self.0.push((code.clone(), name.clone(), *new));
        }
    }
}

/// What the file says of an update, unless somebody has edited it here.
fn facts<'a, S>(kept: Option<&'a ImportedFacts>, row: &UpdateRow<S>) -> Option<&'a UpdateFacts> {
    if row.edited_at.is_some() {
        return None;
    }
    kept?.updates.get(row.source_id.as_ref()?)
}

/// The updates in their terms. They come newest first, and go so. `stated` says what one of them says
/// of services here, and `over` whether nothing is held from then on.
fn updates<S: Copy>(
    rows: Vec<UpdateRow<S>>,
    sources: &Sources,
    kept: Option<&ImportedFacts>,
    word: impl Fn(S) -> &'static str,
    over: impl Fn(S) -> bool,
    mut stated: impl FnMut(&UpdateId, S) -> Vec<Stated>,
) -> Vec<Update> {
    let mut course = StatedStatuses::default();
    let update = |row: UpdateRow<S>| {
        let said = facts(kept, &row);
        let stated = stated(&row.id, row.status);
        let affected = match said {
            Some(said) => said.affected.as_ref().map(|all| course.recorded(all, &sources.components)),
            None => course.step(stated, over(row.status)),
        };
        let created_at = said.and_then(|said| said.created_at).unwrap_or(row.created_at);
        let updated_at = row.edited_at.or(said.and_then(|said| said.updated_at)).unwrap_or(created_at);
        Update {
            id: row.id.to_string(),
            status: word(row.status),
            body: inert(&row.body).into_owned(),
            created_at,
            updated_at,
            display_at: row.at,
            delivered: said.is_some_and(|said| said.delivered),
            affected,
        }
    };
    let mut all: Vec<Update> = rows.into_iter().rev().map(update).collect();
    all.reverse();
    all
}

/// When it last changed: as the file says, unless something was done here since.
fn changed(kept: Option<&StoredFacts>, updated_at: Time) -> Time {
    kept.filter(|kept| updated_at <= kept.at).and_then(|kept| kept.facts.updated_at).unwrap_or(updated_at)
}

/// An incident with its updates, newest first, and what they said.
pub(super) fn incident(
    row: IncidentRow,
    rows: Vec<UpdateRow<IncidentStatus>>,
    said: &mut HashMap<UpdateId, Vec<SaidRow>>,
    services: Vec<ServiceId>,
    sources: &Sources,
    names: &ServiceNames,
) -> Entry {
    let kept = sources.of(row.source_id.as_ref());
    let monitoring_at = rows.iter().rev().find(|row| row.status == IncidentStatus::Monitoring).map(|row| row.at);
    let started_here = rows.last().is_some_and(|row| row.edited_at.is_some());
    let stated = |id: &UpdateId, _: IncidentStatus| {
        let said = said.remove(id).unwrap_or_default().into_iter();
        said.map(|(service, status, name)| {
            let name = names.get(&service, &name);
            (service.to_string(), name, status.unwrap_or(ServiceStatus::Operational))
        })
        .collect::<Vec<Stated>>()
    };
    let over = |status: IncidentStatus| status == IncidentStatus::Resolved;
    let kept_facts = kept.map(|kept| &kept.facts);
    let mut updates = updates(rows, sources, kept_facts, IncidentStatus::as_str, over, stated);
    let published = row.published_at.filter(|_| !row.postmortem.is_empty() && over(row.status));
    if let Some(at) = published {
        updates.insert(0, postmortem(&row.id, row.postmortem, at, row.postmortem_at));
    }
    Entry {
        id: row.id.to_string(),
        title: row.title,
        status: if published.is_some() { POSTMORTEM } else { row.status.as_str() },
        impact: row.impact.as_str(),
        created_at: kept_facts.and_then(|facts| facts.created_at).unwrap_or(row.created_at),
        updated_at: changed(kept, row.updated_at),
        started_at: kept_facts.filter(|_| !started_here).and_then(|facts| facts.started_at).unwrap_or(row.started_at),
        monitoring_at,
        resolved_at: row.resolved_at,
        window: None,
        updates,
        services,
    }
}

/// The status of an incident that was looked back on, and of the update that does so.
pub(super) const POSTMORTEM: &str = "postmortem";

fn postmortem(incident: &IncidentId, body: String, published_at: Time, written_at: Option<Time>) -> Update {
    // It has no row of its own, and its id shall never change.
    let digest = Sha256::digest(format!("postmortem of {incident}"));
    let mut bytes = [0; crate::domain::ids::ID_LENGTH];
    bytes.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
    Update {
        id: id_text(bytes),
        status: POSTMORTEM,
        body: inert(&body).into_owned(),
        created_at: published_at,
        updated_at: written_at.map_or(published_at, |at| at.max(published_at)),
        display_at: published_at,
        delivered: false,
        affected: None,
    }
}

/// The compatible API knows no maintenance that was called off.
const fn word(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Cancelled => MaintenanceStatus::Completed.as_str(),
        status => status.as_str(),
    }
}

/// A maintenance with its updates, newest first.
pub(super) fn maintenance(
    row: MaintenanceRow,
    rows: Vec<UpdateRow<MaintenanceStatus>>,
    services: Vec<(ServiceId, String)>,
    sources: &Sources,
    names: &ServiceNames,
) -> Entry {
    let kept = sources.of(row.source_id.as_ref());
    let kept_facts = kept.map(|kept| &kept.facts);
    let monitoring_at = rows.iter().rev().find(|row| row.status == MaintenanceStatus::Verifying).map(|row| row.at);
    let mut begun = false;
    let stated = |_: &UpdateId, status: MaintenanceStatus| {
        if !status.is_going_on() || begun {
            return Vec::new();
        }
        begun = true;
        let under =
            |(id, name): &(ServiceId, String)| (id.to_string(), names.get(id, name), ServiceStatus::UnderMaintenance);
        services.iter().map(under).collect::<Vec<Stated>>()
    };
    let updates = updates(rows, sources, kept_facts, word, MaintenanceStatus::is_over, stated);
    let created_at = kept_facts.and_then(|facts| facts.created_at).unwrap_or(row.created_at);
    Entry {
        id: row.id.to_string(),
        title: row.title,
        status: word(row.status),
        impact: "maintenance",
        created_at,
        updated_at: changed(kept, row.updated_at),
        // The window says when it begins; this says since when it is known, as there.
        started_at: kept_facts.and_then(|facts| facts.started_at).unwrap_or(created_at),
        monitoring_at,
        resolved_at: row.completed_at,
        window: Some((row.starts_at, row.ends_at)),
        updates,
        services: services.into_iter().map(|(id, _)| id).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceStatus::{DegradedPerformance, MajorOutage, Operational};

    fn stated(all: &[(&str, ServiceStatus)]) -> Vec<Stated> {
        all.iter().map(|(code, status)| ((*code).to_owned(), code.to_uppercase(), *status)).collect()
    }

    fn changes(affected: Option<Vec<Affected>>) -> Vec<(String, ServiceStatus, ServiceStatus)> {
        affected.unwrap_or_default().into_iter().map(|said| (said.code, said.old, said.new)).collect()
    }

    fn change(code: &str, old: ServiceStatus, new: ServiceStatus) -> (String, ServiceStatus, ServiceStatus) {
        (code.to_owned(), old, new)
    }

    #[test]
    fn each_update_says_what_was_before() {
        let mut course = StatedStatuses::default();
        let first = course.step(stated(&[("a", MajorOutage), ("b", DegradedPerformance)]), false);
        assert_eq!(
            changes(first),
            [change("a", Operational, MajorOutage), change("b", Operational, DegradedPerformance)]
        );
        assert_eq!(course.step(Vec::new(), false), None, "nothing is said of components");
        assert_eq!(
            changes(course.step(stated(&[("a", DegradedPerformance)]), false)),
            [change("a", MajorOutage, DegradedPerformance)]
        );
        let over = course.step(stated(&[("b", DegradedPerformance)]), true);
        assert_eq!(
            changes(over),
            [change("b", DegradedPerformance, Operational), change("a", DegradedPerformance, Operational)],
            "what is resolved holds nothing"
        );
        assert_eq!(course.step(Vec::new(), true), None);
    }

    #[test]
    fn what_a_file_said_goes_on_here() {
        let mut course = StatedStatuses::default();
        let said = |code: &str| AffectedFacts {
            code: code.to_owned(),
            name: "Old name".to_owned(),
            old: MajorOutage,
            new: DegradedPerformance,
        };
        let components = [("s1".to_owned(), "ours".to_owned())].into();
        let recorded = course.recorded(&[said("s1"), said("gone")], &components);
        let codes: Vec<_> = recorded.iter().map(|said| (said.code.as_str(), said.name.as_str())).collect();
        assert_eq!(codes, [("ours", "Old name"), ("gone", "Old name")]);
        assert_eq!(
            changes(course.step(stated(&[("ours", MajorOutage)]), false)),
            [change("ours", DegradedPerformance, MajorOutage)]
        );
    }

    #[test]
    fn the_id_of_a_postmortem_is_an_id_and_stays() {
        let incident = IncidentId::from_random([7; 12]);
        let id = || postmortem(&incident, String::new(), Time::default(), None).id;
        assert_eq!(id(), id());
        assert!(id().parse::<UpdateId>().is_ok() && id() != incident.as_str());
    }
}
