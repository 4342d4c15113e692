//! Incidents and templates by `/api/v1`: what a program does, the dashboard and the status page show.

use crate::support::{Bearer, Browser, TestServer, both_engines, problem_fields};
use candor::{domain::time::Time, server::clock};
use serde_json::{Value, json};

both_engines!(
    a_program_runs_an_incident_to_its_end,
    what_is_reported_afterwards_rewrites_the_past,
    wrong_bodies_are_told_by_field,
    lists_are_filtered_and_come_in_pages,
    nobody_writes_over_what_they_have_not_seen,
    updates_are_changed_in_part_and_taken_back,
    incidents_belong_together_or_not,
    a_token_does_what_its_role_may,
    templates_come_and_go,
);

struct World {
    owner: Browser,
    api: String,
    mail: String,
    program: Bearer,
}

async fn world(server: &TestServer) -> World {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mail = owner.create_service("northwind", "Mail", "").await;
    // They have been watched for thirty days.
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - 2592000000000")).await;
    }
    let program = Bearer::of(server, &owner, "northwind", "service_manager").await;
    World { owner, api, mail, program }
}

fn said(service: &str, status: &str) -> Value {
    json!([{ "service_id": service, "status": status }])
}

/// A moment as programs write it.
fn ago(minutes: i64) -> String {
    before(clock::now(), minutes)
}

fn before(at: Time, minutes: i64) -> String {
    serde_json::to_value(at.plus_seconds(-60 * minutes)).unwrap().as_str().unwrap().to_owned()
}

