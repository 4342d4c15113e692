//! A change makes a new version of the page; how long that takes, in parts.
//!
//! Reading is measured by the statements that a snapshot reads with, compressing by the encoders at
//! the levels that the server uses; rendering is what remains of the whole.

use crate::{
    Bench,
    candor::{LARGE, SERVICES},
    report::{Goal, Row},
    rounds::{Rounds, median},
    visitors::ask,
};
use candor::server::{organizations, services};
use std::{
    io::Write,
    time::{Duration, Instant},
};

const VERSIONS: usize = 25;

pub fn new_version(bench: &Bench) -> Vec<Row> {
    let (candor, page) = (&bench.candor, bench.candor.large.clone());
    let app = &candor.app;
    let (mut whole, mut reading, mut gzip, mut brotli) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..VERSIONS {
        let version = candor.runtime.block_on(candor.change());
        let page = &page;
        let (read, made) = candor.runtime.block_on(async {
            let started = Instant::now();
            let mut read = app.db.read(page).await.unwrap();
            organizations::public(&mut read, &page.id).await.unwrap();
            let list = services::list_public(page, &mut read).await.unwrap();
            drop(read);
            let reading = started.elapsed();
            assert_eq!(list.services.len(), SERVICES);
            let started = Instant::now();
            let made = app.pages.get(app, page).await.unwrap();
            assert_eq!(made.version, version, "the page is the new one");
            (reading, started.elapsed())
        });
        let (.., html) = bench.visitors.block_on(ask(candor.address, &candor.page_request(LARGE, &[])));
        reading.push(milliseconds(read));
        whole.push(milliseconds(made));
        gzip.push(milliseconds(timed(|| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            encoder.write_all(&html).unwrap();
            encoder.finish().unwrap();
        })));
        brotli.push(milliseconds(timed(|| {
            let parameters = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
            brotli::BrotliCompress(&mut &html[..], &mut Vec::new(), &parameters).unwrap();
        })));
    }
    let compressing: Vec<f64> = gzip.iter().zip(&brotli).map(|(gzip, brotli)| gzip + brotli).collect();
    let rendering: Vec<f64> =
        (0..VERSIONS).map(|number| whole[number] - reading[number] - compressing[number]).collect();
    let (gzip, brotli) = (median(gzip), median(brotli));
    let row = |what: &str, goal, subject, detail, hint| Row {
        what: what.to_owned(),
        goal,
        rounds: Rounds { subject, yardstick: Vec::new() },
        unit: "ms",
        detail,
        hint,
    };
    vec![
        row(
            &format!("new version of a page, {SERVICES} services with 10 years of history: all of it"),
            Goal::None,
            whole,
            String::new(),
            "",
        ),
        row(
            "of it reading",
            Goal::Under(5.0),
            reading,
            String::new(),
            "one worker thread of sqlx hands over row by row, and Any translates each",
        ),
        row("of it rendering", Goal::None, rendering, "every region is rendered, changed or not".to_owned(), ""),
        row(
            "of it compressing",
            Goal::None,
            compressing,
            format!("gzip {gzip:.1}, brotli {brotli:.1} ms, one after the other, before anybody gets the page"),
            "",
        ),
    ]
}

fn timed(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
