//! One client's connection, with the methods that the server's threads call on it.
//!
//! The life of a connection is described in [`net`](super).

use std::fmt;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use log::{debug, info, warn};

use super::bounds::addresses::Slot;
use super::bounds::limits::{ConnectionLimits, DRAIN, LINGER};
use super::bounds::talk::Talk;
use super::sending::outbox::{Finish, Outbox, Pushed, Written};
use super::sending::piece::Piece;
use super::sending::progress::{Pace, Stalled};
use super::sending::writers::Writers;
use super::sys;
use super::time::clock::Clock;
use super::time::deadlines::{Deadlines, Due};
use super::time::pause::Pause;
use super::tls::{Opened, Tls};
use super::tunnel::{End, Pipes};
use matou_protocols::room::{ConnId, Overdue};
use matou_protocols::wire::Excerpt;

/// A client's socket, and everything that the engine knows about the connection.
///
/// The connection's reader, the turn's list, the clock, the writers and a tunnel share this value.
/// The socket is closed when the last of them drops its `Arc`.
///
/// A connection has no lock of its own. The tunnel end, the outbox and the deadlines each have a
/// lock, which only the code in their own files takes. No method here holds two of these locks. If
/// a method may block, its comment says so. The holder of the turn may call all methods that do not
/// block.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnId,
    pub(super) peer: SocketAddr,
    /// Only the connection's reader reads from this socket. [`Outbox`] says which thread may write.
    pub(super) stream: TcpStream,
    pub(super) tunnel: End,
    pub(super) limits: Arc<ConnectionLimits>,
    pub(super) outbox: Outbox,
    deadlines: Deadlines,
    /// The connection's reader pauses here in two cases: the client has sent too much, or one
    /// direction of a tunnel has ended and its FIN is delayed.
    pub(super) pause: Pause,
    clock: Arc<Clock<Connection>>,
    writers: Arc<Writers>,
    pub(super) pipes: Arc<Pipes>,
    protocol: &'static str,
    listener: Arc<str>,
    /// Set once, by the holder of the turn, when the room has accepted a login.
    name: OnceLock<Box<str>>,
    /// Set once, when the connection begins to end. The room handles no more commands from it.
    closing: AtomicBool,
    /// True after the server has logged that this client was slowed down.
    slowed: AtomicBool,
    slot: Slot,
}

/// The result of a writer's send on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    /// No bytes are queued any more: all were written, or the connection is over.
    All,
    /// Some bytes were written and others are still queued: the connection must wait again until
    /// its socket accepts bytes.
    Some,
    /// Bytes are still queued, and the socket has accepted none of them.
    Nothing,
}

/// What all connections of a listener share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) clock: &'a Arc<Clock<Connection>>,
    pub(super) limits: &'a Arc<ConnectionLimits>,
    pub(super) writers: &'a Arc<Writers>,
    /// The pipes that tunnels may open.
    pub(super) pipes: &'a Arc<Pipes>,
    /// The protocol's name. Log lines about the connection begin with this name.
    pub(super) protocol: &'static str,
    /// The listener's name, such as `chaton 127.0.0.1:7777`: the target of the connection's log
    /// lines.
    pub(super) listener: &'a Arc<str>,
}

impl Connection {
    pub(super) fn new(
        shared: Shared<'_>,
        id: ConnId,
        peer: SocketAddr,
        stream: TcpStream,
        tls: Option<Tls>,
        slot: Slot,
    ) -> Arc<Connection> {
        let pace = Pace {
            bytes: shared.limits.stall_bytes,
            within: shared.limits.stall,
        };
        Arc::new(Connection {
            id,
            peer,
            stream,
            outbox: Outbox::new(Instant::now(), tls, pace, shared.writers.queued()),
            tunnel: End::default(),
            deadlines: Deadlines::default(),
            pause: Pause::default(),
            clock: Arc::clone(shared.clock),
            writers: Arc::clone(shared.writers),
            pipes: Arc::clone(shared.pipes),
            limits: Arc::clone(shared.limits),
            protocol: shared.protocol,
            listener: Arc::clone(shared.listener),
            name: OnceLock::new(),
            closing: AtomicBool::new(false),
            slowed: AtomicBool::new(false),
            slot,
        })
    }

    /// Notes the name of the client, which all later log lines show, and clears the deadline for
    /// the login.
    pub(super) fn identified(self: &Arc<Self>, name: &str) {
        info!(target: &self.listener, "{self} logged in as {:?}", Excerpt(name));
        let _ = self.name.set(name.into());
        self.expect_arrival(None);
    }

