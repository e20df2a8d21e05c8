//! One client's connection, as everybody else sees it.

use std::fmt;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use log::{debug, warn};

use super::clock::Clock;
use super::deadlines::{Deadlines, Due};
use super::limits::{ConnectionLimits, DRAIN, LINGER, Place};
use super::outbox::{Finish, Outbox, Pushed, Written};
use super::progress::{Pace, Stalled};
use super::sys;
use super::tls::{Opened, Tls};
use super::tunnel::End;
use matou_protocols::room::{ConnId, Overdue};
use matou_protocols::wire::Excerpt;

/// The socket closes when the last of its holders lets go: its reader, the turn's list, the clock, the writers, a tunnel.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnId,
    pub(super) peer: SocketAddr,
    /// Only its reader reads from it. What may write is said in [`Outbox`].
    pub(super) stream: TcpStream,
    pub(super) tunnel: End,
    pub(super) limits: Arc<ConnectionLimits>,
    pub(super) outbox: Outbox,
    deadlines: Deadlines,
    clock: Arc<Clock>,
    listener: Arc<str>,
    name: OnceLock<Box<str>>,
    closing: AtomicBool,
    _place: Place,
}

/// What a writer could do for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    /// Nothing waits any more: all was written, or the connection is over.
    All,
    /// Something still waits: the outbox must be given to the writers again.
    Some,
    /// The same, and the socket took not one byte.
    Nothing,
}

/// What a connection shares with the others of its listener.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) clock: &'a Arc<Clock>,
    pub(super) limits: &'a Arc<ConnectionLimits>,
    /// What the log calls the listener.
    pub(super) listener: &'a Arc<str>,
}

impl Connection {
    pub(super) fn new(
        shared: Shared<'_>,
        id: ConnId,
        peer: SocketAddr,
        stream: TcpStream,
        tls: Option<Tls>,
        place: Place,
    ) -> Arc<Connection> {
        let pace = Pace {
            bytes: shared.limits.stall_bytes,
            within: shared.limits.stall,
        };
        Arc::new(Connection {
            id,
            peer,
            stream,
            outbox: Outbox::new(Instant::now(), tls, pace),
            tunnel: End::default(),
            deadlines: Deadlines::default(),
            clock: Arc::clone(shared.clock),
            limits: Arc::clone(shared.limits),
            listener: Arc::clone(shared.listener),
            name: OnceLock::new(),
            closing: AtomicBool::new(false),
            _place: place,
        })
    }

    /// The name under which it is known in the logs from now on.
    pub(super) fn identified(self: &Arc<Self>, name: &str) {
        let _ = self.name.set(name.into());
        self.expect_arrival(None);
    }

    /// It has a name.
    pub(super) fn is_identified(&self) -> bool {
        self.name.get().is_some()
    }

    /// Nothing that comes from it counts any more.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// The deadline for what must come first: the keys when there is TLS, the first byte when not.
    pub(super) fn expect_beginning(self: &Arc<Self>) {
        if self.outbox.is_sealed() {
            let by = Instant::now() + self.limits.handshake;
            self.deadlines.arrival(Some((by, Due::Handshake)), |entry| {
                self.clock.register(self, entry);
            });
        } else {
            self.expect_first_byte();
        }
    }

    /// The deadline for the first byte, from now.
    pub(super) fn expect_first_byte(self: &Arc<Self>) {
        let by = Instant::now() + self.limits.first_byte;
        self.expect_arrival(Some((by, Overdue::FirstByte)));
    }

    /// Sets or clears the deadline for the first byte or the identification.
    pub(super) fn expect_arrival(self: &Arc<Self>, deadline: Option<(Instant, Overdue)>) {
        let deadline = deadline.map(|(by, what)| (by, Due::Overdue(what)));
        self.deadlines
            .arrival(deadline, |entry| self.clock.register(self, entry));
    }

    /// Sets or clears the deadline for the rest of a frame.
    pub(super) fn expect_frame(self: &Arc<Self>, deadline: Option<Instant>) {
        self.deadlines
            .frame(deadline, |entry| self.clock.register(self, entry));
    }

    /// What it is late with, if anything.
    pub(super) fn look_at_deadlines(self: &Arc<Self>, now: Instant) -> Option<Due> {
        self.deadlines
            .look(now, |entry| self.clock.register(self, entry))
    }

    /// Sends, or queues what the socket does not take at once; a client that cannot be served any more is cut. Never blocks.
    /// True when the outbox must be given to the writers.
    pub(super) fn push(self: &Arc<Self>, bytes: &[u8], shared: &mut Option<Arc<[u8]>>) -> bool {
        let most = self.limits.outbox_bytes;
        self.pushed(self.outbox.push(&self.stream, bytes, shared, most))
    }

    /// Opens records that came; see [`Outbox::open`].
    pub(super) fn open(
        &self,
        ciphertext: &mut &[u8],
        plaintext: &mut [u8],
    ) -> (Opened, Pushed, bool) {
        let most = self.limits.outbox_bytes;
        self.outbox.open(&self.stream, ciphertext, plaintext, most)
    }

    /// The second half of [`Connection::push`], for callers that hold a lock during the first.
    pub(super) fn pushed(self: &Arc<Self>, pushed: Pushed) -> bool {
        match pushed {
            Pushed::Done => return false,
            Pushed::NeedsWriter => {
                self.expect_progress(Instant::now() + self.limits.stall);
                return true;
            }
            Pushed::Overflow { bytes } => {
                warn!(target: &self.listener, "{self}: cut, reads too slowly: {bytes} bytes would wait for it");
            }
            Pushed::Lost(error) => debug!("{self}: lost while sending: {error}"),
        }
        self.cut();
        false
    }

