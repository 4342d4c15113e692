//! The socket of programs: what it says of changes, and how it goes on where it was.

use crate::support::{Browser, Socket, TestServer, both_engines};
use candor::server::clock;
use chrono::TimeZone;
use serde_json::{Value, json};

both_engines!(
    two_organizations_on_one_socket,
    services_are_told_of,
    incidents_are_told_of,
    maintenance_is_told_of,
    a_socket_goes_on_where_it_was,
    what_is_no_longer_known_is_read_anew,
    an_organization_is_left_or_goes,
    messages_that_are_wrong_are_answered,
    a_socket_has_its_limits,
    it_is_open_to_programs_and_not_to_other_pages_sessions,
);

const ADDRESS: &str = "/api/v1/live";

/// A program without a cookie, connected.
async fn connect(server: &TestServer) -> Socket {
    let mut socket = server.browser().socket_from(ADDRESS, None).await.unwrap();
    let connected = socket.next().await;
    assert_eq!((&connected["type"], &connected["protocol"]), (&json!("connected"), &json!(1)), "{connected}");
    socket
}

/// Subscribes to one organization; what was answered.
async fn subscribe(socket: &mut Socket, organization: &str) -> Value {
    assert!(socket.say(json!({ "type": "subscribe", "organizations": [organization] })).await);
    let answer = socket.next().await;
    assert_eq!((&answer["type"], &answer["organization"]), (&json!("subscribed"), &json!(organization)), "{answer}");
    answer
}

async fn since(socket: &mut Socket, organization: &str, version: i64) -> Value {
    let asked = json!({ "type": "subscribe", "organizations": [organization], "since": { organization: version } });
    assert!(socket.say(asked).await);
    let answer = socket.next().await;
    assert_eq!(answer["type"], "subscribed", "{answer}");
    answer
}

/// The next messages, which are of these types.
async fn hear<const N: usize>(socket: &mut Socket, types: [&str; N]) -> Vec<Value> {
    let mut heard = Vec::new();
    for _ in types {
        heard.push(socket.next().await);
    }
    let found: Vec<&str> = heard.iter().map(|message| message["type"].as_str().unwrap()).collect();
    assert_eq!(found, types, "{heard:#?}");
    heard
}

async fn call(browser: &Browser, function: &str, mut arguments: Value) -> Value {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await.right()
}

/// So many minutes from now, as it is typed in Vienna, where these organizations are.
fn local(minutes: i64) -> String {
    let at = clock::now().plus_seconds(minutes * 60).utc();
    chrono_tz::Europe::Vienna.from_utc_datetime(&at.naive_utc()).format("%Y-%m-%dT%H:%M").to_string()
}

async fn two_organizations_on_one_socket(server: TestServer) {
    let (north, south) = (server.owner("northwind").await, server.owner("southwind").await);
    let api = north.create_service("northwind", "API", "").await;
    let mail = south.create_service("southwind", "Mail", "").await;
    let mut socket = connect(&server).await;
    assert!(socket.say(json!({ "type": "subscribe", "organizations": ["northwind", "southwind"] })).await);
    let mut answers = hear(&mut socket, ["subscribed", "subscribed"]).await;
    answers.sort_by_key(|answer| answer["organization"].to_string());
    let id = server.organization_id("northwind").await;
    assert_eq!(answers[0]["organization_id"], id.as_str());
    assert_eq!((&answers[0]["organization"], &answers[0]["name"]), (&json!("northwind"), &json!("northwind")));
    assert_eq!(answers[0]["resumed"], false);
    assert_eq!(answers[0]["status"], json!({ "indicator": "none", "description": "All Systems Operational" }));
    let versions: Vec<i64> = answers.iter().map(|answer| answer["version"].as_i64().unwrap()).collect();

    north.set_status("northwind", &[&api], "major_outage").await;
    let told = hear(&mut socket, ["service_update", "status_update"]).await;
    for message in &told {
        assert_eq!((&message["organization"], &message["version"]), (&json!("northwind"), &json!(versions[0] + 1)));
        assert_eq!(message["organization_id"], id.as_str());
        assert!(chrono::DateTime::parse_from_rfc3339(message["at"].as_str().unwrap()).is_ok(), "{message}");
    }
    south.set_status("southwind", &[&mail], "degraded_performance").await;
    let told = hear(&mut socket, ["service_update", "status_update"]).await;
    assert_eq!((&told[0]["organization"], &told[0]["version"]), (&json!("southwind"), &json!(versions[1] + 1)));
    socket.is_quiet().await;
}

