//! Tunnels: two connections whose bytes are relayed as they are.
//!
//! Raw bytes never enter the room. The reader of each end pumps its own direction: it blocks in `read` on its end and in
//! `write` on the other, which is all the back-pressure there is to a tunnel. Each direction ends on its own (half-close).
//!
//! An end that does not read holds up that one thread, which has nothing else to do: no writer, no turn. Nothing is queued
//! for it but what two sockets and a pipe hold. There is no bound in time, for a paused tunnel is a healthy one: the bounds are
//! the connections that an address and the process may have, and the system's own for a peer that does not acknowledge
//! (`Keepalive::unacknowledged`). Before the pump begins it waits for the outbox of the other end (`Outbox::retire`); that
//! wait ends with the client's pace, as `progress` says.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;
use parking_lot::{Condvar, Mutex};

use super::connection::Connection;
use super::limits::EARLY_BYTES;
use super::outbox::Pushed;
use super::sys::Splice;
use super::writers::Writers;

/// What is copied at once; what does not pass the kernel alone is copied in larger pieces once it proves to be a lot.
const COPY_BYTES: usize = 64 << 10;
const LARGE_COPY_BYTES: usize = 256 << 10;

/// A tunnel that carried this much is worth a pipe of its own.
const MUCH: usize = 1 << 20;

/// A connection's side of a tunnel, from the moment on when its bytes are raw.
#[derive(Debug, Default)]
pub(super) struct End {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
enum State {
    /// The other end is not there yet; what comes meanwhile is kept.
    Apart { early: Vec<u8> },
    /// Joined; the early bytes are on their way.
    Joined(Peer),
    /// The connection is over.
    Over,
}

impl Default for State {
    fn default() -> State {
        State::Apart { early: Vec::new() }
    }
}

/// The other end.
#[derive(Debug, Clone)]
struct Peer {
    connection: Arc<Connection>,
    directions: Arc<Directions>,
}

/// How many directions of a tunnel still go on, and how each of them ends.
#[derive(Debug)]
struct Directions {
    open: Mutex<usize>,
    changed: Condvar,
    /// See [`matou_protocols::room::Protocol::tunnel_end_delay`].
    end_delay: Duration,
}

impl Directions {
    fn end_one(&self) {
        *self.open.lock() -= 1;
        self.changed.notify_all();
    }

    /// One direction has ended; waits for the other. Both sockets stay open and known until then.
    fn end_one_and_wait(&self) {
        self.end_one();
        let mut open = self.open.lock();
        while *open > 0 {
            self.changed.wait(&mut open);
        }
    }
}

impl End {
    /// True from the moment on when bytes are relayed.
    pub(super) fn is_joined(&self) -> bool {
        matches!(*self.state.lock(), State::Joined(_))
    }

    /// The connection is being closed: whoever waits for the other end looks again.
    pub(super) fn wake(&self) {
        let _state = self.state.lock();
        self.changed.notify_all();
    }

    /// The connection is over before it was joined, or its tunnel has ended. What is given back may be the other end's last
    /// holder, so it is dropped outside the lock.
    fn over(&self) -> State {
        let before = std::mem::replace(&mut *self.state.lock(), State::Over);
        self.changed.notify_all();
        before
    }

    /// Keeps early bytes, at most [`EARLY_BYTES`] of them; gives back what cannot be kept because the ends are joined.
    fn keep(&self, bytes: &[u8]) -> Option<Peer> {
        match &mut *self.state.lock() {
            State::Apart { early } => {
                early.extend_from_slice(bytes);
                None
            }
            State::Joined(peer) => Some(peer.clone()),
            State::Over => None,
        }
    }

    /// How many more early bytes may be read. When there is no room, waits until the ends are joined or closed.
    fn room_for_early_bytes(&self, connection: &Connection) -> usize {
        let mut state = self.state.lock();
        loop {
            match &*state {
                State::Apart { early }
                    if early.len() >= EARLY_BYTES && !connection.is_closing() =>
                {
                    self.changed.wait(&mut state);
                }
                State::Apart { early } => {
                    return EARLY_BYTES.saturating_sub(early.len()).max(1);
                }
                State::Joined(_) | State::Over => return COPY_BYTES,
            }
        }
    }

    /// Waits until the end of a direction may be passed on: after the delay, or when the tunnel is being closed.
    fn hold_end(&self, connection: &Connection, delay: Duration) {
        let until = Instant::now() + delay;
        let mut state = self.state.lock();
        while !connection.is_closing() && !self.changed.wait_until(&mut state, until).timed_out() {}
    }

