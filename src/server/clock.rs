//! The only place that reads the clock.
//!
//! A build with the feature `movable-clock`, which releases lack, has a clock that tests put forward:
//! `POST /test/clock?seconds=3600`.

use crate::domain::time::Time;
use axum::{Router, extract::Query, routing::post};
use std::sync::atomic::{AtomicI64, Ordering};

/// How far the clock was put forward, in seconds.
static AHEAD: AtomicI64 = AtomicI64::new(0);

const MOVABLE: bool = cfg!(feature = "movable-clock");

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn now() -> Time {
    let now: Time = chrono::Utc::now().into();
    if MOVABLE { now.plus_seconds(AHEAD.load(Ordering::Relaxed)) } else { now }
}

#[derive(Debug, serde::Deserialize)]
struct Forward {
    seconds: i64,
}

/// The address that puts the clock forward, in a build that has it.
pub fn routes() -> Router {
    let forward = |Query(Forward { seconds }): Query<Forward>| async move {
        AHEAD.fetch_add(seconds, Ordering::Relaxed);
        now().rfc3339()
    };
    if MOVABLE { Router::new().route("/test/clock", post(forward)) } else { Router::new() }
}
