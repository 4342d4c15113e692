//! What proves an e-mail address, what an account with an unverified address is kept from, and what ends when
//! the address is proven.

use crate::support::{Bearer, Browser, PASSWORD, TestServer, both_engines, eventually, token};
use candor::{
    domain::{
        error::{AppError, Result},
        ids::{UserId, id_text},
    },
    server::{
        access::{accounts::sign_in_oidc, oidc::OidcIdentity, secret},
        clock, operator,
    },
};
use serde_json::{Value, json};

both_engines!(
    shown_invitation_link_proves_nothing,
    mailed_invitation_link_verifies_the_address,
    mailed_invitation_link_verifies_the_signed_in_account,
    password_reset_revokes_sessions_tokens_and_unverified_identities,
    verification_needs_the_account_as_well_as_the_mailbox,
    verification_revokes_what_opened_the_account_before,
    addresses_with_a_tag_do_not_use_up_the_mailbox,
    new_address_is_not_verified_by_its_mailbox_alone,
    identity_without_a_verified_claim_makes_an_unverified_account,
    verified_claim_proves_the_address,
    address_change_without_proof_takes_the_verified_claim_from_identities,
    migration_withdraws_verifications_without_proof,
);

const NEW: &str = "another lantern walks south";

/// The token of the newest link to this place in mail to somebody.
async fn mailed(server: &TestServer, to: &str, path: &str) -> String {
    let query = format!("select text_body from messages where recipient = '{to}' order by created_at desc");
    eventually(&format!("mail to {to} with {path}"), async || {
        let bodies = server.texts(&query).await;
        let marker = format!("{path}?token=");
        bodies.iter().flat_map(|body| body.lines()).find_map(|line| Some(line.split_once(&marker)?.1.to_owned()))
    })
    .await
}

async fn is_verified(server: &TestServer, name: &str) -> bool {
    let query =
        format!("select count(*) from users where email_key = '{name}@example.com' and email_verified_at is not null");
    server.number(&query).await == 1
}

/// A personal API token of this account, as earlier versions made them for everybody.
async fn personal_token(server: &TestServer, name: &str) -> Bearer {
    let token = format!("cnd_{}", id_text(rand::random()));
    server
        .execute(&format!(
            "insert into api_tokens (id, user_id, name, role, token_hash, ending, created_by, created_at)
             select '{}', id, 'laptop', 'owner', '{}', '0000', name, 1 from users where email_key = '{name}@example.com'",
            id_text(rand::random()),
            secret::hash(&token),
        ))
        .await;
    let bearer = Bearer::new(server, "northwind", &token);
    assert!(works(&bearer).await);
    bearer
}

async fn works(token: &Bearer) -> bool {
    token.get("/api/v1/me").await.status == 200
}

async fn through_provider(server: &TestServer, subject: &str, name: &str, verified: bool) -> Result<UserId> {
    let identity = OidcIdentity {
        issuer: "https://id.example.com".to_owned(),
        subject: subject.to_owned(),
        email: Some(format!("{name}@example.com")),
        email_verified: verified,
        name: Some(name.to_owned()),
    };
    sign_in_oidc(server.app.clone(), identity, clock::now()).await.map(|authenticated| authenticated.user().clone())
}

#[track_caller]
fn refusal(outcome: Result<UserId>) -> String {
    let error = outcome.unwrap_err();
    assert!(matches!(error, AppError::Conflict(_)), "{error:?}");
    error.to_string()
}

async fn id_of(server: &TestServer, name: &str) -> String {
    server.texts(&format!("select id from users where email_key = '{name}@example.com'")).await.remove(0)
}

/// As if whoever invites had opened the link in the mail.
async fn owners_are_verified(server: &TestServer) {
    server.execute("update users set email_verified_at = 1 where name like 'owner-%'").await;
}

async fn offers(browser: &Browser) -> Value {
    browser.rpc("open_invitations", json!({})).await.right()
}

/// Again signed in, on a server that was started anew.
async fn again(server: &TestServer, name: &str) -> Browser {
    let browser = server.browser();
    assert_eq!(browser.sign_in(name, PASSWORD).await.status, 303);
    browser
}

async fn resend(owner: &Browser, slug: &str, id: &str) -> Value {
    owner.rpc("resend_invitation", json!({ "organization": slug, "id": id })).await.right()
}

