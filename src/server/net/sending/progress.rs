//! How fast a client must take the bytes that are queued for it.
//!
//! It is not enough that a client takes a few bytes now and then: such a client could keep its
//! queue for ever. So the server counts the bytes. Each time the client has taken [`Pace::bytes`],
//! its time limit ([`Pace::within`]) starts again. If the time is over before the client has taken
//! this number of bytes, the client has stalled. While nothing is queued for the client, no time
//! limit applies.
//!
//! This file has no lock and no thread. Each outbox has a [`Progress`], which the lock of the
//! outbox protects. The clock's thread asks the outbox whether its client has stalled.

use std::time::{Duration, Instant};

/// The pace that a client must keep while something is queued for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct Pace {
    /// Bytes that the client must take within [`Pace::within`], or all queued bytes if they are
    /// fewer. If this is 0, one byte is enough.
    pub(in crate::net) bytes: usize,
    /// The time within which the client must take [`Pace::bytes`].
    pub(in crate::net) within: Duration,
}

/// How many bytes a client has taken since its time limit last started.
#[derive(Debug)]
pub(in crate::net) struct Progress {
    pace: Pace,
    since: Instant,
    taken: usize,
}

/// How many bytes a stalled client took, and in what time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct Stalled {
    /// Number of bytes that the client took in [`Stalled::time`].
    pub(in crate::net) taken: usize,
    /// The time in which the client took these bytes.
    pub(in crate::net) time: Duration,
}

impl Progress {
    pub(in crate::net) fn new(pace: Pace, now: Instant) -> Progress {
        let (since, taken) = (now, 0);
        Progress { pace, since, taken }
    }

    /// Starts the client's time limit. Called when the first bytes are queued, and when the client
    /// has taken [`Pace::bytes`].
    pub(in crate::net) fn begin(&mut self, now: Instant) {
        *self = Progress::new(self.pace, now);
    }

    /// Counts bytes that the client took.
    pub(in crate::net) fn took(&mut self, bytes: usize, now: Instant) {
        self.taken += bytes;
        if bytes > 0 && self.taken >= self.pace.bytes {
            self.begin(now);
        }
    }

    /// Returns the time by which the client must have taken enough bytes. If the client has not
    /// taken them by then, it counts as stalled.
    pub(in crate::net) fn deadline(&self) -> Instant {
        self.since + self.pace.within
    }

    /// If the client's time is over, the client has stalled: returns how many bytes it took in this
    /// time. Otherwise returns `None`.
    pub(in crate::net) fn stalled(&self, now: Instant) -> Option<Stalled> {
        let (taken, time) = (self.taken, now.duration_since(self.since));
        (now >= self.deadline()).then_some(Stalled { taken, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        bytes: 100,
        within: Duration::from_secs(30),
    };

    /// Simulates a client. Each row of `taken` has a second and the number of bytes that the client
    /// takes in that second. Returns the second at which the client stalls, or `None` if it does
    /// not stall within two minutes.
    fn stalls_at(taken: &[(u64, usize)]) -> Option<u64> {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut progress = Progress::new(PACE, start);
        (0..=120).find(|second| {
            for (_, bytes) in taken.iter().filter(|(when, _)| when == second) {
                progress.took(*bytes, at(*second));
            }
            progress.stalled(at(*second)).is_some()
        })
    }

    #[test]
    fn a_client_that_takes_nothing_stalls_when_its_time_is_over() {
        assert_eq!(stalls_at(&[]), Some(30));
    }

    #[test]
    fn the_time_of_a_client_begins_anew_after_each_full_measure() {
        assert_eq!(stalls_at(&[(7, 100)]), Some(37));
        assert_eq!(stalls_at(&[(7, 60), (8, 40), (20, 99)]), Some(38));
    }

    #[test]
    fn a_client_that_takes_a_few_bytes_now_and_then_stalls() {
        let drip: Vec<_> = (0..120).map(|second| (second, 3)).collect();
        assert_eq!(stalls_at(&drip), Some(30));
    }

    #[test]
    fn a_slow_client_that_keeps_the_pace_does_not_stall() {
        let slow: Vec<_> = (0..=120).map(|second| (second, 4)).collect();
        assert_eq!(stalls_at(&slow), None);
        assert_eq!(
            stalls_at(&[(30, 100), (60, 100), (90, 100), (120, 100)]),
            None
        );
    }

    #[test]
    fn when_no_amount_is_set_one_byte_is_enough_and_an_empty_attempt_is_not() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let within = Duration::from_secs(30);
        let mut progress = Progress::new(Pace { bytes: 0, within }, start);
        progress.took(1, at(20));
        progress.took(0, at(40));
        assert_eq!(progress.deadline(), at(50));
    }

    #[test]
    fn a_stalled_client_is_reported_with_what_it_took() {
        let start = Instant::now();
        let mut progress = Progress::new(PACE, start);
        progress.took(42, start + Duration::from_secs(1));
        let stalled = progress.stalled(start + Duration::from_secs(31));
        let time = Duration::from_secs(31);
        assert_eq!(stalled, Some(Stalled { taken: 42, time }));
        progress.begin(start + Duration::from_secs(31));
        assert_eq!(progress.stalled(start + Duration::from_secs(60)), None);
    }
}
