//! From the listening socket to the router. Finished public pages are answered before it.

use super::App;
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::Method,
    response::Response,
    serve::{IncomingStream, Listener, ListenerExt},
};
use futures_util::future::{Either, Ready, ready};
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    time,
};
use tower::Service;

/// Connections that may wait until they are accepted: everybody comes in the same second.
const WAITING: u32 = 4096;
/// How long what is under way may take when the server stops.
const FAREWELL: Duration = Duration::from_secs(8);

/// Listens at an address.
///
/// # Errors
/// When it is taken, or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that starts again takes the address over at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Serves until `stop`; then sockets are told to come back later, and what is under way may end.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    app: App,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|connection| {
        // Without it a second change waits for the first one's acknowledgement.
        let _ = connection.set_nodelay(true);
    });
    let hub = app.hub.clone();
    let mut stopping = hub.stopping();
    let stopped = async move {
        stop.await;
        hub.stop();
    };
    let doors = Doors { app: app.clone(), router };
    let serving = async { axum::serve(listener, doors).with_graceful_shutdown(stopped).await };
    let farewell = async {
        // The sender lives as long as the app.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        time::sleep(FAREWELL).await;
    };
    tokio::select! {
        ended = serving => ended?,
        () = farewell => tracing::warn!("connections that do not end are cut"),
    }
    let left = async {
        while app.sockets.count() > 0 {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = time::timeout(FAREWELL, left).await;
    Ok(())
}

/// Makes what serves a connection.
#[derive(Debug, Clone)]
struct Doors {
    app: App,
    router: Router,
}

impl<L: Listener<Addr = SocketAddr>> Service<IncomingStream<'_, L>> for Doors {
    type Response = Door;
    type Error = Infallible;
    type Future = Ready<Result<Door, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, L>) -> Self::Future {
        let Self { app, router } = self.clone();
        ready(Ok(Door { app, router, peer: *stream.remote_addr() }))
    }
}

/// Serves one connection: what is finished and shows what is so now comes from memory, whatever
/// stands before the router; everything else goes there.
#[derive(Debug, Clone)]
struct Door {
    app: App,
    router: Router,
    peer: SocketAddr,
}

impl Door {
    fn in_memory(&self, request: &Request) -> Option<Response> {
        let with_body = match *request.method() {
            Method::GET => true,
            Method::HEAD => false,
            _ => return None,
        };
        let finished = self.app.pages.in_memory(request.uri().path_and_query()?.as_str())?;
        Some(finished.response(request.headers(), with_body))
    }
}

impl Service<Request> for Door {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, <Router as Service<Request>>::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if let Some(response) = self.in_memory(&request) {
            return Either::Left(ready(Ok(response)));
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Either::Right(self.router.call(request))
    }
}
