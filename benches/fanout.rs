//! A change reaches every open page at once.
//!
//! First from the very moment of the commit, which only the process that saves can tell. Then with
//! ten thousand sockets, both ends of which are more files than one process may have: the program and
//! the loop stand alone there, and the time begins when somebody sends the request that changes
//! something.

use crate::{
    Bench,
    candor::{LARGE, database_url},
    program::Program,
    report::{Goal, Row, SEE_BELOW},
    rounds::{Rounds, median, take_turns},
    visitors::{Audience, Connection, request, shown_version},
};
use std::{net::SocketAddr, time::Duration};

/// Sockets whose other ends are in this process as well.
const NEAR: usize = 1_000;
const ROUNDS: usize = 21;

/// How often everybody is seated before the program and before the loop, and what is changed each time.
const SEATINGS: usize = 5;
const CHANGES: usize = 5;

pub fn fanout(bench: &Bench) -> Vec<Row> {
    vec![from_commit(bench, NEAR.min(bench.sockets)), from_request(bench)]
}

fn from_commit(bench: &Bench, sockets: usize) -> Row {
    let (candor, visitors) = (&bench.candor, &bench.visitors);
    // Other processes may have changed it: from now on what is shown is what is in the database.
    candor.runtime.block_on(candor.change(&candor.large));
    let audience = visitors.block_on(async {
        let page = format!("/status/{LARGE}");
        let version = shown_version(candor.address, &page).await;
        Audience::seat(sockets, candor.address, &format!("{page}/live?version={version}")).await
    });
    // The first change shows what there is to say, which the yardstick then says as well.
    let change = || {
        let version = candor.runtime.block_on(candor.change_unheard());
        visitors.block_on(audience.hears(async { candor.tell(version) })).as_secs_f64() * 1e3
    };
    change();
    change();
    let message = audience.message();
    assert!(message.contains("\"regions\":{"), "the change itself is sent: {message}");
    let (address, tell) = bench.yardstick.write_to_all(sockets);
    let bare = visitors.block_on(Audience::seat(sockets, address, "/"));
    let pairs = take_turns(ROUNDS, change, || {
        visitors.block_on(bare.hears(async { tell.send(message.clone()).unwrap() })).as_secs_f64() * 1e3
    });
    assert_eq!(bare.message(), message, "the yardstick says the same");
    visitors.block_on(async { tokio::join!(audience.leave(), bare.leave()) });
    Row {
        what: format!("from commit to the last of {sockets} sockets, {:.1} KB each", message.len() as f64 / 1000.0),
        goal: Goal::AtMost(1.5),
        rounds: Rounds::of(&pairs, |time| *time),
        unit: "ms",
        detail: "the server's time includes reading and rendering the new version".to_owned(),
        hint: SEE_BELOW,
    }
}

fn from_request(bench: &Bench) -> Row {
    let (candor, visitors, sockets) = (&bench.candor, &bench.visitors, bench.sockets);
    let page = format!("/status/{LARGE}");
    let program = Program::candor(&candor.folder, &database_url(&candor.folder), &[], &page);
    let change = || candor.change_request(&candor.large, program.address);
    let told = || {
        visitors.block_on(async {
            let version = shown_version(program.address, &page).await;
            last_hears(sockets, program.address, &format!("{page}/live?version={version}"), change).await
        })
    };
    let (_, message) = told();
    assert!(message.contains("\"regions\":{"), "the change itself is sent: {message}");
    let pairs = take_turns(
        SEATINGS,
        || told().0,
        || {
            // A new one each time: the loop goes on writing to those who have left.
            let bare = Program::yardstick(&candor.folder);
            let say = || request("POST", "/", bare.address, &[], &message);
            let (last, said) = visitors.block_on(last_hears(sockets, bare.address, "/told", say));
            assert_eq!(said, message, "the yardstick says the same");
            last
        },
    );
    Row {
        what: format!("from the member's request to the last of {sockets} sockets, as many bytes each"),
        goal: Goal::AtMost(1.5),
        rounds: Rounds::of(&pairs, |time| *time),
        unit: "ms",
        detail: "both save durably, in processes of their own; the yardstick one row".to_owned(),
        hint: SEE_BELOW,
    }
}

/// Seats everybody, and sends the request some times: how many milliseconds it takes until the last has
/// heard, the median, and what it heard.
async fn last_hears(sockets: usize, address: SocketAddr, path: &str, request: impl Fn() -> Vec<u8>) -> (f64, String) {
    let audience = Audience::seat(sockets, address, path).await;
    let mut member = Connection::open(address).await.unwrap();
    // The last ones have their answer before the server has put them where it finds them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut times = Vec::new();
    for _ in 0..CHANGES {
        let request = request();
        let asked = async { assert_eq!(member.ask(&request).await.unwrap().status, 200, "it is saved") };
        times.push(audience.hears(asked).await.as_secs_f64() * 1e3);
    }
    let message = audience.message();
    audience.leave().await;
    (median(times), message)
}