async fn status(browser: &Browser, service: &str) -> String {
    let list = browser.services("northwind").await;
    let found = list["services"].as_array().unwrap().iter().find(|one| one["id"] == service).unwrap();
    found["status"].as_str().unwrap().to_owned()
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

async fn a_program_runs_an_incident_to_its_end(server: TestServer) {
    let World { owner, api, mail, program } = world(&server).await;
    let new =
        json!({ "title": "Payments fail", "body": "We *look* into it.", "services": said(&api, "partial_outage") });
    let made = program.post("/incidents", new).await;
    assert_eq!((made.status, made.header("cache-control")), (201, "no-store"), "{}", made.text());
    let incident = made.json();
    let id = incident["id"].as_str().unwrap();
    assert_eq!(made.location(), format!("/api/v1/organizations/northwind/incidents/{id}"));
    assert_eq!(
        (&incident["title"], &incident["status"], &incident["impact"], &incident["resolved_at"]),
        (&json!("Payments fail"), &json!("investigating"), &json!("major"), &Value::Null)
    );
    assert_eq!(incident["services"][0]["service_id"], api);
    assert_eq!(
        (&incident["services"][0]["name"], &incident["services"][0]["status"]),
        (&json!("API"), &json!("partial_outage"))
    );
    let update = &incident["updates"][0];
    assert_eq!((&update["body"], &update["by"]), (&json!("We *look* into it."), &json!("for service_manager (token)")));
    assert!(update["body_html"].as_str().unwrap().contains("<em>look</em>"), "{update}");
    assert_eq!(update["services"], json!([{ "service_id": api, "name": "API", "status": "partial_outage" }]));
    assert!(incident["page"].as_str().unwrap().ends_with(&format!("/status/northwind/incidents/{id}")));
    assert_eq!(program.get(made.location()).await.right(), incident);

    // The dashboard and the status page show it.
    assert_eq!(status(&owner, &api).await, "partial_outage");
    let read = owner.rpc("read_incident", json!({ "organization": "northwind", "id": id })).await.right();
    assert_eq!(read["incident"]["title"], "Payments fail");
    assert!(server.browser().get("/status/northwind").await.text().contains("Payments fail"));

    let path = format!("/incidents/{id}");
    let more = [said(&api, "major_outage"), said(&mail, "degraded_performance")].map(|one| one[0].clone());
    let update = json!({ "status": "identified", "body": "A switch died.", "services": more });
    let identified = program.post(&format!("{path}/updates"), update).await.right();
    assert_eq!((&identified["status"], &identified["impact"]), (&json!("identified"), &json!("critical")));
    assert_eq!(identified["services"].as_array().unwrap().len(), 2);
    let free = json!({ "services": [{ "service_id": mail, "status": null }] });
    let freed = program.post(&format!("{path}/updates"), free).await.right();
    assert_eq!((freed["services"].as_array().unwrap().len(), status(&owner, &mail).await.as_str()), (1, "operational"));

    let resolved = program.post(&format!("{path}/resolve"), json!({ "body": "The switch is new." })).await.right();
    assert_eq!((&resolved["status"], resolved["resolved_at"].is_string()), (&json!("resolved"), true));
    assert_eq!(status(&owner, &api).await, "operational");
    // It goes on where it was.
    let again = json!({ "status": "investigating", "body": "It is back." });
    let reopened = program.post(&format!("{path}/updates"), again).await.right();
    assert_eq!((&reopened["resolved_at"], status(&owner, &api).await.as_str()), (&Value::Null, "major_outage"));
    let postmortem = json!({ "body": "A switch **died**.", "published": true });
    assert_eq!(program.put(&format!("{path}/postmortem"), postmortem.clone()).await.status, 409, "it goes on");
    program.post(&format!("{path}/resolve"), json!({})).await.right();
    assert_eq!(problem_fields(&program.post(&format!("{path}/resolve"), json!({})).await), ["body"]);

    let draft = program.put(&format!("{path}/postmortem"), json!({ "body": "A draft." })).await.right();
    assert_eq!(
        (&draft["postmortem"]["body"], &draft["postmortem"]["published_at"]),
        (&json!("A draft."), &Value::Null)
    );
    let public = format!("/status/northwind/incidents/{id}");
    assert!(!server.browser().get(&public).await.text().contains("A draft."));
    let told = program.put(&format!("{path}/postmortem"), postmortem).await.right();
    assert!(told["postmortem"]["published_at"].is_string(), "{told}");
    assert!(server.browser().get(&public).await.text().contains("<strong>died</strong>"));
    let gone = program.put(&format!("{path}/postmortem"), json!({ "body": "" })).await.right();
    assert_eq!(gone["postmortem"], Value::Null);

    let changed = program.patch(&path, json!({ "title": "Payments failed" })).await.right();
    assert_eq!((&changed["title"], &changed["impact_set"]), (&json!("Payments failed"), &Value::Null));
    let set = program.patch(&path, json!({ "impact": "minor" })).await.right();
    assert_eq!(
        (&set["title"], &set["impact"], &set["impact_set"]),
        (&json!("Payments failed"), &json!("minor"), &json!("minor"))
    );
    let derived = program.patch(&path, json!({ "impact": null })).await.right();
    assert_eq!((&derived["impact"], &derived["impact_set"]), (&json!("critical"), &Value::Null));

    let lines = owner.audit("northwind", "", "incident").await;
    assert!(lines.len() >= 9, "{lines:?}");
    for line in lines {
        assert_eq!((&line["door"], &line["actor"]), (&json!("rest"), &json!("for service_manager (token)")), "{line}");
    }
    assert_eq!(program.delete(&path).await.status, 204);
    assert_eq!(program.get(&path).await.status, 404);
    assert_eq!(server.browser().get(&public).await.status, 404);
}

async fn what_is_reported_afterwards_rewrites_the_past(server: TestServer) {
    let World { owner, api, program, .. } = world(&server).await;
    let (from, to) = (ago(120), ago(60));
    let new = json!({
        "title": "It was slow", "services": said(&api, "degraded_performance"), "started_at": from, "resolved_at": to,
    });
    let incident = program.post("/incidents", new).await.json();
    assert_eq!((&incident["started_at"], &incident["resolved_at"]), (&json!(from), &json!(to)));
    let history = owner.rpc("read_service", json!({ "organization": "northwind", "id": api })).await.right();
    let statuses: Vec<&str> =
        history["history"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["operational", "degraded_performance", "operational"]);
    // The same moment with another offset; the zone of the organization is Vienna.
    let offset =
        json!({ "title": "Old", "started_at": "2020-07-01T14:00:00+02:00", "resolved_at": "2020-07-01T13:00:00Z" });
    let incident = program.post("/incidents", offset).await.json();
    assert_eq!(
        (&incident["started_at"], &incident["resolved_at"]),
        (&json!("2020-07-01T12:00:00.000000Z"), &json!("2020-07-01T13:00:00.000000Z"))
    );
}

async fn wrong_bodies_are_told_by_field(server: TestServer) {
    let World { api, program, .. } = world(&server).await;
    let twice = [said(&api, "major_outage"), said(&api, "major_outage")].map(|one| one[0].clone());
    for (body, fields) in [
        (json!({}), vec!["title"]),
        (json!({ "title": " " }), vec!["title"]),
        (json!({ "title": "x", "colour": "red" }), vec!["colour"]),
        (json!({ "title": "x", "impact": "huge" }), vec!["impact"]),
        (json!({ "title": "x", "status": "panic" }), vec!["status"]),
        (json!({ "title": "x", "services": twice }), vec!["services"]),
        (json!({ "title": "x", "services": said("aaaaaaaaaaaa", "major_outage") }), vec!["services"]),
        (json!({ "title": "x", "services": said(&api, "fine") }), vec!["services[0].status"]),
        (json!({ "title": "x", "services": [{ "service_id": api, "state": "x" }] }), vec!["services[0].state"]),
        // A time of nobody's zone.
        (json!({ "title": "x", "started_at": "2026-01-01T12:00" }), vec!["started_at"]),
        (json!({ "title": "x", "started_at": ago(-60) }), vec!["started_at"]),
        (json!({ "title": "", "started_at": ago(10), "resolved_at": ago(20) }), vec!["title", "resolved_at"]),
    ] {
        let answer = program.post("/incidents", body.clone()).await;
        assert_eq!(problem_fields(&answer), fields, "{body}");
    }
    let id = program.make("/incidents", json!({ "title": "Slow" })).await;
    let updates = format!("/incidents/{id}/updates");
    for (body, fields) in [
        (json!({}), vec!["body"]),
        (json!({ "body": "x", "at": ago(-5) }), vec!["at"]),
        (json!({ "body": "x", "at": "now" }), vec!["at"]),
        (json!({ "body": "x".repeat(25_001) }), vec!["body"]),
    ] {
        assert_eq!(problem_fields(&program.post(&updates, body.clone()).await), fields, "{body}");
    }
    assert_eq!(problem_fields(&program.patch(&format!("/incidents/{id}"), json!({ "title": "" })).await), ["title"]);
    for (path, fields) in [
        ("/incidents?state=open", vec!["state"]),
        ("/incidents?limit=0", vec!["limit"]),
        ("/incidents?limit=201", vec!["limit"]),
        ("/incidents?after=x", vec!["after"]),
        ("/incidents?colour=red", vec!["colour"]),
        ("/incidents?from=yesterday", vec!["from"]),
    ] {
        assert_eq!(problem_fields(&program.get(path).await), fields, "{path}");
    }
    for path in ["/incidents/aaaaaaaaaaaa", "/incidents/no-id", "/incidents/AAAAAAAAAAAA"] {
        let answer = program.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, "application/problem+json"), "{path}");
    }
    let preview = program.post("/preview", json!({ "body": "*x* <script>" })).await.right();
    let html = preview["body_html"].as_str().unwrap();
    assert!(html.contains("<em>x</em>") && !html.contains("<script>"), "{html}");
}

