//! Two servers on one database: what is done at one, the other shows within seconds.

use super::hosts::{HOST, at, bind};
use crate::support::{Browser, TestServer, both_engines, eventually};
use candor::server::transfer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

both_engines!(
    deleted_organization_is_gone_in_every_process,
    deleted_slug_of_another_organization_shows_theirs_in_every_process,
    former_slug_of_another_organization_shows_theirs,
    imported_organization_appears_in_every_process,
    deleted_organization_can_be_imported_again,
    suspension_rename_and_listing_reach_every_process,
);

/// Everything that is shown of an organization to everybody.
const PUBLIC: &[&str] = &[
    "/status/northwind",
    "/status/northwind/history",
    "/status/northwind/badge.svg",
    "/status/northwind/feed.atom",
    "/status/northwind/feed.rss",
    "/status/northwind/feed.json",
    "/status/northwind/calendar.ics",
    "/status/northwind/embed",
    "/status/northwind/embed.json",
    "/status/northwind/api/v2/summary.json",
    "/status/northwind/api/v2/incidents.json",
    "/api/v1/status/northwind",
    "/api/v1/status/northwind/incidents",
];

/// Waits until the address answers so.
async fn becomes(visitor: &Browser, path: &str, status: u16) {
    eventually(&format!("{status} at {path}"), async || (visitor.get(path).await.status == status).then_some(())).await;
}

/// Waits until the page has one word and not the other.
async fn shows(visitor: &Browser, path: &str, word: &str, not: &str) {
    eventually(&format!("{word} at {path}"), async || {
        let text = visitor.get(path).await.text();
        (text.contains(word) && !text.contains(not)).then_some(())
    })
    .await;
}

async fn delete(owner: &Browser) {
    owner.rpc("delete_organization", json!({ "organization": "northwind", "name": "northwind" })).await.right();
}

async fn change(owner: &Browser, slug: &str, field: &str, value: Value) {
    let mut settings = owner.rpc("read_settings", json!({ "organization": slug })).await.right();
    settings[field] = value;
    owner.rpc("update_organization", json!({ "organization": slug, "input": settings })).await.right();
}

/// The owner's session, at the other process.
fn there(other: &TestServer, owner: &Browser) -> Browser {
    let browser = other.browser();
    browser.set_cookie("candor", &owner.session().unwrap());
    browser
}

async fn deleted_organization_is_gone_in_every_process(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Payments", "").await;
    bind(&server, "northwind", Some(HOST)).await;
    let other = server.another().await;
    let visitor = other.browser();
    for path in PUBLIC {
        assert_eq!(visitor.get(path).await.status, 200, "{path}");
        assert_eq!(visitor.get(path).await.status, 200, "{path}, from memory");
    }
    assert!(visitor.get("/").await.text().contains("/status/northwind"), "the directory lists it");
    assert!(at(&visitor, HOST, "/").await.text().contains("Payments"));
    let mut page = visitor.socket("/status/northwind/live").await.unwrap();
    page.next().await;
    let mut dashboard = there(&other, &owner).socket("/rpc/live?organization=northwind").await.unwrap();
    dashboard.next().await;
    let mut program = visitor.socket_from("/api/v1/live", None).await.unwrap();
    program.next().await;
    assert!(program.say(json!({ "type": "subscribe", "organizations": ["northwind"] })).await);
    assert_eq!(program.next().await["type"], "subscribed");

    delete(&owner).await;
    for path in PUBLIC {
        becomes(&visitor, path, 404).await;
    }
    page.closed().await;
    assert_eq!(dashboard.closed().await.0, Some(4401));
    assert_eq!(program.next().await["code"], "organization_gone");
    eventually("the directory leaves it out", async || {
        (!visitor.get("/").await.text().contains("/status/northwind")).then_some(())
    })
    .await;
    eventually("the host leads nowhere", async || {
        (!at(&visitor, HOST, "/").await.text().contains("Payments")).then_some(())
    })
    .await;
}

async fn deleted_slug_of_another_organization_shows_theirs_in_every_process(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Payments", "").await;
    let other = server.another().await;
    let visitor = other.browser();
    let documents = ["/status/northwind", "/api/v1/status/northwind/services", "/status/northwind/embed"];
    for path in documents {
        assert_eq!(visitor.get(path).await.status, 200, "{path}");
    }
    assert!(visitor.get("/status/northwind").await.text().contains("Payments"));
    delete(&owner).await;
    let next = server.person("next").await;
    next.create_organization("northwind").await;
    let service = next.create_service("northwind", "Shipments", "").await;
    // Also for who comes to a page below, before anybody reads the page itself.
    becomes(&visitor, &format!("/status/northwind/services/{service}"), 200).await;
    shows(&visitor, "/status/northwind", "Shipments", "Payments").await;
    shows(&visitor, "/api/v1/status/northwind/services", "Shipments", "Payments").await;
    becomes(&visitor, "/status/northwind/embed", 200).await;
}

