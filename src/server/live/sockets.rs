//! The sockets: public pages get changed regions, dashboards get hints.

use super::renderer;
use crate::{
    domain::{
        error::AppError,
        ids::OrganizationId,
        live::{Hint, Topic},
        role::allowed,
    },
    server::{
        App,
        access::{PublicPage, Scope, limits::subnet_key},
        organizations,
        requests::ClientAddress,
    },
};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time,
};

/// Between two pings, so that proxies do not take a quiet socket for a dead one.
pub(super) const PING: Duration = Duration::from_secs(25);
/// A client that takes longer to accept a message is dropped; it comes back and reads the page.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Visitors send nothing.
const MAX_MESSAGE_BYTES: usize = 1024;
/// Buffers of an idle socket, in bytes: the library's own would be 128 KiB.
const BUFFER: usize = 4096;
/// Sockets of one address.
const MAX_PER_ADDRESS: u32 = 500;
/// Visitors' sockets of one organization, and programs that listen to it.
const MAX_PER_ORGANIZATION: u32 = 20_000;
/// Sockets altogether, which is 400 MiB of memory.
const MAX_SOCKETS: u32 = 50_000;

/// How many sockets there are, of whom.
#[derive(Debug, Clone, Default)]
pub struct ConnectionLimits(Arc<Mutex<OpenConnections>>);

#[derive(Debug, Default)]
struct OpenConnections {
    all: u32,
    addresses: HashMap<IpAddr, u32>,
    organizations: HashMap<OrganizationId, u32>,
}

/// A place, free again when it is dropped: of a socket with its address, of who listens to an
/// organization, or of a socket that does so all its life.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    sockets: ConnectionLimits,
    address: Option<IpAddr>,
    organization: Option<OrganizationId>,
}

impl ConnectionLimits {
    /// A place for a socket of this address, for somebody who listens to this organization, or for both
    /// in one.
    pub(super) fn take(
        &self,
        address: Option<IpAddr>,
        organization: Option<&OrganizationId>,
    ) -> Result<ConnectionPermit, AppError> {
        let mut held = self.held();
        let listening = organization.and_then(|id| held.organizations.get(id)).copied().unwrap_or_default();
        if listening >= MAX_PER_ORGANIZATION || (address.is_some() && held.all >= MAX_SOCKETS) {
            return Err(AppError::Busy);
        }
        if let Some(address) = address {
            let of_address = held.addresses.entry(address).or_default();
            if *of_address >= MAX_PER_ADDRESS {
                return Err(AppError::TooMany { retry_after: 30 });
            }
            *of_address += 1;
            held.all += 1;
        }
        if let Some(organization) = organization {
            *held.organizations.entry(organization.clone()).or_default() += 1;
        }
        Ok(ConnectionPermit { sockets: self.clone(), address, organization: organization.cloned() })
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.held().all
    }

    fn held(&self) -> MutexGuard<'_, OpenConnections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Self { sockets, address, organization } = self;
        let mut held = sockets.held();
        if let Some(address) = address {
            held.all -= 1;
            one_less(&mut held.addresses, address);
        }
        if let Some(organization) = organization {
            one_less(&mut held.organizations, organization);
        }
    }
}

fn one_less<K: Hash + Eq>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

pub(super) fn small(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
}

/// The socket of a visitor whose page is of version `seen`.
///
/// # Errors
/// [`AppError::TooMany`] when the address holds too many, [`AppError::Busy`] when the organization or
/// the server does.
pub fn public(
    app: App,
    page: PublicPage,
    seen: i64,
    client: ClientAddress,
    upgrade: WebSocketUpgrade,
) -> Result<Response, AppError> {
    let permit = app.sockets.take(Some(subnet_key(client.0)), Some(page.id()))?;
    Ok(small(upgrade).on_upgrade(move |socket| async move {
        let _place = permit;
        visitor(socket, app, page, seen).await;
    }))
}

async fn visitor(mut socket: WebSocket, app: App, page: PublicPage, mut seen: i64) {
    let (mut pages, mut stopping) = (renderer::pages(&app, &page), app.hub.stopping());
    let mut ping = time::interval(PING);
    ping.reset();
    loop {
        let message = match pages.borrow_and_update().as_ref() {
            Some(page) if page.version != seen => {
                let message = page.message(seen);
                seen = page.version;
                Some(message)
            }
            _ => None,
        };
        if let Some(message) = message
            && send(&mut socket, Message::Text(message)).await.is_err()
        {
            return;
        }
        tokio::select! {
            changed = pages.changed() => if changed.is_err() { return },
            _ = ping.tick() => if send(&mut socket, Message::Ping(Default::default())).await.is_err() { return },
            received = socket.recv() => if ended(received) { return },
            () = stopped(&mut stopping) => return close(&mut socket, 1012, "the server is restarting").await,
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
    let permit = scope.app().sockets.take(Some(subnet_key(client.0)), Some(scope.id()))?;
    Ok(small(upgrade).on_upgrade(move |socket| async move {
        let _place = permit;
        member(socket, scope).await;
    }))
}

async fn member(mut socket: WebSocket, scope: Scope<allowed::Read>) {
    let mut hints = scope.app().hub.hints(scope.id());
    let mut session_revalidations = scope.app().hub.session_revalidations();
    let mut stopping = scope.app().hub.stopping();
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
                // Another process may have removed the member, or deleted or suspended the organization.
                if hint.topics.contains(&Topic::Members) && scope.is_still_valid().await == Some(false) {
                    return dismiss(&mut socket).await;
                }
                if tell(&mut socket, &hint).await.is_err() { return }
            }
            person = session_revalidations.recv() => {
                let mine = match person {
                    Ok(person) => scope.person().is_some_and(|mine| mine.user().id == person),
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return,
                };
                if mine && scope.is_still_valid().await == Some(false) {
                    return dismiss(&mut socket).await;
                }
            }
            _ = ping.tick() => {
                if scope.is_still_valid().await == Some(false) {
                    return dismiss(&mut socket).await;
                }
                if send(&mut socket, Message::Ping(Default::default())).await.is_err() { return }
            }
            received = socket.recv() => if ended(received) { return },
            () = stopped(&mut stopping) => return close(&mut socket, 1012, "the server is restarting").await,
        }
    }
}

/// Tells that the person may not listen any more.
async fn dismiss(socket: &mut WebSocket) {
    close(socket, 4401, "no longer allowed").await;
}

pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // The sender lives as long as the app.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

pub(super) async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    let _ = send(socket, Message::Close(Some(frame))).await;
}

async fn current_version(scope: &Scope<allowed::Read>) -> Result<i64, AppError> {
    Ok(organizations::public(&mut scope.read().await?, scope.id()).await?.version)
}

async fn tell(socket: &mut WebSocket, hint: &Hint) -> Result<(), ()> {
    let text = serde_json::to_string(hint).map_err(|_| ())?;
    send(socket, Message::Text(text.into())).await
}

pub(super) async fn send(socket: &mut WebSocket, message: Message) -> Result<(), ()> {
    match time::timeout(TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

fn ended(received: Option<Result<Message, axum::Error>>) -> bool {
    matches!(received, None | Some(Err(_)) | Some(Ok(Message::Close(_))))
}
