//! A change makes a new version of the page; how long that takes, in parts, as the server tells it
//! itself. What an organization has behind it does not slow its page down.

use crate::{
    Bench,
    large::{Organization, SERVICES},
    report::{Goal, Row, SEE_BELOW},
    rounds::{Rounds, take_turns},
};
use candor::server::status_page::{Parts, measure};
use std::time::Duration;

const VERSIONS: usize = 25;

type Part = fn(&Parts) -> Duration;

pub fn new_version(bench: &Bench) -> Vec<Row> {
    let candor = &bench.candor;
    let made = |organization: &Organization| {
        candor.runtime.block_on(async {
            let version = candor.change(organization).await;
            let (shown, parts) = measure(&candor.app, &organization.page).await.unwrap();
            assert_eq!(shown, version, "the page is the new one");
            parts
        })
    };
    let pairs = take_turns(VERSIONS, || made(&candor.large), || made(&candor.young));
    let row = |what: &str, goal, rounds| Row {
        what: what.to_owned(),
        goal,
        rounds,
        unit: "ms",
        detail: String::new(),
        hint: SEE_BELOW,
    };
    let of = |part: Part| Rounds::of(&pairs, |parts| part(parts).as_secs_f64() * 1e3);
    let ten_years = |part: Part| Rounds::alone(of(part).subject);
    let all: Part = |parts| parts.reading + parts.rendering + parts.compressing;
    vec![
        row(
            &format!("new version of a page, {SERVICES} services with 10 years of history: all of it"),
            Goal::None,
            ten_years(all),
        ),
        row("of it reading", Goal::Under(5.0), ten_years(|parts| parts.reading)),
        row("of it rendering", Goal::None, ten_years(|parts| parts.rendering)),
        row("of it compressing", Goal::None, ten_years(|parts| parts.compressing)),
        row("the same with 10 years beside 1 year", Goal::AtMost(1.2), of(all)),
    ]
}
