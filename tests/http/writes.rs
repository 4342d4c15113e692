//! One write is bounded: in statements, and in the rows that it reads and writes.

use crate::support::{Answer, Browser, TestServer, both_engines, eventually};
use candor::{
    domain::ids::OrganizationId,
    server::{access::session, clock, db::MAX_STATEMENTS, maintenance::series, organizations::deletion, test_hooks},
};
use serde_json::{Value, json};

both_engines!(
    large_changes_take_few_statements,
    a_large_series_is_made_and_removed_in_steps,
    what_one_change_names_is_bounded,
    the_updates_of_an_incident_are_bounded,
    messages_are_bounded_together,
    lists_leave_out_the_oldest_of_very_long_messages,
    one_change_rewrites_a_bounded_history,
    sweeps_go_on_until_nothing_is_left,
    a_large_organization_is_deleted_in_batches,
);

/// More services than a write may have statements: one for each of them would be too many.
const SERVICES: usize = 300;

async fn try_call(browser: &Browser, function: &str, mut arguments: Value) -> Answer {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await
}

async fn call(browser: &Browser, function: &str, arguments: Value) -> Value {
    try_call(browser, function, arguments).await.right()
}

/// An owner whose organization has many services, and their ids.
async fn many_services(server: &TestServer) -> (Browser, Vec<String>) {
    let owner = server.owner("northwind").await;
    let names: Vec<String> = (0..SERVICES).map(|number| format!("Service {number}")).collect();
    for names in names.chunks(50) {
        call(&owner, "create_services", json!({ "names": names })).await;
    }
    let list = owner.services("northwind").await;
    let ids = list["services"].as_array().unwrap().iter().map(|service| service["id"].as_str().unwrap().to_owned());
    (owner, ids.collect())
}

fn local(minutes: i64) -> String {
    let zone: chrono_tz::Tz = "Europe/Vienna".parse().unwrap();
    clock::now().plus_seconds(minutes * 60).utc().with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string()
}

fn window(services: &[String], from: i64, to: i64, repeat: &str) -> Value {
    json!({
        "title": "Upgrade", "body": "Reads only.", "services": services, "repeat": repeat,
        "starts_at": local(from), "ends_at": local(to),
    })
}

fn said(services: &[String], status: &str) -> Value {
    services.iter().map(|service| json!({ "service_id": service, "status": status })).collect()
}

fn assert_bounded(id: &OrganizationId, what: &str) {
    let statements = test_hooks::largest_write(id);
    assert!((1..=MAX_STATEMENTS).contains(&statements), "{what}: {statements} statements");
}

/// Every kind of change that names many services has few statements, however many services it names.
async fn large_changes_take_few_statements(server: TestServer) {
    let (owner, services) = many_services(&server).await;
    let id = server.organization_id("northwind").await;
    assert_bounded(&id, "create_services");
    let count = services.len().to_string();

    call(&owner, "set_status", json!({ "ids": services, "status": "degraded_performance" })).await;
    assert_bounded(&id, "set_status");
    let open = "select cast(count(*) as text) from status_history where ended_at is null and status = ";
    assert_eq!(server.texts(&format!("{open}'degraded_performance'")).await, [count.as_str()]);

    let input = json!({ "title": "Down", "body": "x", "services": said(&services, "major_outage") });
    let incident = call(&owner, "report_incident", json!({ "input": input })).await;
    assert_bounded(&id, "report_incident");
    assert_eq!(server.texts(&format!("{open}'major_outage'")).await, [count.as_str()]);
    let input = json!({ "body": "y", "services": said(&services, "partial_outage") });
    let update = call(&owner, "post_incident_update", json!({ "id": incident, "input": input })).await;
    assert_bounded(&id, "post_incident_update");
    let input = json!({ "body": "z", "services": said(&services[1..], "partial_outage") });
    call(&owner, "edit_incident_update", json!({ "id": incident, "update": update, "input": input })).await;
    assert_bounded(&id, "edit_incident_update");
    call(&owner, "delete_incident", json!({ "id": incident })).await;
    assert_bounded(&id, "delete_incident");
    assert_eq!(server.texts(&format!("{open}'degraded_performance'")).await, [count.as_str()]);
    call(&owner, "set_status", json!({ "ids": services, "status": "operational" })).await;

    let maintenance = call(&owner, "schedule_maintenance", json!({ "input": window(&services, -1, 60, "") })).await;
    assert_bounded(&id, "schedule_maintenance");
    assert_eq!(server.texts(&format!("{open}'under_maintenance'")).await, [count.as_str()]);
    let input = window(&services[1..], -1, 60, "");
    call(&owner, "edit_maintenance", json!({ "id": maintenance, "input": input })).await;
    assert_bounded(&id, "edit_maintenance");
    call(&owner, "update_maintenance", json!({ "id": maintenance, "input": { "status": "completed" } })).await;
    assert_bounded(&id, "update_maintenance");
    call(&owner, "delete_maintenance", json!({ "id": maintenance })).await;
    assert_bounded(&id, "delete_maintenance");
    assert_eq!(server.texts(&format!("{open}'operational'")).await, [count.as_str()]);

    // No room between any two: all of them get other places.
    server.execute("update services set position = 7").await;
    call(&owner, "move_item", json!({ "item": services[9], "group": null, "before": services[3] })).await;
    assert_bounded(&id, "move_item");
    let group = owner.create_group("northwind", "Group").await;
    server.execute(&format!("update services set group_id = '{group}'")).await;
    call(&owner, "delete_group", json!({ "id": group })).await;
    assert_bounded(&id, "delete_group");
    let places = "select cast(count(distinct position) as text) from services where group_id is null";
    assert_eq!(server.texts(places).await, [count.as_str()], "each has a place of its own");
}

