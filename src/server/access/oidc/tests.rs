//! What providers send, and a provider that lies in every way that matters.

use super::*;
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use openidconnect::{
    AccessToken, JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreJsonWebKeySet},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/oidc/", $name))
    };
}

const NOW: Time = Time::from_micros(1_793_000_010_000_000);
const REDIRECT: &str = "https://status.example.com/auth/oidc/default/callback";
const SECRET: &str = "s3cr3t/with+signs";
const KEY: &str = fixture!("provider-key.pem");
const OTHER_KEY: &str = fixture!("other-key.pem");

fn settings(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: issuer.to_owned(),
        client_id: "candor".to_owned(),
        client_secret: Some(SECRET.to_owned()),
        label: "Acme".to_owned(),
        api_audience: None,
    }
}

// ---- what providers send ----

fn provider_from(settings: &OidcSettings, metadata: Value) -> Result<Provider, String> {
    let metadata: Metadata = serde_json::from_value(metadata).expect("metadata");
    let issuer = IssuerUrl::new(settings.issuer.clone()).expect("an issuer");
    let redirect = RedirectUrl::new(REDIRECT.to_owned()).expect("an address");
    Provider::new(metadata, settings, &issuer, &redirect, NOW)
}

#[test]
fn the_usual_providers_are_understood() {
    for (text, basic, names_itself) in [
        (fixture!("auth0.json"), true, false),
        (fixture!("clerk.json"), false, false),
        (fixture!("google.json"), true, false),
        (fixture!("keycloak.json"), true, true),
    ] {
        let fixture: Value = serde_json::from_str(text).expect("JSON");
        let part = |name: &str| fixture[name].clone();
        let issuer = fixture["discovery"]["issuer"].as_str().expect("an issuer");
        let client_id = fixture["client_id"].as_str().expect("a client").to_owned();
        let settings = OidcSettings { client_id, ..settings(issuer) };
        Oidc::new(settings.clone(), REDIRECT.to_owned()).expect(issuer);

        let provider = provider_from(&settings, part("discovery")).expect(issuer);
        assert_eq!(provider.issuer, issuer);
        assert_eq!(provider.names_itself, names_itself, "{issuer}");
        assert_eq!(matches!(provider.client.auth_type(), AuthType::BasicAuth), basic, "{issuer}");

        let claims: CoreIdTokenClaims = serde_json::from_value(part("id_token")).expect(issuer);
        let user_info =
            fixture.get("user_info").map(|details| serde_json::to_vec(details).expect("JSON")).map(|details| {
                CoreUserInfoClaims::from_json::<HttpError>(&details, Some(claims.subject())).expect("details")
            });
        let expected = part("identity");
        let found = identity(&claims, user_info.as_ref());
        assert_eq!(
            json!({
                "issuer": found.issuer,
                "subject": found.subject,
                "email": found.email,
                "email_verified": found.email_verified,
                "name": found.name,
            }),
            expected
        );
    }
}

fn claims(more: Value) -> CoreIdTokenClaims {
    let mut claims = json!({ "iss": "https://id.example.com", "aud": "candor", "sub": "1", "iat": 1, "exp": 2 });
    claims.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(claims).expect("claims")
}

#[test]
fn an_address_is_verified_only_when_the_provider_says_so() {
    let verified = |more: Value| identity(&claims(more), None).email_verified;
    assert!(verified(json!({ "email": "a@example.com", "email_verified": true })));
    assert!(verified(json!({ "email": "a@example.com", "email_verified": "true" })));
    assert!(!verified(json!({ "email": "a@example.com", "email_verified": "false" })));
    assert!(!verified(json!({ "email": "a@example.com", "email_verified": false })));
    assert!(!verified(json!({ "email": "a@example.com", "email_verified": null })));
    assert!(!verified(json!({ "email": "a@example.com" })));
    assert!(!verified(json!({ "email_verified": true })), "there is nothing to verify");
    assert!(!verified(json!({ "email": "  ", "email_verified": true })));
}

#[test]
fn an_address_and_its_verification_come_from_one_source() {
    let details = |details: Value| {
        CoreUserInfoClaims::from_json::<HttpError>(&serde_json::to_vec(&details).expect("JSON"), None).expect("details")
    };
    let unverified = details(json!({ "sub": "1", "email": "b@example.com" }));
    let person = identity(&claims(json!({ "email_verified": true })), Some(&unverified));
    assert_eq!((person.email.as_deref(), person.email_verified), (Some("b@example.com"), false));
    let verified = details(json!({ "sub": "1", "email": "b@example.com", "email_verified": true }));
    let person = identity(&claims(json!({ "email": "a@example.com" })), Some(&verified));
    assert_eq!((person.email.as_deref(), person.email_verified), (Some("a@example.com"), false));
}

