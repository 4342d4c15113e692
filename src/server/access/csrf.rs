//! Nobody else's page may act in a person's name.
//!
//! One layer over every request that changes something and over every WebSocket: the browser's own word on
//! where a request comes from has to be "from here". Programs without a cookie may change things by a token,
//! and the public sockets are for everybody.

use super::{cookies::Cookies, security_log};
use crate::server::{App, config::BaseUrl};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The sockets that are for everybody who sends no session. To every other one only this server's own pages
/// may connect, whatever cookies come along.
const PUBLIC_SOCKETS: [&str; 2] = ["/status/{organization}/live", "/api/v1/live"];

/// Where a request says it comes from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Here,
    Elsewhere,
    Unsaid,
}

/// The layer.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if allowed(request.method(), route, request.headers(), &app.url) {
        return next.run(request).await;
    }
    security_log::origin_refused(&request);
    (
        StatusCode::FORBIDDEN,
        "This request came from another site and was refused. Open the page at its own URL and try again.\n",
    )
        .into_response()
}

fn allowed(method: &Method, route: Option<&str>, headers: &HeaderMap, url: &BaseUrl) -> bool {
    let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let socket = asks_for_socket(headers);
    // Where there is no route there is no socket either, and the answer is 404.
    let private_socket = socket && route.is_some_and(|route| !PUBLIC_SOCKETS.contains(&route));
    match source(headers, url) {
        Source::Here => true,
        Source::Elsewhere if changes => false,
        Source::Unsaid | Source::Elsewhere => !private_socket && !((changes || socket) && has_session(headers, url)),
    }
}

fn has_session(headers: &HeaderMap, url: &BaseUrl) -> bool {
    Cookies::read(headers, url.secure()).session(url.secure()).is_some()
}

/// Other upgrades (`h2c`) are offers that this server never takes.
fn asks_for_socket(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::UPGRADE)
        .iter()
        .any(|value| value.as_bytes().windows(9).any(|word| word.eq_ignore_ascii_case(b"websocket")))
}

fn source(headers: &HeaderMap, url: &BaseUrl) -> Source {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) => Source::Here,
        (Some(_), _) => Source::Elsewhere,
        (None, Some(origin)) => {
            let here = match origin.split_once("://") {
                // The scheme counts: a page on plain http is not a page of this host on https.
                Some((_, host)) if host == url.host() => origin == url.origin(),
                Some((_, host)) => Some(host) == text("host"),
                None => false,
            };
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
        source(&headers, &url())
    }

    fn url() -> BaseUrl {
        "https://status.example.com".parse().expect("an address")
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
        assert_eq!(
            from(&[("origin", "http://status.example.com"), ("host", "status.example.com")]),
            Source::Elsewhere,
            "plain http is another origin"
        );
        assert_eq!(from(&[]), Source::Unsaid);
    }

    /// Cookies open no private socket: a sibling host can plant and hide them.
    #[test]
    fn sockets_that_are_not_public_are_for_own_pages_only() {
        let try_socket = |route, cookie: &'static str, more: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::UPGRADE, HeaderValue::from_static("WebSocket"));
            if !cookie.is_empty() {
                headers.insert(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).expect("a header"));
            }
            headers.extend(
                more.iter()
                    .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value))),
            );
            allowed(&Method::GET, route, &headers, &url())
        };
        let elsewhere = [("origin", "https://evil.example.com")];
        for cookie in ["", "x=\u{e9}", "__%48ost-candor=x", "__Host-candor=Zm9yIHRoZSB0ZXN0cyEhIQ"] {
            for route in [Some("/rpc/live"), Some("/dashboard/{organization}")] {
                assert!(!try_socket(route, cookie, &elsewhere), "{route:?} {cookie}");
                assert!(!try_socket(route, cookie, &[]), "{route:?} {cookie}");
                assert!(try_socket(route, cookie, &[("origin", "https://status.example.com")]), "{route:?} {cookie}");
            }
            for route in PUBLIC_SOCKETS {
                let for_all = !cookie.starts_with("__Host-candor");
                assert_eq!(try_socket(Some(route), cookie, &elsewhere), for_all, "{route} {cookie}");
                assert_eq!(try_socket(Some(route), cookie, &[]), for_all, "{route} {cookie}");
            }
        }
    }
}
