use super::*;
use crate::domain::{
    incident::Incident,
    maintenance::Maintenance,
    status::{Indicator, PageDescription},
};

fn at(second: i64) -> Time {
    Time::from_micros(second * 1_000_000)
}

fn service(number: u8, name: &str, status: ServiceStatus) -> Service {
    Service {
        id: ServiceId::from_random([number; 12]),
        group_id: None,
        team_id: None,
        name: name.to_owned(),
        description: String::new(),
        own_status: status,
        status,
        since: at(1),
        position: i64::from(number),
        created_at: at(0),
        updated_at: at(1),
    }
}

fn incident(number: u8, title: &str, messages: &[&str]) -> PublishedIncident {
    let update = |(place, body): (usize, &&str)| IncidentUpdate {
        id: UpdateId::from_random([u8::try_from(place).expect("few"); 12]),
        status: IncidentStatus::Investigating,
        body: (*body).to_owned(),
        html: String::new(),
        at: at(10 + i64::try_from(place).expect("few")),
        by: Some("Ana".to_owned()),
        edited_at: None,
        services: Vec::new(),
    };
    PublishedIncident {
        incident: Incident {
            id: IncidentId::from_random([number; 12]),
            title: title.to_owned(),
            status: IncidentStatus::Investigating,
            impact: Impact::Minor,
            started_at: at(10),
            resolved_at: None,
            services: Vec::new(),
            revision: 1,
            updated_at: at(10),
        },
        updates: messages.iter().enumerate().map(update).rev().collect(),
        postmortem: None,
    }
}

fn maintenance(number: u8, status: MaintenanceStatus, starts_at: Time) -> PublishedMaintenance {
    PublishedMaintenance {
        maintenance: Maintenance {
            id: MaintenanceId::from_random([number; 12]),
            title: "Upgrade".to_owned(),
            status,
            starts_at,
            ends_at: starts_at.plus_seconds(60),
            started_at: None,
            completed_at: None,
            automatic: true,
            series_id: None,
            services: Vec::new(),
            revision: 1,
            updated_at: at(0),
        },
        updates: Vec::new(),
    }
}

/// What an organization shows.
#[derive(Clone, Default)]
struct World {
    services: Vec<Service>,
    incidents: Vec<PublishedIncident>,
    /// Incidents that are remembered, but no longer told of.
    over: Vec<IncidentId>,
    maintenance: Vec<PublishedMaintenance>,
    since: Time,
}

impl World {
    fn moment(&self, version: i64) -> PageState<'_> {
        let status = PageStatus::of(self.services.iter().map(|service| service.status), []);
        PageState {
            organization: Organization { id: "o".into(), slug: "acme".into(), name: "Acme".into() },
            version,
            at: at(version),
            home: "https://status.example.com/status/acme".into(),
            status,
            services: &self.services,
            incidents: self.incidents.iter().collect(),
            known: self.incidents.iter().map(|told| &told.incident.id).chain(&self.over).collect(),
            maintenance: self.maintenance.iter().collect(),
            since: self.since,
        }
    }

    fn kinds(&self, then: &Self) -> Vec<&'static str> {
        let now = then.moment(2);
        changes(&Fingerprint::of(&self.moment(1)), &Fingerprint::of(&now), &now).iter().map(Change::kind).collect()
    }
}

fn acme() -> World {
    World {
        services: vec![service(1, "API", ServiceStatus::Operational), service(2, "Mail", ServiceStatus::Operational)],
        ..World::default()
    }
}

#[test]
fn what_stays_is_not_told() {
    let mut world = acme();
    world.incidents = vec![incident(1, "Slow", &["First."])];
    world.maintenance = vec![maintenance(1, MaintenanceStatus::Scheduled, at(100))];
    assert!(world.kinds(&world).is_empty());
}

#[test]
fn services_are_told_by_status_and_name() {
    let before = acme();
    let mut then = before.clone();
    then.services[0].status = ServiceStatus::MajorOutage;
    then.services[1].description = "In and out".to_owned();
    assert_eq!(before.kinds(&then), ["service_update", "status_update"]);
    let mut then = before.clone();
    then.services[1].name = "Post".to_owned();
    assert_eq!(before.kinds(&then), ["service_update"]);
    let mut then = before.clone();
    then.services[1] = service(3, "Search", ServiceStatus::Operational);
    assert_eq!(before.kinds(&then), ["service_created", "service_deleted"]);
}

