//! `candor import statuspage`: what other programs know, as the page then shows it.
//!
//! Fixtures of our own always run. Captures of real pages are read from the folder that
//! `CANDOR_CAPTURES` names (`statuspage/*/summary*.json` in it); without it their test says that it
//! is skipped.

use crate::support::{Section, TestServer, aloud, banner, both_engines, sections};
use candor::{
    domain::role::Role,
    server::import::{self, Counts, Report},
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

both_engines!(
    a_summary_becomes_a_public_page,
    components_alone_are_enough,
    another_vendors_imitation_is_understood,
    what_cannot_be_placed_is_told_and_the_rest_is_there,
    importing_again_changes_nothing,
    a_later_file_updates_and_doubles_nothing,
    what_people_did_in_between_is_not_doubled,
    names_that_people_took_are_no_obstacle,
    several_files_go_into_one_organization,
    what_is_no_statuspage_file_changes_nothing,
    a_page_with_nothing_on_it_is_told_of,
    of_two_files_about_the_same_services_the_later_counts,
    captured_pages_look_like_their_files,
);

pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statuspage").join(name)
}

/// Imports files, which has to work.
pub(super) async fn import_all(server: &TestServer, files: &[PathBuf], slug: &str) -> Report {
    let mut last = (0, 0);
    let report = import::statuspage(&server.app, files, slug, |done, all| {
        assert!(done > last.0 && done <= all, "progress goes on: {done} of {all} after {last:?}");
        last = (done, all);
    })
    .await
    .unwrap_or_else(|error| panic!("{files:?}: {error}"));
    assert_eq!(last.0, last.1, "and ends with all");
    report
}

async fn import(server: &TestServer, file: &Path, slug: &str) -> Report {
    import_all(server, &[file.to_owned()], slug).await
}

/// Groups and services that were added, updated and unchanged.
fn counts(report: &Report) -> (usize, usize, usize) {
    let Counts { added, updated, unchanged } = report.services;
    (added, updated, unchanged)
}

async fn shown(server: &TestServer, slug: &str) -> Vec<String> {
    let answer = server.browser().get(&format!("/status/{slug}")).await;
    assert_eq!(answer.status, 200);
    sections(&answer.text())
        .iter()
        .map(|Section { group, services }| {
            let services: Vec<String> = services.iter().map(|(name, status)| format!("{name}={status}")).collect();
            let group = group.as_ref().map_or_else(String::new, |(name, _)| format!("{name}: "));
            format!("{group}{}", services.join(", "))
        })
        .collect()
}

const SUMMARY: [&str; 3] = [
    "Support desk=under_maintenance",
    "Core platform: API=partial_outage, Web application=operational",
    "Data: API=degraded_performance",
];

async fn a_summary_becomes_a_public_page(server: TestServer) {
    let report = import(&server, &fixture("summary.json"), "fabrikam").await;
    assert!(report.made && report.notes.is_empty(), "{report}");
    assert_eq!(counts(&report), (6, 0, 0));
    assert_eq!(shown(&server, "fabrikam").await, SUMMARY);
    let html = server.browser().get("/status/fabrikam").await.text();
    assert_eq!(banner(&html), ("minor".to_owned(), "Minor Service Outage".to_owned()));
    assert!(html.contains("REST &amp; webhooks,\nwith &lt;b&gt;markup&lt;/b&gt;"), "{html}");
    assert!(server.browser().get("/").await.text().contains("/status/fabrikam"), "public: the directory lists it");
    let viewer = server.member("fabrikam", Role::Viewer).await;
    let frame = viewer.rpc("frame", json!({ "organization": "fabrikam" })).await.right();
    assert_eq!(
        (frame["organization"]["name"].as_str(), frame["time_zone"].as_str()),
        (Some("Fabrikam"), Some("America/Los_Angeles"))
    );
    let list = viewer.services("fabrikam").await;
    let desk = list["services"].as_array().unwrap().iter().find(|service| service["name"] == "Support desk").unwrap();
    assert_eq!(desk["created_at"], "2023-01-01T00:00:00.000000Z", "as old as it is");
    let read = viewer.rpc("read_service", json!({ "organization": "fabrikam", "id": desk["id"] })).await.right();
    let history = read["history"].as_array().unwrap();
    assert_eq!(
        (history.len(), history[0]["cause"].as_str(), history[0]["by"].as_str()),
        (1, Some("import"), Some("operator"))
    );
    assert!(history[0]["from"].as_str() > Some("2026"), "what is known of its status begins now");
}

async fn components_alone_are_enough(server: TestServer) {
    import(&server, &fixture("components.json"), "contoso").await;
    assert_eq!(shown(&server, "contoso").await, ["One=operational, Two=major_outage"]);
}