async fn services_are_told_of(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut socket = connect(&server).await;
    subscribe(&mut socket, "northwind").await;
    owner.set_status("northwind", &[&api], "partial_outage").await;
    let told = hear(&mut socket, ["service_update", "status_update"]).await;
    assert_eq!((&told[0]["old_status"], &told[0]["new_status"]), (&json!("operational"), &json!("partial_outage")));
    let service = &told[0]["service"];
    assert_eq!(
        (&service["id"], &service["name"], &service["status"]),
        (&json!(api), &json!("API"), &json!("partial_outage"))
    );
    assert_eq!(told[1]["status"]["indicator"], "major", "all of its services");
    assert_eq!(told[1]["old_status"]["indicator"], "none");
    owner.set_status("northwind", &[&api], "operational").await;
    hear(&mut socket, ["service_update", "status_update"]).await;

    call(&owner, "update_service", json!({ "id": api, "input": { "name": "Public API" } })).await;
    let told = hear(&mut socket, ["service_update"]).await;
    assert_eq!((&told[0]["service"]["name"], &told[0]["old_status"]), (&json!("Public API"), &json!("operational")));
    owner.create_service("northwind", "Mail", "").await;
    let told = hear(&mut socket, ["service_created"]).await;
    assert_eq!(told[0]["service"]["name"], "Mail");
    call(&owner, "delete_service", json!({ "id": api })).await;
    let told = hear(&mut socket, ["service_deleted"]).await;
    assert_eq!(told[0]["service"], json!({ "id": api, "name": "Public API" }));
    call(&owner, "restore_service", json!({ "id": api })).await;
    hear(&mut socket, ["service_created"]).await;
    // What is not public is not told.
    owner.create_team("northwind", "Nights").await;
    socket.is_quiet().await;
}

async fn incidents_are_told_of(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut socket = connect(&server).await;
    subscribe(&mut socket, "northwind").await;

    let services = json!([{ "service_id": api, "status": "partial_outage" }]);
    let input = json!({ "title": "Payments fail", "body": "We are **looking**.", "services": services });
    let id = call(&owner, "report_incident", json!({ "input": input })).await;
    let told = hear(&mut socket, ["service_update", "incident_created", "status_update"]).await;
    let incident = &told[1]["incident"];
    assert_eq!((&incident["id"], &incident["title"]), (&id, &json!("Payments fail")));
    assert_eq!((&incident["status"], &incident["impact"]), (&json!("investigating"), &json!("major")));
    assert_eq!(incident["services"], json!([{ "id": api, "name": "API", "status": "partial_outage" }]));
    let url = format!("{}/status/northwind/incidents/{}", server.url, id.as_str().unwrap());
    assert_eq!((&incident["url"], &incident["resolved_at"]), (&json!(url), &Value::Null));
    assert_eq!(told[1]["updates"].as_array().unwrap().len(), 1);
    assert_eq!(told[1]["updates"][0]["body"], "We are **looking**.");

    let input = json!({ "status": "identified", "body": "It is the card processor.", "services": [] });
    let update = call(&owner, "post_incident_update", json!({ "id": id, "input": input })).await;
    let told = hear(&mut socket, ["incident_update"]).await;
    assert_eq!(told[0]["incident"]["status"], "identified");
    assert_eq!(told[0]["updates"].as_array().unwrap().len(), 1, "only what is new");
    assert_eq!((&told[0]["updates"][0]["id"], &told[0]["updates"][0]["status"]), (&update, &json!("identified")));

    let input = json!({ "status": "resolved", "body": "It works again.", "services": [] });
    call(&owner, "post_incident_update", json!({ "id": id, "input": input })).await;
    let told = hear(&mut socket, ["service_update", "incident_update", "status_update"]).await;
    assert_eq!(told[1]["incident"]["status"], "resolved");
    assert!(told[1]["incident"]["resolved_at"].is_string());

    call(&owner, "save_postmortem", json!({ "id": id, "body": "We learned.", "published": true })).await;
    let told = hear(&mut socket, ["incident_update"]).await;
    assert!(told[0]["incident"]["postmortem_published_at"].is_string() && told[0]["updates"] == json!([]));

    call(&owner, "delete_incident", json!({ "id": id })).await;
    let told = hear(&mut socket, ["incident_deleted"]).await;
    assert_eq!(told[0]["incident"], json!({ "id": id, "title": "Payments fail" }));
    socket.is_quiet().await;
}

