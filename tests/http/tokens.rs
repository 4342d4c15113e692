//! API tokens: made, shown once, used, ended; and what they may do.

use crate::support::{Answer, Browser, TestServer, both_engines};
use serde_json::{Value, json};

both_engines!(
    a_token_of_an_organization_acts_by_its_role,
    a_personal_token_acts_as_its_owner_or_less,
    a_token_is_shown_once_and_kept_as_a_hash,
    a_revoked_or_expired_token_is_refused,
    nobody_makes_a_token_that_may_do_more_than_they,
    an_unverified_account_makes_no_personal_token_where_mail_is_sent,
    a_cookie_is_no_token,
    a_former_slug_still_leads_in,
);

async fn make(browser: &Browser, organization: &str, role: &str) -> String {
    let input = json!({ "name": format!("for {role}"), "role": role, "days": "30" });
    let made = browser.rpc("create_token", json!({ "organization": organization, "input": input })).await.right();
    made["token"].as_str().unwrap().to_owned()
}

/// What a program asks: no cookie, no origin, one token.
async fn ask(server: &TestServer, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let program = server.browser();
    let mut request = program.request(method.parse().unwrap(), path).header("authorization", format!("Bearer {token}"));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    program.send(request).await
}

async fn set(server: &TestServer, token: &str, organization: &str, service: &str, status: &str) -> Answer {
    let path = format!("/api/v1/organizations/{organization}/services/{service}");
    ask(server, token, "PATCH", &path, Some(json!({ "status": status }))).await
}

