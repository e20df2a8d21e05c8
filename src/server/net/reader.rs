//! A connection's own thread: it blocks in `read` for as long as the connection lives.
//!
//! Who wakes it: bytes, the peer's FIN (`read` returns 0), an error, or somebody on this side who shuts the socket down
//! (then `read` returns 0 as well).

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use log::{debug, error};

use super::connection::Connection;
use super::hub::Hub;
use super::limits::{DRAIN, LINGER, LINGER_BYTES};
use super::source::Source;
use super::tunnel::{self, Waited};
use super::workers::Unanswered;
use matou_protocols::room::{Event, Flow, Overdue, Protocol};

/// Enough for a quiet client; a thousand of them should cost megabytes, not more.
const BUFFER: usize = 4 << 10;

/// For a client that fills the small one.
const LARGE_BUFFER: usize = 64 << 10;

/// Serves a connection from its first byte to its last. A panic (a mistake in this server) ends this connection alone.
pub(super) fn run<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>) {
    debug!("{connection}: connected");
    let served = catch_unwind(AssertUnwindSafe(|| serve(hub, connection)));
    if served.is_err() {
        error!("{connection}: cut, serving it failed with a panic");
        connection.cut();
    }
    tunnel::leave(connection);
    hub.gone(connection);
    connection.ended();
    debug!("{connection}: gone");
}

fn serve<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>) {
    let mut buffer = Buffer::new();
    let mut source = Source::new(connection, &hub.writers);
    connection.expect_beginning();
    let opened = hub.opened(connection);
    let mut flow = answered(hub, connection, opened);
    let mut first = true;
    while flow == Flow::Frames {
        match buffer.fill(&mut source) {
            Ok(0) => {
                flow = match event(hub, connection, Event::ReadClosed) {
                    Flow::Raw => Flow::Raw,
                    Flow::Frames | Flow::Closed => Flow::Closed,
                };
            }
            Ok(_) => {
                let now = Instant::now();
                if std::mem::take(&mut first) {
                    let by = now + hub.limits.identification;
                    connection.expect_arrival(Some((by, Overdue::Identification)));
                }
                flow = frames(hub, connection, &mut buffer, now);
            }
            Err(error) => {
                debug!("{connection}: lost: {error}");
                return;
            }
        }
    }
    match flow {
        Flow::Raw if connection.outbox.is_sealed() => {
            error!("{connection}: cut, there are no tunnels inside TLS");
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

/// As long as the room asks something: waits for the answer, with no lock held, and brings it to the room. What the peer
/// sends meanwhile waits in its socket, so its frames stay in order; everybody else goes on.
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
        // The frame that led to the question is complete, and the wait is ours.
        connection.expect_frame(None);
        match hub.answer(connection, question) {
            Ok(answer) => flow = hub.event(connection, Event::Answer(answer)),
            Err(Unanswered::Busy) => flow = hub.event(connection, Event::Busy),
            Err(Unanswered::Failed) => {
                hub.writers.finish(connection);
                return Flow::Closed;
            }
        }
    }
}

/// Cuts what has come into frames, without any lock, and takes them to the hub together.
fn frames<P: Protocol>(
    hub: &Hub<P>,
    connection: &Arc<Connection>,
    buffer: &mut Buffer,
    mut now: Instant,
) -> Flow {
    let mut flow = Flow::Frames;
    let mut used = 0;
    let mut turned = true;
    let decode = |rest| match connection.is_identified() {
        true => P::decode(&hub.codec, rest),
        false => P::decode_first(&hub.codec, rest),
    };
    // A command that may turn the stream into something else is handled before the bytes behind it are looked at.
    while turned && flow == Flow::Frames {
        turned = false;
        let mut commands = Vec::new();
        let mut malformed = None;
        let input = buffer.bytes();
        while let (false, None, Some(rest)) = (turned, &malformed, input.get(used..)) {
            match decode(rest) {
                Ok(Some((command, length))) => {
                    debug!("{connection} -> {command}");
                    used += length;
                    turned = P::turns_the_stream(&command);
                    commands.push(command);
                }
                Ok(None) => break,
                Err(why) => malformed = Some(why),
            }
        }
        let mut commands = commands.into_iter();
        loop {
            let visited = hub.commands(connection, &mut commands, now);
            let asked = matches!(visited, Flow::Ask(_));
            flow = answered(hub, connection, visited);
            if !asked || flow != Flow::Frames {
                break;
            }
            now = Instant::now();
        }
        if let (Flow::Frames, Some(why)) = (flow, malformed) {
            flow = event(hub, connection, Event::Malformed(why));
            break;
        }
    }
    buffer.consume(used, now);
    connection.expect_frame(buffer.begun.map(|begun| begun + hub.limits.frame));
    flow
}

fn raw<P: Protocol>(hub: &Hub<P>, connection: &Arc<Connection>, buffer: Buffer) {
    connection.expect_arrival(None);
    connection.expect_frame(None);
    let waited = tunnel::serve(connection, buffer.bytes());
    drop(buffer);
    match waited {
        Waited::Relayed | Waited::Lost => {}
        // Whether the ends are joined is for the room to say: it may just have done so.
        Waited::ReadClosed => match event(hub, connection, Event::ReadClosed) {
            Flow::Raw => tunnel::serve_ended(connection),
            Flow::Frames | Flow::Closed => linger(connection),
        },
    }
}

/// The last part of an orderly close: a socket that is closed with unread input is reset, and the reset destroys what the
/// peer has not read yet. So what still comes is read and thrown away, up to a bound; the clock bounds the time.
fn linger(connection: &Arc<Connection>) {
    connection.close_by(Instant::now() + DRAIN + LINGER);
    connection.outbox.wait_until_finished();
    let mut scrap = vec![0; BUFFER];
    let mut left = LINGER_BYTES;
    while left > 0 {
        match (&connection.stream).read(&mut scrap) {
            Ok(0) => return,
            Ok(length) => left = left.saturating_sub(length),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// What has come and is not a whole frame yet.
struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// So many of the next bytes are the rest of a frame that needs no more looking at.
    skip: usize,
    /// When the frame at its front began, if there is one.
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

    /// Reads once, blocking. The buffer grows when it is full: the codec's limits bound a frame, and so the buffer.
    fn fill(&mut self, source: &mut Source<'_>) -> io::Result<usize> {
        if self.filled == self.bytes.len() {
            let length = (2 * self.bytes.len()).max(LARGE_BUFFER);
            self.bytes.resize(length, 0);
        }
        let length = source.read(&mut self.bytes[self.filled..])?;
        self.filled += length;
        self.drop_skipped();
        Ok(length)
    }

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

    /// Drops what was handled, also what of it has yet to come. A frame that remains begun keeps the time of its beginning.
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
            // A busy sender: more at a time from now on.
            self.bytes.resize(LARGE_BUFFER, 0);
        }
    }
}