/// Whoever invites a stranger's address and gets to see the link can make an account by it, and gets nothing
/// that belongs to the address: no invitation of others, no person who comes through the provider.
async fn shown_invitation_link_proves_nothing(server: TestServer) {
    let attacker = server.owner("evil").await;
    let link = attacker.invite("evil", "ceo", "viewer").await;
    let ghost = server.browser();
    assert_eq!(ghost.accept(&link, "Ghost").await.location(), "/dashboard/evil", "without mail a link works");
    assert!(!is_verified(&server, "ceo").await);

    let owner = server.owner("bigcorp").await;
    owner.invite("bigcorp", "ceo", "owner").await;
    assert_eq!(offers(&ghost).await, json!({ "verified": false, "invitations": [] }));
    let id = owner.people("bigcorp").await["invitations"][0]["id"].clone();
    ghost.rpc("accept_open_invitation", json!({ "id": id })).await.refused(404, "not_found");

    let words = refusal(through_provider(&server, "the-ceo", "ceo", true).await);
    assert!(words.contains("not linked"), "{words}");
    assert_eq!(server.number("select count(*) from oidc_identities").await, 0);
    assert!(!is_verified(&server, "ceo").await);
}

/// It counts how the link that was opened left, not how an earlier one did.
async fn mailed_invitation_link_verifies_the_address(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.invite("northwind", "mia", "viewer").await;
    let mia = owner.people("northwind").await["invitations"][0]["id"].as_str().unwrap().to_owned();

    let server = server.with_mail().await;
    owners_are_verified(&server).await;
    let owner = again(&server, "owner-northwind").await;
    let sent = resend(&owner, "northwind", &mia).await;
    assert!(sent["link"].is_null(), "shown to nobody: {sent}");
    let link = mailed(&server, "mia@example.com", "/accept-invitation").await;
    assert_eq!(server.browser().accept(&link, "mia").await.status, 303);
    assert!(is_verified(&server, "mia").await);
    let verifying = "select count(*) from account_tokens where email = 'mia@example.com'";
    assert_eq!(server.number(verifying).await, 0, "there is nothing left to verify");

    let input = json!({ "email": "nora@example.com", "role": "viewer" });
    owner.rpc("invite", json!({ "organization": "northwind", "input": input })).await.right();
    let nora = owner.people("northwind").await["invitations"][0]["id"].as_str().unwrap().to_owned();
    let server = server.restart().await;
    let owner = again(&server, "owner-northwind").await;
    let link = token(&resend(&owner, "northwind", &nora).await);
    assert_eq!(server.browser().accept(&link, "nora").await.status, 303);
    assert!(!is_verified(&server, "nora").await);
}

async fn mailed_invitation_link_verifies_the_signed_in_account(server: TestServer) {
    let server = server.with_mail().await;
    let owner = server.owner("northwind").await;
    owners_are_verified(&server).await;
    let mia = server.person("mia").await;
    let (other, program) = (again(&server, "mia").await, personal_token(&server, "mia").await);
    let bob = server.person("bob").await;
    let invite = async |name: &str| {
        let input = json!({ "email": format!("{name}@example.com"), "role": "viewer" });
        owner.rpc("invite", json!({ "organization": "northwind", "input": input })).await.right();
        mailed(&server, &format!("{name}@example.com"), "/accept-invitation").await
    };
    assert_eq!(mia.accept(&invite("mia").await, "").await.status, 303);
    assert!(is_verified(&server, "mia").await);
    assert!(mia.is_signed_in().await && !other.is_signed_in().await && !works(&program).await);
    // A link to another address says nothing of one's own.
    assert_eq!(bob.accept(&invite("nora").await, "").await.status, 303);
    assert!(!is_verified(&server, "bob").await);
}

