//! When a service breaks, everybody opens its page in the same minute: it costs about as much as a
//! handler that returns bytes which are there already.

use crate::{
    Bench,
    candor::{self, DEMO, LARGE},
    large::SERVICES,
    program::Program,
    report::{Goal, Row, SEE_BELOW},
    rounds::{Rounds, median, take_turns},
    visitors::{Answer, Connection, Load, ask, at_once, crowd, request},
    yardstick,
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Connections that ask again and again.
const CONNECTIONS: usize = 64;
/// How many rounds of each side, and how long.
type KeyedQueue = (usize, Duration);
const SHORT: KeyedQueue = (11, Duration::from_millis(600));
const SECOND: KeyedQueue = (7, Duration::from_secs(1));

/// What of the head a bare handler returns.
#[derive(Clone, Copy)]
pub enum Head {
    Whole,
    Least,
}

pub const BROTLI: &[(&str, &str)] = &[("accept-encoding", "gzip, deflate, br")];

/// Visitors who come at the same instant.
const AT_ONCE: usize = 500;

pub fn page(bench: &Bench) -> Vec<Row> {
    let loads = beside_bytes(bench, "", SHORT, BROTLI, Head::Whole, |come| come());
    let least = beside_bytes(bench, "", SHORT, BROTLI, Head::Least, |come| come());
    let what = format!("public page, brotli, {CONNECTIONS} connections");
    vec![
        per_second(&what, 0.90, &loads),
        Row {
            what: format!("{what}: 99 of 100 answered within"),
            goal: Goal::AtMost(1.5),
            rounds: Rounds::of(&loads, |load| load.p99_milliseconds),
            unit: "ms",
            detail: String::new(),
            hint: "the processor is shared by all 64, so this follows the processor time per request",
        },
        Row { goal: Goal::None, ..per_second("the same beside a handler that sends three headers", 0.0, &least) },
    ]
}

pub fn page_during_changes(bench: &Bench) -> Vec<Row> {
    let loads = beside_bytes(bench, "", SECOND, BROTLI, Head::Whole, |come| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(SECOND.1 / 2);
                bench.candor.runtime.block_on(bench.candor.change(&bench.candor.demo));
            });
            come()
        })
    });
    vec![per_second("the same while one status change per second is saved", 0.80, &loads)]
}

pub fn page_uncompressed(bench: &Bench) -> Vec<Row> {
    let loads = beside_bytes(bench, "", SHORT, &[], Head::Whole, |come| come());
    vec![per_second("public page without compression", 0.90, &loads)]
}

pub fn not_modified(bench: &Bench) -> Vec<Row> {
    let (_, head, _) = bench.visitors.block_on(ask(bench.candor.address, &bench.candor.page_request(DEMO, BROTLI)));
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag").to_owned();
    let loads =
        beside_bytes(bench, "", SHORT, &[("accept-encoding", "br"), ("if-none-match", &etag)], Head::Whole, |come| {
            come()
        });
    vec![per_second("304, the page is known", 0.95, &loads)]
}

/// What programs ask every minute, and what stands in everybody's README.
pub fn programs(bench: &Bench) -> Vec<Row> {
    let row = |what: &str, below: &str| {
        let loads = beside_bytes(bench, below, SHORT, BROTLI, Head::Whole, |come| come());
        per_second(&format!("{what}, brotli, {CONNECTIONS} connections"), 0.90, &loads)
    };
    vec![row("`summary.json` of the Statuspage API", "/api/v2/summary.json"), row("badge", "/badge.svg")]
}

