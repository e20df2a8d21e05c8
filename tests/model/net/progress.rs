//! Time limits that have always passed, with a mild or a strict verdict. So the clock may try to send at any moment.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// No client is too slow.
    Any,
    /// A client is too slow if bytes still wait for it after an attempt to send.
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
