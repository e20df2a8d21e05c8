//! The clock of one hub. It waits for the deadlines of the hub's connections and of its room. It
//! also takes the turn when a reader hands the turn over.
//!
//! One thread waits here on a condition variable until the earliest deadline. The life of a
//! deadline is described in [`net`](crate::net).
//!
//! Why not a time-out in each reader's `read`? Such a time-out begins again with every byte. And a
//! reader may be blocked elsewhere, for example while it waits for the answer to a question. A
//! blocked reader cannot check its deadlines, but the clock's thread can. To wake a reader that is
//! blocked in `read`, the clock's thread shuts the socket down: then `read` returns 0.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::deadlines::Registration;
use matou_protocols::room::ConnId;

/// The deadlines and requests for which the thread `matou-clock` waits.
///
/// Only the clock's thread calls [`Clock::next`]. Any thread may call the other methods (except
/// [`Clock::stop_by`], which only the clock's thread calls): they hold the lock for a moment and
/// never block. A caller may hold any other lock of [`net`](crate::net), because a thread that
/// holds this lock takes no other lock.
///
/// `C` is the type of the hub's connections. The clock keeps a connection until the connection's
/// deadline, and knows nothing else about it.
#[derive(Debug)]
pub(in crate::net) struct Clock<C> {
    state: Mutex<State<C>>,
    /// Notified when the clock's thread must wake up before the time in `alarm`. Only this thread
    /// waits here.
    changed: Condvar,
}

#[derive(Debug)]
struct State<C> {
    /// At most one entry per connection; the entry with the earliest time comes first.
    connections: BTreeMap<(Instant, ConnId), Arc<C>>,
    /// The room's deadline.
    room: Option<Instant>,
    /// True when a reader has handed its turn over.
    turn: bool,
    /// True when the hub must close all its connections.
    stop: bool,
    /// The time by which all connections must be closed, if the hub stops.
    stop_overdue: Option<Instant>,
    /// True when the last connection has gone and no other connection will come.
    end: bool,
    /// The time at which the thread wakes up by itself. If another thread sets a deadline that is
    /// later than the alarm, it need not notify the clock's thread.
    ///
    /// Most deadlines are moved or removed before their time comes: the rest of a frame arrives, or
    /// an outbox becomes empty. The alarm is not changed in these cases. So the clock's thread
    /// sometimes wakes up and finds nothing to do, but this costs less than a wake-up for each
    /// change.
    alarm: Option<Instant>,
}

/// What the clock's thread has to do.
#[derive(Debug)]
pub(in crate::net) enum Call<C> {
    /// Look at these connections: one of their deadlines may have passed.
    Connections(Vec<Arc<C>>),
    /// Call the room: its deadline has come.
    Room,
    /// Go on sending: a reader has handed its turn over.
    Turn,
    /// Begin an orderly close of all connections.
    Stop,
    /// Cut the connections that are left: their orderly close took too long.
    StopOverdue,
    /// End: no connection is left.
    End,
}

impl<C> Default for Clock<C> {
    fn default() -> Clock<C> {
        Clock {
            state: Mutex::new(State {
                connections: BTreeMap::new(),
                room: None,
                turn: false,
                stop: false,
                stop_overdue: None,
                end: false,
                alarm: None,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<C> Clock<C> {
    /// Adds an entry for a connection, and removes the entry that it replaces.
    pub(in crate::net) fn register(&self, id: ConnId, connection: &Arc<C>, entry: Registration) {
        let mut state = self.state.lock();
        if let Some(old) = entry.replaces {
            state.connections.remove(&(old, id));
        }
        state
            .connections
            .insert((entry.at, id), Arc::clone(connection));
        self.wake_for(&mut state, entry.at);
    }

    /// Removes a connection's entry.
    pub(in crate::net) fn remove(&self, id: ConnId, at: Instant) {
        // The entry may hold the last `Arc` of the connection, and dropping this `Arc` closes a
        // socket. So the entry is dropped after the lock is released.
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

    /// Wakes the clock's thread if its alarm is later than this time. With thousands of
    /// connections, most deadlines are later than the alarm. So most calls wake no thread, which
    /// saves a system call.
    fn wake_for(&self, state: &mut State<C>, at: Instant) {
        if state.alarm.is_none_or(|alarm| at < alarm) {
            state.alarm = Some(at);
            self.changed.notify_one();
        }
    }

    /// Hands the turn to the clock's thread and wakes this thread. A reader calls this method when
    /// it has sent bytes to other clients for long enough.
    pub(in crate::net) fn hand_over_turn(&self) {
        self.state.lock().turn = true;
        self.changed.notify_one();
    }

    /// Wakes the clock's thread, so that the hub begins to close all its connections.
    pub(in crate::net) fn stop(&self) {
        self.state.lock().stop = true;
        self.changed.notify_one();
    }

    /// Sets the time by which all connections must be closed. Only the clock's own thread calls
    /// this method, so this method need not wake a thread.
    pub(in crate::net) fn stop_by(&self, deadline: Instant) {
        self.state.lock().stop_overdue = Some(deadline);
    }

    /// Wakes the clock's thread, so that it ends: the last connection of the hub has gone.
    pub(in crate::net) fn end(&self) {
        self.state.lock().end = true;
        self.changed.notify_one();
    }

    /// Blocks until there is something to do, and returns what it is. Only the clock's thread calls
    /// this.
    ///
    /// The methods above wake the thread, and it also wakes up by itself at the time of its alarm.
    /// The thread may find nothing to do, because a deadline was moved after the alarm was set.
    /// Then it sets the alarm again and waits. When this method has returned, the thread holds no
    /// lock. Other threads may then move a deadline, so the caller asks the connection or the room
    /// again what is due.
    ///
    /// If the turn was handed over and the hub must also end, [`Call::Turn`] is returned first,
    /// because clients wait for the bytes of the run.
    pub(in crate::net) fn next(&self) -> Call<C> {
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
            // Both calls block. They release the lock while they wait and take it again before they
            // return. Other threads may have changed everything meanwhile, so the loop tests all
            // conditions again.
            match state.alarm {
                Some(at) => {
                    self.changed.wait_until(&mut state, at);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}

impl<C> State<C> {
    fn take_due(&mut self, now: Instant) -> Vec<Arc<C>> {
        let mut due = Vec::new();
        // These entries are removed from the clock. Each connection registers its next deadline
        // when it is asked what is due.
        while let Some(first) = self.connections.first_entry() {
            if first.key().0 > now {
                break;
            }
            due.push(first.remove());
        }
        due
    }
}
