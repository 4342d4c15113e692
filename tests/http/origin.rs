//! Nobody else's page acts in a person's name: the check of where a request comes from.

use crate::support::{Browser, PASSWORD, TestServer, both_engines, encode};
use reqwest::Method;
use serde_json::json;

both_engines!(
    forms_of_another_page_are_refused,
    server_functions_are_refused_to_another_page,
    sockets_with_a_session_are_refused_to_another_page,
    cookies_make_no_difference_for_private_sockets,
    hidden_session_cookies_are_found,
    a_public_socket_is_for_everybody,
    the_browsers_own_word_counts_more_than_the_origin,
    a_program_without_a_cookie_is_not_held_up,
    reading_is_free,
);

const ELSEWHERE: &[&[(&str, &str)]] = &[
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")],
    &[("sec-fetch-site", "nonsense")],
    &[("origin", "https://evil.test")],
    &[("origin", "null")],
    &[("origin", "http://127.0.0.1.evil.test")],
    &[("origin", "http://127.0.0.1:1")],
    // A browser that says nothing of itself, with a session.
    &[],
];

async fn try_from(browser: &Browser, path: &str, kind: &str, body: String, headers: &[(&str, &str)]) -> u16 {
    let request = headers
        .iter()
        .fold(browser.request(Method::POST, path), |request, (name, value)| request.header(*name, *value));
    browser.send(request.header("content-type", kind).body(body)).await.status
}

const FORM: &str = "application/x-www-form-urlencoded";

async fn forms_of_another_page_are_refused(server: TestServer) {
    let ana = server.person("ana").await;
    for headers in ELSEWHERE {
        assert_eq!(try_from(&ana, "/sign-out", FORM, String::new(), headers).await, 403, "{headers:?}");
        if !headers.is_empty() {
            // Signing somebody in to the attacker's account needs no cookie: refused as well.
            let fields = encode(&[("email", "ana@example.com"), ("password", PASSWORD)]);
            assert_eq!(try_from(&server.browser(), "/sign-in", FORM, fields, headers).await, 403, "{headers:?}");
        }
    }
    assert!(ana.is_signed_in().await);
}

async fn server_functions_are_refused_to_another_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = owner.create_service("northwind", "API", "").await;
    let body = json!({ "organization": "northwind", "ids": [id], "status": "major_outage" }).to_string();
    for headers in ELSEWHERE {
        for kind in ["application/json", "text/plain"] {
            assert_eq!(try_from(&owner, "/rpc/set_status", kind, body.clone(), headers).await, 403, "{headers:?}");
        }
        let form = encode(&[("organization", "northwind"), ("input[name]", "Planted")]);
        assert_eq!(try_from(&owner, "/rpc/create_service", FORM, form, headers).await, 403, "{headers:?}");
    }
    let list = owner.services("northwind").await;
    assert_eq!(list["services"].as_array().unwrap().len(), 1);
    assert_eq!(list["services"][0]["status"], "operational");
    // The same from here works: it is not refused for another reason.
    assert_eq!(
        try_from(&owner, "/rpc/set_status", "application/json", body, &[("sec-fetch-site", "same-origin")]).await,
        200
    );
}

async fn sockets_with_a_session_are_refused_to_another_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    for origin in [Some("https://evil.test"), Some("null"), Some("http://127.0.0.1:1"), None] {
        let refused = owner.socket_from("/rpc/live?organization=northwind", origin).await.err();
        assert_eq!(refused.map(|refused| refused.status), Some(403), "{origin:?}");
    }
    assert!(owner.socket("/rpc/live?organization=northwind").await.is_ok());
}

async fn a_public_socket_is_for_everybody(server: TestServer) {
    server.owner("northwind").await;
    for origin in [Some("https://somewhere.example"), None] {
        assert!(server.browser().socket_from("/status/northwind/live", origin).await.is_ok(), "{origin:?}");
        assert!(server.browser().socket_from("/api/v1/live", origin).await.is_ok(), "{origin:?}");
    }
}

