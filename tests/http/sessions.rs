//! Sessions that begin, or are used, while all sessions of the account end.

use crate::support::{Browser, PASSWORD, TestServer, both_engines};
use axum::http::{Request, request::Parts};
use candor::{
    domain::{audit::Door, error::AppError, token::TokenInput},
    server::{
        access::{
            SignedIn,
            accounts::{Authenticated, check_password, sign_in_oidc},
            device::Device,
            oidc::OidcIdentity,
            reauthentication::by_password,
            security_log::Method,
            session::{Sessions, begin},
        },
        clock, tokens,
    },
};
use std::sync::Arc;
use tower_sessions::Session;

both_engines!(
    sign_ins_under_way_end_with_all_sessions,
    tokens_and_confirmations_under_way_end_with_all_sessions,
    confirmations_under_way_end_with_their_session,
    walks_to_the_provider_under_way_end_with_all_sessions,
);

const NEW: &str = "another lantern walks south";

fn new_session(server: &TestServer) -> Session {
    Session::new(None, Arc::new(Sessions::new(&server.app.db)), None)
}

async fn proved(server: &TestServer) -> Authenticated {
    let (address, password) = ("ana@example.com".to_owned(), PASSWORD.to_owned());
    check_password(server.app.clone(), [127, 0, 0, 1].into(), None, address, password).await.unwrap()
}

async fn sign_in(server: &TestServer, session: &Session, proof: &Authenticated) -> Result<(), AppError> {
    begin(&server.app, session, proof, &Device::default(), Method::Password, Some(clock::now())).await
}

async fn change_password(ana: &Browser) {
    let fields = [("what", "password"), ("current_password", PASSWORD), ("password", NEW)];
    assert_eq!(ana.post("/account", &fields).await.location(), "/account?done=password");
}

async fn signed_in(server: &TestServer, session: &Session) -> SignedIn {
    let (mut parts, ()): (Parts, ()) = Request::new(()).into_parts();
    parts.extensions.insert(session.clone());
    SignedIn::from_request(&server.app, &parts, Door::Account).await.unwrap()
}

/// Whoever typed the old password in the moment before it was changed gets no session by it.
async fn sign_ins_under_way_end_with_all_sessions(server: TestServer) {
    let ana = server.person("ana").await;
    let (before, session) = (proved(&server).await, new_session(&server));
    sign_in(&server, &session, &before).await.unwrap();
    let late = proved(&server).await;
    change_password(&ana).await;
    let refused = sign_in(&server, &new_session(&server), &late).await;
    assert!(matches!(refused, Err(AppError::Conflict(_))), "{refused:?}");
    assert_eq!(server.number("select count(*) from sessions").await, 1, "only the one that changed it");
    assert!(ana.is_signed_in().await);
    // That one goes on: its id is renewed, and it may do what a fresh one may.
    let confirm = [("what", "password"), ("password", NEW), ("next", "/account/tokens")];
    assert_eq!(ana.post("/account/confirm", &confirm).await.location(), "/account/tokens");
    assert!(ana.is_signed_in().await);
}

/// Whoever asks by a session that ends meanwhile makes no token, and confirms nothing.
async fn tokens_and_confirmations_under_way_end_with_all_sessions(server: TestServer) {
    let ana = server.person("ana").await;
    let session = new_session(&server);
    sign_in(&server, &session, &proved(&server).await).await.unwrap();
    let token = || TokenInput { name: "laptop".into(), role: "owner".into(), days: "30".into() };
    let by = signed_in(&server, &session).await.require_recent_authentication().unwrap();
    tokens::create_own(by.clone(), token()).await.unwrap();

    let confirming = signed_in(&server, &session).await;
    assert_eq!(ana.post("/account/sessions", &[("what", "others")]).await.location(), "/account/sessions?done=others");
    let refused = tokens::create_own(by, token()).await;
    assert!(matches!(refused, Err(AppError::Unauthenticated)), "{refused:?}");
    let refused = by_password(confirming, &session, "password", PASSWORD.to_owned()).await;
    assert!(matches!(refused, Err(AppError::Unauthenticated)), "{refused:?}");
    assert_eq!(server.number("select count(*) from sessions").await, 1);
    assert_eq!(server.number("select count(*) from api_tokens").await, 1);
}

/// A session that its owner ends alone does not come back by a confirmation that had begun.
async fn confirmations_under_way_end_with_their_session(server: TestServer) {
    let ana = server.person("ana").await;
    let session = new_session(&server);
    sign_in(&server, &session, &proved(&server).await).await.unwrap();
    let confirming = signed_in(&server, &session).await;
    let newest = server.texts("select id_hash from sessions order by created_at desc limit 1").await;
    let end = [("what", "one"), ("session", &*newest[0])];
    assert_eq!(ana.post("/account/sessions", &end).await.location(), "/account/sessions?done=session");
    assert_eq!(server.number("select count(*) from sessions").await, 1);
    let refused = by_password(confirming, &session, "password", PASSWORD.to_owned()).await;
    assert!(matches!(refused, Err(AppError::Unauthenticated)), "{refused:?}");
    assert_eq!(server.number("select count(*) from sessions").await, 1);
}

/// Whoever has gone to the provider, and comes back only when the owner has ended everything, gets no session.
async fn walks_to_the_provider_under_way_end_with_all_sessions(server: TestServer) {
    let ana = server.person("ana").await;
    server.execute("update users set email_verified_at = 1").await;
    let identity = OidcIdentity {
        issuer: "https://id.example.com".to_owned(),
        subject: "ana".to_owned(),
        email: Some("ana@example.com".to_owned()),
        email_verified: true,
        name: None,
    };
    let sign_in = |begun_at| sign_in_oidc(server.app.clone(), identity.clone(), begun_at);
    let before = clock::now();
    sign_in(before).await.expect("linked");
    assert_eq!(ana.post("/account/sessions", &[("what", "others")]).await.location(), "/account/sessions?done=others");
    let refused = sign_in(before).await;
    assert!(matches!(refused, Err(AppError::Conflict(_))), "{refused:?}");
    sign_in(clock::now()).await.expect("begun afterwards");
}