/// The first windows are there with the answer, the others follow in transactions of their own; what was interrupted
/// goes on.
async fn a_large_series_is_made_and_removed_in_steps(server: TestServer) {
    let (owner, services) = many_services(&server).await;
    let organization = server.organization_id("northwind").await;
    let windows = async || server.number("select count(*) from maintenances where status = 'scheduled'").await;
    let version =
        async || server.texts("select cast(version as text) from organizations").await[0].parse::<i64>().unwrap();
    let finished = "select count(*) from maintenance_series where made_until > (select max(starts_at) from maintenances) and removing_except is null";
    let until_finished = async |all: i64| {
        eventually("the series is finished", async || {
            (windows().await == all && server.number(finished).await == 1).then_some(())
        })
        .await;
    };

    let before = version().await;
    let id = call(&owner, "schedule_maintenance", json!({ "input": window(&services, 120, 150, "daily") })).await;
    assert!(windows().await > 10, "some are there at once");
    let all = eventually("all windows are made", async || Some(windows().await).filter(|windows| *windows >= 92)).await;
    until_finished(all).await;
    assert!(version().await >= before + 6, "in several changes");
    assert_bounded(&organization, "a step of the series");
    let rows = server.number("select count(*) from maintenance_services").await;
    assert_eq!(rows, all * i64::try_from(services.len()).unwrap());
    assert_eq!(server.number("select count(*) from maintenance_updates where body = 'Reads only.'").await, all);
    let found =
        call(&owner, "list_maintenance", json!({ "filter": { "state": "upcoming", "words": "reads ONLY" } })).await;
    assert_eq!(found["upcoming"], all, "windows made later are found by their text too");

    // The server stopped after ten windows: another one goes on.
    let tenth = "select cast(starts_at as text) from maintenances order by starts_at limit 1 offset 9";
    let tenth = &server.texts(tenth).await[0];
    server.execute(&format!("delete from maintenances where starts_at > {tenth}")).await;
    server.execute(&format!("update maintenance_series set made_until = {tenth}")).await;
    series::generate_occurrences(&server.app, clock::now()).await.unwrap();
    until_finished(all).await;

    call(&owner, "end_maintenance_series", json!({ "id": id })).await;
    assert_bounded(&organization, "a step of the end of the series");
    until_finished(1).await;
    assert_eq!(
        server.number("select count(*) from maintenance_services").await,
        i64::try_from(services.len()).unwrap()
    );
    assert_eq!(call(&owner, "read_maintenance", json!({ "id": id })).await["maintenance"]["status"], "scheduled");
}

/// More services than one change may name are refused next to the field.
async fn what_one_change_names_is_bounded(server: TestServer) {
    let owner = server.owner("northwind").await;
    let many: Vec<String> = (0..1_001).map(|number| format!("{number:012}")).collect();
    let input = window(&many, 60, 90, "daily");
    let refused = try_call(&owner, "schedule_maintenance", json!({ "input": input })).await;
    assert_eq!(refused.wrong_fields(), ["services"]);
    let input = json!({ "title": "Down", "services": said(&many, "major_outage") });
    assert_eq!(try_call(&owner, "report_incident", json!({ "input": input })).await.wrong_fields(), ["services"]);
}