#[test]
fn a_name_is_found_where_there_is_one() {
    let name = |more: Value| identity(&claims(more), None).name;
    assert_eq!(name(json!({ "name": " Ada ", "given_name": "A" })).as_deref(), Some("Ada"));
    assert_eq!(name(json!({ "name": "", "given_name": "Ada" })).as_deref(), Some("Ada"));
    assert_eq!(name(json!({ "name#ja": "エイダ" })).as_deref(), Some("エイダ"));
    assert_eq!(name(json!({})), None);
}

#[test]
fn signatures_by_public_keys_are_checked_and_nothing_else_is_accepted() {
    let fixture: Value = serde_json::from_str(fixture!("tokens.json")).expect("JSON");
    let keys: CoreJsonWebKeySet = serde_json::from_value(fixture["keys"].clone()).expect("keys");
    let discovery: Value = serde_json::from_str(fixture!("keycloak.json")).expect("JSON");
    let metadata: Metadata = serde_json::from_value(discovery["discovery"].clone()).expect("metadata");
    let settings = OidcSettings {
        client_secret: fixture["secret"].as_str().map(str::to_owned),
        ..settings("https://id.example.com/realms/acme")
    };
    let issuer = IssuerUrl::new(settings.issuer.clone()).expect("an issuer");
    let redirect = RedirectUrl::new(REDIRECT.to_owned()).expect("an address");
    let provider = Provider::new(metadata.set_jwks(keys), &settings, &issuer, &redirect, NOW).expect("a provider");
    let nonce = Nonce::new(fixture["nonce"].as_str().expect("a nonce").to_owned());
    let checked = |token: &str| {
        let token: CoreIdToken = token.parse().expect("a token");
        provider.verified(&token, &nonce, NOW).map(|claims| claims.subject().to_string()).map_err(|(fault, _)| fault)
    };

    let accepted = fixture["accepted"].as_object().expect("tokens");
    assert_eq!(accepted.len(), ALGORITHMS.len());
    for (way, token) in accepted {
        let token = token.as_str().expect("a token");
        assert_eq!(checked(token).as_deref(), Ok("f3a1c0de-7b1d-4a55-8d2e-2c9f4f0b6a11"), "{way}");

        // The same signature under other claims.
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(&parts[1]).expect("base64");
        let forged = String::from_utf8(claims).expect("text").replace("f3a1c0de", "0badc0de");
        parts[1] = BASE64_URL_SAFE_NO_PAD.encode(forged);
        assert_eq!(checked(&parts.join(".")), Err(IdTokenFault::Signature), "{way}");
    }
    for (way, token) in fixture["refused"].as_object().expect("tokens") {
        assert_eq!(checked(token.as_str().expect("a token")), Err(IdTokenFault::Algorithm), "{way}");
    }
}

#[test]
fn metadata_that_cannot_be_trusted_is_refused() {
    let fixture: Value = serde_json::from_str(fixture!("auth0.json")).expect("JSON");
    let refused = |issuer: &str, change: fn(&mut Value)| {
        let mut metadata = fixture["discovery"].clone();
        change(&mut metadata);
        provider_from(&settings(issuer), metadata).err()
    };
    let issuer = "https://acme.eu.auth0.com/";
    assert_eq!(refused(issuer, |_| ()), None);
    let said = refused("https://acme.eu.auth0.com", |_| ()).expect("another issuer");
    assert!(said.contains("`https://acme.eu.auth0.com/`") && said.contains("OIDC_ISSUER"), "{said}");
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        let mut metadata = fixture["discovery"].clone();
        metadata[name] = json!("http://acme.eu.auth0.com/plain");
        let said = provider_from(&settings(issuer), metadata).err().expect(name);
        assert!(said.contains("https"), "{said}");
    }
    assert!(refused(issuer, |metadata| metadata["token_endpoint"] = Value::Null).is_some());
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |change: fn(&mut OidcSettings)| {
        let mut settings = settings("https://id.example.com");
        change(&mut settings);
        Oidc::new(settings, REDIRECT.to_owned()).err().map(|error| error.name)
    };
    assert_eq!(refused(|_| ()), None);
    for issuer in ["http://localhost:8080/realms/acme", "http://127.0.0.1:9000", "http://[::1]:9000"] {
        assert!(Oidc::new(settings(issuer), REDIRECT.to_owned()).is_ok(), "{issuer}");
    }
    for issuer in
        ["", "id.example.com", "http://id.example.com", "https://id.example.com/?a=b", "https://u:p@id.example.com"]
    {
        let error = Oidc::new(settings(issuer), REDIRECT.to_owned()).expect_err(issuer);
        assert_eq!(error.name, "OIDC_ISSUER");
    }
    assert_eq!(refused(|settings| settings.client_id = " ".to_owned()), Some("OIDC_CLIENT_ID"));
    assert_eq!(refused(|settings| settings.client_secret = Some(String::new())), Some("OIDC_CLIENT_SECRET"));
    let error = Oidc::new(settings("https://id.example.com"), "/callback".to_owned()).expect_err("no address");
    assert_eq!(error.name, "CANDOR_URL");
}

// ---- a provider that lies ----

type Patch = fn(&mut Value);
type Tampering = fn(&mut Behaviour);

