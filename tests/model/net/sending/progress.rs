//! The model's version of the check that a client reads fast enough. In this version the time limit has always passed, so
//! the clock may try to send at any moment. The pace is either mild or strict.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Pace {
    /// The mild pace: no client is too slow.
    Any,
    /// The strict pace: a client is too slow if bytes still wait for it after an attempt to send.
    AtOnce,
}

#[derive(Debug)]
pub(in crate::net) struct Progress {
    pace: Pace,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct Stalled {
    pub(in crate::net) taken: usize,
    pub(in crate::net) time: Duration,
}

impl Progress {
    pub(in crate::net) fn new(pace: Pace, since: Instant) -> Progress {
        Progress { pace, since }
    }

    pub(in crate::net) fn begin(&mut self, _: Instant) {}

    pub(in crate::net) fn took(&mut self, _: usize, _: Instant) {}

    pub(in crate::net) fn deadline(&self) -> Instant {
        self.since
    }

    pub(in crate::net) fn stalled(&self, _: Instant) -> Option<Stalled> {
        let (taken, time) = (0, Duration::ZERO);
        (self.pace == Pace::AtOnce).then_some(Stalled { taken, time })
    }
}