/// Whoever signed up with somebody's address keeps nothing once its owner resets the password.
async fn password_reset_revokes_sessions_tokens_and_unverified_identities(server: TestServer) {
    let server = server.with_mail().await;
    let attacker = server.person("victim").await;
    let program = personal_token(&server, "victim").await;
    let squatted = through_provider(&server, "attacker", "other", false).await.unwrap();
    assert!(!is_verified(&server, "other").await);
    let program_of_other = personal_token(&server, "other").await;
    for name in ["victim", "other"] {
        let (browser, address) = (server.browser(), format!("{name}@example.com"));
        browser.post("/forgot-password", &[("email", &address)]).await;
        let link = mailed(&server, &address, "/reset-password").await;
        assert_eq!(browser.post("/reset-password", &[("token", &link), ("password", NEW)]).await.status, 303);
        assert!(is_verified(&server, name).await);
        assert_eq!(browser.sign_in(name, NEW).await.status, 303);
    }
    assert!(!attacker.is_signed_in().await && !works(&program).await && !works(&program_of_other).await);
    assert_eq!(server.number("select count(*) from account_tokens").await, 0, "and every older link");
    assert!(
        refusal(through_provider(&server, "attacker", "other", false).await).contains("hasn’t verified this address")
    );

    // An identity that a verified claim linked is the owner's, and survives the next reset.
    assert_eq!(through_provider(&server, "owner", "other", true).await.unwrap(), squatted);
    // What is mailed next is the only link to find.
    server.execute("delete from messages where recipient = 'other@example.com'").await;
    let browser = server.browser();
    browser.post("/forgot-password", &[("email", "other@example.com")]).await;
    let link = mailed(&server, "other@example.com", "/reset-password").await;
    assert_eq!(browser.post("/reset-password", &[("token", &link), ("password", PASSWORD)]).await.status, 303);
    assert_eq!(through_provider(&server, "owner", "other", false).await.unwrap(), squatted);
}

/// Somebody signs up again and again as `ana+1@…`, `ana+2@…`: Ana herself still gets a link.
async fn addresses_with_a_tag_do_not_use_up_the_mailbox(server: TestServer) {
    let server = server.with_mail().await;
    for number in 0..7 {
        server.person(&format!("ana+{number}")).await;
    }
    let sent = "select count(*) from messages where recipient like 'ana+%'";
    assert_eq!(server.number(sent).await, 5, "they are limited together");
    server.person("ana").await;
    mailed(&server, "ana@example.com", "/verify-email").await;
}

/// The owner of the mailbox clicks, and the account stays closed to whoever chose its password.
async fn verification_needs_the_account_as_well_as_the_mailbox(server: TestServer) {
    let server = server.with_mail().await;
    let attacker = server.person("victim").await;
    let link = mailed(&server, "victim@example.com", "/verify-email").await;
    let (victim, elsewhere) = (server.browser(), server.person("bob").await);
    for browser in [&victim, &elsewhere] {
        let page = browser.get(&format!("/verify-email?token={link}")).await.text();
        assert!(page.contains("Account password") && page.contains("Set a new password instead"), "{page}");
        for (password, words) in
            [("", "Enter this account’s password"), (NEW, "This isn’t the password for this account.")]
        {
            let answer = browser.post("/verify-email", &[("token", &link), ("password", password)]).await;
            assert_eq!(answer.status, 422);
            let page = answer.text();
            assert!(page.contains(words) && page.contains("Set a new password instead"), "{words}: {page}");
        }
    }
    assert!(!is_verified(&server, "victim").await);
    assert!(attacker.is_signed_in().await);
    // The way out that the page offers.
    let answer = victim.post("/forgot-password", &[("email", "victim@example.com")]).await;
    assert_eq!(answer.location(), "/forgot-password?done=password-link");
    let reset = mailed(&server, "victim@example.com", "/reset-password").await;
    assert_eq!(victim.post("/reset-password", &[("token", &reset), ("password", NEW)]).await.status, 303);
    assert!(is_verified(&server, "victim").await && !attacker.is_signed_in().await);
    assert_eq!(server.browser().sign_in("victim", PASSWORD).await.status, 422);

    // An account that has no password is confirmed by signing in.
    through_provider(&server, "someone", "mia", false).await.unwrap();
    let link = mailed(&server, "mia@example.com", "/verify-email").await;
    let page = victim.get(&format!("/verify-email?token={link}")).await.text();
    assert!(page.contains("Sign in to this account in this browser"), "{page}");
    assert_eq!(victim.post("/verify-email", &[("token", &link)]).await.status, 409);
    assert!(!is_verified(&server, "mia").await);
}

async fn verification_revokes_what_opened_the_account_before(server: TestServer) {
    let server = server.with_mail().await;
    // In a session of the account, and with its password in a browser that has none.
    for (name, in_session) in [("ana", true), ("bob", false)] {
        let person = server.person(name).await;
        let (other, program) = (again(&server, name).await, personal_token(&server, name).await);
        let link = mailed(&server, &format!("{name}@example.com"), "/verify-email").await;
        let browser = if in_session { person.clone() } else { server.browser() };
        let page = browser.get(&format!("/verify-email?token={link}")).await.text();
        assert_eq!(page.contains("Account password"), !in_session, "{page}");
        let password = if in_session { "" } else { PASSWORD };
        let answer = browser.post("/verify-email", &[("token", &link), ("password", password)]).await;
        assert_eq!(answer.location(), "/verify-email?done=verified", "{}", answer.text());
        assert!(is_verified(&server, name).await);
        assert!(!other.is_signed_in().await && !works(&program).await);
        assert_eq!(person.is_signed_in().await, in_session, "{name}");
        assert_eq!(server.browser().sign_in(name, PASSWORD).await.status, 303);
    }
}

