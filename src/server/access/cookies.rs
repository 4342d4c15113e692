//! The one reading of the `Cookie` header, and the names of all cookies of this server.
//!
//! The libraries that hold the session and the encrypted cookies each read the header in a way of their own:
//! they decode names, trim other white space, and differ in which bytes they take and which of two cookies of
//! one name wins. A page of a sibling host can plant cookies, so what one reader sees and another does not is
//! a way in. [`only_ours`] therefore stands before all of them and passes on only the cookies that
//! [`Cookies::read`] has found: there is nothing left to differ about.

use super::security_log;
use crate::server::App;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use std::collections::{BTreeMap, btree_map::Entry};
use tower_sessions::session::Id;

/// Browsers take a cookie of this prefix only from the host itself over https, with `Secure` and `Path=/` and
/// without `Domain`, so no sibling host can plant one.
const HOST_PREFIX: &str = "__Host-";
/// The theme that the reader chose: `light` or `dark`. The dashboard's script writes it.
const THEME: &str = "theme";
/// A sign-in through the OpenID provider that is under way; [`FLOW_KEY_LENGTH`] digits follow.
const FLOW: &str = "candor-oidc-";
/// Hexadecimal digits that tell sign-ins under way in several tabs apart.
const FLOW_KEY_LENGTH: usize = 8;
/// The hash of the error that a form has just been refused with: 256 bits as base64url.
const FORM_ERROR: &str = "candor-form-error";
/// Letters of that hash.
const FORM_ERROR_LENGTH: usize = 43;
/// The longest value, in bytes: browsers keep no longer cookies.
const MAX_VALUE_BYTES: usize = 4096;
/// All our cookies of one request, in bytes.
const MAX_BYTES: usize = 32 * 1024;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// Not `"cookies"`: that would also delete those of every sibling host.
const CACHE_AND_STORAGE: HeaderValue = HeaderValue::from_static("\"cache\", \"storage\"");

/// The session cookie's name.
pub const fn session_name(secure: bool) -> &'static str {
    if secure { "__Host-candor" } else { "candor" }
}

/// The name of the cookie of a known browser; see [`super::known_device`].
pub const fn device_name(secure: bool) -> &'static str {
    if secure { "__Host-candor-device" } else { "candor-device" }
}

/// The name of the cookie of a sign-in through the provider, by the hash of its `state`.
pub fn flow_name(state_hash: &str, secure: bool) -> String {
    let key: String = state_hash.chars().take(FLOW_KEY_LENGTH).collect();
    format!("{}{FLOW}{key}", if secure { HOST_PREFIX } else { "" })
}

/// The name of the cookie with the hash of a form's error.
pub fn form_error_name(secure: bool) -> String {
    format!("{}{FORM_ERROR}", if secure { HOST_PREFIX } else { "" })
}

/// What a cookie of ours is for, which decides what its value may be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Session,
    Device,
    Flow,
    Theme,
    FormError,
}

impl Kind {
    /// The kind of the cookie of this name, exactly as it was sent; none for what is not ours.
    fn of(name: &[u8], secure: bool) -> Option<Self> {
        let base = if secure { name.strip_prefix(HOST_PREFIX.as_bytes())? } else { name };
        if name == session_name(secure).as_bytes() {
            Some(Self::Session)
        } else if name == device_name(secure).as_bytes() {
            Some(Self::Device)
        } else if base == THEME.as_bytes() {
            Some(Self::Theme)
        } else if base == FORM_ERROR.as_bytes() {
            Some(Self::FormError)
        } else {
            let key = base.strip_prefix(FLOW.as_bytes())?;
            let digits = key.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            (digits && key.len() == FLOW_KEY_LENGTH).then_some(Self::Flow)
        }
    }

    fn accepts(self, value: &str) -> bool {
        match self {
            Self::Session => value.parse::<Id>().is_ok(),
            Self::Theme => matches!(value, "light" | "dark"),
            Self::FormError => {
                let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
                value.len() == FORM_ERROR_LENGTH && value.bytes().all(letter)
            }
            Self::Device | Self::Flow => {
                !value.is_empty() && value.len() <= MAX_VALUE_BYTES && value.bytes().all(is_cookie_octet)
            }
        }
    }
}

