//! Re-authentication: what protects an account needs a proof of the last ten minutes, and what one is.

use crate::support::{Answer, Bearer, Browser, PASSWORD, TESTS, TestServer, both_engines, eventually};
use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use candor::{
    domain::{ids::UserId, role::Role},
    server::{
        access::{accounts::sign_in_oidc, oidc::OidcIdentity, reauthentication::RECENT_SECONDS},
        clock, organizations,
    },
};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

both_engines!(
    an_old_session_changes_nothing_until_it_is_confirmed,
    without_a_password_the_session_itself_has_to_be_confirmed,
    the_password_of_a_form_confirms_the_session,
    confirmation_renews_the_session_id,
    a_wrong_password_confirms_nothing_and_is_limited,
    a_mailed_link_confirms_the_session_that_asked,
    the_page_leads_only_into_the_dashboard_and_the_account,
    a_walk_through_the_provider_confirms_only_its_own_person,
    a_sign_in_through_the_provider_is_recent_only_by_its_auth_time,
    deleting_an_account_leaves_no_organization_without_owner,
);

/// Lets time pass for every session, as far as its last proof goes.
async fn age(server: &TestServer, seconds: i64) {
    for row in server.texts("select id_hash || ' ' || data from sessions").await {
        let (hash, data) = row.split_once(' ').unwrap();
        let mut data: Value = serde_json::from_str(data).unwrap();
        let at = data["authenticated_at"].as_i64().expect("a moment");
        data["authenticated_at"] = json!(at - seconds);
        server.execute(&format!("update sessions set data = '{data}' where id_hash = '{hash}'")).await;
    }
}

async fn make_personal(browser: &Browser) -> Answer {
    let fields = [("what", "create"), ("name", "My laptop"), ("role", "viewer"), ("days", "30")];
    browser.post("/account/tokens", &fields).await
}

async fn make(browser: &Browser) -> Answer {
    let input = json!({ "name": "CI", "role": "viewer", "days": "30" });
    browser.rpc("create_token", json!({ "organization": "northwind", "input": input })).await
}

async fn confirm(browser: &Browser, password: &str, next: &str) -> Answer {
    browser.post("/account/confirm", &[("what", "password"), ("password", password), ("next", next)]).await
}

/// Somebody stole a session an hour ago: it makes no token, ends no other session and deletes nothing.
async fn an_old_session_changes_nothing_until_it_is_confirmed(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "owner").await;
    let other = server.browser();
    other.sign_in("owner-northwind", PASSWORD).await;
    age(&server, RECENT_SECONDS - 60).await;
    assert_eq!(make_personal(&owner).await.status, 200, "within the ten minutes");
    age(&server, 61).await;

    let page = owner.get("/account/tokens").await.text();
    assert!(page.contains("/account/confirm?next=/account/tokens") && !page.contains("name=\"role\""), "{page}");
    let refused = make_personal(&owner).await;
    assert_eq!(refused.status, 403);
    let page = refused.text();
    assert!(page.contains("value=\"My laptop\"") && page.contains("/account/confirm"), "what was typed stays: {page}");
    make(&owner).await.refused(403, "reauthentication_required");
    let delete = json!({ "organization": "northwind", "name": "northwind" });
    owner.rpc("delete_organization", delete).await.refused(403, "reauthentication_required");
    for what in ["others", "all"] {
        let answer = owner.post("/account/sessions", &[("what", what)]).await;
        assert_eq!((answer.status, answer.location()), (303, "/account/confirm?next=/account/sessions"));
    }
    assert!(other.is_signed_in().await);
    assert_eq!(server.number("select count(*) from api_tokens").await, 2);
    // A token is a proof of its own, and a sign-in is one.
    assert_eq!(
        program.post("/tokens", json!({ "name": "x", "role": "viewer", "expires_in_days": 30 })).await.status,
        422
    );
    let again = server.browser();
    again.sign_in("owner-northwind", PASSWORD).await;
    assert_eq!(make_personal(&again).await.status, 200);

    let page = owner.get("/account/confirm?next=/account/tokens").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(!page.text().contains("<script") && !page.text().contains("Email me a link"), "{}", page.text());
    let answer = confirm(&owner, PASSWORD, "/account/tokens").await;
    assert_eq!((answer.status, answer.location()), (303, "/account/tokens"));
    assert!(owner.get("/account/tokens").await.text().contains("name=\"role\""));
    assert_eq!(make_personal(&owner).await.status, 200);
    make(&owner).await.right();
    assert_eq!(
        owner.post("/account/sessions", &[("what", "others")]).await.location(),
        "/account/sessions?done=others"
    );
    assert!(!other.is_signed_in().await && owner.is_signed_in().await);
}