#[test]
fn an_incident_is_told_from_report_to_end() {
    let mut before = acme();
    let mut then = before.clone();
    then.incidents = vec![incident(1, "Slow", &["First."])];
    assert_eq!(before.kinds(&then), ["incident_created"]);
    before = then.clone();
    then.incidents = vec![incident(1, "Slow", &["First.", "Second."])];
    let now = then.moment(2);
    let told = changes(&Fingerprint::of(&before.moment(1)), &Fingerprint::of(&now), &now);
    let [Change::IncidentUpdate(told)] = told.as_slice() else { panic!("{told:?}") };
    let bodies = |told: &IncidentEvent| -> Vec<String> {
        told.updates.iter().flatten().map(|update| update.body.clone()).collect()
    };
    assert_eq!(bodies(told), ["Second."], "only what is new");
    before = then.clone();
    then.incidents = vec![incident(1, "Slow", &["First!", "Second."])];
    let now = then.moment(3);
    let told = changes(&Fingerprint::of(&before.moment(2)), &Fingerprint::of(&now), &now);
    let [Change::IncidentUpdate(told)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(bodies(told), ["First!"], "what was edited");
    before = then.clone();
    then.incidents[0].incident.resolved_at = Some(at(50));
    assert_eq!(before.kinds(&then), ["incident_update"]);
    before = then.clone();
    then.over = vec![then.incidents.remove(0).incident.id];
    assert!(before.kinds(&then).is_empty(), "it was over long ago");
    let reopened = before.clone();
    assert_eq!(then.kinds(&reopened), ["incident_update"]);
    then.over.clear();
    assert_eq!(before.kinds(&then), ["incident_deleted"]);
}

#[test]
fn maintenance_is_told_until_it_is_out_of_sight() {
    let mut before = acme();
    let mut then = before.clone();
    then.maintenance = vec![maintenance(1, MaintenanceStatus::Scheduled, at(100))];
    assert_eq!(before.kinds(&then), ["maintenance_created"]);
    before = then.clone();
    then.maintenance[0].maintenance.status = MaintenanceStatus::InProgress;
    assert_eq!(before.kinds(&then), ["maintenance_update"]);
    before = then.clone();
    then.maintenance.clear();
    assert_eq!(before.kinds(&then), ["maintenance_deleted"]);
    then.since = at(200);
    assert!(before.kinds(&then).is_empty(), "it was long ago");
}

#[test]
fn an_event_is_one_flat_object() {
    let mut world = acme();
    let first = EventLog::following(None, &world.moment(7));
    world.services[0].status = ServiceStatus::MajorOutage;
    let then = EventLog::following(Some(&first), &world.moment(8));
    let told = then.after(7).expect("known");
    let told: Vec<serde_json::Value> = told.iter().map(|text| serde_json::from_str(text).expect("an object")).collect();
    assert_eq!(told.len(), 2);
    let id = world.services[0].id.as_str();
    assert_eq!(
        told[0],
        serde_json::json!({
            "type": "service_update", "organization": "acme", "organization_id": "o", "version": 8, "more": true,
            "at": "1970-01-01T00:00:08.000000Z", "old_status": "operational", "new_status": "major_outage",
            "service": { "id": id, "name": "API", "status": "major_outage", "since": "1970-01-01T00:00:01.000000Z" },
        })
    );
    let status = PageStatus { indicator: Indicator::Major, description: PageDescription::PartialOutage };
    assert_eq!(told[1]["status"], serde_json::to_value(status).expect("an object"));
    assert_eq!((&told[1]["old_status"]["indicator"], &told[1]["more"]), (&"none".into(), &false.into()));
}

#[test]
fn whoever_comes_back_is_told_what_followed_or_that_it_is_not_known() {
    let mut world = acme();
    let mut recent = EventLog::following(None, &world.moment(10));
    assert_eq!(recent.after(10).map(|told| told.len()), Some(0));
    assert!(recent.after(9).is_none() && recent.after(11).is_none());
    let statuses = [ServiceStatus::MajorOutage, ServiceStatus::Operational];
    for version in 11..=100 {
        world.services[0].status = statuses[usize::try_from(version).expect("small") % 2];
        recent = EventLog::following(Some(&recent), &world.moment(version));
        // The same version once more, as when a day turns.
        recent = EventLog::following(Some(&recent), &world.moment(version));
    }
    assert_eq!(recent.after(99).map(|told| told.len()), Some(2));
    assert_eq!(recent.after(68).map(|told| told.len()), Some(64));
    assert!(recent.after(67).is_none());
    // A version without an event is none less that is remembered.
    recent = EventLog::following(Some(&recent), &world.moment(101));
    assert!(recent.reaches(68) && recent.reaches(101));
    // The database was put back.
    recent = EventLog::following(Some(&recent), &world.moment(50));
    assert!(recent.reaches(50) && !recent.reaches(101));
}

#[test]
fn what_time_has_changed_is_told_with_the_next_version() {
    let world = acme();
    let mut later = world.clone();
    later.maintenance = vec![maintenance(1, MaintenanceStatus::Scheduled, at(100))];
    let recent = EventLog::following(None, &world.moment(1));
    let recent = EventLog::following(Some(&recent), &later.moment(1));
    assert_eq!(recent.after(1).map(|told| told.len()), Some(0));
    let recent = EventLog::following(Some(&recent), &later.moment(2));
    let told = recent.after(1).expect("known");
    assert!(told.len() == 1 && told[0].contains("\"maintenance_created\""), "{told:?}");
}

#[test]
fn what_is_too_long_is_left_out() {
    let world = acme();
    let recent = EventLog::following(None, &world.moment(1));
    let mut then = world.clone();
    then.incidents = vec![incident(1, "Long", &["x".repeat(MAX_MESSAGE_BYTES).as_str()])];
    let recent = EventLog::following(Some(&recent), &then.moment(2));
    let told = recent.after(1).expect("known");
    assert!(told[0].len() < 1_000 && told[0].contains("\"updates\":null"), "{told:?}");
    // So much at once that it is read anew.
    let mut many = then.clone();
    many.services = (0..200).map(|number| service(number, &"x".repeat(1_000), ServiceStatus::Operational)).collect();
    let recent = EventLog::following(Some(&recent), &many.moment(3));
    assert!(recent.after(2).is_none() && recent.reaches(3));
    assert!(recent.length() <= MAX_MEMORY_BYTES);
}
