//! Members: roles, the last owner, and that who is out is out at once.

use crate::support::{Bearer, Browser, TestServer, both_engines};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

both_engines!(
    members_are_listed_with_role_and_since_when,
    a_role_is_changed_and_counts_at_the_next_request,
    the_last_owner_stays,
    who_is_removed_is_out_at_once,
    removal_revokes_the_tokens_that_the_member_made,
    removal_revokes_open_invitations_of_the_member,
    removal_revokes_open_invitations_to_the_member,
    a_lesser_role_revokes_invitations_that_it_could_not_send,
    kept_tokens_invite_after_their_maker_has_gone,
    invitations_that_are_open_are_bounded,
    leaving_revokes_the_tokens_that_the_member_made,
    who_leaves_is_out_at_once_and_can_be_invited_again,
    a_person_in_two_organizations_keeps_the_other,
    who_is_no_member_cannot_be_changed,
);

fn member(people: &Value, name: &str) -> Value {
    let found = people["members"].as_array().unwrap().iter().find(|member| member["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {people}")).clone()
}

async fn change(browser: &Browser, user: &str, role: &str) -> crate::support::Answer {
    browser.rpc("change_role", json!({ "organization": "northwind", "user": user, "role": role })).await
}

async fn remove(browser: &Browser, user: &str) -> crate::support::Answer {
    browser.rpc("remove_member", json!({ "organization": "northwind", "user": user })).await
}

async fn members_are_listed_with_role_and_since_when(server: TestServer) {
    let owner = server.owner("northwind").await;
    server.joined(&owner, "northwind", "Zoe", "viewer").await;
    server.joined(&owner, "northwind", "anna", "admin").await;
    let people = owner.people("northwind").await;
    let names: Vec<&str> =
        people["members"].as_array().unwrap().iter().map(|member| member["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["anna", "owner-northwind", "Zoe"], "by name, whatever the case");
    let anna = member(&people, "anna");
    assert_eq!((anna["email"].as_str(), anna["role"].as_str()), (Some("anna@example.com"), Some("admin")));
    assert!(!anna["joined_at"].is_null() && anna["teams"] == json!([]));
    assert_eq!(member(&people, "owner-northwind")["role"], "owner");
    assert_eq!(people["invitations"], json!([]), "those that were accepted are none any more");
}

async fn a_role_is_changed_and_counts_at_the_next_request(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "viewer").await;
    let id = mia.user_id().await;
    let input = |name: &str| json!({ "organization": "northwind", "input": { "name": name } });
    mia.rpc("create_group", input("One")).await.refused(403, "forbidden");
    change(&owner, &id, "service_manager").await.right();
    mia.rpc("create_group", input("One")).await.right();
    change(&owner, &id, "status_reporter").await.right();
    mia.rpc("create_group", input("Two")).await.refused(403, "forbidden");
    assert_eq!(member(&owner.people("northwind").await, "mia")["role"], "status_reporter");
    // A role that does not exist is no role.
    assert_eq!(change(&owner, &id, "king").await.status, 400);
    // The same role again is no change.
    let lines = owner.audit("northwind", "", "member").await.len();
    change(&owner, &id, "status_reporter").await.right();
    assert_eq!(owner.audit("northwind", "", "member").await.len(), lines);
}

async fn the_last_owner_stays(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = owner.user_id().await;
    let ada = server.joined(&owner, "northwind", "ada", "admin").await;
    let ada_id = ada.user_id().await;
    let leave = json!({ "organization": "northwind" });
    change(&owner, &id, "admin").await.refused(409, "conflict");
    remove(&owner, &id).await.refused(409, "conflict");
    owner.rpc("leave_organization", leave.clone()).await.refused(409, "conflict");
    change(&ada, &id, "viewer").await.refused(403, "forbidden");
    remove(&ada, &id).await.refused(403, "forbidden");
    assert_eq!(member(&owner.people("northwind").await, "owner-northwind")["role"], "owner");
    // With two, one may go, and then the other stays.
    change(&owner, &ada_id, "owner").await.right();
    owner.rpc("leave_organization", leave.clone()).await.right();
    ada.rpc("leave_organization", leave).await.refused(409, "conflict");
    // Two owners who demote each other at the same moment do not leave it without one.
    let bob = server.joined(&ada, "northwind", "bob", "owner").await;
    let bob_id = bob.user_id().await;
    let (one, two) = tokio::join!(change(&ada, &bob_id, "viewer"), change(&bob, &ada_id, "viewer"));
    assert_eq!(server.number("select count(*) from members where role = 'owner'").await, 1, "{one:?} {two:?}");
}

async fn who_is_removed_is_out_at_once(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "admin").await;
    let tab = mia.copy();
    let mut sockets = Vec::new();
    for browser in [&mia, &tab] {
        let mut socket = browser.socket("/rpc/live?organization=northwind").await.unwrap();
        socket.next().await;
        sockets.push(socket);
    }
    let mut others = owner.socket("/rpc/live?organization=northwind").await.unwrap();
    others.next().await;
    let begun = Instant::now();
    remove(&owner, &mia.user_id().await).await.right();
    for mut socket in sockets {
        let (code, _) = socket.closed().await;
        assert_eq!(code, Some(4401));
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "not at the next ping: {:?}", begun.elapsed());
    mia.rpc("frame", json!({ "organization": "northwind" })).await.refused(404, "not_found");
    assert_eq!(mia.get("/dashboard/northwind").await.status, 404);
    assert_eq!(mia.socket("/rpc/live?organization=northwind").await.err().map(|refused| refused.status), Some(404));
    assert!(mia.is_signed_in().await, "the account is no business of the organization");
    // Who stays goes on hearing.
    assert_eq!(others.next().await["topics"], json!(["members"]));
    others.is_quiet().await;
}

