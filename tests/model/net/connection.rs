//! A connection that consists only of a number.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use matou_protocols::room::{ConnId, Overdue};

use super::time::deadlines::Due;

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnId,
    pub(super) peer: SocketAddr,
}

impl Connection {
    pub(super) fn of(number: u64) -> Arc<Connection> {
        Arc::new(Connection {
            id: ConnId(number),
            peer: SocketAddr::from(([127, 0, 0, 1], 50_000)),
        })
    }

    pub(super) fn is_closing(&self) -> bool {
        false
    }

    pub(super) fn cut(&self) {}

    pub(super) fn look_at_deadlines(self: &Arc<Self>, _: Instant) -> Option<Due> {
        None
    }

    pub(super) fn expect_frame(self: &Arc<Self>, _: Option<Instant>) {}

    pub(super) fn expect_arrival(self: &Arc<Self>, _: Option<(Instant, Overdue)>) {}

    pub(super) fn look_at_progress(self: &Arc<Self>, _now: Instant) {}
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)
    }
}
