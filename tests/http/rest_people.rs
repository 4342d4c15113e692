//! Organizations, members, teams and invitations by `/api/v1`.

use crate::support::{Answer, Bearer, TestServer, both_engines, problem_fields, token};
use serde_json::{Value, json};

both_engines!(
    a_person_creates_changes_and_deletes_an_organization,
    who_is_no_person_creates_none,
    members_get_other_roles_and_go,
    the_last_owner_stays,
    teams_have_members,
    somebody_is_invited_and_comes,
    an_invitation_is_accepted_without_its_link,
    nobody_writes_over_what_they_have_not_seen,
    a_token_does_what_its_role_may,
    lists_come_in_pages,
);

fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, "application/problem+json"),
        "{}",
        answer.text()
    );
    answer.json()["detail"].as_str().unwrap().to_owned()
}

async fn a_person_creates_changes_and_deletes_an_organization(server: TestServer) {
    let ana = server.person("ana").await;
    let program = Bearer::personal(&server, &ana, "northwind", "owner").await;
    assert_eq!(program.get("/api/v1/organizations").await.right(), json!({ "data": [], "next": null }));
    let new = json!({ "name": "Northwind", "slug": "northwind", "time_zone": "Europe/Vienna" });
    let made = program.post("/api/v1/organizations", new.clone()).await;
    assert_eq!((made.status, made.location()), (201, "/api/v1/organizations/northwind"), "{}", made.text());
    let organization = made.json();
    assert_eq!(
        (&organization["role"], &organization["listed"], &organization["labels"]["operational"]),
        (&json!("owner"), &json!(false), &json!("Operational"))
    );
    assert!(organization["page"].as_str().unwrap().ends_with("/status/northwind"));
    assert_eq!(program.get("").await.right(), organization);
    assert_eq!(program.get("/api/v1/organizations").await.right()["data"][0]["slug"], "northwind");
    assert_eq!(problem_fields(&program.post("/api/v1/organizations", new).await), ["slug"]);
    let bad = json!({ "name": "", "slug": "A b", "time_zone": "Mars/Olympus" });
    assert_eq!(problem_fields(&program.post("/api/v1/organizations", bad).await), ["name", "slug", "time_zone"]);

    let change = json!({ "description": "Shops.", "labels": { "operational": "All good" } });
    let changed = program.patch("", change).await.right();
    assert_eq!(
        (&changed["name"], &changed["time_zone"], &changed["description"]),
        (&json!("Northwind"), &json!("Europe/Vienna"), &json!("Shops."))
    );
    assert_eq!(changed["labels"]["operational"], "All good");
    let named = program.patch("", json!({ "labels": { "major_outage": "Down" } })).await.right();
    assert_eq!(
        (&named["labels"]["operational"], &named["labels"]["major_outage"]),
        (&json!("All good"), &json!("Down"))
    );
    let standard = program.patch("", json!({ "labels": { "operational": "" } })).await.right();
    assert_eq!(standard["labels"]["operational"], "Operational");
    for (change, fields) in [
        (json!({ "support_url": "nowhere" }), vec!["support_url"]),
        (json!({ "labels": { "operational": "Down" } }), vec!["labels.major_outage"]),
        (json!({ "labels": { "fine": "x" } }), vec!["labels.fine"]),
        (json!({ "colour": "red" }), vec!["colour"]),
        (json!({ "slug": "api" }), vec!["slug"]),
    ] {
        assert_eq!(problem_fields(&program.patch("", change.clone()).await), fields, "{change}");
    }
    let line = ana.audit("northwind", "", "organization").await.remove(0);
    assert_eq!((&line["action"], &line["door"]), (&json!("organization.updated"), &json!("rest")));
    // The old address goes on leading here.
    let moved = program.patch("", json!({ "slug": "boreas" })).await.right();
    assert_eq!(moved["slug"], "boreas");
    assert_eq!(program.get("").await.right()["slug"], "boreas");
    assert!(server.browser().get("/status/boreas").await.text().contains("Northwind"));

    assert_eq!(problem_fields(&program.delete("").await), ["name"]);
    assert_eq!(problem_fields(&program.delete("?name=northwind").await), ["name"]);
    assert_eq!(program.delete("?name=Northwind").await.status, 204);
    assert_eq!(program.get("").await.status, 404);
    assert_eq!(program.get("/api/v1/organizations").await.right()["data"], json!([]));
}