/// A former slug leads to its organization for as long as that holds it, and not from memory alone.
async fn former_slug_of_another_organization_shows_theirs(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Payments", "").await;
    let other = server.another().await;
    let visitors = [server.browser(), other.browser()];
    for visitor in &visitors {
        assert_eq!(visitor.get("/status/northwind").await.status, 200);
    }
    change(&owner, "northwind", "slug", json!("southwind")).await;
    for visitor in &visitors {
        becomes(visitor, "/status/northwind", 308).await;
    }
    server.execute("delete from former_slugs").await;
    let next = server.person("next").await;
    next.create_organization("northwind").await;
    next.create_service("northwind", "Shipments", "").await;
    for visitor in &visitors {
        shows(visitor, "/status/northwind", "Shipments", "Payments").await;
        shows(visitor, "/status/southwind", "Payments", "Shipments").await;
    }
}

/// Also where somebody asked for it before, and the directory was read.
async fn imported_organization_appears_in_every_process(server: TestServer) {
    let source = TestServer::start(crate::support::Engine::Sqlite).await.unwrap();
    let owner = source.owner("northwind").await;
    owner.create_service("northwind", "Payments", "").await;
    let file = file_of(&source).await;
    let other = server.another().await;
    let visitor = other.browser();
    assert_eq!(visitor.get("/status/northwind").await.status, 404);
    assert!(!visitor.get("/").await.text().contains("/status/northwind"));
    transfer::import(&server.app, &file, None, |_, _| {}).await.unwrap_or_else(|error| panic!("{error}"));
    std::fs::remove_file(&file).unwrap();
    shows(&visitor, "/status/northwind", "Payments", "Page not found").await;
    shows(&visitor, "/", "/status/northwind", "Page not found").await;
}

/// An export in a file that nobody else has.
async fn file_of(server: &TestServer) -> PathBuf {
    let id = server.organization_id("northwind").await;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{id}.candor.json"));
    transfer::export_file(&server.app, "northwind", &file).await.unwrap();
    file
}

async fn deleted_organization_can_be_imported_again(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Payments", "").await;
    let id = server.organization_id("northwind").await;
    let file = file_of(&server).await;
    let other = server.another().await;
    let visitor = other.browser();
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    delete(&owner).await;
    becomes(&visitor, "/status/northwind", 404).await;
    let deleted = server.number("select cast(version as text) from organization_events").await;
    transfer::import(&server.app, &file, None, |_, _| {}).await.unwrap_or_else(|error| panic!("{error}"));
    std::fs::remove_file(&file).unwrap();
    shows(&visitor, "/status/northwind", "Payments", "Page not found").await;
    assert_eq!(server.organization_id("northwind").await, id);
    // Later than what every process knows of it, so that its documents are made once and not at each request.
    assert!(server.number("select cast(version as text) from organizations").await > deleted);
    let made = visitor.get("/status/northwind").await.header("etag").to_owned();
    assert_eq!(visitor.get_with("/status/northwind", &[("if-none-match", made.as_str())]).await.status, 304);
}

async fn suspension_rename_and_listing_reach_every_process(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Payments", "").await;
    let other = server.another().await;
    let visitor = other.browser();
    assert_eq!(visitor.get("/status/northwind/badge.svg").await.status, 200);
    assert!(visitor.get("/").await.text().contains("/status/northwind"));
    let mut dashboard = there(&other, &owner).socket("/rpc/live?organization=northwind").await.unwrap();
    dashboard.next().await;
    change(&owner, "northwind", "listed", json!(false)).await;
    eventually("the directory leaves it out", async || {
        (!visitor.get("/").await.text().contains("/status/northwind")).then_some(())
    })
    .await;
    change(&owner, "northwind", "slug", json!("southwind")).await;
    becomes(&visitor, "/status/northwind/badge.svg", 308).await;
    candor::server::operator::suspend(&server.app, "southwind", true).await.unwrap();
    becomes(&visitor, "/status/southwind/badge.svg", 404).await;
    assert_eq!(dashboard.closed().await.0, Some(4401));
}
