//! Tokens of the OpenID provider at `/api/v1`: whose are taken, and what they may do.

use crate::support::{Answer, TESTS, TestServer, both_engines, problem_fields};
use axum::{Json, Router, extract::State, routing::get};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use candor::{
    domain::{ids::UserId, role::Role},
    server::{
        access::{accounts::sign_in_oidc, oidc::OidcIdentity},
        clock, organizations,
    },
};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

both_engines!(
    a_token_of_the_provider_acts_as_its_person,
    a_token_of_the_provider_makes_none_that_lives_longer,
    a_token_that_is_not_right_is_refused_with_the_reason,
    an_audience_may_be_left_out_where_the_operator_says_so,
    without_a_provider_or_an_audience_no_such_token_is_taken,
);

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/oidc/", $name))
    };
}

pub(super) const KEY: &str = key!("provider-key.pem");
const OTHER_KEY: &str = key!("other-key.pem");
const AUDIENCE: &str = "https://status.example.com/api";

pub(super) fn key(pem: &str, kid: &str) -> CoreEdDsaPrivateSigningKey {
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(pem, Some(JsonWebKeyId::new(kid.to_owned()))).unwrap()
}

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A provider that publishes one key.
struct Provider {
    issuer: String,
    reads: AtomicU32,
}

impl Provider {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Self { issuer, reads: AtomicU32::new(0) });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(Self::metadata))
            .route("/keys", get(Self::keys))
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

    async fn keys(State(provider): State<Arc<Self>>) -> Json<CoreJsonWebKeySet> {
        provider.reads.fetch_add(1, Ordering::SeqCst);
        Json(CoreJsonWebKeySet::new(vec![key(KEY, "one").as_verification_key()]))
    }

    fn reads(&self) -> u32 {
        self.reads.load(Ordering::SeqCst)
    }

    /// What a right token says.
    fn claims(&self) -> Value {
        let now = clock::now().seconds();
        json!({ "iss": self.issuer, "sub": "person-1", "aud": [AUDIENCE, "else"], "iat": now, "exp": now + 300 })
    }

    fn token(&self, change: fn(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        signed(&json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "one" }), &claims, KEY)
    }

    /// The server again, with this provider.
    async fn at(&self, server: TestServer, audience: Option<&str>) -> TestServer {
        let mut more = vec!["--oidc-issuer", self.issuer.as_str(), "--oidc-client-id", "candor"];
        more.extend(audience.into_iter().flat_map(|audience| ["--oidc-api-audience", audience]));
        server.restart_with(&more).await
    }

    /// Somebody who has signed in through the provider once.
    async fn person(&self, server: &TestServer) -> UserId {
        let identity = OidcIdentity {
            issuer: self.issuer.clone(),
            subject: "person-1".to_owned(),
            email: Some("ada@example.com".to_owned()),
            email_verified: true,
            name: Some("Ada".to_owned()),
        };
        sign_in_oidc(server.app.clone(), identity, clock::now()).await.unwrap().user().clone()
    }
}

pub(super) fn signed(header: &Value, claims: &Value, pem: &str) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let signature = key(pem, "one").sign(&CoreJwsSigningAlgorithm::EdDsa, text.as_bytes()).unwrap();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

async fn ask(server: &TestServer, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let program = server.browser();
    let mut request = program.request(method.parse().unwrap(), path).header("authorization", format!("Bearer {token}"));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    program.send(request).await
}

async fn me(server: &TestServer, token: &str) -> Answer {
    ask(server, token, "GET", "/api/v1/me", None).await
}

/// Refused with 401 as programs read it, for a reason with these words.
#[track_caller]
fn refused(answer: &Answer, name: &str, words: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (401, "application/problem+json"), "{name}");
    assert!(answer.header("www-authenticate").starts_with("Bearer"), "{name}");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{name}: {detail}");
}