async fn another_vendors_imitation_is_understood(server: TestServer) {
    let report = import(&server, &fixture("imitation.json"), "imitation").await;
    assert!(report.notes.is_empty(), "{report}");
    assert_eq!(shown(&server, "imitation").await, ["Login=operational, Chat=degraded_performance, Files=operational"]);
    assert_eq!(server.texts("select time_zone from organizations").await, ["UTC"]);
    // Its ids are longer than ours: they are remembered, not taken over.
    assert_eq!(
        server.number("select count(*) from services where length(id) = 12 and length(source_id) = 26").await,
        3
    );
}

async fn what_cannot_be_placed_is_told_and_the_rest_is_there(server: TestServer) {
    let report = import(&server, &fixture("odd.json"), "odd").await;
    let notes = report.notes.join("\n");
    for told in ["on_fire", "Orphan", "0dd000000005", "Same id"] {
        assert!(notes.contains(told), "{told} is not told of: {notes}");
    }
    assert_eq!(report.notes.len(), 4, "{notes}");
    assert_eq!(
        shown(&server, "odd").await,
        [
            "Same name=operational, same NAME=major_outage, On fire=operational, Orphan=operational, 0dd000000005=operational, Bell and break=operational",
            "Twice: ",
            "TWICE: In the second=operational"
        ]
    );
    assert_eq!(server.texts("select name from organizations").await, ["Odd name"]);
    assert_eq!(server.texts("select description from services where description <> ''").await, ["Line one\nline two"]);
    // Again: namesakes stay what they are.
    assert_eq!(counts(&import(&server, &fixture("odd.json"), "odd").await), (0, 0, 9));
}

async fn importing_again_changes_nothing(server: TestServer) {
    import(&server, &fixture("summary.json"), "fabrikam").await;
    let state = async || {
        let rows = server.number("select count(*) from status_history").await
            + server.number("select count(*) from audit_entries").await;
        (
            server.texts("select cast(version as text) from organizations").await,
            rows,
            server.browser().get("/status/fabrikam").await.body,
        )
    };
    let before = state().await;
    let report = import(&server, &fixture("summary.json"), "fabrikam").await;
    assert_eq!((report.made, counts(&report)), (false, (0, 0, 6)), "{report}");
    assert_eq!(state().await, before);
}

async fn a_later_file_updates_and_doubles_nothing(server: TestServer) {
    import(&server, &fixture("summary.json"), "fabrikam").await;
    let report = import(&server, &fixture("summary_later.json"), "fabrikam").await;
    assert!(report.notes.is_empty(), "{report}");
    assert_eq!(counts(&report), (1, 5, 0), "{report}");
    assert_eq!(
        shown(&server, "fabrikam").await,
        [
            "Data and search: API=operational, Website=operational",
            "Core platform: API=major_outage, Webhooks=operational",
            "Support desk=under_maintenance"
        ],
        "in the file's order; what the file does not know stays, behind it"
    );
    let html = server.browser().get("/status/fabrikam").await.text();
    assert_eq!(banner(&html).1, "Partial System Outage");
    assert!(html.contains("Now with a description"));
    assert_eq!(server.texts("select name from organizations").await, ["Fabrikam"], "the organization is its people's");
    // Each transition is history, and only those.
    assert_eq!(server.number("select count(*) from status_history").await, 5 + 2);
    // A name that only one has is its own: nobody can take it.
    let admin = server.member("fabrikam", Role::Admin).await;
    let list = admin.services("fabrikam").await;
    for (name, group) in [("api", "Data and search"), ("website", "Data and search"), ("API", "Core platform")] {
        let id = list["groups"].as_array().unwrap().iter().find(|row| row["name"] == group).unwrap()["id"].clone();
        let input = json!({ "name": name, "group_id": id });
        assert_eq!(
            admin.rpc("create_service", json!({ "organization": "fabrikam", "input": input })).await.wrong_fields(),
            ["name"],
            "{name} in {group}"
        );
    }
    assert_eq!(
        admin
            .rpc("create_group", json!({ "organization": "fabrikam", "input": { "name": "data and search" } }))
            .await
            .wrong_fields(),
        ["name"]
    );
}