/// How the provider behaves; a test changes what it is about.
struct Behaviour {
    metadata_status: u16,
    metadata: Patch,
    published: Vec<(&'static str, &'static str)>,
    signs_with: (&'static str, &'static str),
    algorithm: &'static str,
    claims: Patch,
    token_status: u16,
    answer: Patch,
    user_info_status: u16,
    user_info: Patch,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            metadata_status: 200,
            metadata: |_| (),
            published: vec![("one", KEY)],
            signs_with: ("one", KEY),
            algorithm: "EdDSA",
            claims: |_| (),
            token_status: 200,
            answer: |_| (),
            user_info_status: 200,
            user_info: |_| (),
        }
    }
}

struct Fake {
    issuer: String,
    behaviour: Mutex<Behaviour>,
    /// Codes that were not used yet, with the nonce and the challenge that they were asked for with.
    codes: Mutex<HashMap<String, (String, String)>>,
    metadata_reads: AtomicU32,
    token_requests: AtomicU32,
    user_info_requests: AtomicU32,
    last_token_request: Mutex<(HeaderMap, HashMap<String, String>)>,
}

fn key(pem: &str, kid: &str) -> CoreEdDsaPrivateSigningKey {
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(pem, Some(JsonWebKeyId::new(kid.to_owned()))).expect("a key")
}

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn form(text: &str) -> HashMap<String, String> {
    Url::parse(&format!("http://form/?{text}")).expect("a form").query_pairs().into_owned().collect()
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::LOCATION, "http://127.0.0.1:1/elsewhere")], Json(body.clone())).into_response()
}

impl Fake {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let fake = Arc::new(Self {
            issuer: format!("http://{}/realms/acme", listener.local_addr().expect("an address")),
            behaviour: Mutex::default(),
            codes: Mutex::default(),
            metadata_reads: AtomicU32::new(0),
            token_requests: AtomicU32::new(0),
            user_info_requests: AtomicU32::new(0),
            last_token_request: Mutex::default(),
        });
        let routes = Router::new()
            .route("/realms/acme/.well-known/openid-configuration", get(Self::metadata))
            .route("/realms/acme/keys", get(Self::keys))
            .route("/realms/acme/token", post(Self::token))
            .route("/realms/acme/userinfo", get(Self::user_info))
            .with_state(Arc::clone(&fake));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        fake
    }

    fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().expect("a lock"));
    }

    fn oidc(&self) -> Oidc {
        Oidc::new(settings(&self.issuer), REDIRECT.to_owned()).expect("settings")
    }

    async fn metadata(State(fake): State<Arc<Self>>) -> Response {
        fake.metadata_reads.fetch_add(1, Ordering::SeqCst);
        let behaviour = fake.behaviour.lock().expect("a lock");
        let issuer = &fake.issuer;
        let mut metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/auth?tenant=a"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        });
        (behaviour.metadata)(&mut metadata);
        answer(behaviour.metadata_status, &metadata)
    }

    async fn keys(State(fake): State<Arc<Self>>) -> Response {
        let behaviour = fake.behaviour.lock().expect("a lock");
        let keys = behaviour.published.iter().map(|(kid, pem)| key(pem, kid).as_verification_key()).collect();
        Json(CoreJsonWebKeySet::new(keys)).into_response()
    }

    async fn token(State(fake): State<Arc<Self>>, headers: HeaderMap, body: Bytes) -> Response {
        fake.token_requests.fetch_add(1, Ordering::SeqCst);
        let asked = form(std::str::from_utf8(&body).expect("text"));
        *fake.last_token_request.lock().expect("a lock") = (headers, asked.clone());
        let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let behaviour = fake.behaviour.lock().expect("a lock");
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier")));
        let nonce = match fake.codes.lock().expect("a lock").remove(&of("code")) {
            Some((nonce, expected)) if expected == challenge && of("redirect_uri") == REDIRECT => nonce,
            _ => return answer(400, &json!({ "error": "invalid_grant", "error_description": "no such code" })),
        };
        let (kid, pem) = behaviour.signs_with;
        let key = key(pem, kid);
        let access_token = "an-access-token";
        let hash = AccessTokenHash::from_token(
            &AccessToken::new(access_token.to_owned()),
            &CoreJwsSigningAlgorithm::EdDsa,
            &key.as_verification_key(),
        )
        .expect("a hash");
        let mut claims = json!({
            "iss": fake.issuer,
            "aud": "candor",
            "azp": "candor",
            "sub": "person-1",
            "iat": NOW.seconds(),
            "exp": NOW.seconds() + 300,
            "nonce": nonce,
            "at_hash": hash,
            "email": "ada@example.com",
            "email_verified": true,
            "name": "Ada",
        });
        (behaviour.claims)(&mut claims);
        let signed = format!("{}.{}", part(&json!({ "alg": behaviour.algorithm, "kid": kid })), part(&claims));
        let signature = match behaviour.algorithm {
            "none" => Vec::new(),
            _ => key.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).expect("a signature"),
        };
        let mut given = json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)),
        });
        (behaviour.answer)(&mut given);
        answer(behaviour.token_status, &given)
    }

    async fn user_info(State(fake): State<Arc<Self>>, headers: HeaderMap) -> Response {
        fake.user_info_requests.fetch_add(1, Ordering::SeqCst);
        if headers.get(header::AUTHORIZATION).is_none_or(|value| value != "Bearer an-access-token") {
            return answer(401, &json!({ "error": "invalid_token" }));
        }
        let behaviour = fake.behaviour.lock().expect("a lock");
        let mut details =
            json!({ "sub": "person-1", "email": "ada@userinfo.example", "email_verified": true, "name": "Ada L." });
        (behaviour.user_info)(&mut details);
        answer(behaviour.user_info_status, &details)
    }

    /// What the person's browser does: reads the address, signs in, comes back.
    fn visit(&self, url: &str) -> CallbackQuery {
        let asked: HashMap<String, String> = Url::parse(url).expect("an address").query_pairs().into_owned().collect();
        let mut codes = self.codes.lock().expect("a lock");
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), (asked["nonce"].clone(), asked["code_challenge"].clone()));
        CallbackQuery { code: Some(code), state: Some(asked["state"].clone()), ..CallbackQuery::default() }
    }

    /// A whole sign-in, with something done to it on the way back.
    async fn sign_in(
        &self,
        oidc: &Oidc,
        tamper: impl FnOnce(&mut OidcFlow, &mut CallbackQuery),
        now: Time,
    ) -> Result<OidcIdentity, OidcError> {
        let (url, mut flow) = oidc.start("/dashboard".to_owned(), now).await?;
        let mut query = self.visit(&url);
        tamper(&mut flow, &mut query);
        oidc.finish(flow, query, now).await.map(|done| done.identity)
    }

    /// A walk of somebody who confirms a session.
    async fn confirm(&self, oidc: &Oidc, now: Time) -> Result<OidcSignIn, OidcError> {
        let (url, flow) = oidc.start_reauthentication("/account".to_owned(), now).await?;
        let query = self.visit(&url);
        oidc.finish(flow, query, now).await
    }
}

