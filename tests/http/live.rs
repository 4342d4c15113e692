//! The sockets: public pages hear what changed, dashboards hear that something did.

use crate::support::{Browser, Engine, TestServer, both_engines, eventually};
use candor::{domain::role::Role, server::demo};
use serde_json::{Value, json};

both_engines!(
    a_page_hears_only_what_changed,
    changes_follow_each_other_without_a_hole,
    a_page_reads_again_when_its_outline_changed,
    a_page_that_is_behind_is_told_when_it_connects,
    an_unknown_page_has_no_socket,
    a_dashboard_hears_that_something_changed,
    a_dashboard_hears_nothing_of_other_organizations,
    a_dashboard_socket_asks_who_it_is,
    a_change_of_another_process_arrives,
    sockets_of_one_address_are_limited,
    a_change_is_heard_by_everybody_who_watches,
    a_page_that_has_gone_ends_its_sockets,
);

/// The version that the page carries for its script.
async fn version_of_page(browser: &Browser, slug: &str) -> i64 {
    let page = browser.get(&format!("/status/{slug}")).await.text();
    let from = page.find("data-version=\"").expect("a version") + 14;
    page[from..].split('"').next().unwrap().parse().unwrap()
}

async fn a_page_hears_only_what_changed(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (core, data) = (owner.create_group("northwind", "Core").await, owner.create_group("northwind", "Data").await);
    let api = owner.create_service("northwind", "Payments", &core).await;
    owner.create_service("northwind", "Search", &data).await;
    let visitor = server.browser();
    let version = version_of_page(&visitor, "northwind").await;
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
    socket.is_quiet().await;
    owner.set_status("northwind", &[&api], "major_outage").await;
    let told = socket.next().await;
    assert_eq!((told["from"].as_i64(), told["version"].as_i64()), (Some(version), Some(version + 1)));
    assert_eq!(told["title"], "Partial System Outage · northwind status");
    assert!(told["icon"].as_str().unwrap().ends_with("favicon-major.svg"));
    let regions = told["regions"].as_object().unwrap();
    assert!(regions.keys().map(String::as_str).eq(["banner", format!("g-{core}").as_str()]), "{:?}", regions.keys());
    let group = regions[&format!("g-{core}")].as_str().unwrap();
    assert!(
        group.contains(&format!("id=\"g-{core}\"")) && group.contains("Payments") && group.contains("Major outage"),
        "{group}"
    );
    // What was told is what the page shows now.
    let page = visitor.get("/status/northwind").await.text();
    for html in regions.values() {
        assert!(page.contains(html.as_str().unwrap()), "{html}");
    }
    // A status that is so already is no change.
    owner.set_status("northwind", &[&api], "major_outage").await;
    socket.is_quiet().await;
}

/// Every message says which version it follows; who has another one reads the page again.
async fn changes_follow_each_other_without_a_hole(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let visitor = server.browser();
    let mut version = version_of_page(&visitor, "northwind").await;
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
    for status in ["major_outage", "partial_outage", "degraded_performance", "under_maintenance", "operational"] {
        owner.set_status("northwind", &[&api], status).await;
        let told = socket.next().await;
        assert_eq!(told["from"], version);
        version = told["version"].as_i64().unwrap();
        let regions = told["regions"].to_string();
        assert!(regions.contains(&format!("state {status}")), "{regions}");
    }
    assert_eq!(version, version_of_page(&visitor, "northwind").await);
    // Many at once may be told as one, but the last word is the truth.
    let statuses = ["major_outage", "partial_outage", "operational", "degraded_performance"];
    for status in statuses.iter().cycle().take(22) {
        owner.set_status("northwind", &[&api], status).await;
    }
    let last = version + 22;
    while version < last {
        let told = socket.next().await;
        assert!(told["reload"] == true || told["from"] == version, "{told} after {version}");
        version = told["version"].as_i64().unwrap();
    }
    assert_eq!(version, last);
    socket.is_quiet().await;
}