async fn maintenance_is_told_of(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut socket = connect(&server).await;
    subscribe(&mut socket, "northwind").await;
    let schedule = async || {
        let input = json!({
            "title": "Upgrade", "body": "Reads *only*.", "starts_at": local(60), "ends_at": local(120), "services": [api],
        });
        call(&owner, "schedule_maintenance", json!({ "input": input })).await
    };
    let step = async |id: &Value, status: &str| {
        call(&owner, "update_maintenance", json!({ "id": id, "input": { "status": status } })).await
    };

    let id = schedule().await;
    let told = hear(&mut socket, ["maintenance_created"]).await;
    let maintenance = &told[0]["maintenance"];
    assert_eq!((&maintenance["id"], &maintenance["status"]), (&id, &json!("scheduled")));
    assert_eq!(maintenance["services"], json!([{ "id": api, "name": "API" }]));
    assert_eq!(told[0]["updates"][0]["body"], "Reads *only*.");
    step(&id, "in_progress").await;
    let told = hear(&mut socket, ["service_update", "maintenance_update", "status_update"]).await;
    assert_eq!(told[1]["maintenance"]["status"], "in_progress");
    assert_eq!(told[2]["status"]["indicator"], "maintenance");
    step(&id, "completed").await;
    let told = hear(&mut socket, ["service_update", "maintenance_update", "status_update"]).await;
    assert!(told[1]["maintenance"]["completed_at"].is_string());
    call(&owner, "delete_maintenance", json!({ "id": id })).await;
    let told = hear(&mut socket, ["maintenance_deleted"]).await;
    assert_eq!(told[0]["maintenance"], json!({ "id": id, "title": "Upgrade" }));

    let id = schedule().await;
    hear(&mut socket, ["maintenance_created"]).await;
    step(&id, "cancelled").await;
    let told = hear(&mut socket, ["maintenance_update"]).await;
    assert_eq!(told[0]["maintenance"]["status"], "cancelled", "its window would still come");
    socket.is_quiet().await;
}