/// An account that came through a provider has no password to ask for: its session changes nothing by itself, be mail
/// sent or not.
async fn without_a_password_the_session_itself_has_to_be_confirmed(server: TestServer) {
    let ana = server.person("ana").await;
    server.execute("update users set password_hash = null, email_verified_at = 1").await;
    age(&server, RECENT_SECONDS + 1).await;
    let address = [("what", "address"), ("email", "evil@example.com")];
    let delete = [("what", "delete"), ("delete_address", "ana@example.com")];
    let password = [("what", "password"), ("password", "another lantern walks south")];
    for fields in [&address, &delete, &password] {
        let refused = ana.post("/account", fields).await;
        assert_eq!(refused.status, 403, "{fields:?}");
        assert!(refused.text().contains("/account/confirm?next=/account"), "{}", refused.text());
    }
    assert!(ana.post("/account", &address).await.text().contains("value=\"evil@example.com\""), "it stays typed");
    assert!(!ana.get("/account").await.text().contains("name=\"email\""), "it is asked for first");
    let untouched = "select count(*) from users where email = 'ana@example.com' and password_hash is null";
    assert_eq!(server.number(untouched).await, 1);
    assert!(
        ana.get("/account/confirm").await.text().contains("Ask the server’s administrator"),
        "there is no way to confirm"
    );
    age(&server, -60).await;
    assert_eq!(ana.post("/account", &password).await.location(), "/account?done=password");
    assert_eq!(server.browser().sign_in("ana", "another lantern walks south").await.status, 303);
}

async fn the_password_of_a_form_confirms_the_session(server: TestServer) {
    let ana = server.person("ana").await;
    age(&server, RECENT_SECONDS + 1).await;
    assert_eq!(make_personal(&ana).await.status, 403);
    let wish = [("what", "address"), ("email", "Ana@example.com"), ("address_password", PASSWORD)];
    assert_eq!(ana.post("/account", &wish).await.location(), "/account?done=address");
    assert_eq!(make_personal(&ana).await.status, 200);
}

/// Who has the id of a session from before has nothing any more.
async fn confirmation_renews_the_session_id(server: TestServer) {
    let ana = server.person("ana").await;
    let stolen = ana.copy();
    assert_eq!(confirm(&ana, PASSWORD, "").await.status, 303);
    assert_ne!(ana.session(), stolen.session());
    assert!(ana.is_signed_in().await && !stolen.is_signed_in().await);
    assert_eq!(server.number("select count(*) from sessions").await, 1);
}

