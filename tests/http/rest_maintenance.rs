//! Maintenance by `/api/v1`: scheduled, moved, carried out, and again and again.

use crate::support::{Bearer, Browser, TestServer, both_engines, problem_fields};
use candor::server::{clock, maintenance::scheduler};
use serde_json::{Value, json};

both_engines!(
    a_program_runs_a_maintenance_to_its_end,
    what_is_over_stays_as_it_was,
    wrong_bodies_are_told_by_field,
    a_series_comes_again_and_ends,
    lists_are_filtered_and_come_in_pages,
    nobody_writes_over_what_they_have_not_seen,
    a_token_does_what_its_role_may,
);

async fn world(server: &TestServer) -> (Browser, String, Bearer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let program = Bearer::of(server, &owner, "northwind", "service_manager").await;
    (owner, api, program)
}

/// So many minutes from now, as programs write it.
fn later(minutes: i64) -> String {
    let at = clock::now().plus_seconds(60 * minutes);
    serde_json::to_value(at).unwrap().as_str().unwrap().to_owned()
}

fn window(api: &str, from: i64, to: i64) -> Value {
    let (starts_at, ends_at) = (later(from), later(to));
    json!({ "title": "Upgrade", "body": "*Reads*.", "services": [api], "starts_at": starts_at, "ends_at": ends_at })
}

