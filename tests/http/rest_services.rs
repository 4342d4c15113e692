//! Services, groups, history, uptime, audit and tokens by `/api/v1`.

use crate::support::{Bearer, TestServer, both_engines, eventually, problem_fields};
use serde_json::{Value, json};

both_engines!(
    a_service_lives_by_the_api,
    a_change_leaves_what_it_does_not_name,
    a_status_hides_no_incident,
    services_have_an_order,
    groups_live_by_the_api,
    a_role_does_what_it_may,
    of_two_editors_one_is_told,
    of_two_changes_at_once_one_wins,
    history_comes_in_pages,
    uptime_has_numerator_and_denominator,
    the_audit_log_comes_in_pages_and_as_a_table,
    tokens_are_made_listed_and_revoked,
);

async fn a_service_lives_by_the_api(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    let group = admin.make("/groups", json!({ "name": "Shop" })).await;
    let id = admin.make("/services", json!({ "name": "Checkout", "description": "Carts", "group_id": group })).await;
    let path = format!("/services/{id}");
    let service = admin.get(&path).await.right();
    assert_eq!(
        (&service["name"], &service["description"], &service["group_id"], &service["status"], &service["held_by"]),
        (&json!("Checkout"), &json!("Carts"), &json!(group), &json!("operational"), &json!([]))
    );
    assert_eq!(
        problem_fields(&admin.post("/services", json!({ "name": "Checkout", "group_id": group })).await),
        ["name"]
    );
    let list = admin.get("/services").await.right();
    assert_eq!(
        (&list["groups"][0]["id"], &list["services"][0]["id"], &list["teams"]),
        (&json!(group), &json!(id), &json!([]))
    );

    let deleted = admin.delete(&path).await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    assert_eq!(admin.get(&path).await.status, 404);
    let restored = admin.post(&format!("{path}/restore"), json!({})).await.right();
    assert_eq!(restored["name"], "Checkout");
    assert_eq!(admin.post(&format!("{path}/restore"), json!({})).await.status, 404);
    let actions: Vec<Value> = owner.audit("northwind", "", "service").await;
    let actions: Vec<_> =
        actions.iter().map(|line| (line["action"].as_str().unwrap(), line["door"].as_str())).collect();
    let rest = Some("rest");
    assert_eq!(actions, [("service.restored", rest), ("service.deleted", rest), ("service.created", rest)]);
}

async fn a_change_leaves_what_it_does_not_name(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    let (group, team) = (owner.create_group("northwind", "Shop").await, owner.create_team("northwind", "Core").await);
    let new = json!({ "name": "API", "description": "Old", "group_id": group, "team_id": team });
    let path = format!("/services/{}", admin.make("/services", new).await);
    let named = |service: &Value| {
        json!([service["name"], service["description"], service["group_id"], service["team_id"], service["status"]])
    };
    for (change, expected) in [
        (json!({}), json!(["API", "Old", group, team, "operational"])),
        (json!({ "description": "New" }), json!(["API", "New", group, team, "operational"])),
        (json!({ "status": "partial_outage" }), json!(["API", "New", group, team, "partial_outage"])),
        (json!({ "team_id": null }), json!(["API", "New", group, null, "partial_outage"])),
        (json!({ "name": "Web", "group_id": null }), json!(["Web", "New", null, null, "partial_outage"])),
    ] {
        let changed = admin.patch(&path, change.clone()).await.right();
        assert_eq!(named(&changed), expected, "{change}");
        assert_eq!(named(&admin.get(&path).await.right()), expected, "{change}");
    }
    // One change: what is refused changes nothing.
    let wrong = json!({ "name": "", "status": "operational" });
    assert_eq!(problem_fields(&admin.patch(&path, wrong).await), ["name"]);
    assert_eq!(admin.get(&path).await.right()["status"], "partial_outage");
    let version = server.number("select cast(version as text) from organizations").await;
    admin.patch(&path, json!({ "name": "Shop", "status": "operational" })).await.right();
    assert_eq!(server.number("select cast(version as text) from organizations").await, version + 1, "one change");
}

