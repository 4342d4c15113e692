//! `serve --demo`: an organization to look around in.

use crate::support::{Engine, TestServer, both_engines};
use candor::server::demo;

both_engines!(filling_the_demo_again_only_changes_the_password, without_demo_the_sign_in_page_tells_nothing);

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).unwrap_or_else(|| panic!("no {start} in {text}")) + start.len();
    &text[from..from + text[from..].find(end).unwrap()]
}

/// "Only `serve --demo` shows it on the sign-in page" (issue 2).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sign_in_page_of_serve_demo_signs_in() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(server) = TestServer::start_with(engine, &["--demo"]).await else { continue };
        let browser = server.browser();
        let page = browser.get("/sign-in").await.text();
        assert!(page.contains("ana@northwind.example"));
        let password = page.split("<code").nth(1).map(|code| between(code, ">", "<")).expect("the password").to_owned();
        let answer = browser.post("/sign-in", &[("email", "ana@northwind.example"), ("password", &password)]).await;
        assert_eq!((answer.status, answer.location()), (303, "/dashboard"), "{}", answer.text());
        let list = browser.services("northwind").await;
        assert_eq!((list["groups"].as_array().unwrap().len(), list["services"].as_array().unwrap().len()), (2, 9));
        let public = browser.get("/status/northwind").await.text();
        assert!(public.contains("Payments API") && public.contains("Minor Service Outage"), "{public}");
    }
}

async fn filling_the_demo_again_only_changes_the_password(server: TestServer) {
    let first = demo::fill(&server.app).await.unwrap();
    let browser = server.browser();
    let sign_in = |password: String| {
        let browser = browser.copy();
        async move { browser.post("/sign-in", &[("email", "ana@northwind.example"), ("password", &password)]).await.status }
    };
    assert_eq!(sign_in(first.password.clone()).await, 303);
    let old = server.browser();
    old.post("/sign-in", &[("email", first.email), ("password", &first.password)]).await;
    assert!(old.is_signed_in().await);
    let before = old.services(first.slug).await;

    let second = demo::fill(&server.app).await.unwrap();
    assert_ne!(first.password, second.password);
    assert!(!old.is_signed_in().await, "a new password ends every session");
    assert_eq!(sign_in(first.password).await, 422);
    let new = server.browser();
    new.post("/sign-in", &[("email", second.email), ("password", &second.password)]).await;
    assert_eq!(new.services(second.slug).await, before, "nothing is doubled");
}

async fn without_demo_the_sign_in_page_tells_nothing(server: TestServer) {
    let demo = demo::fill(&server.app).await.unwrap();
    let page = server.browser().get("/sign-in").await.text();
    assert!(!page.contains(&demo.password) && !page.contains(demo.email));
}
