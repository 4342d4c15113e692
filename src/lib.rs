//! Candor, a multi-tenant status page server: one binary, one database.
//!
//! The crate is compiled twice, for the server (`ssr`) and for the browser (`hydrate`). The first
//! folder of a path says where a file runs; `docs/ARCHITECTURE.md` describes the code.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
// Views are deep types.
#![recursion_limit = "512"]

pub mod dashboard;
pub mod domain;
pub mod rpc;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(dashboard::App);
    if let Some(root) =
        web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element())
    {
        let _ = root.set_attribute("data-hydrated", "");
    }
}
