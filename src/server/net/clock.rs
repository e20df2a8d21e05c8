//! Time for one hub: the deadlines of its connections and of its room, and the turn when a reader hands it over.
//!
//! One thread waits here on a condition variable until the earliest of them; nothing is polled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::connection::Connection;
use super::deadlines::Registration;
use matou_protocols::room::ConnId;

/// What the clock's thread waits for.
#[derive(Debug, Default)]
pub(super) struct Clock {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    connections: BTreeMap<(Instant, ConnId), Arc<Connection>>,
    room: Option<Instant>,
    turn: bool,
    stop: bool,
    /// The time for the stop is over then.
    stop_overdue: Option<Instant>,
    /// The last connection has gone, and no other will come.
    end: bool,
    /// The clock's thread wakes up by itself then, whether or not there is still something due: most deadlines are put off
    /// or taken out before they come, and whoever sets one later than this need not wake anybody.
    alarm: Option<Instant>,
}

/// What the clock's thread has to do.
#[derive(Debug)]
pub(super) enum Call {
    /// These connections may be late.
    Connections(Vec<Arc<Connection>>),
    /// The room's deadline has come.
    Room,
    /// A reader handed its turn over.
    Turn,
    /// The hub shall close all its connections.
    Stop,
    /// They took too long for that.
    StopOverdue,
    /// They are gone.
    End,
}

impl Clock {
    /// Puts a connection's entry in.
    pub(super) fn register(&self, connection: &Arc<Connection>, entry: Registration) {
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
    pub(super) fn remove(&self, id: ConnId, at: Instant) {
        // The last handle of a connection may be in there: it is dropped after the lock.
        let removed = self.state.lock().connections.remove(&(at, id));
        drop(removed);
    }

    /// The room wants to be called at that time, or not at all.
    pub(super) fn room_at(&self, deadline: Option<Instant>) {
        let mut state = self.state.lock();
        state.room = deadline;
        if let Some(at) = deadline {
            self.wake_for(&mut state, at);
        }
    }

    fn wake_for(&self, state: &mut State, at: Instant) {
        if state.alarm.is_none_or(|alarm| at < alarm) {
            state.alarm = Some(at);
            self.changed.notify_one();
        }
    }

    /// A reader that has sent for others long enough hands the turn over.
    pub(super) fn hand_over_turn(&self) {
        self.state.lock().turn = true;
        self.changed.notify_one();
    }

    /// Tells the hub to close all its connections.
    pub(super) fn stop(&self) {
        self.state.lock().stop = true;
        self.changed.notify_one();
    }

    /// They must be gone by then.
    pub(super) fn stop_by(&self, deadline: Instant) {
        self.state.lock().stop_overdue = Some(deadline);
    }

    /// They are gone.
    pub(super) fn end(&self) {
        self.state.lock().end = true;
        self.changed.notify_one();
    }

    /// Waits until there is something to do. A turn that was handed over is finished before the end.
    pub(super) fn next(&self) -> Call {
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
        while let Some(first) = self.connections.first_entry() {
            if first.key().0 > now {
                break;
            }
            due.push(first.remove());
        }
        due
    }
}