/// `cookie-octet` of RFC 6265.
const fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// The cookies of this server in a request, by name, and nothing else that stands in the header.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cookies {
    /// Those of which there is exactly one, with a value that this server could have given.
    valid: BTreeMap<String, String>,
    /// Why some of ours were passed over.
    problem: Option<&'static str>,
}

impl Cookies {
    /// Reads every `Cookie` header. Names count as they were sent, byte by byte; of several cookies of one
    /// name none counts, since the header does not say which of them is ours. `secure` says whether this
    /// server is visited over https, and with it which names are ours.
    pub fn read(headers: &HeaderMap, secure: bool) -> Self {
        let mut found: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        let (mut problem, mut bytes) = (None, 0);
        let all = headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
        for pair in all {
            let pair = pair.trim_ascii();
            let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
            let Some(kind) = Kind::of(&pair[..at], secure) else { continue };
            let Ok(name) = std::str::from_utf8(&pair[..at]) else { continue };
            let value = std::str::from_utf8(&pair[at + 1..]).ok().filter(|value| kind.accepts(value));
            bytes += pair.len();
            let refused = match found.entry(name) {
                Entry::Vacant(entry) => entry.insert(value).is_none().then_some("value not issued by this server"),
                Entry::Occupied(mut entry) => {
                    entry.insert(None);
                    Some("duplicate cookie name")
                }
            };
            // On plain http, other programs of the same host may have a cookie of this name.
            problem = refused.filter(|_| !matches!(kind, Kind::Theme)).or(problem);
        }
        if bytes > MAX_BYTES {
            return Self { valid: BTreeMap::new(), problem: Some("too long") };
        }
        let valid = found.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
        Self { valid, problem }
    }

    /// The session's cookie.
    pub fn session(&self, secure: bool) -> Option<&str> {
        self.valid.get(session_name(secure)).map(String::as_str)
    }

    /// The header with these cookies alone.
    fn header(&self) -> Option<HeaderValue> {
        let pairs: Vec<String> = self.valid.iter().map(|(name, value)| format!("{name}={value}")).collect();
        HeaderValue::from_str(&pairs.join("; ")).ok().filter(|value| !value.is_empty())
    }
}

/// The theme that the reader chose, in a request that [`only_ours`] has let through.
pub fn theme(headers: &HeaderMap) -> Option<&'static str> {
    [true, false].into_iter().find_map(|secure| {
        let name = if secure { format!("{HOST_PREFIX}{THEME}") } else { THEME.to_owned() };
        match Cookies::read(headers, secure).valid.get(&name)?.as_str() {
            "light" => Some("light"),
            "dark" => Some("dark"),
            _ => None,
        }
    })
}

/// Leaves of the request's cookies only ours, and makes sure that a browser obeys the `Set-Cookie` headers of
/// the answer.
pub async fn only_ours(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let secure = app.url.secure();
    if request.headers().contains_key(header::COOKIE) {
        let cookies = Cookies::read(request.headers(), secure);
        if let Some(problem) = cookies.problem {
            security_log::cookies_refused(&request, problem);
        }
        let headers = request.headers_mut();
        match cookies.header() {
            Some(value) => headers.insert(header::COOKIE, value),
            None => headers.remove(header::COOKIE),
        };
    }
    let mut response = next.run(request).await;
    complete(response.headers_mut(), secure);
    response
}

