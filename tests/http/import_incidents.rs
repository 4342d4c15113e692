//! `candor import statuspage`: incidents and maintenance, with everything that was written in them.
//!
//! As in [`super::import`]: fixtures of our own always run, captures of real pages where
//! `CANDOR_CAPTURES` names their folder.

use super::import::{captures_folder, fixture, import_all};
use crate::support::{Browser, TestServer, aloud, banner, both_engines};
use candor::{
    domain::role::Role,
    server::import::{Counts, Report},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

both_engines!(
    incidents_come_with_their_updates_times_and_services,
    a_postmortem_is_published_and_safe_to_read,
    maintenance_keeps_the_state_of_its_file,
    files_come_in_any_order,
    importing_again_changes_nothing,
    a_later_file_goes_on_where_the_first_ended,
    what_could_not_be_placed_is_told,
    imported_incidents_cost_no_uptime,
    incidents_that_came_before_their_services_find_them,
    captured_incidents_come_without_loss,
);

/// A summary, and the lists that stand beside it.
fn all_files() -> Vec<PathBuf> {
    ["summary.json", "incidents.json", "scheduled-maintenances.json"].map(fixture).into()
}

const fn counts(added: usize, updated: usize, unchanged: usize) -> Counts {
    Counts { added, updated, unchanged }
}

const fn became(report: &Report) -> (Counts, Counts, Counts) {
    (report.services, report.incidents, report.maintenance)
}

/// Everything that is kept of incidents and maintenance, one line for each thing, read past the server.
async fn kept(server: &TestServer, slug: &str) -> Vec<String> {
    let queries = [
        "'incident ' || i.source_id || ' ' || i.status || ' ' || i.impact || ' ' || cast(i.started_at as text) || ' '
             || coalesce(cast(i.resolved_at as text), '-') || ' ' || i.title from incidents i",
        "'update ' || i.source_id || ' ' || u.source_id || ' ' || u.status || ' ' || cast(u.at as text) || ' '
             || u.format || ' ' || u.body from incident_updates u join incidents i on i.id = u.incident_id",
        "'service ' || i.source_id || ' ' || s.source_id from incident_services x
             join incidents i on i.id = x.incident_id join services s on s.id = x.service_id",
        "'maintenance ' || i.source_id || ' ' || i.status || ' ' || cast(i.starts_at as text) || ' '
             || cast(i.ends_at as text) || ' ' || cast(i.automatic as text) || ' ' || i.title from maintenances i",
        "'update ' || i.source_id || ' ' || u.source_id || ' ' || u.status || ' ' || cast(u.at as text) || ' '
             || u.format || ' ' || u.body from maintenance_updates u join maintenances i on i.id = u.maintenance_id",
        "'service ' || i.source_id || ' ' || s.source_id from maintenance_services x
             join maintenances i on i.id = x.maintenance_id join services s on s.id = x.service_id",
    ];
    let mut lines = Vec::new();
    for query in queries {
        let of = "join organizations o on o.id = i.organization_id where o.slug =";
        lines.extend(server.texts(&format!("select {query} {of} '{slug}'")).await);
    }
    lines.sort();
    lines
}

/// The organization's version and what was written about it, to see that nothing changes.
async fn state(server: &TestServer, slug: &str) -> (Vec<String>, i64, Vec<String>) {
    let version = server.texts(&format!("select cast(version as text) from organizations where slug = '{slug}'")).await;
    (version, server.number("select count(*) from audit_entries").await, kept(server, slug).await)
}

/// An incident as the dashboard reads it.
async fn read(server: &TestServer, who: &Browser, slug: &str, source_id: &str) -> Value {
    let ids = server.texts(&format!("select id from incidents where source_id = '{source_id}'")).await;
    who.rpc("read_incident", json!({ "organization": slug, "id": ids[0] })).await.right()
}

async fn incidents_come_with_their_updates_times_and_services(server: TestServer) {
    let report = import_all(&server, &all_files(), "fabrikam").await;
    assert_eq!(became(&report), (counts(6, 0, 0), counts(5, 0, 0), counts(4, 0, 0)), "{report}");
    let viewer = server.member("fabrikam", Role::Viewer).await;
    let slow = read(&server, &viewer, "fabrikam", "1nc1dent0002").await;
    let incident = &slow["incident"];
    assert_eq!(
        [
            &incident["title"],
            &incident["status"],
            &incident["impact"],
            &incident["started_at"],
            &incident["resolved_at"]
        ],
        [
            "Slow search",
            "resolved",
            "major",
            "2026-01-20T10:00:00.000000Z",
            // Its file has no update that says so.
            "2026-01-20T12:30:00.000000Z"
        ]
    );
    assert_eq!(
        (incident["services"][0]["name"].as_str(), incident["services"].as_array().unwrap().len()),
        (Some("API"), 1)
    );
    let updates: Vec<_> = slow["updates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|update| [&update["status"], &update["at"], &update["body"]].map(|value| value.as_str().unwrap()))
        .collect();
    assert_eq!(
        updates,
        [
            ["resolved", "2026-01-20T12:30:00.000000Z", ""],
            ["monitoring", "2026-01-20T11:45:00.000000Z", "The index is built anew."],
            ["investigating", "2026-01-20T10:00:00.000000Z", "Searches take long."],
        ]
    );
    let errors = read(&server, &viewer, "fabrikam", "1nc1dent0001").await;
    assert_eq!(
        errors["updates"][1]["at"], "2026-03-02T16:10:00.000000Z",
        "as it is shown there, not as it was written"
    );
    let html = errors["updates"][1]["html"].as_str().unwrap();
    assert!(html.contains("We found it.<br>") && html.contains("More soon."), "{html}");
    assert_eq!(errors["updates"][1]["by"], Value::Null, "nobody here wrote it");
    assert_eq!(server.number("select count(*) from audit_entries where action = 'incident.imported'").await, 5);
}

async fn a_postmortem_is_published_and_safe_to_read(server: TestServer) {
    import_all(&server, &all_files(), "fabrikam").await;
    let viewer = server.member("fabrikam", Role::Viewer).await;
    let outage = read(&server, &viewer, "fabrikam", "1nc1dent0004").await;
    assert_eq!(
        (outage["incident"]["status"].as_str(), outage["updates"].as_array().unwrap().len()),
        (Some("resolved"), 4)
    );
    let postmortem = &outage["postmortem"];
    assert_eq!(postmortem["published_at"], "2026-02-12T09:00:00.000000Z");
    assert!(postmortem["html"].as_str().unwrap().contains("<strong>We watch them now.</strong>"), "{postmortem}");
    let shown = [&postmortem["html"], &outage["updates"][1]["html"]].map(|html| html.as_str().unwrap());
    assert!(shown[1].contains("<li>Firefox: well</li>"), "{shown:?}");
    for bad in ["<script", "alert(1)\"", "javascript:", "onclick"] {
        assert!(shown.iter().all(|html| !html.contains(bad)), "{bad}: {shown:?}");
    }
}

async fn maintenance_keeps_the_state_of_its_file(server: TestServer) {
    import_all(&server, &all_files(), "fabrikam").await;
    let of = async |column: &str| {
        server.texts(&format!("select source_id || ' ' || {column} from maintenances order by source_id")).await
    };
    assert_eq!(
        of("status").await,
        ["ma1ntenance1 completed", "ma1ntenance2 completed", "ma1ntenance3 verifying", "ma1ntenance4 scheduled"]
    );
    let moment = |text: &str| micros(&json!(text)).to_string();
    let times = of("coalesce(cast(started_at as text), '-') || ' ' || coalesce(cast(completed_at as text), '-')").await;
    assert_eq!(
        times,
        [
            format!("ma1ntenance1 {} {}", moment("2026-03-02T16:00:05Z"), moment("2026-03-02T19:30:00Z")),
            format!("ma1ntenance2 {} {}", moment("2026-01-15T02:00:20Z"), moment("2026-01-15T02:30:40Z")),
            format!("ma1ntenance3 {} -", moment("2026-03-02T18:00:10Z")),
            "ma1ntenance4 - -".to_owned(),
        ],
        "when it really began and ended"
    );
    assert_eq!(server.number("select count(*) from maintenances where automatic <> 0").await, 0, "no clock moves it");
    assert_eq!(server.number("select count(*) from maintenance_updates").await, 2 + 3 + 3 + 1);
    assert_eq!(
        server
            .texts("select m.source_id || ' ' || s.source_id from maintenance_services x join maintenances m on m.id = x.maintenance_id join services s on s.id = x.service_id order by m.source_id")
            .await,
        [
            "ma1ntenance1 l00se0000000",
            "ma1ntenance2 c0re0000api1",
            "ma1ntenance3 l00se0000000",
            "ma1ntenance4 data0000api1"
        ]
    );
}

async fn files_come_in_any_order(server: TestServer) {
    let files = all_files();
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut before: Option<Vec<String>> = None;
    for (number, order) in orders.into_iter().enumerate() {
        let slug = format!("order-{number}");
        let report = import_all(&server, &order.map(|place| files[place].clone()), &slug).await;
        assert_eq!(became(&report), (counts(6, 0, 0), counts(5, 0, 0), counts(4, 0, 0)), "{order:?}: {report}");
        let now = kept(&server, &slug).await;
        assert_eq!(before.as_ref().unwrap_or(&now), &now, "{order:?}");
        before = Some(now);
    }
}

async fn importing_again_changes_nothing(server: TestServer) {
    let first = import_all(&server, &all_files(), "fabrikam").await;
    let before = state(&server, "fabrikam").await;
    let report = import_all(&server, &all_files(), "fabrikam").await;
    assert_eq!(became(&report), (counts(0, 0, 6), counts(0, 0, 5), counts(0, 0, 4)), "{report}");
    assert_eq!(report.notes, first.notes);
    assert_eq!(state(&server, "fabrikam").await, before, "not even the version");
}

async fn a_later_file_goes_on_where_the_first_ended(server: TestServer) {
    import_all(&server, &[fixture("summary.json")], "fabrikam").await;
    let viewer = server.member("fabrikam", Role::Viewer).await;
    let then = read(&server, &viewer, "fabrikam", "1nc1dent0001").await;
    assert_eq!(
        (then["incident"]["status"].as_str(), &then["incident"]["resolved_at"]),
        (Some("identified"), &Value::Null)
    );
    let later = [fixture("incidents.json"), fixture("scheduled-maintenances.json")];
    let report = import_all(&server, &later, "fabrikam").await;
    assert_eq!(became(&report), (counts(0, 0, 0), counts(4, 1, 0), counts(3, 1, 0)), "{report}");
    let now = read(&server, &viewer, "fabrikam", "1nc1dent0001").await;
    assert_eq!(now["incident"]["id"], then["incident"]["id"], "the same incident, at the same address");
    assert_eq!((now["incident"]["status"].as_str(), now["updates"].as_array().unwrap().len()), (Some("resolved"), 3));
}

async fn what_could_not_be_placed_is_told(server: TestServer) {
    let report = import_all(&server, &all_files(), "fabrikam").await;
    for told in ["“Old importer” (g0ne00000000)", "“update”", "“enormous”", "“Ends before it begins”"] {
        assert!(report.notes.iter().any(|note| note.contains(told)), "{told} is not told of: {report}");
    }
    assert_eq!(report.notes.len(), 4, "{report}");
    let words = report.to_string();
    assert!(words.contains("incidents: 5 added") && words.contains("maintenance: 4 added"), "{words}");
}

/// "An incident that states no status for a service adds no downtime to it" (product).
async fn imported_incidents_cost_no_uptime(server: TestServer) {
    import_all(&server, &[fixture("components.json")], "fabrikam").await;
    import_all(&server, &all_files(), "fabrikam").await;
    let services = server.number("select count(*) from services").await;
    assert_eq!(server.number("select count(*) from status_history").await, services, "only what services say");
    let claims = "select count(*) from status_claims where incident_id is not null or maintenance_id is not null";
    assert_eq!(server.number(claims).await, 0);
    assert_eq!(server.number("select count(*) from status_claims").await, services);
    let html = server.browser().get("/status/fabrikam").await.text();
    assert_eq!(banner(&html).0, "major", "as the services are");
}

async fn incidents_that_came_before_their_services_find_them(server: TestServer) {
    let alone = [fixture("incidents.json")];
    let report = import_all(&server, &alone, "fabrikam").await;
    assert_eq!(became(&report), (counts(0, 0, 0), counts(5, 0, 0), counts(1, 0, 0)), "{report}");
    assert!(report.made);
    for id in ["c0re0000api1", "c0re0000web2", "data0000api1", "g0ne00000000", "gr00pc0re001"] {
        assert!(report.notes.iter().any(|note| note.contains(id)), "{id} is not told of: {report}");
    }
    assert_eq!(server.number("select count(*) from incident_services").await, 0);
    let report = import_all(&server, &[fixture("incidents.json"), fixture("summary.json")], "fabrikam").await;
    assert_eq!(became(&report), (counts(6, 0, 0), counts(0, 3, 2), counts(1, 1, 0)), "{report}");
    assert_eq!(server.number("select count(*) from incident_services").await, 3);
}

/// Microseconds of a moment in a file.
fn micros(text: &Value) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap().timestamp_micros()
}

fn list<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    document[key].as_array().map_or(&[][..], Vec::as_slice)
}

