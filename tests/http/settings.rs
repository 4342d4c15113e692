//! What can be changed about an organization, its old addresses, and its end.

use crate::support::{Answer, Browser, TestServer, both_engines};
use serde_json::{Value, json};

both_engines!(
    settings_are_changed_and_shown,
    each_wrong_value_is_told_at_its_field,
    an_old_address_leads_on_and_is_held_back,
    an_organization_goes_when_its_name_is_typed,
);

fn settings(name: &str, slug: &str) -> Value {
    json!({
        "name": name, "slug": slug, "description": "We move boxes.", "time_zone": "Europe/Vienna",
        "support_url": "https://example.com/help", "listed": true,
    })
}

async fn update(browser: &Browser, organization: &str, input: &Value) -> Answer {
    browser.rpc("update_organization", json!({ "organization": organization, "input": input })).await
}

async fn settings_are_changed_and_shown(server: TestServer) {
    let owner = server.owner("northwind").await;
    let before = owner.rpc("read_settings", json!({ "organization": "northwind" })).await.right();
    assert_eq!((before["name"].as_str(), before["listed"].as_bool()), (Some("northwind"), Some(true)));
    let visitor = server.browser();
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    let mut input = settings("North & Wind", "northwind");
    let answer = update(&owner, "northwind", &input).await;
    answer.right();
    assert_eq!(answer.location(), "/dashboard/northwind/settings");
    assert_eq!(owner.rpc("read_settings", json!({ "organization": "northwind" })).await.right(), input);
    let page = visitor.get("/status/northwind").await.text();
    assert!(page.contains("North &amp; Wind") && page.contains("We move boxes."), "{page}");
    assert!(page.contains("https://example.com/help"), "the support link");
    assert!(visitor.get("/").await.text().contains("North &amp; Wind"));
    // A box that is not ticked is not sent at all.
    input.as_object_mut().unwrap().remove("listed");
    update(&owner, "northwind", &input).await.right();
    assert!(!visitor.get("/").await.text().contains("North &amp; Wind"));
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    // The same again is no change.
    let lines = owner.audit("northwind", "", "").await.len();
    update(&owner, "northwind", &input).await.right();
    assert_eq!(owner.audit("northwind", "", "").await.len(), lines);
}

async fn each_wrong_value_is_told_at_its_field(server: TestServer) {
    let owner = server.owner("northwind").await;
    server.owner("southwind").await;
    let (long, very_long) = ("x".repeat(81), "x".repeat(501));
    for (field, values) in [
        ("name", vec!["", "  ", "two\nlines", &long]),
        ("slug", vec!["", "x", "North", "a--b", "dashboard", "southwind", "../x", &long]),
        ("description", vec![&very_long]),
        ("time_zone", vec!["Mars/Olympus"]),
        ("support_url", vec!["example.com", "javascript:alert(1)", "https://a b.com", "mailto:nobody"]),
    ] {
        for value in values {
            let mut input = settings("northwind", "northwind");
            input[field] = json!(value);
            assert_eq!(update(&owner, "northwind", &input).await.wrong_fields(), [field], "{value:?}");
        }
    }
    let input = json!({
        "name": "", "slug": "X", "description": very_long, "time_zone": "Mars/Olympus", "support_url": "x",
    });
    let wrong = update(&owner, "northwind", &input).await.wrong_fields();
    assert_eq!(wrong, ["name", "slug", "description", "time_zone", "support_url"]);
    let now = owner.rpc("read_settings", json!({ "organization": "northwind" })).await.right();
    assert_eq!((now["description"].as_str(), now["name"].as_str()), (Some(""), Some("northwind")));
}

async fn an_old_address_leads_on_and_is_held_back(server: TestServer) {
    let owner = server.owner("northwind").await;
    let other = server.owner("southwind").await;
    let visitor = server.browser();
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    let answer = update(&owner, "northwind", &settings("Northwind", "north")).await;
    answer.right();
    assert_eq!(answer.location(), "/dashboard/north/settings");
    let old = visitor.get("/status/northwind").await;
    assert_eq!((old.status, old.location()), (308, "/status/north"));
    assert_eq!(visitor.get("/status/north").await.status, 200);
    // A socket of a page that was open goes on.
    visitor.socket("/status/northwind/live?version=1").await.unwrap().next().await;
    // Nobody else can have it, neither for a new organization nor for one that is there.
    let check = other.rpc("check_slug", json!({ "slug": "northwind" })).await.right();
    assert!(check["problem"].is_string(), "{check}");
    let input = json!({ "input": { "name": "Other", "slug": "northwind", "time_zone": "UTC", "listed": false } });
    assert_eq!(other.rpc("create_organization", input).await.wrong_fields(), ["slug"]);
    assert_eq!(update(&other, "southwind", &settings("Southwind", "northwind")).await.wrong_fields(), ["slug"]);
    // A second change: both old addresses lead to the newest, and the own old one can be taken back.
    update(&owner, "north", &settings("Northwind", "nw")).await.right();
    for old in ["northwind", "north"] {
        let answer = visitor.get(&format!("/status/{old}")).await;
        assert_eq!((answer.status, answer.location()), (308, "/status/nw"), "{old}");
    }
    update(&owner, "nw", &settings("Northwind", "northwind")).await.right();
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    for old in ["nw", "north"] {
        let answer = visitor.get(&format!("/status/{old}")).await;
        assert_eq!((answer.status, answer.location()), (308, "/status/northwind"), "{old}");
    }
}

async fn an_organization_goes_when_its_name_is_typed(server: TestServer) {
    let owner = server.owner("northwind").await;
    let other = server.owner("southwind").await;
    let team = owner.create_team("northwind", "Platform").await;
    let mia = server.joined_team(&owner, "northwind", "mia", "viewer", &team, "team_admin").await;
    let open = owner.invite("northwind", "nora", "viewer").await;
    let api = owner.create_service("northwind", "API", "").await;
    owner.set_status("northwind", &[&api], "major_outage").await;
    update(&owner, "northwind", &settings("North Wind", "northwind")).await.right();
    let visitor = server.browser();
    assert_eq!(visitor.get("/status/northwind").await.status, 200, "now it is kept as finished bytes");
    assert!(visitor.get("/").await.text().contains("North Wind"));
    let delete = |name: &str| owner.rpc("delete_organization", json!({ "organization": "northwind", "name": name }));
    for name in ["", "northwind", "north wind", "North Wind!"] {
        assert_eq!(delete(name).await.wrong_fields(), ["name"], "{name:?}");
    }
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    delete("North Wind").await.right();
    assert_eq!(visitor.get("/status/northwind").await.status, 404);
    let page = visitor.get("/").await.text();
    assert!(!page.contains("North Wind") && page.contains("southwind"), "{page}");
    for browser in [&owner, &mia] {
        assert_eq!(browser.get("/dashboard/northwind").await.status, 404);
        let me = browser.rpc("who_am_i", json!({})).await.right();
        assert_eq!(me["organizations"], json!([]), "the people stay");
    }
    assert_eq!(visitor.get(&format!("/accept-invitation?token={open}")).await.status, 404);
    for table in ["services", "status_history", "teams", "team_members", "invitations"] {
        assert_eq!(server.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    other.rpc("frame", json!({ "organization": "southwind" })).await.right();
    // Its address is free again.
    other.create_organization("northwind").await;
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
}