async fn a_page_reads_again_when_its_outline_changed(server: TestServer) {
    let owner = server.owner("northwind").await;
    let visitor = server.browser();
    let mut version = version_of_page(&visitor, "northwind").await;
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
    owner.create_service("northwind", "API", "").await;
    let told = socket.next().await;
    version += 1;
    assert_eq!(told, json!({ "version": version, "reload": true }), "the first service");
    owner.create_group("northwind", "Core").await;
    version += 1;
    assert_eq!(socket.next().await, json!({ "version": version, "reload": true }), "a group");
    // Another service in the same place is a change of that place.
    owner.create_service("northwind", "Search", "").await;
    version += 1;
    let told = socket.next().await;
    assert_eq!(told["version"], version);
    assert_eq!(version_of_page(&visitor, "northwind").await, version);
}

async fn a_page_that_is_behind_is_told_when_it_connects(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let visitor = server.browser();
    let first = version_of_page(&visitor, "northwind").await;
    owner.set_status("northwind", &[&api], "major_outage").await;
    owner.set_status("northwind", &[&api], "operational").await;
    for behind in [first.to_string(), "0".to_owned(), "999999".to_owned(), "-1".to_owned()] {
        let mut socket = visitor.socket(&format!("/status/northwind/live?version={behind}")).await.unwrap();
        let told = socket.next().await;
        assert_eq!(told["version"], first + 2, "{behind}: {told}");
        assert!(
            told["reload"] == true || told["from"].as_i64().is_some_and(|from| from.to_string() == behind),
            "{behind}: {told}"
        );
        socket.is_quiet().await;
    }
    // A page that does not say what it has is behind.
    assert_eq!(visitor.socket("/status/northwind/live").await.unwrap().next().await["version"], first + 2);
}

async fn an_unknown_page_has_no_socket(server: TestServer) {
    let refused = server.browser().socket("/status/nobody/live?version=1").await.err();
    assert_eq!(refused.map(|refused| refused.status), Some(404));
    server.owner("northwind").await;
    let plain = server.browser().get("/status/northwind/live").await;
    assert!((400..500).contains(&plain.status), "without an upgrade there is nothing to read: {}", plain.status);
}

async fn a_dashboard_hears_that_something_changed(server: TestServer) {
    let owner = server.owner("northwind").await;
    let viewer = server.member("northwind", Role::Viewer).await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut socket = viewer.socket("/rpc/live?organization=northwind").await.unwrap();
    let first = socket.next().await;
    assert_eq!(first["topics"], json!([]), "which version there is, to begin with");
    let version = first["version"].as_i64().unwrap();
    owner.set_status("northwind", &[&api], "major_outage").await;
    assert_eq!(socket.next().await, json!({ "version": version + 1, "topics": ["services"] }));
    server.member("northwind", Role::Admin).await;
    assert_eq!(socket.next().await, json!({ "version": version + 2, "topics": ["members"] }));
    socket.is_quiet().await;
}

async fn a_dashboard_hears_nothing_of_other_organizations(server: TestServer) {
    let (north, south) = (server.owner("northwind").await, server.owner("southwind").await);
    let mut socket = north.socket("/rpc/live?organization=northwind").await.unwrap();
    socket.next().await;
    south.create_service("southwind", "API", "").await;
    socket.is_quiet().await;
}

async fn a_dashboard_socket_asks_who_it_is(server: TestServer) {
    let (_, stranger) = (server.owner("northwind").await, server.owner("southwind").await);
    let path = "/rpc/live?organization=northwind";
    let status = async |browser: &Browser, path: &str| browser.socket(path).await.err().map(|refused| refused.status);
    assert_eq!(status(&server.browser(), path).await, Some(401));
    assert_eq!(status(&stranger, path).await, Some(404));
    assert_eq!(status(&stranger, "/rpc/live?organization=nobody").await, Some(404));
    assert_eq!(status(&stranger, "/rpc/live").await, Some(400));
    assert_eq!(status(&stranger, "/rpc/live?organization=southwind").await, None);
}