/// The ids of components that an incident or one of its updates names.
fn named(told: &Value) -> BTreeSet<&str> {
    let updates = list(told, "incident_updates").iter().flat_map(|update| list(update, "affected_components"));
    let ids = list(told, "components").iter().map(|component| &component["id"]);
    ids.chain(updates.map(|affected| &affected["code"])).filter_map(Value::as_str).collect()
}

/// What has to be kept of these files, read from them without the importer.
struct Expected {
    lines: Vec<String>,
    incidents: usize,
    maintenance: usize,
    services: usize,
    groups: usize,
    /// Components that are named but nowhere described.
    missing: usize,
}

fn expected(documents: &[Value]) -> Expected {
    let components = || documents.iter().flat_map(|document| list(document, "components"));
    let of_kind = |group: bool| -> BTreeSet<&str> {
        components()
            .filter(|component| (component["group"] == true) == group)
            .map(|component| component["id"].as_str().unwrap())
            .collect()
    };
    let (services, groups) = (of_kind(false), of_kind(true));
    let mut lines = Vec::new();
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    let both = |key: &'static str| documents.iter().flat_map(move |document| list(document, key));
    for (told, planned) in
        both("incidents").map(|told| (told, false)).chain(both("scheduled_maintenances").map(|told| (told, true)))
    {
        let text = |key: &str| told[key].as_str().unwrap();
        let (id, updates) = (text("id"), list(told, "incident_updates"));
        // Newest first.
        let (newest, oldest) = (&updates[0], &updates[updates.len() - 1]);
        assert_eq!(newest["status"], told["status"], "{id}");
        lines.push(if planned {
            let (from, to) = (micros(&told["scheduled_for"]), micros(&told["scheduled_until"]));
            format!("maintenance {id} {} {from} {to} 0 {}", text("status"), text("name"))
        } else {
            let over = text("status") == "resolved";
            let end = if over { micros(&newest["display_at"]).to_string() } else { "-".to_owned() };
            let begin = micros(&oldest["display_at"]);
            format!("incident {id} {} {} {begin} {end} {}", text("status"), text("impact"), text("name"))
        });
        lines.extend(updates.iter().map(|update| {
            let text = |key: &str| update[key].as_str().unwrap();
            let at = micros(&update["display_at"]);
            format!("update {id} {} {} {at} html {}", text("id"), text("status"), text("body"))
        }));
        for component in named(told) {
            if services.contains(component) {
                lines.push(format!("service {id} {component}"));
            } else if !groups.contains(component) {
                unknown.insert(component);
            }
        }
    }
    lines.sort();
    let count = |key| both(key).count();
    Expected {
        incidents: count("incidents"),
        maintenance: count("scheduled_maintenances"),
        services: services.len(),
        groups: groups.len(),
        missing: unknown.len(),
        lines,
    }
}

