//! A connection's own thread. It calls `read` again and again for as long as the connection lives,
//! and blocks in `read` while no bytes arrive.
//!
//! Three things wake it from `read`: bytes arrive, the peer sends FIN (`read` returns 0), or the
//! connection fails (`read` returns an error). When this server cuts the connection, it shuts the
//! socket down, and then `read` returns 0 as well. So `read` needs no time-out to end this thread.
//!
//! The thread reads again only after it has handled all frames that arrived before. The bytes that
//! the peer sends meanwhile wait in the socket's buffer. When that buffer is full, TCP makes the
//! peer wait. This is called back-pressure. In the same way, the server slows down a client that
//! sends more than it may: the client's reader pauses (see [`talk`](crate::net::bounds::talk)).
//!
//! TCP carries a stream of bytes and knows no frames. One `read` may return only a part of a frame,
//! or three frames and a part of the fourth. This does not depend on how the peer divided its bytes
//! into `write` calls:
//!
//! ```text
//! the peer writes    [MESSAGE "hi"] [MESSAGE "bob?"]
//! read returns       [MESSAGE "h]            half a frame: kept in the Buffer
//! read returns       [i"] [MESSAGE "bob?"]   now two whole frames: one visit to the hub
//! ```
//!
//! The thread keeps no state of the protocol. The room stores whether the client is logged in,
//! waits for an answer or belongs to a tunnel, because other clients can change this while the
//! thread is blocked. After each event the room returns a [`Flow`], which tells the thread how to
//! go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use log::{debug, error};

use super::source::Source;
use crate::net::bounds::limits::{DRAIN, LINGER, LINGER_BYTES};
use crate::net::bounds::talk::Talk;
use crate::net::connection::Connection;
use crate::net::hub::Hub;
use crate::net::questions::workers::Unanswered;
use crate::net::tunnel::{self, Waited};
use matou_protocols::room::{Event, Flow, Overdue, Protocol};

/// Size in bytes of a new read buffer. This is enough for a quiet client, and a thousand such
/// buffers take only 4 MiB.
const BUFFER: usize = 4 << 10;

/// Size in bytes of the read buffer after the client has filled the small buffer.
const LARGE_BUFFER: usize = 64 << 10;

/// Serves a connection from its first byte to its last, on a thread `matou-conn`.
///
/// A panic is a mistake in this server. The panic ends only this connection, because the other
/// connections have threads of their own. The panic leaves no shared data half changed, because
/// code that runs under the hub's lock must not panic.
pub(in crate::net) fn run<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>) {
    debug!("{connection} connected");
    let served = catch_unwind(AssertUnwindSafe(|| serve(hub, connection)));
    if served.is_err() {
        error!("{connection} cut: serving it failed with a panic");
        connection.cut();
    }
    // The order matters. First the tunnel ends, if there is one. Then the room forgets the
    // connection, and then the clock forgets it. After that no thread finds the connection any
    // more, and the socket is closed when the last `Arc` is dropped.
    tunnel::leave(connection);
    hub.gone(connection);
    connection.ended();
    debug!("{connection} disconnected");
}

fn serve<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>) {
    // The buffer and the source belong to this thread alone, so they need no lock.
    let mut buffer = Buffer::new();
    let mut source = Source::new(connection);
    connection.expect_beginning();
    let opened = hub.opened(connection);
    let mut flow = answered(hub, connection, opened);
    let mut first = true;
    let mut talk = connection.talk();
    // The loop of the connection. Each round handles everything that one `read` has brought.
    while flow == Flow::Frames {
        // Blocks until bytes arrive, the peer sends FIN, the connection fails, or another thread
        // shuts the socket down. No lock is held. When `read` returns, a long time may have passed.
        // Meanwhile the room may have closed this connection, or the clock may have cut it. This
        // loop does not test for these cases, because in both cases the hub answers each command
        // with `Flow::Closed`.
        match buffer.fill(&mut source) {
            Ok(0) => {
                // EOF. The peer sends no more, but it may still read, so the bytes that are queued
                // for it must still be written. The room handles this event after all frames that
                // arrived before the EOF, and before the event `Gone`.
                flow = match event(hub, connection, Event::ReadClosed) {
                    Flow::Raw => Flow::Raw,
                    Flow::Frames | Flow::Closed => Flow::Closed,
                };
            }
            Ok(_) => {
                let now = Instant::now();
                // The first bytes have arrived in time. From now on the deadline for the login
                // applies. Later bytes do not move this deadline.
                if std::mem::take(&mut first) {
                    let by = now + hub.limits.identification;
                    connection.expect_arrival(Some((by, Overdue::Identification)));
                }
                flow = frames(hub, connection, &mut buffer, &mut talk, now);
            }
            // `read` has failed: the peer has sent a reset, or it did not answer the keepalive
            // probes. Nothing more can be written, so an orderly close is impossible.
            Err(error) => {
                debug!("{connection} lost: {error}");
                return;
            }
        }
    }
    // No more frames are read from this connection. What remains is a tunnel or an orderly close,
    // and this thread serves it too.
    match flow {
        Flow::Raw if connection.outbox.is_sealed() => {
            error!("{connection} cut: a tunnel inside TLS is not supported");
            connection.cut();
        }
        Flow::Raw => raw(hub, connection, buffer),
        Flow::Frames | Flow::Closed => linger(connection),
    }
}

