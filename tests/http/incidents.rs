//! Incidents: reported, updated, edited, deleted, and what they make of the history of services.

use crate::support::{Browser, Dice, TestServer, both_engines, encode};
use candor::{
    domain::time::Time,
    server::{clock, local_time},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

both_engines!(
    an_incident_from_report_to_resolution,
    overlapping_incidents_give_the_worst,
    a_status_set_by_hand_does_not_hide_an_incident,
    a_backfilled_incident_rewrites_the_past,
    reopening_goes_on_where_it_was,
    two_people_at_once_lose_no_text,
    wrong_input_is_told_next_to_its_field,
    times_are_typed_in_the_organizations_zone,
    updates_are_edited_and_taken_back,
    postmortems_links_and_templates,
    lists_filter_and_count,
    the_list_is_a_table_to_keep,
    messages_are_safe_to_show,
    history_is_what_a_simple_model_says,
);

struct World {
    owner: Browser,
    api: String,
    mail: String,
}

/// Where the organization of these tests is: its clocks are never changed.
const ZONE: &str = "Asia/Tokyo";

async fn world(server: &TestServer) -> World {
    let owner = server.owner("northwind").await;
    live_in(&owner, ZONE).await;
    let api = owner.create_service("northwind", "API", "").await;
    let mail = owner.create_service("northwind", "Mail", "").await;
    // They have been watched for thirty days.
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - 2592000000000")).await;
    }
    World { owner, api, mail }
}

async fn live_in(owner: &Browser, zone: &str) {
    let input = json!({ "name": "northwind", "slug": "northwind", "time_zone": zone, "listed": true });
    call(owner, "update_organization", json!({ "input": input })).await;
}

async fn call(browser: &Browser, function: &str, arguments: Value) -> Value {
    try_call(browser, function, arguments).await.right()
}

async fn try_call(browser: &Browser, function: &str, mut arguments: Value) -> crate::support::Answer {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await
}

fn said(service: &str, status: &str) -> Value {
    json!([{ "service_id": service, "status": status }])
}

async fn report(browser: &Browser, title: &str, services: Value) -> String {
    let input = json!({ "title": title, "body": "We are looking into it.", "services": services });
    call(browser, "report_incident", json!({ "input": input })).await.as_str().unwrap().to_owned()
}

async fn update(browser: &Browser, id: &str, status: &str, services: Value) -> Value {
    let input = json!({ "status": status, "body": format!("Now {status}."), "services": services });
    call(browser, "post_incident_update", json!({ "id": id, "input": input })).await
}

async fn status(browser: &Browser, service: &str) -> String {
    let list = browser.services("northwind").await;
    let services = list["services"].as_array().unwrap();
    let found = services.iter().find(|one| one["id"] == service).unwrap();
    found["status"].as_str().unwrap().to_owned()
}