async fn lists_are_filtered_and_come_in_pages(server: TestServer) {
    let World { owner, api, program, .. } = world(&server).await;
    let (now, mut made) = (clock::now(), Vec::new());
    for number in 0..7 {
        let mut new = json!({ "title": format!("Number {number}"), "started_at": before(now, 100 - number) });
        if number % 2 == 0 {
            new["services"] = said(&api, "major_outage");
        }
        if number < 3 {
            new["resolved_at"] = json!(before(now, 50));
        }
        made.push(program.post("/incidents", new).await.json()["id"].as_str().unwrap().to_owned());
    }
    made.reverse();
    // Latest first, three at once; what is reported meanwhile does not move the pages.
    let first = program.get("/incidents?limit=3").await.right();
    assert_eq!(ids(&first), made[..3]);
    program.make("/incidents", json!({ "title": "Newer" })).await;
    let mut found: Vec<String> = ids(&first).into_iter().map(str::to_owned).collect();
    let mut next = first["next"].as_str().map(str::to_owned);
    while let Some(after) = next {
        let page = program.get(&format!("/incidents?limit=3&after={after}")).await.right();
        found.extend(ids(&page).into_iter().map(str::to_owned));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(found, made);
    assert!(program.get("/incidents").await.right()["next"].is_null());

    let count = async |query: String| ids(&program.get(&format!("/incidents?{query}")).await.right()).len();
    assert_eq!(count("state=active".to_owned()).await, 5);
    assert_eq!(count("state=resolved".to_owned()).await, 3);
    assert_eq!(count(format!("service={api}")).await, 4);
    assert_eq!(count(format!("service={api}&state=resolved")).await, 2);
    assert_eq!(count("impact=critical".to_owned()).await, 4);
    assert_eq!(count("words=number%205".to_owned()).await, 1);
    assert_eq!(count(format!("from={}&to={}", before(now, 98), before(now, 96))).await, 2, "the end is not in it");
    assert_eq!(count(format!("from={}&to={}&state=resolved", before(now, 98), before(now, 96))).await, 1);
    let team = owner.create_team("northwind", "Platform").await;
    assert_eq!(count(format!("team={team}")).await, 0);
}

async fn nobody_writes_over_what_they_have_not_seen(server: TestServer) {
    let World { owner, api, program, .. } = world(&server).await;
    let id = program.make("/incidents", json!({ "title": "Slow", "services": said(&api, "major_outage") })).await;
    let path = format!("/incidents/{id}");
    let seen = program.get(&path).await;
    let tag = seen.header("etag").to_owned();
    let revision = seen.json()["revision"].as_i64().unwrap();
    assert_eq!(program.ask("GET", &path, None, &[("if-none-match", &tag)]).await.status, 304);

    // Somebody posts an update by the dashboard.
    let input = json!({ "body": "Found", "status": "identified", "services": [] });
    let posted = owner
        .rpc("post_incident_update", json!({ "organization": "northwind", "id": id, "input": input }))
        .await
        .right();
    let update = posted.as_str().unwrap();
    let by_tag = [("if-match", tag.as_str())];
    let other = program.make("/incidents", json!({ "title": "Other" })).await;
    let title = json!({ "title": "Slower" });
    for (method, path, body) in [
        ("PATCH", path.clone(), Some(&title)),
        ("DELETE", path.clone(), None),
        ("PATCH", format!("{path}/updates/{update}"), Some(&json!({ "body": "Lost" }))),
        ("DELETE", format!("{path}/updates/{update}"), None),
        ("PUT", format!("{path}/postmortem"), Some(&json!({ "body": "Lost" }))),
        ("PUT", format!("{path}/related/{other}"), None),
        ("DELETE", format!("{path}/related/{other}"), None),
    ] {
        let refused = program.ask(method, &path, body, &by_tag).await;
        assert_eq!(
            (refused.status, refused.header("content-type")),
            (412, "application/problem+json"),
            "{method} {path}"
        );
    }
    let stale = json!({ "body": "Lost", "revision": revision });
    assert_eq!(program.post(&format!("{path}/updates"), stale.clone()).await.status, 409);
    assert_eq!(program.post(&format!("{path}/resolve"), stale).await.status, 409);

    let seen = program.get(&path).await;
    assert_eq!((&seen.json()["title"], seen.json()["updates"].as_array().unwrap().len()), (&json!("Slow"), 2));
    let tag = seen.header("etag").to_owned();
    let changed = program.ask("PATCH", &path, Some(&title), &[("if-match", &tag)]).await;
    assert_eq!(changed.right()["title"], "Slower");
    let revision = changed.json()["revision"].as_i64().unwrap();
    let right = json!({ "body": "Seen", "revision": revision });
    program.post(&format!("{path}/updates"), right).await.right();
    // Any version will do.
    assert_eq!(program.ask("DELETE", &path, None, &[("if-match", "*")]).await.status, 204);
    assert_eq!(program.ask("DELETE", &path, None, &[("if-match", "*")]).await.status, 404);
}

async fn updates_are_changed_in_part_and_taken_back(server: TestServer) {
    let World { owner, api, mail, program } = world(&server).await;
    let new =
        json!({ "title": "Slow", "body": "First", "services": said(&api, "major_outage"), "started_at": ago(30) });
    let id = program.make("/incidents", new).await;
    let path = format!("/incidents/{id}");
    let first = program.get(&path).await.right()["updates"][0].clone();
    let update = format!("{path}/updates/{}", first["id"].as_str().unwrap());
    let changed = program.patch(&update, json!({ "body": "First, edited" })).await.right()["updates"][0].clone();
    assert_eq!(changed["body"], "First, edited");
    assert_eq!(
        (&changed["at"], &changed["status"], &changed["services"]),
        (&first["at"], &first["status"], &first["services"])
    );
    assert!(changed["edited_at"].is_string(), "{changed}");
    let at = ago(40);
    let earlier = program.patch(&update, json!({ "at": at, "services": said(&mail, "partial_outage") })).await.right();
    assert_eq!((&earlier["started_at"], &earlier["updates"][0]["body"]), (&json!(at), &json!("First, edited")));
    assert_eq!(
        (status(&owner, &api).await, status(&owner, &mail).await),
        ("operational".into(), "partial_outage".into())
    );
    assert_eq!(program.delete(&update).await.status, 409, "it is the only one");
    program.post(&format!("{path}/updates"), json!({ "body": "Second" })).await.right();
    assert_eq!(program.delete(&update).await.status, 204);
    assert_eq!(program.delete(&update).await.status, 404);
    assert_eq!(program.patch(&update, json!({ "body": "x" })).await.status, 404);
    assert_eq!(status(&owner, &mail).await, "operational");
    let lines = owner.audit("northwind", "", "incident").await;
    assert_eq!(lines[0]["action"], "incident.update_deleted");
    assert!(lines[0]["before"].as_str().unwrap().contains("First, edited"), "{}", lines[0]);
}

async fn incidents_belong_together_or_not(server: TestServer) {
    let World { program, .. } = world(&server).await;
    let one = program.make("/incidents", json!({ "title": "One" })).await;
    let two = program.make("/incidents", json!({ "title": "Two" })).await;
    let link = format!("/incidents/{one}/related/{two}");
    let related = program.ask("PUT", &link, None, &[]).await.right();
    assert_eq!(related["related"], json!([{ "id": two, "title": "Two", "status": "investigating" }]));
    assert_eq!(program.get(&format!("/incidents/{two}")).await.right()["related"][0]["id"], one, "both know");
    assert_eq!(program.ask("PUT", &link, None, &[]).await.status, 200, "once more is the same");
    assert_eq!(program.delete(&link).await.status, 204);
    assert_eq!(program.get(&format!("/incidents/{one}")).await.right()["related"], json!([]));
    let itself = program.ask("PUT", &format!("/incidents/{one}/related/{one}"), None, &[]).await;
    assert_eq!(problem_fields(&itself), ["other"]);
    assert_eq!(program.ask("PUT", &format!("/incidents/{one}/related/aaaaaaaaaaaa"), None, &[]).await.status, 404);
}

async fn a_token_does_what_its_role_may(server: TestServer) {
    let World { owner, api, program, .. } = world(&server).await;
    let (viewer, reporter) = (
        Bearer::of(&server, &owner, "northwind", "viewer").await,
        Bearer::of(&server, &owner, "northwind", "status_reporter").await,
    );
    let new = json!({ "title": "Slow", "services": said(&api, "major_outage") });
    assert_eq!(viewer.post("/incidents", new.clone()).await.status, 403);
    let id = reporter.make("/incidents", new.clone()).await;
    let path = format!("/incidents/{id}");
    assert_eq!(viewer.get(&path).await.status, 200);
    assert_eq!(viewer.post(&format!("{path}/resolve"), json!({ "body": "x" })).await.status, 403);
    assert_eq!(reporter.delete(&path).await.status, 403);
    assert_eq!(reporter.post("/templates", json!({ "name": "Outage" })).await.status, 201);
    assert_eq!(viewer.post("/templates", json!({ "name": "Other" })).await.status, 403);

    // A team's member speaks for the team's services alone.
    let team = owner.create_team("northwind", "Platform").await;
    let mia = server.joined_team(&owner, "northwind", "mia", "viewer", &team, "team_member").await;
    let input = json!({ "name": "Queue", "team_id": team });
    let queue = owner.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let mia = Bearer::personal(&server, &mia, "northwind", "owner").await;
    assert_eq!(mia.post("/incidents", new).await.status, 403);
    assert_eq!(mia.post("/incidents", json!({ "title": "None" })).await.status, 403);
    let own = json!({ "title": "Queue", "services": said(queue.as_str().unwrap(), "major_outage") });
    let own = mia.make("/incidents", own).await;
    mia.post(&format!("/incidents/{own}/resolve"), json!({ "body": "Done" })).await.right();
    assert_eq!(mia.delete(&format!("/incidents/{own}")).await.status, 403);
    let line = owner.audit("northwind", "", "incident").await.remove(0);
    assert_eq!((&line["door"], &line["actor"]), (&json!("rest"), &json!("mia")));
    assert_eq!(program.delete(&format!("/incidents/{own}")).await.status, 204);
}

async fn templates_come_and_go(server: TestServer) {
    let World { owner, program, .. } = world(&server).await;
    let new = json!({ "name": "Outage", "title": "{{service}} is down", "body": "Wait.", "impact": "major" });
    let id = program.make("/templates", new.clone()).await;
    assert_eq!(problem_fields(&program.post("/templates", new).await), ["name"]);
    assert_eq!(
        problem_fields(&program.post("/templates", json!({ "name": "", "body": "x".repeat(25_001) })).await),
        ["name", "body"]
    );
    program.make("/templates", json!({ "name": "Another", "status": "identified" })).await;
    let first = program.get("/templates?limit=1").await.right();
    assert_eq!(first["data"][0]["name"], "Another");
    let rest = program.get(&format!("/templates?limit=1&after={}", first["next"].as_str().unwrap())).await.right();
    assert_eq!((ids(&rest), &rest["next"]), (vec![id.as_str()], &Value::Null));

    let path = format!("/templates/{id}");
    let tag = program.get(&path).await.header("etag").to_owned();
    let changed = program.ask("PATCH", &path, Some(&json!({ "impact": null })), &[("if-match", &tag)]).await.right();
    assert_eq!(
        (&changed["name"], &changed["title"], &changed["impact"]),
        (&json!("Outage"), &json!("{{service}} is down"), &Value::Null)
    );
    assert_eq!(program.ask("DELETE", &path, None, &[("if-match", &tag)]).await.status, 412);
    let listed = owner.rpc("list_templates", json!({ "organization": "northwind" })).await.right();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(program.delete(&path).await.status, 204);
    assert_eq!(program.delete(&path).await.status, 404);
    let line = owner.audit("northwind", "", "template").await.remove(0);
    assert_eq!((&line["action"], &line["door"]), (&json!("template.deleted"), &json!("rest")));
}
