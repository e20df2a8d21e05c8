//! The datagram that closes a connection. The client sends it again until the peer answers it.
//!
//! QUIC sends its CONNECTION_CLOSE once. QUIC repeats it only if a datagram of the peer arrives within the next three probe
//! timeouts. On a fast path, these take only a tenth of a second together. If the datagram is lost and the peer has nothing
//! to send, the peer notices the end only after the idle timeout. So this client sends the same datagram again after growing
//! pauses. The peer answers the first copy that it receives with its own CONNECTION_CLOSE. QUIC drops the other copies as
//! duplicates.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The times at which copies of the closing datagram are sent, in milliseconds after the original. The last copy is sent
/// long before the peer's idle timeout.
const COPIES: [u64; 6] = [50, 150, 350, 750, 1500, 3000];
/// Time limit for the peer's answer to the closing datagram, in milliseconds after the original.
const END: u64 = 4000;

/// A closing datagram, and the number of copies sent.
pub(super) struct Farewell {
    to: SocketAddr,
    datagram: Vec<u8>,
    first_sent: Instant,
    copies: usize,
    over: bool,
}

impl Farewell {
    /// Records that the datagram was just sent for the first time.
    pub(super) fn sent(now: Instant, to: SocketAddr, datagram: Vec<u8>) -> Farewell {
        Farewell {
            to,
            datagram,
            first_sent: now,
            copies: 0,
            over: false,
        }
    }

    /// Replaces the datagram with a newer one that has the same meaning. The count of sent copies does not go back to zero,
    /// so that the total number of copies stays limited.
    pub(super) fn renew(&mut self, to: SocketAddr, datagram: Vec<u8>) {
        self.to = to;
        self.datagram = datagram;
    }

    /// Returns the next copy, if it is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        if self.deadline()? > now {
            return None;
        }
        if self.copies == COPIES.len() {
            self.over = true;
            return None;
        }
        self.copies += 1;
        Some((self.to, self.datagram.clone()))
    }

    /// Returns when the next copy is due. After the last copy, returns when the wait for an answer ends. After the end of
    /// this wait, returns `None`.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let after = COPIES.get(self.copies).unwrap_or(&END);
        (!self.over).then(|| self.first_sent + Duration::from_millis(*after))
    }
}