/// What a token is called, and its id, of those that somebody made for northwind.
async fn created(browser: &Browser) -> Vec<(String, String)> {
    let listed = browser.rpc("list_created_tokens", json!({ "organization": "northwind" })).await.right();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(|token| (text(&token["name"]), text(&token["id"]))).collect()
}

/// An admin who is taken out knows no token of the organization that goes on: neither those that they made nor those
/// that such a token made, unless who takes them out keeps them by name.
async fn removal_revokes_the_tokens_that_the_member_made(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "admin").await;
    let id = mia.user_id().await;
    let owners = Bearer::of(&server, &owner, "northwind", "admin").await;
    let kept = Bearer::of(&server, &mia, "northwind", "viewer").await;
    let ended = Bearer::of(&server, &mia, "northwind", "admin").await;
    // So that it may make one that lives for thirty days.
    server.execute("update api_tokens set expires_at = expires_at + 86400000000 where name = 'for admin'").await;
    let input = json!({ "name": "chained", "role": "admin", "expires_in_days": 30 });
    let chained = ended.post("/tokens", input).await.json()["token"].as_str().unwrap().to_owned();
    let chained = Bearer::new(&server, "northwind", &chained);
    let own = Bearer::personal(&server, &mia, "northwind", "owner").await;
    // Those that were made before it was noted by whom are known from the audit log.
    server.execute("update api_tokens set created_by_id = null where name like 'for %'").await;
    let migration = include_str!("../../migrations/0009_reauthentication.sql");
    let backfill = migration.split(';').find(|statement| statement.contains("from audit_entries")).unwrap();
    server.execute(&backfill.replace("where organization_id is not null", "where name like 'for %'")).await;
    let made = created(&mia).await;
    let mut names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["chained", "for admin", "for viewer"]);
    assert_eq!(created(&owner).await.len(), 1);

    let keep = &made.iter().find(|(name, _)| name == "for viewer").unwrap().1;
    let call = |keep: Value| json!({ "organization": "northwind", "user": id, "keep_tokens": keep });
    let foreign = &created(&owner).await[0].1;
    assert_eq!(owner.rpc("remove_member", call(json!([keep, foreign]))).await.wrong_fields(), ["keep_tokens"]);
    assert_eq!(ended.get("/members").await.status, 200, "nothing happened");
    owner.rpc("remove_member", call(json!([keep]))).await.right();
    assert_eq!([kept.get("").await.status, owners.get("").await.status], [200, 200]);
    assert_eq!([ended.get("").await.status, chained.get("").await.status], [401, 401]);
    assert_eq!(own.get("").await.status, 404, "the person's own token is no way in either");
    let revoked = owner.audit("northwind", "", "token").await;
    let revoked: Vec<_> = revoked.iter().filter(|line| line["action"] == "token.revoked").collect();
    assert_eq!(revoked.len(), 2);
    assert!(revoked.iter().all(|line| line["actor"] == "owner-northwind"), "{revoked:?}");

    // By the API as well.
    let ada = server.joined(&owner, "northwind", "ada", "admin").await;
    let (kept, ended) =
        (Bearer::of(&server, &ada, "northwind", "viewer").await, Bearer::of(&server, &ada, "northwind", "admin").await);
    let keep = created(&ada).await.into_iter().find(|(name, _)| name == "for viewer").unwrap().1;
    let path = format!("/members/{}", ada.user_id().await);
    let wrong = owners.delete(&format!("{path}?keep_tokens=x")).await;
    assert_eq!(crate::support::problem_fields(&wrong), ["keep_tokens"]);
    assert_eq!(owners.delete(&format!("{path}?keep_tokens={keep}")).await.status, 204);
    assert_eq!([kept.get("").await.status, ended.get("").await.status], [200, 401]);
}