async fn a_wrong_password_confirms_nothing_and_is_limited(server: TestServer) {
    let ana = server.person("ana").await;
    age(&server, RECENT_SECONDS + 1).await;
    let refused = confirm(&ana, "wrong password here", "/account/tokens").await;
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(page.contains("This isn’t your current password.") && !page.contains("wrong password here"), "{page}");
    assert!(page.contains("value=\"/account/tokens\""), "where they were going stays");
    assert_eq!(confirm(&ana, "", "").await.status, 422);
    assert_eq!(make_personal(&ana).await.status, 403);
    let mut last = 0;
    for _ in 0..12 {
        last = confirm(&ana, "wrong password here", "").await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(confirm(&ana, PASSWORD, "").await.status, 429, "guessing ends, right or wrong");
}

/// The newest link to confirm a session.
async fn confirmation_link(server: &TestServer) -> String {
    let query = "select text_body from messages where subject = 'Confirm it’s you' order by created_at desc";
    eventually("a link to confirm", async || {
        let bodies = server.texts(query).await;
        let place = bodies.iter().flat_map(|body| body.lines()).find_map(|line| line.strip_prefix(&server.url))?;
        Some(place.to_owned())
    })
    .await
}

async fn a_mailed_link_confirms_the_session_that_asked(server: TestServer) {
    let server = server.with_mail().await;
    let ana = server.person("ana").await;
    let other = server.browser();
    other.sign_in("ana", PASSWORD).await;
    let bob = server.person("bob").await;
    age(&server, RECENT_SECONDS + 1).await;
    let ask = [("what", "mail"), ("next", "/account/tokens")];
    assert_eq!(ana.post("/account/confirm", &ask).await.status, 409, "not to an address that nobody verified");
    server.execute("update users set email_verified_at = 1, password_hash = null").await;
    let sent = ana.post("/account/confirm", &ask).await;
    assert_eq!((sent.status, sent.location()), (303, "/account/confirm?next=/account/tokens&done=link"));
    assert!(ana.get(sent.location()).await.text().contains("We sent you a link."));
    let link = confirmation_link(&server).await;
    let token = link.split_once("token=").unwrap().1.to_owned();
    assert!(link.starts_with("/account/confirm?next=/account/tokens&token="), "{link}");
    assert!(!server.texts("select token_hash from confirmation_links").await.contains(&token), "kept as a hash");

    // Another session of the same person, somebody else, and nobody.
    let form = [("what", "link"), ("token", token.as_str()), ("next", "/account/tokens")];
    for browser in [&other, &bob] {
        assert_eq!(browser.get(&link).await.status, 404);
        assert_eq!(browser.post("/account/confirm", &form).await.status, 404);
    }
    assert!(server.browser().get(&link).await.location().starts_with("/sign-in"));
    // Looking confirms nothing.
    for _ in 0..2 {
        assert_eq!(ana.get(&link).await.status, 200);
    }
    assert_eq!(make_personal(&ana).await.status, 403);
    let answer = ana.post("/account/confirm", &form).await;
    assert_eq!((answer.status, answer.location()), (303, "/account/tokens"));
    assert_eq!(make_personal(&ana).await.status, 200);
    assert_eq!(make_personal(&other).await.status, 403);
    assert_eq!(ana.post("/account/confirm", &form).await.status, 404, "once");
    // A link ends, and one to an address that the account has no more is void.
    age(&server, RECENT_SECONDS + 1).await;
    for end in [
        "update confirmation_links set expires_at = created_at",
        "update users set email_key = 'new@example.com' where email_key = 'ana@example.com'",
    ] {
        ana.post("/account/confirm", &ask).await;
        let link = confirmation_link(&server).await;
        server.execute(end).await;
        assert_eq!(ana.get(&link).await.status, 404, "{end}");
    }
}

async fn the_page_leads_only_into_the_dashboard_and_the_account(server: TestServer) {
    let ana = server.person("ana").await;
    for next in ["https://evil.test", "//evil.test", "/dashboard/../../evil.test", "/sign-out", "/auth/oidc/x"] {
        let escaped = crate::support::encode(&[("next", next)]);
        assert_eq!(ana.get(&format!("/account/confirm?{escaped}")).await.location(), "/dashboard", "{next}");
        assert_eq!(confirm(&ana, PASSWORD, next).await.location(), "/dashboard", "{next}");
    }
    age(&server, RECENT_SECONDS + 1).await;
    let page = ana.get("/account/confirm?next=https://evil.test").await.text();
    assert!(page.contains("value=\"/dashboard\"") && !page.contains("evil"), "{page}");
    assert_eq!(ana.post("/account/confirm", &[("what", "nonsense")]).await.status, 400);
}

const KEY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/oidc/provider-key.pem"));

/// A provider at which somebody signs in.
struct Provider {
    issuer: String,
    /// Subject, nonce and `auth_time` of the person who comes back next.
    person: Mutex<(String, String, Option<i64>)>,
}

impl Provider {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Self { issuer, person: Mutex::default() });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(Self::metadata))
            .route("/keys", get(async || Json(CoreJsonWebKeySet::new(vec![key().as_verification_key()]))))
            .route("/token", post(Self::token))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        provider
    }

    async fn metadata(State(provider): State<Arc<Self>>) -> Json<Value> {
        let issuer = &provider.issuer;
        Json(json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        }))
    }

    async fn token(State(provider): State<Arc<Self>>) -> Json<Value> {
        let (subject, nonce, auth_time) = provider.person.lock().unwrap().clone();
        let now = clock::now().seconds();
        let mut claims = json!({
            "iss": provider.issuer, "aud": "candor", "sub": subject, "iat": now, "exp": now + 300, "nonce": nonce,
            "email": format!("{subject}@example.com"), "email_verified": true,
        });
        if let Some(at) = auth_time {
            claims["auth_time"] = json!(at);
        }
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "EdDSA", "kid": "one" })), part(&claims));
        let signature = key().sign(&CoreJwsSigningAlgorithm::EdDsa, text.as_bytes()).unwrap();
        let id_token = format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": id_token }))
    }

    async fn at(&self, server: TestServer) -> TestServer {
        server.restart_with(&["--oidc-issuer", &self.issuer, "--oidc-client-id", "candor"]).await
    }

    async fn person(&self, server: &TestServer, subject: &str) -> UserId {
        let identity = OidcIdentity {
            issuer: self.issuer.clone(),
            subject: subject.to_owned(),
            email: Some(format!("{subject}@example.com")),
            email_verified: true,
            name: None,
        };
        sign_in_oidc(server.app.clone(), identity, clock::now()).await.unwrap().user().clone()
    }

    /// The walk of a browser from this start: what the provider was asked, and how it ends when this person signs in.
    async fn walk(
        &self,
        browser: &Browser,
        start: &str,
        subject: &str,
        auth_time: Option<i64>,
    ) -> (HashMap<String, String>, Answer) {
        let sent = browser.get(start).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let url = reqwest::Url::parse(sent.location()).unwrap();
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        *self.person.lock().unwrap() = (subject.to_owned(), asked["nonce"].clone(), auth_time);
        let back = format!("/auth/oidc/default/callback?code=x&state={}", asked["state"]);
        let answer = browser.get(&back).await;
        (asked, answer)
    }
}

