//! Invitations: a one-time link, and every way in which somebody may follow it or do without.

use crate::support::{Answer, Bearer, Browser, PASSWORD, TESTS, TestServer, both_engines, token, unescape};
use candor::{
    domain::{ids::UserId, role::Role},
    server::{operator, organizations},
};
use serde_json::{Value, json};

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
    a_verified_address_stands_for_the_link,
    an_open_invitation_is_nobody_elses,
    what_cannot_be_accepted_is_not_offered,
    accepting_without_the_link_gives_what_the_link_gives,
    invitations_to_one_mailbox_are_limited,
    invitations_of_one_organization_and_one_person_are_limited,
    only_verified_members_invite_by_mail,
    names_in_mail_are_no_links,
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
    for (name, password) in
        [("", PASSWORD), ("Mia", "short"), ("Mia", "my name is mia@example.com"), ("Mia", "password1234")]
    {
        let fields = [("token", token.as_str()), ("name", name), ("password", password)];
        let answer = browser.post("/accept-invitation", &fields).await;
        assert_eq!(answer.status, 422, "{name:?} {password:?}");
        let page = answer.text();
        assert!(name.is_empty() || page.contains(&format!("value=\"{name}\"")), "what was typed stays: {page}");
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
    assert!(page.contains("Join as mia@example.com") && !page.contains("isn’t the address that was invited"), "{page}");
    assert_eq!(browser.accept(&token, "").await.location(), "/dashboard/northwind");
    assert_eq!(owner.people("northwind").await["members"].as_array().unwrap().len(), 2);
}

