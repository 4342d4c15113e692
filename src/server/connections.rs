//! Limits on HTTP connections: how many a network may hold open, and how slowly a client may read
//! what it asked for. Without them a few clients that open many connections, or never read, use up
//! the server's connections and the kernel's send buffers.

use super::access::limits::subnet_key;
use pin_project_lite::pin_project;
use std::{
    collections::HashMap,
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// Connections that one network (an IPv4 address, an IPv6 /64) holds open at once. Sockets are counted
/// on their own once they are upgraded.
pub const MAX_CONNECTIONS_PER_NETWORK: u32 = 1_000;
/// A client that takes less than [`MIN_BYTES`] of a response that waits for it in this time is disconnected.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// What a client has to take within [`WRITE_TIMEOUT`], in bytes: about 270 per second.
const MIN_BYTES: usize = 8 * 1024;

/// Counts the open connections of each network.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections(Arc<Mutex<HashMap<IpAddr, u32>>>);

/// One counted connection; it is no longer counted once this is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    connections: Connections,
    network: IpAddr,
}

impl Connections {
    /// Counts a connection from this address; `None` when its network holds as many as it may.
    pub fn count(&self, address: IpAddr) -> Option<Counted> {
        let network = subnet_key(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= MAX_CONNECTIONS_PER_NETWORK {
            return None;
        }
        *count += 1;
        Some(Counted { connections: self.clone(), network })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

pin_project! {
    /// A stream whose writes fail with [`io::ErrorKind::TimedOut`] when the other side reads too slowly.
    ///
    /// The time runs while something waits to be written and starts anew with every [`MIN_BYTES`].
    #[derive(Debug)]
    pub(super) struct WriteTimeout<S> {
        #[pin]
        stream: S,
        #[pin]
        timer: Sleep,
        timeout: Duration,
        // Bytes taken since the timer was started, while it runs.
        taken: Option<usize>,
    }
}

impl<S> WriteTimeout<S> {
    pub fn new(stream: S, timeout: Duration) -> Self {
        Self { stream, timer: sleep(timeout), timeout, taken: None }
    }
}

impl<S: AsyncWrite> WriteTimeout<S> {
    fn write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        offered: usize,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let mut this = self.project();
        match write(this.stream, context) {
            Poll::Ready(Ok(written)) => {
                let taken = this.taken.map(|taken| taken + written);
                // Everything is with the kernel, or the client keeps up.
                *this.taken = taken.filter(|taken| written < offered && *taken < MIN_BYTES);
                Poll::Ready(Ok(written))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if this.taken.is_none() {
                    *this.taken = Some(0);
                    this.timer.as_mut().reset(Instant::now() + *this.timeout);
                }
                ready!(this.timer.poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncWrite> AsyncWrite for WriteTimeout<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(context, bytes.len(), |stream, context| stream.poll_write(context, bytes))
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered = slices.iter().map(|slice| slice.len()).sum();
        self.write(context, offered, |stream, context| stream.poll_write_vectored(context, slices))
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(context)
    }
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_shutdown(context)
    }
}

impl<S: AsyncRead> AsyncRead for WriteTimeout<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// Short, so that a test need not wait for long; nothing below depends on how busy the machine is.
    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn client_that_does_not_read_times_out() {
        let (_client, server) = duplex(1024);
        let mut server = Box::pin(WriteTimeout::new(server, SHORT));
        assert_eq!(server.write_all(&[0; 4096]).await.expect_err("nobody reads").kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn client_that_reads_a_trickle_times_out() {
        let (mut client, server) = duplex(1024);
        let trickle = tokio::spawn(async move {
            let mut byte = [0];
            while client.read_exact(&mut byte).await.is_ok() {
                sleep(SHORT / 10).await;
            }
        });
        let mut server = Box::pin(WriteTimeout::new(server, SHORT));
        assert_eq!(server.write_all(&[0; 4096]).await.expect_err("too slow").kind(), io::ErrorKind::TimedOut);
        trickle.abort();
    }

    #[tokio::test]
    async fn client_that_keeps_up_gets_everything() {
        let (mut client, server) = duplex(1024);
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.map(|_| all.len()).ok()
        });
        let mut server = Box::pin(WriteTimeout::new(server, WRITE_TIMEOUT));
        server.write_all(&vec![0; 100 * 1024]).await.expect("it is read");
        // No time runs while there is nothing to write: the next response is not late.
        assert_eq!(server.taken, None);
        drop(server);
        assert_eq!(reading.await.ok().flatten(), Some(100 * 1024));
    }

    #[test]
    fn connections_of_a_network_are_limited() {
        let connections = Connections::default();
        let address = |n: u32| IpAddr::from(std::net::Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(n)));
        let mut held: Vec<_> = (0..MAX_CONNECTIONS_PER_NETWORK).map(|n| connections.count(address(n))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(connections.count(address(7)).is_none());
        assert!(connections.count("192.0.2.1".parse().expect("an address")).is_some());
        held.pop();
        assert!(connections.count(address(7)).is_some());
        held.clear();
        assert!(connections.0.lock().expect("not poisoned").is_empty());
    }
}