async fn a_socket_goes_on_where_it_was(server: TestServer) {
    let owner = server.owner("northwind").await;
    let a = owner.create_service("northwind", "A", "").await;
    let b = owner.create_service("northwind", "B", "").await;
    let mut socket = connect(&server).await;
    let version = subscribe(&mut socket, "northwind").await["version"].as_i64().unwrap();
    socket.close().await;
    owner.set_status("northwind", &[&a], "major_outage").await;
    owner.set_status("northwind", &[&b], "partial_outage").await;

    let mut socket = connect(&server).await;
    let answer = since(&mut socket, "northwind", version).await;
    assert_eq!((&answer["resumed"], &answer["version"]), (&json!(true), &json!(version)), "{answer}");
    assert_eq!(answer["status"]["indicator"], "major", "as it is now");
    // Both are told together, or one after the other.
    let told = [socket.next().await, socket.next().await, socket.next().await];
    let mut types: Vec<&str> = told.iter().map(|message| message["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["service_update", "service_update", "status_update"], "{told:#?}");
    assert!(told.iter().all(|message| message["version"].as_i64() <= Some(version + 2)), "{told:#?}");
    assert_eq!(told[2]["version"], version + 2);
    // Nothing was missed.
    let answer = since(&mut socket, "northwind", version + 2).await;
    assert_eq!((&answer["resumed"], &answer["version"]), (&json!(true), &json!(version + 2)), "{answer}");
    // It goes on with what comes.
    owner.set_status("northwind", &[&a], "operational").await;
    hear(&mut socket, ["service_update", "status_update"]).await;
    socket.is_quiet().await;
}

async fn what_is_no_longer_known_is_read_anew(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut socket = connect(&server).await;
    let mut version = subscribe(&mut socket, "northwind").await["version"].as_i64().unwrap();
    for unknown in [0, -1, version - 1, version + 1, 999_999] {
        let answer = since(&mut socket, "northwind", unknown).await;
        assert_eq!((&answer["resumed"], &answer["version"]), (&json!(false), &json!(version)), "{answer}");
        let resync = &hear(&mut socket, ["resync"]).await[0];
        assert_eq!((&resync["organization"], &resync["version"]), (&json!("northwind"), &json!(version)));
        assert_eq!(resync["read"], "/api/v1/status/northwind");
    }
    let first = version;
    for status in ["major_outage", "operational"].iter().cycle().take(34) {
        owner.set_status("northwind", &[&api], status).await;
        hear(&mut socket, ["service_update", "status_update"]).await;
        version += 1;
    }
    let mut other = connect(&server).await;
    assert_eq!(since(&mut other, "northwind", first).await["resumed"], false, "34 versions ago");
    hear(&mut other, ["resync"]).await;
    let answer = since(&mut other, "northwind", version - 32).await;
    assert_eq!(answer["resumed"], true, "32 versions ago");
    for _ in 0..32 {
        hear(&mut other, ["service_update", "status_update"]).await;
    }
    other.is_quiet().await;

    // Another process knows only what it has seen.
    let server = server.restart().await;
    let mut socket = connect(&server).await;
    assert_eq!(since(&mut socket, "northwind", version).await["resumed"], true, "nothing was missed");
    assert_eq!(since(&mut socket, "northwind", version - 1).await["resumed"], false);
    hear(&mut socket, ["resync"]).await;
}

async fn an_organization_is_left_or_goes(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut socket = connect(&server).await;
    subscribe(&mut socket, "northwind").await;
    assert!(socket.say(json!({ "type": "unsubscribe", "organizations": ["northwind", "northwind"] })).await);
    let answers = hear(&mut socket, ["unsubscribed", "error"]).await;
    assert_eq!((&answers[0]["organization"], &answers[1]["code"]), (&json!("northwind"), &json!("not_subscribed")));
    owner.set_status("northwind", &[&api], "major_outage").await;
    socket.is_quiet().await;

    subscribe(&mut socket, "northwind").await;
    owner.rpc("delete_organization", json!({ "organization": "northwind", "name": "northwind" })).await.right();
    let told = hear(&mut socket, ["error"]).await;
    assert_eq!((&told[0]["code"], &told[0]["organization"]), (&json!("organization_gone"), &json!("northwind")));
    assert!(socket.say(json!({ "type": "subscribe", "organizations": ["northwind"] })).await);
    assert_eq!(hear(&mut socket, ["error"]).await[0]["code"], "unknown_organization");
    socket.is_quiet().await;
}

async fn messages_that_are_wrong_are_answered(server: TestServer) {
    server.owner("northwind").await;
    let mut socket = connect(&server).await;
    let long = json!({ "type": "subscribe", "organizations": ["x".repeat(9_000)] }).to_string();
    for (text, code) in [
        ("nonsense", "unreadable"),
        ("{}", "unreadable"),
        (r#"{"type":"shout"}"#, "unreadable"),
        (r#"{"type":"ping","loud":true}"#, "unreadable"),
        (r#"{"type":"subscribe"}"#, "unreadable"),
        (r#"{"type":"subscribe","organizations":[]}"#, "unreadable"),
        (r#"{"type":"subscribe","organizations":["northwind"],"since":41}"#, "unreadable"),
        (r#"{"type":"subscribe","organizations":["nobody"]}"#, "unknown_organization"),
        (r#"{"type":"subscribe","organizations":["northwind/history"]}"#, "unknown_organization"),
        (r#"{"type":"unsubscribe","organizations":["northwind"]}"#, "not_subscribed"),
        (long.as_str(), "message_too_large"),
    ] {
        assert!(socket.say(text).await);
        let answer = socket.next().await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)), "{text}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|words| !words.is_empty() && words.len() < 500), "{answer}");
    }
    // It goes on all the same.
    assert!(socket.say(json!({ "type": "ping", "id": 7 })).await);
    let pong = &hear(&mut socket, ["pong"]).await[0];
    assert!(pong["id"] == 7 && pong["at"].is_string(), "{pong}");
    assert!(socket.say(json!({ "type": "ping" })).await);
    assert_eq!(hear(&mut socket, ["pong"]).await[0]["id"], Value::Null);
    subscribe(&mut socket, "northwind").await;
}

async fn a_socket_has_its_limits(server: TestServer) {
    let owner = server.owner("o-1").await;
    for number in 2..=20 {
        owner.create_organization(&format!("o-{number}")).await;
    }
    server.owner("o-21").await;
    let all: Vec<String> = (1..=21).map(|number| format!("o-{number}")).collect();
    let mut socket = connect(&server).await;
    assert!(socket.say(json!({ "type": "subscribe", "organizations": all })).await);
    let mut subscribed = 0;
    for _ in 0..21 {
        let answer = socket.next().await;
        match answer["type"].as_str().unwrap() {
            "subscribed" => subscribed += 1,
            _ => assert_eq!(
                (&answer["code"], &answer["organization"]),
                (&json!("too_many_organizations"), &json!("o-21")),
                "{answer}"
            ),
        }
    }
    assert_eq!(subscribed, 20);
    // One less, one more; and the same once more is none more.
    assert!(socket.say(json!({ "type": "unsubscribe", "organizations": ["o-1"] })).await);
    hear(&mut socket, ["unsubscribed"]).await;
    subscribe(&mut socket, "o-21").await;
    subscribe(&mut socket, "o-21").await;

    let mut other = connect(&server).await;
    let names: Vec<String> = (0..101).map(|number| format!("nobody-{number}")).collect();
    assert!(other.say(json!({ "type": "subscribe", "organizations": names })).await);
    assert_eq!(other.closed().await, (Some(1008), Vec::new()));
    socket.is_quiet().await;
}

async fn it_is_open_to_programs_and_not_to_other_pages_sessions(server: TestServer) {
    let owner = server.owner("northwind").await;
    let elsewhere = Some("https://elsewhere.example");
    assert!(server.browser().socket_from(ADDRESS, elsewhere).await.is_ok(), "without a cookie it is anybody's");
    assert!(owner.socket(ADDRESS).await.is_ok());
    assert_eq!(owner.socket_from(ADDRESS, elsewhere).await.err().map(|refused| refused.status), Some(403));
    let plain = server.browser().get_with(ADDRESS, &[]).await;
    assert_eq!((plain.status, plain.header("content-type")), (400, "application/problem+json"), "{}", plain.text());
    assert!(plain.json()["detail"].as_str().unwrap().contains("WebSocket"));
}
