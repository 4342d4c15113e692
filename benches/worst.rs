//! The worst requests that are known, while visitors read: one free account that asks for what costs most, and a
//! stranger who asks for what does not exist, leave other organizations' pages and changes alone. On SQLite, and on
//! PostgreSQL where a server is named.

use crate::{
    Bench,
    candor::{BENCH, EMAIL, PASSWORD, assembled_on, database_url, sign_in_as},
    machine::Folder,
    neighbours::{during, steady},
    program::Program,
    report::{Goal, Row},
    rounds::{Rounds, take_turns},
    stampede::BROTLI,
    visitors::{Connection, request},
};
use candor::{
    domain::{
        organization::NewOrganization,
        role::Role,
        service::GroupInput,
        status::{Cause, ServiceStatus},
    },
    server::{
        access::accounts,
        clock, organizations,
        services::{self, NewService},
    },
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use std::{
    cell::Cell,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The organization of the account that attacks, and how many services it has.
const HOSTILE: &str = "hostile";
const SERVICES: usize = 1_000;
/// The organization that is read and changed meanwhile.
const QUIET: &str = "quiet";
const ATTACKER: &str = "attacker@example.com";

const ROUNDS: usize = 3;
const LASTING: Duration = Duration::from_millis(2_500);
const AROUND: Duration = Duration::from_millis(200);
const READ_EVERY: Duration = Duration::from_millis(5);
/// Slow enough that its own changes do not queue up behind each other.
const CHANGE_EVERY: Duration = Duration::from_millis(200);

/// A server with both organizations.
struct Target {
    program: Program,
    engine: &'static str,
    owner: String,
    attacker: String,
    service: String,
    hostile: Vec<String>,
    changes: AtomicUsize,
    _folder: Folder,
}

impl Target {
    fn start(bench: &Bench, engine: &'static str, url: Option<String>) -> Self {
        let folder = Folder::within(&bench.candor.folder, &format!("worst-{engine}"));
        let url = url.unwrap_or_else(|| database_url(&folder));
        let (hostile, service) = bench.candor.runtime.handle().block_on(fill(&url));
        let program = Program::candor(&folder, &url, &[], &format!("/status/{QUIET}"));
        let sign_in = |email: &'static str| bench.visitors.block_on(sign_in_as(program.address, email));
        let (owner, attacker) = (sign_in(EMAIL), sign_in(ATTACKER));
        Self { program, engine, owner, attacker, service, hostile, changes: AtomicUsize::new(0), _folder: folder }
    }

    fn rpc(&self, cookie: &str, function: &str, body: &Value) -> Vec<u8> {
        let headers = [("cookie", cookie), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        request("POST", &format!("/rpc/{function}"), self.program.address, &headers, &body.to_string())
    }

    /// Another organization's change.
    fn change(&self) -> Vec<u8> {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        let status = if number.is_multiple_of(2) { "degraded_performance" } else { "operational" };
        self.rpc(&self.owner, "set_status", &json!({ "organization": QUIET, "ids": [self.service], "status": status }))
    }

    /// What the account sends next, by what it is told.
    fn ask(&self, function: &str, mut body: Value) -> Vec<u8> {
        body["organization"] = HOSTILE.into();
        self.rpc(&self.attacker, function, &body)
    }
}

/// Sends one request after the other until the end; how many.
async fn repeat(
    address: SocketAddr,
    end: Instant,
    every: Duration,
    mut next: impl FnMut(Option<Value>) -> Vec<u8>,
) -> usize {
    let (mut count, mut answer) = (0, None);
    let mut connection = Connection::open(address).await.unwrap();
    let mut due = Instant::now();
    while Instant::now() < end {
        tokio::time::sleep_until(due.into()).await;
        due = Instant::now() + every;
        answer = match connection.ask(&next(answer)).await {
            Ok(told) => serde_json::from_slice(told.body).ok(),
            Err(_) => {
                connection = Connection::open(address).await.unwrap();
                None
            }
        };
        count += 1;
    }
    count
}

/// An attack: its name, over how many connections, how soon each asks again, and what it asks next after what it got.
/// What is refused quickly is not asked as fast as the machine can: that would measure the one that asks.
type Attack = (&'static str, usize, Duration, fn(&Target, &Cell<usize>, Option<Value>) -> Vec<u8>);

const AT_ONCE: Duration = Duration::ZERO;
const PACED: Duration = Duration::from_millis(50);

const ATTACKS: &[Attack] = &[
    ("previews of 12,500 nested quotes", 24, PACED, |target, _, _| {
        target.ask("preview_message", json!({ "body": "> ".repeat(12_500) }))
    }),
    ("daily maintenance of 1,000 services, scheduled and ended", 2, AT_ONCE, |target, _, answer| match answer {
        Some(Value::String(id)) => target.ask("end_maintenance_series", json!({ "id": id })),
        _ => {
            let day = clock::now().plus_seconds(2 * 86_400).utc().format("%Y-%m-%d").to_string();
            let input = json!({
                "title": "Daily", "body": "Soon.", "services": target.hostile, "repeat": "FREQ=DAILY",
                "starts_at": format!("{day}T10:00"), "ends_at": format!("{day}T11:00"), "by_hand": false,
            });
            target.ask("schedule_maintenance", json!({ "input": input }))
        }
    }),
    ("incidents of 1,000 services, reported again and again", 2, AT_ONCE, |target, count, _| {
        count.set(count.get() + 1);
        let statements: Vec<Value> =
            target.hostile.iter().map(|id| json!({ "service_id": id, "status": "partial_outage" })).collect();
        let status = if count.get().is_multiple_of(2) { "resolved" } else { "investigating" };
        let input = json!({
            "title": "Slow", "body": "> ".repeat(2_000), "status": status, "services": statements,
        });
        target.ask("report_incident", json!({ "input": input }))
    }),
    ("incidents that do not exist", 24, PACED, |target, _, _| {
        let id: String = (0..12).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        request("GET", &format!("/status/{HOSTILE}/incidents/{id}"), target.program.address, &[], "")
    }),
];

pub fn worst(bench: &Bench) -> Vec<Row> {
    let mut rows = measure(bench, &Target::start(bench, "SQLite", None));
    if let Some(server) = &bench.postgres {
        let name = format!("candor_bench_{}", std::process::id());
        let run = |statement: String| {
            bench.candor.runtime.handle().block_on(async {
                let mut connection = AnyConnection::connect(server).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            });
        };
        run(format!("create database {name}"));
        let (place, _) = server.rsplit_once('/').expect("an address with a database");
        rows.extend(measure(bench, &Target::start(bench, "PostgreSQL", Some(format!("{place}/{name}")))));
        run(format!("drop database {name} with (force)"));
    }
    rows
}

fn measure(bench: &Bench, target: &Target) -> Vec<Row> {
    let address = target.program.address;
    let page = request("GET", &format!("/status/{QUIET}"), address, BROTLI, "");
    let waits = || {
        thread::scope(|scope| {
            let change = scope.spawn(|| steady(address, CHANGE_EVERY, || target.change()));
            let page = steady(address, READ_EVERY, || page.clone());
            (page, change.join().unwrap())
        })
    };
    let mut rows = Vec::new();
    for (name, connections, every, next) in ATTACKS {
        let mut strength = Vec::new();
        let attack = || {
            let end = Instant::now() + LASTING + 2 * AROUND;
            let one = || async {
                let count = Cell::new(0);
                repeat(address, end, *every, |answer| next(target, &count, answer)).await
            };
            let all = bench.visitors.block_on(join_all((0..*connections).map(|_| one())));
            all.into_iter().sum::<usize>() as f64 / (LASTING + 2 * AROUND).as_secs_f64()
        };
        let pairs = take_turns(ROUNDS, || during(&mut strength, attack, waits), waits);
        let row = |what: &str, goal, rounds| Row {
            what: format!("{}, {name}: another organization's {what}, 99 of 100 within", target.engine),
            goal,
            rounds,
            unit: "ms",
            detail: format!("beside {:.0} such requests per second", crate::rounds::median(strength.clone())),
            hint: "one account or one stranger takes more than their part",
        };
        rows.push(row("page", Goal::AtMost(2.0), Rounds::of(&pairs, |(page, _)| *page)));
        rows.push(row("change", Goal::Under(1_000.0), Rounds::of(&pairs, |(_, change)| *change)));
    }
    rows
}

/// Makes both organizations; the services of the hostile one, and the other's.
async fn fill(url: &str) -> (Vec<String>, String) {
    let (app, _) = assembled_on(url, ([127, 0, 0, 1], 0).into(), &[]).await;
    let mut all = Vec::new();
    for (slug, email, count) in [(HOSTILE, ATTACKER, SERVICES), (QUIET, EMAIL, 20)] {
        let user = accounts::set_password(&app, BENCH, email, "Somebody", PASSWORD.to_owned()).await.unwrap();
        let new = NewOrganization {
            name: slug.to_owned(),
            slug: slug.to_owned(),
            time_zone: "Europe/Vienna".to_owned(),
            listed: true,
        };
        let (id, _) = organizations::find_or_create(&app, BENCH, new).await.unwrap();
        organizations::add_member(&app, BENCH, &id, &user, Role::Owner).await.unwrap();
        let mut write = BENCH.write(&app, &id).await.unwrap();
        let mut services = Vec::new();
        for number in 0..count {
            let new = NewService {
                texts: GroupInput { name: format!("Service {number}"), description: String::new() },
                group_id: None,
                team_id: None,
                status: ServiceStatus::Operational,
                source_id: None,
                cause: Cause::Manual,
                created_at: None,
                observed_since: None,
            };
            services.push(services::add(&mut write, new).await.unwrap().to_string());
        }
        write.commit(&[]).await.unwrap();
        all.push(services);
    }
    let service = all[1][0].clone();
    (all.swap_remove(0), service)
}
