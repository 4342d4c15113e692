//! The socket of programs: events of several organizations, as docs/LIVE.md describes them.

use super::{
    events::EventLog,
    renderer,
    sockets::{ConnectionPermit, PING, close, send, small, stopped},
};
use crate::{
    domain::{error::AppError, ids::OrganizationId, organization, status::PageStatus, time::Time},
    server::{App, access::limits::subnet_key, clock, requests::ClientAddress, rest::ApiError, status_page::Page},
};
use axum::{
    Extension, Router,
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::{pending, select_all};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time};

/// Counts what a client would have to learn anew.
const PROTOCOL: u32 = 1;
/// Organizations that one socket listens to.
const MAX_ORGANIZATIONS: usize = 20;
/// The longest message of a client, in bytes.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// A message so long ends the socket unread.
const MAX_FRAME_BYTES: usize = 64 * 1024;
/// What a client may ask for at once; each second gives one more.
const MAX_REQUESTS: u32 = 100;
/// Characters of what is said about a message that cannot be read.
const MAX_WORDS_LENGTH: usize = 200;

/// The address.
pub fn routes() -> Router<App> {
    Router::new().route("/api/v1/live", get(live))
}

/// `GET /api/v1/live`
async fn live(
    State(app): State<App>,
    Extension(client): Extension<ClientAddress>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return ApiError::from(AppError::BadRequest("connect to this endpoint with a WebSocket.".to_owned()))
            .into_response();
    };
    match app.sockets.take(Some(subnet_key(client.0)), None) {
        Ok(permit) => small(upgrade).max_message_size(MAX_FRAME_BYTES).max_frame_size(MAX_FRAME_BYTES).on_upgrade(
            move |socket| async move {
                let _permit = permit;
                serve_client(socket, app).await;
            },
        ),
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum ClientMessage {
    Subscribe {
        organizations: Vec<String>,
        /// The versions that the client has.
        #[serde(default)]
        since: BTreeMap<String, i64>,
    },
    Unsubscribe {
        organizations: Vec<String>,
    },
    Ping {
        #[serde(default)]
        id: Option<i64>,
    },
}

/// What the server says beside events.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ServerMessage<'a> {
    Connected {
        protocol: u32,
        organizations_most: usize,
        at: Time,
    },
    Subscribed {
        organization: &'a str,
        organization_id: &'a str,
        name: &'a str,
        version: i64,
        resumed: bool,
        status: Option<PageStatus>,
    },
    Unsubscribed {
        organization: &'a str,
    },
    Resync {
        organization: &'a str,
        organization_id: &'a str,
        version: i64,
        read: String,
    },
    Pong {
        id: Option<i64>,
        at: Time,
    },
    Error {
        code: &'static str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        organization: Option<&'a str>,
    },
}

impl<'a> ServerMessage<'a> {
    fn text(&self) -> Utf8Bytes {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    fn resync(recent: &'a EventLog) -> Self {
        let organization = &recent.organization;
        Self::Resync {
            organization: &organization.slug,
            organization_id: &organization.id,
            version: recent.version,
            read: format!("/api/v1/status/{}", organization.slug),
        }
    }

    fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::Error { code, message: message.into(), organization: None }
    }

    fn about(code: &'static str, organization: &'a str, message: impl Into<String>) -> Self {
        Self::Error { code, message: message.into(), organization: Some(organization) }
    }
}

/// An organization that a socket listens to.
#[derive(Debug)]
struct Subscription {
    /// As the client calls it.
    name: String,
    id: OrganizationId,
    pages: watch::Receiver<Option<Arc<Page>>>,
    /// Whether there is a page that nobody has looked at yet.
    fresh: bool,
    /// The version that the client says it has.
    since: Option<i64>,
    /// The version when it asked: it is not told of less.
    least: i64,
    /// The version up to which it was told.
    seen: Option<i64>,
    _permit: ConnectionPermit,
}

impl Subscription {
    /// Adds what the client has not been told; false when there is nothing more to come.
    fn collect_messages(&mut self, told: &mut Vec<Utf8Bytes>) -> bool {
        match self.pages.has_changed() {
            Ok(changed) if !changed && !self.fresh => return true,
            Ok(_) => {}
            Err(_) => {
                let words = "The organization was deleted, or its page is no longer public.";
                told.push(ServerMessage::about("organization_gone", &self.name, words).text());
                return false;
            }
        }
        self.fresh = false;
        let page = self.pages.borrow_and_update().clone();
        // It is being made.
        let Some(page) = page.filter(|page| page.version >= self.least) else { return true };
        let recent = &page.recent;
        let seen = self.seen.unwrap_or_else(|| {
            let since = self.since.filter(|since| recent.reaches(*since));
            let version = since.unwrap_or(recent.version);
            let organization = &recent.organization;
            let subscribed = ServerMessage::Subscribed {
                organization: &organization.slug,
                organization_id: &organization.id,
                name: &organization.name,
                version,
                resumed: since.is_some(),
                status: recent.status,
            };
            told.push(subscribed.text());
            if self.since.is_some() && since.is_none() {
                told.push(ServerMessage::resync(recent).text());
            }
            version
        });
        match recent.after(seen) {
            Some(events) => told.extend(events),
            None => told.push(ServerMessage::resync(recent).text()),
        }
        self.seen = Some(recent.version);
        true
    }
}