/// "Importing again updates what came from the file before": a person's rename is the file's again,
/// what a person deleted comes anew, and nothing is there twice.
async fn what_people_did_in_between_is_not_doubled(server: TestServer) {
    import(&server, &fixture("summary.json"), "fabrikam").await;
    let admin = server.member("fabrikam", Role::Admin).await;
    let list = admin.services("fabrikam").await;
    let id = |name: &str| {
        let all = list["services"].as_array().unwrap().iter().chain(list["groups"].as_array().unwrap());
        all.clone().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}"))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let on = |function: &'static str, mut arguments: Value| {
        arguments["organization"] = json!("fabrikam");
        let admin = admin.clone();
        async move { admin.rpc(function, arguments).await.right() }
    };
    let (desk, web, data) = (id("Support desk"), id("Web application"), id("Data"));
    on("update_service", json!({ "id": desk, "input": { "name": "Help desk" } })).await;
    on("delete_service", json!({ "id": web })).await;
    on("update_group", json!({ "id": data, "input": { "name": "Lakes" } })).await;
    on("move_item", json!({ "item": desk, "group": data, "before": null })).await;
    on("set_status", json!({ "ids": [desk], "status": "operational" })).await;
    let report = import(&server, &fixture("summary.json"), "fabrikam").await;
    assert_eq!(counts(&report), (1, 2, 3), "{report}");
    assert_eq!(shown(&server, "fabrikam").await, SUMMARY);
    // The one that was deleted cannot come back beside the one that was imported again.
    let refused = admin.rpc("restore_service", json!({ "organization": "fabrikam", "id": web })).await;
    assert_eq!(refused.wrong_fields(), ["name"]);
    // A group that was dissolved comes anew with its services.
    on("delete_group", json!({ "id": data })).await;
    import(&server, &fixture("summary.json"), "fabrikam").await;
    assert_eq!(shown(&server, "fabrikam").await, SUMMARY);
}

async fn names_that_people_took_are_no_obstacle(server: TestServer) {
    let owner = server.owner("fabrikam").await;
    let own = owner.create_group("fabrikam", "core PLATFORM").await;
    owner.create_service("fabrikam", "API", &own).await;
    owner.create_service("fabrikam", "support desk", "").await;
    let report = import(&server, &fixture("summary.json"), "fabrikam").await;
    assert_eq!((report.made, counts(&report)), (false, (6, 0, 0)));
    let others = ["core PLATFORM: API=operational", "support desk=operational"];
    let expected: Vec<&str> = SUMMARY.into_iter().chain(others).collect();
    assert_eq!(shown(&server, "fabrikam").await, expected, "both are there");
    assert_eq!(counts(&import(&server, &fixture("summary.json"), "fabrikam").await), (0, 0, 6));
    // A namesake can still be edited by people.
    let list = owner.services("fabrikam").await;
    let group = list["groups"].as_array().unwrap().iter().find(|row| row["name"] == "Core platform").unwrap();
    let input = json!({ "name": "Core platform", "description": "Edited" });
    owner.rpc("update_group", json!({ "organization": "fabrikam", "id": group["id"], "input": input })).await.right();
}

async fn several_files_go_into_one_organization(server: TestServer) {
    let files = [fixture("summary.json"), fixture("components.json")];
    assert_eq!(counts(&import_all(&server, &files, "both").await), (8, 0, 0));
    assert_eq!(counts(&import_all(&server, &files, "both").await), (0, 0, 8));
    assert_eq!(server.number("select count(*) from services").await, 6);
    assert_eq!(
        shown(&server, "both").await,
        [
            "One=operational, Two=major_outage, Support desk=under_maintenance",
            "Core platform: API=partial_outage, Web application=operational",
            "Data: API=degraded_performance"
        ],
        "what the last file says, in its order, then what only those before it know"
    );
}

async fn of_two_files_about_the_same_services_the_later_counts(server: TestServer) {
    let files = [fixture("summary.json"), fixture("summary_later.json")];
    let report = import_all(&server, &files, "fabrikam").await;
    assert_eq!(counts(&report), (7, 0, 0), "{report}");
    let (before, then) = (shown(&server, "fabrikam").await, server.number("select count(*) from status_history").await);
    assert_eq!(before[1], "Core platform: API=major_outage, Webhooks=operational");
    assert_eq!(counts(&import_all(&server, &files, "fabrikam").await), (0, 0, 7), "and nothing goes to and fro");
    assert_eq!(
        (shown(&server, "fabrikam").await, server.number("select count(*) from status_history").await),
        (before, then)
    );
}