async fn who_is_no_person_creates_none(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "owner").await;
    let new = json!({ "name": "Other", "slug": "other" });
    let words = refused(&program.post("/api/v1/organizations", new.clone()).await, 403);
    assert!(words.contains("personal token"), "{words}");
    refused(&program.get("/api/v1/invitations").await, 403);
    refused(&program.ask("POST", "/api/v1/invitations/aaaaaaaaaaaa/accept", None, &[]).await, 403);
    assert_eq!(program.get("/api/v1/organizations").await.right()["data"].as_array().unwrap().len(), 1);
    // Nor does a personal token that was given less than the person may.
    let reading = Bearer::personal(&server, &owner, "northwind", "viewer").await;
    refused(&reading.post("/api/v1/organizations", new).await, 403);
    refused(&reading.ask("POST", "/leave", None, &[]).await, 403);
    assert_eq!(reading.get("/api/v1/invitations").await.status, 200);
    assert_eq!(server.number("select count(*) from organizations").await, 1);
}

async fn members_get_other_roles_and_go(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    let mia = server.joined(&owner, "northwind", "mia", "viewer").await;
    let user = mia.user_id().await;
    let path = format!("/members/{user}");
    let member = program.get(&path).await.right();
    assert_eq!(
        (&member["name"], &member["email"], &member["role"], &member["teams"]),
        (&json!("mia"), &json!("mia@example.com"), &json!("viewer"), &json!([]))
    );
    assert_eq!(program.patch(&path, json!({ "role": "status_reporter" })).await.right()["role"], "status_reporter");
    assert_eq!(program.patch(&path, json!({ "role": "status_reporter" })).await.status, 200, "as it was");
    assert_eq!(problem_fields(&program.patch(&path, json!({ "role": "king" })).await), ["role"]);
    refused(&program.patch(&path, json!({ "role": "owner" })).await, 403);
    let line = owner.audit("northwind", "", "member").await.remove(0);
    assert_eq!(
        (&line["action"], &line["door"], &line["actor"]),
        (&json!("member.role_changed"), &json!("rest"), &json!("for admin (token)"))
    );
    assert_eq!(program.delete(&path).await.status, 204);
    assert_eq!(program.delete(&path).await.status, 404);
    mia.rpc("frame", json!({ "organization": "northwind" })).await.refused(404, "not_found");
    for path in ["/members/aaaaaaaaaaaa", "/members/me"] {
        refused(&program.get(path).await, 404);
    }
}

async fn the_last_owner_stays(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::personal(&server, &owner, "northwind", "owner").await;
    let user = owner.user_id().await;
    refused(&program.patch(&format!("/members/{user}"), json!({ "role": "admin" })).await, 409);
    refused(&program.ask("POST", "/leave", None, &[]).await, 409);
    let mia = server.joined(&owner, "northwind", "mia", "viewer").await;
    let leaving = Bearer::personal(&server, &mia, "northwind", "owner").await;
    assert_eq!(leaving.ask("POST", "/leave", None, &[]).await.status, 204);
    refused(&leaving.get("").await, 404);
    let tokens = Bearer::of(&server, &owner, "northwind", "owner").await;
    refused(&tokens.ask("POST", "/leave", None, &[]).await, 409);
}

async fn teams_have_members(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    let mia = server.joined(&owner, "northwind", "mia", "viewer").await;
    let user = mia.user_id().await;
    let id = program.make("/teams", json!({ "name": "Platform" })).await;
    assert_eq!(problem_fields(&program.post("/teams", json!({ "name": "PLATFORM" })).await), ["name"]);
    assert_eq!(problem_fields(&program.post("/teams", json!({})).await), ["name"]);
    let path = format!("/teams/{id}");
    assert_eq!(program.patch(&path, json!({ "name": "Base" })).await.right()["name"], "Base");
    let there = format!("{path}/members/{user}");
    let team = program.put(&there, json!({ "role": "team_member" })).await.right();
    assert_eq!(team["members"], json!([{ "user_id": user, "name": "mia", "role": "team_member" }]));
    let member = program.get(&format!("/members/{user}")).await.right();
    assert_eq!(member["teams"], json!([{ "team_id": id, "role": "team_member" }]));
    let own = Bearer::personal(&server, &mia, "northwind", "owner").await;
    refused(&own.patch(&path, json!({ "name": "Mine" })).await, 403);
    assert_eq!(program.put(&there, json!({ "role": "team_admin" })).await.right()["members"][0]["role"], "team_admin");
    assert_eq!(own.patch(&path, json!({ "name": "Mine" })).await.right()["name"], "Mine");
    refused(&own.delete(&path).await, 403);
    assert_eq!(problem_fields(&program.put(&there, json!({ "role": "boss" })).await), ["role"]);
    refused(&program.put(&format!("{path}/members/aaaaaaaaaaaa"), json!({ "role": "team_admin" })).await, 404);
    assert_eq!(program.delete(&there).await.status, 204);
    refused(&program.delete(&there).await, 404);
    assert_eq!(program.get(&path).await.right()["members"], json!([]));
    assert_eq!(program.delete(&path).await.status, 204);
    refused(&program.get(&path).await, 404);
    let line = owner.audit("northwind", "", "team").await.remove(0);
    assert_eq!((&line["action"], &line["actor"]), (&json!("team.deleted"), &json!("for admin (token)")));
}