/// Every change of an incident or a maintenance reads all its updates, so there are not more than 500.
async fn the_updates_of_an_incident_are_bounded(server: TestServer) {
    let owner = server.owner("northwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let services = [service];
    let input = json!({ "title": "Down", "services": said(&services, "major_outage") });
    let incident = call(&owner, "report_incident", json!({ "input": input })).await;
    let maintenance = call(&owner, "schedule_maintenance", json!({ "input": window(&services, 60, 90, "") })).await;
    for (noun, id, status) in [("incident", &incident, "identified"), ("maintenance", &maintenance, "scheduled")] {
        let id = id.as_str().unwrap();
        let fill = format!(
            "insert into {noun}_updates (id, organization_id, {noun}_id, status, body, at, created_at)
             with recursive n(i) as (select 1 union all select i + 1 from n where i < 499)
             select '{}' || cast(10000000000 + n.i as text), o.id, '{id}', '{status}', 'x', o.changed_at, o.changed_at from n, organizations o",
            &noun[..1]
        );
        server.execute(&fill).await;
    }
    let input = json!({ "id": incident, "input": { "body": "One more.", "services": [] } });
    try_call(&owner, "post_incident_update", input).await.refused(409, "conflict");
    let input = json!({ "id": maintenance, "input": { "body": "One more." } });
    try_call(&owner, "update_maintenance", input).await.refused(409, "conflict");
}

/// Messages are bounded one by one, and those of an incident or a maintenance together: 256 KiB.
async fn messages_are_bounded_together(server: TestServer) {
    let owner = server.owner("northwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let services = [service];
    let input = json!({ "title": "Down", "services": said(&services, "major_outage") });
    let incident = call(&owner, "report_incident", json!({ "input": input })).await;
    let maintenance = call(&owner, "schedule_maintenance", json!({ "input": window(&services, 60, 90, "") })).await;
    let post = |function, id: &Value, body: String| {
        let input = json!({ "id": id, "input": { "body": body, "services": [] } });
        let owner = owner.copy();
        async move { try_call(&owner, function, input).await }
    };
    // 25,000 characters of three bytes each.
    let long = || "€".repeat(25_000);
    for (function, id) in [("post_incident_update", &incident), ("update_maintenance", &maintenance)] {
        for _ in 0..3 {
            post(function, id, long()).await.right();
        }
        assert_eq!(post(function, id, long()).await.wrong_fields(), ["body"], "{function}");
        post(function, id, "A short one fits.".to_owned()).await.right();
    }
    let read = call(&owner, "read_incident", json!({ "id": incident })).await;
    let updates = read["updates"].as_array().unwrap();
    assert_eq!(updates.len(), 5, "what was refused left nothing");
    let edit = json!({ "id": incident, "update": updates[0]["id"], "input": { "body": long(), "services": [] } });
    assert_eq!(try_call(&owner, "edit_incident_update", edit).await.wrong_fields(), ["body"]);
}

/// As other programs' files may bring them: every page and document that lists incidents and maintenance tells the
/// latest of each, and stays small.
async fn lists_leave_out_the_oldest_of_very_long_messages(server: TestServer) {
    let owner = server.owner("northwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let services = [service];
    let mut incidents = Vec::new();
    for number in 0..3 {
        let input = json!({ "title": format!("Down {number}"), "services": said(&services, "major_outage") });
        incidents.push(call(&owner, "report_incident", json!({ "input": input })).await);
        let newest =
            json!({ "id": incidents[number], "input": { "body": format!("Newest {number}."), "services": [] } });
        call(&owner, "post_incident_update", newest).await;
        let input = window(&services, 60, 90, "");
        let maintenance = call(&owner, "schedule_maintenance", json!({ "input": input })).await;
        for (noun, id, status) in
            [("incident", &incidents[number], "identified"), ("maintenance", &maintenance, "scheduled")]
        {
            let (id, first) = (id.as_str().unwrap(), &noun[..1]);
            let long = "x".repeat(25_000);
            let fill = format!(
                "insert into {noun}_updates (id, organization_id, {noun}_id, status, body, at, created_at)
                 with recursive n(i) as (select 1 union all select i + 1 from n where i < 100)
                 select '{first}{number}' || cast(1000000000 + n.i as text), o.id, '{id}', '{status}', '{long}',
                        o.changed_at - n.i * 1000000, o.changed_at from n, organizations o"
            );
            server.execute(&fill).await;
        }
    }
    // So that what is kept of the page is made anew.
    owner.create_service("northwind", "Website", "").await;
    let visitor = server.browser();
    for path in [
        "/status/northwind",
        "/status/northwind/api/v2/incidents.json",
        "/status/northwind/api/v2/summary.json",
        "/status/northwind/api/v2/scheduled-maintenances.json",
        "/status/northwind/feed.atom",
        "/status/northwind/feed.json",
    ] {
        let answer = visitor.get(path).await;
        let text = answer.text();
        assert_eq!(answer.status, 200, "{path}: {text:.300}");
        assert!(text.len() < 6_000_000, "{path} has {} bytes", text.len());
        if !path.contains("maintenance") {
            assert!(
                (0..3).all(|number| text.contains(&format!("Newest {number}."))),
                "{path} tells the latest of each"
            );
        }
    }
    assert_eq!(
        owner.get(&format!("/dashboard/northwind/incidents/{}", incidents[0].as_str().unwrap())).await.status,
        200
    );
}

/// An incident that began long ago changes all that was since; more than one change may rewrite is refused.
async fn one_change_rewrites_a_bounded_history(server: TestServer) {
    let owner = server.owner("northwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - 86400000000")).await;
    }
    server
        .execute(
            "insert into status_claims (id, organization_id, service_id, incident_id, status, started_at, ended_at, cause)
             with recursive n(i) as (select 1 union all select i + 1 from n where i < 20500)
             select 'c' || cast(10000000000 + n.i as text), organization_id, service_id, 'incident0000', 'major_outage',
                    started_at + cast(n.i as bigint) * 1000000, started_at + cast(n.i as bigint) * 1000000 + 500000, 'incident'
             from n, status_claims where status = 'operational'",
        )
        .await;
    // As the history of those claims would have it: what is now is not what was then.
    server.execute("update status_history set started_at = started_at + 85800000000").await;
    let since = |minutes: i64| {
        let said = said(std::slice::from_ref(&service), "partial_outage");
        json!({ "input": { "title": "Slow", "services": said, "started_at": local(-minutes) } })
    };
    try_call(&owner, "report_incident", since(24 * 60 - 2)).await.refused(409, "conflict");
    assert_eq!(server.number("select count(*) from incidents").await, 0, "nothing is written");
    call(&owner, "report_incident", since(5)).await;
}

/// Sweeps delete a thousand rows in one write, and leave none.
async fn sweeps_go_on_until_nothing_is_left(server: TestServer) {
    server.person("ana").await;
    server
        .execute(
            "insert into sessions (id_hash, user_id, data, created_at, expires_at)
             with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500)
             select 'ended' || cast(n.i as text), u.id, '', 0, 1 from n, users u",
        )
        .await;
    assert_eq!(session::sweep(&server.app.db).await.unwrap(), 2_500);
    assert_eq!(server.number("select count(*) from sessions").await, 1, "the living one stays");
}

