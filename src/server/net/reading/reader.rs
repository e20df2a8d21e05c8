//! A connection's own thread: it blocks in `read` for as long as the connection lives.
//!
//! Three things wake it: bytes, the peer's FIN (`read` returns 0), and an error. When this server
//! ends the connection, it shuts the socket down, and then `read` returns 0 as well. So no flag and
//! no time-out is needed to end this thread.
//!
//! It reads only when it has handled all frames that came before. What the peer sends meanwhile
//! waits in the socket, and when the socket's buffer is full, TCP makes the peer wait. This is the
//! back-pressure of a chat connection. A client that says more than it may is slowed down in the
//! same way: its reader pauses (see [`talk`](crate::net::bounds::talk)).
//!
//! TCP carries a stream of bytes and knows no frames. One `read` may return half a frame, or three
//! frames and a half, whatever the peer's `write` calls were:
//!
//! ```text
//! the peer writes    [MESSAGE "hi"] [MESSAGE "bob?"]
//! read returns       [MESSAGE "h]            half a frame: kept in the Buffer
//! read returns       [i"] [MESSAGE "bob?"]   now two whole frames: one visit to the hub
//! ```
//!
//! The thread keeps no state of the protocol. Whether the client is logged in, waits for an answer
//! or belongs to a tunnel is known to the room, because other clients can change it while this
//! thread is blocked. The room says after each event how to go on: that is [`Flow`].

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

/// Bytes of a read buffer at first: enough for a quiet client. A thousand buffers should cost
/// megabytes, not more.
const BUFFER: usize = 4 << 10;

/// Bytes of the read buffer of a client that fills the small one.
const LARGE_BUFFER: usize = 64 << 10;

/// Serves a connection from its first byte to its last, on a thread `matou-conn`.
///
/// A panic (a mistake in this server) ends this connection alone: the others have threads of their
/// own. The panic passes through no lock that others need: the locks here do not poison, and a room
/// must not panic while the hub is locked.
pub(in crate::net) fn run<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>) {
    debug!("{connection} connected");
    let served = catch_unwind(AssertUnwindSafe(|| serve(hub, connection)));
    if served.is_err() {
        error!("{connection} cut: serving it failed with a panic");
        connection.cut();
    }
    // In this order: the other end of a tunnel ends, the room forgets the connection, the clock
    // forgets it. After that no thread finds it any more, and the socket closes with the last
    // `Arc`.
    tunnel::leave(connection);
    hub.gone(connection);
    connection.ended();
    debug!("{connection} disconnected");
}

fn serve<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>) {
    // Both belong to this thread alone, so they need no lock.
    let mut buffer = Buffer::new();
    let mut source = Source::new(connection);
    connection.expect_beginning();
    let opened = hub.opened(connection);
    let mut flow = answered(hub, connection, opened);
    let mut first = true;
    let mut talk = connection.talk();
    // The loop of the connection. Each round handles everything that one `read` has brought.
    while flow == Flow::Frames {
        // Blocks until bytes or the end arrive. No lock is held. When it returns, any time may have
        // passed, and others may have acted: the room may have closed this connection, and the
        // clock may have cut it. Then the hub answers with `Flow::Closed` to whatever is brought to
        // it, so nothing is tested here.
        match buffer.fill(&mut source) {
            Ok(0) => {
                // EOF. The peer sends no more, but it may still read, so what is queued for it must
                // be written. The room hears of it at this place of the order: after all frames
                // before it, and before `Gone`.
                flow = match event(hub, connection, Event::ReadClosed) {
                    Flow::Raw => Flow::Raw,
                    Flow::Frames | Flow::Closed => Flow::Closed,
                };
            }
            Ok(_) => {
                let now = Instant::now();
                // The deadline for the first byte becomes the one for the login. It is not set
                // again by later bytes.
                if std::mem::take(&mut first) {
                    let by = now + hub.limits.identification;
                    connection.expect_arrival(Some((by, Overdue::Identification)));
                }
                flow = frames(hub, connection, &mut buffer, &mut talk, now);
            }
            // A reset, or keepalive got no answer. Nothing more can be written, so there is no
            // orderly end.
            Err(error) => {
                debug!("{connection} lost: {error}");
                return;
            }
        }
    }
    // No more frames. The thread stays for the rest of the connection: a tunnel, or the orderly
    // end.
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

/// Finds the answers to what the room asks, until it asks nothing more. Returns how the connection
/// goes on.
///
/// Blocks until each answer is found, with no lock held. Only this connection waits. What its peer
/// sends meanwhile stays in the socket, so its frames keep their order. The other connections go
/// on: when the answer has come, the room checks again what it knew when it asked.
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
        // The frame that led to the question is complete. The peer is not late while the server
        // thinks.
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

/// Decodes what has arrived, without any lock, and takes the commands to the hub together.
///
/// One `read` may bring half a frame, or fifty. All whole frames become one visit to the hub, so a
/// busy client costs one lock per read and not one per frame.
///
/// The commands borrow from the buffer: no text is copied before the room keeps it or an effect is
/// made of it. So the buffer may not change before the visit is over.
///
/// Deadlines: while a part of a frame is left, the rest must arrive in time. When everything was
/// handled, no such deadline is set, and a client that is logged in may be silent for ever.
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
    // Runs once for most reads. A command after which the bytes may mean something else (a tunnel
    // begins) is handled before the bytes that follow it are decoded; then the loop goes on with
    // those.
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
                // Not enough bytes yet. This is the normal end of the loop and no error.
                Ok(None) => break,
                // These bytes can never become a frame, and where the next frame begins is unknown.
                // So nothing after them is decoded.
                Err(why) => malformed = Some(why),
            }
        }
        // The visit stops at a command that asks something, and when the client has said too much
        // for now. After the answer or the pause the next visit takes the rest.
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
            // Blocks, so that this client alone waits. What it sends meanwhile stays in its socket.
            connection.wait_to_hear_more(talk);
            now = Instant::now();
            if commands.len() == 0 {
                break;
            }
        }
        // Whole frames before the malformed bytes count.
        if let (Flow::Frames, Some(why)) = (flow, malformed) {
            flow = event(hub, connection, Event::Malformed(why));
            break;
        }
    }
    buffer.consume(used, now);
    connection.expect_frame(buffer.begun.map(|begun| begun + hub.limits.frame));
    flow
}