async fn somebody_else_may_accept_and_is_told(server: TestServer) {
    let owner = server.owner("northwind").await;
    let token = owner.invite("northwind", "mia", "viewer").await;
    let bob = server.person("bob").await;
    let page = bob.get(&link(&token)).await.text();
    assert!(page.contains("bob@example.com") && page.contains("mia@example.com"));
    assert!(page.contains("isn’t the address that was invited"), "{page}");
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

/// What this person is offered on the screen that creates an organization.
async fn offers(browser: &Browser) -> Value {
    browser.rpc("open_invitations", json!({})).await.right()
}

async fn names(browser: &Browser) -> Vec<String> {
    let offers = offers(browser).await;
    let rows = offers["invitations"].as_array().unwrap();
    rows.iter().map(|row| row["organization"].as_str().unwrap().to_owned()).collect()
}

async fn accept_open(browser: &Browser, id: &str) -> Answer {
    browser.rpc("accept_open_invitation", json!({ "id": id })).await
}

async fn id_of(server: &TestServer, email: &str) -> String {
    let query = format!("select id from invitations where email_key = '{email}'");
    let ids = server.texts(&query).await;
    assert_eq!(ids.len(), 1, "{email}: {ids:?}");
    ids[0].clone()
}

/// As if everybody had followed the link in the mail that verifies an address.
async fn everybody_is_verified(server: &TestServer) {
    server.execute("update users set email_verified_at = 1").await;
}

async fn a_verified_address_stands_for_the_link(server: TestServer) {
    let server = server.with_mail().await;
    let owner = server.owner("northwind").await;
    everybody_is_verified(&server).await;
    let input = json!({ "email": "Mia@Example.com", "role": "status_reporter" });
    owner.rpc("invite", json!({ "organization": "northwind", "input": input })).await.right();
    let id = id_of(&server, "mia@example.com").await;
    // Anybody can type an address: until it is verified nothing is told of what was sent there.
    let mia = server.person("mia").await;
    assert_eq!(offers(&mia).await, json!({ "verified": false, "invitations": [] }));
    let stranger = server.person("nobody-invited-me").await;
    assert_eq!(offers(&stranger).await, offers(&mia).await);
    accept_open(&mia, &id).await.refused(404, "not_found");
    let screen = mia.get("/dashboard/new").await.text();
    assert!(screen.contains("Have you been invited?") && screen.contains("href=\"/account\""), "{screen}");
    assert!(screen.contains("Create your organization") && !screen.contains("northwind"), "{screen}");

    let bodies = server.texts("select text_body from messages where recipient = 'mia@example.com'").await;
    let link = bodies.iter().find_map(|body| body.split_once("/verify-email?token=")).expect("a link to verify with").1;
    let answer = mia.post("/verify-email", &[("token", link.lines().next().unwrap())]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let offered = offers(&mia).await;
    let row = &offered["invitations"][0];
    assert_eq!((&offered["verified"], offered["invitations"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    assert_eq!((row["id"].as_str(), row["organization"].as_str()), (Some(id.as_str()), Some("northwind")));
    assert_eq!((row["role"].as_str(), row["invited_by"].as_str()), (Some("status_reporter"), Some("owner-northwind")));
    assert!(row["expires_at"].is_string());
    let screen = mia.get("/dashboard/new").await.text();
    for words in [
        "You’ve been invited",
        "Join northwind",
        "Status reporter · invited by owner-northwind · expires ",
        "Or create your own organization",
        "action=\"/rpc/accept_open_invitation\"",
        &format!("value=\"{id}\""),
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    assert!(!screen.contains("Have you been invited?"), "{screen}");

    // "Forms that work before hydration" (product).
    let answer = mia.post("/rpc/accept_open_invitation", &[("id", &id)]).await;
    assert_eq!((answer.status, answer.location()), (302, "/dashboard/northwind"));
    let frame = mia.rpc("frame", json!({ "organization": "northwind" })).await.right();
    assert_eq!(frame["organization"]["role"], "status_reporter");
    assert_eq!(mia.rpc("first_screen", json!({})).await.right(), "/dashboard/northwind");
    assert_eq!(offers(&mia).await, json!({ "verified": true, "invitations": [] }));
    assert!(open(&owner).await.is_empty());
    accept_open(&mia, &id).await.refused(404, "not_found");
    let line = owner.audit("northwind", "", "invitation").await[0].clone();
    assert_eq!(
        (line["action"].as_str(), line["actor"].as_str(), line["door"].as_str(), line["subject"].as_str()),
        (Some("invitation.accepted"), Some("mia"), Some("dashboard"), Some("Mia@Example.com"))
    );
}

async fn an_open_invitation_is_nobody_elses(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.invite("northwind", "mia", "admin").await;
    let id = id_of(&server, "mia@example.com").await;
    let (mia, bob) = (server.person("mia").await, server.person("bob").await);
    everybody_is_verified(&server).await;
    assert!(names(&bob).await.is_empty());
    let theirs = accept_open(&bob, &id).await.refused(404, "not_found");
    assert_eq!(accept_open(&bob, "aaaaaaaaaaaa").await.refused(404, "not_found"), theirs, "it tells that there is one");
    accept_open(&bob, "nonsense").await.refused(400, "bad_request");
    server.browser().rpc("open_invitations", json!({})).await.refused(401, "unauthenticated");
    accept_open(&server.browser(), &id).await.refused(401, "unauthenticated");
    assert_eq!(server.number("select count(*) from members").await, 1);
    // Several windows at the same moment: one of them.
    let mut racing = Vec::new();
    for _ in 0..4 {
        let (mia, id) = (mia.clone(), id.clone());
        racing.push(tokio::spawn(async move { accept_open(&mia, &id).await.status }));
    }
    let mut statuses = Vec::new();
    for racer in racing {
        statuses.push(racer.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404]);
    let accepted = "select count(*) from audit_entries where action = 'invitation.accepted'";
    assert_eq!((server.number("select count(*) from members").await, server.number(accepted).await), (2, 1));
}

async fn what_cannot_be_accepted_is_not_offered(server: TestServer) {
    let (north, south) = (server.owner("northwind").await, server.owner("southwind").await);
    north.invite("northwind", "mia", "viewer").await;
    let id = id_of(&server, "mia@example.com").await;
    south.invite("southwind", "mia", "viewer").await;
    let mia = server.person("mia").await;
    everybody_is_verified(&server).await;
    assert_eq!(names(&mia).await, ["southwind", "northwind"], "newest first");
    let void = async |why: &str| {
        assert_eq!(names(&mia).await, ["southwind"], "{why}");
        accept_open(&mia, &id).await.refused(404, "not_found");
    };
    operator::suspend(&server.app, "northwind", true).await.unwrap();
    void("suspended").await;
    operator::suspend(&server.app, "northwind", false).await.unwrap();
    let expiry = server.texts(&format!("select cast(expires_at as text) from invitations where id = '{id}'")).await;
    server.execute(&format!("update invitations set expires_at = 1 where id = '{id}'")).await;
    void("expired").await;
    server.execute(&format!("update invitations set expires_at = {} where id = '{id}'", expiry[0])).await;
    // An address that became another one, or is in doubt again.
    server.execute("update users set email_verified_at = null where email_key = 'mia@example.com'").await;
    assert_eq!(offers(&mia).await, json!({ "verified": false, "invitations": [] }));
    accept_open(&mia, &id).await.refused(404, "not_found");
    everybody_is_verified(&server).await;
    // Who is a member already needs none.
    let address = async |name: &str, key: &str| {
        server.execute(&format!("update users set email_key = '{key}' where name = '{name}'")).await;
    };
    address("mia", "x@example.com").await;
    assert!(names(&mia).await.is_empty());
    address("owner-northwind", "mia@example.com").await;
    assert_eq!(names(&north).await, ["southwind"]);
    address("owner-northwind", "owner-northwind@example.com").await;
    address("mia", "mia@example.com").await;
    north.rpc("revoke_invitation", json!({ "organization": "northwind", "id": id })).await.right();
    void("revoked").await;
    assert_eq!(server.number("select count(*) from members").await, 2);
}

async fn accepting_without_the_link_gives_what_the_link_gives(server: TestServer) {
    let owner = server.owner("northwind").await;
    let team = owner.create_team("northwind", "Platform").await;
    let link = owner.invite_into("northwind", "mia", "viewer", &team, "team_admin").await;
    let id = id_of(&server, "mia@example.com").await;
    let mia = server.person("mia").await;
    everybody_is_verified(&server).await;
    let answer = accept_open(&mia, &id).await;
    assert_eq!((answer.status, answer.location()), (200, "/dashboard/northwind"));
    let people = owner.people("northwind").await;
    let member = people["members"].as_array().unwrap().iter().find(|member| member["name"] == "mia").unwrap();
    assert_eq!((&member["role"], &member["teams"]), (&json!("viewer"), &json!([[team, "team_admin"]])));
    is_void(&server, &link).await;
}

fn invitation(slug: &str, email: &str) -> Value {
    json!({ "organization": slug, "input": { "email": email, "role": "viewer" } })
}

/// However it is sent, and whoever sends it: a mailbox gets four invitations a day of one organization, and ten
/// of all. Deleting the organization does not begin anew.
async fn invitations_to_one_mailbox_are_limited(server: TestServer) {
    let server = server.with_mail().await;
    let owner = server.owner("northwind").await;
    everybody_is_verified(&server).await;
    owner.rpc("invite", invitation("northwind", "mia@example.com")).await.right();
    let id = id_of(&server, "mia@example.com").await;
    let call = json!({ "organization": "northwind", "id": id });
    for _ in 0..3 {
        owner.rpc("resend_invitation", call.clone()).await.right();
    }
    let token = server.texts("select token_hash from invitations").await;
    let answer = owner.rpc("resend_invitation", call.clone()).await;
    answer.refused(429, "too_many");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| (86_000..=86_401).contains(&wait)));
    assert_eq!(server.texts("select token_hash from invitations").await, token, "the link that was sent stays good");
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    assert_eq!(program.post(&format!("/invitations/{id}/resend"), json!({})).await.status, 429);
    // Other spellings are the same mailbox; another one is another.
    owner.rpc("revoke_invitation", call).await.right();
    for email in ["Mia@Example.com", "mia+again@example.com"] {
        owner.rpc("invite", invitation("northwind", email)).await.refused(429, "too_many");
    }
    owner.rpc("invite", invitation("northwind", "bob@example.com")).await.right();

    // A new organization has a new count of its own, but not the mailbox.
    owner.rpc("delete_organization", json!({ "organization": "northwind", "name": "northwind" })).await.right();
    let mut sent = 4;
    for slug in ["eastwind", "southwind", "westwind"] {
        owner.create_organization(slug).await;
        for _ in 0..3 {
            let answer = owner.rpc("invite", invitation(slug, &format!("mia+{slug}@example.com"))).await;
            if sent == 10 {
                answer.refused(429, "too_many");
                break;
            }
            sent += 1;
            let id = answer.right()["id"].clone();
            owner.rpc("revoke_invitation", json!({ "organization": slug, "id": id })).await.right();
        }
    }
    assert_eq!(sent, 10);
    assert_eq!(server.number("select count(*) from invitation_mails where mailbox = 'mia@example.com'").await, 10);
    // A day later there is room again.
    server.execute("update invitation_mails set sent_at = sent_at - 86400000000").await;
    owner.rpc("invite", invitation("westwind", "mia@example.com")).await.right();
}

async fn invitations_of_one_organization_and_one_person_are_limited(server: TestServer) {
    let server = server.with_mail().await;
    let owner = server.owner("northwind").await;
    owner.create_organization("southwind").await;
    everybody_is_verified(&server).await;
    // As if the owner had sent 49 in this hour.
    let (user, organization) = (owner.user_id().await, server.organization_id("northwind").await);
    let now = server.texts("select cast(max(created_at) as text) from messages").await.remove(0);
    for number in 0..49 {
        server
            .execute(&format!(
                "insert into invitation_mails (id, mailbox, organization_id, sender_id, sent_at)
                 values ('{number}', 'x{number}@example.com', '{organization}', '{user}', {now})"
            ))
            .await;
    }
    owner.rpc("invite", invitation("northwind", "a@example.com")).await.right();
    let answer = owner.rpc("invite", invitation("northwind", "b@example.com")).await;
    answer.refused(429, "too_many");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait <= 3_601));
    assert_eq!(server.number("select count(*) from invitations").await, 1, "nothing is kept of what was refused");
    owner.rpc("invite", invitation("southwind", "b@example.com")).await.refused(429, "too_many");
    // Another person invites for the other organization, and an hour later the first may as well.
    let other = server.person("other").await;
    let other_id: UserId = other.user_id().await.parse().unwrap();
    let south = server.organization_id("southwind").await;
    organizations::add_member(&server.app, TESTS, &south, &other_id, Role::Admin).await.unwrap();
    everybody_is_verified(&server).await;
    other.rpc("invite", invitation("southwind", "b@example.com")).await.right();
    server.execute("update invitation_mails set sent_at = sent_at - 3600000000").await;
    owner.rpc("invite", invitation("northwind", "b@example.com")).await.right();
}

async fn only_verified_members_invite_by_mail(server: TestServer) {
    let server = server.with_mail().await;
    let owner = server.owner("northwind").await;
    let words = owner.rpc("invite", invitation("northwind", "mia@example.com")).await.refused(409, "conflict");
    assert!(words.as_str().unwrap().contains("Verify your email address"), "{words}");
    assert_eq!(server.number("select count(*) from invitations").await, 0);
    everybody_is_verified(&server).await;
    owner.rpc("invite", invitation("northwind", "mia@example.com")).await.right();
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    program.make("/invitations", json!({ "email": "bob@example.com", "role": "viewer" })).await;
}

/// Whoever can call an organization or themselves what they like puts no link and no address into mail.
async fn names_in_mail_are_no_links(server: TestServer) {
    let server = server.with_mail().await;
    let owner = server.owner("northwind").await;
    everybody_is_verified(&server).await;
    owner.post("/account", &[("what", "name"), ("name", "Bank https://evil.test/login")]).await;
    let input = json!({ "name": "www.evil.test ceo@evil.test", "slug": "northwind", "time_zone": "UTC" });
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": input })).await.right();
    owner.rpc("invite", invitation("northwind", "mia@example.com")).await.right();
    let mail = "from messages where recipient = 'mia@example.com'";
    let subject = server.texts(&format!("select subject {mail}")).await.remove(0);
    assert_eq!(subject, "You are invited to www. evil. test ceo at evil. test on Candor");
    for body in ["text_body", "html_body"] {
        let text = server.texts(&format!("select {body} {mail}")).await.remove(0);
        assert!(text.contains("Bank https: //evil. test/login invited you"), "{text}");
        assert!(!text.contains("evil.test"), "{text}");
    }
}
