//! What was wrong with a form that was sent without a script.

use crate::support::{Answer, Browser, TestServer, both_engines};
use base64::prelude::{BASE64_URL_SAFE, Engine};
use serde_json::json;

both_engines!(links_cannot_show_form_errors, form_errors_are_shown_once_without_a_script);

const WORDS: &str = "Your account is BLOCKED. Call 555-0100.";

/// The query of an error of this function, as Leptos writes it.
fn error_query(function: &str, words: &str) -> String {
    let error = json!({ "error": "conflict", "detail": words }).to_string();
    format!("__path=%2Frpc%2F{function}&__err={}", BASE64_URL_SAFE.encode(error).replace('=', "%3D"))
}

async fn links_cannot_show_form_errors(server: TestServer) {
    let owner = server.owner("acme").await;
    let error = error_query("create_organization", WORDS);
    let (path, value) = error.split_once('&').unwrap();
    for (query, clean) in [
        (error.clone(), "/dashboard/new"),
        (format!("{value}&{path}"), "/dashboard/new"),
        (format!("a=1&{error}&b=2"), "/dashboard/new?a=1&b=2"),
        (error.replace("__", "%5F%5f"), "/dashboard/new"),
        (format!("{error}&{}", error_query("update_organization", WORDS)), "/dashboard/new"),
    ] {
        // A cookie that another error left, or somebody made up, is no proof.
        for cookie in ["made-up".to_owned(), "A".repeat(43)] {
            owner.set_cookie("candor-form-error", &cookie);
            let answer = owner.get(&format!("/dashboard/new?{query}")).await;
            assert_eq!((answer.status, answer.location(), answer.text().as_str()), (303, clean, ""), "{query}");
        }
    }
    let there = format!("/dashboard/acme/settings?{}", error_query("update_organization", WORDS));
    assert_eq!(owner.get(&there).await.location(), "/dashboard/acme/settings");

    // Signing in does not bring it along, wherever it was written.
    let visitor = server.browser();
    let plain = error.replace("%2F", "/").replace("%3D", "=");
    for query in [&error, &plain] {
        let answer = visitor.get(&format!("/dashboard/new?{query}")).await;
        let there = answer.location().to_owned();
        assert!(answer.status == 303 && !there.contains("__"), "{there}");
        let next = format!("/dashboard/new?{query}");
        let form = [("email", "owner-acme@example.com"), ("password", crate::support::PASSWORD), ("next", &next)];
        let signed_in = server.browser().post("/sign-in", &form).await;
        assert!(signed_in.status == 303 && !signed_in.location().contains("__"), "{}", signed_in.location());
    }
}

/// Sends the form of `/dashboard/new` as a browser without a script does, from this address of the page.
async fn create(owner: &Browser, page: &str, slug: &str) -> Answer {
    let fields = [("input[name]", "Second"), ("input[slug]", slug), ("input[time_zone]", "UTC")];
    let referer = format!("{}{page}", owner.origin());
    owner.send(owner.form("/rpc/create_organization", &fields).header("referer", referer)).await
}

async fn form_errors_are_shown_once_without_a_script(server: TestServer) {
    let owner = server.owner("acme").await;
    let refused = create(&owner, "/dashboard/new?a=1", "acme").await;
    assert_eq!(refused.status, 302, "{}", refused.text());
    let there = refused.location().strip_prefix(owner.origin()).unwrap().to_owned();
    assert!(there.starts_with("/dashboard/new?a=1&__path=%2Frpc%2Fcreate_organization&__err="), "{there}");
    let cookie = refused.header("set-cookie");
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=60"] {
        assert!(cookie.contains(flag), "{cookie}");
    }

    // In another browser of the same person it is nothing.
    let other = owner.copy();
    other.set_cookie("candor-form-error", "");
    assert_eq!((other.get(&there).await.status, other.get(&there).await.location()), (303, "/dashboard/new?a=1"));

    let page = owner.get(&there).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("already taken"), "{}", page.text());
    let again = owner.get(&there).await;
    assert_eq!((again.status, again.location()), (303, "/dashboard/new?a=1"), "loading it again");

    // Sent once more from the page that shows an error: the new one takes the place of the old one.
    let refused = create(&owner, &there, "a--b").await;
    let there = refused.location().strip_prefix(owner.origin()).unwrap().to_owned();
    assert_eq!((there.matches("__err=").count(), there.matches("__path=").count()), (1, 1), "{there}");
    assert!(owner.get(&there).await.text().contains("Hyphens can’t be first"), "{there}");
    let made = create(&owner, &there, "second").await;
    assert_eq!((made.status, made.location()), (302, "/dashboard/second/services"));

    // Over https no other host of the domain can plant the proof.
    let server = server.restart_with(&["--url", "https://status.example.com"]).await;
    let bo = server.person("bo").await;
    let refused = create(&bo, "/dashboard/new", "acme").await;
    let cookie = refused.header("set-cookie");
    assert!(cookie.starts_with("__Host-candor-form-error=") && cookie.contains("; Secure"), "{cookie}");
    let there = refused.location().strip_prefix(bo.origin()).unwrap().to_owned();
    assert!(bo.get(&there).await.text().contains("already taken"), "{there}");
}