    /// Sends what the socket takes of what is queued, on a writer's thread.
    pub(super) fn write(self: &Arc<Self>) -> Wrote {
        let written = self.outbox.write(&self.stream);
        let nothing = matches!(written, Written::NotAll { taken: false, .. });
        match self.written(written) {
            None => Wrote::All,
            Some(_) if nothing => Wrote::Nothing,
            Some(_) => Wrote::Some,
        }
    }

    /// Cuts the client if it took too little of what waits for it, on the clock's thread. Never blocks.
    pub(super) fn look_at_progress(self: &Arc<Self>) {
        if let Some(by) = self.written(self.outbox.look(&self.stream)) {
            self.expect_progress(by);
        }
    }

    fn expect_progress(self: &Arc<Self>, by: Instant) {
        if sys::SENDS_WITHOUT_BLOCKING {
            self.deadlines
                .progress(by, |entry| self.clock.register(self, entry));
        }
    }

    /// When something still waits: by when the client must have taken more.
    fn written(self: &Arc<Self>, written: Written) -> Option<Instant> {
        match written {
            Written::All => {}
            Written::Finished => self.finished(),
            Written::NotAll { by, .. } => return Some(by),
            Written::Stalled(Stalled { taken, time }) => {
                warn!(
                    target: &self.listener,
                    "{self}: cut, reads too slowly: took {taken} bytes in {time:.1?} while more waited for it"
                );
                self.cut();
            }
            Written::Lost => self.cut(),
        }
        None
    }

    /// Closes in order: what is queued is written, then FIN. The reader, which may be blocked in `read`, is woken by the
    /// peer's own FIN, or by the clock when that does not come. True when the outbox must be given to the writers.
    #[must_use]
    pub(super) fn finish(self: &Arc<Self>) -> bool {
        self.closing.store(true, Ordering::Release);
        self.tunnel.wake();
        if self.tunnel.is_joined() {
            // Its pump reads on to the end of what has come, and passes the end on.
            let _ = self.stream.shutdown(Shutdown::Read);
            self.close_by(Instant::now() + LINGER);
            return false;
        }
        let finish = self.outbox.finish(&self.stream);
        match finish {
            Finish::Finished => self.finished(),
            Finish::Draining | Finish::NeedsWriter => self.close_by(Instant::now() + DRAIN),
        }
        finish == Finish::NeedsWriter
    }

    /// Everything is written and FIN is sent: the peer has some time for its own.
    pub(super) fn finished(self: &Arc<Self>) {
        self.close_by(Instant::now() + LINGER);
    }

    /// Closes at the latest then.
    pub(super) fn close_by(self: &Arc<Self>, deadline: Instant) {
        self.deadlines
            .close(deadline, |entry| self.clock.register(self, entry));
    }

    /// Closes at once. Wakes every thread that is blocked on the socket. No lock may be held.
    pub(super) fn cut(&self) {
        self.closing.store(true, Ordering::Release);
        self.outbox.kill();
        let _ = self.stream.shutdown(Shutdown::Both);
        self.tunnel.wake();
    }

    /// Its reader is done with it.
    pub(super) fn ended(&self) {
        if let Some(entry) = self.deadlines.end() {
            self.clock.remove(self.id, entry);
        }
    }
}

/// `alice`, or `#12 (127.0.0.1:50000)` for somebody who is not identified.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.get() {
            Some(name) => write!(f, "{}", Excerpt(name)),
            None => write!(f, "{} ({})", self.id, self.peer),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::super::limits::Addresses;
    use super::*;

    /// A connection with as much waiting as its limits allow, and its peer.
    fn crowded(limits: ConnectionLimits) -> (Arc<Connection>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, from) = listener.accept().unwrap();
        let place = Addresses::new(&limits).admit(from.ip()).unwrap();
        let (clock, limits) = (Arc::default(), Arc::new(limits));
        let id = ConnId(1);
        let shared = Shared {
            clock: &clock,
            limits: &limits,
            listener: &"test".into(),
        };
        let connection = Connection::new(shared, id, from, stream, None, place);
        let bytes = vec![7; limits.outbox_bytes];
        while !connection.push(&bytes, &mut None) {}
        assert!(!connection.is_closing());
        (connection, peer)
    }

    /// The system tells the writers of a socket only when a third of its buffer is free.
    #[cfg(unix)]
    #[test]
    fn a_client_that_reads_keeps_its_pace_before_the_writers_hear_of_it() {
        let (connection, mut peer) = crowded(ConnectionLimits {
            stall: Duration::from_millis(200),
            stall_bytes: 1,
            ..ConnectionLimits::default()
        });
        let Written::NotAll { by, .. } = connection.outbox.look(&connection.stream) else {
            panic!("something waits");
        };
        peer.read_exact(&mut vec![0; 512 << 10]).unwrap();
        std::thread::sleep(by.saturating_duration_since(Instant::now()));
        match connection.outbox.look(&connection.stream) {
            Written::All => {}
            Written::NotAll { by: later, .. } => assert!(later > by),
            other => panic!("{other:?}"),
        }
        connection.look_at_progress();
        assert!(!connection.is_closing());
    }

    #[cfg(unix)]
    #[test]
    fn a_client_that_reads_nothing_is_cut_when_the_clock_looks() {
        let (connection, _peer) = crowded(ConnectionLimits {
            stall: Duration::ZERO,
            ..ConnectionLimits::default()
        });
        connection.look_at_progress();
        assert!(connection.is_closing());
    }
}