    fn wait_until_joined(&self, connection: &Connection) -> Option<Peer> {
        let mut state = self.state.lock();
        loop {
            match &*state {
                State::Apart { .. } if connection.is_closing() => return None,
                State::Apart { .. } => self.changed.wait(&mut state),
                State::Joined(peer) => return Some(peer.clone()),
                State::Over => return None,
            }
        }
    }
}

/// Joins two ends. What was queued for each (ESTABLISHED) goes out before any relayed byte: its outbox keeps the order, and
/// a pump begins only when that outbox is empty.
///
/// Called by the holder of the turn; never blocks. The early bytes are queued here and not by the ends' own readers,
/// because those sit in `read` and may never wake.
pub(super) fn join(
    one: &Arc<Connection>,
    other: &Arc<Connection>,
    writers: &Writers,
    end_delay: Duration,
) {
    let pushed = {
        // Two locks of one kind: always in the order of the ids.
        let (first, second) = if one.id < other.id {
            (one, other)
        } else {
            (other, one)
        };
        let mut first_state = first.tunnel.state.lock();
        let mut second_state = second.tunnel.state.lock();
        match (&mut *first_state, &mut *second_state) {
            (State::Apart { early: from_first }, State::Apart { early: from_second }) => {
                let pushed = [
                    (first, push_early(first, from_second)),
                    (second, push_early(second, from_first)),
                ];
                let directions = Arc::new(Directions {
                    open: Mutex::new(2),
                    changed: Condvar::new(),
                    end_delay,
                });
                *first_state = joined(second, &directions);
                *second_state = joined(first, &directions);
                Some(pushed)
            }
            _ => None,
        }
    };
    match pushed {
        Some(pushed) => {
            for (end, pushed) in pushed {
                end.tunnel.changed.notify_all();
                if end.pushed(pushed) {
                    writers.give(end);
                }
            }
        }
        // One was lost meanwhile: an error on one side ends both.
        None => [one, other].into_iter().for_each(abandon),
    }
}

fn joined(peer: &Arc<Connection>, directions: &Arc<Directions>) -> State {
    State::Joined(Peer {
        connection: Arc::clone(peer),
        directions: Arc::clone(directions),
    })
}

fn push_early(to: &Connection, early: &[u8]) -> Pushed {
    if early.is_empty() {
        return Pushed::Done;
    }
    let most = to.limits.outbox_bytes.max(2 * EARLY_BYTES);
    to.outbox.push(&to.stream, early, &mut None, most)
}

/// A connection that is over takes its tunnel with it, unless that has ended in order.
pub(super) fn leave(connection: &Arc<Connection>) {
    if let State::Joined(peer) = connection.tunnel.over() {
        connection.cut();
        peer.connection.cut();
        peer.directions.end_one();
    }
}

/// Ends a connection whose other end was lost before they could be joined.
pub(super) fn abandon(connection: &Arc<Connection>) {
    leave(connection);
    connection.cut();
}

/// How the reading of a waiting end went on.
pub(super) enum Waited {
    /// The tunnel stood, and both its directions have ended.
    Relayed,
    /// The peer will send no more, and this end may not be joined yet: the room knows.
    ReadClosed,
    /// The connection is lost.
    Lost,
}

/// Reads a connection whose bytes are raw: keeps them while the other end is missing, then relays.
pub(super) fn serve(connection: &Arc<Connection>, rest: &[u8]) -> Waited {
    let mut buffer = vec![0; COPY_BYTES];
    if let Some(peer) = connection.tunnel.keep(rest) {
        return pump(connection, &peer, rest, &mut buffer);
    }
    loop {
        let room = connection.tunnel.room_for_early_bytes(connection);
        let chunk = buffer.get_mut(..room.min(COPY_BYTES)).unwrap_or_default();
        let length = match read(connection, chunk) {
            Ok(0) => return read_closed(connection),
            Ok(length) => length,
            Err(error) => {
                debug!("{connection}: lost while waiting for the other end: {error}");
                return Waited::Lost;
            }
        };
        let first = chunk[..length].to_vec();
        if let Some(peer) = connection.tunnel.keep(&first) {
            return pump(connection, &peer, &first, &mut buffer);
        }
        if connection.is_closing() {
            return Waited::ReadClosed;
        }
    }
}

/// The end of what comes. If the ends were joined while this reader was blocked, it is the end of a direction.
fn read_closed(connection: &Arc<Connection>) -> Waited {
    match connection.tunnel.keep(&[]) {
        Some(peer) => {
            finish_direction(connection, &peer, forward_end(connection, &peer));
            Waited::Relayed
        }
        None => Waited::ReadClosed,
    }
}

/// The peer ended its direction just when the room joined the ends: passes that end on, and relays the other direction.
pub(super) fn serve_ended(connection: &Arc<Connection>) {
    if let Some(peer) = connection.tunnel.wait_until_joined(connection) {
        finish_direction(connection, &peer, forward_end(connection, &peer));
    }
}

fn pump(connection: &Arc<Connection>, peer: &Peer, first: &[u8], buffer: &mut Vec<u8>) -> Waited {
    let relayed =
        relay(connection, peer, first, buffer).and_then(|()| forward_end(connection, peer));
    finish_direction(connection, peer, relayed);
    Waited::Relayed
}

fn relay(
    connection: &Arc<Connection>,
    peer: &Peer,
    first: &[u8],
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    own_the_write_side(peer)?;
    let mut to = &peer.connection.stream;
    to.write_all(first)?;
    let mut relayed = first.len();
    while relayed < MUCH {
        let length = read(connection, buffer)?;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length])?;
        relayed += length;
    }
    if let Some(splice) = Splice::new() {
        *buffer = Vec::new();
        while splice.forward(&connection.stream, to)? > 0 {}
        return Ok(());
    }
    buffer.resize(LARGE_COPY_BYTES, 0);
    loop {
        let length = read(connection, buffer)?;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length])?;
    }
}

fn forward_end(connection: &Connection, peer: &Peer) -> io::Result<()> {
    let delay = peer.directions.end_delay;
    connection.tunnel.hold_end(connection, delay);
    own_the_write_side(peer)?;
    peer.connection.stream.shutdown(Shutdown::Write)
}

/// From here on nobody but this pump writes to the other end's socket.
fn own_the_write_side(peer: &Peer) -> io::Result<()> {
    if peer.connection.outbox.retire(&peer.connection.stream) {
        Ok(())
    } else {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn finish_direction(connection: &Arc<Connection>, peer: &Peer, relayed: io::Result<()>) {
    if let Err(error) = relayed {
        debug!(
            "{connection}: tunnel with {} broke: {error}",
            peer.connection
        );
        connection.cut();
        peer.connection.cut();
    }
    peer.directions.end_one_and_wait();
    drop(connection.tunnel.over());
}

fn read(connection: &Connection, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match (&connection.stream).read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