#[tokio::test]
async fn a_sign_in_says_when_the_person_proved_who_they_are() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    let said = async |change: Patch| {
        fake.change(|b| b.claims = change);
        let (url, flow) = oidc.start("/".to_owned(), NOW).await.expect("a start");
        oidc.finish(flow, fake.visit(&url), NOW).await.expect("a sign-in")
    };
    let silent = said(|_| ()).await;
    assert_eq!((silent.authenticated_at, silent.reauthenticated), (None, false));
    let old = said(|c| c["auth_time"] = json!(NOW.seconds() - 9000)).await;
    assert_eq!((old.authenticated_at, old.reauthenticated), (Some(NOW.plus_seconds(-9000)), false));
    assert_eq!(said(|c| c["auth_time"] = json!(NOW.seconds() + 30)).await.authenticated_at, Some(NOW), "clocks differ");
    assert_eq!(said(|c| c["auth_time"] = json!(NOW.seconds() + 90)).await.authenticated_at, None);
}

#[tokio::test]
async fn reauthentication_needs_a_fresh_auth_time() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    let (url, flow) = oidc.start_reauthentication("/account".to_owned(), NOW).await.expect("a start");
    let asked: HashMap<String, String> = Url::parse(&url).expect("an address").query_pairs().into_owned().collect();
    assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
    assert!(flow.reauthenticates);
    let (url, flow) = oidc.start("/".to_owned(), NOW).await.expect("a start");
    assert!(!url.contains("prompt=") && !url.contains("max_age=") && !flow.reauthenticates);

    assert_eq!(fake.confirm(&oidc, NOW).await, Err(OidcError::NotReauthenticated), "the provider says nothing");
    fake.change(|b| b.claims = |c| c["auth_time"] = json!(NOW.seconds() - 61));
    assert_eq!(fake.confirm(&oidc, NOW).await, Err(OidcError::NotReauthenticated), "from before the walk");
    fake.change(|b| b.claims = |c| c["auth_time"] = json!(NOW.seconds() + 61));
    assert_eq!(fake.confirm(&oidc, NOW).await, Err(OidcError::NotReauthenticated), "from the future");
    fake.change(|b| b.claims = |c| c["auth_time"] = json!(NOW.seconds()));
    let done = fake.confirm(&oidc, NOW).await.expect("a confirmation");
    assert_eq!((done.authenticated_at, done.reauthenticated), (Some(NOW), true));
    assert_eq!(done.identity.subject, "person-1");
}

