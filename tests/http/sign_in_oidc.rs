//! Signing in through the OpenID provider: what a browser keeps of it, and how often it counts.

use super::rest_jwt::{KEY, key, signed};
use crate::support::{Answer, Browser, TestServer, both_engines};
use axum::{
    Form, Json, Router,
    extract::State,
    routing::{get, post},
};
use candor::server::clock;
use openidconnect::{PrivateSigningKey, core::CoreJsonWebKeySet};
use serde_json::{Value, json};
use std::collections::HashMap;
use url::Url;

both_engines!(
    one_start_serves_one_sign_in,
    sign_ins_in_several_tabs_do_not_disturb_each_other,
    the_flow_cookie_is_bound_to_the_host,
    sessions_of_the_provider_end_when_the_operator_says,
);

const CALLBACK: &str = "/auth/oidc/default/callback";

/// A provider that takes every code as often as it comes; a code is the nonce that the ID token shall have.
async fn provider() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/keys", get(async || Json(CoreJsonWebKeySet::new(vec![key(KEY, "one").as_verification_key()]))))
        .route("/token", post(token))
        .with_state(issuer.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    issuer
}

async fn metadata(State(issuer): State<String>) -> Json<Value> {
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

async fn token(State(issuer): State<String>, Form(form): Form<HashMap<String, String>>) -> Json<Value> {
    let now = clock::now().seconds();
    let claims = json!({
        "iss": issuer, "sub": "person-1", "aud": "candor", "iat": now, "exp": now + 300, "nonce": form["code"],
        "email": "ada@example.com", "email_verified": true, "name": "Ada",
    });
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "one" });
    Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": signed(&header, &claims, KEY) }))
}

/// The server with that provider, and with these words on its command line.
async fn with_provider(server: TestServer, more: &[&str]) -> TestServer {
    let issuer = provider().await;
    server.restart_with(&[&["--oidc-issuer", &issuer, "--oidc-client-id", "candor"], more].concat()).await
}

/// Begins to sign in; the query of the answer that the provider gives.
async fn start(browser: &Browser) -> String {
    let answer = browser.get("/auth/oidc/default/start").await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let asked: HashMap<String, String> = Url::parse(answer.location()).unwrap().query_pairs().into_owned().collect();
    format!("state={}&code={}", asked["state"], asked["nonce"])
}

/// Comes back from the provider.
async fn come_back(browser: &Browser, query: &str) -> Answer {
    browser.get_with(&format!("{CALLBACK}?{query}"), &[("sec-fetch-site", "cross-site")]).await
}

fn flows(browser: &Browser) -> usize {
    browser.cookie_names().iter().filter(|name| name.contains("candor-oidc-")).count()
}

/// Whoever has kept the cookie and the answer cannot use them again, although the provider takes the code.
async fn one_start_serves_one_sign_in(server: TestServer) {
    let server = with_provider(server, &[]).await;
    let browser = server.browser();
    let query = start(&browser).await;
    let (thief, late) = (browser.copy(), browser.copy());
    // Two at once: one of them wins.
    let (one, other) = tokio::join!(come_back(&browser, &query), come_back(&thief, &query));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{}{}", one.text(), other.text());
    let refused = come_back(&late, &query).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("was already used"), "{}", refused.text());
    assert!(!late.is_signed_in().await);
    assert_eq!(server.number("select count(*) from sessions").await, 1);

    // Loading the last page again does no harm to whoever is signed in.
    let winner = if one.status == 303 { &browser } else { &thief };
    assert_eq!(flows(winner), 0);
    let again = come_back(winner, &query).await;
    assert_eq!((again.status, again.location()), (303, "/dashboard"));
    assert!(winner.is_signed_in().await);

    server.execute("update used_oidc_flows set expires_at = 1").await;
    candor::server::access::session::sweep(&server.app.db).await.unwrap();
    assert_eq!(server.number("select count(*) from used_oidc_flows").await, 0);
}

/// Each tab has a sign-in of its own: one that fails, and links of others, leave the rest alone.
async fn sign_ins_in_several_tabs_do_not_disturb_each_other(server: TestServer) {
    let server = with_provider(server, &[]).await;
    let browser = server.browser();
    let (first, second) = (start(&browser).await, start(&browser).await);
    assert_eq!(flows(&browser), 2);
    for made_up in ["", "state=made-up&code=x", "error=access_denied", "state=&error=access_denied"] {
        let answer = come_back(&browser, made_up).await;
        assert_eq!((answer.status, flows(&browser)), (409, 2), "{made_up}");
    }
    let state = second.split('&').next().unwrap();
    assert_eq!(come_back(&browser, &format!("{state}&error=access_denied")).await.status, 409);
    assert_eq!(flows(&browser), 1, "only the one that was cancelled has ended");
    let answer = come_back(&browser, &first).await;
    assert_eq!((answer.status, answer.location()), (303, "/dashboard"));
    assert!(browser.is_signed_in().await);

    let many = server.browser();
    let mut queries = Vec::new();
    for _ in 0..7 {
        queries.push(start(&many).await);
    }
    assert_eq!(flows(&many), 5, "the oldest were removed");
    assert_eq!(come_back(&many, &queries[6]).await.status, 303, "the latest is there");
}

/// Neither its removal nor its making is refused by a browser.
async fn the_flow_cookie_is_bound_to_the_host(server: TestServer) {
    let server = with_provider(server, &["--url", "https://status.example.com"]).await;
    let browser = server.browser();
    let made = browser.get("/auth/oidc/default/start").await.header("set-cookie").to_owned();
    let name = made.split('=').next().unwrap();
    assert!(name.starts_with("__Host-candor-oidc-"), "{made}");
    let asked = start(&browser).await;
    let ended = come_back(&browser, &format!("{}&error=access_denied", asked.split('&').next().unwrap())).await;
    assert!(ended.header("set-cookie").contains("Max-Age=0"), "{:?}", ended.headers);
    for cookie in [&made, ended.header("set-cookie")] {
        for needed in ["Secure", "Path=/", "HttpOnly", "SameSite=Lax"] {
            assert!(cookie.split("; ").any(|part| part == needed), "{needed}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

/// Somebody who is disabled at the provider is not signed in for longer.
async fn sessions_of_the_provider_end_when_the_operator_says(server: TestServer) {
    let server = with_provider(server, &["--oidc-session-hours", "8"]).await;
    let ada = server.browser();
    let query = start(&ada).await;
    assert_eq!(come_back(&ada, &query).await.status, 303);
    server.person("bob").await;
    let ends = "select cast((expires_at - created_at + 30000000) / 60000000 as text) from sessions order by expires_at";
    assert_eq!(server.texts(ends).await, [(8 * 60).to_string(), (14 * 24 * 60).to_string()]);
    // Nor does use prolong it.
    server.execute("update sessions set data = replace(data, '\"seen\":', '\"seen\":-')").await;
    assert!(ada.is_signed_in().await);
    assert_eq!(server.texts(ends).await[0], (8 * 60).to_string());
}
