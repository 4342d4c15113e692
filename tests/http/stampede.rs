//! Everybody at once: finished pages are sent from memory, a new one is made once, open pages that missed changes
//! hear of all of them together, and what is costly is turned away before it holds up anything else.

use crate::support::{Answer, Browser, Engine, PASSWORD, TestServer, both_engines, sections};
use candor::server::clock;
use serde_json::json;
use sqlx::{AnyConnection, Connection};
use std::{collections::HashSet, io::Read, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Barrier, task::JoinSet, time::timeout};

both_engines!(
    five_hundred_at_once_get_the_new_page_made_once,
    finished_pages_carry_what_every_page_carries,
    what_was_saved_is_in_the_next_answer,
    an_open_page_that_missed_changes_hears_of_all_at_once,
    an_open_page_that_is_far_behind_reads_again,
);

/// More than are served and wait at once.
const CROWD: usize = 500;
/// How long a visitor waits at most while the server is busy with others, on a machine that runs other tests.
const PROMPT: Duration = Duration::from_secs(4);

/// Lets so many do this at the same instant; what each of them got, as it comes.
fn at_once<T, F>(people: usize, act: impl Fn(usize) -> F) -> JoinSet<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(people));
    let mut all = JoinSet::new();
    for person in 0..people {
        let (start, acting) = (start.clone(), act(person));
        all.spawn(async move {
            start.wait().await;
            acting.await
        });
    }
    all
}

async fn page(browser: &Browser, path: &str) -> Answer {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

/// A name that no other test has in this process: renderings are counted by it.
fn slug_on(server: &TestServer) -> &'static str {
    if server.database_url().starts_with("sqlite") { "stampede-sqlite" } else { "stampede-postgres" }
}

async fn five_hundred_at_once_get_the_new_page_made_once(server: TestServer) {
    let slug = slug_on(&server);
    let path = format!("/status/{slug}");
    let owner = server.owner(slug).await;
    let api = owner.create_service(slug, "API", "").await;
    let names: Vec<String> = (0..50).map(|number| format!("Service {number}")).collect();
    owner.rpc("create_services", json!({ "organization": slug, "names": names })).await.right();
    let visitor = server.browser();
    let renderings = async || {
        let told = visitor.get(&format!("/test/renderings?organization={slug}")).await;
        assert_eq!(told.status, 200, "the server is built with the feature movable-clock");
        told.text().trim().parse::<u64>().unwrap()
    };
    let mut known = HashSet::from([page(&visitor, &path).await.header("etag").to_owned()]);
    for status in ["major_outage", "degraded_performance"] {
        let before = renderings().await;
        owner.set_status(slug, &[&api], status).await;
        let answers = at_once(CROWD, |_| {
            let (visitor, path) = (server.browser(), path.clone());
            async move { page(&visitor, &path).await }
        });
        let answers = answers.join_all().await;
        let tags: HashSet<String> = answers.iter().map(|answer| answer.header("etag").to_owned()).collect();
        assert_eq!(tags.len(), 1, "one page for everybody: {tags:?}");
        assert!(tags.iter().all(|tag| known.insert(tag.clone())), "a new one: {tags:?}");
        let html = answers[0].text();
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
        assert_eq!(sections(&html)[0].services[0], ("API".to_owned(), status.to_owned()));
        assert_eq!(renderings().await, before + 1, "made once");
    }
}

/// An organization with one of everything that visitors read.
struct World {
    owner: Browser,
    service: String,
    incident: String,
    maintenance: String,
}

