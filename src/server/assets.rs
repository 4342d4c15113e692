//! Styles, scripts, fonts and the browser's program, in the binary itself.
//!
//! A release carries them, compressed, under an address that names their content, so that browsers
//! keep them for good. A debug build reads them from `target/site` at every request.

use super::requests;
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rust_embed::{Embed, EmbeddedFile};
use sha2::{Digest, Sha256};
use std::{borrow::Cow, sync::LazyLock};

#[derive(Embed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Site;

/// The stylesheet of public pages: the tokens that the dashboard uses too, and rules of its own. It stands
/// in the page itself, so that nothing is waited for before the first words.
pub const STATUS_CSS: &str =
    concat!(include_str!("../../style/tokens.css"), include_str!("../../style/status_page.css"));

/// What a policy calls it: the only style that may stand in a page.
pub static STATUS_CSS_SOURCE: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(STATUS_CSS))));

/// The part of the address that names the content.
pub static BUILD: LazyLock<String> = LazyLock::new(|| {
    if cfg!(debug_assertions) {
        return "dev".to_owned();
    }
    let mut hash = Sha256::new();
    for name in Site::iter() {
        hash.update(name.as_bytes());
        if let Some(file) = Site::get(&name) {
            hash.update(file.metadata.sha256_hash());
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// Where the file of this name is served.
pub fn address(file: &str) -> String {
    format!("{}/{file}", root())
}

/// What every address of a file begins with.
pub fn root() -> String {
    format!("/assets/{}", *BUILD)
}

/// `GET /assets/{build}/{*file}`
pub async fn serve(Path((build, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let caching =
        if build == *BUILD && !cfg!(debug_assertions) { "public, max-age=31536000, immutable" } else { "no-cache" };
    match find(&file, &headers) {
        Some((data, encoding)) => {
            let mut response = (
                [
                    (header::CONTENT_TYPE, content_type(&file)),
                    (header::CACHE_CONTROL, caching),
                    (header::VARY, "accept-encoding"),
                ],
                data.into_owned(),
            )
                .into_response();
            if let Some(encoding) = encoding {
                response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(encoding));
            }
            response
        }
        None => (StatusCode::NOT_FOUND, "File not found.\n").into_response(),
    }
}

fn find(file: &str, headers: &HeaderMap) -> Option<(Cow<'static, [u8]>, Option<&'static str>)> {
    for (name, ending) in [("br", "br"), ("gzip", "gz")] {
        if requests::accepts_encoding(headers, name)
            && let Some(EmbeddedFile { data, .. }) = Site::get(&format!("{file}.{ending}"))
        {
            return Some((data, Some(name)));
        }
    }
    Site::get(file).map(|found| (found.data, None))
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
