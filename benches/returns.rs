//! A restart takes every socket away: everybody is back soon, with what is true by then, and who asks
//! for the page meanwhile gets it.

use crate::{
    Bench,
    candor::{LARGE, database_url},
    program::Program,
    report::{Goal, Row, SEE_BELOW},
    rounds::Rounds,
    stampede::BROTLI,
    visitors::{Connection, Socket, ask, open_all, request, shown_version, source},
};
use serde::Deserialize;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time};

/// What a server says to sockets that shall come back.
const RESTARTS: u16 = 1012;
/// When something changes after the restart: while some are back and some are not.
const CHANGE_AFTER: Duration = Duration::from_secs(4);
/// From then on nobody is waited for.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// How often one visitor asks for the page meanwhile, and how long they wait for it.
const EVERY: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Where they come from: no socket does, nor is the server there.
const ALONE: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);

pub fn returns(bench: &Bench) -> Vec<Row> {
    let (candor, visitors, sockets) = (&bench.candor, &bench.visitors, bench.sockets);
    let (database, page) = (database_url(&candor.folder), format!("/status/{LARGE}"));
    let program = Program::candor(&candor.folder, &database, &[], &page);
    let address = program.address;
    let readers = visitors.block_on(Readers::seat(sockets, address, &page));
    let lost = Instant::now();
    let stopping = program.stop();
    let over = Arc::new(AtomicBool::new(false));
    let asking = visitors.spawn(keep_asking(address, page.clone(), over.clone()));
    let program = Program::candor_at(address, &candor.folder, &database, &[], &page);
    thread::sleep(CHANGE_AFTER);
    let (all, asked) = visitors.block_on(async {
        let (status, ..) = ask(address, &candor.change_request(&candor.large, address)).await;
        assert_eq!(status, 200, "the change is saved");
        let version = shown_version(address, &page).await;
        while readers.with(version) < sockets && lost.elapsed() < GIVEN_UP {
            time::sleep(Duration::from_millis(10)).await;
        }
        let all = (lost.elapsed(), readers.with(version));
        over.store(true, Ordering::Relaxed);
        (all, asking.await.unwrap())
    });
    let mut detail = format!(
        "it had ended after {:.1} s; its successor answered {:.2} s later",
        stopping.as_secs_f64(),
        program.first_answer.as_secs_f64()
    );
    if all.1 < sockets {
        detail += &format!("; {} were not back when this was given up", sockets - all.1);
    }
    let row = |what: &str, goal, number, unit, detail| Row {
        what: what.to_owned(),
        goal,
        rounds: Rounds::alone(vec![number]),
        unit,
        detail,
        hint: SEE_BELOW,
    };
    vec![
        row(
            &format!("{sockets} sockets lost and back after a restart, each with a change made since"),
            Goal::Under(30.0),
            all.0.as_secs_f64(),
            "s",
            detail,
        ),
        row(
            "requests for the page that failed meanwhile, after the first answer",
            Goal::Under(0.0),
            asked.failed as f64,
            "requests",
            format!("{} were answered", asked.answered),
        ),
        row("the longest that one of them took", Goal::None, asked.longest.as_secs_f64() * 1e3, "ms", String::new()),
    ]
}

/// Visitors whose pages stay open: the version that each page shows.
struct Readers {
    shown: Arc<[AtomicI64]>,
    // They read as long as this is there.
    _reading: JoinSet<()>,
}

impl Readers {
    async fn seat(sockets: usize, address: SocketAddr, page: &str) -> Self {
        let version = shown_version(address, page).await;
        let open = open_all(0..sockets, address, &format!("{page}/live?version={version}")).await;
        let shown: Arc<[AtomicI64]> = open.iter().map(|_| AtomicI64::new(version)).collect();
        let mut reading = JoinSet::new();
        for (number, socket) in open.into_iter().enumerate() {
            let reader = Reader { number, address, page: page.to_owned(), shown: shown.clone() };
            reading.spawn(reader.reads(socket));
        }
        Self { shown, _reading: reading }
    }

    /// How many show this version or a later one.
    fn with(&self, version: i64) -> usize {
        self.shown.iter().filter(|shown| shown.load(Ordering::Relaxed) >= version).count()
    }
}

/// What `live.js` does.
struct Reader {
    number: usize,
    address: SocketAddr,
    page: String,
    shown: Arc<[AtomicI64]>,
}

#[derive(Deserialize)]
struct News {
    version: i64,
    #[serde(default)]
    reload: bool,
}

impl Reader {
    async fn reads(self, mut socket: Socket) {
        loop {
            // That it has ended is no failure.
            let _ = self.listen(&mut socket).await;
            let restarts = socket.closed_with() == Some(RESTARTS);
            drop(socket);
            socket = self.come_back(restarts).await;
        }
    }

    async fn listen(&self, socket: &mut Socket) -> io::Result<()> {
        loop {
            let News { version, reload } = serde_json::from_slice(socket.next().await?)?;
            if reload {
                read(source(self.number), self.address, &self.page).await?;
            }
            self.shown[self.number].store(version, Ordering::Relaxed);
        }
    }

    async fn come_back(&self, mut restarts: bool) -> Socket {
        let mut wait = 1.0_f64;
        loop {
            let (some, seconds) = (rand::random::<f64>(), wait / 2.0);
            time::sleep(Duration::from_secs_f64(if restarts { 10.0 * some } else { seconds * (1.0 + some) })).await;
            (wait, restarts) = ((wait * 2.0).min(30.0), false);
            let path = format!("{}/live?version={}", self.page, self.shown[self.number].load(Ordering::Relaxed));
            if let Ok(socket) = Socket::open(source(self.number), self.address, &path, &[]).await {
                return socket;
            }
        }
    }
}

/// Reads the page over a connection of its own.
async fn read(from: Ipv4Addr, address: SocketAddr, page: &str) -> io::Result<()> {
    let mut connection = Connection::open_from(from, address).await?;
    let status = connection.ask(&request("GET", page, address, BROTLI, "")).await?.status;
    if status == 200 { Ok(()) } else { Err(io::Error::other(format!("the page is answered with {status}"))) }
}

/// What somebody saw who asked for the page again and again.
#[derive(Default)]
struct Asked {
    answered: usize,
    failed: usize,
    longest: Duration,
}

async fn keep_asking(address: SocketAddr, page: String, over: Arc<AtomicBool>) -> Asked {
    let mut asked = Asked::default();
    while !over.load(Ordering::Relaxed) {
        let started = Instant::now();
        let answered = matches!(time::timeout(TIMEOUT, read(ALONE, address, &page)).await, Ok(Ok(())));
        // Before the first answer nobody is there to answer.
        if answered || asked.answered > 0 {
            asked.longest = asked.longest.max(started.elapsed());
            if answered { asked.answered += 1 } else { asked.failed += 1 }
        }
        time::sleep_until((started + EVERY).into()).await;
    }
    asked
}