async fn a_status_hides_no_incident(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "status_reporter").await;
    let (api, web) =
        (owner.create_service("northwind", "API", "").await, owner.create_service("northwind", "Web", "").await);
    let input = json!({ "title": "Down", "services": [{ "service_id": api, "status": "major_outage" }] });
    owner.rpc("report_incident", json!({ "organization": "northwind", "input": input })).await.right();
    let set = program.patch(&format!("/services/{api}"), json!({ "status": "operational" })).await.right();
    assert_eq!((&set["own_status"], &set["status"]), (&json!("operational"), &json!("major_outage")));
    assert_eq!((&set["held_by"][0]["title"], &set["held_by"][0]["status"]), (&json!("Down"), &json!("major_outage")));

    let both = json!({ "ids": [api, web], "status": "degraded_performance" });
    let held = program.post("/services/status", both).await.right();
    assert_eq!((&held["held_by"][0]["service_id"], held["held_by"].as_array().unwrap().len()), (&json!(api), 1));
    assert_eq!(program.get(&format!("/services/{web}")).await.right()["status"], "degraded_performance");
    let history = program.get(&format!("/services/{web}/history")).await.right();
    assert_eq!(
        (&history["data"][0]["cause"], &history["data"][0]["by"]),
        (&json!("api"), &json!("for status_reporter (token)"))
    );
    // All or none.
    let wrong = json!({ "ids": [web, "aaaaaaaaaaaa"], "status": "major_outage" });
    assert_eq!(program.post("/services/status", wrong).await.status, 404);
    assert_eq!(program.get(&format!("/services/{web}")).await.right()["status"], "degraded_performance");
    assert_eq!(
        problem_fields(&program.post("/services/status", json!({ "ids": [], "status": "operational" })).await),
        ["ids"]
    );
    assert_eq!(
        problem_fields(&program.post("/services/status", json!({ "ids": ["x"], "status": "operational" })).await),
        ["ids[0]"]
    );
}

async fn services_have_an_order(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "service_manager").await;
    let group = owner.create_group("northwind", "Shop").await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(owner.create_service("northwind", name, "").await);
    }
    let names = |list: &Value| {
        let mut services = list["services"].as_array().unwrap().clone();
        services.sort_by_key(|service| service["position"].as_i64());
        services.iter().map(|service| service["name"].as_str().unwrap().to_owned()).collect::<String>()
    };
    let moved = program.put("/services/order", json!({ "id": ids[2], "before": ids[0] })).await.right();
    assert_eq!(names(&moved), "CAB");
    let moved = program.put("/services/order", json!({ "id": ids[0] })).await.right();
    assert_eq!(names(&moved), "CBA");
    program.put("/services/order", json!({ "id": ids[1], "group_id": group })).await.right();
    assert_eq!(program.get(&format!("/services/{}", ids[1])).await.right()["group_id"], json!(group));
    assert_eq!(program.put("/services/order", json!({ "id": "aaaaaaaaaaaa" })).await.status, 404);
    assert_eq!(program.put("/services/order", json!({ "id": "x" })).await.status, 404);
    assert_eq!(program.put("/services/order", json!({ "id": group, "group_id": group })).await.status, 409);
}

async fn groups_live_by_the_api(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "service_manager").await;
    let id = program.make("/groups", json!({ "name": "Shop" })).await;
    let path = format!("/groups/{id}");
    assert_eq!(program.get("/groups").await.right()["data"][0]["name"], "Shop");
    let changed = program.patch(&path, json!({ "description": "All of it" })).await.right();
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Shop"), &json!("All of it")));
    assert_eq!(problem_fields(&program.patch(&path, json!({ "name": "" })).await), ["name"]);
    assert_eq!(program.delete(&path).await.status, 204);
    for answer in [program.get(&path).await, program.patch(&path, json!({})).await, program.delete(&path).await] {
        assert_eq!(answer.status, 404);
    }
}

async fn a_role_does_what_it_may(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = owner.create_service("northwind", "API", "").await;
    let path = format!("/services/{id}");
    let status = json!({ "status": "major_outage" });
    let text = json!({ "description": "New" });
    for (role, expected) in [
        ("viewer", [403, 403, 403, 403, 403]),
        ("status_reporter", [200, 403, 403, 403, 403]),
        ("service_manager", [200, 200, 201, 403, 403]),
        ("admin", [200, 200, 201, 200, 200]),
    ] {
        let program = Bearer::of(&server, &owner, "northwind", role).await;
        let done = [
            program.patch(&path, status.clone()).await.status,
            program.patch(&path, text.clone()).await.status,
            program.post("/services", json!({ "name": format!("By {role}") })).await.status,
            program.get("/tokens").await.status,
            program.get("/audit").await.status,
        ];
        assert_eq!(done, expected, "{role}");
        assert_eq!(program.get(&path).await.status, 200);
        assert_eq!(program.delete(&path).await.status, if role == "admin" { 204 } else { 403 }, "{role}");
    }
}

