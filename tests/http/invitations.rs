//! Invitations: a one-time link, and every way in which somebody may follow it.

use crate::support::{Browser, PASSWORD, TestServer, both_engines, token, unescape};
use serde_json::json;

both_engines!(
    a_link_works_once_and_looking_does_not_use_it,
    the_database_knows_only_the_hash_of_a_link,
    an_invitation_taken_back_or_run_out_is_none,
    sent_again_the_old_link_is_void,
    nobody_is_invited_twice_or_as_a_member,
    wrong_fields_are_told_at_once,
    a_new_account_has_the_invited_address,
    an_existing_account_signs_in_and_comes_back,
    somebody_else_may_accept_and_is_told,
    only_an_owner_invites_an_owner,
    a_member_who_accepts_stays_what_they_are,
);

fn link(token: &str) -> String {
    format!("/accept-invitation?token={token}")
}

async fn is_void(server: &TestServer, token: &str) {
    let browser = server.browser();
    assert_eq!(browser.get(&link(token)).await.status, 404);
    assert_eq!(browser.accept(token, "nobody").await.status, 404);
    assert_eq!(server.number("select count(*) from users where name = 'nobody'").await, 0);
}

async fn open(owner: &Browser) -> Vec<serde_json::Value> {
    owner.people("northwind").await["invitations"].as_array().unwrap().clone()
}

async fn a_link_works_once_and_looking_does_not_use_it(server: TestServer) {
    let owner = server.owner("northwind").await;
    let link_token = owner.invite("northwind", "mia", "status_reporter").await;
    for _ in 0..3 {
        let page = server.browser().get(&link(&link_token)).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("Join northwind") && page.text().contains("mia@example.com"));
        assert!(page.header("cache-control").contains("no-store"));
    }
    assert_eq!(server.number("select count(*) from members").await, 1);
    // Several at the same moment: one of them.
    let mut racing = Vec::new();
    for name in ["ann", "ben", "cas", "dan"] {
        let (person, token) = (server.person(name).await, link_token.clone());
        racing.push(tokio::spawn(async move { person.accept(&token, "").await.status }));
    }
    let mut statuses = Vec::new();
    for racer in racing {
        statuses.push(racer.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404, 404, 404]);
    assert_eq!(server.number("select count(*) from members").await, 2);
    is_void(&server, &link_token).await;
}

async fn the_database_knows_only_the_hash_of_a_link(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    assert!(token.len() >= 20, "long enough not to be guessed: {token}");
    let kept = server.texts("select token_hash from invitations").await;
    assert!(kept.len() == 1 && kept[0] != token && !kept[0].contains(&token), "{kept:?}");
    // What stands in the database opens nothing.
    is_void(&server, &kept[0]).await;
}

async fn an_invitation_taken_back_or_run_out_is_none(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    let call = json!({ "organization": "northwind", "id": open(&owner).await[0]["id"] });
    owner.rpc("revoke_invitation", call.clone()).await.right();
    is_void(&server, &token).await;
    owner.rpc("revoke_invitation", call.clone()).await.refused(404, "not_found");
    owner.rpc("resend_invitation", call).await.refused(404, "not_found");
    assert!(open(&owner).await.is_empty());
    // The address can be invited anew, and the time can run out.
    let token = owner.invite("northwind", "mia", "viewer").await;
    server.execute("update invitations set expires_at = 1 where revoked_at is null").await;
    is_void(&server, &token).await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    assert_eq!(server.browser().accept(&token, "mia").await.status, 303);
}

async fn sent_again_the_old_link_is_void(server: TestServer) {
    let owner = server.owner("northwind").await;
    let first = owner.invite("northwind", "mia", "viewer").await;
    let call = json!({ "organization": "northwind", "id": open(&owner).await[0]["id"] });
    let sent = owner.rpc("resend_invitation", call.clone()).await.right();
    assert_eq!(sent["email"], "mia@example.com");
    let second = token(&sent);
    assert_ne!(first, second);
    is_void(&server, &first).await;
    assert_eq!(server.browser().accept(&second, "mia").await.status, 303);
    owner.rpc("resend_invitation", call).await.refused(404, "not_found");
}

async fn nobody_is_invited_twice_or_as_a_member(server: TestServer) {
    let (owner, other) = (server.owner("northwind").await, server.owner("southwind").await);
    server.joined(&owner, "northwind", "mia", "viewer").await;
    owner.invite("northwind", "nora", "viewer").await;
    for email in ["mia@example.com", " MIA@Example.com ", "nora@example.com", "Nora@example.COM"] {
        let call = json!({ "organization": "northwind", "input": { "email": email, "role": "viewer" } });
        assert_eq!(owner.rpc("invite", call).await.wrong_fields(), ["email"], "{email}");
    }
    assert_eq!(open(&owner).await.len(), 1);
    // Another organization invites whom it likes.
    other.invite("southwind", "mia", "viewer").await;
    other.invite("southwind", "nora", "viewer").await;
}

