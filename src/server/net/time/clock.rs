//! The clock of one hub: it waits for the deadlines of the hub's connections and of its room, and
//! it takes the turn over when a reader hands it on.
//!
//! One thread waits here on a condition variable until the earliest deadline. Nothing is polled.
//! The life of a deadline is told in [`net`](crate::net).
//!
//! Why not a time-out in each reader's `read`? Such a time-out begins again with every byte, and a
//! reader that is blocked for the answer to a question or for a tunnel is not in `read`. A thread
//! that is blocked cannot look at a clock; this thread can, and it wakes the reader by shutting its
//! socket down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::deadlines::Registration;
use crate::net::connection::Connection;
use matou_protocols::room::ConnId;

/// What the thread `matou-clock` waits for.
///
/// Any thread may call any method but [`Clock::next`]; the methods hold the lock for a moment and
/// never block. Callers may hold any other lock of [`net`](crate::net), because no lock is taken
/// under this one.
#[derive(Debug, Default)]
pub(in crate::net) struct Clock {
    state: Mutex<State>,
    /// Notified when the thread has something to do earlier than it believes.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// At most one entry per connection, the earliest first.
    connections: BTreeMap<(Instant, ConnId), Arc<Connection>>,
    /// The room's deadline.
    room: Option<Instant>,
    /// A reader handed its turn over.
    turn: bool,
    /// The hub shall close all its connections.
    stop: bool,
    /// The time by which they must be closed.
    stop_overdue: Option<Instant>,
    /// The last connection has gone, and no other will come.
    end: bool,
    /// The time at which the thread wakes up by itself, even if nothing is due any more by then. A
    /// thread that sets a deadline later than this need not notify.
    ///
    /// Most deadlines are moved or taken out before they come: a half frame gets its rest, a full
    /// outbox empties. The alarm stays where it is then. The thread wakes up once for nothing, and
    /// that costs less than a wake-up for each change.
    alarm: Option<Instant>,
}

/// What the clock's thread has to do.
#[derive(Debug)]
pub(in crate::net) enum Call {
    /// Look at these connections: they may be late.
    Connections(Vec<Arc<Connection>>),
    /// Call the room: its deadline has come.
    Room,
    /// Go on sending: a reader handed its turn over.
    Turn,
    /// Close all connections in order.
    Stop,
    /// Cut them: they took too long for that.
    StopOverdue,
    /// End: no connection is left.
    End,
}

impl Clock {
    /// Puts a connection's entry in, and takes the entry out that it replaces.
    pub(in crate::net) fn register(&self, connection: &Arc<Connection>, entry: Registration) {
        let mut state = self.state.lock();
        if let Some(old) = entry.replaces {
            state.connections.remove(&(old, connection.id));
        }
        state
            .connections
            .insert((entry.at, connection.id), Arc::clone(connection));
        self.wake_for(&mut state, entry.at);
    }

    /// Takes a connection's entry out.
    pub(in crate::net) fn remove(&self, id: ConnId, at: Instant) {
        // The entry may hold the last `Arc` of the connection, and dropping that closes a socket.
        // So it is dropped after the lock is released.
        let removed = self.state.lock().connections.remove(&(at, id));
        drop(removed);
    }

    /// Sets or clears the room's deadline.
    pub(in crate::net) fn room_at(&self, deadline: Option<Instant>) {
        let mut state = self.state.lock();
        state.room = deadline;
        if let Some(at) = deadline {
            self.wake_for(&mut state, at);
        }
    }

    /// Wakes the thread if it would sleep past this time. A wake-up is a system call, and with
    /// thousands of connections most deadlines are later than the alarm.
    fn wake_for(&self, state: &mut State, at: Instant) {
        if state.alarm.is_none_or(|alarm| at < alarm) {
            state.alarm = Some(at);
            self.changed.notify_one();
        }
    }

    /// Hands the turn over: a reader has sent for others long enough.
    pub(in crate::net) fn hand_over_turn(&self) {
        self.state.lock().turn = true;
        self.changed.notify_one();
    }

    /// Tells the hub to close all its connections.
    pub(in crate::net) fn stop(&self) {
        self.state.lock().stop = true;
        self.changed.notify_one();
    }

    /// Sets the time by which they must be closed. For the clock's own thread, so it wakes no
    /// other.
    pub(in crate::net) fn stop_by(&self, deadline: Instant) {
        self.state.lock().stop_overdue = Some(deadline);
    }

    /// Tells the hub that its last connection has gone.
    pub(in crate::net) fn end(&self) {
        self.state.lock().end = true;
        self.changed.notify_one();
    }

    /// Blocks until there is something to do. For the clock's thread alone.
    ///
    /// A method above wakes it, or its own alarm. It may find nothing to do: a deadline was moved
    /// after the alarm was set. Then it sets the alarm again. What it returns was due when it
    /// looked, and it holds no lock when it acts on that; so connections and room are asked once
    /// more what is due.
    ///
    /// A turn that was handed over comes before the end, because clients wait for what is in it.
    pub(in crate::net) fn next(&self) -> Call {
        let mut state = self.state.lock();
        loop {
            let now = Instant::now();
            let due = state.take_due(now);
            if !due.is_empty() {
                return Call::Connections(due);
            }
            if state.room.is_some_and(|at| at <= now) {
                state.room = None;
                return Call::Room;
            }
            if std::mem::take(&mut state.turn) {
                return Call::Turn;
            }
            if std::mem::take(&mut state.stop) {
                return Call::Stop;
            }
            if state.end {
                return Call::End;
            }
            if state.stop_overdue.is_some_and(|at| at <= now) {
                state.stop_overdue = None;
                return Call::StopOverdue;
            }
            let first = state.connections.first_key_value().map(|(key, _)| key.0);
            let waits = [first, state.room, state.stop_overdue];
            state.alarm = waits.into_iter().flatten().min();
            // Both waits release the lock and take it again before they return. All conditions are
            // tested again then.
            match state.alarm {
                Some(at) => {
                    self.changed.wait_until(&mut state, at);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}

impl State {
    fn take_due(&mut self, now: Instant) -> Vec<Arc<Connection>> {
        let mut due = Vec::new();
        // They leave the clock. Each connection registers again when it is asked what is due.
        while let Some(first) = self.connections.first_entry() {
            if first.key().0 > now {
                break;
            }
            due.push(first.remove());
        }
        due
    }
}
