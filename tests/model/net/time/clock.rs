//! A clock without deadlines. It only waits until a sender hands it the turn, or until it must end.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use crate::net::sync::{Condvar, Mutex};

#[derive(Debug)]
pub(in crate::net) struct Clock<C> {
    state: Mutex<State>,
    changed: Condvar,
    /// The real clock keeps connections; this clock keeps none.
    connections: PhantomData<C>,
}

#[derive(Debug, Default)]
struct State {
    turn: bool,
    end: bool,
    /// Number of times that the turn was handed to the clock.
    turns: usize,
}

#[derive(Debug)]
pub(in crate::net) enum Call<C> {
    Connections(Vec<Arc<C>>),
    Room,
    Turn,
    Stop,
    StopOverdue,
    End,
}

impl<C> Default for Clock<C> {
    fn default() -> Clock<C> {
        Clock {
            state: Mutex::default(),
            changed: Condvar::default(),
            connections: PhantomData,
        }
    }
}

impl<C> Clock<C> {
    pub(in crate::net) fn room_at(&self, _: Option<Instant>) {}

    pub(in crate::net) fn stop_by(&self, _: Instant) {}

    pub(in crate::net) fn hand_over_turn(&self) {
        let mut state = self.state.lock();
        state.turn = true;
        state.turns += 1;
        self.changed.notify_one();
    }

    pub(in crate::net) fn end(&self) {
        self.state.lock().end = true;
        self.changed.notify_one();
    }

    pub(in crate::net) fn turns(&self) -> usize {
        self.state.lock().turns
    }

    pub(in crate::net) fn next(&self) -> Call<C> {
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
