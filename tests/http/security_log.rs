//! What the log says of signing in and of refusals.

use crate::support::{PASSWORD, TestServer, both_engines, keep_security_log, security_log};
use candor::domain::role::Role;
use serde_json::json;

both_engines!(sign_ins_are_logged, refused_access_is_logged);

#[track_caller]
fn only(words: &[&str]) -> String {
    let lines = security_log(words);
    assert_eq!(lines.len(), 1, "{words:?}: {lines:?}");
    lines[0].clone()
}

/// Who, how and from where; never the password.
async fn sign_ins_are_logged(server: TestServer) {
    keep_security_log();
    let ana = server.person("ana").await;
    let id = ana.user_id().await;
    let signed_up = only(&["sign_in_succeeded", &id]);
    assert!(signed_up.contains("method=\"password\"") && signed_up.contains("client=\"127.0.0.1\""), "{signed_up}");

    let browser = server.browser();
    browser.sign_in("ana", "not the password").await;
    let failed = only(&["sign_in_failed", &id]);
    for part in ["account=\"ana@example.com\"", "reason=\"wrong password\"", "client=\"127.0.0.1\""] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    let unknown = format!("nobody-{id}");
    browser.sign_in(&unknown, "not the password").await;
    assert!(only(&["sign_in_failed", &unknown]).contains("reason=\"no such account\""));

    browser.sign_in("ana", PASSWORD).await;
    assert_eq!(security_log(&["sign_in_succeeded", &id]).len(), 2);
    browser.post("/sign-out", &[]).await;
    assert!(only(&["sessions_ended", &id]).contains("which=\"this\""));
    for secret in [PASSWORD, "not the password", &ana.session().unwrap()] {
        assert_eq!(security_log(&[secret]), Vec::<String>::new());
    }
}

/// Who wanted to do what where, although the answer does not say whether there is such an organization.
async fn refused_access_is_logged(server: TestServer) {
    keep_security_log();
    let owner = server.owner("northwind").await;
    let outsider = server.person("outsider").await;
    let id = outsider.user_id().await;
    outsider.rpc("list_services", json!({ "organization": "northwind" })).await.refused(404, "not_found");
    let line = only(&["access_refused", &id]);
    assert!(line.contains("organization=\"northwind\"") && line.contains("status=404"), "{line}");

    let viewer = server.member("northwind", Role::Viewer).await;
    let id = viewer.user_id().await;
    let input = json!({ "name": "API", "group_id": "" });
    viewer
        .rpc("create_service", json!({ "organization": "northwind", "input": input }))
        .await
        .refused(403, "forbidden");
    let line = only(&["access_refused", &id]);
    assert!(line.contains("action=EditServices") && line.contains("status=403"), "{line}");

    // A token that does not exist, and a page of another origin.
    let path = format!("/api/v1/organizations/{id}");
    let program = owner.request(reqwest::Method::GET, &path).header("authorization", "Bearer candor_made_up");
    assert_eq!(owner.send(program).await.status, 401);
    let line = only(&["token_refused", &path]);
    assert!(!line.contains("made_up"), "{line}");
    let path = format!("/rpc/{id}");
    let form = owner.request(reqwest::Method::POST, &path).header("origin", "https://evil.test");
    assert_eq!(owner.send(form).await.status, 403);
    assert!(only(&["origin_refused", &path]).contains("origin=\"https://evil.test\""));
}