fn key() -> CoreEdDsaPrivateSigningKey {
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEY, Some(JsonWebKeyId::new("one".to_owned()))).unwrap()
}

const CONFIRM: &str = "/auth/oidc/default/start?confirm=true&next=/account/tokens";

async fn a_walk_through_the_provider_confirms_only_its_own_person(server: TestServer) {
    let provider = Provider::start().await;
    let server = provider.at(server).await;
    provider.person(&server, "bob").await;
    let ana = server.browser();
    let now = || Some(clock::now().seconds());
    let (_, answer) = provider.walk(&ana, "/auth/oidc/default/start", "ana", None).await;
    assert_eq!((answer.status, answer.location()), (303, "/dashboard"));
    let page = ana.get("/account/confirm?next=/account/tokens").await.text();
    assert!(page.contains(&CONFIRM.replace('&', "&amp;")) && !page.contains("type=\"password\""), "{page}");

    // Somebody else, somebody whom nobody here knows, and a provider that did not ask again.
    for (subject, auth_time) in [("bob", now()), ("eve", now()), ("ana", None), ("ana", now().map(|at| at - 300))] {
        let (asked, answer) = provider.walk(&ana, CONFIRM, subject, auth_time).await;
        assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
        assert_eq!(answer.status, 409, "{subject} {auth_time:?}");
        assert!(answer.text().contains("Confirm it’s you"), "{}", answer.text());
        assert_eq!(make_personal(&ana).await.status, 403, "{subject} {auth_time:?}");
    }
    assert_eq!(server.number("select count(*) from users").await, 2, "nobody was signed up");
    assert_eq!(ana.rpc("who_am_i", json!({})).await.right()["email"], "ana@example.com");

    let before = ana.session();
    let (_, answer) = provider.walk(&ana, CONFIRM, "ana", now()).await;
    assert_eq!((answer.status, answer.location()), (303, "/account/tokens"));
    assert_eq!(make_personal(&ana).await.status, 200);
    assert_ne!(ana.session(), before, "a new id");
    // Nobody is signed in by it.
    let nobody = server.browser();
    let (_, answer) = provider.walk(&nobody, CONFIRM, "ana", now()).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in"));
    assert!(!nobody.is_signed_in().await);
}