/// Status, cause and author of the intervals of a service, oldest first.
async fn history(browser: &Browser, service: &str) -> Vec<(String, String, String)> {
    let detail = call(browser, "read_service", json!({ "id": service })).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = detail["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["status"]), text(&row["cause"]), text(&row["by"])))
        .collect();
    all.reverse();
    all
}

/// A moment as it is typed in that zone.
fn typed(at: Time) -> String {
    local_time::format_input(local_time::zone(ZONE), Time::from_micros(at.seconds() * 1_000_000))
}

fn ago(minutes: i64) -> String {
    typed(clock::now().plus_seconds(-60 * minutes))
}

async fn an_incident_from_report_to_resolution(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let id = report(&owner, "Payments fail", said(&api, "partial_outage")).await;
    assert_eq!(status(&owner, &api).await, "partial_outage");
    let detail = call(&owner, "read_incident", json!({ "id": id })).await;
    assert_eq!(
        (&detail["incident"]["status"], &detail["incident"]["impact"]),
        (&json!("investigating"), &json!("major"))
    );
    assert!(detail["page"].as_str().unwrap().ends_with(&format!("/status/northwind/incidents/{id}")));
    let frame = call(&owner, "frame", json!({})).await;
    assert_eq!((&frame["incidents"], &frame["status"]["indicator"]), (&json!(1), &json!("minor")));

    update(&owner, &id, "identified", said(&api, "major_outage")).await;
    update(&owner, &id, "monitoring", said(&api, "degraded_performance")).await;
    update(&owner, &id, "resolved", json!([])).await;
    let detail = call(&owner, "read_incident", json!({ "id": id })).await;
    assert_eq!(detail["incident"]["impact"], "critical", "the worst that was said");
    assert!(detail["incident"]["resolved_at"].is_string());
    assert_eq!(detail["updates"].as_array().unwrap().len(), 4);
    let me = |status: &str, cause: &str| (status.to_owned(), cause.to_owned(), "owner-northwind".to_owned());
    let expected = [
        me("operational", "manual"),
        me("partial_outage", "incident"),
        me("major_outage", "incident"),
        me("degraded_performance", "incident"),
        me("operational", "incident"),
    ];
    let found = history(&owner, &api).await;
    let words = |all: &[(String, String, String)]| {
        all.iter().map(|(status, cause, _)| (status.clone(), cause.clone())).collect::<Vec<_>>()
    };
    assert_eq!(words(&found), words(&expected));
    assert_eq!(call(&owner, "frame", json!({})).await["incidents"], 0);
    let actions: Vec<_> =
        owner.audit("northwind", "", "incident").await.iter().map(|line| line["action"].clone()).collect();
    assert_eq!(actions, ["incident.updated", "incident.updated", "incident.updated", "incident.reported"]);
}

async fn overlapping_incidents_give_the_worst(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let one = report(&owner, "One", said(&api, "partial_outage")).await;
    let two = report(&owner, "Two", said(&api, "major_outage")).await;
    assert_eq!(status(&owner, &api).await, "major_outage");
    update(&owner, &two, "resolved", json!([])).await;
    assert_eq!(status(&owner, &api).await, "partial_outage");
    let three = report(&owner, "Three", said(&api, "degraded_performance")).await;
    assert_eq!(status(&owner, &api).await, "partial_outage");
    update(&owner, &one, "resolved", json!([])).await;
    assert_eq!(status(&owner, &api).await, "degraded_performance");
    // A service taken out of an incident is free of it.
    update(&owner, &three, "", json!([{ "service_id": api, "status": null }])).await;
    assert_eq!(status(&owner, &api).await, "operational");
    let detail = call(&owner, "read_incident", json!({ "id": three })).await;
    assert_eq!(detail["incident"]["services"], json!([]));
    // One that is deleted leaves no trace in the history, and what it replaced is in the audit log.
    let four = report(&owner, "Four", said(&api, "major_outage")).await;
    let before = history(&owner, &api).await.len();
    call(&owner, "delete_incident", json!({ "id": four })).await;
    assert_eq!(status(&owner, &api).await, "operational");
    assert_eq!(history(&owner, &api).await.len(), before - 1);
    let line = owner.audit("northwind", "recomputed", "").await.remove(0);
    assert!(line["before"].as_str().unwrap().contains("major_outage"), "{line}");
}

async fn a_status_set_by_hand_does_not_hide_an_incident(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let id = report(&owner, "Payments fail", said(&api, "major_outage")).await;
    let set = json!({ "ids": [api, mail], "status": "degraded_performance" });
    let holding = call(&owner, "set_status", set).await;
    assert_eq!((holding[0]["id"].as_str(), holding.as_array().unwrap().len()), (Some(id.as_str()), 1));
    assert_eq!(status(&owner, &api).await, "major_outage");
    let detail = call(&owner, "read_service", json!({ "id": api })).await;
    assert_eq!(detail["holding"][0]["title"], "Payments fail");
    update(&owner, &id, "resolved", json!([])).await;
    assert_eq!(status(&owner, &api).await, "degraded_performance", "what it says of itself stays");
}

async fn a_backfilled_incident_rewrites_the_past(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let input = json!({
        "title": "Last week", "services": said(&api, "major_outage"), "started_at": ago(600), "resolved_at": ago(540),
    });
    let id = call(&owner, "report_incident", json!({ "input": input })).await;
    let rows = server
        .texts(&format!(
            "select status || ' ' || cast(coalesce(ended_at, 0) - started_at as text) from status_history where service_id = '{api}' order by started_at"
        ))
        .await;
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[1].starts_with("major_outage 3600"), "{rows:?}");
    let detail = call(&owner, "read_incident", json!({ "id": id })).await;
    assert_eq!(detail["incident"]["status"], "resolved");
    // The end is moved: history follows.
    let resolved = detail["updates"][0].clone();
    assert_eq!(resolved["status"], "resolved");
    let input = json!({ "status": "resolved", "body": "Over.", "at": ago(570), "services": [] });
    let edit = json!({ "id": id, "update": resolved["id"], "input": input });
    call(&owner, "edit_incident_update", edit).await;
    let rows = server
        .texts(&format!(
            "select cast((ended_at - started_at) / 60000000 as text) from status_history where service_id = '{api}' and status = 'major_outage'"
        ))
        .await;
    assert_eq!(rows, ["30"]);
    call(&owner, "delete_incident", json!({ "id": id })).await;
    assert_eq!(server.number(&format!("select count(*) from status_history where service_id = '{api}'")).await, 1);
    // Before the service was watched there is no history to rewrite.
    let input = json!({
        "title": "Long ago", "services": said(&api, "major_outage"),
        "started_at": ago(40 * 1440), "resolved_at": ago(35 * 1440),
    });
    call(&owner, "report_incident", json!({ "input": input })).await;
    assert_eq!(server.number(&format!("select count(*) from status_history where service_id = '{api}'")).await, 1);
}