/// The crowd before the server and before a bare handler that returns the bytes which the server
/// has just returned to a request for what is `below` the page.
fn beside_bytes(
    bench: &Bench,
    below: &str,
    (rounds, lasting): KeyedQueue,
    headers: &[(&str, &str)],
    head: Head,
    around: impl Fn(&dyn Fn() -> Load) -> Load,
) -> Vec<(Load, Load)> {
    let asked = request("GET", &format!("/status/{DEMO}{below}"), bench.candor.address, headers, "");
    let bare = bare_copy(bench, &asked, head);
    let bare_asked = request("GET", "/", bare, headers, "");
    let come = |address: SocketAddr, request: &[u8], lasting, threads| {
        bench.visitors.block_on(crowd(CONNECTIONS, lasting, address, request.to_vec(), threads))
    };
    // Once for nothing: caches, branches and allocators are warm then.
    come(bench.candor.address, &asked, lasting / 4, candor::THREADS);
    come(bare, &bare_asked, lasting / 4, yardstick::THREADS);
    take_turns(
        rounds,
        || around(&|| come(bench.candor.address, &asked, lasting, candor::THREADS)),
        || come(bare, &bare_asked, lasting, yardstick::THREADS),
    )
}

/// A bare handler that returns what the server returns to this request, byte for byte, or without
/// the headers that only the server sends.
pub fn bare_copy(bench: &Bench, asked: &[u8], head: Head) -> SocketAddr {
    let (status, text, body) = bench.visitors.block_on(ask(bench.candor.address, asked));
    assert!(status == 200 || status == 304, "the page is there");
    let headers: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| match head {
            // Those two every server of this kind writes by itself.
            Head::Whole => !["content-length", "date"].contains(name),
            Head::Least => ["content-type", "content-encoding", "etag"].contains(name),
        })
        .collect();
    bench.yardstick.page(status, &headers, body)
}

fn per_second(what: &str, goal: f64, loads: &[(Load, Load)]) -> Row {
    let processor = Rounds::of(loads, |load| load.processor_microseconds);
    let (subject, bare) = processor.medians();
    Row {
        what: what.to_owned(),
        goal: Goal::AtLeast(goal),
        rounds: Rounds::of(loads, |load| load.per_second),
        unit: "per second",
        detail: format!("{subject:.1} beside {bare:.1} µs of processor per request"),
        hint: SEE_BELOW,
    }
}

/// 500 visitors at the same instant, right after a change: the page is in nobody's memory. They come
/// to the program itself, over connections of their own.
pub fn cold(bench: &Bench) -> Vec<Row> {
    let (candor, visitors) = (&bench.candor, &bench.visitors);
    let path = format!("/status/{LARGE}");
    let program = Program::candor(&candor.folder, &candor::database_url(&candor.folder), &[], &path);
    let asked = request("GET", &path, program.address, BROTLI, "");
    let mut member = visitors.block_on(Connection::open(program.address)).unwrap();
    let mut change = || {
        let change = candor.change_request(&candor.large, program.address);
        assert_eq!(visitors.block_on(member.ask(&change)).unwrap().status, 200, "the change is saved");
    };
    let bare = bare_copy(bench, &candor.page_request(LARGE, BROTLI), Head::Whole);
    let bare_asked = request("GET", "/", bare, BROTLI, "");
    let mut alone = Vec::new();
    let pairs = take_turns(
        11,
        || {
            let (_, head, _) = visitors.block_on(ask(program.address, &asked));
            let before = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag").to_owned();
            change();
            let is_new = move |answer: &Answer<'_>| answer.status == 200 && answer.header("etag") != before;
            let last = visitors.block_on(at_once(AT_ONCE, program.address, &asked, is_new));
            change();
            let started = Instant::now();
            visitors.block_on(ask(program.address, &asked));
            alone.push(started.elapsed().as_secs_f64() * 1e3);
            last.as_secs_f64() * 1e3
        },
        || visitors.block_on(at_once(AT_ONCE, bare, &bare_asked, |answer| answer.status == 200)).as_secs_f64() * 1e3,
    );
    vec![Row {
        what: format!("{AT_ONCE} visitors at once, right after a change: the last has the new page"),
        goal: Goal::AtMost(1.5),
        rounds: Rounds::of(&pairs, |last| *last),
        unit: "ms",
        detail: format!("{SERVICES} services; one who comes alone after a change waits {:.1} ms", median(alone)),
        hint: SEE_BELOW,
    }]
}
