//! A run: the effects that the room wants, with the connections that have begun or ended since the
//! previous run.

use std::sync::Arc;

use log::Level;

use crate::net::bounds::limits::RUN_BYTES;
use crate::net::connection::Connection;
use matou_protocols::room::{ConnId, Effects};

/// A list of effects. Threads that hold the hub's lock fill it, and the holder of the turn carries
/// it out.
///
/// Each hub has two runs. While one run is carried out, the room fills the other run. Then the two
/// runs are swapped. When a run is emptied, it keeps its memory. So a busy room need not allocate
/// memory for each run.
#[derive(Debug, Default)]
pub(in crate::net) struct Run {
    pub(in crate::net) effects: Effects,
    /// New connections. They are added to the turn's list before any effect is carried out, because
    /// the effects may be about these connections.
    pub(in crate::net) arrivals: Vec<Arc<Connection>>,
    /// Connections that have ended. They are removed from the turn's list after all effects are
    /// carried out.
    pub(in crate::net) departures: Vec<ConnId>,
    /// True when the server stops: after all effects, an orderly close of every connection begins.
    pub(in crate::net) finish_all: bool,
}

impl Run {
    /// Makes an empty run. If the log is to show frames, the run also keeps a description of each
    /// frame.
    pub(in crate::net) fn new() -> Run {
        let mut run = Run::default();
        if log::log_enabled!(Level::Debug) {
            run.effects = Effects::traced();
        }
        run
    }

    /// True when there is nothing to do.
    pub(in crate::net) fn is_empty(&self) -> bool {
        self.effects.is_empty()
            && self.arrivals.is_empty()
            && self.departures.is_empty()
            && !self.finish_all
    }

    /// True when the run is so long that readers must wait before they add the effects of more
    /// commands. The effects of other events are few and small, so they may be added to a full
    /// run.
    pub(in crate::net) fn is_full(&self) -> bool {
        self.effects.bytes() >= RUN_BYTES
    }

    pub(in crate::net) fn clear(&mut self) {
        self.effects.clear();
        self.arrivals.clear();
        self.departures.clear();
        self.finish_all = false;
    }
}
