//! A finished document: its bytes in every encoding, and how long they are good.

use crate::{domain::time::Time, server::requests};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::io::Write;

/// What a document shows, beside its markup.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The organization's version that it shows.
    pub version: i64,
    /// The organization's slug, which may have changed since somebody noted the address.
    pub slug: String,
    /// When it was made.
    pub made_at: Time,
    /// From when on it shows what is no longer so, even if nobody has written anything.
    pub good_until: Time,
}

/// A document, finished.
#[derive(Debug)]
pub struct Finished {
    /// The organization's version that it shows.
    pub version: i64,
    /// The organization's slug, which may have changed since somebody noted the address.
    pub slug: String,
    good_until: Time,
    html: Bytes,
    gzip: Bytes,
    brotli: Bytes,
    etag: HeaderValue,
    last_modified: HeaderValue,
}

impl Finished {
    /// Compresses it.
    pub fn new(stamp: Stamp, html: String) -> Self {
        let Stamp { version, slug, made_at, good_until } = stamp;
        let etag: String = Sha256::digest(&html).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let last_modified = made_at.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Self {
            version,
            slug,
            good_until,
            gzip: gzip(html.as_bytes()),
            brotli: brotli(html.as_bytes()),
            html: html.into(),
            etag: HeaderValue::try_from(format!("W/\"{etag}\"")).unwrap_or(HeaderValue::from_static("W/\"0\"")),
            last_modified: HeaderValue::try_from(last_modified).unwrap_or(HeaderValue::from_static("")),
        }
    }

    /// Whether it shows this version, and what is so now.
    pub fn is_fresh(&self, version: i64, now: Time) -> bool {
        self.version >= version && now < self.good_until
    }

    /// The answer to a request for it: 304 when the reader has it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_good_for_its_version_and_its_time() {
        let stamp = Stamp {
            version: 7,
            slug: "northwind".into(),
            made_at: Time::from_micros(0),
            good_until: Time::from_micros(60),
        };
        let finished = Finished::new(stamp, "<p>x</p>".into());
        let at = Time::from_micros;
        assert!(finished.is_fresh(7, at(59)) && finished.is_fresh(6, at(0)));
        assert!(!finished.is_fresh(8, at(0)), "a newer version");
        assert!(!finished.is_fresh(7, at(60)), "its time is over");
    }
}