/// Somebody asks for a stranger's address on their own account: the stranger's click alone does not give it.
async fn new_address_is_not_verified_by_its_mailbox_alone(server: TestServer) {
    let server = server.with_mail().await;
    let attacker = server.person("attacker").await;
    let wish = [("what", "address"), ("email", "victim@example.com"), ("address_password", PASSWORD)];
    assert_eq!(attacker.post("/account", &wish).await.location(), "/account?done=address-waits");
    let link = mailed(&server, "victim@example.com", "/verify-email").await;
    let victim = server.browser();
    let page = victim.get(&format!("/verify-email?token={link}")).await.text();
    assert!(page.contains("Account password") && !page.contains("Set a new password instead"), "{page}");
    assert_eq!(victim.post("/verify-email", &[("token", &link)]).await.status, 422);
    assert_eq!(server.number("select count(*) from users where email_key = 'victim@example.com'").await, 0);
    assert_eq!(attacker.post("/verify-email", &[("token", &link)]).await.status, 303);
    assert!(is_verified(&server, "victim").await);
}

/// Some providers never say that an address is verified. Who comes from one gets an account that proves its
/// address by mail, and goes on signing in through the provider.
async fn identity_without_a_verified_claim_makes_an_unverified_account(server: TestServer) {
    let server = server.with_mail().await;
    let id = through_provider(&server, "mia", "mia", false).await.unwrap();
    assert_eq!(through_provider(&server, "mia", "mia", false).await.unwrap(), id);
    assert!(!is_verified(&server, "mia").await);
    // The real owner of the address is not led into it, and is told the way.
    let words = refusal(through_provider(&server, "another", "mia", true).await);
    assert!(words.contains("different account at the provider") && words.contains("Forgot your password?"), "{words}");
    // A session that the provider began.
    let mia = server.person("bob").await;
    let bob = mia.user_id().await;
    server.execute(&format!("update sessions set user_id = '{id}', data = replace(data, '{bob}', '{id}')")).await;
    let link = mailed(&server, "mia@example.com", "/verify-email").await;
    let answer = mia.post("/verify-email", &[("token", &link)]).await;
    assert_eq!(answer.location(), "/verify-email?done=verified", "{}", answer.text());
    assert!(is_verified(&server, "mia").await && mia.is_signed_in().await);
    assert_eq!(through_provider(&server, "mia", "mia", false).await.unwrap(), id);
    operator::reset_password(&server.app, "mia@example.com").await.unwrap();
    assert_eq!(through_provider(&server, "mia", "mia", false).await.unwrap(), id, "proven by now");
}

/// A claim proves the address of the account that the identity opens already. If a password opens it too,
/// that may be somebody else's.
async fn verified_claim_proves_the_address(server: TestServer) {
    let id = through_provider(&server, "mia", "mia", false).await.unwrap();
    let program = personal_token(&server, "mia").await;
    assert_eq!(through_provider(&server, "mia", "other", true).await.unwrap(), id);
    assert!(!is_verified(&server, "mia").await, "a claim for another address");
    assert_eq!(through_provider(&server, "mia", "mia", true).await.unwrap(), id);
    assert!(is_verified(&server, "mia").await && works(&program).await, "nobody else was ever in");
    assert_eq!(server.number("select count(*) from oidc_identities where verified_at is not null").await, 1);

    let ghost = server.person("ceo").await;
    let program = personal_token(&server, "ceo").await;
    server.execute("update users set email_verified_at = created_at where email_key = 'ceo@example.com'").await;
    let ceo = through_provider(&server, "ceo", "ceo", true).await.unwrap();
    assert_eq!(ceo.to_string(), id_of(&server, "ceo").await);
    // As the migration finds it.
    server.execute("update users set email_verified_at = null where email_key = 'ceo@example.com'").await;
    assert_eq!(through_provider(&server, "ceo", "ceo", true).await.unwrap(), ceo);
    assert!(is_verified(&server, "ceo").await);
    assert!(!ghost.is_signed_in().await && !works(&program).await);
    assert_eq!(server.browser().sign_in("ceo", PASSWORD).await.status, 422);
}