async fn reopening_goes_on_where_it_was(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let services = json!([
        { "service_id": api, "status": "major_outage" }, { "service_id": mail, "status": "partial_outage" },
    ]);
    let id = report(&owner, "Both", services).await;
    update(&owner, &id, "resolved", json!([])).await;
    assert_eq!(status(&owner, &api).await, "operational");
    update(&owner, &id, "investigating", json!([])).await;
    assert_eq!(
        (status(&owner, &api).await.as_str(), status(&owner, &mail).await.as_str()),
        ("major_outage", "partial_outage")
    );
    let detail = call(&owner, "read_incident", json!({ "id": id })).await;
    assert_eq!(detail["incident"]["resolved_at"], Value::Null);
}

async fn two_people_at_once_lose_no_text(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let bo = server.joined(&owner, "northwind", "bo", "status_reporter").await;
    let id = report(&owner, "Payments fail", said(&api, "major_outage")).await;
    let seen = call(&bo, "read_incident", json!({ "id": id })).await["incident"]["revision"].clone();
    update(&owner, &id, "identified", json!([])).await;
    let mut input = json!({ "status": "monitoring", "body": "Mended.", "services": [], "seen": seen });
    let call_of_bo = |input: &Value| json!({ "id": id, "input": input });
    try_call(&bo, "post_incident_update", call_of_bo(&input)).await.refused(409, "conflict");
    let edit = json!({ "id": id, "input": { "title": "Payments", "impact": "", "seen": seen } });
    try_call(&bo, "edit_incident", edit).await.refused(409, "conflict");
    input["seen"] = call(&bo, "read_incident", json!({ "id": id })).await["incident"]["revision"].clone();
    call(&bo, "post_incident_update", call_of_bo(&input)).await;
    let detail = call(&owner, "read_incident", json!({ "id": id })).await;
    let statuses: Vec<_> = detail["updates"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, ["monitoring", "identified", "investigating"]);
}

