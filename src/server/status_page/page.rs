//! A finished page: its bytes in every encoding, and what changed since the one before.

use super::{snapshot::Snapshot, views};
use crate::server::{App, document, requests};
use axum::{
    body::Bytes,
    extract::ws::Utf8Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, io::Write};

/// A part of the page that is sent by itself when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The element's id.
    pub id: String,
    /// The element.
    pub html: String,
}

/// A public page, finished.
#[derive(Debug)]
pub struct Page {
    /// The organization's version that it shows.
    pub version: i64,
    /// The organization's slug, which may have changed since somebody noted the address.
    pub slug: String,
    html: Bytes,
    gzip: Bytes,
    brotli: Bytes,
    etag: HeaderValue,
    last_modified: HeaderValue,
    regions: Vec<Region>,
    /// The version before, and what to tell those who have it.
    change: Option<(i64, Utf8Bytes)>,
}

#[derive(Serialize)]
struct Change<'a> {
    from: i64,
    version: i64,
    title: &'a str,
    icon: String,
    regions: BTreeMap<&'a str, &'a str>,
}

impl Page {
    /// Renders and compresses it. `last` is the page that this one replaces.
    pub fn render(app: &App, snapshot: &Snapshot, last: Option<&Self>) -> Self {
        let regions = views::regions(snapshot);
        let head = views::head(app, snapshot);
        let (title, icon) = (head.title.clone(), document::favicon(head.indicator));
        let html = document::render(head, || views::body(snapshot, &regions));
        let version = snapshot.organization.version;
        let change = last.filter(|last| last.has_the_same_outline(&regions)).map(|last| {
            let changed = last.regions.iter().zip(&regions).filter(|(before, now)| before.html != now.html);
            let regions = changed.map(|(_, now)| (now.id.as_str(), now.html.as_str())).collect();
            let change = Change { from: last.version, version, title: &title, icon, regions };
            (last.version, Utf8Bytes::from(serde_json::to_string(&change).unwrap_or_default()))
        });
        let etag: String = Sha256::digest(&html).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let last_modified = snapshot.organization.changed_at.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Self {
            version,
            slug: snapshot.organization.slug.clone(),
            gzip: gzip(html.as_bytes()),
            brotli: brotli(html.as_bytes()),
            html: html.into(),
            etag: HeaderValue::try_from(format!("W/\"{etag}\"")).unwrap_or(HeaderValue::from_static("W/\"0\"")),
            last_modified: HeaderValue::try_from(last_modified).unwrap_or(HeaderValue::from_static("")),
            regions,
            change,
        }
    }

    fn has_the_same_outline(&self, regions: &[Region]) -> bool {
        self.regions.iter().map(|region| &region.id).eq(regions.iter().map(|region| &region.id))
    }

    /// What to tell somebody who has version `seen`: the changed regions, or to read the page again.
    pub fn message(&self, seen: i64) -> Utf8Bytes {
        match &self.change {
            Some((from, text)) if *from == seen => text.clone(),
            _ => format!(r#"{{"version":{},"reload":true}}"#, self.version).into(),
        }
    }

    /// The answer to a request for the page: 304 when the reader has it.
    pub fn response(&self, headers: &HeaderMap) -> Response {
        let mut response = if self.is_known(headers) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let accepts = |name| requests::accepts_encoding(headers, name);
            let (body, encoding) = if accepts("br") {
                (&self.brotli, Some("br"))
            } else if accepts("gzip") {
                (&self.gzip, Some("gzip"))
            } else {
                (&self.html, None)
            };
            let mut response = Response::new(body.clone().into());
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            if let Some(encoding) = encoding {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::LAST_MODIFIED, self.last_modified.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(
            "cdn-cache-control",
            HeaderValue::from_static("public, s-maxage=2, stale-while-revalidate=10, stale-if-error=86400"),
        );
        response
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) {
            Some(known) => {
                known.split(',').any(|tag| tag.trim() == "*" || tag.trim().as_bytes() == self.etag.as_bytes())
            }
            None => headers.get(header::IF_MODIFIED_SINCE) == Some(&self.last_modified),
        }
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}

fn brotli(bytes: &[u8]) -> Bytes {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    let _ = brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters);
    compressed.into()
}
