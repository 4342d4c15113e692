//! What the least that does the same job costs: a handler that returns bytes which are there, a
//! loop that writes a message to every socket, a connection that saves a row.

use crate::{machine, statements};
use axum::{
    Router,
    body::Bytes,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::IntoResponse,
    routing::get,
    serve::ListenerExt,
};
use futures_util::SinkExt;
use sqlx::SqliteConnection;
use std::{net::SocketAddr, path::Path, sync::Arc};
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::Runtime,
    sync::{Mutex, OnceCell, mpsc},
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
            tokio::spawn(serve_at(listener, router));
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
                    stream.set_nodelay(true).unwrap();
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

/// Small answers leave at once, as the server's do.
async fn serve_at(listener: TcpListener, router: Router) {
    let listener = listener.tap_io(|connection| connection.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

/// What a process of its own has.
#[derive(Default)]
struct Alone {
    told: Mutex<Vec<WebSocket>>,
    /// Opened when it is needed: the process is also measured for what it takes when it does nothing.
    database: OnceCell<Mutex<SqliteConnection>>,
}

fn small(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER)
}

/// A process of its own that serves a few bytes, sockets on which nothing happens, and sockets that
/// are all told what somebody posts, once a row is saved.
pub fn serve_alone(address: SocketAddr) {
    let idle = async |upgrade: WebSocketUpgrade| {
        small(upgrade)
            .on_upgrade(async |mut socket: WebSocket| while let Some(Ok(Message::Ping(_))) = socket.recv().await {})
    };
    let told = async |State(alone): State<Arc<Alone>>, upgrade: WebSocketUpgrade| {
        small(upgrade).on_upgrade(async move |socket: WebSocket| alone.told.lock().await.push(socket))
    };
    let tell = async |State(alone): State<Arc<Alone>>, text: String| {
        let database = alone.database.get_or_init(async || Mutex::new(one_row_database(Path::new(".")).await)).await;
        save_one_row(&mut *database.lock().await).await;
        tokio::spawn(async move {
            let message = Message::text(text);
            for socket in alone.told.lock().await.iter_mut() {
                socket.send(message.clone()).await.unwrap();
            }
        });
    };
    machine::threads("yardstick").block_on(async move {
        let router = Router::new()
            .route("/", get(async || "here").post(tell))
            .route("/live", get(idle))
            .route("/told", get(told))
            .with_state(Arc::<Alone>::default());
        serve_at(TcpListener::bind(address).await.unwrap(), router).await;
    });
}

/// A database of one table, as durable as the server's.
pub async fn one_row_database(folder: &Path) -> SqliteConnection {
    let mut database = statements::open(&format!("sqlite:{}?mode=rwc", folder.join("one.db").display())).await;
    let table = "create table if not exists changes (number integer primary key)";
    sqlx::raw_sql(table).execute(&mut database).await.unwrap();
    database
}

/// Saves one row, durably.
pub async fn save_one_row(database: &mut SqliteConnection) {
    sqlx::query("insert into changes default values").execute(database).await.unwrap();
}