#[tokio::test]
async fn the_right_answer_signs_in() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    let (url, flow) = oidc.start("/dashboard/acme".to_owned(), NOW).await.expect("a start");
    assert!(url.starts_with(&format!("{}/auth?tenant=a&", fake.issuer)), "{url}");
    let asked: HashMap<String, String> = Url::parse(&url).expect("an address").query_pairs().into_owned().collect();
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], "candor");
    assert_eq!(asked["redirect_uri"], REDIRECT);
    assert_eq!(asked["code_challenge_method"], "S256");
    let mut scopes: Vec<_> = asked["scope"].split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["email", "openid", "profile"]);

    // As it travels in the cookie.
    let flow: OidcFlow = serde_json::from_str(&serde_json::to_string(&flow).expect("text")).expect("the same");
    assert_eq!(flow.next, "/dashboard/acme");
    let person = oidc.finish(flow, fake.visit(&url), NOW).await.expect("a person").identity;
    assert_eq!(
        person,
        OidcIdentity {
            issuer: fake.issuer.clone(),
            subject: "person-1".to_owned(),
            email: Some("ada@example.com".to_owned()),
            email_verified: true,
            name: Some("Ada".to_owned()),
        }
    );
    assert_eq!(fake.user_info_requests.load(Ordering::SeqCst), 0, "the ID token told everything");
    let (headers, _) = &*fake.last_token_request.lock().expect("a lock");
    let credentials = BASE64_STANDARD.encode("candor:s3cr3t%2Fwith%2Bsigns");
    assert_eq!(headers[header::AUTHORIZATION], format!("Basic {credentials}"));
}

#[tokio::test]
async fn every_lie_is_refused_for_what_it_is() {
    use IdTokenFault as Fault;
    let id_token = OidcError::IdTokenRefused;
    let lies: [(&str, Tampering, OidcError); 26] = [
        ("another issuer", |b| b.claims = |c| c["iss"] = json!("https://evil.example"), id_token(Fault::Issuer)),
        (
            "an issuer with a slash",
            |b| b.claims = |c| c["iss"] = json!(format!("{}/", c["iss"].as_str().unwrap())),
            id_token(Fault::Issuer),
        ),
        ("another audience", |b| b.claims = |c| c["aud"] = json!("somebody-else"), id_token(Fault::Audience)),
        ("no audience", |b| b.claims = |c| c["aud"] = json!([]), id_token(Fault::Audience)),
        ("one audience too many", |b| b.claims = |c| c["aud"] = json!(["candor", "other"]), id_token(Fault::Audience)),
        ("another party", |b| b.claims = |c| c["azp"] = json!("somebody-else"), id_token(Fault::Audience)),
        ("another nonce", |b| b.claims = |c| c["nonce"] = json!("another"), id_token(Fault::Nonce)),
        ("no nonce", |b| b.claims = |c| c["nonce"] = Value::Null, id_token(Fault::Nonce)),
        ("expired", |b| b.claims = |c| c["exp"] = json!(NOW.seconds()), id_token(Fault::Expired)),
        ("no signature", |b| b.algorithm = "none", id_token(Fault::Algorithm)),
        ("a shared secret", |b| b.algorithm = "HS256", id_token(Fault::Algorithm)),
        ("an algorithm of another key", |b| b.algorithm = "RS256", id_token(Fault::UnknownKey)),
        ("another key", |b| b.signs_with = ("one", OTHER_KEY), id_token(Fault::Signature)),
        ("an unknown key", |b| b.signs_with = ("two", OTHER_KEY), id_token(Fault::UnknownKey)),
        ("another access token", |b| b.answer = |a| a["access_token"] = json!("swapped"), id_token(Fault::AccessToken)),
        ("nobody", |b| b.claims = |c| c["sub"] = json!(""), id_token(Fault::Subject)),
        ("a subject without end", |b| b.claims = |c| c["sub"] = json!("x".repeat(256)), id_token(Fault::Subject)),
        ("no ID token", |b| b.answer = |a| a["id_token"] = Value::Null, OidcError::NoIdToken),
        ("half an ID token", |b| b.answer = |a| a["id_token"] = json!("e30.e30"), OidcError::TokenUnreadable),
        ("no claims at all", |b| b.claims = |c| *c = json!({}), OidcError::TokenUnreadable),
        (
            "a token error",
            |b| {
                b.token_status = 400;
                b.answer = |a| *a = json!({ "error": "invalid_grant" });
            },
            OidcError::TokenRefused,
        ),
        (
            "a client error",
            |b| {
                b.token_status = 401;
                b.answer = |a| *a = json!({ "error": "invalid_client" });
            },
            OidcError::TokenRefused,
        ),
        (
            "a broken endpoint",
            |b| {
                b.token_status = 502;
                b.answer = |a| *a = json!("Bad gateway");
            },
            OidcError::TokenUnreadable,
        ),
        ("a redirect", |b| b.token_status = 307, OidcError::TokenUnreadable),
        ("too much", |b| b.answer = |a| a["more"] = json!("x".repeat(LONGEST_ANSWER)), OidcError::Unreachable),
        (
            "details of another",
            |b| {
                b.claims = |c| c["email"] = Value::Null;
                b.user_info = |u| u["sub"] = json!("person-2");
            },
            OidcError::SubjectMismatch,
        ),
    ];
    for (name, lie, expected) in lies {
        let fake = Fake::start().await;
        fake.change(lie);
        let refused = fake.sign_in(&fake.oidc(), |_, _| (), NOW).await;
        assert_eq!(refused, Err(expected), "{name}");
    }
}