async fn wrong_input_is_told_next_to_its_field(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let before = server.number("select count(*) from audit_entries").await;
    let input = json!({ "title": " ", "impact": "huge", "status": "panic", "started_at": ago(-60) });
    let answer = try_call(&owner, "report_incident", json!({ "input": input })).await;
    assert_eq!(answer.wrong_fields(), ["title", "impact", "status", "started_at"]);
    let gone = said("aaaaaaaaaaaa", "major_outage");
    let input = json!({ "title": "Gone", "services": gone });
    let answer = try_call(&owner, "report_incident", json!({ "input": input })).await;
    assert_eq!(answer.wrong_fields(), ["services"]);
    let id = report(&owner, "Payments fail", said(&api, "major_outage")).await;
    let nothing = json!({ "id": id, "input": { "status": "", "body": " ", "services": [] } });
    assert_eq!(try_call(&owner, "post_incident_update", nothing).await.wrong_fields(), ["body"]);
    let future = json!({ "id": id, "input": { "body": "Soon", "at": ago(-60), "services": [] } });
    assert_eq!(try_call(&owner, "post_incident_update", future).await.wrong_fields(), ["at"]);
    let nowhere = json!({ "id": "aaaaaaaaaaaa", "input": { "body": "x", "services": [] } });
    try_call(&owner, "post_incident_update", nowhere).await.refused(404, "not_found");
    assert_eq!(server.number("select count(*) from audit_entries").await, before + 1, "only the report");
}

async fn times_are_typed_in_the_organizations_zone(server: TestServer) {
    let World { owner, .. } = world(&server).await;
    let backfill =
        |from: &str, to: &str| json!({ "input": { "title": "Slow", "started_at": from, "resolved_at": to } });
    let read = async |id: &Value| call(&owner, "read_incident", json!({ "id": id })).await;
    let id = call(&owner, "report_incident", backfill("2025-07-01T09:00", "2025-07-01T10:30")).await;
    let incident = read(&id).await["incident"].clone();
    let times = (incident["started_at"].as_str(), incident["resolved_at"].as_str());
    assert_eq!(times, (Some("2025-07-01T00:00:00.000000Z"), Some("2025-07-01T01:30:00.000000Z")));

    // Clocks that are put forward and back.
    live_in(&owner, "Europe/Vienna").await;
    let answer = try_call(&owner, "report_incident", backfill("2025-03-30T02:30", "2025-03-30T04:00")).await;
    assert_eq!(answer.wrong_fields(), ["started_at"], "half past two is left out");
    let id = call(&owner, "report_incident", backfill("2025-10-26T02:30", "2025-10-26T04:00")).await;
    let told = read(&id).await;
    assert_eq!(told["incident"]["started_at"], "2025-10-26T00:30:00.000000Z", "the first half past two");
    assert_eq!(told["incident"]["resolved_at"], "2025-10-26T03:00:00.000000Z");
    // Forms get what was typed, newest first as the updates.
    let ids: Vec<&Value> = told["updates"].as_array().unwrap().iter().map(|update| &update["id"]).collect();
    assert_eq!(told["local_times"], json!([[ids[0], "2025-10-26T04:00"], [ids[1], "2025-10-26T02:30"]]));

    let update = |at: &str| json!({ "status": "", "body": "Still slow.", "services": [], "at": at });
    for wrong in ["soon", "2025-03-30T02:30", "2025-07-01T09:00Z"] {
        let posted = try_call(&owner, "post_incident_update", json!({ "id": id, "input": update(wrong) })).await;
        assert_eq!(posted.wrong_fields(), ["at"], "{wrong}");
    }
    let new = call(&owner, "post_incident_update", json!({ "id": id, "input": update("2025-10-26T04:15") })).await;
    assert_eq!(read(&id).await["updates"][0]["at"], "2025-10-26T03:15:00.000000Z");
    let edit = |at: &str| json!({ "id": id, "update": new, "input": update(at) });
    call(&owner, "edit_incident_update", edit("2025-10-26T04:20")).await;
    call(&owner, "edit_incident_update", edit("")).await;
    assert_eq!(read(&id).await["updates"][0]["at"], "2025-10-26T03:20:00.000000Z", "without another it stays");
    assert_eq!(try_call(&owner, "edit_incident_update", edit("late")).await.wrong_fields(), ["at"]);
}

