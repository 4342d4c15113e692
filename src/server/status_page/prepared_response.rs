//! A finished document: its answers, ready to be sent, and how long they are good.

use crate::{
    domain::time::Time,
    server::{clock, live::Current, requests},
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use sha2::{Digest, Sha256};
use std::io::Write;

/// What a document is: its content type, who may read it from other sites, who may show it in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page of our own.
    Page,
    /// A page that any site may show in a frame.
    Frame,
    /// JSON.
    Json,
    /// A feed of [RFC 4287](https://www.rfc-editor.org/rfc/rfc4287).
    Atom,
    /// A feed of [RSS 2.0](https://www.rssboard.org/rss-specification).
    Rss,
    /// A feed of [JSON Feed 1.1](https://www.jsonfeed.org/version/1.1/).
    JsonFeed,
    /// A calendar of [RFC 5545](https://www.rfc-editor.org/rfc/rfc5545).
    Calendar,
    /// A picture.
    Svg,
}

impl Kind {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Page | Self::Frame => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::JsonFeed => "application/feed+json",
            Self::Calendar => "text/calendar; charset=utf-8",
            Self::Svg => "image/svg+xml",
        }
    }

    /// The headers of all its answers.
    fn headers(self, protection: &HeaderMap) -> HeaderMap {
        let mut headers = match self {
            Self::Frame => requests::framed(protection),
            _ => protection.clone(),
        };
        if self == Self::Svg {
            // Opened by itself it is a document, whose style follows the reader's theme.
            let policy = "default-src 'none'; style-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
        if self != Self::Page {
            open_to_all(&mut headers);
        }
        headers
    }
}

/// Says that pages of any other site may read it.
pub fn open_to_all(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
}

/// A document that is written, not finished.
#[derive(Debug)]
pub struct RenderedDocument {
    /// What it is.
    pub kind: Kind,
    /// The whole text.
    pub text: String,
    /// What it shows.
    pub meta: DocumentMeta,
}

/// What a document shows, beside its text.
#[derive(Debug, Clone)]
pub struct DocumentMeta {
    /// The organization's version that it shows.
    pub version: i64,
    /// Path and query where it is.
    pub address: String,
    /// When it was made.
    pub made_at: Time,
    /// From when on it shows what is no longer so, even if nobody has written anything.
    pub good_until: Time,
}

/// A document, finished.
#[derive(Debug)]
pub struct PreparedResponse {
    /// The organization's version that it shows.
    pub version: i64,
    /// Path and query where it is; somebody may have noted a former one.
    pub address: String,
    good_until: Time,
    current: Current,
    etag: HeaderValue,
    last_modified: HeaderValue,
    plain: Representation,
    gzip: Representation,
    brotli: Representation,
    not_modified: HeaderMap,
}

/// Everything of an answer but its status, so that sending it copies nothing but references.
#[derive(Debug)]
struct Representation {
    headers: HeaderMap,
    body: Bytes,
}

impl PreparedResponse {
    /// Compresses it and makes its answers ready. `current` is the version of the organization as it will
    /// be from now on, `protection` the headers that every answer carries.
    pub fn new(current: Current, protection: &HeaderMap, draft: RenderedDocument) -> Self {
        let RenderedDocument { kind, text, meta: DocumentMeta { version, address, made_at, good_until } } = draft;
        let tag: String = Sha256::digest(&text).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::try_from(format!("W/\"{tag}\"")).unwrap_or(HeaderValue::from_static("W/\"0\""));
        let last_modified = made_at.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let last_modified = HeaderValue::try_from(last_modified).unwrap_or(HeaderValue::from_static(""));
        let mut always = kind.headers(protection);
        always.insert(header::ETAG, etag.clone());
        always.insert(header::LAST_MODIFIED, last_modified.clone());
        always.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        always.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        always.insert(
            "cdn-cache-control",
            HeaderValue::from_static("public, s-maxage=2, stale-while-revalidate=10, stale-if-error=86400"),
        );
        let answer = |encoding: Option<&'static str>, body: Bytes| {
            let mut headers = always.clone();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type()));
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            headers.insert(header::CONTENT_LENGTH, body.len().into());
            Representation { headers, body }
        };
        Self {
            version,
            address,
            good_until,
            current,
            etag,
            last_modified,
            gzip: answer(Some("gzip"), gzip(text.as_bytes())),
            brotli: answer(Some("br"), brotli(text.as_bytes())),
            plain: answer(None, text.into()),
            not_modified: always,
        }
    }

    /// Whether it shows what is so now, as far as this process knows.
    pub fn is_fresh(&self) -> bool {
        self.version >= self.current.version() && clock::now() < self.good_until
    }

    /// About how many bytes of memory it takes.
    pub fn size(&self) -> usize {
        // Four maps of headers and what holds them.
        let fixed = 8 * 1024;
        fixed + self.plain.body.len() + self.gzip.body.len() + self.brotli.body.len()
    }

    /// The answer to a request for it: 304 when the reader has it. `with_body` is false for `HEAD`.
    pub fn response(&self, headers: &HeaderMap, with_body: bool) -> Response {
        if self.is_known(headers) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = self.not_modified.clone();
            return response;
        }
        let accepts = |name| requests::accepts_encoding(headers, name);
        let answer = if accepts("br") {
            &self.brotli
        } else if accepts("gzip") {
            &self.gzip
        } else {
            &self.plain
        };
        let body = if with_body { answer.body.clone().into() } else { Body::empty() };
        let mut response = Response::new(body);
        *response.headers_mut() = answer.headers.clone();
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
    use crate::server::{db::random_id, live::Hub};

    #[test]
    fn it_is_good_for_its_version_and_its_time() {
        let (hub, id) = (Hub::default(), crate::domain::ids::OrganizationId::from_random(random_id()));
        let finished = |version, good_until| {
            let meta = DocumentMeta { version, address: "/status/a".into(), made_at: Time::from_micros(0), good_until };
            let draft = RenderedDocument { kind: Kind::Page, text: "<p>x</p>".into(), meta };
            PreparedResponse::new(hub.current(&id), &HeaderMap::new(), draft)
        };
        let later = clock::now().plus_seconds(60);
        let page = finished(7, later);
        assert!(page.is_fresh());
        hub.publish(&id, 7, &[]);
        assert!(page.is_fresh(), "what it shows");
        hub.publish(&id, 8, &[]);
        assert!(!page.is_fresh(), "a newer version");
        assert!(!finished(8, clock::now()).is_fresh(), "its time is over");
    }
}
