//! `/status/{organization}`: what visitors read, and how cheaply.

use crate::support::{Answer, TestServer, banner, both_engines, sections};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;

both_engines!(
    a_page_shows_groups_and_services_in_order,
    a_page_without_services_says_so,
    an_unknown_page_is_404_and_helps,
    a_change_is_visible_to_the_next_request,
    title_icon_and_words_follow_the_worst_service,
    a_page_that_the_reader_has_is_304,
    head_says_what_get_would,
    every_encoding_holds_the_same_page,
    names_are_text_whatever_they_hold,
    a_page_has_no_inline_script_and_one_known_style,
    a_page_is_complete_for_machines,
    visitors_leave_no_trace,
    many_at_once_get_one_page,
    when_a_page_cannot_be_made_the_last_good_one_stays,
    deleted_services_are_not_shown,
    teams_are_not_shown_to_visitors,
);

async fn page(server: &TestServer) -> Answer {
    let answer = server.browser().get("/status/northwind").await;
    assert_eq!(answer.status, 200);
    answer
}

async fn a_page_shows_groups_and_services_in_order(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Website", "").await;
    let core = owner.create_group("northwind", "Core").await;
    let api = owner.create_service("northwind", "API", &core).await;
    owner.create_service("northwind", "Sign-in", &core).await;
    owner.create_service("northwind", "Docs", "").await;
    owner.create_group("northwind", "Empty").await;
    owner.set_status("northwind", &[&api], "partial_outage").await;
    let html = page(&server).await.text();
    let shown: Vec<String> = sections(&html)
        .into_iter()
        .map(|section| {
            let services: Vec<String> =
                section.services.iter().map(|(name, status)| format!("{name}={status}")).collect();
            let group = section.group.map_or_else(String::new, |(name, status)| format!("{name}={status}: "));
            format!("{group}{}", services.join(", "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "Website=operational",
            "Core=partial_outage: API=partial_outage, Sign-in=operational",
            "Docs=operational",
            "Empty=operational: "
        ]
    );
    assert_eq!(banner(&html), ("minor".to_owned(), "Minor Service Outage".to_owned()));
    assert!(html.contains("1 of 4 services affected") && html.contains("Partial outage"), "in words as well");
    assert!(html.contains("<html lang=\"en\"") && html.contains("<time datetime=\"20"));
}

async fn a_page_without_services_says_so(server: TestServer) {
    server.owner("northwind").await;
    let html = page(&server).await.text();
    assert!(html.contains("No services yet") && html.contains("All Systems Operational"));
}

async fn an_unknown_page_is_404_and_helps(server: TestServer) {
    server.owner("northwind").await;
    for slug in [
        "nobody",
        "Northwind",
        "northwind%20",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "..%2f..%2fetc%2fpasswd",
        &"x".repeat(3000),
    ] {
        let answer = server.browser().get(&format!("/status/{slug}")).await;
        assert_eq!(answer.status, 404, "{slug}");
        let html = answer.text();
        assert!(
            html.contains("Status page not found") && html.contains("href=\"/\"") && !html.contains("<script>"),
            "{slug}: {html}"
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{slug}");
    }
    // It may come into being.
    let owner = server.person("late").await;
    owner.create_organization("nobody").await;
    assert_eq!(server.browser().get("/status/nobody").await.status, 200);
}

/// "Customers see every change the moment it is saved" (product).
async fn a_change_is_visible_to_the_next_request(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut tags = std::collections::HashSet::new();
    for round in 0..4 {
        for status in ["major_outage", "partial_outage", "degraded_performance", "under_maintenance", "operational"] {
            owner.set_status("northwind", &[&api], status).await;
            let answer = page(&server).await;
            assert_eq!(sections(&answer.text())[0].services[0].1, status, "round {round}");
            assert!(tags.insert(answer.header("etag").to_owned()), "another page has another tag");
        }
    }
    owner
        .rpc("update_service", json!({ "organization": "northwind", "id": api, "input": { "name": "Public API" } }))
        .await
        .right();
    assert!(page(&server).await.text().contains("Public API"));
}

async fn title_icon_and_words_follow_the_worst_service(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (a, b) = (owner.create_service("northwind", "A", "").await, owner.create_service("northwind", "B", "").await);
    for (of_a, of_b, indicator, words) in [
        ("operational", "operational", "none", "All Systems Operational"),
        ("under_maintenance", "operational", "maintenance", "Service Under Maintenance"),
        ("under_maintenance", "degraded_performance", "minor", "Partially Degraded Service"),
        ("partial_outage", "degraded_performance", "minor", "Minor Service Outage"),
        ("partial_outage", "partial_outage", "major", "Partial System Outage"),
        ("major_outage", "operational", "major", "Partial System Outage"),
        ("major_outage", "major_outage", "critical", "Major System Outage"),
    ] {
        owner.set_status("northwind", &[&a], of_a).await;
        owner.set_status("northwind", &[&b], of_b).await;
        let html = page(&server).await.text();
        assert_eq!(banner(&html), (indicator.to_owned(), words.to_owned()));
        assert!(html.contains(&format!("<title>{words} · northwind status</title>")), "{words}");
        let icon = format!("favicon-{indicator}.svg");
        assert!(html.contains(&icon), "{icon}");
        let address =
            html.split("href=\"").find(|part| part.contains(&icon)).unwrap().split('"').next().unwrap().to_owned();
        assert!(address.starts_with("/assets/") && address.ends_with(&icon), "{address}");
    }
}

async fn a_page_that_the_reader_has_is_304(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let first = page(&server).await;
    let (etag, modified) = (first.header("etag").to_owned(), first.header("last-modified").to_owned());
    assert!(etag.contains('"') && modified.ends_with(" GMT"), "{etag} {modified}");
    assert_eq!(first.header("cache-control"), "no-cache", "browsers always ask");
    assert!(first.header("cdn-cache-control").contains("stale-while-revalidate"));
    assert!(first.header("vary").contains("accept-encoding"));
    let browser = server.browser();
    for tags in [etag.clone(), format!("\"other\", {etag}"), "*".to_owned()] {
        let again = browser.get_with("/status/northwind", &[("if-none-match", &tags)]).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, etag.as_str()), "{tags}");
        assert_eq!(again.header("cache-control"), "no-cache");
    }
    assert_eq!(browser.get_with("/status/northwind", &[("if-modified-since", &modified)]).await.status, 304);
    assert_eq!(
        browser
            .get_with("/status/northwind", &[("if-none-match", "\"other\""), ("if-modified-since", &modified)])
            .await
            .status,
        200,
        "the tag counts"
    );
    assert_eq!(
        browser.get_with("/status/northwind", &[("if-none-match", &etag), ("accept-encoding", "br")]).await.status,
        304
    );
    owner.set_status("northwind", &[&api], "major_outage").await;
    assert_eq!(browser.get_with("/status/northwind", &[("if-none-match", &etag)]).await.status, 200);
}

async fn head_says_what_get_would(server: TestServer) {
    server.owner("northwind").await;
    let browser = server.browser();
    let get = page(&server).await;
    let head = browser.send(browser.request(reqwest::Method::HEAD, "/status/northwind")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["etag", "last-modified", "content-type", "cache-control", "vary", "content-length"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

async fn every_encoding_holds_the_same_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.rpc("create_services", json!({ "organization": "northwind", "names": (0..50).map(|n| format!("Service {n}")).collect::<Vec<_>>() })).await.right();
    let plain = page(&server).await;
    assert!(plain.header("content-encoding").is_empty());
    for (accepted, encoding) in [
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=0.8", "gzip"),
        ("deflate", ""),
        ("identity", ""),
    ] {
        let answer = server.browser().get_with("/status/northwind", &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
        let mut decoded = Vec::new();
        match encoding {
            "br" => {
                brotli::BrotliDecompress(&mut answer.body.as_slice(), &mut decoded).unwrap();
            }
            "gzip" => {
                flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut decoded).unwrap();
            }
            _ => decoded = answer.body.clone(),
        }
        assert_eq!(decoded, plain.body, "{accepted}");
        assert!(encoding.is_empty() || answer.body.len() * 4 < plain.body.len(), "{accepted} is small");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    }
    // What a reader refuses is not sent.
    for refusing in ["br;q=0, gzip;q=0", "br;q=0", "gzip;q=0.0"] {
        let answer = server.browser().get_with("/status/northwind", &[("accept-encoding", refusing)]).await;
        assert_eq!(answer.header("content-encoding"), "", "{refusing}");
    }
}

async fn names_are_text_whatever_they_hold(server: TestServer) {
    const HOSTILE: &str = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";
    let ana = server.person("ana").await;
    let input = json!({ "name": HOSTILE, "slug": "northwind", "time_zone": "UTC", "listed": true });
    ana.rpc("create_organization", json!({ "input": input })).await.right();
    let input = json!({ "name": HOSTILE, "description": HOSTILE });
    let group = ana.rpc("create_group", json!({ "organization": "northwind", "input": input })).await.right();
    let input = json!({ "name": HOSTILE, "description": HOSTILE, "group_id": group });
    ana.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let html = page(&server).await.text();
    for tag in ["<script>", "<img"] {
        assert!(!html.contains(tag), "{tag}: {html}");
    }
    let shown = sections(&html);
    assert_eq!(
        (shown[0].group.as_ref().unwrap().0.as_str(), shown[0].services[0].0.as_str()),
        (HOSTILE, HOSTILE),
        "shown as it was typed"
    );
    // Attributes: nothing ends one early.
    let head = html.split("</head>").next().unwrap();
    assert!(!head.replace(&HOSTILE.replace('"', "&quot;"), "").contains("onerror=alert(1)>\""), "{head}");
    assert!(head.contains("&quot;"), "quotes are escaped in attributes: {head}");
    let directory = server.browser().get("/").await.text();
    assert!(!directory.contains("<script>") && !directory.contains("<img"));
    // The message to open pages is JSON with the same markup in it.
    let version: i64 = html.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    let mut socket = server.browser().socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
    let id = ana.services("northwind").await["services"][0]["id"].clone();
    ana.set_status("northwind", &[id.as_str().unwrap()], "major_outage").await;
    let told = socket.next().await;
    assert!(!told["regions"].to_string().contains("<script>"), "{told}");
}

/// "No WASM, no inline script, strict CSP" (architecture).
async fn a_page_has_no_inline_script_and_one_known_style(server: TestServer) {
    let owner = server.owner("northwind").await;
    let group = owner.create_group("northwind", "Core").await;
    owner.create_service("northwind", "API", &group).await;
    let answer = page(&server).await;
    let html = answer.text();
    let scripts: Vec<&str> = html.split("<script").skip(1).collect();
    assert_eq!(scripts.len(), 1, "one tiny script");
    assert!(
        scripts[0].starts_with(" src=\"/assets/") && scripts[0].contains("live.js\" defer></script>"),
        "{}",
        scripts[0]
    );
    assert!(!html.contains(" style=") && !html.contains(".wasm"), "{html}");
    for attribute in [" onclick=", " onload=", " onerror=", "javascript:"] {
        assert!(!html.contains(attribute), "{attribute}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    let styles: Vec<&str> = html.split("<style>").skip(1).map(|rest| rest.split("</style>").next().unwrap()).collect();
    assert_eq!((styles.len(), html.matches("<style").count()), (1, 1), "one stylesheet");
    let hash = BASE64_STANDARD.encode(Sha256::digest(styles[0]));
    assert!(policy.contains(&format!("style-src 'self' 'sha256-{hash}';")), "only this one may stand there: {policy}");
    // What it refers to is there.
    for file in ["live.js", "favicon-none.svg"] {
        let refers = html.split('"').any(|part| part.starts_with("/assets/") && part.ends_with(file));
        assert!(refers, "{file} is not referred to");
    }
}

async fn a_page_is_complete_for_machines(server: TestServer) {
    server.owner("northwind").await;
    let html = page(&server).await.text();
    let address = format!("{}/status/northwind", server.url);
    assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{address}\"")), "{html}");
    for part in [
        "name=\"description\"",
        "property=\"og:title\"",
        "property=\"og:description\"",
        "property=\"og:url\"",
        "name=\"viewport\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.starts_with("<!DOCTYPE html>"));
    assert_eq!(html.matches("<h1").count(), 1);
}

async fn visitors_leave_no_trace(server: TestServer) {
    let owner = server.owner("northwind").await;
    let visitor = server.browser();
    for path in ["/", "/status", "/status/northwind", "/sign-in", "/sign-up"] {
        assert!(visitor.get(path).await.header("set-cookie").is_empty(), "{path}");
    }
    assert_eq!(server.number("select count(*) from sessions").await, 1, "the owner's");
    // Nor is the page another one for who is signed in: it can be kept by shared caches.
    assert_eq!(owner.get("/status/northwind").await.body, visitor.get("/status/northwind").await.body);
}

/// "Concurrent misses share one rendering" (architecture).
async fn many_at_once_get_one_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.rpc("create_services", json!({ "organization": "northwind", "names": (0..50).map(|n| format!("Service {n}")).collect::<Vec<_>>() })).await.right();
    let mut all = Vec::new();
    for _ in 0..60 {
        let browser = server.browser();
        all.push(tokio::spawn(async move { browser.get("/status/northwind").await }));
    }
    let mut tags = std::collections::HashSet::new();
    for one in all {
        let answer = one.await.unwrap();
        assert_eq!(answer.status, 200);
        tags.insert(answer.header("etag").to_owned());
    }
    assert_eq!(tags.len(), 1);
}

/// "If the database fails, the last good page is served" (architecture).
async fn when_a_page_cannot_be_made_the_last_good_one_stays(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let good = page(&server).await;
    server.execute("alter table status_history rename to lost").await;
    let id = server.organization_id("northwind").await;
    server.app.hub.publish(&id, 1000, &[candor::domain::live::Topic::Services]);
    assert_eq!(page(&server).await.body, good.body);
    server.execute("alter table lost rename to status_history").await;
    assert_eq!(page(&server).await.status, 200);
}

async fn deleted_services_are_not_shown(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (a, _) =
        (owner.create_service("northwind", "Alpha", "").await, owner.create_service("northwind", "Beta", "").await);
    owner.set_status("northwind", &[&a], "major_outage").await;
    assert!(page(&server).await.text().contains("Alpha"));
    owner.rpc("delete_service", json!({ "organization": "northwind", "id": a })).await.right();
    let html = page(&server).await.text();
    assert!(!html.contains("Alpha"));
    assert_eq!(banner(&html).0, "none", "nor counted");
    owner.rpc("restore_service", json!({ "organization": "northwind", "id": a })).await.right();
    assert_eq!(banner(&page(&server).await.text()).0, "major");
}

async fn teams_are_not_shown_to_visitors(server: TestServer) {
    let owner = server.owner("northwind").await;
    let team = owner.create_team("northwind", "Platform crew").await;
    let input = json!({ "name": "API", "team_id": team });
    owner.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let list = owner.services("northwind").await;
    assert_eq!(
        (list["teams"][0]["name"].as_str(), &list["services"][0]["team_id"]),
        (Some("Platform crew"), &json!(team))
    );
    let html = page(&server).await.text();
    assert!(html.contains("API") && !html.contains("Platform crew") && !html.contains(&team), "{html}");
}