/// An identity was linked to the old address; whoever proves the new one locks it out.
async fn address_change_without_proof_takes_the_verified_claim_from_identities(server: TestServer) {
    let attacker = server.person("attacker").await;
    server.execute("update users set email_verified_at = created_at").await;
    through_provider(&server, "attacker", "attacker", true).await.unwrap();
    let wish = [("what", "address"), ("email", "victim@example.com"), ("address_password", PASSWORD)];
    assert_eq!(attacker.post("/account", &wish).await.location(), "/account?done=address");
    assert_eq!(server.number("select count(*) from oidc_identities where verified_at is not null").await, 0);
    let server = server.with_mail().await;
    let victim = server.browser();
    victim.post("/forgot-password", &[("email", "victim@example.com")]).await;
    let link = mailed(&server, "victim@example.com", "/reset-password").await;
    assert_eq!(victim.post("/reset-password", &[("token", &link), ("password", NEW)]).await.status, 303);
    assert!(is_verified(&server, "victim").await);
    assert_eq!(server.number("select count(*) from oidc_identities").await, 0);
}

/// The statements of the migration on rows as earlier versions wrote them.
async fn migration_withdraws_verifications_without_proof(server: TestServer) {
    let server = server.with_mail().await;
    let owner = server.owner("northwind").await;
    owners_are_verified(&server).await;
    for name in ["mia", "ghost", "nora", "olga"] {
        let input = json!({ "email": format!("{name}@example.com"), "role": "viewer" });
        owner.rpc("invite", json!({ "organization": "northwind", "input": input })).await.right();
    }
    for name in ["mia", "ghost"] {
        let link = mailed(&server, &format!("{name}@example.com"), "/accept-invitation").await;
        assert_eq!(server.browser().accept(&link, name).await.status, 303);
    }
    // As if these two links had been shown: there was no mail.
    server.execute("delete from messages where recipient in ('ghost@example.com', 'olga@example.com')").await;
    through_provider(&server, "provider", "pia", true).await.unwrap();
    server.person("later").await;
    server.execute("update users set email_verified_at = created_at + 1 where name = 'later'").await;
    server.person("ceo").await;
    server.execute("update users set email_verified_at = created_at where name = 'ceo'").await;
    through_provider(&server, "the-ceo", "ceo", true).await.unwrap();
    server.person("moved").await;
    server.execute("update users set email_verified_at = created_at where name = 'moved'").await;
    through_provider(&server, "moved", "moved", true).await.unwrap();
    server.execute("update users set email_verified_at = updated_at + 60000000 where name = 'moved'").await;
    server.execute("update invitations set link_mailed_at = null").await;
    server.execute("update oidc_identities set verified_at = null").await;

    let migration = include_str!("../../migrations/0008_address_proof.sql");
    let statements: Vec<&str> = migration.lines().filter(|line| !line.starts_with("--")).collect();
    let statements = statements.join("\n");
    let updates: Vec<&str> = statements.split(';').filter(|part| part.trim().starts_with("update")).collect();
    assert_eq!(updates.len(), 3);
    for update in updates {
        server.execute(update).await;
    }
    let names =
        async |condition: &str| server.texts(&format!("select name from users where {condition} order by name")).await;
    let verified = names("email_verified_at is not null").await;
    assert_eq!(verified, ["later", "mia", "moved", "owner-northwind", "pia"]);
    assert_eq!(names("withdrawn_verification_at is not null").await, ["ceo", "ghost"]);
    let mailed = "select email from invitations where link_mailed_at is not null order by email";
    assert_eq!(server.texts(mailed).await, ["mia@example.com", "nora@example.com"]);
    let linked = "select subject from oidc_identities where verified_at is not null order by subject";
    assert_eq!(server.texts(linked).await, ["provider", "the-ceo"]);

    // The operator is told until they are verified again.
    assert_eq!(operator::withdrawn_verifications(&server.app).await.unwrap(), 2);
    let users = operator::users(&server.app).await.unwrap();
    let withdrawn: Vec<&str> =
        users.iter().filter(|user| user.verification_withdrawn).map(|user| user.name.as_str()).collect();
    assert_eq!(withdrawn, ["ceo", "ghost"]);
    assert!(users[0].to_string().ends_with("verification withdrawn"), "{}", users[0]);
    through_provider(&server, "the-ceo", "ceo", true).await.unwrap();
    assert_eq!(operator::withdrawn_verifications(&server.app).await.unwrap(), 1);
}
