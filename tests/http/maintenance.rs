//! Maintenance: scheduled, moved, and what the clock does to it.

use crate::support::{Answer, Browser, TestServer, both_engines};
use candor::{
    domain::time::Time,
    server::{clock, maintenance::scheduler},
};
use chrono::TimeZone;
use serde_json::{Value, json};

both_engines!(
    it_starts_and_completes_by_itself,
    a_late_clock_catches_up_once,
    by_hand_it_waits_for_a_person,
    it_is_extended_completed_early_or_cancelled,
    windows_are_of_the_organizations_zone,
    a_series_comes_again_and_ends,
    it_lies_on_top_of_an_incident,
    lists_and_calendars,
);

async fn world(server: &TestServer) -> (Browser, String) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    (owner, api)
}

async fn try_call(browser: &Browser, function: &str, mut arguments: Value) -> Answer {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await
}

async fn call(browser: &Browser, function: &str, arguments: Value) -> Value {
    try_call(browser, function, arguments).await.right()
}

/// So many minutes from now, as it is typed in Vienna, where these organizations are.
fn local(minutes: i64) -> String {
    let at = clock::now().plus_seconds(minutes * 60).utc();
    chrono_tz::Europe::Vienna.from_utc_datetime(&at.naive_utc()).format("%Y-%m-%dT%H:%M").to_string()
}

fn window(api: &str, from: i64, to: i64) -> Value {
    json!({ "title": "Database upgrade", "body": "Reads *only*.", "starts_at": local(from), "ends_at": local(to), "services": [api] })
}

async fn schedule(browser: &Browser, input: Value) -> String {
    call(browser, "schedule_maintenance", json!({ "input": input })).await.as_str().unwrap().to_owned()
}

async fn read(browser: &Browser, id: &str) -> Value {
    call(browser, "read_maintenance", json!({ "id": id })).await
}

async fn status(browser: &Browser) -> String {
    browser.services("northwind").await["services"][0]["status"].as_str().unwrap().to_owned()
}

fn later(minutes: i64) -> Time {
    clock::now().plus_seconds(minutes * 60)
}

async fn it_starts_and_completes_by_itself(server: TestServer) {
    let (owner, api) = world(&server).await;
    let id = schedule(&owner, window(&api, 60, 120)).await;
    scheduler::run_all_due(&server.app, later(30)).await.unwrap();
    assert_eq!(
        (read(&owner, &id).await["maintenance"]["status"].clone(), status(&owner).await.as_str()),
        (json!("scheduled"), "operational")
    );
    scheduler::run_all_due(&server.app, later(61)).await.unwrap();
    assert_eq!(read(&owner, &id).await["maintenance"]["status"], "in_progress");
    assert_eq!(status(&owner).await, "under_maintenance");
    let detail = call(&owner, "read_service", json!({ "id": api })).await;
    assert_eq!(detail["history"][0]["cause"], "maintenance");
    scheduler::run_all_due(&server.app, later(121)).await.unwrap();
    let done = read(&owner, &id).await;
    assert_eq!(done["maintenance"]["status"], "completed");
    assert_eq!(done["maintenance"]["started_at"], done["maintenance"]["starts_at"], "when it was due");
    assert_eq!(done["maintenance"]["completed_at"], done["maintenance"]["ends_at"]);
    assert_eq!(status(&owner).await, "operational");
    let doors: Vec<_> = owner
        .audit("northwind", "", "maintenance")
        .await
        .iter()
        .map(|line| (line["action"].clone(), line["door"].clone()))
        .collect();
    assert_eq!(doors[0], (json!("maintenance.completed"), json!("job")));
    assert_eq!(doors[1], (json!("maintenance.started"), json!("job")));
}

