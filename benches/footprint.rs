//! What the server takes when nothing happens, and how soon it is there: the real program, in a
//! process of its own.

use crate::{
    Bench,
    candor::{DEMO, LARGE, database_url},
    machine::Folder,
    program::Program,
    report::{Goal, Row, SEE_BELOW},
    rounds::{Rounds, take_turns},
    visitors::{open_all, shown_version},
};
use std::{thread, time::Duration};

pub fn start(bench: &Bench) -> Vec<Row> {
    let folder = &bench.candor.folder;
    let page = format!("/status/{LARGE}");
    let pairs = take_turns(
        9,
        || Program::candor(folder, &database_url(folder), &[], &page).first_answer.as_secs_f64() * 1e3,
        || Program::yardstick(folder).first_answer.as_secs_f64() * 1e3,
    );
    let size = std::fs::metadata(folder.0.join("candor.db")).map_or(0, |file| file.len());
    vec![Row {
        what: "start to the first public page, the same organization".to_owned(),
        goal: Goal::Under(150.0),
        rounds: Rounds::of(&pairs, |time| *time),
        unit: "ms",
        detail: format!("a database of {:.0} MB", size as f64 / 1e6),
        hint: "the program is loaded, the database opened, the page rendered",
    }]
}

pub fn idle(bench: &Bench) -> Vec<Row> {
    let pairs = take_turns(
        3,
        || {
            let folder = Folder::within(&bench.candor.folder, "demo");
            let program = Program::candor(&folder, &database_url(&folder), &["--demo"], &format!("/status/{DEMO}"));
            thread::sleep(Duration::from_secs(3));
            program.resident_kib() / 1024.0
        },
        || Program::yardstick(&bench.candor.folder).resident_kib() / 1024.0,
    );
    vec![Row {
        what: "resident memory of candor serve --demo, idle".to_owned(),
        goal: Goal::Under(40.0),
        rounds: Rounds::of(&pairs, |mebibytes| *mebibytes),
        unit: "MiB",
        detail: String::new(),
        hint: "hashing the demo's password takes 19 MiB for a moment",
    }]
}

pub fn socket_memory(bench: &Bench) -> Vec<Row> {
    let folder = &bench.candor.folder;
    let page = format!("/status/{LARGE}");
    let pairs = take_turns(
        3,
        || {
            let program = Program::candor(folder, &database_url(folder), &[], &page);
            let version = bench.visitors.block_on(shown_version(program.address, &page));
            memory_per_socket(bench, &program, &format!("{page}/live?version={version}"))
        },
        || memory_per_socket(bench, &Program::yardstick(folder), "/live"),
    );
    vec![Row {
        what: format!("resident memory per idle socket, over {} sockets", bench.sockets),
        goal: Goal::Under(12.0),
        rounds: Rounds::of(&pairs, |kibibytes| *kibibytes),
        unit: "KiB",
        detail: String::new(),
        hint: SEE_BELOW,
    }]
}

fn memory_per_socket(bench: &Bench, program: &Program, path: &str) -> f64 {
    let settle = || tokio::time::sleep(Duration::from_secs(1));
    bench.visitors.block_on(async {
        // The first ones make the server allocate what it needs anyway.
        let first = open_all(0..50, program.address, path).await;
        settle().await;
        let before = program.resident_kib();
        let others = open_all(50..50 + bench.sockets, program.address, path).await;
        settle().await;
        let each = (program.resident_kib() - before) / bench.sockets as f64;
        drop((first, others));
        each
    })
}
