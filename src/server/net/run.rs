//! The run: what the room wants done, and which connections came and went meanwhile.

use std::sync::Arc;

use log::Level;

use super::connection::Connection;
use super::limits::RUN_BYTES;
use matou_protocols::room::{ConnId, Effects};

/// One log, filled under the hub's lock and carried out by the holder of the turn.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) effects: Effects,
    /// Known before any of the effects, which may speak of them.
    pub(super) arrivals: Vec<Arc<Connection>>,
    /// Forgotten after all of the effects.
    pub(super) departures: Vec<ConnId>,
    /// The server stops: every connection is finished, after all of the effects.
    pub(super) finish_all: bool,
}

impl Run {
    /// An empty run, which keeps frames in words if the log wants them.
    pub(super) fn new() -> Run {
        let mut run = Run::default();
        if log::log_enabled!(Level::Debug) {
            run.effects = Effects::traced();
        }
        run
    }

    /// Nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.effects.is_empty()
            && self.arrivals.is_empty()
            && self.departures.is_empty()
            && !self.finish_all
    }

    /// A reader must wait before it adds more.
    pub(super) fn is_full(&self) -> bool {
        self.effects.bytes() >= RUN_BYTES
    }

    pub(super) fn clear(&mut self) {
        self.effects.clear();
        self.arrivals.clear();
        self.departures.clear();
        self.finish_all = false;
    }
}