#[tokio::test]
async fn an_answer_must_belong_to_the_flow() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    type Tamper = fn(&mut OidcFlow, &mut CallbackQuery);
    let cases: [(&str, Tamper, OidcError); 12] = [
        ("another state", |_, q| q.state = Some("another".to_owned()), OidcError::StateMismatch),
        ("no state", |_, q| q.state = None, OidcError::StateMismatch),
        ("an empty state", |f, q| (f.state, q.state) = ("x".to_owned(), Some(String::new())), OidcError::StateMismatch),
        (
            "an error of anybody",
            |_, q| (q.state, q.error) = (None, Some("access_denied".to_owned())),
            OidcError::StateMismatch,
        ),
        ("another sender", |_, q| q.iss = Some("https://evil.example".to_owned()), OidcError::IssuerMismatch),
        ("no code", |_, q| q.code = None, OidcError::Incomplete),
        ("an empty code", |_, q| q.code = Some(String::new()), OidcError::Incomplete),
        ("a code of nobody", |_, q| q.code = Some("guessed".to_owned()), OidcError::TokenRefused),
        ("another verifier", |f, _| f.pkce_verifier = "a".repeat(43), OidcError::TokenRefused),
        ("another nonce", |f, _| f.nonce = "another".to_owned(), OidcError::IdTokenRefused(IdTokenFault::Nonce)),
        ("another provider's flow", |f, _| f.issuer = "https://old.example".to_owned(), OidcError::Expired),
        ("an old flow", |f, _| f.started_at = NOW.plus_seconds(-FLOW_SECONDS - 1), OidcError::Expired),
    ];
    for (name, tamper, expected) in cases {
        assert_eq!(fake.sign_in(&oidc, tamper, NOW).await, Err(expected), "{name}");
    }
    let late = fake.sign_in(&oidc, |flow, _| flow.started_at = NOW.plus_seconds(-FLOW_SECONDS), NOW).await;
    assert!(late.is_ok(), "just in time: {late:?}");
}

#[tokio::test]
async fn nothing_is_asked_for_an_answer_that_is_refused_already() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    let _ = fake.sign_in(&oidc, |_, query| query.state = None, NOW).await;
    let _ = fake.sign_in(&oidc, |flow, _| flow.started_at = NOW.plus_seconds(-3600), NOW).await;
    let _ = fake.sign_in(&oidc, |_, query| query.error = Some("server_error".to_owned()), NOW).await;
    assert_eq!(fake.token_requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn two_flows_cannot_be_swapped_and_a_code_works_once() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    let (mine, my_flow) = oidc.start("/".to_owned(), NOW).await.expect("a start");
    let (theirs, _) = oidc.start("/".to_owned(), NOW).await.expect("a start");
    let (my_query, their_query) = (fake.visit(&mine), fake.visit(&theirs));
    let swapped = oidc.finish(my_flow.clone(), their_query.clone(), NOW).await;
    assert_eq!(swapped, Err(OidcError::StateMismatch));
    // Their code under my state: the challenge belongs to the code.
    let injected = CallbackQuery { code: their_query.code, ..my_query.clone() };
    assert_eq!(oidc.finish(my_flow.clone(), injected, NOW).await, Err(OidcError::TokenRefused));
    assert!(oidc.finish(my_flow.clone(), my_query.clone(), NOW).await.is_ok());
    assert_eq!(oidc.finish(my_flow, my_query, NOW).await, Err(OidcError::TokenRefused), "again");
}

#[tokio::test]
async fn a_provider_that_names_itself_has_to() {
    let fake = Fake::start().await;
    fake.change(|b| b.metadata = |m| m["authorization_response_iss_parameter_supported"] = json!(true));
    let oidc = fake.oidc();
    assert_eq!(fake.sign_in(&oidc, |_, _| (), NOW).await, Err(OidcError::IssuerMismatch));
    let error = |_: &mut OidcFlow, query: &mut CallbackQuery| query.error = Some("access_denied".to_owned());
    assert_eq!(fake.sign_in(&oidc, error, NOW).await, Err(OidcError::IssuerMismatch));
    let issuer = fake.issuer.clone();
    assert!(fake.sign_in(&oidc, |_, query| query.iss = Some(issuer), NOW).await.is_ok());
}

#[tokio::test]
async fn an_error_of_the_provider_is_told_in_our_words() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    for (said, expected) in [
        ("access_denied", OidcError::Cancelled),
        ("server_error", OidcError::Refused("server_error".to_owned())),
        ("<b>call 555-0100</b>", OidcError::Refused("unknown reason".to_owned())),
        ("", OidcError::Refused("unknown reason".to_owned())),
    ] {
        let tamper = |_: &mut OidcFlow, query: &mut CallbackQuery| {
            query.error = Some(said.to_owned());
            query.error_description = Some("Call 555-0100 at once".to_owned());
        };
        let refused = fake.sign_in(&oidc, tamper, NOW).await.expect_err(said);
        assert!(!refused.to_string().contains("555"), "{refused}");
        assert_eq!(refused, expected);
    }
}

