//! One client's connection, as everybody else sees it.

use std::fmt;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use log::{debug, warn};

use super::clock::Clock;
use super::deadlines::{Deadlines, Due};
use super::hub::Hub;
use super::limits::{ConnectionLimits, DRAIN, LINGER, Place};
use super::outbox::{Finish, Outbox, Pushed, Written};
use super::tls::{Opened, Tls};
use super::tunnel::End;
use matou_protocols::room::{ConnId, Overdue, Protocol};
use matou_protocols::wire::Excerpt;

/// The socket closes when the last of its holders lets go: its reader, the turn's list, the clock, a writer, a tunnel.
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

impl Connection {
    pub(super) fn new<P: Protocol>(
        hub: &Hub<P>,
        id: ConnId,
        peer: SocketAddr,
        stream: TcpStream,
        tls: Option<Tls>,
        place: Place,
    ) -> Arc<Connection> {
        Arc::new(Connection {
            id,
            peer,
            stream,
            outbox: Outbox::new(Instant::now(), tls),
            tunnel: End::default(),
            deadlines: Deadlines::default(),
            clock: Arc::clone(&hub.clock),
            limits: Arc::clone(&hub.limits),
            listener: Arc::clone(&hub.listener),
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
    /// True when the outbox must be given to a writer.
    pub(super) fn push(&self, bytes: &[u8], shared: &mut Option<Arc<[u8]>>) -> bool {
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
    pub(super) fn pushed(&self, pushed: Pushed) -> bool {
        match pushed {
            Pushed::Done => return false,
            Pushed::NeedsWriter => return true,
            Pushed::Overflow { bytes } => {
                warn!(target: &self.listener, "{self}: cut, reads too slowly: {bytes} bytes would wait for it");
            }
            Pushed::Lost(error) => debug!("{self}: lost while sending: {error}"),
        }
        self.cut();
        false
    }

    /// Writes what is queued, on a writer's thread. True when there is more and others should be served first.
    pub(super) fn write(self: &Arc<Self>, patience: Duration) -> bool {
        match self.outbox.write(&self.stream, patience, self.limits.stall) {
            Written::All => {}
            Written::Finished => self.finished(),
            Written::NotAll => return true,
            Written::Stalled(since) => {
                warn!(target: &self.listener, "{self}: cut, took nothing for {since:?} while something waited for it");
                self.cut();
            }
            Written::Lost => self.cut(),
        }
        false
    }

    /// Closes in order: what is queued is written, then FIN. The reader, which may be blocked in `read`, is woken by the
    /// peer's own FIN, or by the clock when that does not come. True when the outbox must be given to a writer.
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