async fn somebody_is_invited_and_comes(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    let team = program.make("/teams", json!({ "name": "Platform" })).await;
    let new = json!({ "email": "mia@example.com", "role": "viewer", "team_id": team });
    let sent = program.post("/invitations", new.clone()).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let invitation = sent.json();
    let path = format!("/invitations/{}", invitation["id"].as_str().unwrap());
    assert!(sent.location().ends_with(&path), "{}", sent.location());
    assert_eq!((&invitation["team_id"], &invitation["team_role"]), (&json!(team), &json!("team_member")));
    assert_eq!(invitation["invited_by"], "for admin (token)");
    let read = program.get(&path).await.right();
    assert_eq!((&read["email"], read.get("link")), (&json!("mia@example.com"), None), "the link is shown once");
    assert_eq!(problem_fields(&program.post("/invitations", new).await), ["email"]);
    for (body, fields) in [
        (json!({ "email": "x", "role": "viewer" }), vec!["email"]),
        (json!({ "email": "new@example.com", "role": "king" }), vec!["role"]),
        (json!({ "email": "new@example.com", "role": "owner" }), vec!["role"]),
        (json!({ "email": "new@example.com", "role": "viewer", "team_id": "aaaaaaaaaaaa" }), vec!["team_id"]),
        (json!({ "email": "owner-northwind@example.com", "role": "viewer" }), vec!["email"]),
    ] {
        assert_eq!(problem_fields(&program.post("/invitations", body.clone()).await), fields, "{body}");
    }
    let again = program.ask("POST", &format!("{path}/resend"), None, &[]).await.right();
    assert_ne!(token(&again), token(&invitation), "the old link is void");
    let mia = server.browser();
    assert_eq!(mia.accept(&token(&invitation), "mia").await.status, 404);
    assert_eq!(mia.accept(&token(&again), "mia").await.status, 303);
    refused(&program.get(&path).await, 404);
    let user = mia.user_id().await;
    let member = program.get(&format!("/members/{user}")).await.right();
    assert_eq!(member["teams"], json!([{ "team_id": team, "role": "team_member" }]));

    let other = program.make("/invitations", json!({ "email": "nora@example.com", "role": "viewer" })).await;
    assert_eq!(program.delete(&format!("/invitations/{other}")).await.status, 204);
    refused(&program.delete(&format!("/invitations/{other}")).await, 404);
    refused(&program.ask("POST", &format!("/invitations/{other}/resend"), None, &[]).await, 404);
}

async fn an_invitation_is_accepted_without_its_link(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    let nora = server.person("nora").await;
    let own = Bearer::personal(&server, &nora, "northwind", "owner").await;
    let id = program.make("/invitations", json!({ "email": "nora@example.com", "role": "viewer" })).await;
    let accept = format!("/api/v1/invitations/{id}/accept");
    // Anybody can say that an address is theirs.
    assert_eq!(own.get("/api/v1/invitations").await.right(), json!({ "verified": false, "invitations": [] }));
    refused(&own.ask("POST", &accept, None, &[]).await, 404);
    server.execute("update users set email_verified_at = 1 where email_key = 'nora@example.com'").await;
    let offers = own.get("/api/v1/invitations").await.right();
    assert_eq!((&offers["verified"], &offers["invitations"][0]["id"]), (&json!(true), &json!(id)));
    let joined = own.ask("POST", &accept, None, &[]).await.right();
    assert_eq!((&joined["slug"], &joined["role"]), (&json!("northwind"), &json!("viewer")));
    refused(&own.ask("POST", &accept, None, &[]).await, 404);
    let line = owner.audit("northwind", "", "invitation").await.remove(0);
    assert_eq!((&line["action"], &line["door"]), (&json!("invitation.accepted"), &json!("rest")));
}

