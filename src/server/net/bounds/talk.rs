//! How many bytes the clients of one IP address may send per second: a token bucket. This code does
//! no IO and has no thread.
//!
//! All connections of an IP address to a listener share one bucket. Otherwise a client could get
//! several buckets with several connections. The bucket stays after these connections have ended.
//! Otherwise a client could get a full bucket with a new connection.
//! [`Addresses`](super::addresses::Addresses) keeps the buckets.
//!
//! The bucket holds at most `burst` bytes. `rate` bytes per second flow into it, and the bytes that
//! the clients send are taken out of it. When the bucket is empty, the sender's reader pauses in
//! [`Connection::wait_to_hear_more`](crate::net::connection::Connection::wait_to_hear_more).
//! Nothing is dropped: the bytes that the client sends meanwhile wait in the socket's buffer. When
//! that buffer is full, TCP makes the client wait.
//!
//! Why is this necessary? When one client sends to a room faster than another client reads, the
//! bytes collect in the outbox of the other client. Without a limit, one client with a fast network
//! fills the outboxes of healthy clients, and the server cuts these healthy clients. With the
//! limit, a client that takes `rate` bytes per second is never cut because of what one address
//! sends: at most `burst` bytes wait for this client, and its outbox has space for them.
//!
//! A short packet may become longer on its way, because the server adds the sender's name. So the
//! server compares two numbers: the bytes that arrived, and the bytes that each recipient gets. The
//! larger number counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After a pause, the client may send at the full rate for this long before the next pause. So the
/// thread of a fast sender is woken twenty times per second, and not once for each packet.
const BETWEEN_PAUSES: Duration = Duration::from_millis(50);

/// The bucket of one IP address. The readers of all its connections share the bucket, without a
/// lock.
#[derive(Debug)]
pub(in crate::net) struct Bucket {
    /// Bytes per second; 0 means no limit.
    rate: u64,
    /// The time that it takes to fill the empty bucket.
    burst: Duration,
    made: Instant,
    /// The time at which the bucket will be full, in nanoseconds after `made`. This time alone says
    /// how full the bucket is: if the time is `burst` in the future, the bucket is empty. So no
    /// timer has to fill the bucket.
    full_at: AtomicU64,
}

/// One connection's access to the bucket that all connections of its IP address share. Only the
/// connection's reader uses this value.
#[derive(Debug)]
pub(in crate::net) struct Talk {
    bucket: Arc<Bucket>,
    /// Bytes that [`Talk::caused`] has counted since the last call of [`Talk::came`].
    caused: usize,
}

impl Bucket {
    /// Makes a full bucket.
    pub(in crate::net) fn new(rate: u64, burst: usize, now: Instant) -> Bucket {
        let mut bucket = Bucket {
            rate,
            burst: Duration::ZERO,
            made: now,
            full_at: AtomicU64::new(0),
        };
        bucket.burst = Duration::from_nanos(bucket.nanoseconds_for(burst));
        bucket
    }

    /// Returns true when the bucket is full. Then it can be dropped, because a new bucket would be
    /// the same.
    pub(in crate::net) fn is_full(&self, now: Instant) -> bool {
        self.missing(now).is_zero()
    }

    /// Returns how long it takes until the bucket is full.
    fn missing(&self, now: Instant) -> Duration {
        let full_at = self.full_at.load(Ordering::Relaxed);
        Duration::from_nanos(full_at.saturating_sub(self.age(now)))
    }

    fn take(&self, bytes: usize, now: Instant) {
        if self.rate == 0 {
            // Without a limit there is nothing to count. All local clients share this bucket, and
            // counting in it would only slow their threads down.
            return;
        }
        let (age, time) = (self.age(now), self.nanoseconds_for(bytes));
        let after = |full_at: u64| Some(full_at.max(age).saturating_add(time));
        let _ = self
            .full_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, after);
    }

    fn age(&self, now: Instant) -> u64 {
        let age = now.saturating_duration_since(self.made);
        u64::try_from(age.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Returns the time in which this many bytes flow into the bucket.
    fn nanoseconds_for(&self, bytes: usize) -> u64 {
        let nanoseconds = bytes as u128 * 1_000_000_000 / u128::from(self.rate.max(1));
        match self.rate {
            0 => 0,
            _ => u64::try_from(nanoseconds).unwrap_or(u64::MAX),
        }
    }
}

impl Talk {
    pub(in crate::net) fn new(bucket: Arc<Bucket>) -> Talk {
        Talk { bucket, caused: 0 }
    }

    /// Counts the bytes that a command of the client sends to each recipient.
    pub(in crate::net) fn caused(&mut self, bytes: usize, now: Instant) {
        self.caused += bytes;
        self.bucket.take(bytes, now);
    }

    /// Counts the bytes of the commands that were handled since the last call. The bytes that
    /// [`Talk::caused`] has already counted for these commands are not counted twice.
    pub(in crate::net) fn came(&mut self, bytes: usize, now: Instant) {
        let counted = std::mem::take(&mut self.caused);
        self.bucket.take(bytes.saturating_sub(counted), now);
    }

    /// Returns how long the client must pause, or `None` while it may send.
    pub(in crate::net) fn pause(&self, now: Instant) -> Option<Duration> {
        let (missing, burst) = (self.bucket.missing(now), self.bucket.burst);
        if self.bucket.rate == 0 || missing < burst {
            return None;
        }
        Some(missing - burst + BETWEEN_PAUSES.min(burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(rate: u64, burst: usize, now: Instant) -> Talk {
        Talk::new(Arc::new(Bucket::new(rate, burst, now)))
    }

    fn at(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    /// A bucket of 1000 bytes that is filled at 1000 bytes per second. Rows of (time in
    /// milliseconds, bytes that arrive then, pause after them in milliseconds).
    #[test]
    fn a_burst_is_free_and_what_follows_it_keeps_the_rate() {
        let start = Instant::now();
        let mut talk = talk(1000, 1000, start);
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
    fn connections_of_one_address_share_a_bucket_and_the_rate() {
        let now = Instant::now();
        let mut one = talk(1000, 1000, now);
        let mut other = Talk::new(Arc::clone(&one.bucket));
        one.came(600, now);
        assert_eq!(other.pause(now), None);
        other.came(400, now);
        assert!(one.pause(now).is_some() && other.pause(now).is_some());
        assert!(!one.bucket.is_full(at(now, 999)));
        assert!(one.bucket.is_full(at(now, 1000)));
    }

    #[test]
    fn the_larger_of_what_came_and_what_it_caused_counts() {
        let now = Instant::now();
        for (came, caused, level) in [(100, 40, 100), (100, 100, 100), (10, 900, 900)] {
            let mut talk = talk(1000, 1000, now);
            talk.caused(caused, now);
            talk.came(came, now);
            let missing = talk.bucket.missing(now).as_millis();
            assert_eq!(
                missing, level,
                "{came} bytes came and caused {caused} bytes"
            );
        }
    }

    #[test]
    fn a_rate_of_zero_is_no_bound_and_a_burst_of_zero_is_no_end() {
        let now = Instant::now();
        let mut free = talk(0, 0, now);
        free.came(usize::MAX, now);
        assert_eq!(free.pause(now), None);
        let mut strict = talk(1000, 0, now);
        strict.came(10, now);
        assert_eq!(strict.pause(now), Some(Duration::from_millis(10)));
    }
}
