//! Limits how often each kind of message is written.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Maximum number of messages of one kind that are written in a [`PERIOD`].
pub(super) const QUOTA: u64 = 5;
/// The length of a period. A period begins with the first message of a kind. After [`QUOTA`] messages, the further messages
/// of the period are only counted.
pub(super) const PERIOD: Duration = Duration::from_secs(10);

/// Counts the messages of each kind. A kind is forgotten when its period ends, so the map holds only the kinds whose period
/// still runs.
#[derive(Debug)]
pub(super) struct Repeats<Kind> {
    periods: HashMap<Kind, Period>,
}

#[derive(Debug)]
struct Period {
    since: Instant,
    count: u64,
    /// The last message that was written.
    example: String,
}

/// Messages of one kind that were not written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Suppressed<Kind> {
    pub(super) kind: Kind,
    /// The number of these messages.
    pub(super) count: u64,
    /// The length of the period.
    pub(super) time: Duration,
    /// An example: a message of this kind that was written.
    pub(super) example: String,
}

impl<Kind: Eq + Hash> Repeats<Kind> {
    pub(super) fn new() -> Repeats<Kind> {
        Repeats {
            periods: HashMap::new(),
        }
    }

    /// Counts a message. If the message is to be written, calls `words` and returns the text of the message. Otherwise
    /// returns no text, and does not call `words`.
    pub(super) fn admit(
        &mut self,
        kind: Kind,
        now: Instant,
        words: impl FnOnce() -> String,
    ) -> Option<&str> {
        let period = self.periods.entry(kind).or_insert_with(|| Period {
            since: now,
            count: 0,
            example: String::new(),
        });
        period.count += 1;
        if period.count > QUOTA {
            return None;
        }
        period.example = words();
        Some(&period.example)
    }

    /// Forgets the periods that have ended, and returns the messages suppressed in them.
    pub(super) fn ended(&mut self, now: Instant) -> Vec<Suppressed<Kind>> {
        self.end(now, |period| {
            now.saturating_duration_since(period.since) >= PERIOD
        })
    }

    /// Ends all periods now, and returns the messages suppressed in them.
    pub(super) fn all(&mut self, now: Instant) -> Vec<Suppressed<Kind>> {
        self.end(now, |_| true)
    }

    /// Returns the time at which the next period ends, or `None` if no period runs.
    pub(super) fn next_end(&self) -> Option<Instant> {
        let ends = self.periods.values().map(|period| period.since + PERIOD);
        ends.min()
    }

    fn end(&mut self, now: Instant, is_over: impl Fn(&Period) -> bool) -> Vec<Suppressed<Kind>> {
        let ended = self.periods.extract_if(|_, period| is_over(period));
        let suppressed = ended.filter(|(_, period)| period.count > QUOTA);
        suppressed
            .map(|(kind, period)| Suppressed {
                kind,
                count: period.count - QUOTA,
                time: now.saturating_duration_since(period.since),
                example: period.example,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn is_written(repeats: &mut Repeats<char>, kind: char, now: Instant) -> bool {
        repeats.admit(kind, now, || "words".to_owned()).is_some()
    }

    #[test]
    fn five_messages_of_a_kind_are_written_in_ten_seconds_and_the_others_counted() {
        let mut repeats = Repeats::new();
        let start = Instant::now();
        let written = (0..100).filter(|_| is_written(&mut repeats, 'a', start));
        assert_eq!(written.count(), 5);
        assert!(
            is_written(&mut repeats, 'b', start + SECOND),
            "another kind"
        );
        assert_eq!(repeats.next_end(), Some(start + 10 * SECOND));
        assert_eq!(repeats.ended(start + 9 * SECOND), []);
        let suppressed = Suppressed {
            kind: 'a',
            count: 95,
            time: 10 * SECOND,
            example: "words".to_owned(),
        };
        assert_eq!(repeats.ended(start + 10 * SECOND), [suppressed]);
        assert!(is_written(&mut repeats, 'a', start + 10 * SECOND));
    }

    #[test]
    fn written_messages_are_not_reported_again() {
        let mut repeats = Repeats::new();
        let start = Instant::now();
        for _ in 0..QUOTA {
            assert!(is_written(&mut repeats, 'a', start));
        }
        assert_eq!(repeats.ended(start + 10 * SECOND), []);
        assert_eq!(repeats.next_end(), None, "the kind is forgotten");
    }

    #[test]
    fn at_the_end_all_suppressed_messages_are_reported() {
        let mut repeats = Repeats::new();
        let start = Instant::now();
        for _ in 0..7 {
            is_written(&mut repeats, 'a', start);
        }
        let told = repeats.all(start + 3 * SECOND);
        assert_eq!((told[0].count, told[0].time), (2, 3 * SECOND));
        assert_eq!(repeats.all(start + 3 * SECOND), []);
    }

    #[test]
    fn a_suppressed_message_is_not_formatted() {
        let mut repeats = Repeats::new();
        let now = Instant::now();
        for _ in 0..QUOTA {
            is_written(&mut repeats, 'a', now);
        }
        let written = repeats.admit('a', now, || unreachable!("must not be called"));
        assert_eq!(written, None);
    }
}
