//! Who asks: HTTP/1.1 and WebSocket clients that cost as little as possible, because they run on
//! the same cores as what they measure.

use crate::{machine, rounds::quantile};
use futures_util::{StreamExt, stream};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::{Barrier, Notify},
    task::JoinSet,
};

/// How long anything may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Sockets that come from one address: half of what a server allows, as some may not have left yet.
const SOCKETS_PER_ADDRESS: usize = 250;
/// Sockets that are opened at a time.
const OPENING: usize = 32;

/// A request, ready to be sent again and again.
pub fn request(method: &str, path: &str, host: SocketAddr, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if method != "GET" {
        text += &format!("content-length: {}\r\n", body.len());
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// What came back, until the next request.
pub struct Answer<'a> {
    pub status: u16,
    pub head: &'a str,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// One header, empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        Self::open_from(Ipv4Addr::LOCALHOST, address).await
    }

    pub async fn open_from(source: Ipv4Addr, address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new(), filled: 0 })
    }

    /// Sends the request and waits for the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.filled = 0;
        self.send(request).await?;
        let head = self.head().await?;
        let text = std::str::from_utf8(&self.buffer[..head]).map_err(io::Error::other)?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let length = text
            .split("\r\ncontent-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next())
            .map_or(Ok(0), str::parse::<usize>)
            .map_err(io::Error::other)?;
        let end = if status == 304 { head } else { head + length };
        while self.filled < end {
            self.receive().await?;
        }
        let head_text = std::str::from_utf8(&self.buffer[..head]).map_err(io::Error::other)?;
        Ok(Answer { status, head: head_text, body: &self.buffer[head..end] })
    }

    async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> io::Result<()> {
        if self.buffer.len() == self.filled {
            self.buffer.resize((self.filled * 2).max(2048), 0);
        }
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.filled += read;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads up to the end of the headers; where that is.
    async fn head(&mut self) -> io::Result<usize> {
        let mut searched = 0_usize;
        loop {
            let from = searched.saturating_sub(3);
            if let Some(found) = self.buffer[from..self.filled].windows(4).position(|four| four == b"\r\n\r\n") {
                return Ok(from + found + 4);
            }
            searched = self.filled;
            self.receive().await?;
        }
    }
}

/// One answer, by itself.
pub async fn ask(address: SocketAddr, request: &[u8]) -> (u16, String, Vec<u8>) {
    let mut connection = Connection::open(address).await.unwrap();
    let answer = connection.ask(request).await.unwrap();
    (answer.status, answer.head.to_owned(), answer.body.to_vec())
}

/// The version that this public page shows.
pub async fn shown_version(address: SocketAddr, path: &str) -> i64 {
    let (_, _, html) = ask(address, &request("GET", path, address, &[], "")).await;
    let html = String::from_utf8(html).unwrap();
    let version = html.split("data-version=\"").nth(1).and_then(|rest| rest.split('"').next());
    version.expect("a version").parse().unwrap()
}

/// What a crowd got.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub per_second: f64,
    pub p99_milliseconds: f64,
    /// Processor time of the server per request, in microseconds.
    pub processor_microseconds: f64,
}

/// Keep-alive connections that ask again as soon as they have their answer.
pub async fn crowd(
    connections: usize,
    lasting: Duration,
    address: SocketAddr,
    request: Vec<u8>,
    server_threads: &[&str],
) -> Load {
    let (request, start) = (Arc::new(request), Arc::new(Barrier::new(connections + 1)));
    let mut all = JoinSet::new();
    for _ in 0..connections {
        let (request, start) = (request.clone(), start.clone());
        all.spawn(async move {
            let mut connection = Connection::open(address).await.unwrap();
            connection.ask(&request).await.unwrap();
            start.wait().await;
            let (end, mut times) = (Instant::now() + lasting, Vec::with_capacity(4096));
            let mut asked = Instant::now();
            while asked < end {
                let status = connection.ask(&request).await.unwrap().status;
                assert!(status == 200 || status == 304, "everybody is answered, not {status}");
                let answered = Instant::now();
                times.push((answered - asked).as_secs_f64() * 1e3);
                asked = answered;
            }
            times
        });
    }
    start.wait().await;
    let (started, before) = (Instant::now(), machine::processor_time(server_threads));
    let times = all.join_all().await.concat();
    let (elapsed, spent) = (started.elapsed(), machine::processor_time(server_threads) - before);
    let count = times.len() as f64;
    Load {
        per_second: count / elapsed.as_secs_f64(),
        p99_milliseconds: quantile(times, 0.99),
        processor_microseconds: spent.as_secs_f64() * 1e6 / count,
    }
}

