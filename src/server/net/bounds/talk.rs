//! How many bytes one client may send per second: a token bucket. This file does no IO and has no
//! thread.
//!
//! The bucket holds at most `burst` bytes. It is filled at `rate` bytes per second, and the bytes
//! that the client sends are taken out. When the bucket is empty, the client's reader pauses
//! in [`Connection::wait_to_hear_more`](crate::net::connection::Connection::wait_to_hear_more). Nothing is dropped: what the client sends meanwhile waits in the socket's
//! buffer, and when that is full, TCP makes the client wait.
//!
//! Why is this necessary? When one client sends to a room faster than another client reads, the
//! bytes collect in the outbox of the other client. Without a limit, one client with a fast network
//! fills the outboxes of healthy clients, and these are cut. With the limit, a client that takes
//! `rate` bytes per second is never cut because of one sender. At most `burst` bytes wait for it,
//! and its outbox has space for these.
//!
//! A short packet may become longer on its way, because the server adds the sender's name. So two
//! numbers are compared, the bytes that arrived and the bytes that each recipient gets, and the
//! larger one counts.

use std::time::{Duration, Instant};

/// After a pause the client may send for this long before the next pause. So the thread of a fast
/// sender is woken twenty times per second, and not once for each packet.
const BETWEEN_PAUSES: Duration = Duration::from_millis(50);

/// The bucket of one connection. It belongs to the connection's reader.
#[derive(Debug)]
pub(in crate::net) struct Talk {
    /// Bytes per second; 0 means no limit.
    rate: u64,
    /// The time that it takes to fill the empty bucket.
    burst: Duration,
    /// The time at which the bucket will be full. This time represents the level of the bucket, so
    /// no timer is needed to fill the bucket. The bucket is empty when this time is `burst` in the
    /// future.
    full_at: Instant,
    /// Bytes that [`Talk::caused`] has counted since the last call of [`Talk::came`].
    caused: usize,
}

impl Talk {
    /// Makes a full bucket.
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

    /// Counts the bytes of the commands that were handled since the last call. The bytes that
    /// [`Talk::caused`] has already counted for these commands are subtracted.
    pub(in crate::net) fn came(&mut self, bytes: usize, now: Instant) {
        let counted = std::mem::take(&mut self.caused);
        self.take(bytes.saturating_sub(counted), now);
    }

    /// Returns how long the client must pause, or `None` while it may send.
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

    /// Returns the time in which this many bytes flow into the bucket.
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

    /// A bucket of 1000 bytes that is filled at 1000 bytes per second. Rows of (time in
    /// milliseconds, bytes that arrive then, pause after them in milliseconds).
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
            // A client that was silent for a long time may send a burst, but not more.
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
