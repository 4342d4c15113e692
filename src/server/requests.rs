//! What happens to every request: an id, the client's address, headers of protection, one line in
//! the log.

use super::{
    App,
    access::security_log,
    assets::STATUS_CSS_SOURCE,
    config::{BaseUrl, Environment},
    db::random_id,
    directory, rest,
};
use crate::domain::{error::AppError, ids::id_text};
use axum::{
    Json,
    body::{Body, HttpBody},
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use ipnet::IpNet;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where a request comes from, as far as trusted proxies tell.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// Networks of the proxies whose word counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Arc<[IpNet]>);

impl TrustedProxies {
    /// Whether this is the address of one.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

/// Finds the client's address, gives the request an id and writes its line in the log. Public
/// pages that were served well are written at level debug only.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    let client = client_address(peer, request.headers(), &app.trusted_proxies);
    request.extensions_mut().insert(ClientAddress(client));
    let id = id_text(random_id());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", %id);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let _in_span = span.enter();
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1e3);
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        security_log::rate_limited(&client.to_string(), &path);
    }
    let matched = response.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let ordinary = status < 400 && (path.starts_with("/status") || path.starts_with("/assets") || path == "/health");
    if ordinary {
        tracing::debug!(%method, path, matched, status, ms, client = %client, "request");
    } else {
        tracing::info!(%method, path, matched, status, ms, client = %client, "request");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Leave to do what is costly: so many at once, and so many who wait for it. Finished public pages
/// need none, so they go on whatever else is asked for.
#[derive(Debug, Clone)]
pub struct Admission {
    under_way: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Costly requests that are answered at once.
const MAX_CONCURRENT: usize = 64;
/// Those that may wait.
const MAX_WAITING: usize = 192;
/// How long they wait at most.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long the body of a request may be on its way.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest body of a request, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

impl Default for Admission {
    fn default() -> Self {
        let semaphore = |most| Arc::new(Semaphore::new(most));
        Self { under_way: semaphore(MAX_CONCURRENT), waiting: semaphore(MAX_WAITING) }
    }
}

/// Lets a costly request in, or tells it to come back.
pub async fn admit(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let request = match buffer_body(request).await {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let _leave = match admission.under_way.try_acquire() {
        Ok(leave) => leave,
        Err(_) => {
            let Ok(_waiting) = admission.waiting.try_acquire() else { return service_unavailable(&request) };
            match tokio::time::timeout(TIMEOUT, admission.under_way.acquire()).await {
                Ok(Ok(leave)) => leave,
                _ => return service_unavailable(&request),
            }
        }
    };
    next.run(request).await
}

/// The request with its body, so that nobody holds leave who only dawdles.
async fn buffer_body(request: Request) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return Ok(Request::from_parts(parts, body));
    }
    match tokio::time::timeout(BODY_READ_TIMEOUT, axum::body::to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) if contains_nul(&parts.headers, &bytes) => {
            Err(refuse(&Request::from_parts(parts, Body::empty()), &no_nul()))
        }
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, bytes.into())),
        Ok(Err(_)) => Err((StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large.\n").into_response()),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "The request body took too long to arrive.\n").into_response()),
    }
}

fn service_unavailable(request: &Request) -> Response {
    tracing::warn!("server is overloaded; rejecting a request");
    refuse(request, &AppError::Busy)
}

/// The error of a request that holds the character U+0000. PostgreSQL stores it in no text, so no text here has it.
pub fn no_nul() -> AppError {
    AppError::BadRequest("it contains the character U+0000, which isn’t allowed. Remove it.".to_owned())
}

/// Refuses U+0000 in an address. In a body, [`admit`] does.
pub async fn refuse_nul(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if [uri.path(), uri.query().unwrap_or_default()].iter().any(|text| text.contains("%00")) {
        return refuse(&request, &no_nul());
    }
    next.run(request).await
}

/// Whether a body holds U+0000: as it is, escaped as in JSON, or in a form as `%00`.
fn contains_nul(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    let json = kind.windows(4).any(|part| part.eq_ignore_ascii_case(b"json"));
    body.contains(&0) || text_has_nul(body) || (!json && body.windows(3).any(|part| part == b"%00"))
}

/// Whether a text in the JSON says `\u0000`, behind a backslash that is not escaped itself.
fn text_has_nul(json: &[u8]) -> bool {
    let mut escaped = false;
    json.iter().enumerate().any(|(at, byte)| {
        let begins = escaped && *byte == b'u' && json[at..].starts_with(b"u0000");
        escaped = *byte == b'\\' && !escaped;
        begins
    })
}

/// The refusal of a request in the form that its client reads: a problem document, a page, or JSON.
pub fn refuse(request: &Request, error: &AppError) -> Response {
    let headers = request.headers();
    if request.uri().path().starts_with("/api/") {
        rest::ApiError::from(error.clone()).into_response()
    } else if headers.get(header::ACCEPT).is_some_and(|accepted| accepted.as_bytes().starts_with(b"text/html")) {
        directory::refusal(headers, error)
    } else {
        refusal(error)
    }
}