async fn of_two_editors_one_is_told(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    let path = format!("/services/{}", program.make("/services", json!({ "name": "API" })).await);
    let seen = program.get(&path).await.header("etag").to_owned();
    let tagged = [("if-match", seen.as_str())];
    let first = program.ask("PATCH", &path, Some(&json!({ "description": "Mine" })), &tagged).await;
    assert_eq!(first.status, 200, "{}", first.text());
    for (method, body) in [("PATCH", Some(json!({ "description": "Yours" }))), ("DELETE", None)] {
        let second = program.ask(method, &path, body.as_ref(), &tagged).await;
        assert_eq!(
            (second.status, second.header("content-type")),
            (412, "application/problem+json"),
            "{}",
            second.text()
        );
    }
    assert_eq!(program.get(&path).await.right()["description"], "Mine");
    // What was answered is what is there now.
    let now = [("if-match", first.header("etag"))];
    assert_eq!(program.ask("PATCH", &path, Some(&json!({ "description": "Yours" })), &now).await.status, 200);
    let any = [("if-match", "*")];
    assert_eq!(program.ask("DELETE", &path, None, &any).await.status, 204);
    assert_eq!(program.ask("DELETE", &path, None, &any).await.status, 404);
    let group = format!("/groups/{}", program.make("/groups", json!({ "name": "Shop" })).await);
    assert_eq!(
        program.ask("PATCH", &group, Some(&json!({ "name": "X" })), &[("if-match", "\"old\"")]).await.status,
        412
    );
}

async fn of_two_changes_at_once_one_wins(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    let path = format!("/services/{}", program.make("/services", json!({ "name": "API" })).await);
    for round in 0..5 {
        let seen = program.get(&path).await.header("etag").to_owned();
        let change = |who: &'static str| {
            let (program, path, seen) = (program.clone(), path.clone(), seen.clone());
            async move {
                let body = json!({ "description": format!("{who} {round}") });
                (program.ask("PATCH", &path, Some(&body), &[("if-match", &seen)]).await.status, body)
            }
        };
        let (a, b) = futures_util::join!(change("a"), change("b"));
        let won: Vec<_> = [&a, &b].into_iter().filter(|(status, _)| *status == 200).collect();
        assert_eq!((won.len(), a.0 + b.0), (1, 200 + 412), "round {round}");
        assert_eq!(program.get(&path).await.right()["description"], won[0].1["description"]);
    }
}

async fn history_comes_in_pages(server: TestServer) {
    let owner = server.owner("northwind").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let id = owner.create_service("northwind", "API", "").await;
    for status in ["major_outage", "operational", "partial_outage", "operational", "degraded_performance"] {
        owner.set_status("northwind", &[&id], status).await;
    }
    let path = format!("/services/{id}/history");
    let whole = viewer.get(&path).await.right();
    assert_eq!((whole["data"].as_array().unwrap().len(), &whole["next"]), (6, &Value::Null));
    assert_eq!((&whole["data"][0]["status"], &whole["data"][0]["to"]), (&json!("degraded_performance"), &Value::Null));
    let (mut paged, mut after) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = viewer.get(&format!("{path}?limit=2{after}")).await.right();
        paged.extend(page["data"].as_array().unwrap().clone());
        after = page["next"].as_str().map(|next| format!("&after={next}")).unwrap_or_default();
    }
    assert_eq!((json!(paged), after.as_str()), (whole["data"].clone(), ""));
    for pair in paged.windows(2) {
        assert_eq!(pair[0]["from"], pair[1]["to"], "without a hole");
    }
    let middle = paged[2]["from"].as_str().unwrap();
    let since = viewer.get(&format!("{path}?from={middle}")).await.right();
    assert_eq!(since["data"].as_array().unwrap().len(), 3, "what reaches past it");
    let until = viewer.get(&format!("{path}?to={middle}")).await.right();
    assert_eq!(until["data"].as_array().unwrap().len(), 3, "what began before it");
    assert_eq!(problem_fields(&viewer.get(&format!("{path}?after=abc")).await), ["after"]);
    assert_eq!(viewer.get("/services/aaaaaaaaaaaa/history").await.status, 404);
}