async fn nobody_writes_over_what_they_have_not_seen(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "owner").await;
    let user = server.joined(&owner, "northwind", "mia", "viewer").await.user_id().await;
    let team = program.make("/teams", json!({ "name": "Platform" })).await;
    let invited = program.make("/invitations", json!({ "email": "nora@example.com", "role": "viewer" })).await;
    let (member, team) = (format!("/members/{user}"), format!("/teams/{team}"));
    let (there, invitation) = (format!("{team}/members/{user}"), format!("/invitations/{invited}"));
    let tag = async |path: &str| program.get(path).await.right_tag();
    let old = [tag("").await, tag(&member).await, tag(&team).await, tag(&invitation).await];
    program.patch("", json!({ "description": "Changed." })).await.right();
    program.patch(&member, json!({ "role": "admin" })).await.right();
    program.put(&there, json!({ "role": "team_admin" })).await.right();
    // The time until which it can be accepted is another.
    program.ask("POST", &format!("{invitation}/resend"), None, &[]).await.right();
    let [organization, of_member, of_team, of_invitation] = &old;
    let (role, name) = (json!({ "role": "viewer" }), json!({ "name": "Lost" }));
    let in_team = json!({ "role": "team_member" });
    for (method, path, body, tag) in [
        ("PATCH", "", Some(&name), organization),
        ("DELETE", "?name=northwind", None, organization),
        ("PATCH", member.as_str(), Some(&role), of_member),
        ("DELETE", member.as_str(), None, of_member),
        ("PATCH", team.as_str(), Some(&name), of_team),
        ("PUT", there.as_str(), Some(&in_team), of_team),
        ("DELETE", there.as_str(), None, of_team),
        ("DELETE", team.as_str(), None, of_team),
        ("DELETE", invitation.as_str(), None, of_invitation),
    ] {
        let answer = program.ask(method, path, body, &[("if-match", tag)]).await;
        assert_eq!(answer.status, 412, "{method} {path}: {}", answer.text());
    }
    for path in [&team, &invitation, &member] {
        let tag = tag(path).await;
        assert_eq!(program.ask("DELETE", path, None, &[("if-match", &tag)]).await.status, 204, "{path}");
    }
}

trait Tagged {
    fn right_tag(&self) -> String;
}

impl Tagged for Answer {
    /// The tag of an answer that has to be right.
    #[track_caller]
    fn right_tag(&self) -> String {
        self.right();
        self.header("etag").to_owned()
    }
}

async fn a_token_does_what_its_role_may(server: TestServer) {
    let owner = server.owner("northwind").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let manager = Bearer::of(&server, &owner, "northwind", "service_manager").await;
    let user = owner.user_id().await;
    for program in [&viewer, &manager] {
        for path in ["", "/members", "/teams", "/invitations"] {
            program.get(path).await.right();
        }
        refused(&program.patch("", json!({ "name": "Mine" })).await, 403);
        refused(&program.delete("?name=northwind").await, 403);
        refused(&program.patch(&format!("/members/{user}"), json!({ "role": "viewer" })).await, 403);
        refused(&program.delete(&format!("/members/{user}")).await, 403);
        refused(&program.post("/teams", json!({ "name": "Mine" })).await, 403);
        refused(&program.post("/invitations", json!({ "email": "x@example.com", "role": "viewer" })).await, 403);
    }
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    refused(&admin.delete("?name=northwind").await, 403);
    refused(&admin.delete(&format!("/members/{user}")).await, 403);
}

async fn lists_come_in_pages(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    for name in ["Delta", "alpha", "Charlie", "bravo", "Echo"] {
        program.make("/teams", json!({ "name": name })).await;
        let email = format!("{name}@example.com");
        program.make("/invitations", json!({ "email": email, "role": "viewer" })).await;
        server.joined(&owner, "northwind", &format!("member-{name}"), "viewer").await;
    }
    let all = async |path: &str, field: &str| -> Vec<String> {
        let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = program.get(&format!("{path}?limit=2{after}")).await.right();
            let data = page["data"].as_array().unwrap();
            assert!(data.len() <= 2);
            found.extend(data.iter().map(|one| one[field].as_str().unwrap().to_owned()));
            pages += 1;
            match &page["next"] {
                Value::String(next) => after = format!("&after={next}"),
                _ => break,
            }
        }
        assert_eq!(pages, 3, "{path}");
        found
    };
    assert_eq!(all("/teams", "name").await, ["alpha", "bravo", "Charlie", "Delta", "Echo"]);
    let names = ["member-alpha", "member-bravo", "member-Charlie", "member-Delta", "member-Echo", "owner-northwind"];
    assert_eq!(all("/members", "name").await, names);
    let newest = ["Echo", "bravo", "Charlie", "alpha", "Delta"].map(|name| format!("{name}@example.com"));
    assert_eq!(all("/invitations", "email").await, newest);
    assert_eq!(problem_fields(&program.get("/teams?after=nonsense").await), ["after"]);
    assert_eq!(problem_fields(&program.get("/teams?limit=many").await), ["limit"]);
}