/// It is gone for everybody at once, its address is free, and its rows follow; what was interrupted goes on.
async fn a_large_organization_is_deleted_in_batches(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let fill = "insert into status_history (id, organization_id, service_id, status, started_at, ended_at, cause)
                with recursive n(i) as (select 1 union all select i + 1 from n where i < 12000)
                select 'h' || cast(10000000000 + n.i as text), organization_id, id, 'operational', n.i, n.i + 1, 'manual'
                from n, services";
    let history = "select count(*) from status_history";
    server.execute(fill).await;
    assert_eq!(owner.get("/status/northwind").await.status, 200);
    call(&owner, "delete_organization", json!({ "name": "northwind" })).await;
    assert_eq!(try_call(&owner, "frame", json!({})).await.status, 404);
    assert_eq!(owner.get("/status/northwind").await.status, 404);
    let other = server.person("other").await;
    other.create_organization("northwind").await;
    other.create_service("northwind", "Web", "").await;
    assert_eq!(owner.get("/status/northwind").await.status, 200, "of the new one");
    eventually("its rows are deleted", async || (server.number(history).await == 1).then_some(())).await;
    eventually("it is deleted", async || {
        (server.number("select count(*) from organizations").await == 1).then_some(())
    })
    .await;

    // The server stopped after it had hidden the organization.
    server.execute(fill).await;
    server.execute("update organizations set deleting_at = 1, suspended_at = 1").await;
    deletion::resume(server.app.clone()).await;
    for table in ["organizations", "status_history", "status_claims", "services", "audit_entries", "members"] {
        assert_eq!(server.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
}