fn event<P: Protocol>(
    hub: &Hub<P>,
    connection: &Arc<Connection>,
    event: Event<P::Command<'_>, P::Answer>,
) -> Flow {
    answered(hub, connection, hub.event(connection, event))
}

/// If the room has asked a question, waits for the answer, gives the answer to the room, and
/// repeats this while the room asks more questions. Returns the first [`Flow`] that is not a
/// question.
///
/// Blocks until each answer is found, and holds no lock meanwhile. Two things wake this thread: a
/// worker has found the answer, or the server stops. Only this connection waits. The bytes that its
/// peer sends meanwhile stay in the socket, so the room gets the frames in their order. The other
/// connections go on and may change the room. So the room checks its state again when it gets the
/// answer.
fn answered<P: Protocol>(
    hub: &Hub<P>,
    connection: &Arc<Connection>,
    mut flow: Flow<P::Question>,
) -> Flow {
    loop {
        let question = match flow {
            Flow::Frames => return Flow::Frames,
            Flow::Raw => return Flow::Raw,
            Flow::Closed => return Flow::Closed,
            Flow::Ask(question) => question,
        };
        // The frame that led to the question is complete. So the client must not be disconnected
        // because of a late frame while a worker looks for the answer.
        connection.expect_frame(None);
        match hub.answer(connection, question) {
            Ok(answer) => flow = hub.event(connection, Event::Answer(answer)),
            Err(Unanswered::Busy) => flow = hub.event(connection, Event::Busy),
            Err(Unanswered::Failed) => {
                connection.finish();
                return Flow::Closed;
            }
        }
    }
}

/// Decodes all whole frames that have arrived, without any lock, and gives the commands to the hub
/// together.
///
/// One `read` may bring only a part of a frame, or fifty frames. All whole frames are handled in
/// one visit to the hub. So for a busy client the hub's lock is taken once per `read`, and not once
/// per frame.
///
/// The commands borrow their text from the buffer. The text is copied only when the room stores it
/// or puts it into an effect. So the buffer must not change before the visit is over.
///
/// If only a part of a frame has arrived, sets a deadline for the rest. If no part of a frame is
/// left, sets no such deadline: a client that is logged in may be silent for as long as it likes.
fn frames<P: Protocol>(
    hub: &Hub<P>,
    connection: &Arc<Connection>,
    buffer: &mut Buffer,
    talk: &mut Talk,
    mut now: Instant,
) -> Flow {
    let mut flow = Flow::Frames;
    let mut used = 0;
    let mut turned = true;
    let decode = |rest| match connection.is_identified() {
        true => P::decode(&hub.codec, rest),
        false => P::decode_first(&hub.codec, rest),
    };
    // After most reads, one round of this loop is enough. After some commands the following bytes
    // may have another meaning, for example when a tunnel begins. The room handles such a command
    // first. Then, if the bytes that follow it are still frames, the loop decodes them.
    while turned && flow == Flow::Frames {
        turned = false;
        let mut commands = Vec::new();
        let mut malformed = None;
        let handled = used;
        let input = buffer.bytes();
        while let (false, None, Some(rest)) = (turned, &malformed, input.get(used..)) {
            match decode(rest) {
                Ok(Some((command, length))) => {
                    debug!("{connection} -> {command}");
                    used += length;
                    turned = P::turns_the_stream(&command);
                    commands.push(command);
                }
                // Not enough bytes yet. An incomplete frame is the normal end of the loop, and not
                // an error.
                Ok(None) => break,
                // These bytes can never become a frame, and nothing shows where the next frame
                // begins. So no bytes after them are decoded.
                Err(why) => malformed = Some(why),
            }
        }
        // A visit ends before the last command if the room asks a question, or if the client has
        // sent too much for now. After the answer or the pause, the next visit handles the
        // remaining commands.
        let mut commands = commands.into_iter();
        loop {
            let visited = hub.commands(connection, &mut commands, talk, now);
            flow = answered(hub, connection, visited);
            if flow != Flow::Frames {
                break;
            }
            if commands.len() == 0 {
                talk.came(used - handled, now);
            }
            // Blocks if the client has sent too much, until the pause is over or the connection
            // closes. Only this client waits. The bytes that it sends meanwhile stay in its socket.
            connection.wait_to_hear_more(talk);
            now = Instant::now();
            if commands.len() == 0 {
                break;
            }
        }
        // The room has handled all frames before the malformed bytes. Now it is told of the
        // malformed bytes.
        if let (Flow::Frames, Some(why)) = (flow, malformed) {
            flow = event(hub, connection, Event::Malformed(why));
            break;
        }
    }
    buffer.consume(used, now);
    connection.expect_frame(buffer.begun.map(|begun| begun + hub.limits.frame));
    flow
}

