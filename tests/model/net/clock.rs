//! A clock without time: it passes the turn on, and ends.

use std::time::Instant;

use super::connection::Connection;
use super::sync::{Condvar, Mutex};

#[derive(Debug, Default)]
pub(super) struct Clock {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    turn: bool,
    end: bool,
    /// Number of times that the clock was given the turn.
    turns: usize,
}

#[derive(Debug)]
pub(super) enum Call {
    Connections(Vec<std::sync::Arc<Connection>>),
    Room,
    Turn,
    Stop,
    StopOverdue,
    End,
}

impl Clock {
    pub(super) fn room_at(&self, _: Option<Instant>) {}

    pub(super) fn stop_by(&self, _: Instant) {}

    pub(super) fn hand_over_turn(&self) {
        let mut state = self.state.lock();
        state.turn = true;
        state.turns += 1;
        self.changed.notify_one();
    }

    pub(super) fn end(&self) {
        self.state.lock().end = true;
        self.changed.notify_one();
    }

    pub(super) fn turns(&self) -> usize {
        self.state.lock().turns
    }

    pub(super) fn next(&self) -> Call {
        let mut state = self.state.lock();
        loop {
            if std::mem::take(&mut state.turn) {
                return Call::Turn;
            }
            if state.end {
                return Call::End;
            }
            self.changed.wait(&mut state);
        }
    }
}
