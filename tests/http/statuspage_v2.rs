//! The Statuspage v2 compatible API: its shapes, and what stands in them. That an imported page reads
//! as it did where it came from is shown in [`super::statuspage_v2_captures`].

use super::import::{fixture, import_all};
use crate::support::{Answer, Browser, TestServer, both_engines};
use candor::server::{clock, local_time};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

both_engines!(
    every_key_in_its_place,
    words_are_those_of_statuspage,
    a_program_reads_it_from_anywhere_and_asks_again,
    times_are_of_the_pages_clocks,
    groups_stand_in_the_flat_list,
    an_incident_from_report_to_postmortem,
    maintenance_comes_goes_on_and_is_over,
    what_is_not_there_is_refused_as_programs_read_it,
    a_change_shows_in_the_next_answer,
    deleted_services_are_left_out,
    what_was_imported_goes_on_here,
    bodies_hold_nothing_active,
);

const PATHS: [(&str, &[&str]); 8] = [
    ("summary", &["page", "components", "incidents", "scheduled_maintenances", "status"]),
    ("status", &["page", "status"]),
    ("components", &["page", "components"]),
    ("incidents", &["page", "incidents"]),
    ("incidents/unresolved", &["page", "incidents"]),
    ("scheduled-maintenances", &["page", "scheduled_maintenances"]),
    ("scheduled-maintenances/upcoming", &["page", "scheduled_maintenances"]),
    ("scheduled-maintenances/active", &["page", "scheduled_maintenances"]),
];
const PAGE: &[&str] = &["id", "name", "url", "time_zone", "updated_at"];
const COMPONENT: &[&str] = &[
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "position",
    "description",
    "showcase",
    "start_date",
    "group_id",
    "page_id",
    "group",
    "only_show_if_degraded",
];
const INCIDENT: &[&str] = &[
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "monitoring_at",
    "resolved_at",
    "impact",
    "shortlink",
    "started_at",
    "page_id",
    "incident_updates",
    "components",
];
const UPDATE: &[&str] = &[
    "id",
    "status",
    "body",
    "incident_id",
    "created_at",
    "updated_at",
    "display_at",
    "affected_components",
    "deliver_notifications",
    "custom_tweet",
    "tweet_id",
];
const AFFECTED: &[&str] = &["code", "name", "old_status", "new_status"];

/// Where a document of an organization is.
pub(super) fn path(slug: &str, name: &str) -> String {
    format!("/status/{slug}/api/v2/{name}.json")
}

async fn answer(server: &TestServer, name: &str) -> Answer {
    server.browser().get_with(&path("northwind", name), &[]).await
}

async fn read(server: &TestServer, name: &str) -> Value {
    answer(server, name).await.right()
}

async fn call(browser: &Browser, function: &str, mut arguments: Value) -> Value {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await.right()
}

async fn call_for_id(browser: &Browser, function: &str, arguments: Value) -> String {
    call(browser, function, arguments).await.as_str().unwrap().to_owned()
}

fn says(service: &str, status: &str) -> Value {
    json!([{ "service_id": service, "status": status }])
}

/// So many hours from now, as it is typed in Vienna, where these organizations are.
fn local(hours: i64) -> String {
    let at = clock::now().plus_seconds(hours * 3_600);
    local_time::format_input(local_time::zone("Europe/Vienna"), at)
}

async fn schedule(browser: &Browser, title: &str, services: &[&str], from: i64) -> String {
    let input = json!({
        "title": title, "body": "We *work*.", "services": services,
        "starts_at": local(from), "ends_at": local(from + 2), "by_hand": true,
    });
    call_for_id(browser, "schedule_maintenance", json!({ "input": input })).await
}

async fn becomes(browser: &Browser, id: &str, status: &str) {
    let input = json!({ "status": status, "body": "" });
    call(browser, "update_maintenance", json!({ "id": id, "input": input })).await;
}

/// An organization with something of everything.
struct World {
    owner: Browser,
    group: String,
    api: String,
    mail: String,
}