async fn updates_are_edited_and_taken_back(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let id = report(&owner, "Payments fail", said(&api, "partial_outage")).await;
    let second = update(&owner, &id, "identified", said(&api, "major_outage")).await;
    let input =
        json!({ "status": "identified", "body": "A **cable**.", "services": said(&api, "degraded_performance") });
    call(&owner, "edit_incident_update", json!({ "id": id, "update": second, "input": input })).await;
    assert_eq!(status(&owner, &api).await, "degraded_performance");
    let detail = call(&owner, "read_incident", json!({ "id": id })).await;
    assert!(detail["updates"][0]["edited_at"].is_string());
    assert_eq!(detail["updates"][0]["html"], "<p>A <strong>cable</strong>.</p>\n");
    let line = owner.audit("northwind", "update_edited", "").await.remove(0);
    assert!(line["before"].as_str().unwrap().contains("Now identified."), "{line}");
    call(&owner, "delete_incident_update", json!({ "id": id, "update": second })).await;
    assert_eq!(status(&owner, &api).await, "partial_outage");
    let first = call(&owner, "read_incident", json!({ "id": id })).await["updates"][0]["id"].clone();
    let last = try_call(&owner, "delete_incident_update", json!({ "id": id, "update": first })).await;
    last.refused(409, "conflict");
    call(&owner, "edit_incident", json!({ "id": id, "input": { "title": "Payments", "impact": "critical" } })).await;
    let detail = call(&owner, "read_incident", json!({ "id": id })).await;
    assert_eq!((&detail["incident"]["title"], &detail["incident"]["impact"]), (&json!("Payments"), &json!("critical")));
}

async fn postmortems_links_and_templates(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let (one, two) = (report(&owner, "One", said(&api, "major_outage")).await, report(&owner, "Two", json!([])).await);
    let published = json!({ "id": one, "body": "We *learned*.", "published": true });
    try_call(&owner, "save_postmortem", published.clone()).await.refused(409, "conflict");
    update(&owner, &one, "resolved", json!([])).await;
    call(&owner, "save_postmortem", json!({ "id": one, "body": "A draft.", "published": false })).await;
    let page = server.browser().get(&format!("/status/northwind/incidents/{one}")).await;
    assert!(!page.text().contains("A draft."), "{}", page.text());
    call(&owner, "save_postmortem", published).await;
    let detail = call(&owner, "read_incident", json!({ "id": one })).await;
    assert_eq!(detail["postmortem"]["html"], "<p>We <em>learned</em>.</p>\n");

    let link = |together: bool| json!({ "id": one, "other": two, "together": together });
    call(&owner, "link_incidents", link(true)).await;
    call(&owner, "link_incidents", link(true)).await;
    let links = call(&owner, "read_incident", json!({ "id": two })).await["links"].clone();
    assert_eq!(links[0][1], "One");
    call(&owner, "link_incidents", link(false)).await;
    let links = call(&owner, "read_incident", json!({ "id": two })).await["links"].clone();
    assert_eq!(links, json!([]));

    let input =
        json!({ "name": "Outage", "title": "{{service}} is down", "body": "Since {{time}}.", "impact": "major" });
    let id = call(&owner, "save_template", json!({ "id": null, "input": input })).await;
    let twice = try_call(&owner, "save_template", json!({ "id": null, "input": input })).await;
    assert_eq!(twice.wrong_fields(), ["name"]);
    let input = json!({ "name": "Big outage", "title": "", "body": "", "status": "identified" });
    call(&owner, "save_template", json!({ "id": id, "input": input })).await;
    let templates = call(&owner, "list_templates", json!({})).await;
    assert_eq!((&templates[0]["name"], templates.as_array().unwrap().len()), (&json!("Big outage"), 1));
    call(&owner, "delete_template", json!({ "id": id })).await;
    try_call(&owner, "delete_template", json!({ "id": id })).await.refused(404, "not_found");
}

