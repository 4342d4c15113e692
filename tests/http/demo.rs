//! `serve --demo`: an organization to look around in.

use crate::support::{Engine, TESTS, TestServer, banner, both_engines};
use candor::{
    domain::uptime::Tally,
    server::{clock, demo, history},
};

both_engines!(
    filling_the_demo_again_only_changes_the_password,
    without_demo_the_sign_in_page_tells_nothing,
    a_believable_year_lies_behind_it,
);

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).unwrap_or_else(|| panic!("no {start} in {text}")) + start.len();
    &text[from..from + text[from..].find(end).unwrap()]
}

/// "Only `serve --demo` shows it on the sign-in page".
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

/// Everything that was told within the year, in the order in which it was.
async fn story(server: &TestServer) -> Vec<String> {
    let queries = [
        "select title || ': ' || status || ', ' || impact from incidents order by started_at",
        "select i.title || ': ' || u.status || ' by ' || coalesce(u.user_name, '-') || ': ' || u.body
         from incident_updates u join incidents i on i.id = u.incident_id order by u.at",
        "select title || ': ' || status from maintenances order by starts_at",
        "select s.name || ': ' || h.status from status_history h join services s on s.id = h.service_id
         order by s.name, h.started_at",
        "select name || ': ' || title || ': ' || body from incident_templates order by name",
    ];
    let mut story = Vec::new();
    for query in queries {
        story.extend(server.texts(query).await);
    }
    story
}

async fn a_believable_year_lies_behind_it(server: TestServer) {
    demo::fill(&server.app).await.unwrap();
    let now = clock::now();
    for (rows, expected) in [
        ("incidents", 26),
        ("incidents where resolved_at is null", 1),
        ("incidents where postmortem_published_at is not null", 5),
        ("incidents where impact = 'none'", 1),
        (
            "incidents i where (select count(*) from incident_updates u where u.incident_id = i.id and u.status = 'resolved') > 1",
            1,
        ),
        ("incident_updates where edited_at is not null or user_name = 'operator'", 0),
        ("incident_templates", 4),
        ("maintenances where status = 'completed'", 7),
        ("maintenances where status = 'in_progress'", 1),
        ("maintenances where status = 'scheduled'", 1),
        ("maintenances where status = 'cancelled'", 1),
        // What happened is told with the moment at which it happened.
        ("incident_updates u where u.created_at <> u.at", 0),
        (
            "maintenance_updates u join maintenances m on m.id = u.maintenance_id where u.status = 'scheduled' and u.at > m.starts_at",
            0,
        ),
        // History has no hole and no end but now.
        (
            "status_history h where h.ended_at is not null and not exists (select 1 from status_history n where n.service_id = h.service_id and n.started_at = h.ended_at)",
            0,
        ),
        ("status_history where ended_at is null", 9),
    ] {
        assert_eq!(server.number(&format!("select count(*) from {rows}")).await, expected, "{rows}");
    }
    for impact in ["minor", "major", "critical"] {
        assert!(
            server.number(&format!("select count(*) from incidents where impact = '{impact}'")).await > 3,
            "{impact}"
        );
    }
    let future = format!("select count(*) from incident_updates where at > {}", now.micros());
    assert_eq!(server.number(&future).await, 0);

    let id = server.organization_id("northwind").await;
    let mut read = server.app.db.read(&TESTS).await.unwrap();
    let spans = history::spans(&mut read, &id, now.plus_seconds(-400 * 86_400), now).await.unwrap();
    drop(read);
    assert_eq!(spans.len(), 9);
    let uptimes: Vec<u32> = spans
        .values()
        .map(|spans| {
            let of = |days: i64| Tally::between(spans.iter().copied(), now.plus_seconds(-days * 86_400), now);
            assert!(of(400).observed > 364 * 86_400 * 1_000_000, "watched for a year");
            of(90).basis_points().unwrap()
        })
        .collect();
    assert!(uptimes.iter().all(|points| *points > 9_900), "{uptimes:?}");
    assert!(uptimes.iter().filter(|points| **points < 10_000).count() >= 3, "{uptimes:?}");

    let page = server.browser().get("/status/northwind").await;
    assert_eq!(page.status, 200);
    let html = page.text();
    assert_eq!(banner(&html), ("minor".to_owned(), "Minor Service Outage".to_owned()));
    assert!(html.contains("Some card payments fail") && html.contains("processor_unavailable"), "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_year_is_always_the_same() {
    let mut before: Option<Vec<String>> = None;
    for _ in 0..2 {
        let server = TestServer::start(Engine::Sqlite).await.unwrap();
        demo::fill(&server.app).await.unwrap();
        let now = story(&server).await;
        assert_eq!(before.as_ref().unwrap_or(&now), &now);
        before = Some(now);
    }
}