/// Serves the rest of a connection whose bytes belong to a tunnel, beginning with those that
/// followed the last frame.
fn raw<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>, buffer: Buffer) {
    connection.expect_arrival(None);
    connection.expect_frame(None);
    // Blocks until the tunnel has ended, or this end before it was joined.
    let waited = tunnel::serve(connection, buffer.bytes());
    drop(buffer);
    match waited {
        Waited::Relayed | Waited::Lost => {}
        // The room alone knows whether the ends are joined: it may have decided so just now, and
        // the turn may not have carried it out yet.
        Waited::ReadClosed => match event(hub, connection, Event::ReadClosed) {
            Flow::Raw => tunnel::serve_ended(connection),
            Flow::Frames | Flow::Closed => linger(connection),
        },
    }
}

/// The last part of an orderly close: reads and drops what the peer still sends, up to a bound.
///
/// A socket that is closed with unread input is reset, and the reset destroys what the peer has not
/// read yet, such as the reason why it was refused.
///
/// Blocks twice: until the outbox is written, and then in `read` until the peer's FIN. The clock
/// bounds both: when the time is over it cuts the connection, and that wakes this thread.
fn linger(connection: &Arc<Connection>) {
    connection.close_by(Instant::now() + DRAIN + LINGER);
    connection.outbox.wait_until_finished();
    let mut scrap = vec![0; BUFFER];
    let mut left = LINGER_BYTES;
    while left > 0 {
        match connection.read(&mut scrap) {
            Ok(0) | Err(_) => return,
            Ok(length) => left = left.saturating_sub(length),
        }
    }
}

/// What has arrived and is not handled: after [`frames`] a frame that is not whole yet, or the
/// first bytes of a tunnel.
///
/// `bytes[..filled]` has arrived, the rest is space for the next `read`. Handled bytes are removed
/// from the front, so a frame always begins at 0.
struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// This many of the next bytes are the rest of a frame that was handled already and need not be
    /// looked at.
    skip: usize,
    /// When the frame at the front began, if one has begun.
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

    /// Reads once, blocking. Returns how many bytes came; 0 means that no more will come.
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

    /// Removes the bytes to skip from the front, as far as they have arrived. Mostly that is the
    /// whole buffer, and nothing moves.
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

    /// Drops the bytes that were handled, and those of them that have yet to arrive. A frame that
    /// is still not whole keeps the time at which it began: a peer that sends one byte now and then
    /// gains no time.
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
            // A busy sender: from now on more bytes are read at a time.
            self.bytes.resize(LARGE_BUFFER, 0);
        }
    }
}