async fn lists_filter_and_count(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let one = report(&owner, "Payments: ÄRGER", said(&api, "major_outage")).await;
    report(&owner, "Mail is slow", said(&mail, "degraded_performance")).await;
    update(&owner, &one, "resolved", json!([])).await;
    let list = async |filter: Value| call(&owner, "list_incidents", json!({ "filter": filter })).await;
    let titles = |page: &Value| -> Vec<String> {
        page["incidents"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
    };
    let all = list(json!({})).await;
    assert_eq!(titles(&all), ["Mail is slow", "Payments: ÄRGER"]);
    assert_eq!((&all["active"], &all["resolved"], &all["more"]), (&json!(1), &json!(1), &json!(false)));
    assert_eq!(titles(&list(json!({ "state": "active" })).await), ["Mail is slow"]);
    assert_eq!(titles(&list(json!({ "state": "resolved" })).await), ["Payments: ÄRGER"]);
    assert_eq!(titles(&list(json!({ "service": api })).await), ["Payments: ÄRGER"]);
    assert_eq!(titles(&list(json!({ "words": "ärger" })).await), ["Payments: ÄRGER"], "whatever the case");
    assert_eq!(titles(&list(json!({ "words": "now RESOLVED" })).await), ["Payments: ÄRGER"], "in messages too");
    assert_eq!(titles(&list(json!({ "impact": "minor" })).await), ["Mail is slow"]);
    assert!(titles(&list(json!({ "words": "100%" })).await).is_empty());
    let first = &all["incidents"][0];
    let rest = list(json!({ "before": [first["started_at"], first["id"]] })).await;
    assert_eq!(titles(&rest), ["Payments: ÄRGER"]);
}

async fn the_list_is_a_table_to_keep(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let (now, second) = (clock::now().seconds(), 1_000_000);
    let (from, to) = (Time::from_micros((now - 7_200) * second), Time::from_micros((now - 4_500) * second));
    let services = json!([
        { "service_id": mail, "status": "partial_outage" }, { "service_id": api, "status": "major_outage" },
    ]);
    let input = json!({ "title": "=1+1", "services": services, "started_at": typed(from), "resolved_at": typed(to) });
    let over = call(&owner, "report_incident", json!({ "input": input })).await;
    let over = over.as_str().unwrap();
    let open = report(&owner, "Mail, \"slow\"", said(&mail, "degraded_performance")).await;
    update(&owner, &open, "", json!([{ "service_id": mail, "status": null }])).await;

    let path = "/dashboard/northwind/incidents.csv";
    let answer = owner.get(path).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"northwind-incidents.csv\"");
    let text = answer.text();
    let rows: Vec<&str> = text.split("\r\n").collect();
    let head = "id,title,impact,status,started_at,resolved_at,minutes_to_resolve,services,worst_status,updates,page";
    assert_eq!((rows[0], rows.len(), rows[3]), (head, 4, ""), "{text}");
    // The latest first; what is open has no end, and a service that was taken out is no longer named.
    let page = |id: &str| format!("\"{}/status/northwind/incidents/{id}\"", server.url);
    let begun = format!("{open},\"Mail, \"\"slow\"\"\",minor,investigating,");
    let rest = format!(",,,\"\",degraded_performance,2,{}", page(&open));
    assert!(rows[1].starts_with(&begun) && rows[1].ends_with(&rest), "{text}");
    let (from, to) = (from.rfc3339(), to.rfc3339());
    let row = format!("{over},\"'=1+1\",critical,resolved,{from},{to},45,\"API; Mail\",major_outage,2,{}", page(over));
    assert_eq!(rows[2], row);

    // What the screen leaves away, the file does too.
    let found = async |filter: &[(&str, &str)]| {
        let text = owner.get(&format!("{path}?{}", encode(filter))).await.text();
        text.lines().skip(1).map(|row| row.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&[("state", "active")]).await, std::slice::from_ref(&open));
    assert_eq!(found(&[("state", "resolved"), ("impact", "critical")]).await, [over]);
    assert_eq!(found(&[("service", api.as_str())]).await, [over]);
    assert_eq!(found(&[("words", "\"slow\"")]).await, [open]);
    assert!(found(&[("impact", "none")]).await.is_empty() && found(&[("team", "aaaaaaaaaaaa")]).await.is_empty());

    let stranger = server.owner("southwind").await;
    assert_eq!(stranger.get(path).await.status, 404);
    let viewer = server.joined(&owner, "northwind", "mia", "viewer").await;
    assert_eq!(viewer.get(path).await.text(), text);
    let anonymous = server.browser().get(path).await;
    assert_eq!((anonymous.status, anonymous.body.len()), (303, 0));
    assert!(anonymous.location().starts_with("/sign-in?next="), "{}", anonymous.location());
}