async fn a_sign_in_through_the_provider_is_recent_only_by_its_auth_time(server: TestServer) {
    let provider = Provider::start().await;
    let server = provider.at(server).await;
    let user = provider.person(&server, "ana").await;
    server.owner("northwind").await;
    let organization = server.organization_id("northwind").await;
    organizations::add_member(&server.app, TESTS, &organization, &user, Role::Owner).await.unwrap();
    for (age, status) in [(None, 403), (Some(RECENT_SECONDS + 1), 403), (Some(RECENT_SECONDS - 60), 200)] {
        let browser = server.browser();
        let auth_time = age.map(|age| clock::now().seconds() - age);
        let (_, answer) = provider.walk(&browser, "/auth/oidc/default/start", "ana", auth_time).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(make(&browser).await.status, status, "{age:?}");
    }
}

/// Somebody deletes their account while they create an organization: one of both fails.
async fn deleting_an_account_leaves_no_organization_without_owner(server: TestServer) {
    let owner = server.owner("northwind").await;
    let ana = server.joined(&owner, "northwind", "ana", "viewer").await;
    let user = ana.user_id().await;
    // The other request has made the organization, and not committed yet.
    let mut creating = AnyConnection::connect(server.database_url()).await.unwrap();
    let is_postgres = server.database_url().starts_with("postgres");
    let statements = [
        if is_postgres { "begin" } else { "begin immediate" }.to_owned(),
        format!("update users set updated_at = updated_at where id = '{user}'"),
        "insert into organizations (id, slug, name, name_key, time_zone, changed_at, created_at, updated_at)
         values ('aaaaaaaaaaaa', 'southwind', 'Southwind', 'southwind', 'UTC', 1, 1, 1)"
            .to_owned(),
        format!(
            "insert into members (organization_id, user_id, role, created_at) values ('aaaaaaaaaaaa', '{user}', 'owner', 1)"
        ),
    ];
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut creating).await.unwrap();
    }
    let deleting = tokio::spawn({
        let ana = ana.clone();
        async move { ana.post("/account", &[("what", "delete"), ("delete_password", PASSWORD)]).await }
    });
    if is_postgres {
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        eventually("the deletion waits", async || (server.number(waiting).await > 0).then_some(())).await;
    }
    sqlx::raw_sql("commit").execute(&mut creating).await.unwrap();
    let answer = deleting.await.unwrap();
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(answer.text().contains("“Southwind”"), "{}", answer.text());
    let orphans = "select count(*) from organizations o where not exists (
        select 1 from members m where m.organization_id = o.id and m.role = 'owner')";
    assert_eq!(server.number(orphans).await, 0);
    assert!(ana.is_signed_in().await);
}