#[tokio::test]
async fn an_address_that_the_id_token_lacks_is_asked_for() {
    let fake = Fake::start().await;
    fake.change(|b| b.claims = |c| (c["email"], c["name"]) = (Value::Null, Value::Null));
    let oidc = fake.oidc();
    let person = fake.sign_in(&oidc, |_, _| (), NOW).await.expect("a person");
    assert_eq!(person.email.as_deref(), Some("ada@userinfo.example"));
    assert!(person.email_verified);
    assert_eq!(person.name.as_deref(), Some("Ada L."));

    fake.change(|b| b.user_info_status = 403);
    assert_eq!(fake.sign_in(&oidc, |_, _| (), NOW).await, Err(OidcError::UserInfoRefused));
    fake.change(|b| b.answer = |a| a["access_token"] = json!("two\nlines"));
    fake.change(|b| b.claims = |c| (c["email"], c["at_hash"]) = (Value::Null, Value::Null));
    assert_eq!(fake.sign_in(&oidc, |_, _| (), NOW).await, Err(OidcError::TokenUnreadable));

    let silent = Fake::start().await;
    silent.change(|b| b.metadata = |m| m["userinfo_endpoint"] = Value::Null);
    silent.change(|b| b.claims = |c| c["email"] = Value::Null);
    let person = silent.sign_in(&silent.oidc(), |_, _| (), NOW).await.expect("a person");
    assert_eq!((person.email, person.email_verified), (None, false));
}

#[tokio::test]
async fn a_client_without_secret_or_with_a_secret_in_the_body() {
    let fake = Fake::start().await;
    let public = OidcSettings { client_secret: None, ..settings(&fake.issuer) };
    let oidc = Oidc::new(public, REDIRECT.to_owned()).expect("settings");
    assert!(fake.sign_in(&oidc, |_, _| (), NOW).await.is_ok());
    {
        let (headers, asked) = &*fake.last_token_request.lock().expect("a lock");
        assert!(!headers.contains_key(header::AUTHORIZATION));
        assert_eq!(asked["client_id"], "candor");
        assert!(!asked.contains_key("client_secret"));
    }
    fake.change(|b| b.metadata = |m| m["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]));
    assert!(fake.sign_in(&fake.oidc(), |_, _| (), NOW).await.is_ok());
    let (headers, asked) = &*fake.last_token_request.lock().expect("a lock");
    assert!(!headers.contains_key(header::AUTHORIZATION));
    assert_eq!(asked["client_secret"], SECRET);
}

#[tokio::test]
async fn new_keys_are_read_when_a_signature_asks_for_them() {
    for kid in ["two", "one"] {
        let fake = Fake::start().await;
        let oidc = fake.oidc();
        assert!(fake.sign_in(&oidc, |_, _| (), NOW).await.is_ok());
        fake.change(|b| (b.published, b.signs_with) = (vec![(kid, OTHER_KEY)], (kid, OTHER_KEY)));

        let at_once = fake.sign_in(&oidc, |_, _| (), NOW.plus_seconds(10)).await;
        assert!(matches!(at_once, Err(OidcError::IdTokenRefused(_))), "{at_once:?}");
        assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 1, "not asked again so soon");

        assert!(fake.sign_in(&oidc, |_, _| (), NOW.plus_seconds(20)).await.is_ok());
        assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 2);
        assert!(fake.sign_in(&oidc, |_, _| (), NOW.plus_seconds(60)).await.is_ok());
        assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 2);
    }
}

fn programs_token(fake: &Fake, kid: &str, pem: &str) -> String {
    let header = json!({ "alg": "EdDSA", "kid": kid, "typ": "at+jwt" });
    let claims = json!({ "iss": fake.issuer, "sub": "person-1", "exp": NOW.seconds() + 100_000 });
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = key(pem, kid).sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn keys_for_the_tokens_of_programs_are_read_again_in_measure() {
    let fake = Fake::start().await;
    let settings = OidcSettings { api_audience: Some(Audience::Any), ..settings(&fake.issuer) };
    let oidc = Oidc::new(settings, REDIRECT.to_owned()).expect("settings");
    let (first, second) = (programs_token(&fake, "one", KEY), programs_token(&fake, "two", OTHER_KEY));
    let subject = Ok(ProgramToken { subject: "person-1".to_owned(), expires_at: NOW.plus_seconds(100_000) });
    assert_eq!(oidc.program_token(&first, NOW).await, subject);
    assert_eq!(oidc.program_token(&second, NOW.plus_seconds(59)).await, Err(JwtFault::UnknownKey));
    assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 1, "not asked again so soon");

    fake.change(|b| b.published = vec![("two", OTHER_KEY)]);
    assert_eq!(oidc.program_token(&first, NOW.plus_seconds(61)).await, subject);
    assert_eq!(oidc.program_token(&second, NOW.plus_seconds(61)).await, subject);
    assert_eq!(oidc.program_token(&first, NOW.plus_seconds(62)).await, Err(JwtFault::UnknownKey), "it was withdrawn");
    assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 2);

    // A withdrawn key ends to count within the hour, and keys stay in use while the provider is away.
    fake.change(|b| b.published = vec![("one", KEY)]);
    let later = NOW.plus_seconds(61 + 3601);
    assert_eq!(oidc.program_token(&second, later).await, Err(JwtFault::UnknownKey));
    fake.change(|b| b.metadata_status = 503);
    assert_eq!(oidc.program_token(&first, later.plus_seconds(3601)).await, subject);
    assert_eq!(oidc.program_token(&first, later.plus_seconds(3602)).await, subject);
    assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 4);

    let away = Fake::start().await;
    away.change(|b| b.metadata_status = 503);
    let settings = OidcSettings { api_audience: Some(Audience::Any), ..super::tests::settings(&away.issuer) };
    let oidc = Oidc::new(settings, REDIRECT.to_owned()).expect("settings");
    let token = programs_token(&away, "one", KEY);
    assert_eq!(oidc.program_token(&token, NOW).await, Err(JwtFault::NoKeys));
}