/// Each captured file; with a list that has no services, the newest summary of the same page behind it.
fn captured() -> Vec<Vec<PathBuf>> {
    let Some(folder) = captures_folder() else {
        aloud("SKIPPED: CANDOR_CAPTURES is not set, so no captured incident is imported here");
        return Vec::new();
    };
    let sorted = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    };
    let mut all = Vec::new();
    for page in sorted(&folder.join("statuspage")) {
        let files = sorted(&page);
        let is_summary = |file: &&PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with("summary");
        let newest = files.iter().rev().find(is_summary);
        for file in &files {
            let mut together = vec![file.clone()];
            together.extend(newest.filter(|_| !is_summary(&file)).cloned());
            all.push(together);
        }
    }
    assert!(!all.is_empty(), "no captures in {}", folder.display());
    all
}

async fn captured_incidents_come_without_loss(server: TestServer) {
    for (number, files) in captured().into_iter().enumerate() {
        let name = files[0].strip_prefix(captures_folder().unwrap()).unwrap().display().to_string();
        let read = |file: &PathBuf| serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let documents: Vec<Value> = files.iter().map(read).collect();
        let expected = expected(&documents);
        let slug = format!("page-{number}");
        let report = import_all(&server, &files, &slug).await;
        let all = expected.services + expected.groups;
        assert_eq!(
            became(&report),
            (counts(all, 0, 0), counts(expected.incidents, 0, 0), counts(expected.maintenance, 0, 0)),
            "{name}: {report}"
        );
        assert_eq!(report.notes.len(), expected.missing, "{name}: {report}");
        let found = kept(&server, &slug).await;
        for (found, expected) in found.iter().zip(&expected.lines) {
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(found.len(), expected.lines.len(), "{name}");
        // Uptime is what the services say, and nothing else.
        let of = format!("join organizations o on o.id = x.organization_id where o.slug = '{slug}'");
        let services = i64::try_from(expected.services).unwrap();
        for rows in ["status_history", "status_claims"] {
            assert_eq!(server.number(&format!("select count(*) from {rows} x {of}")).await, services, "{name}: {rows}");
        }
        let before = state(&server, &slug).await;
        let report = import_all(&server, &files, &slug).await;
        assert_eq!(
            became(&report),
            (counts(0, 0, all), counts(0, 0, expected.incidents), counts(0, 0, expected.maintenance)),
            "{name}, again: {report}"
        );
        assert_eq!(state(&server, &slug).await, before, "{name}, again");
    }
}