/// How much a client may still ask for.
#[derive(Debug)]
struct RateLimiter {
    left: u32,
    since: Instant,
}

impl RateLimiter {
    fn new() -> Self {
        Self { left: MAX_REQUESTS, since: Instant::now() }
    }

    /// Whether it may ask for so much now.
    fn allows(&mut self, amount: usize) -> bool {
        let seconds = self.since.elapsed().as_secs();
        self.since += Duration::from_secs(seconds);
        self.left = self.left.saturating_add(u32::try_from(seconds).unwrap_or(MAX_REQUESTS)).min(MAX_REQUESTS);
        let left = u32::try_from(amount).ok().and_then(|amount| self.left.checked_sub(amount));
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// One client's state.
#[derive(Debug)]
struct StreamClient {
    app: App,
    subscriptions: Vec<Subscription>,
    rate_limiter: RateLimiter,
}

async fn serve_client(mut socket: WebSocket, app: App) {
    let mut stopping = app.hub.stopping();
    let mut ping = time::interval(PING);
    ping.reset();
    let mut program = StreamClient { app, subscriptions: Vec::new(), rate_limiter: RateLimiter::new() };
    let connected =
        ServerMessage::Connected { protocol: PROTOCOL, organizations_most: MAX_ORGANIZATIONS, at: clock::now() };
    if send_all(&mut socket, vec![connected.text()]).await.is_err() {
        return;
    }
    loop {
        // What comes while a slow client takes this waits as one newest page, however much it is.
        if send_all(&mut socket, program.pending_messages()).await.is_err() {
            return;
        }
        tokio::select! {
            () = changed(&mut program.subscriptions) => {}
            _ = ping.tick() => if send(&mut socket, Message::Ping(Default::default())).await.is_err() { return },
            received = socket.recv() => {
                let text = match received {
                    None | Some(Err(_)) | Some(Ok(Message::Close(_))) => return,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Text(text))) => Some(text),
                    Some(Ok(Message::Binary(_))) => None,
                };
                match program.handle_message(text.as_deref()).await {
                    Some(answers) => if send_all(&mut socket, answers).await.is_err() { return },
                    None => return close(&mut socket, 1008, "too many messages").await,
                }
            }
            () = stopped(&mut stopping) => return close(&mut socket, 1012, "the server is restarting").await,
        }
    }
}

async fn send_all(socket: &mut WebSocket, texts: Vec<Utf8Bytes>) -> Result<(), ()> {
    for text in texts {
        send(socket, Message::Text(text)).await?;
    }
    Ok(())
}

/// Waits until one of them has another page, or has gone.
async fn changed(subscriptions: &mut [Subscription]) {
    if subscriptions.is_empty() {
        return pending().await;
    }
    let waits = subscriptions.iter_mut().map(|subscription| {
        Box::pin(async move {
            // Whether it has gone is asked afterwards.
            let _ = subscription.pages.changed().await;
        })
    });
    let ((), which, _) = select_all(waits).await;
    subscriptions[which].fresh = true;
}

impl StreamClient {
    /// What the client has not been told yet.
    fn pending_messages(&mut self) -> Vec<Utf8Bytes> {
        let mut told = Vec::new();
        self.subscriptions.retain_mut(|subscription| subscription.collect_messages(&mut told));
        told
    }