async fn a_page_with_nothing_on_it_is_told_of(server: TestServer) {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(candor::domain::ids::id_text(rand::random()));
    // An imitation leaves out a list that is empty.
    std::fs::write(&file, r#"{"page":{"id":"01JMDK9XYNY6RXSED6SDWW50WY","name":"Quiet"}}"#).unwrap();
    let report = import(&server, &file, "quiet").await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!((report.made, report.notes.len()), (true, 1), "{report}");
    assert!(report.notes[0].contains("nothing to import"), "{report}");
    assert_eq!(server.texts("select name from organizations").await, ["Quiet"]);
}

async fn what_is_no_statuspage_file_changes_nothing(server: TestServer) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(candor::domain::ids::id_text(rand::random()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in [
        ("empty.json", ""),
        ("broken.json", "{\"components\":["),
        ("other.json", "{\"hello\":1}"),
        ("list.json", "[]"),
        ("number.json", "{\"components\":[{\"id\":1}]}"),
        ("binary.json", "\u{0}\u{1}\u{2}"),
        ("control.json", r#"{"components":[{"id":"a\u001b[31m","name":"A"}]}"#),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        let error = import::statuspage(&server.app, &[file], "nobody", |_, _| {}).await.expect_err(name).to_string();
        assert!(error.contains(name), "{error}");
    }
    let error = import::statuspage(&server.app, &[folder.join("missing.json")], "nobody", |_, _| {})
        .await
        .expect_err("missing")
        .to_string();
    assert!(error.contains("missing.json") && error.contains("could not read"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(server.number("select count(*) from organizations").await, 0, "not even an empty organization");
}

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
pub(super) fn captures_folder() -> Option<PathBuf> {
    std::env::var("CANDOR_CAPTURES").ok().map(PathBuf::from)
}

fn captures() -> Vec<PathBuf> {
    let Some(folder) = captures_folder() else {
        aloud("SKIPPED: CANDOR_CAPTURES is not set, so no captured page is imported here");
        return Vec::new();
    };
    let mut found = Vec::new();
    for page in
        std::fs::read_dir(folder.join("statuspage")).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        for file in std::fs::read_dir(page.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            if file.file_name().unwrap().to_str().unwrap().starts_with("summary") {
                found.push(file);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no captures in {}", folder.display());
    found
}

/// What the page has to show, read from the file without the importer.
fn expected(document: &Value) -> Vec<Section> {
    let all = document["components"].as_array().unwrap();
    let text = |component: &Value, key: &str| component[key].as_str().unwrap().trim().to_owned();
    let under = |group: &Value| {
        let mut inside: Vec<&Value> =
            all.iter().filter(|component| component["group"] != true && component["group_id"] == *group).collect();
        inside.sort_by_key(|component| component["position"].as_i64());
        inside.into_iter().map(|component| (text(component, "name"), text(component, "status"))).collect::<Vec<_>>()
    };
    let mut top: Vec<&Value> = all.iter().filter(|component| component["group_id"].is_null()).collect();
    top.sort_by_key(|component| component["position"].as_i64());
    let mut sections: Vec<Section> = Vec::new();
    for component in top {
        if component["group"] == true {
            let group = Some((text(component, "name"), text(component, "status")));
            sections.push(Section { group, services: under(&component["id"]) });
        } else {
            let service = (text(component, "name"), text(component, "status"));
            match sections.last_mut() {
                Some(Section { group: None, services }) => services.push(service),
                _ => sections.push(Section { group: None, services: vec![service] }),
            }
        }
    }
    sections
}

/// "gives a page whose groups, names, order and statuses equal the file's; the page is under 100 KB
/// compressed".
async fn captured_pages_look_like_their_files(server: TestServer) {
    for (number, file) in captures().into_iter().enumerate() {
        let name = file.strip_prefix(captures_folder().unwrap()).unwrap().display().to_string();
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let slug = format!("page-{number}");
        let report = import(&server, &file, &slug).await;
        let components = document["components"].as_array().unwrap();
        assert_eq!(counts(&report), (components.len(), 0, 0), "{name}: {report}");
        let answer = server.browser().get(&format!("/status/{slug}")).await;
        let html = answer.text();
        assert_eq!(sections(&html), expected(&document), "{name}");
        let (indicator, words) =
            (document["status"]["indicator"].as_str().unwrap(), document["status"]["description"].as_str().unwrap());
        if name.contains("incidentio") {
            aloud(&format!("ONLY THE INDICATOR COMPARED: {name} words it “{words}”, which is another vendor's"));
            assert_eq!(banner(&html).0, indicator, "{name}");
        } else {
            // Where every service is well, open incidents decide.
            assert_eq!(banner(&html), (indicator.to_owned(), words.to_owned()), "{name}");
        }
        for encoding in ["br", "gzip"] {
            let size = server
                .browser()
                .get_with(&format!("/status/{slug}"), &[("accept-encoding", encoding)])
                .await
                .body
                .len();
            assert!(size < 100_000, "{name}: {size} bytes as {encoding}");
        }
        assert_eq!(counts(&import(&server, &file, &slug).await), (0, 0, components.len()), "{name}, again");
        assert_eq!(server.browser().get(&format!("/status/{slug}")).await.body, answer.body, "{name}, again");
    }
}
