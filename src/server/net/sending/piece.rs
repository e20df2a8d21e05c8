//! Bytes that wait to be sent to clients, and a counter of these bytes for all clients together.
//!
//! Each outbox has its own limit. But a thousand outboxes that are nearly full would take a
//! gigabyte of memory. So the server also counts all waiting bytes together. When there are too
//! many of them, the server cuts the clients with the longest queues (see
//! [`Writers`](super::writers)).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes that wait to be sent, for all clients together. A broadcast that waits for many
/// clients is in memory only once, and is counted only once.
///
/// Each method is one atomic operation. No thread uses this number to decide whether it may read
/// other shared data, so the ordering `Relaxed` is enough.
#[derive(Debug)]
pub(in crate::net) struct Queued {
    bytes: AtomicUsize,
    most: usize,
}

impl Queued {
    /// Makes a counter that begins at zero. `most` is the maximum number of bytes that may wait.
    pub(in crate::net) fn new(most: usize) -> Arc<Queued> {
        Arc::new(Queued {
            bytes: AtomicUsize::new(0),
            most,
        })
    }

    /// Returns the maximum number of bytes that may wait.
    pub(in crate::net) fn most(&self) -> usize {
        self.most
    }

    /// Returns true when the number of waiting bytes exceeds the maximum.
    pub(in crate::net) fn is_too_much(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most
    }

    /// Returns true when the waiting bytes are at most seven eighths of the maximum. The server
    /// cuts clients until this function returns true. If the server stopped cutting clients as soon
    /// as the number is below the maximum, almost every later push would have to look for the
    /// largest outbox again.
    pub(in crate::net) fn is_relieved(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) <= self.most - self.most / 8
    }
}

/// Bytes that are in memory only once, even if they wait for many clients.
#[derive(Debug)]
pub(in crate::net) struct Piece {
    bytes: Box<[u8]>,
    queued: Arc<Queued>,
}

impl Piece {
    /// Copies the bytes. `queued` counts them until no queue contains them any more.
    pub(in crate::net) fn new(bytes: &[u8], queued: &Arc<Queued>) -> Arc<Piece> {
        queued.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        Arc::new(Piece {
            bytes: bytes.into(),
            queued: Arc::clone(queued),
        })
    }

    pub(in crate::net) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let length = self.bytes.len();
        self.queued.bytes.fetch_sub(length, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_counts_once_until_its_last_owner_drops_it() {
        let queued = Queued::new(80);
        let piece = Piece::new(&[0; 81], &queued);
        let other = Arc::clone(&piece);
        assert!(queued.is_too_much());
        drop(piece);
        assert!(queued.is_too_much() && !queued.is_relieved());
        drop(other);
        assert!(queued.is_relieved());
        let _more = Piece::new(&[0; 71], &queued);
        assert!(!queued.is_too_much() && !queued.is_relieved());
    }
}
