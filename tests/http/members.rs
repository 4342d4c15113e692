//! Members: roles, the last owner, and that who is out is out at once.

use crate::support::{Browser, TestServer, both_engines};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

both_engines!(
    members_are_listed_with_role_and_since_when,
    a_role_is_changed_and_counts_at_the_next_request,
    the_last_owner_stays,
    who_is_removed_is_out_at_once,
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
