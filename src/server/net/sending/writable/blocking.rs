//! The list on systems without a non-blocking send: each connection is given to a writer at once,
//! and the writer blocks in its send.
//!
//! So on these systems a client that does not read keeps a writer busy, but only for a quarter of a
//! second (see `sys::write_pieces`). If bytes are left after that time, the connection goes to the
//! end of the channel, and the writer serves the next connection.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use parking_lot::Mutex;

use super::Woken;
use crate::net::connection::Connection;

/// Connections that wait for a writer. A connection is added again only after a writer has taken
/// it, so the channel contains each connection at most once.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    /// This sender is dropped to stop the writers: as soon as no connection is left in the channel,
    /// `recv` returns an error in every writer.
    give: Mutex<Option<Sender<Arc<Connection>>>>,
    take: Receiver<Arc<Connection>>,
}

impl Writable {
    /// Makes an empty list.
    pub(in crate::net) fn new() -> io::Result<Writable> {
        let (give, take) = unbounded();
        let give = Mutex::new(Some(give));
        Ok(Writable { give, take })
    }

    /// Puts a connection into the channel, where it waits for a writer. Never blocks.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        if let Some(give) = &*self.give.lock() {
            // Sending cannot fail, because the receiver is in the same struct.
            let _ = give.send(Arc::clone(connection));
        }
        Ok(())
    }

    /// Blocks in `recv` until [`Writable::add`] has put a connection into the channel, or until
    /// [`Writable::stop`] is called. Any number of threads may wait here; each connection wakes one
    /// of them.
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

    /// Wakes every writer. From now on no call of [`Writable::wait`] blocks.
    pub(in crate::net) fn stop(&self) {
        *self.give.lock() = None;
    }

    /// Returns an empty list, because a channel gives no way to look at the connections in it.
    pub(in crate::net) fn all(&self) -> Vec<Arc<Connection>> {
        Vec::new()
    }

    /// Drops the connections that still wait. Each of them holds an `Arc` of the writers, so the
    /// connections and the writers would keep each other in memory.
    pub(in crate::net) fn clear(&self) {
        while self.take.try_recv().is_ok() {}
    }
}
