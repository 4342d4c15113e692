//! From the listening socket to the router. Finished public pages are answered before it.

use super::{
    App,
    connections::{Connections, WRITE_TIMEOUT, WriteTimeout},
};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::Method,
    response::Response,
};
use futures_util::future::{Either, Ready, ready};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Semaphore,
    time,
};
use tower::Service;

/// Connections that may wait until they are accepted: everybody comes in the same second.
const WAITING: u32 = 4096;
/// How long what is under way may take when the server stops.
const FAREWELL: Duration = Duration::from_secs(8);
/// How long a connection may say nothing, or take to say what it asks for. Sockets have their own pings.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// What the kernel holds for a client that has not read it, in bytes (Linux takes twice as much).
const SEND_BUFFER: u32 = 256 * 1024;
/// Connections at once. Sockets do not count: how many there may be is said where they are.
const MAX_CONNECTIONS: u32 = 20_000;

/// Listens at an address.
///
/// # Errors
/// When it is taken, or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that starts again takes the address over at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Serves until `stop`; then sockets are told to come back later, and what is under way may end.
///
/// # Errors
/// When the server cannot be asked for connections any more.
pub async fn serve(
    listener: TcpListener,
    app: App,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let connections = Connections::default();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            // Whoever comes when it is full waits in the listener's queue.
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((listener.accept().await, place))
        };
        let ((stream, peer), place) = tokio::select! {
            accepted = accepted => match accepted? {
                (Ok(connection), place) => (connection, place),
                (Err(error), _) => {
                    rest_after(&error).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // A proxy's connections are those of all its clients.
        let counted = match app.trusted_proxies.contains(peer.ip()) {
            true => None,
            false => match connections.count(peer.ip()) {
                Some(counted) => Some(counted),
                None => {
                    tracing::debug!(client = %peer.ip(), "too many connections from one network; closing one");
                    continue;
                }
            },
        };
        // Without it a second change waits for the first one's acknowledgement.
        let _ = stream.set_nodelay(true);
        let door = CacheFrontService { app: app.clone(), router: router.clone(), peer };
        let service = service_fn(move |request: Request<Incoming>| door.clone().call(request.map(Body::new)));
        let connection = http
            .serve_connection(TokioIo::new(Box::pin(WriteTimeout::new(stream, WRITE_TIMEOUT))), service)
            .with_upgrades();
        let mut stopping = app.hub.stopping();
        tokio::spawn(async move {
            let _place = (place, counted);
            let mut connection = pin!(connection);
            // What went wrong is the client's: it went away, or said nothing that could be read.
            let stopping = tokio::select! {
                _ = connection.as_mut() => return,
                stopping = stopping.wait_for(|stopping| *stopping) => stopping.is_ok(),
            };
            if stopping {
                connection.as_mut().graceful_shutdown();
            }
            let _ = connection.await;
        });
    }
    app.hub.stop();
    drop(listener);
    if time::timeout(FAREWELL, places.acquire_many(MAX_CONNECTIONS)).await.is_err() {
        tracing::warn!("closing connections that are still open");
    }
    let left = async {
        while app.sockets.count() > 0 {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = time::timeout(FAREWELL, left).await;
    Ok(())
}

/// A connection that failed by itself is none; when the process has no more files, some have to end first.
async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "connection could not be accepted");
        time::sleep(Duration::from_secs(1)).await;
    }
}

/// Serves one connection: what is finished and shows what is so now comes from memory, whatever
/// stands before the router; everything else goes there.
#[derive(Debug, Clone)]
struct CacheFrontService {
    app: App,
    router: Router,
    peer: SocketAddr,
}

impl CacheFrontService {
    fn cached(&self, request: &Request) -> Option<Response> {
        let with_body = match *request.method() {
            Method::GET => true,
            Method::HEAD => false,
            _ => return None,
        };
        let prepared_response = self.app.pages.cached(request.uri().path_and_query()?.as_str())?;
        Some(prepared_response.response(request.headers(), with_body))
    }
}

impl Service<Request> for CacheFrontService {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, <Router as Service<Request>>::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        self.app.hosts.place(&mut request);
        if let Some(response) = self.cached(&request) {
            return Either::Left(ready(Ok(response)));
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Either::Right(self.router.call(request))
    }
}
