//! What stands in a feed.

use super::super::xml::escape;
use crate::{
    domain::{
        incident::{Incident, IncidentUpdate, PublishedIncident, ServiceImpact},
        maintenance::{Maintenance, MaintenanceStatus, MaintenanceUpdate},
        status::Impact,
        time::Time,
    },
    server::{config::BaseUrl, local_time, maintenance::latest::Announced, organizations::PublicOrganization},
};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use std::cmp::Reverse;

/// Services that an entry names at most.
const MAX_NAMED: usize = 50;

/// An incident, a maintenance, or one thing that was said of it.
pub(super) struct Entry {
    /// Never changes.
    pub id: String,
    /// The permanent page of what it is about.
    pub url: String,
    pub title: String,
    /// Safe.
    pub html: String,
    pub published: Time,
    pub updated: Time,
    /// What it is, how much it matters, its services.
    pub categories: Vec<String>,
}

/// A name that never changes, whatever the organization and the server are called. Another noun or another id
/// has another.
pub(super) fn permanent(what: &str) -> String {
    let mut bytes = [0_u8; 16];
    for (byte, digit) in bytes.iter_mut().zip(Sha256::digest(format!("candor {what}"))) {
        *byte = digit;
    }
    // Version 8 of RFC 9562: made by a rule of one's own.
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// One thing that was said.
struct Message<'a> {
    label: &'a str,
    at: Time,
    html: &'a str,
    said: String,
}

/// What all entries of a feed have in common.
struct Writer<'a> {
    url: &'a BaseUrl,
    organization: &'a PublicOrganization,
    zone: Tz,
}

/// The entries, in no order.
pub(super) fn of(
    url: &BaseUrl,
    organization: &PublicOrganization,
    incidents: &[PublishedIncident],
    maintenance: &[Announced],
    each: bool,
) -> Vec<Entry> {
    let writer = Writer { url, organization, zone: local_time::zone(&organization.time_zone) };
    if each {
        let incidents = incidents.iter().flat_map(|told| writer.each_of_incident(told));
        incidents.chain(maintenance.iter().flat_map(|one| writer.each_of_maintenance(one))).collect()
    } else {
        let incidents = incidents.iter().map(|told| writer.incident(told));
        incidents.chain(maintenance.iter().map(|one| writer.maintenance(one))).collect()
    }
}

