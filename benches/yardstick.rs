//! What the least that does the same job costs: a handler that returns bytes which are there, a
//! loop that writes a message to every socket, a connection that saves the same rows.

use crate::machine;
use axum::{
    Router,
    body::Bytes,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::IntoResponse,
    routing::get,
};
use futures_util::SinkExt;
use std::net::SocketAddr;
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::Runtime,
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config, tungstenite, tungstenite::protocol::WebSocketConfig,
};

/// The threads on which yardsticks work.
pub const THREADS: &[&str] = &["yardstick"];

/// The buffers of a socket, in bytes, where the yardstick has sockets: as small as the server's.
const BUFFER: usize = 4096;

/// Connections that may wait until they are accepted: enough for all who come at once.
const WAITING: u32 = 4096;

/// Threads of the same number as the server's.
pub struct Yardstick {
    pub runtime: Runtime,
}

impl Yardstick {
    pub fn new() -> Self {
        Self { runtime: machine::threads("yardstick") }
    }

    /// Serves these routes; where.
    pub fn serve(&self, router: Router) -> SocketAddr {
        self.runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            let listener = socket.listen(WAITING).unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            address
        })
    }

    /// A bare handler that returns these bytes.
    pub fn page(&self, status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> SocketAddr {
        let status = StatusCode::from_u16(status).unwrap();
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        let body = Bytes::from(body);
        self.serve(Router::new().route("/", get(async move || (status, headers, body).into_response())))
    }

    /// Accepts this many sockets, then writes each text that is sent here to all of them, one after
    /// the other.
    pub fn write_to_all(&self, sockets: usize) -> (SocketAddr, mpsc::UnboundedSender<String>) {
        let (tell, mut told) = mpsc::unbounded_channel::<String>();
        let address = self.runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                let mut open: Vec<WebSocketStream<_>> = Vec::with_capacity(sockets);
                while open.len() < sockets {
                    let (stream, _) = listener.accept().await.unwrap();
                    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
                    open.push(accept_async_with_config(stream, Some(config)).await.unwrap());
                }
                while let Some(text) = told.recv().await {
                    let message = tungstenite::Message::Text(text.into());
                    for socket in &mut open {
                        socket.send(message.clone()).await.unwrap();
                    }
                }
            });
            address
        });
        (address, tell)
    }
}

/// A process of its own that serves a few bytes, and sockets on which nothing happens.
pub fn serve_alone(address: SocketAddr) {
    machine::threads("yardstick").block_on(async move {
        let idle = async |upgrade: WebSocketUpgrade| {
            let small = upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER);
            small
                .on_upgrade(async |mut socket: WebSocket| while let Some(Ok(Message::Ping(_))) = socket.recv().await {})
        };
        let router = Router::new().route("/", get(async || "here")).route("/live", get(idle));
        axum::serve(TcpListener::bind(address).await.unwrap(), router).await.unwrap();
    });
}
