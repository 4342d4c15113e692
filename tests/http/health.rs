//! `/health`: what a load balancer asks.

use crate::support::{Engine, TestServer, both_engines};

both_engines!(health_names_the_database_and_its_state);

async fn health_names_the_database_and_its_state(server: TestServer) {
    let answer = server.browser().get("/health").await;
    let body = answer.right();
    assert_eq!((body["status"].as_str(), body["database"]["state"].as_str()), (Some("ok"), Some("ok")));
    let engine = if server.database_url().starts_with("sqlite") { "sqlite" } else { "postgres" };
    assert_eq!(body["database"]["engine"], engine);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("set-cookie").is_empty());
}

/// "If the database fails, the last good page is served" (architecture), and health says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_database_is_told_and_the_last_page_stays() {
    let Some(server) = TestServer::start(Engine::Postgres).await else { return };
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Payments", "").await;
    assert_eq!(server.browser().get("/status/northwind").await.status, 200);
    server.lose_database().await;
    let answer = server.browser().get("/health").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["database"]["state"], "unreachable");
    let page = server.browser().get("/status/northwind").await;
    assert_eq!(page.status, 200, "the last good page stays");
    assert!(page.text().contains("Payments"));
    let unknown = server.browser().get("/status/unknown").await;
    assert_eq!((unknown.status, unknown.header("retry-after")), (503, "5"), "nobody knows whether it exists");
    assert!(owner.rpc("list_services", serde_json::json!({ "organization": "northwind" })).await.status == 503);
}
