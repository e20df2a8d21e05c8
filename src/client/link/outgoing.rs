//! The bytes that wait to be written on a link. Counts the waiting bytes and the written bytes, and measures for how long no
//! byte was written.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError};

/// Maximum size of a joined piece, in bytes. Short pieces are joined, so that a paste of many lines needs few writes.
const PIECE: usize = 16 * 1024;

/// Pieces that wait for space in the channel to a link's writer, in order.
#[derive(Debug, Default)]
pub(crate) struct Queue(VecDeque<Vec<u8>>);

impl Queue {
    /// Appends a piece.
    pub(crate) fn push(&mut self, piece: Vec<u8>) {
        match self.0.back_mut() {
            Some(last) if last.len() + piece.len() <= PIECE => last.extend_from_slice(&piece),
            _ => self.0.push_back(piece),
        }
    }

    /// Moves pieces into the channel, as long as the channel has space. Returns false if the receiver of the channel is
    /// gone.
    pub(crate) fn fill(&mut self, channel: &Sender<Vec<u8>>) -> bool {
        fill(channel, &mut self.0)
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the number of bytes that wait. Adding the sizes is fast: there are few pieces, because short pieces are
    /// joined.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Moves items into a channel, as long as the channel has space. If the receiver of the channel is gone, drops all items and
/// returns false.
pub(crate) fn fill<T>(channel: &Sender<T>, waiting: &mut VecDeque<T>) -> bool {
    while let Some(item) = waiting.pop_front() {
        match channel.try_send(item) {
            Ok(()) => {}
            Err(TrySendError::Full(item)) => {
                waiting.push_front(item);
                break;
            }
            Err(TrySendError::Disconnected(_)) => {
                waiting.clear();
                return false;
            }
        }
    }
    true
}

/// Counts the bytes that a link has written. The link and its writing thread share this counter.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    taken: AtomicU64,
    moved: AtomicU64,
}

impl Flow {
    /// Counts bytes that the carrier has accepted from the link.
    pub(crate) fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts bytes that were written to the socket. With TLS, the socket carries more bytes than the link.
    pub(crate) fn advance(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Returns the number of bytes that the carrier has accepted from the link so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Returns a number that grows whenever bytes are written.
    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }
}

/// Measures how long a link has had bytes to write, but has written none.
#[derive(Debug)]
pub(crate) struct Watch {
    moved: u64,
    looked: Instant,
    still: Duration,
}

/// Number of checks during one time limit. So the client notices a stall at most one eighth of the limit too late.
const LOOKS: u32 = 8;
/// The longest time between two checks.
const LONGEST_STEP: Duration = Duration::from_secs(1);

impl Watch {
    /// Starts to measure. `moved` is [`Flow::moved`].
    pub(crate) fn begin(now: Instant, moved: u64) -> Watch {
        Watch {
            moved,
            looked: now,
            still: Duration::ZERO,
        }
    }

    /// Returns the time at which the next check is due.
    pub(crate) fn due(&self, limit: Duration) -> Instant {
        self.looked + step(limit)
    }

    /// True if no byte was written for the time `limit`. Call it when a check is due.
    ///
    /// If the last call was more than two steps ago, only two steps count. In such a long time the program itself did not
    /// run (it was stopped, or a terminal blocked it), so the delay is not the fault of the peer.
    pub(crate) fn is_stalled(&mut self, now: Instant, moved: u64, limit: Duration) -> bool {
        let passed = now.saturating_duration_since(self.looked);
        self.looked = now;
        if moved == self.moved {
            self.still += passed.min(step(limit) * 2);
        } else {
            self.moved = moved;
            self.still = Duration::ZERO;
        }
        self.still >= limit
    }
}

fn step(limit: Duration) -> Duration {
    (limit / LOOKS).clamp(Duration::from_millis(1), LONGEST_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_queue_gives_back_every_byte_in_order(pieces: Vec<Vec<u8>>) {
            let mut queue = Queue::default();
            pieces.iter().for_each(|piece| queue.push(piece.clone()));
            let all = pieces.concat();
            prop_assert_eq!(queue.bytes(), all.len());
            prop_assert_eq!(queue.0.make_contiguous().concat(), all);
        }
    }

    #[test]
    fn short_pieces_become_few_and_long_ones_stay_whole() {
        let mut queue = Queue::default();
        (0..10_000).for_each(|_| queue.push(vec![b'x'; 100]));
        queue.push(vec![b'y'; 2 * PIECE]);
        let sizes: Vec<_> = queue.0.iter().map(Vec::len).collect();
        let (last, joined) = sizes.split_last().unwrap();
        assert_eq!(
            (*last, joined.iter().sum::<usize>()),
            (2 * PIECE, 1_000_000)
        );
        assert_eq!(joined.len(), 1_000_000_usize.div_ceil(PIECE / 100 * 100));
    }

    #[test]
    fn a_channel_gets_what_fits_in_order() {
        let (to, from) = bounded(2);
        let mut waiting = VecDeque::from([1, 2, 3]);
        assert!(fill(&to, &mut waiting));
        assert_eq!(waiting, [3]);
        assert_eq!(from.try_iter().collect::<Vec<_>>(), [1, 2]);
        assert!(fill(&to, &mut waiting));
        assert_eq!(from.try_recv(), Ok(3));
        assert!(fill(&to, &mut VecDeque::from([4, 5])));
        drop(from);
        let mut waiting = VecDeque::from([6, 7]);
        assert!(!fill(&to, &mut waiting));
        assert!(waiting.is_empty());
    }

    const LIMIT: Duration = Duration::from_secs(30);

    fn seconds(from: Instant, seconds: u64) -> Instant {
        from + Duration::from_secs(seconds)
    }

    #[test]
    fn one_byte_that_moves_restarts_the_time() {
        let begin = Instant::now();
        let mut watch = Watch::begin(begin, 0);
        for second in 1..30 {
            assert_eq!(watch.due(LIMIT), seconds(begin, second));
            assert!(!watch.is_stalled(seconds(begin, second), 0, LIMIT));
        }
        assert!(!watch.is_stalled(seconds(begin, 30), 1, LIMIT));
        for second in 31..60 {
            assert!(!watch.is_stalled(seconds(begin, second), 1, LIMIT));
        }
        assert!(watch.is_stalled(seconds(begin, 60), 1, LIMIT));
    }

    #[test]
    fn time_in_which_the_program_was_stopped_does_not_count_against_the_peer() {
        let begin = Instant::now();
        let mut watch = Watch::begin(begin, 0);
        assert!(!watch.is_stalled(seconds(begin, 3600), 0, LIMIT));
        for second in 1..28 {
            assert!(!watch.is_stalled(seconds(begin, 3600 + second), 0, LIMIT));
        }
        assert!(watch.is_stalled(seconds(begin, 3628), 0, LIMIT));
    }
}