impl Writer<'_> {
    fn page_of_incident(&self, incident: &Incident) -> String {
        self.url.join(&format!("/status/{}/incidents/{}", self.organization.slug, incident.id))
    }

    fn page_of_maintenance(&self, maintenance: &Maintenance) -> String {
        self.url.join(&format!("/status/{}/maintenance/{}", self.organization.slug, maintenance.id))
    }

    /// A message with its label and its moment.
    fn message(&self, Message { label, at, html, said }: &Message<'_>) -> String {
        let (moment, words) = (at.rfc3339(), local_time::in_words(self.zone, *at));
        let words = escape(&words);
        let said = if said.is_empty() { String::new() } else { format!("<p>{}</p>", escape(said)) };
        format!("<p><strong>{}</strong> · <time datetime=\"{moment}\">{words}</time></p>{html}{said}", escape(label))
    }

    fn incident_message<'a>(&self, update: &'a IncidentUpdate) -> Message<'a> {
        let labels = &self.organization.labels;
        let sentence = |(ServiceImpact { status, .. }, name): &(ServiceImpact, String)| match status {
            Some(status) => format!("{name}: {}", labels.label(*status)),
            None => format!("{name}: no longer affected"),
        };
        let said = update.services.iter().take(MAX_NAMED).map(sentence).collect::<Vec<_>>().join(" · ");
        Message { label: update.status.label(), at: update.at, html: &update.html, said }
    }

    fn postmortem(told: &PublishedIncident) -> Option<Message<'_>> {
        let postmortem = told.postmortem.as_ref()?;
        let at = postmortem.published_at?;
        Some(Message { label: "Postmortem", at, html: &postmortem.html, said: String::new() })
    }

    fn incident(&self, told: &PublishedIncident) -> Entry {
        let incident = &told.incident;
        let mut messages: Vec<Message<'_>> = told.updates.iter().map(|update| self.incident_message(update)).collect();
        messages.extend(Self::postmortem(told));
        // Those of one moment stay as they are.
        messages.sort_by_key(|message| Reverse(message.at));
        Entry {
            id: permanent(&format!("incident {}", incident.id)),
            url: self.page_of_incident(incident),
            title: incident.title.clone(),
            html: messages.iter().map(|message| self.message(message)).collect(),
            published: incident.started_at,
            updated: messages.first().map_or(incident.started_at, |message| message.at),
            categories: of_incident(incident, incident.status.label()),
        }
    }

    fn each_of_incident(&self, told: &PublishedIncident) -> Vec<Entry> {
        let incident = &told.incident;
        let entry = |what: String, message: &Message<'_>| Entry {
            id: permanent(&what),
            url: self.page_of_incident(incident),
            title: format!("{}: {}", message.label, incident.title),
            html: self.message(message),
            published: message.at,
            updated: message.at,
            categories: of_incident(incident, message.label),
        };
        let updates =
            told.updates.iter().map(|update| entry(format!("update {}", update.id), &self.incident_message(update)));
        let postmortem = Self::postmortem(told);
        let postmortem = postmortem.map(|message| entry(format!("postmortem {}", incident.id), &message));
        updates.chain(postmortem).collect()
    }

    /// When it will be, or was.
    fn window(&self, maintenance: &Maintenance) -> String {
        let words = local_time::window_in_a_line(self.zone, maintenance.starts_at, maintenance.ends_at);
        let services: Vec<&str> =
            maintenance.services.iter().take(MAX_NAMED).map(|service| service.name.as_str()).collect();
        let services = if services.is_empty() { String::new() } else { format!(" · {}", services.join(", ")) };
        format!("<p>{}</p>", escape(&format!("{words}{services}")))
    }

    fn maintenance(&self, announced: &Announced) -> Entry {
        let Announced { told, announced_at, changed_at } = announced;
        let maintenance = &told.maintenance;
        let updates: String = told.updates.iter().map(|update| self.message(&of_update(update))).collect();
        Entry {
            id: permanent(&format!("maintenance {}", maintenance.id)),
            url: self.page_of_maintenance(maintenance),
            title: maintenance.title.clone(),
            html: format!("{}{updates}", self.window(maintenance)),
            published: *announced_at,
            updated: *changed_at,
            categories: of_maintenance(maintenance, maintenance.status),
        }
    }

    fn each_of_maintenance(&self, announced: &Announced) -> Vec<Entry> {
        let Announced { told, announced_at, .. } = announced;
        let maintenance = &told.maintenance;
        let entry = |what: String, status: MaintenanceStatus, at: Time, html: String| Entry {
            id: permanent(&what),
            url: self.page_of_maintenance(maintenance),
            title: format!("{}: {}", status.label(), maintenance.title),
            html: format!("{}{html}", self.window(maintenance)),
            published: at,
            updated: at,
            categories: of_maintenance(maintenance, status),
        };
        let of_each = |update: &MaintenanceUpdate| {
            entry(format!("update {}", update.id), update.status, update.at, self.message(&of_update(update)))
        };
        let mut entries: Vec<Entry> = told.updates.iter().map(of_each).collect();
        // One that was announced without a word.
        if told.updates.last().is_none_or(|first| *announced_at < first.at) {
            let what = format!("announcement {}", maintenance.id);
            entries.push(entry(what, MaintenanceStatus::Scheduled, *announced_at, String::new()));
        }
        entries
    }
}

fn of_update(update: &MaintenanceUpdate) -> Message<'_> {
    Message { label: update.status.label(), at: update.at, html: &update.html, said: String::new() }
}

fn of_incident(incident: &Incident, state: &str) -> Vec<String> {
    let impact = (incident.impact != Impact::None).then(|| incident.impact.label().to_owned());
    let services = incident.services.iter().take(MAX_NAMED).map(|affected| affected.name.clone());
    ["Incident".to_owned(), state.to_owned()].into_iter().chain(impact).chain(services).collect()
}

fn of_maintenance(maintenance: &Maintenance, status: MaintenanceStatus) -> Vec<String> {
    let services = maintenance.services.iter().take(MAX_NAMED).map(|service| service.name.clone());
    ["Maintenance".to_owned(), status.label().to_owned()].into_iter().chain(services).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permanent_names_are_what_they_have_always_been() {
        // Changing one of these shows every reader every entry again.
        assert_eq!(permanent("incident abcdefghijkl"), "urn:uuid:1bc34119-19d3-8d74-aab1-861c8af7281b");
        assert_ne!(permanent("incident abcdefghijkl"), permanent("maintenance abcdefghijkl"));
    }
}