/// Somebody who is about to be taken out invites an accomplice, or themselves under another address: by hand, and by a
/// token that they made. Those invitations end with the membership; others go on.
async fn removal_revokes_open_invitations_of_the_member(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "admin").await;
    let kept = owner.invite("northwind", "colleague", "viewer").await;
    let by_hand = mia.invite("northwind", "accomplice", "admin").await;
    let tokens = Bearer::of(&server, &mia, "northwind", "admin").await;
    tokens.make("/invitations", json!({ "email": "another@example.com", "role": "admin" })).await;
    // Sent again by the owner it is the owner's.
    mia.invite("northwind", "designer", "viewer").await;
    let open = owner.people("northwind").await["invitations"].clone();
    let designer = open.as_array().unwrap().iter().find(|one| one["email"] == "designer@example.com").unwrap();
    owner.rpc("resend_invitation", json!({ "organization": "northwind", "id": designer["id"] })).await.right();

    let call = json!({ "organization": "northwind", "user": mia.user_id().await, "keep_tokens": [] });
    owner.rpc("remove_member", call).await.right();
    let open = owner.people("northwind").await["invitations"].clone();
    let mut open: Vec<_> = open.as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    open.sort_unstable();
    assert_eq!(open, ["colleague@example.com", "designer@example.com"]);
    assert_eq!(server.browser().accept(&by_hand, "Accomplice").await.status, 404);
    assert_eq!(server.browser().accept(&kept, "Colleague").await.location(), "/dashboard/northwind");
    assert_eq!(owner.audit("northwind", "invitation.revoked", "").await.len(), 2);

    // Whoever leaves, and whoever deletes the account, alike.
    let ada = server.joined(&owner, "northwind", "ada", "admin").await;
    let link = ada.invite("northwind", "friend", "admin").await;
    ada.rpc("leave_organization", json!({ "organization": "northwind" })).await.right();
    assert_eq!(server.browser().accept(&link, "Friend").await.status, 404);
}

/// Whoever joined by another link than the one to their own address does not come back by that one.
async fn removal_revokes_open_invitations_to_the_member(server: TestServer) {
    let owner = server.owner("northwind").await;
    let own = owner.invite("northwind", "mia", "admin").await;
    let other = owner.invite("northwind", "second", "viewer").await;
    let mia = server.person("mia").await;
    assert_eq!(mia.accept(&other, "").await.location(), "/dashboard/northwind");
    remove(&owner, &mia.user_id().await).await.right();
    assert_eq!(mia.accept(&own, "").await.status, 404);
    assert_eq!(owner.people("northwind").await["invitations"], json!([]));
}

/// Nobody becomes again what they were by a link that they sent before.
async fn a_lesser_role_revokes_invitations_that_it_could_not_send(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "owner").await;
    let to_owner = mia.invite("northwind", "first", "owner").await;
    let to_viewer = mia.invite("northwind", "second", "viewer").await;
    let of_owner = owner.invite("northwind", "third", "owner").await;
    change(&owner, &mia.user_id().await, "admin").await.right();
    assert_eq!(server.browser().accept(&to_owner, "First").await.status, 404);
    assert_eq!(server.browser().accept(&to_viewer, "Second").await.status, 303, "an admin may invite one");
    assert_eq!(server.browser().accept(&of_owner, "Third").await.status, 303);
    let to_viewer = mia.invite("northwind", "fourth", "viewer").await;
    change(&owner, &mia.user_id().await, "viewer").await.right();
    assert_eq!(server.browser().accept(&to_viewer, "Fourth").await.status, 404);
}

async fn kept_tokens_invite_after_their_maker_has_gone(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "admin").await;
    let token = Bearer::of(&server, &mia, "northwind", "admin").await;
    let kept = server.texts("select id from api_tokens").await;
    let call = json!({ "organization": "northwind", "user": mia.user_id().await, "keep_tokens": kept });
    owner.rpc("remove_member", call).await.right();
    let fields = [("what", "delete"), ("delete_password", crate::support::PASSWORD)];
    assert_eq!(mia.post("/account", &fields).await.status, 303);
    token.make("/invitations", json!({ "email": "another@example.com", "role": "viewer" })).await;
}

