//! Tunnels: two connections whose bytes are relayed as they are.
//!
//! Raw bytes never enter the room. The life of a tunnel:
//!
//! 1. A command such as LOGIN_PRIVATE makes a connection a tunnel end. From then on its reader is
//!    in [`serve`]. While the other end is missing, it keeps early bytes, up to [`EARLY_BYTES`].
//! 2. The second end arrives. The room joins both
//!    ([`Effect::Tunnel`](matou_protocols::room::Effect::Tunnel)), and the holder of the turn
//!    carries that out ([`join`]): it queues the early bytes of each end for the other one.
//! 3. The reader of each end becomes the pump of its direction (`relay` in [`pump`]): it blocks in
//!    `read` on its own end and in `write` on the other. That is the whole back-pressure of a
//!    tunnel.
//! 4. Each direction ends on its own: EOF becomes `shutdown(Write)` on the other end, after all
//!    bytes before it. An error ends both directions.
//! 5. The thread whose direction ends first waits for the other one, so both sockets stay open
//!    until then.
//!
//! Which thread does what, in a tunnel between the connections of A and B:
//!
//! ```text
//! A's reader:   read from A's socket  ->  write to B's socket      the direction A to B
//! B's reader:   read from B's socket  ->  write to A's socket      the direction B to A
//! ```
//!
//! If B stops reading, B's socket fills, A's reader blocks in `write`, A's socket fills, and A's
//! TCP makes A wait. The other direction goes on.
//!
//! An end that does not read holds up one thread, the pump of its direction, which has nothing else
//! to do. No writer and no turn waits for it, and nothing is queued for it except what two sockets
//! and a pipe hold.
//!
//! A tunnel has no time limit, because a paused tunnel is a healthy one. The bounds are the
//! connections that an address and the process may have, and the system's own for a peer that does
//! not acknowledge (`Keepalive::unacknowledged`). Before the pump begins, it waits for the outbox
//! of the other end ([`Outbox::retire`](super::sending::outbox::Outbox::retire)); that wait ends
//! with the client's pace, see `progress`.

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

/// How often an end that may keep no more bytes looks whether its peer is still there.
const LOOK: Duration = Duration::from_secs(1);

/// A connection's side of a tunnel. Every connection has one; most never use it.
///
/// Rules of its lock:
///
/// * Two of them may be held at once, in the order of the connections' ids ([`join`]).
/// * Of the other locks only the outbox's may be taken under it.
/// * Nothing under it blocks, except for waits on `changed`, which release it.
#[derive(Debug, Default)]
pub(super) struct End {
    state: Mutex<State>,
    /// Notified when the state changes and when the connection begins to close. Only this end's own
    /// reader waits for it.
    changed: Condvar,
}

#[derive(Debug)]
enum State {
    /// The other end is missing. What arrives meanwhile is kept.
    Apart { early: Vec<u8> },
    /// Joined. The early bytes are in the outbox of the other end. The reader finds this state
    /// after its next `read`.
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

/// The directions of a tunnel, shared by its two pumps. No other lock is taken under this one.
#[derive(Debug)]
struct Directions {
    /// How many directions go on.
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

    /// Ends one direction and waits for the other. The pump of the other direction wakes this
    /// thread when it ends. Both sockets stay open and known until then.
    ///
    /// The wait has an end because the other pump has one: its peer ends, or the connection is cut.
    fn end_one_and_wait(&self) {
        self.end_one();
        let mut open = self.open.lock();
        while *open > 0 {
            self.changed.wait(&mut open);
        }
    }
}

impl End {
    /// True after the ends were joined.
    pub(super) fn is_joined(&self) -> bool {
        matches!(*self.state.lock(), State::Joined(_))
    }

    /// Wakes the thread that waits for the other end, because the connection is closing.
    pub(super) fn wake(&self) {
        // `closing` is not under this lock. Without the lock here, the waiting thread could test
        // `closing` before it was set and begin to wait after the notification: then it would never
        // wake.
        let _state = self.state.lock();
        self.changed.notify_all();
    }

    /// Ends this end: its connection is over, or its tunnel has ended. Returns the state before.
    /// That may hold the last `Arc` of the other end, so the caller drops it, outside the lock.
    fn over(&self) -> State {
        let before = std::mem::replace(&mut *self.state.lock(), State::Over);
        self.changed.notify_all();
        before
    }

    /// Keeps early bytes. Returns the other end when the ends are joined: then these bytes are not
    /// kept, and the caller must relay them.
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
    /// socket meanwhile. Returns `None` when the peer has ended its direction or is lost.
    ///
    /// The peer's end comes after bytes that this thread does not read, so no `read` returns it, and no call
    /// waits for a condition variable and for a socket at once. So this thread looks every
    /// [`LOOK`]. It happens only to an end that has sent far more than it may.
    fn room_for_early_bytes(&self, connection: &Connection, once_joined: usize) -> Option<usize> {
        let mut state = self.state.lock();
        loop {
            match &*state {
                State::Apart { early }
                    if early.len() >= EARLY_BYTES && !connection.is_closing() =>
                {
                    // Woken by `join`, `over` or `wake`, so all three cases below are possible
                    // afterwards. The look does not block.
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

    /// Blocks until the ends are joined, and returns the other one; `None` when the connection
    /// closes first. `join`, `over` and `wake` wake it.
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

/// Joins two ends. Called by the holder of the turn; MUST NOT block.
///
/// What was sent to each end before (ESTABLISHED) leaves before any relayed byte: it is in the
/// outbox, and a pump begins only when that is empty.
///
/// The early bytes are queued here and not by the ends' own readers: these are blocked in `read`,
/// and wake only when their peer sends again.
pub(super) fn join(one: &Arc<Connection>, other: &Arc<Connection>, end_delay: Duration) {
    let pushed = {
        // Two locks of one kind are always taken in the order of the ids. Otherwise two threads,
        // each with one lock, could wait for each other.
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
                // After the push: a reader that sees `Joined` may begin to relay, and its bytes
                // follow the early ones.
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

/// Queues early bytes. Their bound is their own: a smaller one for the outbox must not cut an end
/// for them.
fn push_early(to: &Connection, early: &[u8]) -> Pushed {
    if early.is_empty() {
        return Pushed::Done;
    }
    let most = to.limits.outbox_bytes.max(2 * EARLY_BYTES);
    to.outbox.push(&to.stream, early, &mut None, most)
}

/// Ends the tunnel of a connection that is over. A tunnel that has ended in order is not there any
/// more; any other is cut at both ends.
pub(super) fn leave(connection: &Arc<Connection>) {
    if let State::Joined(peer) = connection.tunnel.over() {
        connection.cut();
        peer.connection.cut();
        peer.directions.end_one();
    }
}

/// Cuts an end whose other end was lost before they could be joined.
pub(super) fn abandon(connection: &Arc<Connection>) {
    leave(connection);
    connection.cut();
}
