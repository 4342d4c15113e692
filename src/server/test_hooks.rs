//! What tests do to a server that was built for them, with the feature `movable-clock`, which
//! releases lack.

use super::clock;
use crate::domain::ids::OrganizationId;
use axum::{
    Router,
    extract::Query,
    routing::{get, post},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Whether this is such a build.
pub(super) const BUILT_IN: bool = cfg!(feature = "movable-clock");

/// What happens to the status page of each organization, by its slug.
static PAGES: Mutex<Option<HashMap<String, Rendered>>> = Mutex::new(None);

#[derive(Debug, Default, Clone, Copy)]
struct Rendered {
    times: u64,
    panics: bool,
}

fn page<T>(slug: &str, look: impl FnOnce(&mut Rendered) -> T) -> T {
    let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    look(pages.get_or_insert_default().entry(slug.to_owned()).or_default())
}

/// The most statements of one write of each organization.
static WRITES: Mutex<Option<HashMap<OrganizationId, u32>>> = Mutex::new(None);

/// To be said before a write is committed.
pub fn wrote(organization: &OrganizationId, statements: u32) {
    if BUILT_IN {
        let mut writes = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
        let most = writes.get_or_insert_default().entry(organization.clone()).or_default();
        *most = statements.max(*most);
    }
}

/// How many statements the largest write of this organization had, since this was last asked.
pub fn largest_write(organization: &OrganizationId) -> u32 {
    let mut writes = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
    writes.get_or_insert_default().remove(organization).unwrap_or_default()
}

/// To be said before a status page is rendered.
///
/// # Panics
/// When a test wants it.
pub fn rendering(slug: &str) {
    if BUILT_IN {
        let panics = page(slug, |rendered| {
            rendered.times += 1;
            rendered.panics
        });
        assert!(!panics, "a test wanted this");
    }
}

#[derive(Debug, serde::Deserialize)]
struct Forward {
    seconds: i64,
}

#[derive(Debug, serde::Deserialize)]
struct HookQuery {
    organization: String,
    #[serde(default)]
    panics: bool,
}

/// `POST /test/clock?seconds=3600` puts the clock forward; `POST /test/panic?organization=a&panics=true`
/// makes the status page of an organization panic, and `panics=false` no more;
/// `GET /test/renderings?organization=a` tells how often it was rendered.
pub fn routes() -> Router {
    if !BUILT_IN {
        return Router::new();
    }
    let forward = |Query(Forward { seconds }): Query<Forward>| async move {
        clock::forward(seconds);
        clock::now().rfc3339()
    };
    let panic = |Query(HookQuery { organization, panics }): Query<HookQuery>| async move {
        page(&organization, |rendered| rendered.panics = panics);
    };
    let renderings = |Query(HookQuery { organization, .. }): Query<HookQuery>| async move {
        page(&organization, |rendered| rendered.times).to_string()
    };
    Router::new()
        .route("/test/clock", post(forward))
        .route("/test/panic", post(panic))
        .route("/test/renderings", get(renderings))
}
