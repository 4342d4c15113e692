//! One member changes one status: when a visitor's page and a colleague's dashboard have it. Counted
//! from sending the request, so it holds signing, checking, saving durably, rendering and sending.
//!
//! The yardstick is a handler that saves one row as durably and tells one socket.

use crate::{
    Bench,
    candor::LARGE,
    machine::Folder,
    report::{Goal, Row},
    rounds::{Rounds, take_turns},
    visitors::{Connection, Socket, request, shown_version},
    yardstick,
};
use axum::{
    Router,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    routing::{get, post},
};
use sqlx::SqliteConnection;
use std::{
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Runtime,
    sync::{Mutex, broadcast},
};

const CHANGES: usize = 41;
/// Between two changes nothing happens, as is usual.
const QUIET: Duration = Duration::from_millis(25);

/// Milliseconds from the request to the answer and to each of both sockets.
struct Seen {
    answer: f64,
    visitor: f64,
    dashboard: f64,
}

pub fn seen(bench: &Bench) -> Vec<Row> {
    let (candor, visitors) = (&bench.candor, &bench.visitors);
    let origin = format!("http://{}", candor.address);
    // Other processes may have changed it: from now on what is shown is what is in the database.
    candor.runtime.block_on(candor.change(&candor.large));
    let session = [("cookie", candor.members.next()), ("origin", origin.as_str())];
    let (mut member, mut visitor, mut dashboard) = visitors.block_on(async {
        let open = async |path: String, headers: &[(&str, &str)]| {
            Socket::open(Ipv4Addr::LOCALHOST, candor.address, &path, headers).await.unwrap()
        };
        let version = shown_version(candor.address, &format!("/status/{LARGE}")).await;
        let visitor = open(format!("/status/{LARGE}/live?version={version}"), &[]).await;
        let mut dashboard = open(format!("/rpc/live?organization={LARGE}"), &session).await;
        // It says at once which version there is.
        dashboard.next().await.unwrap();
        (Connection::open(candor.address).await.unwrap(), visitor, dashboard)
    });
    let (bare_address, mut bare_visitor, mut bare_dashboard) = bare(bench);
    let mut bare_member = visitors.block_on(Connection::open(bare_address)).unwrap();
    let pairs = take_turns(
        CHANGES,
        || {
            let change = candor.change_request(&candor.large, candor.address);
            change_and_see(visitors, &change, &mut member, &mut visitor, &mut dashboard)
        },
        || {
            let change = request("POST", "/", bare_address, &[], "");
            change_and_see(visitors, &change, &mut bare_member, &mut bare_visitor, &mut bare_dashboard)
        },
    );
    let row = |who: &str, number: fn(&Seen) -> f64, detail: String| Row {
        what: format!("one status change, from the member's click to {who}"),
        goal: Goal::None,
        rounds: Rounds::of(&pairs, number),
        unit: "ms",
        detail,
        hint: "",
    };
    let (answer, _) = Rounds::of(&pairs, |seen| seen.answer).medians();
    vec![
        row("a visitor's socket", |seen| seen.visitor, String::new()),
        row(
            "a colleague's dashboard socket",
            |seen| seen.dashboard,
            format!("the member has the answer after {answer:.1} ms"),
        ),
    ]
}

fn change_and_see(
    visitors: &Runtime,
    change: &[u8],
    member: &mut Connection,
    visitor: &mut Socket,
    dashboard: &mut Socket,
) -> Seen {
    visitors.block_on(async {
        tokio::time::sleep(QUIET).await;
        let clicked = Instant::now();
        let since = || clicked.elapsed().as_secs_f64() * 1e3;
        let answer = async {
            let status = member.ask(change).await.unwrap().status;
            assert_eq!(status, 200, "the change is saved");
            since()
        };
        let heard = async |socket: &mut Socket| {
            socket.next().await.unwrap();
            since()
        };
        let (answer, visitor, dashboard) = tokio::join!(answer, heard(visitor), heard(dashboard));
        Seen { answer, visitor, dashboard }
    })
}

type Shared = Arc<(Mutex<SqliteConnection>, broadcast::Sender<()>, Folder)>;

fn bare(bench: &Bench) -> (std::net::SocketAddr, Socket, Socket) {
    let folder = Folder::within(&bench.candor.folder, "seen");
    let database = bench.yardstick.runtime.block_on(yardstick::one_row_database(&folder.0));
    let shared: Shared = Arc::new((Mutex::new(database), broadcast::Sender::new(16), folder));
    let save = async |State(shared): State<Shared>| {
        yardstick::save_one_row(&mut *shared.0.lock().await).await;
        let _ = shared.1.send(());
    };
    let live =
        async |State(shared): State<Shared>, upgrade: WebSocketUpgrade| {
            let mut changes = shared.1.subscribe();
            upgrade.on_upgrade(async move |mut socket: WebSocket| {
                while changes.recv().await.is_ok() && socket.send(Message::text("changed")).await.is_ok() {}
            })
        };
    let address =
        bench.yardstick.serve(Router::new().route("/", post(save)).route("/live", get(live)).with_state(shared));
    bench.visitors.block_on(async {
        let open = async || Socket::open(Ipv4Addr::LOCALHOST, address, "/live", &[]).await.unwrap();
        (address, open().await, open().await)
    })
}
