//! One organization's storm leaves the others alone. While members of the large organization change its
//! services as fast as they can, or everybody reads its page, somebody reads another organization's
//! page and somebody changes a service of a third, at a steady pace; and the same while all is quiet.

use crate::{
    Bench,
    candor::{Candor, DEMO, LARGE},
    report::{Goal, Row, SEE_BELOW},
    rounds::{Rounds, median, quantile, take_turns},
    stampede::{BROTLI, Head, bare_copy},
    visitors::{Connection, crowd, request},
};
use futures_util::future::join_all;
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Builder;

/// Connections of a storm.
const WRITERS: usize = 16;
const READERS: usize = 64;

const ROUNDS: usize = 5;
const LASTING: Duration = Duration::from_millis(2_500);
/// How much sooner a storm begins than what is measured; it ends as much later.
const AROUND: Duration = Duration::from_millis(200);

/// The pace of who reads and who changes something.
const READ_EVERY: Duration = Duration::from_millis(5);
const CHANGE_EVERY: Duration = Duration::from_millis(20);

/// Milliseconds within which 99 of 100 are answered.
struct Waits {
    page: f64,
    change: f64,
}

pub fn neighbours(bench: &Bench) -> Vec<Row> {
    let candor = &bench.candor;
    let (page, large) = (candor.page_request(DEMO, BROTLI), candor.page_request(LARGE, BROTLI));
    let waits = || {
        thread::scope(|scope| {
            let change = || candor.change_request(&candor.young, candor.address);
            let change = scope.spawn(move || steady(candor.address, CHANGE_EVERY, change));
            let page = steady(candor.address, READ_EVERY, || page.clone());
            Waits { page, change: change.join().unwrap() }
        })
    };
    let (mut written, mut read) = (Vec::new(), Vec::new());
    let write = || bench.visitors.block_on(change_and_change(candor));
    let writing = take_turns(ROUNDS, || during(&mut written, write, waits), waits);
    let storm = |address: SocketAddr, request: &[u8]| {
        let crowd = crowd(READERS, LASTING + 2 * AROUND, address, request.to_vec(), &[]);
        bench.visitors.block_on(crowd).per_second
    };
    let reading = take_turns(ROUNDS, || during(&mut read, || storm(candor.address, &large), waits), waits);
    // The same visitors take processors from a bare handler as well.
    let (bare, bare_large) = (bare_copy(bench, &page, Head::Whole), bare_copy(bench, &large, Head::Whole));
    let (asked, asked_large) = (request("GET", "/", bare, BROTLI, ""), request("GET", "/", bare_large, BROTLI, ""));
    let bare_waits = || steady(bare, READ_EVERY, || asked.clone());
    let mut bare_read = Vec::new();
    let bare_reading =
        take_turns(ROUNDS, || during(&mut bare_read, || storm(bare_large, &asked_large), bare_waits), bare_waits);
    let row = |what: &str, goal, rounds, storm: &[f64]| Row {
        what: format!("{what}: 99 of 100 within"),
        goal,
        rounds,
        unit: "ms",
        detail: format!(
            "beside {:.0} requests per second; the yardstick is the same without them",
            median(storm.to_vec())
        ),
        hint: SEE_BELOW,
    };
    let goal = Goal::AtMost(2.0);
    let (page_of, change_of) = (|waits: &Waits| waits.page, |waits: &Waits| waits.change);
    vec![
        row("another organization's page in a storm of changes", goal, Rounds::of(&writing, page_of), &written),
        row("another organization's change in a storm of changes", goal, Rounds::of(&writing, change_of), &written),
        row("another organization's page in a storm of visitors", goal, Rounds::of(&reading, page_of), &read),
        row("another organization's change in a storm of visitors", goal, Rounds::of(&reading, change_of), &read),
        row("a bare handler's page in such a storm", Goal::None, Rounds::of(&bare_reading, |wait| *wait), &bare_read),
    ]
}

/// What is measured while a storm goes on; how many requests per second the storm was is noted.
pub fn during<T>(strengths: &mut Vec<f64>, storm: impl FnOnce() -> f64 + Send, measured: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let storm = scope.spawn(storm);
        thread::sleep(AROUND);
        let found = measured();
        strengths.push(storm.join().unwrap());
        found
    })
}

/// Members of the large organization who change its services; how many changes per second.
async fn change_and_change(candor: &Candor) -> f64 {
    let started = Instant::now();
    let changes = join_all((0..WRITERS).map(|_| change_until(candor, started + LASTING + 2 * AROUND))).await;
    changes.into_iter().sum::<usize>() as f64 / started.elapsed().as_secs_f64()
}

async fn change_until(candor: &Candor, end: Instant) -> usize {
    let mut connection = Connection::open(candor.address).await.unwrap();
    let mut changes = 0;
    while Instant::now() < end {
        let change = candor.change_request(&candor.large, candor.address);
        assert_eq!(connection.ask(&change).await.unwrap().status, 200, "every change is saved");
        changes += 1;
    }
    changes
}

/// One connection that asks at this pace, on a thread of its own: how many milliseconds 99 of 100 wait. Who
/// was answered too late for the next request waits since that was due.
pub fn steady(address: SocketAddr, every: Duration, next: impl Fn() -> Vec<u8>) -> f64 {
    let alone = Builder::new_current_thread().enable_all().build().unwrap();
    alone.block_on(async {
        let mut connection = Connection::open(address).await.unwrap();
        let (mut due, mut waits) = (Instant::now(), Vec::new());
        let end = due + LASTING;
        while due < end {
            let late = Instant::now() > due;
            if !late {
                tokio::time::sleep_until(due.into()).await;
            }
            let asked = if late { due } else { Instant::now() };
            assert_eq!(connection.ask(&next()).await.unwrap().status, 200, "it is answered");
            waits.push(asked.elapsed().as_secs_f64() * 1e3);
            due += every;
        }
        quantile(waits, 0.99)
    })
}