    /// Returns true when the client has logged in.
    pub(super) fn is_identified(&self) -> bool {
        self.name.get().is_some()
    }

    /// Returns true when the connection has begun to end. The room ignores the commands that still
    /// arrive.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Calls `read` once on the socket. Only the connection's reader calls this; the reader must
    /// hold no lock.
    ///
    /// Blocks until bytes arrive. Returns 0 (EOF) after the peer's FIN, and also after another
    /// thread of this server has shut the socket down ([`Connection::cut`]). So another thread can
    /// always wake the reader that is blocked here.
    pub(super) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&self.stream).read(into) {
                // A signal arrived while the thread was blocked. Nothing was read and nothing is
                // lost, so the loop calls `read` again.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Returns a new [`Talk`], which limits how much the client may send.
    pub(super) fn talk(&self) -> Talk {
        Talk::new(Arc::clone(self.slot.bucket()))
    }

    /// If the client has sent too much, blocks until the client may send more. Two things wake the
    /// thread: the pause is over, or the connection begins to close. Only the connection's reader
    /// calls this; the reader must hold no lock.
    pub(super) fn wait_to_hear_more(self: &Arc<Self>, talk: &Talk) {
        let Some(time) = talk.pause(Instant::now()) else {
            return;
        };
        if !self.slowed.swap(true, Ordering::Relaxed) {
            let rate = self.limits.talk_rate;
            info!(
                target: &self.listener,
                "{self} slowed down: its address sends more than talk-rate={rate} bytes per second"
            );
        }
        // During the pause the server does not read from this client. So the client must not be
        // disconnected because the rest of its frame is late.
        self.expect_frame(None);
        self.pause.wait(time);
    }

    /// Sets the first deadline of a connection: for the TLS handshake, or for the first byte when
    /// there is no TLS.
    pub(super) fn expect_beginning(self: &Arc<Self>) {
        if self.outbox.is_sealed() {
            let by = Instant::now() + self.limits.handshake;
            self.deadlines.arrival(Some((by, Due::Handshake)), |entry| {
                self.clock.register(self.id, self, entry);
            });
        } else {
            self.expect_first_byte();
        }
    }

    /// Sets the deadline for the first byte, counted from now.
    pub(super) fn expect_first_byte(self: &Arc<Self>) {
        let by = Instant::now() + self.limits.first_byte;
        self.expect_arrival(Some((by, Overdue::FirstByte)));
    }

    /// Sets or clears the deadline for the first byte or for the login.
    pub(super) fn expect_arrival(self: &Arc<Self>, deadline: Option<(Instant, Overdue)>) {
        let deadline = deadline.map(|(by, what)| (by, Due::Overdue(what)));
        self.deadlines
            .arrival(deadline, |entry| self.clock.register(self.id, self, entry));
    }

    /// Sets or clears the deadline for the rest of a frame. Called after each `read`. This method
    /// tells the clock of the new deadline only if the clock would otherwise look at this
    /// connection after the deadline.
    pub(super) fn expect_frame(self: &Arc<Self>, deadline: Option<Instant>) {
        self.deadlines
            .frame(deadline, |entry| self.clock.register(self.id, self, entry));
    }

    /// Returns the deadline that has passed, if one has. Only the clock's thread calls this.
    pub(super) fn look_at_deadlines(self: &Arc<Self>, now: Instant) -> Option<Due> {
        self.deadlines
            .look(now, |entry| self.clock.register(self.id, self, entry))
    }

    /// Sends bytes, and queues those that the socket does not accept at once. Never blocks. See
    /// [`Outbox::push`] for `shared`.
    ///
    /// Cuts the client if too many bytes would be queued for it, or if its connection is lost: the
    /// sending thread cannot wait for the client.
    pub(super) fn send(self: &Arc<Self>, bytes: &[u8], shared: &mut Option<Arc<Piece>>) {
        let most = self.limits.outbox_bytes;
        self.pushed(self.outbox.push(&self.stream, bytes, shared, most));
    }

    /// Decrypts TLS records that have arrived (see [`Outbox::open`]). The second value of the
    /// result is true until the handshake is complete.
    pub(super) fn open(
        self: &Arc<Self>,
        ciphertext: &mut &[u8],
        plaintext: &mut [u8],
    ) -> (Opened, bool) {
        let most = self.limits.outbox_bytes;
        let (opened, pushed, handshaking) =
            self.outbox.open(&self.stream, ciphertext, plaintext, most);
        self.pushed(pushed);
        (opened, handshaking)
    }

    /// Acts on the result of a push: gives the connection to a writer, cuts it, or does nothing.
    /// This method is separate from the push, because it takes the locks of the deadlines and of
    /// the writers, and some callers hold another lock while they push.
    pub(super) fn pushed(self: &Arc<Self>, pushed: Pushed) {
        match pushed {
            Pushed::Done => return self.writers.relieve(),
            Pushed::NeedsWriter => {
                self.expect_progress(Instant::now() + self.limits.stall);
                self.writers.give(self);
                return self.writers.relieve();
            }
            Pushed::Overflow { bytes } => {
                let most = self.limits.outbox_bytes;
                warn!(
                    target: &self.listener,
                    "{self} cut: it reads too slowly: {bytes} bytes would be queued, and the limit is outbox-bytes={most}"
                );
            }
            Pushed::Lost(error) => {
                debug!("{self} lost while the server was sending to it: {error}")
            }
        }
        self.cut();
    }

    /// Closes the connection at once: all clients together have too many queued bytes, and this
    /// client has the longest queue.
    pub(super) fn cut_as_the_largest(&self, bytes: usize, most: usize) {
        warn!(
            target: &self.listener,
            "{self} cut: all clients together have more than outbox-total={most} bytes queued, and this client has the most: {bytes}"
        );
        self.cut();
    }

    /// Sends as many queued bytes as the socket accepts. Runs on a writer's thread.
    pub(super) fn write(self: &Arc<Self>) -> Wrote {
        let written = self.outbox.write(&self.stream);
        let nothing = matches!(written, Written::NotAll { taken: false, .. });
        match self.written(written) {
            None => Wrote::All,
            Some(_) if nothing => Wrote::Nothing,
            Some(_) => Wrote::Some,
        }
    }

    /// Cuts the client if it took too few of its queued bytes. Runs on the clock's thread.
    pub(super) fn look_at_progress(self: &Arc<Self>, now: Instant) {
        if let Some(by) = self.written(self.outbox.look(&self.stream, now)) {
            self.expect_progress(by);
        }
    }

    fn expect_progress(self: &Arc<Self>, by: Instant) {
        if sys::SENDS_WITHOUT_BLOCKING {
            self.deadlines
                .progress(by, |entry| self.clock.register(self.id, self, entry));
        }
    }

    /// Acts on the result of sending the queue. If bytes are still queued, returns the deadline by
    /// which the client must have taken enough of them.
    fn written(self: &Arc<Self>, written: Written) -> Option<Instant> {
        match written {
            Written::All => {}
            Written::Finished => self.finished(),
            Written::NotAll { by, .. } => return Some(by),
            Written::Stalled(Stalled { taken, time }) => {
                warn!(
                    target: &self.listener,
                    "{self} cut: it reads too slowly: it accepted {taken} bytes in {time:.1?} while more bytes were queued"
                );
                self.cut();
            }
            Written::Lost => self.cut(),
        }
        None
    }

    /// Begins an orderly close: the queued bytes are written, then FIN is sent. Never blocks.
    ///
    /// If the reader is blocked in a pause, this method ends the pause. If the reader is blocked in
    /// `read`, the peer wakes it: the peer answers the server's FIN with its own FIN, and `read`
    /// returns 0. If the peer's FIN does not come in time, the clock cuts the connection, and that
    /// wakes the reader.
    pub(super) fn finish(self: &Arc<Self>) {
        self.closing.store(true, Ordering::Release);
        self.pause.end();
        self.tunnel.wake();
        if self.tunnel.is_joined() {
            // From now on `read` returns what has already arrived, and then 0. So the pump of this
            // end (the reader, while it relays the bytes of the tunnel) relays what has arrived and
            // then sends FIN to the other end.
            let _ = self.stream.shutdown(Shutdown::Read);
            return self.close_by(Instant::now() + LINGER);
        }
        match self.outbox.finish(&self.stream) {
            Finish::Finished => self.finished(),
            Finish::Draining => self.close_by(Instant::now() + DRAIN),
            Finish::NeedsWriter => {
                self.close_by(Instant::now() + DRAIN);
                self.writers.give(self);
            }
        }
    }

    /// Called when everything is written and FIN is sent. Gives the peer a short time to send its
    /// FIN too.
    fn finished(self: &Arc<Self>) {
        self.close_by(Instant::now() + LINGER);
    }

    /// Sets the time at which the clock cuts the connection if it has not ended before.
    pub(super) fn close_by(self: &Arc<Self>, deadline: Instant) {
        self.deadlines
            .close(deadline, |entry| self.clock.register(self.id, self, entry));
    }

    /// Closes the connection at once. Wakes every thread that is blocked because of this
    /// connection. These are its reader in `read` or in a pause, the pump of a tunnel in `write`,
    /// and threads that wait for the outbox or for the other end of a tunnel. The caller must not
    /// hold the lock of the outbox or of the tunnel end.
    pub(super) fn cut(&self) {
        self.closing.store(true, Ordering::Release);
        self.outbox.kill();
        let _ = self.stream.shutdown(Shutdown::Both);
        self.pause.end();
        self.tunnel.wake();
    }

    /// Removes the connection's entry from the clock. The connection's reader calls this when the
    /// connection is over.
    pub(super) fn ended(&self) {
        if let Some(entry) = self.deadlines.end() {
            self.clock.remove(self.id, entry);
        }
    }
}

