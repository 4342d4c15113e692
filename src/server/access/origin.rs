//! Nobody else's page may act in a person's name.
//!
//! One layer over every request that changes something and over every upgrade that carries the
//! session cookie: the browser's own word on where a request comes from has to be "from here".
//! Programs without a cookie are not held up.

use crate::server::{App, access::session::cookie_name};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Where a request says it comes from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Here,
    Elsewhere,
    Unsaid,
}

/// The layer.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let cookie = carries_cookie(headers, cookie_name(&app.url));
    let upgrade = headers.contains_key(header::UPGRADE);
    let allowed = match source(headers, app.url.host()) {
        Source::Here => true,
        Source::Unsaid => !cookie,
        // A public socket is anybody's; a form of another page is nobody's.
        Source::Elsewhere => upgrade && !cookie,
    };
    if allowed || !(changes || (upgrade && cookie)) {
        next.run(request).await
    } else {
        tracing::warn!(path = request.uri().path(), "a request from another origin was refused");
        (StatusCode::FORBIDDEN, "This request comes from another page, so it was refused. Open the page on its own address and try again.\n").into_response()
    }
}

fn carries_cookie(headers: &HeaderMap, name: &str) -> bool {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .any(|pair| pair.trim().split('=').next() == Some(name))
}

fn source(headers: &HeaderMap, host: &str) -> Source {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) => Source::Here,
        (Some(_), _) => Source::Elsewhere,
        (None, Some(origin)) => {
            let from = origin.split_once("://").map(|(_, host)| host);
            let here = from.is_some_and(|from| from == host || Some(from) == text("host"));
            if here { Source::Here } else { Source::Elsewhere }
        }
        (None, None) => Source::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn from(pairs: &[(&'static str, &'static str)]) -> Source {
        let headers = pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        source(&headers, "status.example.com")
    }

    #[test]
    fn the_browsers_word_decides() {
        assert_eq!(from(&[("sec-fetch-site", "same-origin")]), Source::Here);
        assert_eq!(
            from(&[("sec-fetch-site", "same-site"), ("origin", "https://status.example.com")]),
            Source::Elsewhere
        );
        assert_eq!(from(&[("sec-fetch-site", "cross-site")]), Source::Elsewhere);
        assert_eq!(from(&[("origin", "https://status.example.com")]), Source::Here);
        assert_eq!(from(&[("origin", "http://localhost:3000"), ("host", "localhost:3000")]), Source::Here);
        assert_eq!(from(&[("origin", "https://status.example.com.evil.test")]), Source::Elsewhere);
        assert_eq!(from(&[("origin", "null")]), Source::Elsewhere);
        assert_eq!(from(&[]), Source::Unsaid);
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let headers: HeaderMap =
            [(header::COOKIE, HeaderValue::from_static("theme=dark; candor=abc"))].into_iter().collect();
        assert!(carries_cookie(&headers, "candor"));
        assert!(!carries_cookie(&headers, "cand"));
    }
}
