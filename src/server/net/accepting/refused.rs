//! Connections that are accepted and then refused.

use std::collections::VecDeque;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::warn;

use crate::net::bounds::budget::{Budget, Share};
use crate::net::bounds::limits::LINGER;

/// Maximum number of refused sockets that are kept open for a while. They are kept open because the
/// system sends a reset if a socket is closed while it has unread bytes. Then a client that has
/// already sent its login would see "connection reset" instead of EOF.
const REFUSED: usize = 64;

/// The sockets that one listener has refused and not closed yet. Only its accept thread uses this
/// value, so it needs no lock.
#[derive(Debug)]
pub(in crate::net) struct Refused<'a> {
    /// The listener's name in the log.
    pub(in crate::net) name: &'a str,
    /// Counts the spare descriptors: those that are left even when all allowed connections are
    /// open. Each kept socket takes one of them. If none is left, a refused socket is closed at
    /// once.
    spare: Arc<Budget>,
    kept: VecDeque<Kept>,
}

#[derive(Debug)]
struct Kept {
    _stream: TcpStream,
    _descriptor: Share,
    until: Instant,
}

impl<'a> Refused<'a> {
    pub(in crate::net) fn new(name: &'a str, spare: &Arc<Budget>) -> Refused<'a> {
        Refused {
            name,
            spare: Arc::clone(spare),
            kept: VecDeque::new(),
        }
    }

    /// Returns how long the accept thread may wait before it must call [`Refused::close_old`], or
    /// `None` when no socket is kept.
    pub(in crate::net) fn patience(&self) -> Option<Duration> {
        let first = self.kept.front()?;
        Some(first.until.saturating_duration_since(Instant::now()))
    }

    /// Closes the sockets that have been kept open for the time [`LINGER`].
    pub(in crate::net) fn close_old(&mut self) {
        let now = Instant::now();
        while self.kept.front().is_some_and(|first| first.until <= now) {
            self.kept.pop_front();
        }
    }

    /// Refuses a connection that was accepted.
    ///
    /// Sends FIN, so that the client sees an orderly close. The socket itself is closed later: when
    /// the time [`LINGER`] is over, when [`REFUSED`] more sockets have been refused, or when the
    /// listener ends.
    pub(in crate::net) fn refuse(&mut self, stream: TcpStream, peer: SocketAddr, why: &str) {
        if self.kept.len() == REFUSED {
            self.kept.pop_front();
        }
        let Some(descriptor) = self.spare.take(1) else {
            return self.refuse_at_once(stream, peer, why);
        };
        let _ = stream.shutdown(Shutdown::Write);
        self.kept.push_back(Kept {
            _stream: stream,
            _descriptor: descriptor,
            until: Instant::now() + LINGER,
        });
        self.tell(peer, why);
    }

    /// Refuses a connection and closes it at once, because its descriptor is needed. First reads
    /// what the client has already sent, without blocking, so that most clients see an orderly
    /// close here too.
    pub(in crate::net) fn refuse_at_once(&self, stream: TcpStream, peer: SocketAddr, why: &str) {
        let _ = stream.shutdown(Shutdown::Write);
        if stream.set_nonblocking(true).is_ok() {
            let _ = (&stream).read(&mut [0; 1024]);
        }
        drop(stream);
        self.tell(peer, why);
    }

    fn tell(&self, peer: SocketAddr, why: &str) {
        let name = self.name;
        warn!(target: name, "{name}: refused {peer}: {why}");
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn refuse_one(refused: &mut Refused<'_>) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        std::io::Write::write_all(&mut client, b"login").unwrap();
        let (stream, peer) = listener.accept().unwrap();
        refused.refuse(stream, peer, "the server is full");
        client
    }

    #[test]
    fn a_refused_socket_is_kept_for_a_moment_and_only_while_a_descriptor_is_left() {
        let spare = Budget::new(1);
        let mut refused = Refused::new("test", &spare);
        assert_eq!(refused.patience(), None);
        let mut clients = [refuse_one(&mut refused), refuse_one(&mut refused)];
        assert_eq!(refused.kept.len(), 1);
        for client in &mut clients {
            assert_eq!(client.read(&mut [0]).unwrap(), 0);
        }
        assert!(refused.patience() <= Some(LINGER));
        refused.close_old();
        assert_eq!(refused.kept.len(), 1);
        refused.kept[0].until = Instant::now();
        refused.close_old();
        assert!(refused.kept.is_empty() && spare.take(1).is_some());
    }
}