/// Writes `chaton: client 12 (127.0.0.1:50000)`, or after the client's login
/// `chaton: client 12 "alice" (127.0.0.1:50000)`.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (protocol, ConnId(number), peer) = (self.protocol, self.id, self.peer);
        match self.name.get() {
            Some(name) => {
                let name = Excerpt(name);
                write!(f, "{protocol}: client {number} {name:?} ({peer})")
            }
            None => write!(f, "{protocol}: client {number} ({peer})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::super::bounds::addresses::Addresses;
    use super::super::bounds::budget::Budget;
    use super::*;

    /// Returns a connection for which bytes are queued, and the socket of its peer. No writer runs.
    fn crowded(limits: ConnectionLimits) -> (Arc<Connection>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, from) = listener.accept().unwrap();
        let slot = Addresses::new(&limits).admit(from.ip()).unwrap();
        let shared = Shared {
            clock: &Arc::default(),
            limits: &Arc::new(limits),
            writers: &Writers::new(1, usize::MAX),
            pipes: &Arc::new(Pipes::new(&Budget::new(0))),
            protocol: "test",
            listener: &"test".into(),
        };
        let connection = Connection::new(shared, ConnId(1), from, stream, None, slot);
        let most = connection.limits.outbox_bytes;
        let pushed = connection
            .outbox
            .push(&connection.stream, &vec![7; most], &mut None, most);
        assert_eq!(pushed, Pushed::NeedsWriter);
        (connection, peer)
    }

    /// Limits with an outbox that is larger than the buffers of two sockets, so that bytes stay in
    /// the queue until the peer reads. The stall time is so long that it does not pass by itself:
    /// where a test needs it to be over, the test passes a later time as `now`.
    fn patient(stall_bytes: usize) -> ConnectionLimits {
        ConnectionLimits {
            outbox_bytes: 64 << 20,
            stall: Duration::from_secs(3600),
            stall_bytes,
            ..ConnectionLimits::default()
        }
    }

    /// Returns the time by which the client must take some of the queued bytes.
    fn deadline(connection: &Connection) -> Instant {
        match connection.outbox.look(&connection.stream, Instant::now()) {
            Written::NotAll { by, taken: false } => by,
            other => panic!("{other:?}"),
        }
    }

    /// The system wakes a writer only when a third of the socket's buffer is free. Until then no
    /// writer sends to the client, but a client that reads must not be cut.
    #[cfg(unix)]
    #[test]
    fn a_client_that_reads_keeps_its_pace_before_a_writer_is_woken() {
        let (connection, mut peer) = crowded(patient(1));
        let by = deadline(&connection);
        let accepted = connection.limits.outbox_bytes - connection.outbox.bytes();
        peer.read_exact(&mut vec![0; accepted]).unwrap();
        match connection.outbox.look(&connection.stream, by) {
            Written::NotAll { by: later, .. } => assert!(later > by),
            other => panic!("{other:?}"),
        }
        connection.look_at_progress(by);
        assert!(!connection.is_closing());
    }

    #[cfg(unix)]
    #[test]
    fn a_client_that_reads_nothing_is_cut_when_the_clock_looks() {
        let (connection, _peer) = crowded(patient(usize::MAX));
        connection.look_at_progress(deadline(&connection));
        assert!(connection.is_closing());
    }

    #[test]
    fn a_log_line_names_the_protocol_the_client_and_its_address() {
        let (connection, peer) = crowded(patient(1));
        let address = peer.local_addr().unwrap();
        let shown = connection.to_string();
        assert_eq!(shown, format!("test: client 1 ({address})"));
        connection.identified("ali\tce");
        let shown = connection.to_string();
        assert_eq!(shown, format!(r#"test: client 1 "ali\tce" ({address})"#));
    }
}