async fn a_token_of_an_organization_acts_by_its_role(server: TestServer) {
    let owner = server.owner("northwind").await;
    server.owner("southwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let (reader, reporter) =
        (make(&owner, "northwind", "viewer").await, make(&owner, "northwind", "status_reporter").await);

    let me = ask(&server, &reader, "GET", "/api/v1/me", None).await.right();
    assert_eq!((me["kind"].as_str(), me["name"].as_str()), (Some("organization"), Some("for viewer")));
    assert_eq!(me["organizations"][0]["slug"], "northwind");
    assert_eq!(me["organizations"][0]["role"], "viewer");

    let listed = ask(&server, &reader, "GET", "/api/v1/organizations/northwind/services", None).await.right();
    assert_eq!(listed["services"][0]["name"], "API");
    let refused = set(&server, &reader, "northwind", &service, "major_outage").await;
    assert_eq!((refused.status, refused.header("content-type")), (403, "application/problem+json"));

    let changed = set(&server, &reporter, "northwind", &service, "major_outage").await.right();
    assert_eq!(changed["status"], "major_outage");
    let history = owner.rpc("read_service", json!({ "organization": "northwind", "id": service })).await.right();
    assert_eq!(history["history"][0]["cause"], "api");
    assert_eq!(history["history"][0]["by"], "for status_reporter (token)");
    let line = owner.audit("northwind", "", "service").await.remove(0);
    assert_eq!((line["door"].as_str(), line["actor"].as_str()), (Some("rest"), Some("for status_reporter (token)")));

    // What belongs to another organization does not exist, and neither does what nobody has.
    assert_eq!(ask(&server, &reporter, "GET", "/api/v1/organizations/southwind/services", None).await.status, 404);
    assert_eq!(set(&server, &reporter, "northwind", "aaaaaaaaaaaa", "operational").await.status, 404);
    assert_eq!(set(&server, &reporter, "northwind", "no-id", "operational").await.status, 404);
    let path = format!("/api/v1/organizations/northwind/services/{service}");
    for wrong in [json!({ "status": "fine" }), json!({ "status": "operational", "color": "red" }), json!({})] {
        let answer = ask(&server, &reporter, "PATCH", &path, Some(wrong)).await;
        assert!((400..500).contains(&answer.status), "{}", answer.text());
    }
}

async fn a_personal_token_acts_as_its_owner_or_less(server: TestServer) {
    let owner = server.owner("northwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let reporter = server.joined(&owner, "northwind", "reporter", "status_reporter").await;
    let all = own(&reporter, "owner").await;
    let reading = own(&reporter, "viewer").await;

    let me = ask(&server, &all, "GET", "/api/v1/me", None).await.right();
    assert_eq!((me["kind"].as_str(), me["email"].as_str()), (Some("person"), Some("reporter@example.com")));
    assert_eq!(me["organizations"][0]["role"], "status_reporter");
    assert_eq!(set(&server, &all, "northwind", &service, "partial_outage").await.status, 200);
    assert_eq!(set(&server, &reading, "northwind", &service, "operational").await.status, 403);

    // The owner's rights as they are now: less with a lesser role, none without a membership.
    let user = reporter.user_id().await;
    owner.rpc("change_role", json!({ "organization": "northwind", "user": user, "role": "viewer" })).await.right();
    assert_eq!(set(&server, &all, "northwind", &service, "operational").await.status, 403);
    owner.rpc("remove_member", json!({ "organization": "northwind", "user": user })).await.right();
    assert_eq!(ask(&server, &all, "GET", "/api/v1/organizations/northwind/services", None).await.status, 404);

    // A viewer's token stays one in a team as well.
    let team = owner.create_team("northwind", "Core").await;
    let member = server.joined_team(&owner, "northwind", "member", "viewer", &team, "team_admin").await;
    let input = json!({ "name": "Owned", "team_id": team });
    let owned = owner.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let owned = owned.as_str().unwrap();
    let (all, reading) = (own(&member, "owner").await, own(&member, "viewer").await);
    assert_eq!(set(&server, &all, "northwind", owned, "partial_outage").await.status, 200);
    assert_eq!(set(&server, &reading, "northwind", owned, "operational").await.status, 403);
    assert_eq!(set(&server, &all, "northwind", &service, "partial_outage").await.status, 403);
}

/// Makes a personal token by the form.
async fn own(browser: &Browser, role: &str) -> String {
    let fields = [("what", "create"), ("name", "laptop"), ("role", role), ("days", "")];
    let page = browser.post("/account/tokens", &fields).await;
    assert_eq!(page.status, 200);
    token_in(&page.text())
}

fn token_in(page: &str) -> String {
    let start = page.find("cnd_").unwrap();
    page[start..].chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}

async fn a_token_is_shown_once_and_kept_as_a_hash(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = make(&owner, "northwind", "viewer").await;
    let personal = own(&owner, "viewer").await;
    assert_eq!((token.len(), personal.len()), (68, 68));
    let listed = owner.rpc("list_tokens", json!({ "organization": "northwind" })).await.right();
    assert_eq!(listed[0]["ending"], token[64..]);
    assert_eq!(listed[0]["last_used_at"], Value::Null);
    assert_eq!(ask(&server, &token, "GET", "/api/v1/me", None).await.status, 200);
    let listed = owner.rpc("list_tokens", json!({ "organization": "northwind" })).await.right();
    assert!(listed[0]["last_used_at"].is_string());

    let page = owner.get("/account/tokens").await.text();
    assert!(page.contains(&personal[64..]) && !page.contains(&personal) && !page.contains(&token));
    for text in [listed.to_string(), json!(owner.audit("northwind", "", "").await).to_string()] {
        assert!(!text.contains(&token) && !text.contains("hash"), "{text}");
    }
    let page = owner.post("/account/tokens", &[("what", "create"), ("name", ""), ("role", "x"), ("days", "7")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.text().matches("aria-invalid=\"true\"").count(), 3, "{}", page.text());
}

async fn a_revoked_or_expired_token_is_refused(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = make(&owner, "northwind", "viewer").await;
    let personal = own(&owner, "viewer").await;
    let listed = owner.rpc("list_tokens", json!({ "organization": "northwind" })).await.right();
    let revoke = json!({ "organization": "northwind", "id": listed[0]["id"] });
    owner.rpc("revoke_token", revoke.clone()).await.right();
    assert_eq!(owner.rpc("revoke_token", revoke).await.status, 404);
    let refused = ask(&server, &token, "GET", "/api/v1/me", None).await;
    assert_eq!((refused.status, refused.header("content-type")), (401, "application/problem+json"));
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    let actions: Vec<_> = owner.audit("northwind", "", "token").await;
    assert_eq!((&actions[0]["action"], &actions[1]["action"]), (&json!("token.revoked"), &json!("token.created")));

    let stranger = server.owner("southwind").await;
    let page = owner.get("/account/tokens").await.text();
    let id = page.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(stranger.post("/account/tokens", &[("what", "revoke"), ("id", &id)]).await.status, 404);
    assert_eq!(ask(&server, &personal, "GET", "/api/v1/me", None).await.status, 200);
    assert_eq!(owner.post("/account/tokens", &[("what", "revoke"), ("id", &id)]).await.status, 303);
    assert_eq!(ask(&server, &personal, "GET", "/api/v1/me", None).await.status, 401);

    let late = make(&owner, "northwind", "viewer").await;
    server.execute("update api_tokens set expires_at = 1").await;
    assert_eq!(ask(&server, &late, "GET", "/api/v1/me", None).await.status, 401);
    for wrong in ["", "cnd_", "cnd_0000", "x"] {
        assert_eq!(ask(&server, wrong, "GET", "/api/v1/me", None).await.status, 401);
    }
}

async fn nobody_makes_a_token_that_may_do_more_than_they(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = server.joined(&owner, "northwind", "admin", "admin").await;
    let input = json!({ "name": "key", "role": "owner", "days": "" });
    let refused = admin.rpc("create_token", json!({ "organization": "northwind", "input": input })).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    make(&admin, "northwind", "admin").await;
    make(&owner, "northwind", "owner").await;
}

/// Who signed up with somebody else's address has no token of the account when its owner takes it over.
async fn an_unverified_account_makes_no_personal_token_where_mail_is_sent(server: TestServer) {
    let server = server.with_mail().await;
    let ana = server.person("ana").await;
    assert!(ana.get("/account/tokens").await.text().contains("Verify your email address first"));
    let fields = [("what", "create"), ("name", "laptop"), ("role", "owner"), ("days", "")];
    assert_eq!(ana.post("/account/tokens", &fields).await.status, 409);
    assert_eq!(server.number("select count(*) from api_tokens").await, 0);
    server.execute("update users set email_verified_at = 1").await;
    own(&ana, "owner").await;
}

async fn a_cookie_is_no_token(server: TestServer) {
    let owner = server.owner("northwind").await;
    assert_eq!(owner.get("/api/v1/me").await.status, 401);
    assert_eq!(owner.get("/api/v1/organizations/northwind/services").await.status, 401);
    // And a token is no session.
    let token = make(&owner, "northwind", "owner").await;
    let answer = ask(&server, &token, "POST", "/rpc/who_am_i", None).await;
    assert_eq!(answer.status, 401);
}

async fn a_former_slug_still_leads_in(server: TestServer) {
    let owner = server.owner("northwind").await;
    let stranger = server.owner("southwind").await;
    let token = make(&owner, "northwind", "viewer").await;
    let input = json!({ "name": "northwind", "slug": "boreas", "time_zone": "UTC" });
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": input })).await;
    assert_eq!(ask(&server, &token, "GET", "/api/v1/organizations/northwind/services", None).await.status, 200);
    assert_eq!(
        owner.rpc("frame", json!({ "organization": "northwind" })).await.right()["organization"]["slug"],
        "boreas"
    );
    let moved = owner.get("/dashboard/northwind/services").await;
    assert_eq!((moved.status, moved.location()), (302, "/dashboard/boreas/services"));
    assert_eq!(stranger.get("/dashboard/northwind/services").await.status, 404);
}