async fn a_token_of_the_provider_acts_as_its_person(server: TestServer) {
    let provider = Provider::start().await;
    let server = provider.at(server, Some(AUDIENCE)).await;
    let owner = server.owner("northwind").await;
    server.owner("southwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let token = provider.token(|_| ());
    refused(&me(&server, &token).await, "nobody has signed in yet", "subject (sub)");

    let user = provider.person(&server).await;
    let told = me(&server, &token).await.right();
    assert_eq!((told["kind"].as_str(), told["email"].as_str()), (Some("person"), Some("ada@example.com")));
    assert_eq!(told["organizations"], json!([]));
    let services = "/api/v1/organizations/northwind/services";
    assert_eq!(ask(&server, &token, "GET", services, None).await.status, 404, "no member yet");

    let organization = server.organization_id("northwind").await;
    organizations::add_member(&server.app, TESTS, &organization, &user, Role::StatusReporter).await.unwrap();
    assert_eq!(ask(&server, &token, "GET", services, None).await.status, 200);
    assert_eq!(ask(&server, &token, "GET", "/api/v1/organizations/southwind/services", None).await.status, 404);
    let change = Some(json!({ "status": "major_outage" }));
    assert_eq!(ask(&server, &token, "PATCH", &format!("{services}/{service}"), change).await.status, 200);
    let line = owner.audit("northwind", "", "service").await.remove(0);
    assert_eq!((line["door"].as_str(), line["actor"].as_str()), (Some("rest"), Some("Ada")));
    let made = ask(&server, &token, "POST", services, Some(json!({ "name": "Web" }))).await;
    assert_eq!(made.status, 403, "the person's role is the limit: {}", made.text());

    // A token is no session, and the membership counts as it is now.
    assert_eq!(ask(&server, &token, "POST", "/rpc/who_am_i", None).await.status, 401);
    let arguments = json!({ "organization": "northwind", "user": user });
    owner.rpc("remove_member", arguments).await.right();
    assert_eq!(ask(&server, &token, "GET", services, None).await.status, 404);
    assert_eq!(me(&server, &token).await.right()["organizations"], json!([]));
    assert_eq!(provider.reads(), 1, "the keys are kept");
}

/// What lives for five minutes makes no token that lives for days or without end.
async fn a_token_of_the_provider_makes_none_that_lives_longer(server: TestServer) {
    let provider = Provider::start().await;
    let server = provider.at(server, Some(AUDIENCE)).await;
    server.owner("northwind").await;
    let (user, organization) = (provider.person(&server).await, server.organization_id("northwind").await);
    organizations::add_member(&server.app, TESTS, &organization, &user, Role::Owner).await.unwrap();
    let tokens = "/api/v1/organizations/northwind/tokens";
    for body in
        [json!({ "name": "CI", "role": "owner" }), json!({ "name": "CI", "role": "viewer", "expires_in_days": 30 })]
    {
        let answer = ask(&server, &provider.token(|_| ()), "POST", tokens, Some(body)).await;
        assert_eq!(problem_fields(&answer), ["expires_in_days"]);
    }
    assert_eq!(server.number("select count(*) from api_tokens").await, 0);
    // One that lives longer than what it makes may.
    let long = provider.token(|claims| claims["exp"] = json!(clock::now().seconds() + 31 * 86_400));
    let body = json!({ "name": "CI", "role": "viewer", "expires_in_days": 30 });
    assert_eq!(ask(&server, &long, "POST", tokens, Some(body)).await.status, 201);
}

async fn a_token_that_is_not_right_is_refused_with_the_reason(server: TestServer) {
    let provider = Provider::start().await;
    let server = provider.at(server, Some(AUDIENCE)).await;
    provider.person(&server).await;

    type Change = fn(&mut Value);
    let wrong_claims: [(&str, Change, &str); 8] = [
        ("expired", |c| c["exp"] = json!(clock::now().seconds() - 61), "expired"),
        ("without an end", |c| c["exp"] = Value::Null, "not a JSON Web Token"),
        ("not valid yet", |c| c["nbf"] = json!(clock::now().seconds() + 90), "not valid yet"),
        ("another issuer", |c| c["iss"] = json!("https://id.example.com"), "issuer (iss)"),
        ("another audience", |c| c["aud"] = json!("candor"), "audience"),
        ("no audience", |c| c["aud"] = Value::Null, "audience"),
        ("bound to a key", |c| c["cnf"] = json!({ "jkt": "x" }), "bound to a key"),
        ("nobody", |c| c["sub"] = json!(""), "subject"),
    ];
    for (name, change, words) in wrong_claims {
        refused(&me(&server, &provider.token(change)).await, name, words);
    }
    let claims = provider.claims();
    let none = format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims));
    refused(&me(&server, &none).await, "not signed", "not signed with an accepted algorithm");
    // Whoever knows the public key could sign with it, were it taken for a shared secret.
    let public = serde_json::to_value(key(KEY, "one").as_verification_key()).unwrap();
    let secret = BASE64_URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let text = format!("{}.{}", part(&json!({ "alg": "HS256", "kid": "one" })), part(&claims));
    let signature = CoreHmacKey::new(secret).sign(&CoreJwsSigningAlgorithm::HmacSha256, text.as_bytes()).unwrap();
    let shared = format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    refused(&me(&server, &shared).await, "a shared secret", "not signed with an accepted algorithm");
    for garbage in ["a.b.c", "e30.e30.e30", ".."] {
        refused(&me(&server, garbage).await, garbage, "not a JSON Web Token");
    }
    refused(&me(&server, &format!("{}.a.b", "a".repeat(9000))).await, "a long one", "longer than");
    assert_eq!(provider.reads(), 0, "nobody is asked for the keys of garbage");

    let header = json!({ "alg": "EdDSA", "kid": "one" });
    refused(&me(&server, &signed(&header, &claims, OTHER_KEY)).await, "another key", "signature is invalid");
    for _ in 0..3 {
        let unknown = signed(&json!({ "alg": "EdDSA", "kid": "two" }), &claims, KEY);
        refused(&me(&server, &unknown).await, "an unknown key", "doesn’t publish");
    }
    assert_eq!(provider.reads(), 1, "and not again and again for keys that nobody knows");

    let stranger = provider.token(|claims| claims["sub"] = json!("person-2"));
    refused(&me(&server, &stranger).await, "an unknown subject", "sign in here through the provider once");
    // With tolerance for clocks, and a key that is not named.
    let late = provider.token(|claims| claims["exp"] = json!(clock::now().seconds() - 30));
    assert_eq!(me(&server, &late).await.status, 200);
    assert_eq!(me(&server, &signed(&json!({ "alg": "EdDSA" }), &claims, KEY)).await.status, 200);
}

async fn an_audience_may_be_left_out_where_the_operator_says_so(server: TestServer) {
    let provider = Provider::start().await;
    let server = provider.at(server, Some("*")).await;
    provider.person(&server).await;
    let changes: [fn(&mut Value); 2] = [|claims| claims["aud"] = Value::Null, |claims| claims["aud"] = json!("any")];
    for change in changes {
        assert_eq!(me(&server, &provider.token(change)).await.right()["email"], "ada@example.com");
    }
    let elsewhere = provider.token(|claims| claims["iss"] = json!("https://id.example.com"));
    refused(&me(&server, &elsewhere).await, "the issuer is looked at all the same", "issuer (iss)");
}

async fn without_a_provider_or_an_audience_no_such_token_is_taken(server: TestServer) {
    let provider = Provider::start().await;
    let token = provider.token(|_| ());
    refused(&me(&server, &token).await, "no provider", "cnd_");
    let server = provider.at(server, None).await;
    provider.person(&server).await;
    refused(&me(&server, &token).await, "no audience", "no audience is configured");
    assert_eq!(provider.reads(), 0);
}