async fn invitations_that_are_open_are_bounded(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.invite("northwind", "first", "viewer").await;
    let copy = "insert into invitations (id, organization_id, email, email_key, role, token_hash, invited_by, created_at, expires_at)
        select substr('aaaaaaaaaaaa' || n, -12), organization_id, 'x', 'x' || n, role, 'x' || n, invited_by, created_at, expires_at
        from invitations cross join (select row_number() over () as n from (select 1 from (values (1),(2),(3),(4),(5),(6),(7),(8)) a
            cross join (values (1),(2),(3),(4),(5),(6),(7),(8)) b cross join (values (1),(2),(3),(4),(5),(6),(7),(8)) c) t) m where n <= 499";
    let copy = match server.app.db.engine() {
        candor::server::db::Engine::Sqlite => copy.to_owned(),
        candor::server::db::Engine::Postgres => {
            copy.replace("substr('aaaaaaaaaaaa' || n, -12)", "right('aaaaaaaaaaaa' || n, 12)")
        }
    };
    server.execute(&copy).await;
    let input = json!({ "email": "late@example.com", "role": "viewer", "team_id": "", "team_role": "" });
    let refused = owner.rpc("invite", json!({ "organization": "northwind", "input": input })).await;
    refused.refused(409, "conflict");
}

/// Who leaves, or deletes the account, takes the tokens along that they made.
async fn leaving_revokes_the_tokens_that_the_member_made(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "admin").await;
    let token = Bearer::of(&server, &mia, "northwind", "admin").await;
    mia.rpc("leave_organization", json!({ "organization": "northwind" })).await.right();
    assert_eq!(token.get("").await.status, 401);
    let line = owner.audit("northwind", "", "token").await.remove(0);
    assert_eq!((&line["action"], &line["actor"]), (&json!("token.revoked"), &json!("mia")));

    let ada = server.joined(&owner, "northwind", "ada", "admin").await;
    let token = Bearer::of(&server, &ada, "northwind", "admin").await;
    assert!(ada.get("/account").await.text().contains("for admin"), "said before it happens");
    let fields = [("what", "delete"), ("delete_password", crate::support::PASSWORD)];
    assert_eq!(ada.post("/account", &fields).await.status, 303);
    assert_eq!(token.get("").await.status, 401);
    assert_eq!(server.number("select count(*) from audit_entries where action = 'token.revoked'").await, 2);
}

async fn who_leaves_is_out_at_once_and_can_be_invited_again(server: TestServer) {
    let owner = server.owner("northwind").await;
    let team = owner.create_team("northwind", "Platform").await;
    let mia = server.joined_team(&owner, "northwind", "mia", "viewer", &team, "team_admin").await;
    let mut socket = mia.socket("/rpc/live?organization=northwind").await.unwrap();
    socket.next().await;
    mia.rpc("leave_organization", json!({ "organization": "northwind" })).await.right();
    assert_eq!(socket.closed().await.0, Some(4401));
    mia.rpc("leave_organization", json!({ "organization": "northwind" })).await.refused(404, "not_found");
    assert_eq!(server.number("select count(*) from team_members").await, 0, "a role in a team goes with it");
    let token = owner.invite("northwind", "mia", "viewer").await;
    assert_eq!(mia.accept(&token, "").await.status, 303);
    assert_eq!(member(&owner.people("northwind").await, "mia")["teams"], json!([]), "and does not come back");
}

async fn a_person_in_two_organizations_keeps_the_other(server: TestServer) {
    let (north, south) = (server.owner("northwind").await, server.owner("southwind").await);
    let mia = server.joined(&north, "northwind", "mia", "admin").await;
    let token = south.invite("southwind", "mia", "viewer").await;
    assert_eq!(mia.accept(&token, "").await.location(), "/dashboard/southwind");
    let mut socket = mia.socket("/rpc/live?organization=southwind").await.unwrap();
    socket.next().await;
    // Two tabs show two organizations, each with its own role.
    for (slug, role) in [("northwind", "admin"), ("southwind", "viewer"), ("northwind", "admin")] {
        let frame = mia.rpc("frame", json!({ "organization": slug })).await.right();
        assert_eq!(frame["organization"]["role"], role, "{slug}");
    }
    let input = json!({ "organization": "southwind", "input": { "name": "X" } });
    mia.rpc("create_group", input).await.refused(403, "forbidden");
    remove(&north, &mia.user_id().await).await.right();
    mia.rpc("frame", json!({ "organization": "northwind" })).await.refused(404, "not_found");
    mia.rpc("frame", json!({ "organization": "southwind" })).await.right();
    socket.is_quiet().await;
    let me = mia.rpc("who_am_i", json!({})).await.right();
    assert_eq!(me["organizations"].as_array().unwrap().len(), 1);
    assert_eq!(mia.rpc("first_screen", json!({})).await.right(), "/dashboard/southwind");
}

async fn who_is_no_member_cannot_be_changed(server: TestServer) {
    let owner = server.owner("northwind").await;
    let stranger = server.owner("southwind").await.user_id().await;
    for id in [stranger.as_str(), "aaaaaaaaaaaa"] {
        change(&owner, id, "viewer").await.refused(404, "not_found");
        remove(&owner, id).await.refused(404, "not_found");
    }
    assert_eq!(change(&owner, "not an id", "viewer").await.status, 400);
    assert_eq!(server.number("select count(*) from members where role = 'owner'").await, 2);
}
