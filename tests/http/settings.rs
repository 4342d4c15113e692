//! What can be changed about an organization, its old addresses, and its end.

use crate::support::{Answer, Browser, TestServer, both_engines, sections};
use serde_json::{Value, json};

both_engines!(
    settings_are_changed_and_shown,
    each_wrong_value_is_told_at_its_field,
    renamed_statuses_are_read_everywhere,
    each_wrong_label_is_told_at_its_field,
    labels_are_text_whatever_they_hold,
    an_old_address_leads_on_and_is_held_back,
    an_organization_goes_when_its_name_is_typed,
);

fn settings(name: &str, slug: &str) -> Value {
    json!({
        "name": name, "slug": slug, "description": "We move boxes.", "time_zone": "Europe/Vienna",
        "support_url": "https://example.com/help", "listed": true, "labels": {},
    })
}

/// The settings of `northwind` with these names of statuses.
fn labelled(labels: Value) -> Value {
    let mut input = settings("northwind", "northwind");
    input["labels"] = labels;
    input
}

/// What the statuses are called, as the dashboard learns it, and as the settings show it.
async fn labels(browser: &Browser) -> Value {
    let frame = browser.rpc("frame", json!({ "organization": "northwind" })).await.right();
    let settings = browser.rpc("read_settings", json!({ "organization": "northwind" })).await.right();
    assert_eq!(frame["labels"], settings["labels"]);
    frame["labels"].clone()
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

/// "An organization may rename the labels" (product).
async fn renamed_statuses_are_read_everywhere(server: TestServer) {
    let owner = server.owner("northwind").await;
    let group = owner.create_group("northwind", "Core").await;
    let api = owner.create_service("northwind", "API", &group).await;
    owner.create_service("northwind", "Website", "").await;
    owner.set_status("northwind", &[&api], "partial_outage").await;
    update(&owner, "northwind", &settings("northwind", "northwind")).await.right();
    assert_eq!(labels(&owner).await, json!({}));
    let visitor = server.browser();
    let page = visitor.get("/status/northwind").await.text();
    assert!(page.contains("Operational") && page.contains("Partial outage"), "{page}");
    let version = page.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap();

    let chosen =
        json!({ "operational": "  Available ", "partial_outage": "Some trouble", "major_outage": "Major outage" });
    update(&owner, "northwind", &labelled(chosen)).await.right();
    let told = socket.next().await["regions"].to_string();
    assert!(told.contains("Available") && told.contains("Some trouble"), "an open page changes at once: {told}");
    let page = visitor.get("/status/northwind").await.text();
    assert!(page.contains("Available") && page.contains("Some trouble"), "{page}");
    assert!(!page.contains("Operational") && !page.contains("Partial outage"), "{page}");
    assert!(page.contains("Minor Service Outage"), "the sentence about the whole page stays");
    let shown = sections(&page);
    assert_eq!(shown[0].group.as_ref().unwrap().1, "partial_outage", "so do colours");
    assert_eq!(shown[1].services[0].1, "operational");
    assert_eq!(labels(&owner).await, json!({ "operational": "Available", "partial_outage": "Some trouble" }));
    let line = owner.audit("northwind", "", "").await[0].clone();
    assert_eq!(line["action"], "organization.updated");
    assert_eq!(line["before"], "operational: Operational; partial_outage: Partial outage");
    assert_eq!(line["after"], "operational: Available; partial_outage: Some trouble");

    // An empty one is the standard one again; so is each that a program does not send.
    let chosen = json!({ "operational": " ", "partial_outage": "Some trouble" });
    update(&owner, "northwind", &labelled(chosen)).await.right();
    let page = visitor.get("/status/northwind").await.text();
    assert!(page.contains("Operational") && page.contains("Some trouble") && !page.contains("Available"), "{page}");
    let mut input = settings("northwind", "northwind");
    input.as_object_mut().unwrap().remove("labels");
    update(&owner, "northwind", &input).await.right();
    assert_eq!(labels(&owner).await, json!({}));
    assert!(visitor.get("/status/northwind").await.text().contains("Partial outage"));
}

async fn each_wrong_label_is_told_at_its_field(server: TestServer) {
    let owner = server.owner("northwind").await;
    let kept = json!({ "operational": "Available" });
    update(&owner, "northwind", &labelled(kept.clone())).await.right();
    let (longest, too_long) = ("ä".repeat(40), "ä".repeat(41));
    for (chosen, wrong) in [
        (json!({ "operational": too_long }), vec!["labels[operational]"]),
        (json!({ "operational": "two\nlines" }), vec!["labels[operational]"]),
        (json!({ "operational": "a\u{1}b" }), vec!["labels[operational]"]),
        // Two statuses that are called alike, whether by their own words or by a standard one.
        (json!({ "operational": "major OUTAGE" }), vec!["labels[operational]"]),
        (json!({ "operational": "Down", "major_outage": " down" }), vec!["labels[major_outage]"]),
        (
            json!({ "degraded_performance": too_long, "under_maintenance": "Operational" }),
            vec!["labels[degraded_performance]", "labels[under_maintenance]"],
        ),
    ] {
        assert_eq!(update(&owner, "northwind", &labelled(chosen.clone())).await.wrong_fields(), wrong, "{chosen}");
    }
    let mut input = labelled(json!({ "partial_outage": "Operational" }));
    input["name"] = json!("");
    assert_eq!(update(&owner, "northwind", &input).await.wrong_fields(), ["name", "labels[partial_outage]"]);
    assert_eq!(labels(&owner).await, kept, "nothing has changed");
    // Two may change places, and a long one fits exactly.
    let chosen =
        json!({ "operational": "Major outage", "major_outage": "Operational", "degraded_performance": longest });
    update(&owner, "northwind", &labelled(chosen.clone())).await.right();
    assert_eq!(labels(&owner).await, chosen);
}

async fn labels_are_text_whatever_they_hold(server: TestServer) {
    const HOSTILE: &str = "<script>alert(1)</script>\"'&";
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    update(&owner, "northwind", &labelled(json!({ "operational": HOSTILE, "major_outage": "</script>" })))
        .await
        .right();
    let visitor = server.browser();
    let page = visitor.get("/status/northwind").await.text();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>"), "{page}");
    let version = page.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
    owner.set_status("northwind", &[&api], "major_outage").await;
    let told = socket.next().await["regions"].to_string();
    assert!(told.contains("&lt;/script&gt;") && !told.contains("</script>"), "{told}");
    // In the dashboard they stand in the markup and in the data that comes with it.
    owner.set_status("northwind", &[&api], "operational").await;
    for screen in ["", "/services", "/settings"] {
        let html = owner.get(&format!("/dashboard/northwind{screen}")).await.text();
        assert!(html.contains("alert(1)") && !html.contains("<script>alert(1)"), "{screen}: {html}");
    }
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
