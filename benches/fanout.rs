//! A change reaches every open page at once: from the commit to the last of all sockets.

use crate::{
    Bench,
    candor::LARGE,
    report::{Goal, Row},
    rounds::{Rounds, take_turns},
    visitors::Audience,
};

const ROUNDS: usize = 21;

pub fn fanout(bench: &Bench) -> Vec<Row> {
    let (candor, visitors, sockets) = (&bench.candor, &bench.visitors, bench.sockets);
    let version = candor.app.hub.version(&candor.large.id);
    let audience =
        visitors.block_on(Audience::seat(sockets, candor.address, &format!("/status/{LARGE}/live?version={version}")));
    // The first change shows what there is to say, which the yardstick then says as well.
    let change = || {
        let version = candor.runtime.block_on(candor.change_unheard());
        visitors.block_on(audience.hears(|| candor.tell(version))).as_secs_f64() * 1e3
    };
    change();
    change();
    let message = audience.message();
    assert!(message.contains("\"regions\":{"), "the change itself is sent: {message}");
    let (address, tell) = bench.yardstick.write_to_all(sockets);
    let bare = visitors.block_on(Audience::seat(sockets, address, "/"));
    let pairs = take_turns(ROUNDS, change, || {
        visitors.block_on(bare.hears(|| tell.send(message.clone()).unwrap())).as_secs_f64() * 1e3
    });
    assert_eq!(bare.message(), message, "the yardstick says the same");
    vec![Row {
        what: format!("from commit to the last of {sockets} sockets, {:.1} KB each", message.len() as f64 / 1000.0),
        goal: Goal::AtMost(1.5),
        rounds: Rounds::of(&pairs, |time| *time),
        unit: "ms",
        detail: "the server's time includes reading and rendering the new version".to_owned(),
        hint: "sockets wait until the whole page is rendered and compressed; then each wakes a task of its own",
    }]
}