/// A sibling host can plant cookies beside the session's: whatever they do to those who read cookies, its
/// pages open no socket of the dashboard.
async fn cookies_make_no_difference_for_private_sockets(server: TestServer) {
    let owner = server.owner("northwind").await;
    let session = owner.session().unwrap();
    let (path, here) = ("/rpc/live?organization=northwind", owner.origin().as_bytes());
    for (cookie, status) in [
        (format!("candor={session}"), 101),
        (format!("candor={session}; x=\u{e9}"), 101),
        (format!("%63andor={session}; x=\u{e9}"), 401),
        (format!("\u{a0}candor={session}"), 401),
        (format!("candor={session}; candor={session}"), 401),
        ("x=1".to_owned(), 401),
    ] {
        let cookie = ("cookie", cookie.as_bytes());
        for elsewhere in [&b"https://evil.test"[..], b"http://127.0.0.1:1", b"null", b"\xe9"] {
            assert_eq!(owner.upgrade(path, &[cookie, ("origin", elsewhere)]).await, 403, "{cookie:?}");
        }
        let sibling = ("sec-fetch-site", &b"same-site"[..]);
        assert_eq!(owner.upgrade(path, &[cookie, ("origin", here), sibling]).await, 403, "{cookie:?}");
        assert_eq!(owner.upgrade(path, &[cookie]).await, 403, "{cookie:?}");
        assert_eq!(owner.upgrade(path, &[cookie, ("origin", here)]).await, status, "{cookie:?}");
    }
}

/// Junk beside the session's cookie does not hide from the guard that there is one.
async fn hidden_session_cookies_are_found(server: TestServer) {
    let owner = server.owner("northwind").await;
    let session = owner.session().unwrap();
    for (cookie, statuses) in [
        (format!("candor={session}; x=\u{e9}"), [403, 403]),
        (format!("x=\u{e9}; candor={session}"), [403, 403]),
        // Nobody's session: asked who it is, and told that it is signed out.
        (format!("%63andor={session}"), [401, 303]),
    ] {
        for (path, status) in ["/rpc/who_am_i", "/sign-out"].into_iter().zip(statuses) {
            let request = server
                .browser()
                .request(Method::POST, path)
                .header("content-type", FORM)
                .header("cookie", cookie.as_bytes());
            assert_eq!(owner.send(request).await.status, status, "{cookie} {path}");
        }
    }
    assert!(owner.is_signed_in().await);
}

async fn the_browsers_own_word_counts_more_than_the_origin(server: TestServer) {
    let ana = server.person("ana").await;
    let here = ana.origin().to_owned();
    assert_eq!(
        try_from(&ana, "/rpc/who_am_i", FORM, String::new(), &[("sec-fetch-site", "cross-site"), ("origin", &here)])
            .await,
        403
    );
    for headers in [&[("sec-fetch-site", "same-origin")], &[("sec-fetch-site", "none")], &[("origin", here.as_str())]] {
        assert_eq!(try_from(&ana, "/rpc/who_am_i", FORM, String::new(), headers).await, 200, "{headers:?}");
    }
}

async fn a_program_without_a_cookie_is_not_held_up(server: TestServer) {
    assert_eq!(
        try_from(&server.browser(), "/rpc/who_am_i", FORM, String::new(), &[]).await,
        401,
        "asked who it is, not where it comes from"
    );
    let fields = encode(&[("name", "Program"), ("email", "program@example.com"), ("password", PASSWORD)]);
    assert_eq!(try_from(&server.browser(), "/sign-up", FORM, fields, &[]).await, 303);
}

async fn reading_is_free(server: TestServer) {
    let owner = server.owner("northwind").await;
    for path in ["/status/northwind", "/", "/sign-in"] {
        let answer = owner.get_with(path, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")]).await;
        assert!(answer.status < 400, "{path}: {}", answer.status);
        assert!(answer.header("access-control-allow-origin").is_empty(), "{path}");
    }
}