async fn world(server: &TestServer) -> World {
    let owner = server.owner("northwind").await;
    let group = owner.create_group("northwind", "Core").await;
    let api = owner.create_service("northwind", "API", &group).await;
    let mail = owner.create_service("northwind", "Mail", "").await;
    World { owner, group, api, mail }
}

async fn full_world(server: &TestServer) -> World {
    let world = world(server).await;
    let input = json!({ "title": "Slow", "body": "We look.", "services": says(&world.api, "degraded_performance") });
    call(&world.owner, "report_incident", json!({ "input": input })).await;
    let input = json!({ "title": "Was down", "body": "Down.", "services": says(&world.mail, "major_outage") });
    let id = call_for_id(&world.owner, "report_incident", json!({ "input": input })).await;
    let input = json!({ "status": "resolved", "body": "Up." });
    call(&world.owner, "post_incident_update", json!({ "id": id, "input": input })).await;
    let going_on = schedule(&world.owner, "Upgrade", &[&world.mail], 1).await;
    becomes(&world.owner, &going_on, "in_progress").await;
    schedule(&world.owner, "Later", &[&world.api], 24 * 60).await;
    world
}

/// JSON as it is written: what objects hold, in order.
#[derive(Debug)]
enum Node {
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    Leaf,
}

impl Node {
    fn keys(&self) -> Vec<&str> {
        let Self::Object(fields) = self else { panic!("no object: {self:?}") };
        fields.iter().map(|(key, _)| key.as_str()).collect()
    }

    fn at(&self, key: &str) -> &Self {
        let Self::Object(fields) = self else { panic!("no object: {self:?}") };
        &fields.iter().find(|(other, _)| other == key).unwrap_or_else(|| panic!("no {key}: {self:?}")).1
    }

    fn list(&self, key: &str) -> &[Self] {
        let Self::List(all) = self.at(key) else { panic!("{key} is no list") };
        all
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("anything")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Node::Object(fields))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
                let mut all = Vec::new();
                while let Some(element) = list.next_element()? {
                    all.push(element);
                }
                Ok(Node::List(all))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Leaf)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }
            fn visit_str<E>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Leaf)
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Leaf)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

fn with<'a>(keys: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [keys, more].concat()
}

fn check_components(all: &[Node], nested: bool) {
    for component in all {
        let keys = component.keys();
        if keys.len() == COMPONENT.len() {
            assert_eq!(keys, COMPONENT);
        } else {
            assert!(!nested, "no group in an incident");
            assert_eq!(keys, with(COMPONENT, &["components"]));
        }
    }
}

fn check_entries(all: &[Node], more: &[&str]) {
    for entry in all {
        assert_eq!(entry.keys(), with(INCIDENT, more));
        check_components(entry.list("components"), true);
        assert!(!entry.list("components").is_empty() && !entry.list("incident_updates").is_empty());
        for update in entry.list("incident_updates") {
            assert_eq!(update.keys(), UPDATE);
            if let Node::List(affected) = update.at("affected_components") {
                assert!(!affected.is_empty() && affected.iter().all(|affected| affected.keys() == AFFECTED));
            }
        }
    }
}

async fn every_key_in_its_place(server: TestServer) {
    full_world(&server).await;
    for (name, keys) in PATHS {
        let text = answer(&server, name).await.text();
        let root: Node = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
        assert_eq!(root.keys(), keys, "{name}");
        assert_eq!(root.at("page").keys(), PAGE, "{name}");
        for key in keys {
            match *key {
                "components" => {
                    assert_eq!(root.list(key).len(), 3);
                    check_components(root.list(key), false);
                }
                "incidents" => {
                    assert_eq!(root.list(key).len(), if name == "incidents" { 2 } else { 1 }, "{name}");
                    check_entries(root.list(key), &["reminder_intervals"]);
                }
                "scheduled_maintenances" => {
                    let count = if name.contains('/') { 1 } else { 2 };
                    assert_eq!(root.list(key).len(), count, "{name}");
                    check_entries(root.list(key), &["scheduled_for", "scheduled_until"]);
                }
                "status" => assert_eq!(root.at(key).keys(), ["indicator", "description"]),
                _ => {}
            }
        }
    }
}