async fn messages_are_safe_to_show(server: TestServer) {
    let World { owner, .. } = world(&server).await;
    let body = "So <script>alert(1)</script> [x](javascript:alert(1)) **bold**";
    let input = json!({ "title": "<b>Title</b>", "body": body, "services": [] });
    let id = call(&owner, "report_incident", json!({ "input": input })).await;
    let html = call(&owner, "preview_message", json!({ "body": body })).await;
    let html = html.as_str().unwrap();
    assert!(html.contains("<strong>bold</strong>") && !html.contains("<script") && !html.contains("href=\"javascript"));
    let page = server.browser().get(&format!("/status/northwind/incidents/{}", id.as_str().unwrap())).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("&lt;b&gt;Title&lt;/b&gt;") && !text.contains("<script>alert"), "{text}");
}

/// What the incidents and the services themselves say, read from the updates with as little cleverness
/// as possible: what a service is at a moment.
fn at_moment(own: &[(String, i64, i64)], incidents: &[Vec<Value>], service: &str, moment: i64) -> String {
    const ORDER: [&str; 5] =
        ["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"];
    let rank = |status: &str| ORDER.iter().position(|one| *one == status).unwrap();
    let own = own.iter().find(|(_, from, to)| *from <= moment && moment < *to).map_or("operational", |(s, ..)| s);
    let mut worst = rank(own);
    for updates in incidents {
        let mut says: Option<String> = None;
        for update in updates {
            let at: Time = serde_json::from_value(update["at"].clone()).unwrap();
            if at.micros() > moment {
                break;
            }
            if update["status"] == "resolved" {
                says = None;
                continue;
            }
            for statement in update["services"].as_array().unwrap() {
                if statement[0]["service_id"] == service {
                    says = statement[0]["status"].as_str().map(str::to_owned);
                }
            }
        }
        worst = worst.max(says.map_or(0, |status| rank(&status)));
    }
    ORDER[worst].to_owned()
}