/// The command line and other servers write to the same database.
async fn a_change_of_another_process_arrives(server: TestServer) {
    candor::server::jobs::start(&server.app);
    let other = server.second().await;
    let demo = demo::fill(&other).await.unwrap();
    let visitor = server.browser();
    let version = version_of_page(&visitor, demo.slug).await;
    let mut socket = visitor.socket(&format!("/status/{}/live?version={version}", demo.slug)).await.unwrap();
    let owner = server.browser();
    owner.post("/sign-in", &[("email", demo.email), ("password", &demo.password)]).await;
    let group = server.texts("select id from service_groups where name = 'Data'").await[0].clone();
    let id = server.organization_id(demo.slug).await;
    let mut write = crate::support::TESTS.write(&other, &id).await.unwrap();
    let text = candor::domain::service::GroupInput { name: "Data lake".to_owned(), description: String::new() };
    candor::server::services::update_imported_group(&mut write, &group.parse().unwrap(), &text).await.unwrap();
    write.commit(&[candor::domain::live::Topic::Services]).await.unwrap();
    let told = socket.next().await;
    assert!(told["regions"].to_string().contains("Data lake") || told["reload"] == true, "{told}");
    eventually("the page shows it", || async {
        let page = visitor.get(&format!("/status/{}", demo.slug)).await.text();
        page.contains("Data lake").then_some(())
    })
    .await;
}

async fn sockets_of_one_address_are_limited(server: TestServer) {
    server.owner("northwind").await;
    let visitor = server.browser();
    let version = version_of_page(&visitor, "northwind").await;
    let path = format!("/status/northwind/live?version={version}");
    let mut open = Vec::new();
    for _ in 0..500 {
        open.push(visitor.socket(&path).await.unwrap());
    }
    let refused = visitor.socket(&path).await.err().expect("the 501st is refused");
    assert_eq!(refused.status, 429);
    assert!(refused.retry_after.parse::<u32>().is_ok(), "{refused:?}");
    assert_eq!(visitor.get("/status/northwind").await.status, 200, "the page itself is for everybody");
    open.pop().unwrap().close().await;
    eventually("a place is free again", || async { visitor.socket(&path).await.ok() }).await;
}

async fn a_change_is_heard_by_everybody_who_watches(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let visitor = server.browser();
    let version = version_of_page(&visitor, "northwind").await;
    let mut sockets = Vec::new();
    for _ in 0..50 {
        sockets.push(visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap());
    }
    owner.set_status("northwind", &[&api], "major_outage").await;
    let mut told: Vec<Value> = Vec::new();
    for socket in &mut sockets {
        told.push(socket.next().await);
    }
    assert!(told.iter().all(|message| *message == told[0] && message["version"] == version + 1), "{told:?}");
}

/// "After the server restarts, both recover by themselves and show the truth": a page of
/// the old process is told to read again by the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_from_before_a_restart_is_told_the_truth() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(server) = TestServer::start(engine).await else { continue };
        let owner = server.owner("northwind").await;
        let api = owner.create_service("northwind", "API", "").await;
        let version = version_of_page(&server.browser(), "northwind").await;
        owner.set_status("northwind", &[&api], "major_outage").await;
        let server = server.restart().await;
        let mut socket = server.browser().socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
        assert_eq!(socket.next().await, json!({ "version": version + 1, "reload": true }));
        let page = server.browser().get("/status/northwind").await.text();
        assert!(page.contains("Major outage"));
        let again = server.browser();
        again.set_cookie("candor", &owner.session().unwrap());
        assert!(again.is_signed_in().await, "sessions outlive the process");
    }
}

/// What may not be seen any more is not left open either; and the address can be another's then.
async fn a_page_that_has_gone_ends_its_sockets(server: TestServer) {
    let (owner, visitor) = (server.owner("northwind").await, server.browser());
    let version = version_of_page(&visitor, "northwind").await;
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
    socket.is_quiet().await;
    owner.rpc("delete_organization", json!({ "organization": "northwind", "name": "northwind" })).await.right();
    assert_eq!(socket.closed().await.1, Vec::<String>::new());
    assert_eq!(visitor.get("/status/northwind").await.status, 404);
    owner.create_organization("northwind").await;
    assert_eq!(visitor.get("/status/northwind").await.status, 200);
    assert!(visitor.socket("/status/northwind/live").await.unwrap().next().await["version"].is_i64());
}