impl World {
    async fn new(server: &TestServer) -> Self {
        let owner = server.owner("northwind").await;
        let service = owner.create_service("northwind", "API", "").await;
        let made = async |function: &str, input| {
            let made = owner.rpc(function, json!({ "organization": "northwind", "input": input })).await.right();
            made.as_str().unwrap().to_owned()
        };
        let incident = made("report_incident", json!({ "title": "Slow", "body": "We look." })).await;
        let local = |time| clock::now().plus_seconds(3 * 86_400).utc().format(&format!("%Y-%m-%dT{time}")).to_string();
        let (starts_at, ends_at) = (local("10:00"), local("12:00"));
        let window = json!({
            "title": "Upgrade", "body": "Soon.", "starts_at": starts_at, "ends_at": ends_at, "services": [service],
        });
        let maintenance = made("schedule_maintenance", window).await;
        Self { owner, service, incident, maintenance }
    }

    fn paths(&self) -> [String; 5] {
        let Self { service, incident, maintenance, .. } = self;
        [
            String::new(),
            "/history".to_owned(),
            format!("/incidents/{incident}"),
            format!("/maintenance/{maintenance}"),
            format!("/services/{service}"),
        ]
        .map(|rest| format!("/status/northwind{rest}"))
    }
}

fn decoded(answer: &Answer) -> Vec<u8> {
    let mut plain = Vec::new();
    match answer.header("content-encoding") {
        "br" => {
            brotli::BrotliDecompress(&mut answer.body.as_slice(), &mut plain).unwrap();
        }
        "gzip" => {
            flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut plain).unwrap();
        }
        _ => plain.clone_from(&answer.body),
    }
    plain
}

/// What is sent from memory passes by what stands before every other page.
async fn finished_pages_carry_what_every_page_carries(server: TestServer) {
    const PROTECTIVE: [&str; 6] = [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "x-frame-options",
        "cross-origin-opener-policy",
        "permissions-policy",
    ];
    const OF_THE_PAGE: [&str; 5] = ["etag", "last-modified", "vary", "cache-control", "cdn-cache-control"];
    let world = World::new(&server).await;
    let visitor = server.browser();
    let other = page(&visitor, "/sign-in").await;
    let is_protected = |answer: &Answer, what: &str| {
        for name in PROTECTIVE {
            assert!(!other.header(name).is_empty(), "{name}");
            assert_eq!(answer.header(name), other.header(name), "{name} of {what}");
        }
        assert!(answer.header("set-cookie").is_empty(), "{what}");
    };
    for path in world.paths() {
        let made = page(&visitor, &path).await;
        // The first is made, the second comes from memory.
        let plain = page(&visitor, &path).await;
        for name in OF_THE_PAGE {
            assert!(!plain.header(name).is_empty(), "{name} of {path}");
            assert_eq!(made.header(name), plain.header(name), "{name} of {path}");
        }
        is_protected(&made, &path);
        assert_eq!((plain.header("content-encoding"), &made.body), ("", &plain.body), "{path}");
        for (accepted, encoding) in [("identity", ""), ("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br", "br")] {
            let what = format!("{path} as {accepted}");
            let get = visitor.get_with(&path, &[("accept-encoding", accepted)]).await;
            assert_eq!((get.status, get.header("content-encoding")), (200, encoding), "{what}");
            assert_eq!(get.header("content-length"), get.body.len().to_string(), "{what}");
            assert_eq!(decoded(&get), plain.body, "{what}");
            is_protected(&get, &what);

            let head = visitor.request(reqwest::Method::HEAD, &path).header("accept-encoding", accepted);
            let head = visitor.send(head).await;
            assert_eq!((head.status, head.body.len()), (200, 0), "HEAD {what}");
            for name in ["content-type", "content-length", "content-encoding"].iter().chain(&OF_THE_PAGE) {
                assert_eq!(head.header(name), get.header(name), "{name} of HEAD {what}");
            }
            is_protected(&head, &format!("HEAD {what}"));
        }
        for known in ["etag", "last-modified"] {
            let asks = if known == "etag" { "if-none-match" } else { "if-modified-since" };
            let again = visitor.get_with(&path, &[(asks, plain.header(known)), ("accept-encoding", "br")]).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{path} by {known}");
            for name in OF_THE_PAGE {
                assert_eq!(again.header(name), plain.header(name), "{name} of {path} by {known}");
            }
            is_protected(&again, &format!("{path} by {known}"));
        }
    }
}