/// Random verbs in random order with times of their own; then every interval of the history, its
/// beginning and its end, is what the model says, without overlap and without hole.
async fn history_is_what_a_simple_model_says(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let services = [api, mail];
    let statuses = ["operational", "degraded_performance", "partial_outage", "major_outage"];
    let steps = ["investigating", "identified", "monitoring", "resolved"];
    for seed in 1..=6_u64 {
        let mut dice = Dice::new(seed * 7919);
        let mut incidents: Vec<String> = Vec::new();
        for step in 0..16 {
            let service = services[dice.below(2)].clone();
            let status = statuses[dice.below(4)];
            let minutes = i64::try_from(dice.below(20_000)).unwrap() + 1;
            let chosen = if incidents.is_empty() { 0 } else { dice.below(incidents.len()) };
            match dice.below(10) {
                0..=2 => {
                    let mut input = json!({ "title": format!("{seed}.{step}"), "services": said(&service, status) });
                    if dice.below(3) > 0 {
                        input["started_at"] = json!(ago(minutes));
                        if dice.below(2) == 0 {
                            input["resolved_at"] = json!(ago(minutes / 2));
                        }
                    }
                    let id = call(&owner, "report_incident", json!({ "input": input })).await;
                    incidents.push(id.as_str().unwrap().to_owned());
                }
                3..=5 if !incidents.is_empty() => {
                    let mut input =
                        json!({ "status": steps[dice.below(4)], "body": "x", "services": said(&service, status) });
                    if dice.below(4) == 0 {
                        input["services"][0]["status"] = Value::Null;
                    }
                    if dice.below(2) == 0 {
                        input["at"] = json!(ago(minutes));
                    }
                    let update = json!({ "id": incidents[chosen], "input": input });
                    call(&owner, "post_incident_update", update).await;
                }
                6 if !incidents.is_empty() => {
                    let detail = call(&owner, "read_incident", json!({ "id": incidents[chosen] })).await;
                    let updates = detail["updates"].as_array().unwrap();
                    let update = &updates[dice.below(updates.len())];
                    let input = json!({ "status": steps[dice.below(4)], "body": "y", "services": said(&service, status), "at": ago(minutes) });
                    let edit = json!({ "id": incidents[chosen], "update": update["id"], "input": input });
                    call(&owner, "edit_incident_update", edit).await;
                }
                7 if incidents.len() > 2 => {
                    let id = incidents.remove(chosen);
                    call(&owner, "delete_incident", json!({ "id": id })).await;
                }
                _ => {
                    call(&owner, "set_status", json!({ "ids": [service], "status": status })).await;
                }
            }
        }
        agree(&server, &owner, &services, &incidents).await;
        for id in incidents {
            call(&owner, "delete_incident", json!({ "id": id })).await;
        }
    }
}

async fn agree(server: &TestServer, owner: &Browser, services: &[String], incidents: &[String]) {
    let mut told: Vec<Vec<Value>> = Vec::new();
    for id in incidents {
        let detail = call(owner, "read_incident", json!({ "id": id })).await;
        let mut updates = detail["updates"].as_array().unwrap().clone();
        updates.reverse();
        told.push(updates);
    }
    for service in services {
        let rows = |table: &str, more: &str| {
            format!(
                "select status || ' ' || cast(started_at as text) || ' ' || cast(coalesce(ended_at, 9000000000000000) as text) from {table} where service_id = '{service}' {more} order by started_at, coalesce(ended_at, 9000000000000000)"
            )
        };
        let parse = |row: String| {
            let mut parts = row.split(' ');
            let mut next = || parts.next().unwrap().to_owned();
            (next(), next().parse::<i64>().unwrap(), next().parse::<i64>().unwrap())
        };
        let own: Vec<_> = server
            .texts(&rows("status_claims", "and incident_id is null and maintenance_id is null"))
            .await
            .into_iter()
            .map(parse)
            .collect();
        let history: Vec<_> = server.texts(&rows("status_history", "")).await.into_iter().map(parse).collect();
        assert_eq!(history[0].1, own[0].1, "it begins when the service does");
        for pair in history.windows(2) {
            assert_eq!(pair[0].2, pair[1].1, "no overlap, no hole: {history:?}");
            assert_ne!(pair[0].0, pair[1].0, "neighbours differ: {history:?}");
        }
        let mut moments: BTreeMap<i64, &str> = BTreeMap::new();
        for (status, from, to) in &history {
            for moment in [*from, from + (to - from) / 2, to - 1] {
                moments.insert(moment, status);
            }
        }
        for (moment, status) in moments {
            let expected = at_moment(&own, &told, service, moment);
            assert_eq!(*status, *expected, "at {moment}: {history:#?}");
        }
    }
}