/// Adds what browsers demand of `__Host-` cookies: they refuse one without `Secure`, also when it is to be
/// removed, and the session layer leaves it out there. An answer that takes the session away has the browser
/// forget what else it keeps of this origin.
fn complete(headers: &mut HeaderMap, secure: bool) {
    if !secure || !headers.contains_key(header::SET_COOKIE) {
        return;
    }
    let all: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for mut value in all {
        let text = value.to_str().unwrap_or_default();
        let is_secure = text.split(';').skip(1).any(|attribute| attribute.trim().eq_ignore_ascii_case("secure"));
        if text.strip_prefix(session_name(secure)).is_some_and(|rest| rest.starts_with("=;")) {
            headers.insert(CLEAR_SITE_DATA, CACHE_AND_STORAGE);
        }
        if text.starts_with(HOST_PREFIX) && !is_secure {
            value = HeaderValue::from_str(&format!("{text}; Secure")).unwrap_or(value);
        }
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use axum::body::Body;
    use futures_util::FutureExt;
    use proptest::prelude::*;
    use std::convert::Infallible;
    use tower::{Layer, Service, service_fn};
    use tower_sessions::{
        Session, SessionManagerLayer, SessionStore,
        cookie::{Cookie, CookieJar},
        session::Record,
        session_store,
    };

    const ID: &str = "Zm9yIHRoZSB0ZXN0cyEhIQ";
    const OTHER: &str = "b3RoZXIgc2Vzc2lvbiAhIQ";

    /// No session is looked up here: the layer only reads the cookie.
    #[derive(Debug, Clone)]
    struct NoStore;

    #[async_trait]
    impl SessionStore for NoStore {
        async fn save(&self, _: &Record) -> session_store::Result<()> {
            Ok(())
        }
        async fn load(&self, _: &Id) -> session_store::Result<Option<Record>> {
            Ok(None)
        }
        async fn delete(&self, _: &Id) -> session_store::Result<()> {
            Ok(())
        }
    }

    /// The session that the session layer sees in these headers.
    fn seen_by_session_layer(headers: &HeaderMap, secure: bool) -> Option<Id> {
        let layer = SessionManagerLayer::new(NoStore).with_name(session_name(secure));
        let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
        let noted = seen.clone();
        let mut service = layer.layer(service_fn(move |request: Request| {
            *noted.lock().expect("a lock") = request.extensions().get::<Session>().and_then(Session::id);
            async { Ok::<_, Infallible>(Response::new(Body::empty())) }
        }));
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = headers.clone();
        service.call(request).now_or_never().expect("an answer at once").expect("an answer");
        *seen.lock().expect("a lock")
    }

    /// What the encrypted jar sees: axum-extra reads ASCII headers alone.
    fn seen_by_jar(headers: &HeaderMap) -> CookieJar {
        let mut jar = CookieJar::new();
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        for pair in values.flat_map(|value| value.split(';')) {
            if let Ok(cookie) = Cookie::parse_encoded(pair.to_owned()) {
                jar.add_original(cookie);
            }
        }
        jar
    }

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).expect("a header"));
        }
        headers
    }

    /// The session that the guard sees and the one that every reader below sees.
    fn both(lines: &[&[u8]], secure: bool) -> (Option<Id>, Option<Id>) {
        let mut headers = headers(lines);
        let cookies = Cookies::read(&headers, secure);
        let guard = cookies.session(secure).and_then(|value| value.parse().ok());
        headers.remove(header::COOKIE);
        headers.extend(cookies.header().map(|value| (header::COOKIE, value)));
        assert_eq!(Cookies::read(&headers, secure).valid, cookies.valid, "reading again changes nothing");
        let jar = seen_by_jar(&headers);
        assert!(jar.iter().all(|cookie| cookies.valid.contains_key(cookie.name())), "nothing else is passed on");
        (guard, seen_by_session_layer(&headers, secure))
    }

    /// A name that only becomes ours by decoding, trimming or guessing is not ours.
    #[test]
    fn only_exact_cookie_names_count() {
        let id: Id = ID.parse().expect("an id");
        let with = |template: &str| template.replace("ID", ID).replace("OTHER", OTHER);
        for good in
            ["__Host-candor=ID", "x=y; __Host-candor=ID", "a; b=c;__Host-candor=ID ; d=\"e", "\t__Host-candor=ID"]
        {
            assert_eq!(both(&[with(good).as_bytes()], true), (Some(id), Some(id)), "{good}");
        }
        for bad in [
            "__%48ost-candor=ID",
            "%5F_Host-candor=ID",
            "\u{2000}__Host-candor=ID",
            "\u{a0}__Host-candor=ID",
            "__host-candor=ID",
            "__Host-candor =ID",
            "__Host-candor= ID",
            "__Host-candor=\"ID\"",
            "__Host-candor=%5Am9yIHRoZSB0ZXN0cyEhIQ",
            "__Host-candor==ID",
            "__Host-candor",
            "=__Host-candor=ID",
            "=ID",
            "candor=ID",
            "x=__Host-candor=ID",
            "$Version=1, __Host-candor=ID",
            "__Host-candor=",
            "__Host-candor=ID; __Host-candor=OTHER",
            "__Host-candor=ID; __Host-candor=ID",
            "__Host-candor=ID; __Host-candor=é",
            "__Host-candor; __Host-candor=x; __Host-candor=ID",
        ] {
            assert_eq!(both(&[with(bad).as_bytes()], true), (None, None), "{bad}");
        }
        // Cookies of other hosts cannot hide it, whatever bytes they are of.
        for junk in ["x=é", "x=\u{2028}", "__%48ost-candor=OTHER", "%63andor=OTHER", "=;;=", "\"", "$Path=/"] {
            let junk = with(junk);
            let line = [junk.as_bytes(), b"; __Host-candor=", ID.as_bytes(), b"; ", junk.as_bytes()].concat();
            assert_eq!(both(&[&line], true), (Some(id), Some(id)), "{junk}");
        }
        assert_eq!(both(&[b"x=\xff\xfe", format!("candor={ID}").as_bytes()], false), (Some(id), Some(id)));
        assert_eq!(both(&[format!("candor={ID}").as_bytes(), format!("candor={ID}").as_bytes()], false), (None, None));
        assert_eq!(both(&[format!("%63andor={ID}").as_bytes()], false), (None, None));
    }

    #[test]
    fn cookies_are_bounded_in_size() {
        let flow = |key: u32, length: usize| format!("candor-oidc-{key:08x}={}", "v".repeat(length));
        let read = |text: String| Cookies::read(&headers(&[text.as_bytes()]), false);
        assert_eq!(read(flow(1, 4096)).valid.len(), 1);
        assert_eq!(read(flow(1, 4097)).valid.len(), 0);
        let many = |count| (0..count).map(|key| flow(key, 4000)).collect::<Vec<_>>().join("; ");
        assert_eq!(read(many(5)).valid.len(), 5);
        assert_eq!(read(many(20)).valid.len(), 0);
    }

    #[test]
    fn a_removed_host_cookie_is_secure() {
        let mut headers = HeaderMap::new();
        for cookie in ["__Host-candor=; Path=/; Max-Age=0", "__Host-x=y; Secure; Path=/", "plain=1"] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        complete(&mut headers, true);
        let all: Vec<&str> = headers.get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok()).collect();
        assert_eq!(all, ["__Host-candor=; Path=/; Max-Age=0; Secure", "__Host-x=y; Secure; Path=/", "plain=1"]);
        assert_eq!(headers[CLEAR_SITE_DATA], "\"cache\", \"storage\"");
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("__Host-candor".into()),
            Just("candor".into()),
            Just("__%48ost-candor".into()),
            Just("%63andor".into()),
            Just("theme=dark".into()),
            Just("candor-oidc-0123abcd=x%2By".into()),
            Just(ID.into()),
            Just(OTHER.into()),
            Just("=".into()),
            Just("; ".into()),
            Just(";".into()),
            Just("\"".into()),
            Just(" ".into()),
            Just("\u{a0}".into()),
            proptest::collection::vec(prop_oneof![Just(b'\t'), 0x20..0x7f_u8, 0x80..=0xff_u8], 0..4),
        ];
        proptest::collection::vec(piece, 0..14).prop_map(|pieces: Vec<Vec<u8>>| pieces.concat())
    }

    proptest! {
        /// What the guard thinks and what the session layer sees are the same, for every header.
        #[test]
        fn guard_and_session_layer_agree(lines in proptest::collection::vec(bytes(), 0..3), secure in any::<bool>()) {
            let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            let (guard, session) = both(&lines, secure);
            prop_assert_eq!(guard, session);
        }
    }
}