async fn status(browser: &Browser) -> String {
    browser.services("northwind").await["services"][0]["status"].as_str().unwrap().to_owned()
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn a_program_runs_a_maintenance_to_its_end(server: TestServer) {
    let (owner, api, program) = world(&server).await;
    let made = program.post("/maintenance", window(&api, 60, 120)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let maintenance = made.json();
    let id = maintenance["id"].as_str().unwrap();
    assert_eq!(made.location(), format!("/api/v1/organizations/northwind/maintenance/{id}"));
    assert_eq!(
        (&maintenance["status"], &maintenance["automatic"], &maintenance["rule"], &maintenance["series_id"]),
        (&json!("scheduled"), &json!(true), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&maintenance["services"][0]["service_id"], &maintenance["services"][0]["name"]),
        (&json!(api), &json!("API"))
    );
    let update = &maintenance["updates"][0];
    assert_eq!((&update["body"], &update["by"]), (&json!("*Reads*."), &json!("for service_manager (token)")));
    assert!(update["body_html"].as_str().unwrap().contains("<em>Reads</em>"), "{update}");
    assert!(maintenance["page"].as_str().unwrap().ends_with(&format!("/status/northwind/maintenance/{id}")));
    assert!(server.browser().get("/status/northwind").await.text().contains("Upgrade"));

    let path = format!("/maintenance/{id}");
    let starts_at = later(90);
    let moved = program.patch(&path, json!({ "starts_at": starts_at, "body": "Half an hour later." })).await.right();
    assert_eq!((&moved["starts_at"], &moved["ends_at"]), (&json!(starts_at), &maintenance["ends_at"]));
    assert_eq!(
        (&moved["title"], &moved["services"], &moved["automatic"]),
        (&maintenance["title"], &maintenance["services"], &json!(true))
    );
    assert_eq!(moved["updates"].as_array().unwrap().len(), 2);
    let read = owner.rpc("read_maintenance", json!({ "organization": "northwind", "id": id })).await.right();
    assert_eq!(read["maintenance"]["starts_at"], starts_at);

    let updates = format!("{path}/updates");
    let started = program.post(&updates, json!({ "status": "in_progress" })).await.right();
    assert_eq!((&started["status"], started["started_at"].is_string()), (&json!("in_progress"), true));
    assert_eq!(status(&owner).await, "under_maintenance");
    let ends_at = later(240);
    let longer = program.post(&updates, json!({ "ends_at": ends_at, "body": "It takes longer." })).await.right();
    assert_eq!(longer["ends_at"], ends_at);
    // What has begun keeps its beginning.
    let kept = program.patch(&path, json!({ "starts_at": later(10), "title": "Great upgrade" })).await.right();
    assert_eq!((&kept["starts_at"], &kept["title"]), (&json!(starts_at), &json!("Great upgrade")));
    assert_eq!(program.post(&updates, json!({ "status": "cancelled" })).await.status, 409);
    program.post(&updates, json!({ "status": "verifying" })).await.right();
    let done = program.post(&updates, json!({ "status": "completed", "body": "Done." })).await.right();
    assert_eq!((&done["status"], done["completed_at"].is_string()), (&json!("completed"), true));
    assert_eq!(status(&owner).await, "operational");

    for line in owner.audit("northwind", "", "maintenance").await {
        assert_eq!((&line["door"], &line["actor"]), (&json!("rest"), &json!("for service_manager (token)")), "{line}");
    }
    assert_eq!(program.delete(&path).await.status, 204);
    assert_eq!(program.get(&path).await.status, 404);
}

async fn what_is_over_stays_as_it_was(server: TestServer) {
    let (owner, api, program) = world(&server).await;
    let mut by_hand = window(&api, 60, 120);
    by_hand["automatic"] = json!(false);
    let id = program.make("/maintenance", by_hand).await;
    let path = format!("/maintenance/{id}");
    scheduler::run_all_due(&server.app, clock::now().plus_seconds(90 * 60)).await.unwrap();
    assert_eq!(program.get(&path).await.right()["status"], "scheduled", "it waits for somebody");
    let automatic = program.patch(&path, json!({ "automatic": true })).await.right();
    assert_eq!(automatic["automatic"], true);
    program.post(&format!("{path}/updates"), json!({ "status": "cancelled", "body": "Not needed." })).await.right();
    assert_eq!(program.patch(&path, json!({ "title": "Another" })).await.status, 409);
    assert_eq!(program.post(&format!("{path}/updates"), json!({ "status": "in_progress" })).await.status, 409);
    assert_eq!(status(&owner).await, "operational");
    // A window that has begun begins at once.
    let now = program.post("/maintenance", window(&api, -10, 60)).await.json();
    assert_eq!((now["status"].as_str(), status(&owner).await.as_str()), (Some("in_progress"), "under_maintenance"));
}

async fn wrong_bodies_are_told_by_field(server: TestServer) {
    let (_, api, program) = world(&server).await;
    let with = |field: &str, value: Value| {
        let mut body = window(&api, 60, 120);
        body[field] = value;
        body
    };
    for (body, fields) in [
        (json!({}), vec!["title"]),
        (with("title", json!("")), vec!["title"]),
        (with("services", json!([])), vec!["services"]),
        (with("services", json!(["aaaaaaaaaaaa"])), vec!["services"]),
        (with("starts_at", json!("2030-11-21T22:00")), vec!["starts_at"]),
        (with("ends_at", json!(later(30))), vec!["ends_at"]),
        (with("ends_at", json!(later(60 * 24 * 40))), vec!["ends_at"]),
        (with("repeat", json!("FREQ=SECONDLY")), vec!["repeat"]),
        (with("by_hand", json!(true)), vec!["by_hand"]),
    ] {
        assert_eq!(problem_fields(&program.post("/maintenance", body.clone()).await), fields, "{body}");
    }
    let past = json!({ "title": "x", "services": [api], "starts_at": later(-60), "ends_at": later(-30) });
    assert_eq!(problem_fields(&program.post("/maintenance", past).await), ["ends_at"]);
    let id = program.make("/maintenance", window(&api, 60, 120)).await;
    for (body, fields) in [
        (json!({}), vec!["body"]),
        (json!({ "status": "done" }), vec!["status"]),
        (json!({ "ends_at": later(-5) }), vec!["ends_at"]),
    ] {
        let answer = program.post(&format!("/maintenance/{id}/updates"), body.clone()).await;
        assert_eq!(problem_fields(&answer), fields, "{body}");
    }
    assert_eq!(problem_fields(&program.get("/maintenance?state=soon").await), ["state"]);
    assert_eq!(problem_fields(&program.get("/maintenance/calendar?month=november").await), ["month"]);
    assert_eq!(program.get("/maintenance/aaaaaaaaaaaa").await.status, 404);
}

async fn a_series_comes_again_and_ends(server: TestServer) {
    let (owner, api, program) = world(&server).await;
    let mut weekly = window(&api, 60, 120);
    weekly["repeat"] = json!("weekly");
    let id = program.make("/maintenance", weekly).await;
    let path = format!("/maintenance/{id}");
    let first = program.get(&path).await.right();
    assert_eq!((&first["rule"], first["series_id"].is_string()), (&json!("FREQ=WEEKLY"), true));
    assert_eq!(ids(&program.get("/maintenance?state=upcoming").await.right()).len(), 14, "for 92 days ahead");
    let month = program.get("/maintenance/calendar").await.right();
    assert!(month["weeks"].to_string().contains(&id), "{month}");
    let ended = program.ask("POST", &format!("{path}/end-series"), None, &[]).await.right();
    assert_eq!((&ended["id"], &ended["rule"]), (&json!(id), &Value::Null));
    assert_eq!(ids(&program.get("/maintenance").await.right()), [id]);
    assert_eq!(owner.audit("northwind", "", "maintenance").await[0]["action"], "maintenance.series_ended");
    let once = program.make("/maintenance", window(&api, 500, 560)).await;
    assert_eq!(program.ask("POST", &format!("/maintenance/{once}/end-series"), None, &[]).await.status, 404);
}

async fn lists_are_filtered_and_come_in_pages(server: TestServer) {
    let (owner, api, program) = world(&server).await;
    let mail = owner.create_service("northwind", "Mail", "").await;
    let mut made = Vec::new();
    for number in 1..=5 {
        let service = if number == 5 { &mail } else { &api };
        let mut new = window(service, 100 * number, 100 * number + 30);
        new["title"] = json!(format!("Number {number}"));
        made.push(program.make("/maintenance", new).await);
    }
    let all = async |query: &str| {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = program.get(&format!("/maintenance?limit=2{query}{after}")).await.right();
            found.extend(ids(&page));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    };
    assert_eq!(all("").await, made);
    assert_eq!(all("&state=upcoming").await, made);
    for id in &made[..3] {
        program.post(&format!("/maintenance/{id}/updates"), json!({ "status": "cancelled" })).await.right();
    }
    assert_eq!(all("&state=upcoming").await, made[3..]);
    assert_eq!(all("&state=past").await, [made[2].clone(), made[1].clone(), made[0].clone()], "latest first");
    assert_eq!(all(&format!("&service={mail}")).await, made[4..]);
    assert_eq!(all("&words=number%202").await, made[1..2]);
    assert_eq!(all(&format!("&from={}&to={}", later(150), later(350))).await, made[1..3]);
}

async fn nobody_writes_over_what_they_have_not_seen(server: TestServer) {
    let (_, api, program) = world(&server).await;
    let id = program.make("/maintenance", window(&api, 60, 120)).await;
    let path = format!("/maintenance/{id}");
    let seen = program.get(&path).await;
    let (tag, revision) = (seen.header("etag").to_owned(), seen.json()["revision"].clone());
    program.post(&format!("{path}/updates"), json!({ "body": "News", "revision": revision })).await.right();
    let title = json!({ "title": "Lost" });
    assert_eq!(program.ask("PATCH", &path, Some(&title), &[("if-match", &tag)]).await.status, 412);
    assert_eq!(program.ask("DELETE", &path, None, &[("if-match", &tag)]).await.status, 412);
    let stale = json!({ "body": "Lost", "revision": revision });
    assert_eq!(program.post(&format!("{path}/updates"), stale).await.status, 409);
    let seen = program.get(&path).await;
    assert_eq!((&seen.json()["title"], seen.json()["updates"].as_array().unwrap().len()), (&json!("Upgrade"), 2));
    let tag = seen.header("etag").to_owned();
    let changed = program.ask("PATCH", &path, Some(&json!({ "title": "Seen" })), &[("if-match", &tag)]).await;
    assert_eq!(changed.right()["title"], "Seen");
    let tag = changed.header("etag").to_owned();
    assert_eq!(program.ask("DELETE", &path, None, &[("if-match", &tag)]).await.status, 204);
}

async fn a_token_does_what_its_role_may(server: TestServer) {
    let (owner, api, program) = world(&server).await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let reporter = Bearer::of(&server, &owner, "northwind", "status_reporter").await;
    assert_eq!(viewer.post("/maintenance", window(&api, 60, 120)).await.status, 403);
    let id = reporter.make("/maintenance", window(&api, 60, 120)).await;
    let path = format!("/maintenance/{id}");
    assert_eq!(viewer.get(&path).await.status, 200);
    assert_eq!(viewer.post(&format!("{path}/updates"), json!({ "body": "x" })).await.status, 403);
    reporter.post(&format!("{path}/updates"), json!({ "body": "x" })).await.right();
    assert_eq!(reporter.delete(&path).await.status, 403);
    assert_eq!(program.delete(&path).await.status, 204);
}
