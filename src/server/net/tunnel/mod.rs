//! Tunnels. A tunnel joins two connections, and the server relays their bytes unchanged.
//!
//! The room never sees these bytes. The life of a tunnel:
//!
//! 1. A command such as LOGIN_PRIVATE makes a connection a tunnel end. From then on its reader runs
//!    [`serve`]. The bytes that the reader reads before the other end has arrived are called *early
//!    bytes*. The reader keeps at most [`EARLY_BYTES`] of them.
//! 2. The second end arrives. The room decides to join both ends
//!    ([`Effect::Tunnel`](matou_protocols::room::Effect::Tunnel)), and the holder of the turn joins
//!    them ([`join`]). The holder of the turn also queues the early bytes of each end for the other
//!    end.
//! 3. The reader of each end becomes the *pump* of its direction (`relay` in [`pump`]). The pump
//!    blocks in `read` on its own socket, and in `write` on the socket of the other end.
//! 4. Each direction ends separately. When a pump reads EOF, it has already written all bytes that
//!    came before. Then it calls `shutdown(Write)` on the socket of the other end, which sends FIN.
//!    An error ends both directions.
//! 5. The pump whose direction ends first waits for the other pump, so both sockets stay open until
//!    both directions have ended.
//!
//! Which thread does what, in a tunnel between the connections of A and B:
//!
//! ```text
//! A's reader:   read from A's socket  ->  write to B's socket      the direction A to B
//! B's reader:   read from B's socket  ->  write to A's socket      the direction B to A
//! ```
//!
//! If B stops reading, the send buffer of B's socket fills, and A's reader blocks in `write`. Then
//! A's reader does not read from A's socket, so the receive buffer of that socket fills too, and
//! TCP makes A wait. This is the back-pressure of a tunnel. The other direction goes on.
//!
//! If the client of an end does not read, only one thread is blocked: the pump that writes to this
//! end. This pump has nothing else to do. No writer and no holder of the turn waits for this end.
//! The bytes that wait for this end are only in the buffers of the two sockets and in the pump's
//! buffer or pipe.
//!
//! A tunnel has no time limit, because its clients may be silent for a long time. Two other limits
//! apply: the maximum number of connections of an address and of the process, and the time within
//! which the peer must acknowledge sent bytes (`Keepalive::unacknowledged`). Before a pump begins,
//! it waits until the outbox of the other end is empty
//! ([`Outbox::retire`](super::sending::outbox::Outbox::retire)). That wait always ends, because the
//! client must take its queued bytes fast enough (see `progress`).

mod pipes;
mod pump;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::bounds::limits::EARLY_BYTES;
use super::connection::Connection;
use super::sending::outbox::Pushed;
use super::sys;

pub(super) use pipes::Pipes;
pub(super) use pump::{Waited, serve, serve_ended};

/// A reader that already keeps as many early bytes as it may does not read. But at this interval, it
/// checks whether its peer is still connected.
const LOOK: Duration = Duration::from_secs(1);

/// A connection's side of a tunnel. Every connection has this value; most connections never use it.
///
/// Rules of the end's lock:
///
/// * A thread may hold the locks of two ends at the same time, if it takes them in the order of the
///   connections' ids ([`join`]).
/// * The lock of an outbox is the only other lock that a thread may take while it holds an end's
///   lock.
/// * A thread that holds the end's lock does not block, except in a wait on `changed`, which
///   releases the lock.
#[derive(Debug, Default)]
pub(super) struct End {
    state: Mutex<State>,
    /// Notified when the state changes and when the connection begins to close. Only this end's own
    /// reader waits here.
    changed: Condvar,
}

#[derive(Debug)]
enum State {
    /// The other end has not arrived. The early bytes of this end are kept.
    Apart { early: Vec<u8> },
    /// The two ends are joined, and the early bytes of this end are in the outbox of the other end.
    /// This end's reader notices this state after its next `read`.
    Joined(Peer),
    /// The connection has ended, or its tunnel has ended.
    Over,
}

impl Default for State {
    fn default() -> State {
        State::Apart { early: Vec::new() }
    }
}

/// What a tunnel end knows about the other end.
#[derive(Debug, Clone)]
struct Peer {
    connection: Arc<Connection>,
    directions: Arc<Directions>,
}

/// The two directions of a tunnel. Its two pumps share this value. No other lock is taken under the
/// lock of `open`.
#[derive(Debug)]
struct Directions {
    /// Number of directions that have not ended.
    open: Mutex<usize>,
    /// Notified when a direction ends.
    changed: Condvar,
    /// See [`matou_protocols::room::Protocol::tunnel_end_delay`].
    end_delay: Duration,
}

impl Directions {
    fn end_one(&self) {
        *self.open.lock() -= 1;
        self.changed.notify_all();
    }

    /// Ends one direction, and then blocks until the other direction has ended too. The pump of the
    /// other direction wakes this thread when it ends. Both sockets stay open until then.
    ///
    /// The wait ends when the other pump ends: at EOF, or because one of the connections fails or
    /// is cut.
    fn end_one_and_wait(&self) {
        self.end_one();
        let mut open = self.open.lock();
        while *open > 0 {
            // Blocks, and releases the lock while it waits. `end_one` of the other pump wakes it.
            self.changed.wait(&mut open);
        }
    }
}

