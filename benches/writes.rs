//! Changes per second, each on the disk before it is answered: beside a bare connection that runs
//! the same statements on the same file with the same durability.

use crate::{
    Bench,
    candor::database_url,
    report::{Goal, Row, SEE_BELOW},
    rounds::{Rounds, take_turns},
    statements,
};
use candor::domain::ids::IncidentId;
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(400);

/// A message as people write them on an incident.
const MESSAGE: &str = "We have found one more machine that answered late, and replaced it. Nobody has to do anything.";

pub fn writes(bench: &Bench) -> Vec<Row> {
    vec![status_changes(bench), messages(bench)]
}

/// Both sides change the large organization's services: the server with its history of ten years.
fn status_changes(bench: &Bench) -> Row {
    let (candor, yardstick) = (&bench.candor, &bench.yardstick.runtime);
    let mut bare = yardstick.block_on(statements::open(&database_url(&candor.folder)));
    let mut number = 0;
    let pairs = take_turns(
        ROUNDS,
        || {
            per_second(|| {
                candor.runtime.block_on(candor.change(&candor.large));
            })
        },
        || {
            per_second(|| {
                yardstick.block_on(statements::set_status(&mut bare, &candor.large, number));
                number += 1;
            })
        },
    );
    row("status changes per second, durable", &pairs)
}

/// Both sides post on all old incidents of the large organization in turn, so that none becomes long.
fn messages(bench: &Bench) -> Row {
    let (candor, yardstick) = (&bench.candor, &bench.yardstick.runtime);
    let organization = candor.large.page.id().as_str();
    let mut bare = yardstick.block_on(statements::open(&database_url(&candor.folder)));
    // The public page shows none of these.
    let statement = "select id from incidents where organization_id = $1 order by started_at limit 200";
    let old = sqlx::query_as(statement).bind(organization).fetch_all(&mut bare);
    let old: Vec<IncidentId> =
        yardstick.block_on(old).unwrap().into_iter().map(|(id,): (String,)| id.parse().unwrap()).collect();
    let (mut posted, mut written) = (0, 0);
    let pairs = take_turns(
        ROUNDS / 2,
        || {
            per_second(|| {
                candor.runtime.block_on(candor.post(&old[posted % old.len()], MESSAGE));
                posted += 1;
            })
        },
        || {
            per_second(|| {
                let incident = old[written % old.len()].as_str();
                yardstick.block_on(statements::post(&mut bare, organization, incident, MESSAGE));
                written += 1;
            })
        },
    );
    row("messages on incidents per second, durable", &pairs)
}

fn row(what: &str, pairs: &[(f64, f64)]) -> Row {
    Row {
        what: what.to_owned(),
        goal: Goal::AtLeast(0.7),
        rounds: Rounds::of(pairs, |per_second| *per_second),
        unit: "per second",
        detail: String::new(),
        hint: SEE_BELOW,
    }
}

fn per_second(mut change: impl FnMut()) -> f64 {
    let (started, mut count) = (Instant::now(), 0.0);
    while started.elapsed() < ROUND {
        change();
        count += 1.0;
    }
    count / started.elapsed().as_secs_f64()
}