/// Visitors who come at the same instant, each over a connection of its own: how long until the
/// last has the answer. `is_right` looks at every answer.
pub async fn at_once(
    visitors: usize,
    address: SocketAddr,
    request: &[u8],
    is_right: impl Fn(&Answer<'_>) -> bool + Clone + Send + 'static,
) -> Duration {
    let (request, start) = (Arc::new(request.to_vec()), Arc::new(Barrier::new(visitors + 1)));
    let mut all = JoinSet::new();
    for _ in 0..visitors {
        let (request, start, is_right) = (request.clone(), start.clone(), is_right.clone());
        all.spawn(async move {
            start.wait().await;
            let mut connection = Connection::open(address).await.unwrap();
            let answer = connection.ask(&request).await.unwrap();
            assert!(is_right(&answer), "everybody gets the right answer, not {}: {}", answer.status, answer.head);
            Instant::now()
        });
    }
    start.wait().await;
    let started = Instant::now();
    let last = all.join_all().await.into_iter().max().unwrap_or(started);
    last - started
}

/// The other end of a WebSocket: its connection, where the last frame is, and what it was closed with.
pub struct Socket(Connection, Range<usize>, Option<u16>);

impl Socket {
    pub async fn open(source: Ipv4Addr, address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> io::Result<Self> {
        let mut connection = Connection::open_from(source, address).await?;
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        connection.send(&request("GET", path, address, &[&upgrade, headers].concat(), "")).await?;
        let head = connection.head().await?;
        if !connection.buffer.starts_with(b"HTTP/1.1 101") {
            return Err(io::Error::other(String::from_utf8_lossy(&connection.buffer[..head]).into_owned()));
        }
        Ok(Self(connection, 0..head, None))
    }

    /// The next message; pings are passed over.
    pub async fn next(&mut self) -> io::Result<&[u8]> {
        loop {
            let (kind, message) = self.frame().await?;
            match kind {
                1 | 2 => return Ok(&self.0.buffer[message]),
                9 | 10 => {}
                8 => {
                    self.2 = self.0.buffer[message].first_chunk().map(|code| u16::from_be_bytes(*code));
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                other => return Err(io::Error::other(format!("a frame of kind {other}"))),
            }
        }
    }

    /// The code of the server's farewell.
    pub const fn closed_with(&self) -> Option<u16> {
        self.2
    }

    async fn frame(&mut self) -> io::Result<(u8, Range<usize>)> {
        let Self(connection, read, _) = self;
        connection.buffer.copy_within(read.end..connection.filled, 0);
        connection.filled -= read.end;
        *read = 0..0;
        loop {
            let bytes = &connection.buffer[..connection.filled];
            let message = match bytes {
                [_, 126, a, b, ..] => Some((4, usize::from(u16::from_be_bytes([*a, *b])))),
                [_, 127, ..] if bytes.len() < 10 => None,
                [_, 127, length @ ..] => {
                    Some((10, length[..8].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))))
                }
                [_, 126, ..] => None,
                [_, length, ..] => Some((2, usize::from(*length))),
                _ => None,
            };
            if let Some((start, length)) = message
                && connection.filled >= start + length
            {
                *read = 0..start + length;
                return Ok((connection.buffer[0] & 15, start..start + length));
            }
            connection.receive().await?;
        }
    }
}

/// Opens the sockets of these numbers, in order, from several addresses.
pub async fn open_all(numbers: Range<usize>, address: SocketAddr, path: &str) -> Vec<Socket> {
    let opening = stream::iter(numbers).map(|number| Socket::open(source(number), address, path, &[]));
    opening.buffered(OPENING).map(Result::unwrap).collect().await
}

/// Open sockets that all wait for the same message.
pub struct Audience {
    heard: Arc<Heard>,
    listening: JoinSet<()>,
}

struct Heard {
    everybody: usize,
    count: AtomicUsize,
    last: Mutex<Option<Instant>>,
    all: Notify,
    message: Mutex<Vec<u8>>,
}

/// The address that the socket of this number comes from.
pub fn source(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, 2 + u8::try_from(number / SOCKETS_PER_ADDRESS).expect("not that many sockets"))
}

impl Audience {
    /// Opens the sockets.
    pub async fn seat(sockets: usize, address: SocketAddr, path: &str) -> Self {
        let heard = Arc::new(Heard {
            everybody: sockets,
            count: AtomicUsize::new(0),
            last: Mutex::default(),
            all: Notify::new(),
            message: Mutex::default(),
        });
        let mut listening = JoinSet::new();
        for mut socket in open_all(0..sockets, address, path).await {
            let heard = heard.clone();
            listening.spawn(async move {
                while let Ok(message) = socket.next().await {
                    if heard.count.fetch_add(1, Ordering::AcqRel) + 1 == heard.everybody {
                        *heard.last.lock().unwrap() = Some(Instant::now());
                        *heard.message.lock().unwrap() = message.to_vec();
                        heard.all.notify_one();
                    }
                }
            });
        }
        Self { heard, listening }
    }

    /// How long from telling until the last socket has heard.
    pub async fn hears(&self, tell: impl Future<Output = ()>) -> Duration {
        self.heard.count.store(0, Ordering::Release);
        let told = Instant::now();
        let heard = tokio::time::timeout(TIMEOUT, self.heard.all.notified());
        tokio::join!(tell, heard).1.expect("everybody hears");
        self.heard.last.lock().unwrap().unwrap_or(told) - told
    }

    /// Closes the sockets, and returns when they are closed.
    pub async fn leave(mut self) {
        self.listening.shutdown().await;
    }

    /// What the last one heard.
    pub fn message(&self) -> String {
        String::from_utf8(self.heard.message.lock().unwrap().clone()).unwrap()
    }
}