async fn uptime_has_numerator_and_denominator(server: TestServer) {
    let owner = server.owner("northwind").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let id = owner.create_service("northwind", "API", "").await;
    owner.set_status("northwind", &[&id], "major_outage").await;
    let figures = eventually("some time that is down", || async {
        let read = viewer.get(&format!("/services/{id}/uptime")).await.right();
        (read["down_seconds"].as_f64().unwrap() > 0.0).then_some(read)
    })
    .await;
    let number = |name: &str| figures[name].as_f64().unwrap();
    assert_eq!(number("down_seconds"), number("major_outage_seconds"));
    assert!(number("observed_seconds") >= number("down_seconds") && number("uptime") < 1.0, "{figures}");
    let uptime = 1.0 - number("down_seconds") / number("observed_seconds");
    assert!((number("uptime") - uptime).abs() < 1e-9);
    let all = viewer.get("/uptime").await.right();
    assert_eq!(all["services"][0]["id"], json!(id));
    assert!(all["total"]["observed_seconds"].as_f64().unwrap() >= number("observed_seconds"));

    let before = viewer.get("/uptime?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z").await.right();
    assert_eq!((&before["total"]["uptime"], &before["total"]["observed_seconds"]), (&Value::Null, &json!(0.0)));
    for wrong in ["?from=2020-02-01T00:00:00Z&to=2020-01-01T00:00:00Z", "?from=2999-01-01T00:00:00Z"] {
        assert_eq!(problem_fields(&viewer.get(&format!("/uptime{wrong}")).await), ["from"], "{wrong}");
    }
    assert_eq!(viewer.get("/services/aaaaaaaaaaaa/uptime").await.status, 404);
}

async fn the_audit_log_comes_in_pages_and_as_a_table(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    for number in 0..7 {
        owner.create_service("northwind", &format!("Service {number}"), "").await;
    }
    let whole = admin.get("/audit?noun=service").await.right();
    assert_eq!((whole["data"].as_array().unwrap().len(), &whole["next"]), (7, &Value::Null));
    let (mut paged, mut after) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = admin.get(&format!("/audit?noun=service&limit=3{after}")).await.right();
        paged.extend(page["data"].as_array().unwrap().clone());
        after = page["next"].as_str().map(|next| format!("&after={next}")).unwrap_or_default();
    }
    assert_eq!((json!(paged), after.as_str()), (whole["data"].clone(), ""));
    assert_eq!(admin.get("/audit?words=service%204").await.right()["data"].as_array().unwrap().len(), 1);
    let table = admin.get("/audit.csv?noun=service").await;
    assert_eq!((table.status, table.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(table.text().lines().count(), 8);
}

async fn tokens_are_made_listed_and_revoked(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::personal(&server, &owner, "northwind", "admin").await;
    let made = admin.post("/tokens", json!({ "name": "Deploys", "role": "viewer", "expires_in_days": 90 })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let known = admin.get(made.location()).await.right();
    assert_eq!((&known["name"], &known["ending"]), (&json!("Deploys"), &json!(token[64..])));
    assert!(known["expires_at"].is_string());
    let listed = admin.get("/tokens").await;
    assert_eq!(listed.right()["data"].as_array().unwrap().len(), 1);
    assert!(!listed.text().contains(&token));
    let program = Bearer::new(&server, "northwind", &token);
    assert_eq!(program.get("/services").await.status, 200);

    let beyond = json!({ "name": "King", "role": "owner" });
    assert_eq!(problem_fields(&admin.post("/tokens", beyond).await), ["role"], "no more than whoever makes it");
    let wrong = json!({ "name": "", "role": "viewer", "expires_in_days": 7 });
    assert_eq!(problem_fields(&admin.post("/tokens", wrong).await), ["name", "expires_in_days"]);

    assert_eq!(admin.delete(made.location()).await.status, 204);
    assert_eq!(program.get("/services").await.status, 401);
    assert_eq!(admin.delete(made.location()).await.status, 404);
}