/// Every text under one of these keys, wherever it stands.
fn words_of<'a>(value: &'a Value, keys: &[&str], found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                found.extend(value.as_str().filter(|_| keys.contains(&key.as_str())));
                words_of(value, keys, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|value| words_of(value, keys, found)),
        _ => {}
    }
}

async fn words_are_those_of_statuspage(server: TestServer) {
    const SERVICE: [&str; 5] =
        ["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"];
    full_world(&server).await;
    let all: Vec<Value> = {
        let mut all = Vec::new();
        for (name, _) in PATHS {
            all.push(read(&server, name).await);
        }
        all
    };
    let words = |documents: &[&Value], keys: &[&str]| {
        let mut found = BTreeSet::new();
        documents.iter().for_each(|document| words_of(document, keys, &mut found));
        found.into_iter().map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let every: Vec<&Value> = all.iter().collect();
    let only = |found: BTreeSet<String>, known: &[&str]| {
        assert!(!found.is_empty() && found.iter().all(|word| known.contains(&word.as_str())), "{found:?}");
    };
    only(words(&every, &["old_status", "new_status"]), &SERVICE);
    only(words(&every, &["indicator"]), &["none", "minor", "major", "critical", "maintenance"]);
    only(words(&every, &["impact"]), &["none", "minor", "major", "critical", "maintenance"]);
    for component in all[2]["components"].as_array().unwrap() {
        assert!(SERVICE.contains(&component["status"].as_str().unwrap()), "{component}");
    }
    let incident = ["investigating", "identified", "monitoring", "resolved", "postmortem"];
    let maintenance = ["scheduled", "in_progress", "verifying", "completed"];
    for (document, list, known) in
        [(&all[3], "incidents", &incident[..]), (&all[5], "scheduled_maintenances", &maintenance[..])]
    {
        for entry in document[list].as_array().unwrap() {
            let updates = entry["incident_updates"].as_array().unwrap().iter();
            for told in updates.chain([entry]) {
                assert!(known.contains(&told["status"].as_str().unwrap()), "{told}");
            }
        }
    }
    let mut ids = BTreeSet::new();
    every.iter().for_each(|document| {
        words_of(document, &["id", "code", "group_id", "page_id", "incident_id"], &mut ids);
    });
    assert!(ids.iter().all(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())));
}

async fn a_program_reads_it_from_anywhere_and_asks_again(server: TestServer) {
    full_world(&server).await;
    let browser = server.browser();
    for (name, _) in PATHS {
        let path = path("northwind", name);
        let get = browser.get_with(&path, &[("origin", "https://elsewhere.example")]).await;
        assert_eq!((get.status, get.header("access-control-allow-origin")), (200, "*"), "{name}");
        assert!(get.header("content-type").starts_with("application/json"), "{name}: {}", get.header("content-type"));
        assert!(get.header("set-cookie").is_empty());
        let head = browser.send(browser.request(reqwest::Method::HEAD, &path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{name}");
        for header in ["etag", "last-modified", "content-type", "content-length", "access-control-allow-origin"] {
            assert_eq!(head.header(header), get.header(header), "{name}: {header}");
        }
        let again = browser.get_with(&path, &[("if-none-match", get.header("etag"))]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
        assert_eq!(again.header("access-control-allow-origin"), "*", "{name}");
    }
}

/// Every text of a document that is a moment.
fn moments(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            let is_moment = key.ends_with("_at") || key.starts_with("scheduled_");
            match value.as_str() {
                Some(text) if is_moment => found.push(text.to_owned()),
                _ => moments(value, found),
            }
        }),
        Value::Array(all) => all.iter().for_each(|value| moments(value, found)),
        _ => {}
    }
}

