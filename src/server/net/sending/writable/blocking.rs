//! Systems without a send that does not block: each connection comes to a writer at once, and the
//! writer blocks.
//!
//! So here a client that does not read does occupy a writer, but for a quarter of a second at most
//! (see `sys::write_pieces`). Then the connection goes to the end of the channel, and the writer
//! serves the next one.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use parking_lot::Mutex;

use super::Woken;
use crate::net::connection::Connection;

/// Connections that wait for a writer. Each is added once until its queue is written, so the
/// channel never holds more of them than there are connections.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    /// Dropped to stop: then `recv` returns an error in every writer, after the connections that
    /// wait.
    give: Mutex<Option<Sender<Arc<Connection>>>>,
    take: Receiver<Arc<Connection>>,
}

impl Writable {
    /// An empty one.
    pub(in crate::net) fn new() -> io::Result<Writable> {
        let (give, take) = unbounded();
        let give = Mutex::new(Some(give));
        Ok(Writable { give, take })
    }

    /// Lets a connection wait for a writer. Never blocks.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        if let Some(give) = &*self.give.lock() {
            // It cannot fail: the receiver is in the same struct.
            let _ = give.send(Arc::clone(connection));
        }
        Ok(())
    }

    /// Blocks until a connection waits, or until [`Writable::stop`]. Any number of threads may
    /// wait.
    pub(in crate::net) fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
        let Ok(connection) = self.take.recv() else {
            return Woken::Stopped;
        };
        ready.push(connection);
        if self.take.is_empty() {
            return Woken::Ready;
        }
        Woken::Crowded
    }

    /// Wakes every writer, for good.
    pub(in crate::net) fn stop(&self) {
        *self.give.lock() = None;
    }

    /// None are known: the channel cannot be looked into.
    pub(in crate::net) fn all(&self) -> Vec<Arc<Connection>> {
        Vec::new()
    }

    /// Drops the connections that still wait. Each of them holds the writers, so they would keep
    /// each other in memory.
    pub(in crate::net) fn clear(&self) {
        while self.take.try_recv().is_ok() {}
    }
}
