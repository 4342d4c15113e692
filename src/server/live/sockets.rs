//! The sockets: public pages get changed regions, dashboards get hints.

use crate::{
    domain::{
        error::AppError,
        live::{Hint, Topic},
        role::allowed,
    },
    server::{
        App,
        access::{PublicPage, Scope},
        organizations,
        requests::ClientAddress,
        status_page::Page,
    },
};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::broadcast::error::RecvError, time};

/// Between two pings, so that proxies do not take a quiet socket for a dead one.
const PING: Duration = Duration::from_secs(25);
/// A client that takes longer to accept a message is dropped; it comes back and reads the page.
const PATIENCE: Duration = Duration::from_secs(10);
/// Visitors send nothing.
const MESSAGE_MOST: usize = 1024;
/// Buffers of an idle socket, in bytes: the library's own would be 128 KiB.
const BUFFER: usize = 4096;
/// Sockets of one address.
const SOCKETS_MOST: u32 = 500;

/// How many sockets each address holds.
#[derive(Debug, Clone, Default)]
pub struct Sockets(Arc<Mutex<HashMap<IpAddr, u32>>>);

/// One socket's place, free again when it is dropped.
#[derive(Debug)]
struct Place(Sockets, IpAddr);

impl Sockets {
    fn take(&self, address: IpAddr) -> Result<Place, AppError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= SOCKETS_MOST {
            return Err(AppError::TooMany { retry_after: 30 });
        }
        *count += 1;
        Ok(Place(self.clone(), address))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.1);
            }
        }
    }
}

fn small(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(MESSAGE_MOST)
        .max_frame_size(MESSAGE_MOST)
}

/// The socket of a visitor whose page is of version `seen`.
///
/// # Errors
/// [`AppError::TooMany`] when the address holds too many.
pub fn public(
    app: App,
    page: PublicPage,
    seen: i64,
    client: ClientAddress,
    upgrade: WebSocketUpgrade,
) -> Result<Response, AppError> {
    let place = app.sockets.take(client.0)?;
    Ok(small(upgrade).on_upgrade(move |socket| async move {
        let _place = place;
        visitor(socket, app, page, seen).await;
    }))
}

async fn visitor(mut socket: WebSocket, app: App, page: PublicPage, mut seen: i64) {
    let mut versions = app.hub.versions(&page.id);
    let mut ping = time::interval(PING);
    ping.reset();
    loop {
        versions.mark_unchanged();
        if let Ok(now) = app.pages.get(&app, &page).await
            && now.version != seen
        {
            if send(&mut socket, Message::Text(Page::message(&now, seen))).await.is_err() {
                return;
            }
            seen = now.version;
        }
        tokio::select! {
            changed = versions.changed() => if changed.is_err() { return },
            _ = ping.tick() => if send(&mut socket, Message::Ping(Default::default())).await.is_err() { return },
            received = socket.recv() => if ended(received) { return },
        }
    }
}

/// The socket of somebody's dashboard.
///
/// # Errors
/// [`AppError::TooMany`] when the address holds too many.
pub fn dashboard(
    scope: Scope<allowed::Read>,
    client: ClientAddress,
    upgrade: WebSocketUpgrade,
) -> Result<Response, AppError> {
    let place = scope.app().sockets.take(client.0)?;
    Ok(small(upgrade).on_upgrade(move |socket| async move {
        let _place = place;
        member(socket, scope).await;
    }))
}

async fn member(mut socket: WebSocket, scope: Scope<allowed::Read>) {
    let mut hints = scope.app().hub.hints(scope.id());
    let mut rechecks = scope.app().hub.rechecks();
    let mut ping = time::interval(PING);
    ping.reset();
    // The version now: whoever comes back after a while learns whether to read again.
    let Ok(version) = current_version(&scope).await else { return };
    if tell(&mut socket, &Hint { version, topics: Vec::new() }).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            hint = hints.recv() => {
                let hint = match hint {
                    Ok(hint) => hint,
                    Err(RecvError::Lagged(_)) => Hint { version: scope.app().hub.version(scope.id()), topics: Topic::ALL.to_vec() },
                    Err(RecvError::Closed) => return,
                };
                if tell(&mut socket, &hint).await.is_err() { return }
            }
            person = rechecks.recv() => {
                let mine = match person {
                    Ok(person) => scope.person().is_some_and(|mine| mine.user().id == person),
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return,
                };
                if mine && scope.still_holds().await == Some(false) {
                    return dismiss(&mut socket).await;
                }
            }
            _ = ping.tick() => {
                if scope.still_holds().await == Some(false) {
                    return dismiss(&mut socket).await;
                }
                if send(&mut socket, Message::Ping(Default::default())).await.is_err() { return }
            }
            received = socket.recv() => if ended(received) { return },
        }
    }
}

/// Tells that the person may not listen any more.
async fn dismiss(socket: &mut WebSocket) {
    let frame = CloseFrame { code: 4401, reason: Utf8Bytes::from_static("no longer allowed") };
    let _ = send(socket, Message::Close(Some(frame))).await;
}

async fn current_version(scope: &Scope<allowed::Read>) -> Result<i64, AppError> {
    Ok(organizations::public(&mut scope.read().await?, scope.id()).await?.version)
}

async fn tell(socket: &mut WebSocket, hint: &Hint) -> Result<(), ()> {
    let text = serde_json::to_string(hint).map_err(|_| ())?;
    send(socket, Message::Text(text.into())).await
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), ()> {
    match time::timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

fn ended(received: Option<Result<Message, axum::Error>>) -> bool {
    matches!(received, None | Some(Err(_)) | Some(Ok(Message::Close(_))))
}