async fn what_was_saved_is_in_the_next_answer(server: TestServer) {
    let world = World::new(&server).await;
    let [main, history, incident, maintenance, service] = world.paths();
    let visitor = server.browser();
    for round in 0..3 {
        let told = format!("The cause is number {round}.");
        let moved = format!("The crew is number {round}.");
        let named = format!("API number {round}");
        let body = |text: &str| json!({ "body": text });
        let named_input = json!({ "name": named });
        for (function, id, input, words, paths) in [
            ("post_incident_update", &world.incident, body(&told), &told, vec![&main, &history, &incident]),
            ("update_maintenance", &world.maintenance, body(&moved), &moved, vec![&maintenance]),
            ("update_service", &world.service, named_input, &named, vec![&main, &service]),
        ] {
            let mut before = Vec::new();
            for path in &paths {
                before.push(page(&visitor, path).await.header("etag").to_owned());
            }
            let arguments = json!({ "organization": "northwind", "id": id, "input": input });
            world.owner.rpc(function, arguments).await.right();
            for (path, etag) in paths.iter().zip(&before) {
                let answer = visitor.get_with(path, &[("if-none-match", etag)]).await;
                assert_eq!(answer.status, 200, "{path} after {function}");
                assert!(answer.text().contains(words.as_str()), "{path} after {function}: {}", answer.text());
            }
        }
    }
}

/// The version that the page carries for its script.
async fn version_of_page(visitor: &Browser) -> i64 {
    let html = page(visitor, "/status/northwind").await.text();
    html.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
}

async fn an_open_page_that_missed_changes_hears_of_all_at_once(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (mut regions, mut services) = (vec!["banner".to_owned()], Vec::new());
    for name in ["Core", "Data", "Support"] {
        let group = owner.create_group("northwind", name).await;
        services.push(owner.create_service("northwind", &format!("{name} API"), &group).await);
        owner.create_service("northwind", &format!("{name} site"), &group).await;
        regions.push(format!("g-{group}"));
    }
    let visitor = server.browser();
    // Whether or not somebody reads each version in between.
    for (status, is_read) in [("major_outage", false), ("partial_outage", true), ("operational", false)] {
        let seen = version_of_page(&visitor).await;
        for service in &services {
            owner.set_status("northwind", &[service], status).await;
            if is_read {
                version_of_page(&visitor).await;
            }
        }
        assert_eq!(version_of_page(&visitor).await, seen + 3);
        let mut socket = visitor.socket(&format!("/status/northwind/live?version={seen}")).await.unwrap();
        let told = socket.next().await;
        assert_eq!((told["from"].as_i64(), told["version"].as_i64()), (Some(seen), Some(seen + 3)), "{told}");
        assert!(told["reload"].is_null(), "{told}");
        let changed = told["regions"].as_object().unwrap();
        for region in &regions {
            assert!(changed.contains_key(region), "{region} of {:?}", changed.keys());
        }
        let html = page(&visitor, "/status/northwind").await.text();
        for (region, now) in changed {
            assert!(html.contains(now.as_str().unwrap()), "{region} is what the page shows: {now}");
        }
        socket.is_quiet().await;
    }
}

/// Only so many versions are remembered.
async fn an_open_page_that_is_far_behind_reads_again(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let visitor = server.browser();
    let first = version_of_page(&visitor).await;
    for status in ["major_outage", "operational"].iter().cycle().take(33) {
        owner.set_status("northwind", &[&api], status).await;
        version_of_page(&visitor).await;
    }
    let now = first + 33;
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={first}")).await.unwrap();
    assert_eq!(socket.next().await, json!({ "version": now, "reload": true }));
    let near = first + 3;
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={near}")).await.unwrap();
    let told = socket.next().await;
    assert_eq!((told["from"].as_i64(), told["version"].as_i64()), (Some(near), Some(now)), "{told}");
}