    /// Does what the client says, and tells what to answer; `None` when it says too much.
    async fn handle_message(&mut self, text: Option<&str>) -> Option<Vec<Utf8Bytes>> {
        let unreadable = |words: &str| vec![ServerMessage::error("unreadable", words).text()];
        let asked = match text {
            Some(text) if text.len() > MAX_MESSAGE_BYTES => {
                let words = format!("A message can have at most {MAX_MESSAGE_BYTES} bytes.");
                return self
                    .rate_limiter
                    .allows(1)
                    .then(|| vec![ServerMessage::error("message_too_large", words).text()]);
            }
            Some(text) => serde_json::from_str::<ClientMessage>(text).map_err(|error| error.to_string()),
            None => Err("Send JSON as a text message.".to_owned()),
        };
        let amount = match &asked {
            Ok(ClientMessage::Subscribe { organizations, .. } | ClientMessage::Unsubscribe { organizations }) => {
                organizations.len()
            }
            _ => 1,
        };
        if !self.rate_limiter.allows(amount.max(1)) {
            return None;
        }
        Some(match asked {
            Ok(ClientMessage::Ping { id }) => vec![ServerMessage::Pong { id, at: clock::now() }.text()],
            Ok(ClientMessage::Subscribe { organizations, .. } | ClientMessage::Unsubscribe { organizations })
                if organizations.is_empty() =>
            {
                unreadable("List at least one organization.")
            }
            Ok(ClientMessage::Subscribe { organizations, since }) => {
                let mut answers = Vec::new();
                for name in organizations {
                    let since = since.get(&name).copied();
                    answers.extend(self.subscribe(name, since).await);
                }
                answers
            }
            Ok(ClientMessage::Unsubscribe { organizations }) => {
                organizations.iter().map(|name| self.unsubscribe(name)).collect()
            }
            Err(words) => unreadable(&words.chars().take(MAX_WORDS_LENGTH).collect::<String>()),
        })
    }

    /// Listens to an organization, from a version on that the client has; why it cannot.
    async fn subscribe(&mut self, name: String, since: Option<i64>) -> Option<Utf8Bytes> {
        let found = match organization::slug(&name) {
            Ok(slug) => self.app.pages.find(&self.app, &slug).await,
            Err(_) => Err(AppError::NotFound("status page".to_owned())),
        };
        let page = match found {
            Ok(page) => page,
            Err(AppError::NotFound(_)) => {
                let shown: String = name.chars().take(MAX_WORDS_LENGTH).collect();
                let words = format!("There’s no organization “{shown}” here.");
                return Some(ServerMessage::about("unknown_organization", &name, words).text());
            }
            Err(error) => return Some(ServerMessage::about("unavailable", &name, error.to_string()).text()),
        };
        // Whoever asks again begins again.
        self.subscriptions.retain(|subscription| subscription.id != *page.id());
        if self.subscriptions.len() >= MAX_ORGANIZATIONS {
            let words = format!(
                "A connection can subscribe to at most {MAX_ORGANIZATIONS} organizations. Open another connection."
            );
            return Some(ServerMessage::about("too_many_organizations", &name, words).text());
        }
        let permit = match self.app.sockets.take(None, Some(page.id())) {
            Ok(permit) => permit,
            Err(error) => return Some(ServerMessage::about("unavailable", &name, error.to_string()).text()),
        };
        let pages = renderer::pages(&self.app, &page);
        let (id, least) = (page.id().clone(), self.app.hub.version(page.id()));
        let subscription = Subscription { name, id, pages, fresh: true, since, least, seen: None, _permit: permit };
        self.subscriptions.push(subscription);
        None
    }

    fn unsubscribe(&mut self, name: &str) -> Utf8Bytes {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|subscription| subscription.name != name && subscription.id.as_str() != name);
        if self.subscriptions.len() < before {
            ServerMessage::Unsubscribed { organization: name }.text()
        } else {
            ServerMessage::about("not_subscribed", name, "This connection isn’t subscribed to this organization.")
                .text()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_much_is_told_to_stop() {
        let mut rate_limiter = RateLimiter::new();
        assert!(rate_limiter.allows(60) && rate_limiter.allows(40) && !rate_limiter.allows(1));
        rate_limiter.since =
            rate_limiter.since.checked_sub(Duration::from_secs(3)).expect("the machine has run for so long");
        assert!(rate_limiter.allows(3) && !rate_limiter.allows(1) && !rate_limiter.allows(usize::MAX));
    }

    #[test]
    fn messages_are_read_or_refused_with_words() {
        let read = |text: &str| serde_json::from_str::<ClientMessage>(text).map_err(|error| error.to_string());
        assert!(read(r#"{"type":"subscribe","organizations":["acme"],"since":{"acme":41}}"#).is_ok());
        assert!(read(r#"{"type":"ping"}"#).is_ok() && read(r#"{"id":7,"type":"ping"}"#).is_ok());
        for (text, word) in [
            (r#"{"type":"shout"}"#, "`subscribe`"),
            (r#"{"type":"subscribe"}"#, "`organizations`"),
            (r#"{"type":"ping","extra":1}"#, "extra"),
            ("nonsense", "expected"),
        ] {
            let words = read(text).expect_err(text);
            assert!(words.contains(word), "{text}: {words}");
        }
    }
}
