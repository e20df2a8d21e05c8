//! Private connections: two sockets whose bytes the server relays to each other.
//!
//! ```text
//! client A ---> reader of A --write--> socket of B ---> client B
//! client A <--- socket of A <--write-- reader of B <--- client B
//! ```
//!
//! Each reader relays its own direction, so a tunnel needs no more threads. A reader that blocks in `write` on the other
//! socket stops reading its own. Then the TCP window of its peer closes, and this peer must stop sending. So TCP passes the
//! back-pressure from one client to the other, and the server keeps at most one chunk per direction.
//!
//! The two directions end separately. When a reader gets EOF, the server sends FIN on the other socket, after all bytes that
//! came before. The other direction stays open (a *half-close*).

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::client::Client;
use super::hub::Hub;

/// Maximum number of bytes that the server keeps from one end while the other end has not come.
const EARLY_BYTES: usize = 64 * 1024;

/// Maximum number of bytes in one read. It is large because tunnels often carry files, and not only lines of text.
const CHUNK: usize = 64 * 1024;

/// What a client knows about the other end of its tunnel.
#[derive(Debug, Default)]
pub(crate) struct TunnelEnd {
    other: Mutex<Other>,
    /// Notified when the other end has come, and when it is certain that it will never come.
    settled: Condvar,
}

#[derive(Debug)]
enum Other {
    /// The other end has not come. These bytes wait for it.
    Awaited(Vec<u8>),
    Joined(Arc<Client>),
    /// There is no other end any more. This variant holds no `Arc` of the other end. Otherwise the two ends would own each
    /// other, and would never be freed.
    Over,
}

impl Default for Other {
    fn default() -> Other {
        Other::Awaited(Vec::new())
    }
}

/// Joins two ends. The thread that has the turn calls this after it has sent ESTABLISHED to both, so this function must not
/// block. It also passes on the bytes that came early, because the readers of the two ends may be blocked in `read` and
/// cannot do it.
pub(crate) fn join(one: &Arc<Client>, other: &Arc<Client>) {
    for (from, to) in [(one, other), (other, one)] {
        let mut end = from.tunnel.other.lock();
        match &*end {
            Other::Awaited(early) => {
                to.outbox.send(early);
                *end = Other::Joined(Arc::clone(to));
                from.tunnel.settled.notify_all();
            }
            // This end was reset just now, and the room does not know it yet. The other end must not wait for this end.
            Other::Joined(_) | Other::Over => {
                drop(end);
                to.cut();
            }
        }
    }
}

impl TunnelEnd {
    /// Stops waiting for the other end, because the room closes this connection.
    pub(crate) fn abandon(&self) {
        let mut other = self.other.lock();
        if matches!(*other, Other::Awaited(_)) {
            *other = Other::Over;
            self.settled.notify_all();
        }
    }

    /// Drops the reference to the other end, because this end's reader has ended.
    pub(crate) fn end(&self) {
        *self.other.lock() = Other::Over;
    }

    /// Returns the other end if it has come. Otherwise keeps the bytes for it, and returns `None`. If it would keep more
    /// than [`EARLY_BYTES`], blocks until the other end comes.
    fn joined_or_keep(&self, bytes: &[u8]) -> Option<Arc<Client>> {
        match &mut *self.other.lock() {
            Other::Joined(other) => return Some(Arc::clone(other)),
            Other::Awaited(early) if early.len() + bytes.len() <= EARLY_BYTES => {
                early.extend_from_slice(bytes);
                return None;
            }
            Other::Awaited(_) | Other::Over => {}
        }
        self.wait_for_other()
    }

    /// Blocks until the other end has come. Returns `None` if it never comes.
    fn wait_for_other(&self) -> Option<Arc<Client>> {
        let mut other = self.other.lock();
        loop {
            match &*other {
                Other::Awaited(_) => self.settled.wait(&mut other),
                Other::Joined(other) => return Some(Arc::clone(other)),
                Other::Over => return None,
            }
        }
    }
}

/// Relays the bytes of this client to the other end, until one of the two connections closes. Runs in this client's thread.
pub(crate) fn relay(hub: &Hub, client: &Client, early: Vec<u8>) {
    let mut chunk = early;
    let mut count = chunk.len();
    loop {
        if count > 0
            && let Some(other) = client.tunnel.joined_or_keep(&chunk[..count])
            && write(&other, &chunk[..count]).is_err()
        {
            // The other end is broken, so no byte from this end can arrive.
            client.cut();
            other.cut();
            return;
        }
        chunk.resize(CHUNK, 0);
        // Blocks until this end sends something, closes, or is cut. Another thread may join the ends meanwhile.
        count = match client.outbox.stream().read(&mut chunk) {
            Ok(0) => return half_close(hub, client),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(_) => {
                // This end was reset. The other end must not wait for bytes that never come.
                if let Some(other) = client.tunnel.joined_or_keep(&[]) {
                    other.cut();
                }
                return client.cut();
            }
        };
    }
}

fn write(other: &Client, bytes: &[u8]) -> io::Result<()> {
    // ESTABLISHED and early bytes may still wait in the outbox of the other end, and must be sent first.
    if !other.outbox.wait_until_empty() {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    let mut stream = other.outbox.stream();
    // This write has no time limit: a slow end delays only its own tunnel.
    stream.set_write_timeout(None)?;
    stream.write_all(bytes)
}

/// Sends FIN to the other end, after all bytes that came before, because this end sends no more.
fn half_close(hub: &Hub, client: &Client) {
    // If this end still waits for the other end, the room closes it. If the ends were joined just now, the room does not
    // close it.
    if hub.read_closed(client.id) {
        return;
    }
    if let Some(other) = client.tunnel.wait_for_other()
        && other.outbox.wait_until_empty()
    {
        let _ = other.outbox.stream().shutdown(Shutdown::Write);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use matou_protocols::room::ConnId;

    use super::super::permits::Permits;
    use super::*;

    /// A client of the server, and the socket of its peer.
    fn client(number: u64, permits: &Arc<Permits>) -> (Arc<Client>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(std::time::Duration::from_secs(5)))
            .unwrap();
        let (stream, _) = listener.accept().unwrap();
        let permit = permits.take().unwrap();
        (Arc::new(Client::new(ConnId(number), stream, permit)), peer)
    }

    #[test]
    fn early_bytes_reach_the_other_end() {
        let permits = Arc::new(Permits::new(2));
        let (one, _one) = client(1, &permits);
        let (other, mut peer) = client(2, &permits);
        assert!(one.tunnel.joined_or_keep(b"early").is_none());
        join(&one, &other);
        let mut bytes = [0; 5];
        peer.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"early");
        // Without these calls, each end would hold an `Arc` of the other end. Neither end would ever be dropped, and their
        // permits would not come back.
        one.tunnel.end();
        other.tunnel.end();
        drop((one, other));
        assert!(permits.wait_until_all_are_back(std::time::Instant::now()));
    }

    #[test]
    fn an_end_does_not_wait_for_one_that_was_reset() {
        let permits = Arc::new(Permits::new(2));
        let (one, _one) = client(1, &permits);
        let (other, mut peer) = client(2, &permits);
        one.cut();
        join(&one, &other);
        assert_eq!(peer.read(&mut [0; 10]).unwrap(), 0);
    }
}