/// Serves a connection that has become a tunnel end (one of the two connections of a tunnel), until
/// its tunnel or the connection is over. The first bytes of the tunnel may already be in the
/// buffer, after the last frame.
fn raw<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>, buffer: Buffer) {
    connection.expect_arrival(None);
    connection.expect_frame(None);
    // Blocks until the tunnel is over. If no tunnel begins, blocks until this peer sends FIN or the
    // connection is lost.
    let waited = tunnel::serve(connection, buffer.bytes());
    drop(buffer);
    match waited {
        Waited::Relayed | Waited::Lost => {}
        // Only the room knows whether the ends will be joined. The room may have decided already to
        // join them, although the holder of the turn has not joined them yet.
        Waited::ReadClosed => match event(hub, connection, Event::ReadClosed) {
            Flow::Raw => tunnel::serve_ended(connection),
            Flow::Frames | Flow::Closed => linger(connection),
        },
    }
}

/// Does the last part of an orderly close: reads and drops what the peer still sends, at most
/// [`LINGER_BYTES`].
///
/// When a socket is closed while unread bytes are in its buffer, the system sends a reset. A reset
/// destroys the bytes that the peer has not read yet, such as the packet which says why its login
/// was refused.
///
/// Blocks twice: until the outbox is empty and FIN is sent, and then in `read` until the peer's FIN
/// arrives (`read` returns 0). Both waits always end: when the time for the close is over, the
/// clock cuts the connection, and that wakes this thread.
fn linger(connection: &Arc<Connection>) {
    connection.close_by(Instant::now() + DRAIN + LINGER);
    connection.outbox.wait_until_finished();
    let mut scrap = vec![0; BUFFER];
    let mut left = LINGER_BYTES;
    while left > 0 {
        match connection.read(&mut scrap) {
            // EOF: the peer has sent FIN, or the clock has cut the connection.
            Ok(0) | Err(_) => return,
            Ok(length) => left = left.saturating_sub(length),
        }
    }
}

/// The bytes that have arrived and are not handled yet. After [`frames`] has returned, they are the
/// beginning of a frame, or the first bytes of a tunnel.
///
/// `bytes[..filled]` has arrived; the rest of `bytes` is space for the next `read`. Handled bytes
/// are removed from the front, so a frame always begins at index 0.
struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// Number of bytes to skip next. They are the end of a frame that was handled before all its
    /// bytes had arrived.
    skip: usize,
    /// When the first byte of the frame at the front arrived; `None` when no frame has begun.
    begun: Option<Instant>,
}

impl Buffer {
    fn new() -> Buffer {
        Buffer {
            bytes: vec![0; BUFFER],
            filled: 0,
            skip: 0,
            begun: None,
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// Calls `read` once, and blocks until bytes arrive or the connection ends. Returns the number
    /// of bytes; 0 means EOF: no more bytes will arrive.
    ///
    /// The buffer grows when it is full. The codec refuses a frame that is longer than its limit,
    /// so the buffer is bounded by that limit.
    fn fill(&mut self, source: &mut Source<'_>) -> std::io::Result<usize> {
        if self.filled == self.bytes.len() {
            let length = (2 * self.bytes.len()).max(LARGE_BUFFER);
            self.bytes.resize(length, 0);
        }
        let length = source.read(&mut self.bytes[self.filled..])?;
        self.filled += length;
        self.drop_skipped();
        Ok(length)
    }

    /// Removes the bytes that must be skipped and have already arrived. In most cases the buffer is
    /// empty after that, so no bytes need to be moved.
    fn drop_skipped(&mut self) {
        let skipped = self.skip.min(self.filled);
        if skipped == 0 {
            return;
        }
        self.bytes.copy_within(skipped..self.filled, 0);
        self.filled -= skipped;
        self.skip -= skipped;
        if self.skip == 0 {
            self.begun = None;
        }
    }

    /// Drops the bytes that were handled. If some of them have not arrived yet, they will be
    /// skipped when they arrive. The time limit of an incomplete frame counts from the frame's
    /// first byte. So a peer gets no extra time if it sends one byte from time to time.
    fn consume(&mut self, used: usize, now: Instant) {
        let full = self.filled == self.bytes.len();
        self.skip += used;
        self.drop_skipped();
        self.begun = match self.begun {
            _ if self.filled == 0 && self.skip == 0 => None,
            Some(begun) if used == 0 => Some(begun),
            _ => Some(now),
        };
        if full && self.bytes.len() < LARGE_BUFFER {
            // The client sends fast, so from now on each `read` gets more bytes.
            self.bytes.resize(LARGE_BUFFER, 0);
        }
    }
}