async fn times_are_of_the_pages_clocks(server: TestServer) {
    let World { owner, .. } = full_world(&server).await;
    for (zone, ends) in [
        ("America/Los_Angeles", &["-08:00", "-07:00"][..]),
        ("Etc/UTC", &["Z"][..]),
        ("UTC", &["Z"][..]),
        ("Asia/Kolkata", &["+05:30"][..]),
    ] {
        let input = json!({ "name": "northwind", "slug": "northwind", "time_zone": zone, "listed": true });
        call(&owner, "update_organization", json!({ "input": input })).await;
        let summary = read(&server, "summary").await;
        assert_eq!(summary["page"]["time_zone"], zone);
        let mut found = Vec::new();
        moments(&summary, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for text in found {
            let end = ends.iter().find(|end| text.ends_with(**end)).unwrap_or_else(|| panic!("{zone}: {text}"));
            let clocks = text.strip_suffix(*end).unwrap();
            assert_eq!((clocks.len(), clocks.as_bytes()[19]), (23, b'.'), "milliseconds: {text}");
            chrono::DateTime::parse_from_rfc3339(&text).unwrap();
        }
    }
}

async fn groups_stand_in_the_flat_list(server: TestServer) {
    let World { owner, group, api, mail } = world(&server).await;
    let web = owner.create_service("northwind", "Web", &group).await;
    let empty = owner.create_group("northwind", "Nothing yet").await;
    owner.set_status("northwind", &[&web], "under_maintenance").await;
    owner.set_status("northwind", &[&api], "partial_outage").await;
    let document = read(&server, "components").await;
    let all = document["components"].as_array().unwrap();
    let one = |id: &str| all.iter().find(|component| component["id"] == id).unwrap();
    assert_eq!(all.len(), 5);
    let positions: Vec<i64> = all.iter().map(|component| component["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted() && positions[0] == 1, "{positions:?}");
    let core = one(&group);
    assert_eq!(
        (&core["group"], &core["group_id"], &core["status"]),
        (&json!(true), &Value::Null, &json!("partial_outage"))
    );
    assert_eq!(core["components"], json!([api, web]));
    assert_eq!((&one(&api)["group_id"], &one(&api)["group"]), (&json!(group), &json!(false)));
    assert_eq!((&one(&mail)["group_id"], &one(&mail)["description"]), (&Value::Null, &Value::Null));
    assert_eq!((&one(&empty)["status"], &one(&empty)["components"]), (&json!("operational"), &json!([])));
    for component in all {
        assert_eq!(component["page_id"], document["page"]["id"]);
        assert_eq!(component.get("components").is_some(), component["group"] == true, "{component}");
    }
    assert_eq!(read(&server, "status").await["status"]["description"], "Minor Service Outage");
}

fn changes(update: &Value) -> Vec<(String, String, String)> {
    let text = |affected: &Value, key: &str| affected[key].as_str().unwrap().to_owned();
    let all = update["affected_components"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().map(|one| (text(one, "name"), text(one, "old_status"), text(one, "new_status"))).collect()
}

fn change(name: &str, old: &str, new: &str) -> (String, String, String) {
    (name.to_owned(), old.to_owned(), new.to_owned())
}

async fn an_incident_from_report_to_postmortem(server: TestServer) {
    let World { owner, api, mail, .. } = world(&server).await;
    let input = json!({ "title": "Slow", "body": "We **look**.", "services": says(&api, "degraded_performance") });
    let id = call_for_id(&owner, "report_incident", json!({ "input": input })).await;
    let post = async |input: Value| {
        call(&owner, "post_incident_update", json!({ "id": id, "input": input })).await;
    };
    post(json!({ "status": "identified", "body": "Found.", "services": [
        { "service_id": api, "status": "major_outage" }, { "service_id": mail, "status": "partial_outage" }] }))
    .await;
    post(json!({ "status": "monitoring", "body": "Mended." })).await;
    let summary = read(&server, "summary").await;
    assert_eq!((summary["incidents"].as_array().unwrap().len(), &summary["status"]["indicator"]), (1, &json!("major")));
    let incident = &summary["incidents"][0];
    assert_eq!(read(&server, "incidents/unresolved").await["incidents"][0], *incident, "the same in every document");
    assert_eq!(read(&server, "incidents").await["incidents"][0], *incident);
    let facts = ["id", "name", "status", "impact"].map(|key| incident[key].as_str().unwrap());
    assert_eq!(facts, [id.as_str(), "Slow", "monitoring", "critical"]);
    assert_eq!(incident["shortlink"], format!("{}/status/northwind/incidents/{id}", server.url));
    assert_eq!((&incident["resolved_at"], &incident["reminder_intervals"]), (&Value::Null, &Value::Null));
    let names: Vec<_> = incident["components"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["API", "Mail"]);
    assert_eq!(incident["components"][0], summary["components"][1], "with everything that is known of it");
    let updates = incident["incident_updates"].as_array().unwrap();
    let told: Vec<_> = updates.iter().map(|update| [&update["status"], &update["body"]]).collect();
    assert_eq!(
        told,
        [["monitoring", "Mended."], ["identified", "Found."], ["investigating", "We **look**."]],
        "newest first, as they were written"
    );
    assert_eq!(updates[0]["affected_components"], Value::Null, "it says nothing of components");
    assert_eq!(
        changes(&updates[1]),
        [change("Core - API", "degraded_performance", "major_outage"), change("Mail", "operational", "partial_outage")]
    );
    assert_eq!(changes(&updates[2]), [change("Core - API", "operational", "degraded_performance")]);
    assert_eq!((&incident["monitoring_at"], &updates[2]["incident_id"]), (&updates[0]["display_at"], &json!(id)));

    post(json!({ "status": "resolved", "body": "Over." })).await;
    assert_eq!(read(&server, "summary").await["incidents"], json!([]));
    assert_eq!(read(&server, "incidents/unresolved").await["incidents"], json!([]));
    let over = read(&server, "incidents").await["incidents"][0].clone();
    let last = &over["incident_updates"][0];
    assert_eq!((&over["status"], &over["resolved_at"]), (&json!("resolved"), &last["display_at"]));
    let mut ended = changes(last);
    ended.sort();
    assert_eq!(
        ended,
        [change("Core - API", "major_outage", "operational"), change("Mail", "partial_outage", "operational")]
    );

    let save = async |published: bool| {
        let arguments = json!({ "id": id, "body": "We learned.", "published": published });
        call(&owner, "save_postmortem", arguments).await;
        read(&server, "incidents").await["incidents"][0].clone()
    };
    let draft = save(false).await;
    assert_eq!((draft["status"].as_str(), draft["incident_updates"].as_array().unwrap().len()), (Some("resolved"), 4));
    let published = save(true).await;
    let newest = &published["incident_updates"][0];
    assert_eq!([&published["status"], &newest["status"], &newest["body"]], ["postmortem", "postmortem", "We learned."]);
    assert_eq!(published["incident_updates"].as_array().unwrap().len(), 5);
    assert_eq!(save(true).await["incident_updates"][0]["id"], newest["id"], "its id stays");
}

async fn maintenance_comes_goes_on_and_is_over(server: TestServer) {
    let World { owner, api, mail, .. } = world(&server).await;
    let names = async |document: &str| -> Vec<String> {
        let all = read(&server, document).await["scheduled_maintenances"].as_array().unwrap().clone();
        all.iter().map(|one| format!("{} {}", one["name"].as_str().unwrap(), one["status"].as_str().unwrap())).collect()
    };
    let far = schedule(&owner, "Far", &[&api], 24 * 80).await;
    let near = schedule(&owner, "Near", &[&api, &mail], 2).await;
    schedule(&owner, "Middle", &[&mail], 24 * 10).await;
    let comes = ["Near scheduled", "Middle scheduled", "Far scheduled"];
    assert_eq!(names("summary").await, comes, "all of it, however far ahead");
    assert_eq!(names("scheduled-maintenances/upcoming").await, comes);
    assert!(names("scheduled-maintenances/active").await.is_empty());
    becomes(&owner, &near, "in_progress").await;
    becomes(&owner, &near, "verifying").await;
    becomes(&owner, &far, "cancelled").await;
    assert_eq!(names("summary").await, ["Middle scheduled", "Near verifying"]);
    assert_eq!(names("scheduled-maintenances/upcoming").await, ["Middle scheduled"]);
    assert_eq!(names("scheduled-maintenances/active").await, ["Near verifying"]);
    assert_eq!(
        names("scheduled-maintenances").await,
        ["Far completed", "Middle scheduled", "Near verifying"],
        "a window that was called off is over"
    );
    let summary = read(&server, "summary").await;
    assert_eq!(summary["status"]["description"], "Service Under Maintenance");
    let going_on = &summary["scheduled_maintenances"][1];
    assert_eq!((&going_on["impact"], &going_on["resolved_at"]), (&json!("maintenance"), &Value::Null));
    assert_eq!(going_on["shortlink"], format!("{}/status/northwind/maintenance/{near}", server.url));
    assert!(going_on.get("reminder_intervals").is_none());
    let updates = going_on["incident_updates"].as_array().unwrap();
    let statuses: Vec<_> = updates.iter().map(|update| &update["status"]).collect();
    assert_eq!(statuses, ["verifying", "in_progress", "scheduled"]);
    assert_eq!(going_on["monitoring_at"], updates[0]["display_at"]);
    assert_eq!(
        changes(&updates[1]),
        [change("Core - API", "operational", "under_maintenance"), change("Mail", "operational", "under_maintenance")]
    );
    assert_eq!((changes(&updates[0]), changes(&updates[2])), (Vec::new(), Vec::new()));
    becomes(&owner, &near, "completed").await;
    assert_eq!(names("summary").await, ["Middle scheduled"]);
    let all = read(&server, "scheduled-maintenances").await;
    let over = &all["scheduled_maintenances"][2];
    assert_eq!(over["resolved_at"], over["incident_updates"][0]["display_at"]);
    assert_eq!(changes(&over["incident_updates"][0])[0], change("Core - API", "under_maintenance", "operational"));
    assert_eq!(read(&server, "status").await["status"]["indicator"], "none");
}

async fn what_is_not_there_is_refused_as_programs_read_it(server: TestServer) {
    server.owner("northwind").await;
    for path in [
        path("nobody", "summary"),
        path("nobody", "incidents/unresolved"),
        path("northwind", "nothing"),
        "/status/northwind/api/v2/incidents/x/y.json".to_owned(),
    ] {
        let answer = server.browser().get_with(&path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("content-type").starts_with("application/problem+json"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.json()["status"], 404, "{path}");
    }
}

async fn a_change_shows_in_the_next_answer(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    for status in ["major_outage", "operational", "degraded_performance", "partial_outage"] {
        owner.set_status("northwind", &[&api], status).await;
        for document in ["summary", "components"] {
            let all = read(&server, document).await["components"].as_array().unwrap().clone();
            let now = all.iter().find(|component| component["id"] == api.as_str()).unwrap();
            assert_eq!(now["status"], status, "{document}");
        }
    }
    // Under its former address as well.
    let input = json!({ "name": "northwind", "slug": "southwind", "time_zone": "UTC", "listed": true });
    call(&owner, "update_organization", json!({ "input": input })).await;
    let moved = server.browser().get_with(&path("northwind", "summary"), &[]).await;
    assert_eq!((moved.status, moved.location()), (308, path("southwind", "summary").as_str()));
}

async fn deleted_services_are_left_out(server: TestServer) {
    let World { owner, api, mail, .. } = world(&server).await;
    let services = json!([
        { "service_id": api, "status": "major_outage" }, { "service_id": mail, "status": "major_outage" }]);
    let input = json!({ "title": "Down", "body": "x", "services": services });
    call(&owner, "report_incident", json!({ "input": input })).await;
    call(&owner, "delete_service", json!({ "id": mail })).await;
    let summary = read(&server, "summary").await;
    assert_eq!(summary["components"].as_array().unwrap().len(), 2);
    let incident = &summary["incidents"][0];
    assert_eq!(incident["components"].as_array().unwrap().len(), 1);
    assert_eq!(changes(&incident["incident_updates"][0]).len(), 2, "what was said stays said");
}

async fn what_was_imported_goes_on_here(server: TestServer) {
    import_all(&server, &[fixture("summary.json")], "northwind").await;
    let owner = server.member("northwind", candor::domain::role::Role::Owner).await;
    let incident = read(&server, "summary").await["incidents"][0].clone();
    assert_eq!(incident["updated_at"], "2026-03-02T08:11:05.000-08:00", "as the file says");
    let newest = &incident["incident_updates"][0];
    assert_eq!(
        [&newest["created_at"], &newest["display_at"]],
        ["2026-03-02T08:11:05.000-08:00", "2026-03-02T08:10:00.000-08:00"]
    );
    assert_eq!(changes(newest), [change("Core platform - API", "operational", "partial_outage")]);
    assert_eq!(newest["body"], "We found it.<br />\nMore soon.", "as it was imported");
    let api = newest["affected_components"][0]["code"].as_str().unwrap();
    let input = json!({ "status": "monitoring", "body": "Mended.", "services": says(api, "degraded_performance") });
    call(&owner, "post_incident_update", json!({ "id": incident["id"], "input": input })).await;
    let now = read(&server, "summary").await["incidents"][0].clone();
    assert_eq!(
        changes(&now["incident_updates"][0]),
        [change("Core platform - API", "partial_outage", "degraded_performance")],
        "what the file said was so until now"
    );
    assert_eq!(now["incident_updates"][1], *newest);
    assert!(now["updated_at"].as_str() > incident["updated_at"].as_str());
    assert_eq!([&now["created_at"], &now["started_at"]], [&incident["created_at"], &incident["started_at"]]);
    // What a person edits here is not what the file says any more.
    let input = json!({ "status": "identified", "body": "We had found it.", "services": [] });
    let update = newest["id"].clone();
    call(&owner, "edit_incident_update", json!({ "id": incident["id"], "update": update, "input": input })).await;
    let edited = read(&server, "summary").await["incidents"][0]["incident_updates"][1].clone();
    assert_eq!((edited["body"].as_str(), &edited["affected_components"]), (Some("We had found it."), &Value::Null));
}

/// Clients put bodies into pages as HTML: neither a file nor a member brings a script there.
async fn bodies_hold_nothing_active(server: TestServer) {
    super::import::import_all(&server, &[super::import::fixture("incidents.json")], "fabrikam").await;
    let ids = server.texts("select id from incidents where postmortem <> ''").await;
    assert_eq!(ids.len(), 1, "the file has one, with a script");
    let visitor = server.browser();
    let list = visitor.get("/status/fabrikam/api/v2/incidents.json").await.text();
    assert!(list.contains("<li>"), "{list}");
    let own = visitor.get(&format!("/api/v1/status/fabrikam/incidents/{}", ids[0])).await;
    assert_eq!(own.status, 200);
    let owner = server.owner("contoso").await;
    let input = json!({ "title": "Down", "body": "We *look*. <script>alert(1)</script> <img src=x onerror=alert(1)>" });
    owner.rpc("report_incident", json!({ "organization": "contoso", "input": input })).await.right();
    let typed = visitor.get("/status/contoso/api/v2/incidents.json").await.text();
    assert!(typed.contains("We *look*. &lt;script>"), "{typed}");
    for text in [list, own.text(), typed] {
        for bad in ["<script", "<img", "<a href=\\\"javascript"] {
            assert!(!text.contains(bad), "{bad}: {text}");
        }
    }
}
