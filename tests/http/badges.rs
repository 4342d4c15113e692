//! `/status/{organization}/badge.svg`: the state of an organization or a service as a picture.

use crate::support::{Answer, Element, TestServer, both_engines};
use serde_json::json;

both_engines!(
    a_badge_follows_the_state_of_the_page,
    a_badge_of_a_service_says_its_status,
    styles_and_themes,
    names_are_text_and_are_cut,
    what_is_unknown_is_a_picture_too,
    pages_of_other_sites_are_welcome,
);

const BADGE: &str = "/status/northwind/badge.svg";

async fn get(server: &TestServer, path: &str) -> Answer {
    let answer = server.browser().get_with(path, &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/svg+xml"), "{path}: {}", answer.text());
    answer
}

/// Both texts and the colour behind the second.
fn shown(answer: &Answer) -> (String, String, String) {
    let svg = Element::read(&answer.text());
    assert_eq!((svg.name.as_str(), svg.attribute("role")), ("svg", "img"));
    assert_eq!(svg.attribute("aria-label"), svg.one("title").text);
    let texts = svg.one("g").all("text");
    assert_eq!(texts.len(), 2);
    (texts[0].text.clone(), texts[1].text.clone(), svg.one("path").attribute("fill").to_owned())
}

fn is(answer: &Answer, name: &str, value: &str, fill: &str) {
    assert_eq!(shown(answer), (name.to_owned(), value.to_owned(), fill.to_owned()));
}

async fn a_badge_follows_the_state_of_the_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    is(&get(&server, BADGE).await, "northwind", "All Systems Operational", "#077045");
    let (a, b) = (owner.create_service("northwind", "A", "").await, owner.create_service("northwind", "B", "").await);
    for (of_a, of_b, words, fill) in [
        ("under_maintenance", "operational", "Service Under Maintenance", "#0c5fc1"),
        ("degraded_performance", "operational", "Partially Degraded Service", "#7c5a03"),
        ("partial_outage", "operational", "Minor Service Outage", "#7c5a03"),
        ("major_outage", "operational", "Partial System Outage", "#a64307"),
        ("major_outage", "major_outage", "Major System Outage", "#ba1d27"),
        ("operational", "operational", "All Systems Operational", "#077045"),
    ] {
        owner.set_status("northwind", &[&a], of_a).await;
        owner.set_status("northwind", &[&b], of_b).await;
        // A change is seen by the next reader.
        is(&get(&server, BADGE).await, "northwind", words, fill);
    }
    let input = json!({ "title": "Everything", "impact": "critical" });
    owner.rpc("report_incident", json!({ "organization": "northwind", "input": input })).await.right();
    is(&get(&server, BADGE).await, "northwind", "Major System Outage", "#ba1d27");
}

async fn a_badge_of_a_service_says_its_status(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let path = format!("{BADGE}?service={api}");
    for (status, words, fill) in [
        ("operational", "Operational", "#077045"),
        ("under_maintenance", "Under maintenance", "#0c5fc1"),
        ("degraded_performance", "Degraded performance", "#7c5a03"),
        ("partial_outage", "Partial outage", "#a64307"),
        ("major_outage", "Major outage", "#ba1d27"),
    ] {
        owner.set_status("northwind", &[&api], status).await;
        is(&get(&server, &path).await, "API", words, fill);
    }
    let input = json!({
        "name": "northwind", "slug": "northwind", "description": "", "time_zone": "UTC", "support_url": "",
        "listed": true, "labels": { "major_outage": "Down" },
    });
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": input })).await.right();
    is(&get(&server, &path).await, "API", "Down", "#ba1d27");
}

async fn styles_and_themes(server: TestServer) {
    server.owner("northwind").await;
    for (style, radius) in [("flat", "4"), ("square", "0"), ("pill", "10")] {
        let svg = Element::read(&get(&server, &format!("{BADGE}?style={style}")).await.text());
        assert_eq!(svg.one("rect").attribute("rx"), radius, "{style}");
    }
    for (theme, fill, styled) in [("light", "#077045", 0), ("dark", "#58cf92", 0), ("auto", "#077045", 1)] {
        let answer = get(&server, &format!("{BADGE}?style=pill&theme={theme}")).await;
        assert_eq!(shown(&answer).2, fill, "{theme}");
        let text = answer.text();
        assert_eq!(text.matches("prefers-color-scheme:dark").count(), styled, "{theme}");
        assert!(!text.contains("<script") && !text.contains("href") && !text.contains("url("), "{text}");
        assert_eq!(text.matches("http").count(), 1, "its own namespace: {text}");
    }
    let plain = get(&server, BADGE).await.body;
    for same in ["?style=flat", "?theme=light", "?theme=light&style=flat", "?style=", "?colour=pink"] {
        assert_eq!(get(&server, &format!("{BADGE}{same}")).await.body, plain, "{same}");
    }
}

async fn names_are_text_and_are_cut(server: TestServer) {
    const HOSTILE: &str = "</text><script>alert(1)</script>&\"'🚀";
    let owner = server.owner("northwind").await;
    let hostile = owner.create_service("northwind", HOSTILE, "").await;
    let answer = get(&server, &format!("{BADGE}?service={hostile}")).await;
    assert!(!answer.text().contains("<script"), "{}", answer.text());
    assert_eq!(shown(&answer).0, HOSTILE);
    let long = owner.create_service("northwind", &"W".repeat(255), "").await;
    let answer = get(&server, &format!("{BADGE}?service={long}")).await;
    assert_eq!(shown(&answer).0, format!("{}…", "W".repeat(40)));
    let width: u32 = Element::read(&answer.text()).attribute("width").parse().unwrap();
    assert!((400..700).contains(&width), "{width}");
}

async fn what_is_unknown_is_a_picture_too(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let other = server.owner("southwind").await;
    let theirs = other.create_service("southwind", "API", "").await;
    for path in [
        "/status/nobody/badge.svg".to_owned(),
        format!("{BADGE}?service=API"),
        format!("{BADGE}?service=aaaaaaaaaaaa"),
        format!("{BADGE}?service={theirs}"),
        format!("{BADGE}?style=round"),
        format!("{BADGE}?theme=pink"),
        format!("{BADGE}?style=flat&style=pill"),
    ] {
        let answer = server.browser().get_with(&path, &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, "image/svg+xml"), "{path}");
        assert_eq!((answer.header("cache-control"), answer.header("access-control-allow-origin")), ("no-store", "*"));
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
        is(&answer, "status", "not found", "#5f5f68");
    }
    let dark = server.browser().get_with("/status/nobody/badge.svg?theme=dark", &[]).await;
    is(&dark, "status", "not found", "#9d9da6");
    let path = format!("{BADGE}?service={api}");
    get(&server, &path).await;
    owner.rpc("delete_service", json!({ "organization": "northwind", "id": api })).await.right();
    is(&server.browser().get_with(&path, &[]).await, "status", "not found", "#5f5f68");
}

async fn pages_of_other_sites_are_welcome(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let first = get(&server, BADGE).await;
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert_eq!(first.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(first.header("cache-control"), "no-cache");
    let browser = server.browser();
    let head = browser.send(browser.request(reqwest::Method::HEAD, BADGE)).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, first.header("etag")));
    let etag = first.header("etag").to_owned();
    assert_eq!(browser.get_with(BADGE, &[("if-none-match", &etag)]).await.status, 304);
    owner.set_status("northwind", &[&api], "major_outage").await;
    assert_eq!(browser.get_with(BADGE, &[("if-none-match", &etag)]).await.status, 200);
}