#[tokio::test]
async fn old_keys_stay_in_use_while_the_provider_is_away() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    oidc.discover(NOW).await;
    fake.change(|b| b.metadata_status = 503);
    oidc.discover(NOW.plus_seconds(60)).await;
    assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 1, "they are fresh");
    let later = NOW.plus_seconds(4000);
    oidc.discover(later).await;
    assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 2);
    assert!(oidc.ready());
    assert_eq!(oidc.problem(), None);
    assert!(oidc.start("/".to_owned(), later).await.is_ok());
}

#[tokio::test]
async fn a_provider_that_comes_later_is_found() {
    let fake = Fake::start().await;
    fake.change(|b| b.metadata_status = 503);
    let oidc = fake.oidc();
    assert!(!oidc.ready());
    assert!(oidc.problem().is_some_and(|problem| problem.contains("starting up")));
    oidc.discover(NOW).await;
    assert!(oidc.problem().is_some_and(|problem| problem.contains("Acme") && problem.contains("reached")));
    assert_eq!(oidc.start("/".to_owned(), NOW.plus_seconds(1)).await.map(|_| ()), Err(OidcError::Unreachable));
    assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 1, "not asked again so soon");

    fake.change(|b| b.metadata_status = 200);
    assert!(oidc.start("/".to_owned(), NOW.plus_seconds(16)).await.is_ok());
    assert!(oidc.ready());
    assert_eq!(oidc.problem(), None);
}

#[tokio::test]
async fn a_provider_that_cannot_be_used_is_said_to_be() {
    let cases: [(Tampering, OidcError); 6] = [
        (|b| b.metadata = |m| m["issuer"] = json!("https://evil.example"), OidcError::Misconfigured),
        (|b| b.metadata = |m| *m = json!({ "hello": "world" }), OidcError::Misconfigured),
        (|b| b.metadata_status = 404, OidcError::Misconfigured),
        (|b| b.metadata_status = 302, OidcError::Misconfigured),
        (|b| b.metadata = |m| m["jwks_uri"] = json!("http://127.0.0.1:1/keys"), OidcError::Unreachable),
        (|b| b.metadata = |m| m["more"] = json!("x".repeat(LONGEST_ANSWER)), OidcError::Unreachable),
    ];
    for (change, expected) in cases {
        let fake = Fake::start().await;
        fake.change(change);
        let oidc = fake.oidc();
        assert_eq!(oidc.start("/".to_owned(), NOW).await.map(|_| ()), Err(expected));
        assert!(oidc.problem().is_some());
    }
    let nobody = Oidc::new(settings("http://127.0.0.1:1"), REDIRECT.to_owned()).expect("settings");
    assert_eq!(nobody.start("/".to_owned(), NOW).await.map(|_| ()), Err(OidcError::Unreachable));
}

#[tokio::test]
async fn many_at_once_ask_the_provider_once() {
    let fake = Fake::start().await;
    let oidc = Arc::new(fake.oidc());
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let oidc = Arc::clone(&oidc);
            tokio::spawn(async move { oidc.start("/".to_owned(), NOW).await.map(|(_, flow)| flow.state) })
        })
        .collect();
    let mut states = Vec::new();
    for start in starts {
        states.push(start.await.expect("a task").expect("a start"));
    }
    states.sort_unstable();
    states.dedup();
    assert_eq!(states.len(), 8, "each has its own state");
    assert_eq!(fake.metadata_reads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn secrets_are_not_printed() {
    let fake = Fake::start().await;
    let oidc = fake.oidc();
    let (_, flow) = oidc.start("/".to_owned(), NOW).await.expect("a start");
    let printed = format!("{oidc:?} {flow:?}");
    for secret in [SECRET, &flow.state, &flow.nonce, &flow.pkce_verifier] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