/// A refusal as a program reads it.
pub fn refusal(error: &AppError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(error)).into_response();
    set_retry_after(response.headers_mut(), error);
    response
}

/// Walks the forwarded addresses from the nearest proxy outward and stops at the first that is not
/// trusted: what it says itself may be made up.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let mut client = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for hop in forwarded.iter().rev() {
        if !trusted.contains(client) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// Says in an answer when it is worth trying again, where that is known.
pub fn set_retry_after(headers: &mut HeaderMap, error: &AppError) {
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
}

/// Whether the reader takes this content encoding; `q=0` says that it does not.
pub fn accepts_encoding(headers: &HeaderMap, name: &str) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let refuses = |part: &str| part.strip_prefix("q=").and_then(|weight| weight.parse().ok()) == Some(0.0);
        parts.next() == Some(name) && !parts.any(refuses)
    })
}

/// The policy of pages without a script of their own choosing: everything from here, nothing inline.
fn plain_policy(url: &BaseUrl, environment: Environment) -> String {
    policy(url, environment, "script-src 'self'")
}

/// The policy of the dashboard: its one inline script carries the nonce, and WebAssembly may run.
pub fn dashboard_policy(app: &App, nonce: &str) -> String {
    policy(&app.url, app.environment, &format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'"))
}

fn policy(url: &BaseUrl, environment: Environment, scripts: &str) -> String {
    let socket = if url.secure() { "wss" } else { "ws" };
    // Where `bin/dev` tells the browser to load anew.
    let reload = match environment {
        Environment::Development => " ws://localhost:3001 ws://127.0.0.1:3001",
        Environment::Production => "",
    };
    format!(
        "default-src 'none'; {scripts}; style-src 'self' {}; img-src 'self' data:; font-src 'self'; connect-src 'self' {socket}://{}{reload}; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        *STATUS_CSS_SOURCE,
        url.host()
    )
}

/// The headers that every answer carries, made once. `hsts` is the value of `Strict-Transport-Security`, which
/// only an answer over https may have.
pub fn protection(url: &BaseUrl, environment: Environment, hsts: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(value) = HeaderValue::from_str(hsts).ok().filter(|_| url.secure()) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if let Ok(value) = HeaderValue::from_str(&plain_policy(url, environment)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    headers
}

/// Who may show a page in a frame, as a policy says it: everybody.
const FRAMED_BY_ALL: &str = "frame-ancestors *";

/// The headers of a page that any site may show in a frame.
pub fn framed(protection: &HeaderMap) -> HeaderMap {
    let mut headers = protection.clone();
    headers.remove(header::X_FRAME_OPTIONS);
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let policy = policy.unwrap_or_default().replace("frame-ancestors 'none'", FRAMED_BY_ALL);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers
}

/// Puts them onto an answer; a page that set its own policy keeps it.
pub async fn protect(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let framed = policy.is_some_and(|policy| policy.contains(FRAMED_BY_ALL));
    for (name, value) in &app.protection {
        let own = name == header::CONTENT_SECURITY_POLICY && headers.contains_key(name);
        let spared = framed && name == header::X_FRAME_OPTIONS;
        if !(own || spared) {
            headers.insert(name, value.clone());
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = TrustedProxies(Arc::new(["10.0.0.0/8".parse().expect("a network")]));
        let headers = |text: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static(text))])
        };
        let find =
            |peer: &str, text| client_address(peer.parse().expect("an address"), &headers(text), &trusted).to_string();
        assert_eq!(find("10.0.0.1", "203.0.113.9"), "203.0.113.9");
        assert_eq!(find("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9", "the outer word is made up");
        assert_eq!(find("198.51.100.7", "203.0.113.9"), "198.51.100.7", "an untrusted peer");
        assert_eq!(find("10.0.0.1", "not an address"), "10.0.0.1");
        assert_eq!(find("::ffff:10.0.0.1", "203.0.113.9"), "203.0.113.9");
    }

    #[test]
    fn nul_is_found_however_it_is_written() {
        let holds = |kind: &'static str, body: &str| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            contains_nul(&headers, body.as_bytes())
        };
        let (json, form) = ("application/json", "application/x-www-form-urlencoded");
        for nul in [r#""\u0000""#, r#"{"a":"x\\\u0000"}"#, "\0"] {
            assert!(holds(json, nul) && holds(form, nul), "{nul}");
        }
        assert!(holds(form, "a=x%00y"));
        for none in [r#""\\u0000""#, r#""u0000""#, r#""\u0001""#, r#""100%00""#] {
            assert!(!holds(json, none), "{none}");
        }
    }
}