async fn a_late_clock_catches_up_once(server: TestServer) {
    let (owner, api) = world(&server).await;
    let id = schedule(&owner, window(&api, 60, 120)).await;
    // The server was down for a day; then two of them look at once, and again.
    let (one, two) = tokio::join!(
        scheduler::run_all_due(&server.app, later(1500)),
        scheduler::run_all_due(&server.app, later(1500))
    );
    one.and(two).unwrap();
    scheduler::run_all_due(&server.app, later(1501)).await.unwrap();
    let done = read(&owner, &id).await;
    assert_eq!(done["maintenance"]["status"], "completed");
    assert_eq!(done["updates"].as_array().unwrap().len(), 3, "announced, started, completed: {done}");
    let rows = server.texts(&format!("select cast((ended_at - started_at) / 60000000 as text) from status_history where service_id = '{api}' and status = 'under_maintenance'")).await;
    assert_eq!(rows, ["60"], "as long as the window, however late the clock");
}

async fn by_hand_it_waits_for_a_person(server: TestServer) {
    let (owner, api) = world(&server).await;
    let mut input = window(&api, 60, 120);
    input["by_hand"] = json!(true);
    let id = schedule(&owner, input).await;
    scheduler::run_all_due(&server.app, later(500)).await.unwrap();
    assert_eq!(read(&owner, &id).await["maintenance"]["status"], "scheduled");
    let step = async |status: &str| {
        call(&owner, "update_maintenance", json!({ "id": id, "input": { "status": status } })).await
    };
    step("in_progress").await;
    assert_eq!(status(&owner).await, "under_maintenance");
    step("verifying").await;
    assert_eq!(status(&owner).await, "under_maintenance");
    step("completed").await;
    assert_eq!(status(&owner).await, "operational");
    let again = try_call(&owner, "update_maintenance", json!({ "id": id, "input": { "status": "in_progress" } })).await;
    again.refused(409, "conflict");
}

async fn it_is_extended_completed_early_or_cancelled(server: TestServer) {
    let (owner, api) = world(&server).await;
    // Its window has begun: it begins at once.
    let id = schedule(&owner, window(&api, -10, 30)).await;
    assert_eq!(status(&owner).await, "under_maintenance");
    let extend = json!({ "id": id, "input": { "ends_at": local(90), "body": "Takes longer." } });
    call(&owner, "update_maintenance", extend).await;
    scheduler::run_all_due(&server.app, later(31)).await.unwrap();
    assert_eq!(read(&owner, &id).await["maintenance"]["status"], "in_progress");
    let back = json!({ "id": id, "input": { "ends_at": local(-5) } });
    assert_eq!(try_call(&owner, "update_maintenance", back).await.wrong_fields(), ["ends_at"]);
    let cancel = json!({ "id": id, "input": { "status": "cancelled" } });
    try_call(&owner, "update_maintenance", cancel).await.refused(409, "conflict");
    call(&owner, "update_maintenance", json!({ "id": id, "input": { "status": "completed" } })).await;
    assert_eq!(status(&owner).await, "operational");

    let other = schedule(&owner, window(&api, 60, 120)).await;
    call(
        &owner,
        "update_maintenance",
        json!({ "id": other, "input": { "status": "cancelled", "body": "Not needed." } }),
    )
    .await;
    scheduler::run_all_due(&server.app, later(61)).await.unwrap();
    assert_eq!(status(&owner).await, "operational");
    call(&owner, "delete_maintenance", json!({ "id": id })).await;
    assert_eq!(
        server
            .number(&format!(
                "select count(*) from status_history where service_id = '{api}' and status = 'under_maintenance'"
            ))
            .await,
        0
    );
}

