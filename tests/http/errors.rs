//! What is answered when something is wrong with the request itself.

use crate::support::{TestServer, both_engines};
use candor::server::access::PublicPage;
use reqwest::Method;
use serde_json::json;

both_engines!(
    an_unknown_address_has_a_helpful_page,
    arguments_that_cannot_be_read_are_400,
    a_body_that_is_too_large_is_413,
    a_method_that_an_address_does_not_know_is_405,
    every_answer_carries_the_headers_of_protection,
    a_form_that_cannot_be_read_is_no_defect_of_the_server,
    nul_is_refused_everywhere,
);

async fn an_unknown_address_has_a_helpful_page(server: TestServer) {
    for path in ["/nothing-here", "/status/a/b/c", "/assets", "/auth/oidc/default/start", "/%F0%9F%92%A5"] {
        let answer = server.browser().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        let page = answer.text();
        assert!(page.contains("<h1") && page.contains(r#"href="/""#), "{path}: {page}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    // A file is nobody's page: a line of text is enough.
    assert_eq!(server.browser().get("/assets/dev/nothing.js").await.status, 404);
}

async fn arguments_that_cannot_be_read_are_400(server: TestServer) {
    let owner = server.owner("northwind").await;
    for (function, kind, body) in [
        ("set_status", "application/json", "{"),
        ("set_status", "application/json", r#"{"organization":"northwind"}"#),
        ("set_status", "application/json", r#"{"organization":"northwind","ids":"all","status":"operational"}"#),
        ("set_status", "application/json", "\u{0}\u{1}"),
        ("create_service", "application/x-www-form-urlencoded", "organization=northwind"),
        ("create_service", "application/x-www-form-urlencoded", "input[name]=x"),
        ("create_service", "application/x-www-form-urlencoded", ""),
        ("create_service", "application/x-www-form-urlencoded", "%ff%fe=%00&[[[=]]]"),
        ("read_service", "application/x-www-form-urlencoded", "organization=northwind&id=../../etc/passwd"),
        ("who_am_i", "application/json", "not json at all"),
    ] {
        let request = owner
            .request(Method::POST, &format!("/rpc/{function}"))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", kind)
            .body(body);
        let answer = owner.send(request).await;
        if function == "who_am_i" {
            assert_eq!(answer.status, 200, "a function without arguments reads none");
        } else {
            answer.refused(400, "bad_request");
        }
    }
}

async fn a_body_that_is_too_large_is_413(server: TestServer) {
    let owner = server.owner("northwind").await;
    let names = vec!["x".repeat(1000); 270];
    assert_eq!(owner.rpc("create_services", json!({ "organization": "northwind", "names": names })).await.status, 413);
    let long = "x".repeat(257 * 1024);
    assert_eq!(owner.post("/sign-in", &[("email", &long)]).await.status, 413);
    assert!(owner.services("northwind").await["services"].as_array().unwrap().is_empty());
}

async fn a_method_that_an_address_does_not_know_is_405(server: TestServer) {
    let browser = server.browser();
    for (method, path) in [
        (Method::POST, "/health"),
        (Method::DELETE, "/status/northwind"),
        (Method::PUT, "/sign-in"),
        (Method::GET, "/sign-out"),
        (Method::POST, "/"),
    ] {
        let answer = browser.send(browser.request(method.clone(), path).header("sec-fetch-site", "same-origin")).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert!(!answer.header("allow").is_empty(), "{method} {path}");
    }
}

async fn every_answer_carries_the_headers_of_protection(server: TestServer) {
    let owner = server.owner("northwind").await;
    for path in ["/", "/sign-in", "/status/northwind", "/nothing", "/health", "/dashboard", "/robots.txt"] {
        let answer = owner.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert!(!answer.header("referrer-policy").is_empty(), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && policy.contains("object-src 'none'")
                && policy.contains("base-uri 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
        let id = answer.header("x-request-id");
        assert!(id.len() == 12 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{path}: {id:?}");
        assert!(answer.header("strict-transport-security").is_empty(), "{path}: plain http promises nothing");
    }
    for path in ["/status/northwind/badge.svg", "/status/northwind/embed", "/docs/", "/api/openapi.json"] {
        let answer = owner.get(path).await;
        let policy = answer.header("content-security-policy");
        assert_eq!(answer.status, 200, "{path}");
        assert!(policy.contains("object-src 'none'") && policy.contains("base-uri 'none'"), "{path}: {policy}");
        // The badge is a picture, whose one style stands in it.
        assert_eq!(policy.contains("unsafe"), path.ends_with(".svg"), "{path}: {policy}");
    }
}

async fn a_form_that_cannot_be_read_is_no_defect_of_the_server(server: TestServer) {
    let browser = server.browser();
    for path in ["/sign-in", "/sign-up"] {
        for body in ["", "email", "email=%ff%fe&password=%00", "email=a&email=b", "next[]=x&next=y"] {
            let request = browser.form(path, &[]).body(body);
            let status = browser.send(request).await.status;
            assert!((400..500).contains(&status), "{path} {body:?}: {status}");
        }
        let request = browser
            .request(Method::POST, path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json")
            .body("{}");
        assert_eq!(browser.send(request).await.status, 415, "{path}");
    }
    // A query that cannot be read is passed over or refused, never an error of the server.
    for path in ["/?q=%ff", "/?q=a&q=b", "/sign-in?next=%ff", "/status/northwind/live?version=x", "/rpc/live"] {
        let status = browser.get(path).await.status;
        assert!(status < 500, "{path}: {status}");
    }
}

/// No address and no body brings U+0000 to the database, which keeps it on one engine and not on the other.
async fn nul_is_refused_everywhere(server: TestServer) {
    let owner = server.owner("northwind").await;
    for path in [
        "/?q=a%00b",
        "/?organization=a%00b",
        "/status/a%00b",
        "/status/northwind/history?month=%00",
        "/status/a%00b/badge.svg",
        "/status/northwind/badge.svg?service=%00",
        "/status/a%00b/feed.atom",
        "/status/a%00b/api/v2/summary.json",
        "/status/a%00b/live",
        "/api/v1/status/a%00b",
        "/api/v1/organizations/a%00b/services",
        "/sign-in?next=%00",
        "/verify-email?token=%00",
        "/reset-password?token=%00",
        "/accept-invitation?token=%00",
        "/auth/oidc/default/callback?state=%00&code=%00",
        "/dashboard/x%00y/services",
        "/dashboard/northwind/incidents?words=%00",
        "/dashboard/northwind/incidents.csv?words=%00",
        "/dashboard/northwind/audit.csv?words=%00",
        "/rpc/live?organization=a%00b",
        "/account/sessions?x=%00",
        "/nothing%00",
    ] {
        let answer = owner.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains("U+0000"), "{path}: {}", answer.text());
    }
    let form = "application/x-www-form-urlencoded";
    for (path, kind, body) in [
        ("/sign-in", form, "email=a%00%40example.com&password=x"),
        ("/sign-up", form, "name=a%00&email=a%40example.com&password=x"),
        ("/sign-up", form, "name=a\0&email=a%40example.com&password=x"),
        ("/forgot-password", form, "email=a%00%40example.com"),
        ("/reset-password", form, "token=%00&password=x"),
        ("/accept-invitation", form, "token=%00"),
        ("/account", form, "what=name&name=%00"),
        ("/account/sessions", form, "id=%00"),
        ("/account/tokens", form, "name=%00&role=viewer"),
        ("/rpc/list_services", form, "organization=a%00b"),
        ("/rpc/list_services", "text/plain", r#"{"organization":"a\u0000b"}"#),
        ("/rpc/set_status", "application/json", r#"{"organization":"a\u0000b","ids":[],"status":"operational"}"#),
        (
            "/rpc/report_incident",
            "application/json",
            r#"{"organization":"northwind","input":{"title":"x","body":"a\u0000b"}}"#,
        ),
        ("/api/v1/organizations/northwind/services", "application/json", r#"{"name":"a\u0000b"}"#),
    ] {
        let request = owner.request(Method::POST, path).header("sec-fetch-site", "same-origin");
        let answer = owner.send(request.header("content-type", kind).body(body)).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        assert!(answer.text().contains("U+0000"), "{path}: {}", answer.text());
    }
    // Where no door refuses it, the database's refusal is no defect either.
    let error = PublicPage::find(&server.app, "a\0b").await.unwrap_err();
    assert!(error.status() < 500, "{error}");
}
