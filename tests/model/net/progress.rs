//! Time that is always over, and judges that are mild or not: so the clock tries at any moment to send what waits.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// No client is too slow.
    Any,
    /// A client for which something still waits after an attempt is too slow.
    AtOnce,
}

#[derive(Debug)]
pub(super) struct Progress {
    pace: Pace,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stalled {
    pub(super) taken: usize,
    pub(super) time: Duration,
}

impl Progress {
    pub(super) fn new(pace: Pace, since: Instant) -> Progress {
        Progress { pace, since }
    }

    pub(super) fn begin(&mut self, _: Instant) {}

    pub(super) fn took(&mut self, _: usize, _: Instant) {}

    pub(super) fn deadline(&self) -> Instant {
        self.since
    }

    pub(super) fn stalled(&self, _: Instant) -> Option<Stalled> {
        let (taken, time) = (0, Duration::ZERO);
        (self.pace == Pace::AtOnce).then_some(Stalled { taken, time })
    }
}