async fn windows_are_of_the_organizations_zone(server: TestServer) {
    let (owner, api) = world(&server).await;
    let year = chrono::Datelike::year(&clock::now().utc()) + 1;
    let input = |from: &str, to: &str| json!({ "title": "Night", "starts_at": from, "ends_at": to, "services": [api] });
    let id = schedule(&owner, input(&format!("{year}-07-01T22:00"), &format!("{year}-07-01T23:00"))).await;
    assert_eq!(read(&owner, &id).await["maintenance"]["starts_at"], format!("{year}-07-01T20:00:00.000000Z"));
    for (wrong, fields) in [
        (input("soon", "later"), vec!["starts_at", "ends_at"]),
        (input(&format!("{year}-07-01T22:00"), &format!("{year}-07-01T21:00")), vec!["ends_at"]),
        (input("2020-07-01T22:00", "2020-07-01T23:00"), vec!["ends_at"]),
        (json!({ "title": "", "starts_at": local(5), "ends_at": local(9), "services": [] }), vec!["title", "services"]),
    ] {
        assert_eq!(try_call(&owner, "schedule_maintenance", json!({ "input": wrong })).await.wrong_fields(), fields);
    }
}

async fn a_series_comes_again_and_ends(server: TestServer) {
    let (owner, api) = world(&server).await;
    let mut input = window(&api, 60, 120);
    input["repeat"] = json!("weekly");
    let id = schedule(&owner, input.clone()).await;
    let page = call(&owner, "list_maintenance", json!({ "filter": { "state": "upcoming" } })).await;
    let windows = page["maintenance"].as_array().unwrap();
    assert_eq!(windows.len(), 14, "for 92 days ahead");
    assert_eq!(read(&owner, &id).await["rule"], "FREQ=WEEKLY");
    call(&owner, "end_maintenance_series", json!({ "id": id })).await;
    let page = call(&owner, "list_maintenance", json!({ "filter": { "state": "upcoming" } })).await;
    assert_eq!(page["maintenance"].as_array().unwrap().len(), 1, "the one that was looked at stays");
    input["repeat"] = json!("FREQ=SECONDLY");
    assert_eq!(try_call(&owner, "schedule_maintenance", json!({ "input": input })).await.wrong_fields(), ["repeat"]);
}

async fn it_lies_on_top_of_an_incident(server: TestServer) {
    let (owner, api) = world(&server).await;
    let input = json!({ "title": "Slow", "services": [{ "service_id": api, "status": "degraded_performance" }] });
    let incident = call(&owner, "report_incident", json!({ "input": input })).await;
    let id = schedule(&owner, window(&api, -1, 60)).await;
    assert_eq!(status(&owner).await, "degraded_performance", "the worse of the two");
    let resolve = json!({ "id": incident, "input": { "status": "resolved", "services": [] } });
    call(&owner, "post_incident_update", resolve).await;
    assert_eq!(status(&owner).await, "under_maintenance");
    call(&owner, "update_maintenance", json!({ "id": id, "input": { "status": "completed" } })).await;
    assert_eq!(status(&owner).await, "operational");
}

async fn lists_and_calendars(server: TestServer) {
    let (owner, api) = world(&server).await;
    let soon = schedule(&owner, window(&api, 60, 120)).await;
    let late = schedule(&owner, window(&api, 6_000, 6_060)).await;
    call(&owner, "update_maintenance", json!({ "id": late, "input": { "status": "cancelled" } })).await;
    let list = async |filter: Value| {
        let page = call(&owner, "list_maintenance", json!({ "filter": filter })).await;
        let ids: Vec<String> =
            page["maintenance"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        (ids, page["upcoming"].as_i64().unwrap(), page["past"].as_i64().unwrap())
    };
    assert_eq!(list(json!({ "state": "upcoming" })).await, (vec![soon.clone()], 1, 1));
    assert_eq!(list(json!({ "state": "past" })).await.0, vec![late.clone()]);
    assert_eq!(list(json!({ "from": later(0), "to": later(1_000) })).await.0, vec![soon.clone()]);
    assert_eq!(list(json!({ "from": later(0), "to": later(10_000) })).await.0, [soon, late]);
    assert!(list(json!({ "words": "nothing like it" })).await.0.is_empty());
}
