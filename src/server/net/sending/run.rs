//! The run: what the room wants done, and which connections began and ended meanwhile.

use std::sync::Arc;

use log::Level;

use crate::net::bounds::limits::RUN_BYTES;
use crate::net::connection::Connection;
use matou_protocols::room::{ConnId, Effects};

/// One log, filled under the hub's lock and carried out by the holder of the turn.
///
/// There are two of them per hub. While one is carried out, the room fills the other; then they are
/// swapped. Both keep their memory, so a busy room allocates nothing.
#[derive(Debug, Default)]
pub(in crate::net) struct Run {
    pub(in crate::net) effects: Effects,
    /// Connections that began. The turn learns of them before it carries out any effect, because
    /// effects name them.
    pub(in crate::net) arrivals: Vec<Arc<Connection>>,
    /// Connections that ended. The turn forgets them after all effects.
    pub(in crate::net) departures: Vec<ConnId>,
    /// The server stops: after all effects, every connection is finished.
    pub(in crate::net) finish_all: bool,
}

impl Run {
    /// An empty run. It also keeps each frame in words when the log shows frames.
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

    /// True when a reader must wait before it adds more. Other events are few and small, and may be
    /// added to a full run.
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
