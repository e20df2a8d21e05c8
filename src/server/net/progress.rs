//! How fast a client must take what waits for it.
//!
//! "It took something" is not enough: a client that takes a few bytes now and then would keep its queue, and a thread, for
//! ever. So the server counts bytes. Each time the client has taken [`Pace::bytes`], its time begins anew; when the time is
//! over before that, the client has stalled. A client for which nothing waits any more has no such time.

use std::time::{Duration, Instant};

/// The least that a client must take while something waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// Bytes to take, or all that waits if that is less (with 0, any byte will do) ...
    pub(super) bytes: usize,
    /// ... within this time.
    pub(super) within: Duration,
}

/// What a client took since its time began.
#[derive(Debug)]
pub(super) struct Progress {
    pace: Pace,
    since: Instant,
    taken: usize,
}

/// A client took too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stalled {
    /// Bytes that it took ...
    pub(super) taken: usize,
    /// ... in this time.
    pub(super) time: Duration,
}

impl Progress {
    pub(super) fn new(pace: Pace, now: Instant) -> Progress {
        let (since, taken) = (now, 0);
        Progress { pace, since, taken }
    }

    /// Something begins to wait.
    pub(super) fn begin(&mut self, now: Instant) {
        *self = Progress::new(self.pace, now);
    }

    /// The client took this many bytes more.
    pub(super) fn took(&mut self, bytes: usize, now: Instant) {
        self.taken += bytes;
        if bytes > 0 && self.taken >= self.pace.bytes {
            self.begin(now);
        }
    }

    /// When the client has stalled, unless it takes more before.
    pub(super) fn deadline(&self) -> Instant {
        self.since + self.pace.within
    }

    /// How little the client took, if its time is over.
    pub(super) fn stalled(&self, now: Instant) -> Option<Stalled> {
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

    /// How a client fares that takes bytes at these seconds: when it has stalled, if it has within two minutes.
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
    fn a_client_that_takes_nothing_has_stalled_when_its_time_is_over() {
        assert_eq!(stalls_at(&[]), Some(30));
    }

    #[test]
    fn a_client_that_stops_has_stalled_a_time_after_its_last_full_measure() {
        assert_eq!(stalls_at(&[(7, 100)]), Some(37));
        assert_eq!(stalls_at(&[(7, 60), (8, 40), (20, 99)]), Some(38));
    }

    #[test]
    fn a_drip_keeps_no_client_alive() {
        let drip: Vec<_> = (0..120).map(|second| (second, 3)).collect();
        assert_eq!(stalls_at(&drip), Some(30));
    }

    #[test]
    fn a_slow_client_that_keeps_the_pace_lives() {
        let slow: Vec<_> = (0..=120).map(|second| (second, 4)).collect();
        assert_eq!(stalls_at(&slow), None);
        assert_eq!(
            stalls_at(&[(30, 100), (60, 100), (90, 100), (120, 100)]),
            None
        );
    }

    #[test]
    fn without_a_least_amount_any_byte_counts_and_an_attempt_does_not() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let within = Duration::from_secs(30);
        let mut progress = Progress::new(Pace { bytes: 0, within }, start);
        progress.took(1, at(20));
        progress.took(0, at(40));
        assert_eq!(progress.deadline(), at(50));
    }

    #[test]
    fn what_a_stalled_client_took_is_told() {
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
