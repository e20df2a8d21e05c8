//! Bytes that wait for clients, and how many they are over all clients.
//!
//! Each outbox has a bound of its own. But a thousand outboxes that are nearly full would take a
//! gigabyte. So all waiting bytes are counted together, and when they are too many, the clients for
//! which most is queued are cut (see [`Writers`](super::writers)).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that wait for any client. A broadcast that waits for many clients is in memory once, and
/// is counted once.
///
/// Each method is one atomic operation. No other memory depends on the number, so `Relaxed` is
/// enough.
#[derive(Debug)]
pub(in crate::net) struct Queued {
    bytes: AtomicUsize,
    most: usize,
}

impl Queued {
    /// None wait yet, and at most this many may.
    pub(in crate::net) fn new(most: usize) -> Arc<Queued> {
        Arc::new(Queued {
            bytes: AtomicUsize::new(0),
            most,
        })
    }

    /// Maximum bytes.
    pub(in crate::net) fn most(&self) -> usize {
        self.most
    }

    /// True when too many wait.
    pub(in crate::net) fn is_too_much(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most
    }

    /// True when clearly fewer wait than may. Clients are cut down to this, so that not every push
    /// after it must look for the largest outbox again.
    pub(in crate::net) fn is_relieved(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) <= self.most - self.most / 8
    }
}

/// Bytes that are in memory once and may wait for many clients.
#[derive(Debug)]
pub(in crate::net) struct Piece {
    bytes: Box<[u8]>,
    queued: Arc<Queued>,
}

impl Piece {
    /// Copies the bytes, and counts them until the last client has them.
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