async fn wrong_fields_are_told_at_once(server: TestServer) {
    let owner = server.owner("northwind").await;
    let input = json!({ "email": "nobody", "role": "king", "team_id": "?", "team_role": "x" });
    let call = json!({ "organization": "northwind", "input": input });
    assert_eq!(owner.rpc("invite", call).await.wrong_fields(), ["email", "role", "team_id", "team_role"]);
    let input = json!({ "email": "mia@example.com", "role": "viewer", "team_id": "aaaaaaaaaaaa" });
    let call = json!({ "organization": "northwind", "input": input });
    assert_eq!(owner.rpc("invite", call).await.wrong_fields(), ["team_id"]);
    assert!(open(&owner).await.is_empty());
}

async fn a_new_account_has_the_invited_address(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    let browser = server.browser();
    // What is wrong is said, and the link stays good.
    for (name, password) in [("", PASSWORD), ("Mia", "short"), ("Mia", "my name is mia@example.com")] {
        let fields = [("token", token.as_str()), ("name", name), ("password", password)];
        assert_eq!(browser.post("/accept-invitation", &fields).await.status, 422, "{name:?} {password:?}");
    }
    assert_eq!(browser.session(), None);
    // An address in the form is nobody's business.
    let fields = [("token", token.as_str()), ("name", "Mia"), ("password", PASSWORD), ("email", "evil@example.com")];
    let answer = browser.post("/accept-invitation", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, "/dashboard/northwind"));
    let me = browser.rpc("who_am_i", json!({})).await.right();
    assert_eq!(
        (me["email"].as_str(), me["organizations"][0]["role"].as_str()),
        (Some("mia@example.com"), Some("viewer"))
    );
    assert_eq!(browser.rpc("first_screen", json!({})).await.right(), "/dashboard/northwind");
    assert_eq!(server.browser().sign_in("mia", PASSWORD).await.status, 303, "the account is theirs");
}

async fn an_existing_account_signs_in_and_comes_back(server: TestServer) {
    let owner = server.owner("northwind").await;
    server.person("mia").await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    let browser = server.browser();
    // A second account of this address does not come into being.
    let answer = browser.accept(&token, "Mia").await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("account with this address already"), "{}", answer.text());
    let sign_in = format!("/sign-in?next=/accept-invitation%3Ftoken%3D{token}");
    assert!(browser.get(&link(&token)).await.text().contains(&sign_in), "the page leads to {sign_in}");
    let form = unescape(&browser.get(&sign_in).await.text());
    assert!(form.contains(&format!(r#"value="{}""#, link(&token))), "the form remembers the way: {form}");
    let fields = [("email", "mia@example.com"), ("password", PASSWORD), ("next", &link(&token))];
    let answer = browser.post("/sign-in", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, link(&token).as_str()));
    let page = browser.get(&link(&token)).await.text();
    assert!(page.contains("Join as mia@example.com") && !page.contains("another address"), "{page}");
    assert_eq!(browser.accept(&token, "").await.location(), "/dashboard/northwind");
    assert_eq!(owner.people("northwind").await["members"].as_array().unwrap().len(), 2);
}

async fn somebody_else_may_accept_and_is_told(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    let bob = server.person("bob").await;
    let page = bob.get(&link(&token)).await.text();
    assert!(page.contains("bob@example.com") && page.contains("mia@example.com"));
    assert!(page.contains("another address than the invited one"), "{page}");
    assert_eq!(bob.accept(&token, "").await.status, 303);
    bob.rpc("frame", json!({ "organization": "northwind" })).await.right();
    is_void(&server, &token).await;
}

async fn only_an_owner_invites_an_owner(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = server.joined(&owner, "northwind", "ada", "admin").await;
    let call = json!({ "organization": "northwind", "input": { "email": "x@example.com", "role": "owner" } });
    assert_eq!(admin.rpc("invite", call).await.wrong_fields(), ["role"]);
    server.joined(&admin, "northwind", "adam", "admin").await;
    server.joined(&owner, "northwind", "olga", "owner").await;
    assert_eq!(server.number("select count(*) from members where role = 'owner'").await, 2);
}

async fn a_member_who_accepts_stays_what_they_are(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    assert_eq!(owner.accept(&token, "").await.status, 303);
    let frame = owner.rpc("frame", json!({ "organization": "northwind" })).await.right();
    assert_eq!((frame["organization"]["role"].as_str(), frame["members"].as_i64()), (Some("owner"), Some(1)));
    is_void(&server, &token).await;
}
