//! Lines that were given to the connection to the server, until they count as arrived.
//!
//! A write to a socket only copies bytes into the system's buffer. If the connection is lost afterwards, the client cannot
//! know whether the server has read them. So the client keeps each line until one of these happens:
//!
//! - The server sends a message of this client back. Then this message and all lines before it have arrived.
//! - In a protocol without such an echo, and for a line without one, [`SETTLED`] has passed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::held::Entered;
use super::typed::Typed;

/// A line that the server does not send back counts as arrived after this time on a connection that was not lost.
const SETTLED: Duration = Duration::from_secs(30);
/// Limit for the memory of the kept lines, in bytes. At the limit the oldest line is no longer kept, only counted.
const MOST_BYTES: usize = 1024 * 1024;

/// The lines that may not have arrived yet, in order.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    lines: VecDeque<Given>,
    bytes: usize,
    uncounted: usize,
}

#[derive(Debug)]
struct Given {
    line: Entered,
    /// The number of bytes that the connection had got after this line.
    end: u64,
    at: Instant,
    /// True if the server sends the line back.
    echoes: bool,
}

/// The lines of a lost connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Lines that were written completely, in order. The server may have read them or not.
    pub(crate) in_doubt: Vec<Entered>,
    /// The number of lines before them that were not kept. They may be lost too.
    pub(crate) uncounted: usize,
    /// Lines that were not written completely, in order. The server cannot have read a whole frame of them.
    pub(crate) unsent: Vec<Entered>,
}

impl Sent {
    /// Keeps a line that was given to the connection. After the line, the connection has got `end` bytes.
    pub(crate) fn push(&mut self, line: Entered, end: u64, echoes: bool, now: Instant) {
        self.settle(now);
        self.bytes += line.cost();
        self.lines.push_back(Given {
            line,
            end,
            at: now,
            echoes,
        });
        while self.bytes > MOST_BYTES && self.lines.len() > 1 {
            self.pop();
            self.uncounted += 1;
        }
    }

    /// Notes that the server has sent a message of this client back.
    pub(crate) fn heard(&mut self, text: &str) {
        let is_it = |given: &Given| {
            given.echoes && matches!(&given.line.typed, Typed::Say(said) if said == text)
        };
        if let Some(at) = self.lines.iter().position(is_it) {
            (0..=at).for_each(|_| self.pop());
            self.uncounted = 0;
        }
    }

    /// True if the server should have sent a line back and has not.
    pub(crate) fn misses_an_echo(&self) -> bool {
        self.uncounted > 0 || self.lines.iter().any(|given| given.echoes)
    }

    /// Takes all lines after the connection was lost. The connection has written `written` bytes.
    pub(crate) fn lose(&mut self, written: u64, now: Instant) -> Lost {
        // A line that is not written yet is not forgotten, however old it is.
        let unsent = self.lines.partition_point(|given| given.end <= written);
        let unsent = self.lines.split_off(unsent);
        self.settle(now);
        let sent = std::mem::take(self);
        let lines = |given: VecDeque<Given>| given.into_iter().map(|given| given.line).collect();
        Lost {
            in_doubt: lines(sent.lines),
            uncounted: sent.uncounted,
            unsent: lines(unsent),
        }
    }

    /// Forgets the lines that count as arrived because of their age.
    fn settle(&mut self, now: Instant) {
        let is_settled =
            |given: &Given| !given.echoes && now.saturating_duration_since(given.at) >= SETTLED;
        while self.lines.front().is_some_and(is_settled) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(given) = self.lines.pop_front() {
            self.bytes -= given.line.cost();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, number: u64) -> Entered {
        Entered {
            typed: Typed::Say(text.into()),
            number: Some(number),
        }
    }

    #[test]
    fn an_echo_settles_its_line_and_all_before_it() {
        let (mut sent, now) = (Sent::default(), Instant::now());
        for (number, text) in ["a", "b", "a", "c"].into_iter().enumerate() {
            let number = number as u64 + 1;
            sent.push(said(text, number), number * 10, true, now);
        }
        sent.heard("b");
        sent.heard("what another client said");
        let much_later = now + SETTLED * 100;
        assert!(sent.misses_an_echo());
        let lost = sent.lose(35, much_later);
        assert_eq!(lost.in_doubt, [said("a", 3)]);
        assert_eq!(lost.unsent, [said("c", 4)]);
        assert_eq!(lost.uncounted, 0);
        assert_eq!(sent.lose(1000, much_later), Lost::default());
    }

    #[test]
    fn without_an_echo_a_written_line_settles_with_time_and_an_unwritten_one_does_not() {
        let (mut sent, now) = (Sent::default(), Instant::now());
        sent.push(said("old", 1), 10, false, now);
        sent.push(said("young", 2), 20, false, now + SETTLED / 2);
        assert!(!sent.misses_an_echo());
        let lost = sent.lose(20, now + SETTLED);
        assert_eq!(lost.in_doubt, [said("young", 2)]);
        sent.push(said("stuck", 3), 30, false, now);
        let lost = sent.lose(29, now + SETTLED * 2);
        assert_eq!(
            (lost.in_doubt, lost.unsent),
            (vec![], vec![said("stuck", 3)])
        );
    }

    #[test]
    fn memory_is_bounded_and_what_was_dropped_is_counted() {
        let (mut sent, now) = (Sent::default(), Instant::now());
        let line = said(&"x".repeat(1000), 1);
        let count = 3 * MOST_BYTES / 1000;
        (0..count).for_each(|_| sent.push(line.clone(), 1, true, now));
        assert!(sent.bytes <= MOST_BYTES);
        let lost = sent.lose(1, now);
        assert_eq!(lost.uncounted + lost.in_doubt.len(), count);
    }
}