impl End {
    /// Returns true while this end is joined to another end.
    pub(super) fn is_joined(&self) -> bool {
        matches!(*self.state.lock(), State::Joined(_))
    }

    /// Called when the connection is closing. If the reader waits for the other end, wakes it. The
    /// caller must have set `closing` before this call.
    pub(super) fn wake(&self) {
        // `closing` is not guarded by this lock, but the lock must be taken here. Without the lock,
        // the reader could test `closing` just before the caller sets it, and begin to wait just
        // after the notification. Then nothing would wake the reader.
        let _state = self.state.lock();
        self.changed.notify_all();
    }

    /// Sets the state to [`State::Over`], because the connection is over or its tunnel has ended.
    /// Returns the old state. The old state may contain the last `Arc` of the other end's
    /// connection, so the caller drops the old state after the lock is released.
    fn over(&self) -> State {
        let before = std::mem::replace(&mut *self.state.lock(), State::Over);
        self.changed.notify_all();
        before
    }

    /// Keeps early bytes. If the ends are already joined, keeps nothing and returns the other end:
    /// then the caller must relay these bytes.
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

    /// Returns how many more early bytes may be read, at least one. While [`EARLY_BYTES`] are kept,
    /// blocks until the ends are joined or the connection closes; the peer's bytes wait in the
    /// socket meanwhile. If the peer ends its direction or is lost during this wait, returns
    /// `None`.
    ///
    /// During the wait, this thread does not call `read`, so it cannot see the peer's FIN. A thread
    /// cannot wait for a condition variable and for a socket at the same time. So this thread
    /// checks the socket at the interval [`LOOK`]. Only a peer that has sent far too many early
    /// bytes makes this check necessary.
    fn room_for_early_bytes(&self, connection: &Connection, once_joined: usize) -> Option<usize> {
        let mut state = self.state.lock();
        loop {
            match &*state {
                State::Apart { early }
                    if early.len() >= EARLY_BYTES && !connection.is_closing() =>
                {
                    // Blocks, and releases the lock while it waits. `join`, `over` or `wake` wakes
                    // the thread, or the time `LOOK` is over. After the wait, the state may be any
                    // of the cases of this `match`. The check of the socket does not block.
                    let waited = self.changed.wait_for(&mut state, LOOK);
                    if waited.timed_out() && sys::has_ended(&connection.stream) {
                        return None;
                    }
                }
                State::Apart { early } => {
                    return Some(EARLY_BYTES.saturating_sub(early.len()).max(1));
                }
                State::Joined(_) | State::Over => return Some(once_joined),
            }
        }
    }

    /// Blocks until the ends are joined, and returns the other end. Returns `None` when the
    /// connection closes first. `join`, `over` and `wake` wake the thread, and then it tests the
    /// state again.
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

/// Joins two ends. Called by the holder of the turn, so it MUST NOT block.
///
/// Packets from the server itself to an end, such as ESTABLISHED, leave before any relayed byte:
/// these packets are in the outbox, and a pump begins only when the outbox is empty.
///
/// This function queues the early bytes. The readers of the ends cannot do it, because a reader may
/// be blocked in `read` until its peer sends again.
pub(super) fn join(one: &Arc<Connection>, other: &Arc<Connection>, end_delay: Duration) {
    let pushed = {
        // The locks of two ends are always taken in the order of the ids. Otherwise each of two
        // threads could hold one of the locks and wait for the other lock for ever.
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
                // This step must come after the push of the early bytes. A reader that sees
                // `Joined` may begin to relay at once, and its bytes must follow the early bytes.
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
                end.pushed(pushed);
            }
        }
        // One of the two connections was lost before they could be joined, so both are cut.
        None => [one, other].into_iter().for_each(abandon),
    }
}

fn joined(peer: &Arc<Connection>, directions: &Arc<Directions>) -> State {
    State::Joined(Peer {
        connection: Arc::clone(peer),
        directions: Arc::clone(directions),
    })
}

/// Queues early bytes. Early bytes have their own limit, [`EARLY_BYTES`]. So an end is not cut
/// here, even if the limit of its outbox is smaller.
fn push_early(to: &Connection, early: &[u8]) -> Pushed {
    if early.is_empty() {
        return Pushed::Done;
    }
    let most = to.limits.outbox_bytes.max(2 * EARLY_BYTES);
    to.outbox.push(&to.stream, early, &mut None, most)
}

/// Ends the tunnel of a connection that is over. If one of the two directions has not ended yet,
/// both ends are cut.
pub(super) fn leave(connection: &Arc<Connection>) {
    if let State::Joined(peer) = connection.tunnel.over() {
        connection.cut();
        peer.connection.cut();
        peer.directions.end_one();
    }
}

/// Cuts a tunnel end whose other end was lost before the two could be joined.
pub(super) fn abandon(connection: &Arc<Connection>) {
    leave(connection);
    connection.cut();
}
