//! The other end of a WebSocket.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

/// How long a message may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An open socket.
pub struct Socket(WebSocketStream<TcpStream>);

/// A socket that was not opened.
#[derive(Debug)]
pub struct Refused {
    /// The HTTP status of the answer.
    pub status: u16,
    /// The `Retry-After` header, empty when there is none.
    pub retry_after: String,
}

/// Asks for a socket with these headers and any bytes in them; the HTTP status of the answer.
pub(super) async fn upgrade(address: SocketAddr, path: &str, headers: &[(&str, &[u8])]) -> u16 {
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    .into_bytes();
    for (name, value) in headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut line = [0; "HTTP/1.1 101".len()];
    timeout(TIMEOUT, stream.read_exact(&mut line)).await.expect("an answer to the upgrade").unwrap();
    String::from_utf8(line[9..].to_vec()).unwrap().parse().unwrap()
}

impl Socket {
    pub(super) async fn open(
        address: SocketAddr,
        path: &str,
        origin: Option<&str>,
        cookies: Option<String>,
    ) -> Result<Self, Refused> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        let headers = request.headers_mut();
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        if let Some(cookies) = cookies {
            headers.insert("cookie", HeaderValue::from_str(&cookies).unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match timeout(TIMEOUT, client_async(request, stream)).await.expect("an answer to the upgrade") {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => {
                let retry_after =
                    response.headers().get("retry-after").map_or("", |value| value.to_str().unwrap()).to_owned();
                Err(Refused { status: response.status().as_u16(), retry_after })
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The next message, as JSON.
    pub async fn next(&mut self) -> Value {
        loop {
            match timeout(TIMEOUT, self.0.next()).await.expect("a message within ten seconds") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }

    /// Sends a text; whether it could.
    pub async fn say(&mut self, text: impl ToString) -> bool {
        self.0.send(Message::Text(text.to_string().into())).await.is_ok()
    }

    /// The socket says nothing more: sends a ping and expects its echo before any message.
    pub async fn is_quiet(&mut self) {
        self.0.send(Message::Ping("quiet?".into())).await.unwrap();
        match timeout(TIMEOUT, self.0.next()).await.expect("an echo within ten seconds") {
            Some(Ok(Message::Pong(_))) => {}
            other => panic!("not quiet: {other:?}"),
        }
    }

    /// Waits until the server closes it; with which code, and what it said before.
    pub async fn closed(&mut self) -> (Option<u16>, Vec<String>) {
        let mut said = Vec::new();
        loop {
            match timeout(TIMEOUT, self.0.next()).await.expect("an end within ten seconds") {
                Some(Ok(Message::Text(text))) => said.push(text.to_string()),
                Some(Ok(Message::Close(frame))) => return (frame.map(|frame| frame.code.into()), said),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return (None, said),
            }
        }
    }

    /// Closes it and waits until the server has.
    pub async fn close(mut self) {
        let _ = self.0.close(None).await;
        let _ = timeout(TIMEOUT, async { while let Some(Ok(_)) = self.0.next().await {} }).await;
    }
}