/// A page that has to be there while the server is busy with others.
async fn is_served(visitor: &Browser) {
    let answer = timeout(PROMPT, visitor.get("/status/northwind")).await;
    assert_eq!(answer.expect("the page, promptly").status, 200);
}

/// Checking a password is meant to be slow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_sign_ins_is_turned_away_and_visitors_read_on() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(server) = TestServer::start_with(engine, &["--trusted-proxies", "127.0.0.1"]).await else { continue };
        server.owner("northwind").await;
        let visitor = server.browser();
        is_served(&visitor).await;
        // Everybody has an address and an account of their own, so no limit of these is met.
        let flood = at_once(CROWD, |person| {
            let browser = server.browser();
            async move {
                let (name, address) =
                    (format!("{person}@example.com"), format!("10.0.{}.{}", person / 250, person % 250));
                let form = browser.form("/sign-in", &[("email", &name), ("password", "not the password")]);
                browser.send(form.header("x-forwarded-for", address)).await
            }
        });
        let flood = tokio::spawn(flood.join_all());
        let mut times = 0;
        while !flood.is_finished() {
            is_served(&visitor).await;
            times += 1;
        }
        assert!(times > 1, "read {times} times meanwhile");
        let (mut tried, mut turned_away) = (0, 0);
        for answer in flood.await.unwrap() {
            match answer.status {
                422 => tried += 1,
                503 => {
                    assert_eq!(answer.header("retry-after"), "1");
                    turned_away += 1;
                }
                other => panic!("{other}: {}", answer.text()),
            }
        }
        assert!(tried > 0 && turned_away > 0, "{tried} were tried, {turned_away} turned away");
        assert_eq!(server.browser().sign_in("owner-northwind", PASSWORD).await.status, 303, "it is over");
    }
}

/// Another process holds the only writer: whoever comes late need not wait as long as those before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_would_wait_too_long_are_turned_away_at_once() {
    let Some(server) = TestServer::start(Engine::Sqlite).await else { return };
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let visitor = server.browser();
    is_served(&visitor).await;
    let mut other = AnyConnection::connect(server.database_url()).await.unwrap();
    sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
    let mut changes = at_once(CROWD, |number| {
        let status = if number % 2 == 0 { "major_outage" } else { "partial_outage" };
        let arguments = json!({ "organization": "northwind", "ids": [api], "status": status });
        let owner = owner.clone();
        async move { owner.rpc("set_status", arguments).await }
    });
    let first = timeout(PROMPT, changes.join_next()).await.expect("nobody is turned away at once").unwrap().unwrap();
    assert_eq!((first.status, first.header("retry-after")), (503, "1"), "{}", first.text());
    is_served(&visitor).await;
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    let rest = changes.join_all().await;
    assert!(rest.iter().all(|answer| matches!(answer.status, 200 | 503)), "{rest:?}");
    owner.set_status("northwind", &[&api], "degraded_performance").await;
    let html = page(&visitor, "/status/northwind").await.text();
    assert_eq!(sections(&html)[0].services[0].1, "degraded_performance");
}

/// Whoever only announces what they will send holds nobody up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dawdles_takes_no_place() {
    let Some(server) = TestServer::start(Engine::Sqlite).await else { return };
    let owner = server.owner("northwind").await;
    let begun = "POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\nemail=";
    let mut open = Vec::new();
    for _ in 0..CROWD {
        let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
        connection.write_all(begun.as_bytes()).await.unwrap();
        open.push(connection);
    }
    for _ in 0..5 {
        let answer = timeout(PROMPT, owner.get("/dashboard/northwind")).await.expect("it is nobody's turn but ours");
        assert_eq!(answer.status, 200);
    }
    drop(open);
}
