//! What other sites show: the banner's script and state, the frame; and the page that tests the live connection.

use crate::support::{Answer, Browser, TestServer, both_engines, unescape};
use serde_json::{Value, json};

both_engines!(
    the_state_says_what_is_wrong,
    a_frame_shows_the_same_to_everybody,
    the_script_is_for_every_site,
    a_former_address_leads_on,
    what_is_not_there_is_refused_as_programs_read_it,
    the_live_connection_has_a_page,
);

async fn state(server: &TestServer) -> Value {
    server.browser().get("/status/northwind/embed.json").await.right()
}

async fn call(browser: &Browser, function: &str, mut arguments: Value) -> Value {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await.right()
}

fn is_open_to_all(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(answer.header("set-cookie"), "");
}

async fn the_state_says_what_is_wrong(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    owner.create_service("northwind", "Mail", "").await;
    let home = format!("{}/status/northwind", server.url);
    let fine = state(&server).await;
    assert_eq!((&fine["show"], &fine["level"], &fine["url"]), (&json!(false), &json!("none"), &json!(home)));
    assert_eq!((&fine["headline"], &fine["organization"]), (&json!("All Systems Operational"), &json!("northwind")));

    owner.set_status("northwind", &[&api], "major_outage").await;
    let outage = state(&server).await;
    assert_eq!((&outage["show"], &outage["level"], &outage["detail"]), (&json!(true), &json!("major"), &json!("")));
    assert_eq!(outage["headline"], "Partial System Outage");

    let services = json!([{ "service_id": api, "status": "major_outage" }]);
    let input = json!({ "title": "Payments <fail>", "body": "We are looking.", "services": services });
    let id = call(&owner, "report_incident", json!({ "input": input })).await;
    let incident = state(&server).await;
    assert_eq!((&incident["headline"], &incident["detail"]), (&json!("Payments <fail>"), &json!("Investigating")));
    assert_eq!(incident["url"], format!("{home}/incidents/{}", id.as_str().unwrap()));
    assert_eq!(incident["level"], "critical", "the incident is worse than the page");
    assert!(incident["key"] != outage["key"]);

    owner.set_status("northwind", &[&api], "operational").await;
    let input = json!({ "status": "resolved", "body": "It works again.", "services": [] });
    call(&owner, "post_incident_update", json!({ "id": id, "input": input })).await;
    let again = state(&server).await;
    assert_eq!((&again["show"], &again["key"]), (&json!(false), &fine["key"]));

    let answer = server.browser().get("/status/northwind/embed.json").await;
    is_open_to_all(&answer);
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("application/json", "no-cache"));
    let known = [("if-none-match", answer.header("etag"))];
    assert_eq!(server.browser().get_with("/status/northwind/embed.json", &known).await.status, 304);
}

async fn a_frame_shows_the_same_to_everybody(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let visitor = server.browser();
    let frame = visitor.get("/status/northwind/embed").await;
    assert_eq!(frame.status, 200);
    is_open_to_all(&frame);
    assert_eq!(frame.header("x-frame-options"), "", "it is made for frames");
    assert!(frame.header("content-security-policy").contains("frame-ancestors *"));
    let html = frame.text();
    assert!(html.contains("class=\"framed banner none\"") && html.contains("All Systems Operational"), "{html}");
    assert!(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"60\"></noscript></head>"), "{html}");
    assert!(
        html.contains("target=\"_blank\"")
            && html.contains("embed-frame.js")
            && html.starts_with("<!DOCTYPE html><html lang=\"en\"><head>")
    );

    let services = json!([{ "service_id": api, "status": "partial_outage" }]);
    let input = json!({ "title": "</main><script>", "body": "", "services": services });
    call(&owner, "report_incident", json!({ "input": input })).await;
    for (query, theme) in [("?theme=light", "data-theme=\"light\""), ("?theme=dark", "data-theme=\"dark\"")] {
        let html = visitor.get(&format!("/status/northwind/embed{query}")).await.text();
        assert!(html.contains(theme) && html.contains("framed banner major"), "{html}");
        assert!(unescape(&html).contains("</main><script>") && !html.contains("</main><script>"), "{html}");
    }
    // A page of ours is in nobody's frame.
    assert_eq!(visitor.get("/status/northwind").await.header("x-frame-options"), "DENY");
}

async fn the_script_is_for_every_site(server: TestServer) {
    server.owner("northwind").await;
    let answer = server.browser().get("/status/northwind/embed.js").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/javascript; charset=utf-8"));
    is_open_to_all(&answer);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    for word in ["innerHTML", "eval(", "insertAdjacentHTML", "createElement(\"style\")", "cssText"] {
        assert!(!answer.text().contains(word), "strict policies of other sites forbid {word}");
    }
    let known = [("if-none-match", answer.header("etag"))];
    assert_eq!(server.browser().get_with("/status/northwind/embed.js", &known).await.status, 304);
    let small = server.browser().get_with("/status/northwind/embed.js", &[("accept-encoding", "br")]).await;
    assert_eq!(small.header("content-encoding"), "br");
    assert!(small.body.len() < 2_048, "{} bytes", small.body.len());
}

async fn a_former_address_leads_on(server: TestServer) {
    let owner = server.owner("northwind").await;
    let input = json!({ "name": "northwind", "slug": "north", "time_zone": "UTC", "listed": true });
    call(&owner, "update_organization", json!({ "input": input })).await;
    for file in ["embed.json", "embed", "embed?theme=dark", "live-test"] {
        let answer = server.browser().get(&format!("/status/northwind/{file}")).await;
        let there = format!("/status/north/{file}");
        assert_eq!((answer.status, answer.location()), (308, there.as_str()));
    }
}

async fn what_is_not_there_is_refused_as_programs_read_it(server: TestServer) {
    server.owner("northwind").await;
    for path in ["/status/nobody/embed.json", "/status/nobody/embed", "/status/northwind/embed?theme=pink"] {
        let answer = server.browser().get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, "application/problem+json"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
}

async fn the_live_connection_has_a_page(server: TestServer) {
    server.owner("northwind").await;
    let answer = server.browser().get("/status/northwind/live-test").await;
    assert_eq!(answer.status, 200);
    let html = answer.text();
    assert!(html.contains("data-organization=\"northwind\"") && html.contains("live-test.js"), "{html}");
    assert!(html.contains("<noscript>") && html.contains("JavaScript is turned off"), "{html}");
    assert_eq!(server.browser().get("/status/nobody/live-test").await.status, 404);
}
