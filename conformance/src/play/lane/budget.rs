//! The limit on the memory for received bytes. All lanes of a run share this limit.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Maximum number of received bytes that all lanes together keep in memory. Without this limit, eight cases with three lanes
/// each could fill the memory.
const RUN: usize = 256 << 20;

/// A lane that has received fewer bytes than this may continue to receive, even if the other lanes have reached the limit
/// [`RUN`].
const FAIR: usize = 1 << 20;

/// The number of bytes that all lanes keep now.
#[derive(Debug, Default)]
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    /// Increases the number by the bytes that a lane keeps. Returns whether that lane, which has received `total` bytes by
    /// now, may receive more.
    pub(super) fn take(&self, bytes: usize, total: usize) -> bool {
        let taken = self.0.fetch_add(bytes, Ordering::Relaxed) + bytes;
        taken <= RUN || total < FAIR
    }

    /// Decreases the number by the bytes that a lane has dropped.
    pub(super) fn give_back(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_share_what_is_left_but_a_quiet_lane_is_not_cut() {
        let budget = Budget::default();
        assert!(budget.take(RUN, RUN));
        assert!(!budget.take(FAIR, FAIR));
        assert!(budget.take(1, 1));
        budget.give_back(RUN);
        assert!(budget.take(FAIR, FAIR));
    }
}
