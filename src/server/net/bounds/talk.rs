//! How much one client may say in a time: a token bucket, as data.
//!
//! The bucket holds at most `burst` bytes. It fills with `rate` bytes per second, and what the
//! client says is taken out. When it is empty, the client's reader pauses ([`Talk::pause`]). Nothing
//! is dropped: what the client sends meanwhile waits in its socket, and TCP makes the client wait.
//!
//! Why: every byte that a client says to a room waits in the outbox of each client that reads
//! slower than that. Without a bound, one client that sends at the speed of its link fills the
//! outboxes of healthy readers, and these are cut. With it, a reader that takes `rate` bytes per
//! second is never cut because of one client: at most a burst waits for it, and an outbox holds a
//! burst.
//!
//! A short packet may become a long one on its way, because the server adds the sender's name. So
//! the larger of both counts: the bytes that came, and the bytes that each recipient gets.

use std::time::{Duration, Instant};

/// After a pause the client may talk for this long before the next one. So a fast sender costs
/// twenty wake-ups a second and not one for each of its packets.
const BETWEEN_PAUSES: Duration = Duration::from_millis(50);

/// The bucket of one connection. It belongs to the connection's reader.
#[derive(Debug)]
pub(in crate::net) struct Talk {
    /// Bytes per second; 0 is no bound.
    rate: u64,
    /// The time that it takes to fill the empty bucket.
    burst: Duration,
    /// When the bucket will be full. This is its level, in a form that needs no regular filling: it
    /// is empty when this time is `burst` away.
    full_at: Instant,
    /// Bytes that were counted because of what came, before [`Talk::came`] tells how much that was.
    caused: usize,
}

impl Talk {
    /// A full bucket.
    pub(in crate::net) fn new(rate: u64, burst: usize, now: Instant) -> Talk {
        let mut talk = Talk {
            rate,
            burst: Duration::ZERO,
            full_at: now,
            caused: 0,
        };
        talk.burst = talk.time_for(burst);
        talk
    }

    /// Counts bytes that each recipient gets because of a command of the client.
    pub(in crate::net) fn caused(&mut self, bytes: usize, now: Instant) {
        self.caused += bytes;
        self.take(bytes, now);
    }

    /// Counts the bytes of the commands that were handled since the last call, as far as they are
    /// more than what these commands caused.
    pub(in crate::net) fn came(&mut self, bytes: usize, now: Instant) {
        let counted = std::mem::take(&mut self.caused);
        self.take(bytes.saturating_sub(counted), now);
    }

    /// Returns how long the client must pause; `None` while it may talk.
    pub(in crate::net) fn pause(&self, now: Instant) -> Option<Duration> {
        let missing = self.full_at.saturating_duration_since(now);
        if self.rate == 0 || missing < self.burst {
            return None;
        }
        Some(missing - self.burst + BETWEEN_PAUSES.min(self.burst))
    }

    fn take(&mut self, bytes: usize, now: Instant) {
        self.full_at = self.full_at.max(now) + self.time_for(bytes);
    }

    /// The time that it takes to fill this many bytes in.
    fn time_for(&self, bytes: usize) -> Duration {
        let nanoseconds = bytes as u128 * 1_000_000_000 / u128::from(self.rate.max(1));
        match self.rate {
            0 => Duration::ZERO,
            _ => Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    /// A bucket of 1000 bytes that fills with 1000 bytes per second: rows of (time in milliseconds,
    /// bytes that come then, pause after them in milliseconds).
    #[test]
    fn a_burst_is_free_and_what_follows_it_keeps_the_rate() {
        let start = Instant::now();
        let mut talk = Talk::new(1000, 1000, start);
        let rows = [
            (0, 999, None),
            (0, 1, Some(50)),
            (50, 49, None),
            (50, 201, Some(250)),
            (300, 0, None),
            (300, 50, Some(50)),
            // Nothing is saved beyond a burst.
            (60_000, 999, None),
            (60_000, 1, Some(50)),
        ];
        for (time, bytes, pause) in rows {
            let now = at(start, time);
            talk.came(bytes, now);
            let expected = pause.map(Duration::from_millis);
            assert_eq!(talk.pause(now), expected, "{bytes} bytes at {time} ms");
        }
    }

    #[test]
    fn the_larger_of_what_came_and_what_it_caused_counts() {
        let now = Instant::now();
        for (came, caused, level) in [(100, 40, 100), (100, 100, 100), (10, 900, 900)] {
            let mut talk = Talk::new(1000, 1000, now);
            talk.caused(caused, now);
            talk.came(came, now);
            let missing = talk.full_at.duration_since(now).as_millis();
            assert_eq!(missing, level, "{came} came and caused {caused}");
        }
    }

    #[test]
    fn a_rate_of_zero_is_no_bound_and_a_burst_of_zero_is_no_end() {
        let now = Instant::now();
        let mut free = Talk::new(0, 0, now);
        free.came(usize::MAX, now);
        assert_eq!(free.pause(now), None);
        let mut strict = Talk::new(1000, 0, now);
        strict.came(10, now);
        assert_eq!(strict.pause(now), Some(Duration::from_millis(10)));
    }
}
