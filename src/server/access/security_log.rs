//! What the log says of security: who signed in or was refused, how, and from where. `docs/OPERATING.md` lists
//! the events.
//!
//! Whatever came from outside is logged as a text field, which the formatters write with control characters
//! escaped, and cut to a length. Secrets are never logged.

use crate::{
    domain::{error::AppError, ids::UserId, role::Action},
    server::{db::Actor, requests::ClientAddress},
};
use axum::{
    extract::Request,
    http::{StatusCode, header, request::Parts},
};

/// The target of these events, for `CANDOR_LOG`.
pub const TARGET: &str = "candor::security";
/// Characters of a text from outside.
const MAX_CHARS: usize = 200;

/// How somebody proves who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By the password of the account.
    Password,
    /// Through the OpenID provider.
    Oidc,
    /// By a link that was mailed: a session that goes on.
    MailedLink,
}

impl Method {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Oidc => "oidc",
            Self::MailedLink => "mailed_link",
        }
    }
}

fn short(text: &str) -> &str {
    text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| &text[..end])
}

fn client(extensions: &axum::http::Extensions) -> String {
    extensions.get::<ClientAddress>().map(|client| client.0.to_string()).unwrap_or_default()
}

/// A session has begun.
pub fn signed_in(user: &UserId, method: Method, client: &str) {
    let (user, method) = (user.as_str(), method.as_str());
    tracing::info!(target: TARGET, event = "sign_in_succeeded", user, method, client, "signed in");
}

/// Nobody was signed in. `account` is the address that was typed, `user` whose it is, if anybody's.
pub fn sign_in_failed(method: Method, client: &str, account: &str, user: Option<&UserId>, reason: &str) {
    let (method, account, user, reason) = (method.as_str(), short(account), user.map(UserId::as_str), short(reason));
    tracing::warn!(target: TARGET, event = "sign_in_failed", method, client, account, user, reason, "sign-in failed");
}

/// The person behind a session has proved again who they are.
pub fn reauthenticated(user: &UserId, method: Method, client: &str) {
    let (user, method) = (user.as_str(), method.as_str());
    tracing::info!(target: TARGET, event = "reauthentication_succeeded", user, method, client, "session confirmed");
}

/// Somebody could not prove that the session of this person is theirs.
pub fn reauthentication_failed(user: &UserId, method: Method, client: &str) {
    let (user, method) = (user.as_str(), method.as_str());
    tracing::warn!(target: TARGET, event = "reauthentication_failed", user, method, client, "session confirmation failed");
}

/// A person has ended sessions: `this` one, `one` of theirs, the `others`, or `all`.
pub fn sessions_ended(user: &UserId, which: &'static str, client: &str) {
    let user = user.as_str();
    tracing::info!(target: TARGET, event = "sessions_ended", user, which, client, "sessions ended");
}

/// Somebody tried too often.
pub fn rate_limited(client: &str, path: &str) {
    let path = short(path);
    tracing::warn!(target: TARGET, event = "rate_limited", client, path, "too many attempts");
}

/// The role does not allow it, or there is no such organization for whoever asks.
pub fn access_refused(actor: &Actor, action: Action, organization: &str, error: &AppError) {
    let (user, name) = (actor.user_id.as_ref().map(UserId::as_str), short(&actor.name));
    let (client, organization, status) = (actor.address.as_deref(), short(organization), error.status());
    tracing::warn!(
        target: TARGET, event = "access_refused", user, name, ?action, organization, status, client, "access denied"
    );
}

/// A page of another origin asks.
pub fn origin_refused(request: &Request) {
    let client = client(request.extensions());
    let text = |name| request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let (origin, site) = (text(header::ORIGIN), text(header::HeaderName::from_static("sec-fetch-site")));
    let (path, origin, site) = (short(request.uri().path()), origin.as_deref().map(short), site.as_deref().map(short));
    tracing::warn!(target: TARGET, event = "origin_refused", client, path, origin, site, "cross-origin request refused");
}

/// Cookies of ours were passed over, as if they had not been sent.
pub fn cookies_refused(request: &Request, reason: &'static str) {
    let (client, path) = (client(request.extensions()), short(request.uri().path()));
    tracing::warn!(target: TARGET, event = "cookies_refused", client, path, reason, "cookies ignored");
}

/// A bearer token was sent that is not taken. Without one nobody claims to be anybody.
pub fn token_refused(parts: &Parts, error: &AppError) {
    if parts.headers.contains_key(header::AUTHORIZATION) && error.status() == StatusCode::UNAUTHORIZED.as_u16() {
        let reason = match error {
            AppError::BadToken(reason) => short(reason),
            _ => "unknown, expired or revoked",
        };
        let (client, path) = (client(&parts.extensions), short(parts.uri.path()));
        tracing::warn!(target: TARGET, event = "token_refused", client, path, reason, "token rejected");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("a lock").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What somebody types cannot make up lines of the log, and does not fill it.
    #[test]
    fn typed_text_is_escaped_and_cut() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let typed = format!("a\r\nINFO forged\u{1b}[31m\u{202e}@example.com{}", "x".repeat(5000));
            sign_in_failed(Method::Password, "192.0.2.1", &typed, None, "the password is wrong");
        });
        let text = String::from_utf8(lines.0.lock().expect("a lock").clone()).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r"a\r\nINFO forged\u{1b}[31m\u{202e}@example.com"), "{text}");
        assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text}");
        assert!(text.contains("sign_in_failed") && text.contains("192.0.2.1") && text.len() < 600, "{text}");
    }
}
