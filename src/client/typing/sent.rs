//! The lines that the loop has given to the connection with the server. Each line is kept until it counts as arrived.
//!
//! A write to a socket only copies bytes into the system's buffer. If the connection is lost afterwards, the client cannot
//! know whether the server has read these bytes. So the client keeps each line until one of these happens:
//!
//! - The server sends back this line or a later line. This shows that the line has arrived, because lines arrive in order.
//! - The server never sends this line back (in some protocols it sends no lines back), and the connection has stayed open
//!   for the time [`SETTLED`] after the line was sent.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::held::Entered;
use super::typed::Typed;

/// For lines that the server never sends back: such a line counts as arrived if the connection stays open for this time
/// after the line was sent.
const SETTLED: Duration = Duration::from_secs(30);
/// Limit for the memory of the kept lines, in bytes. At the limit, the client drops the oldest line, but still counts it.
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
    /// The number of bytes that were given to the connection, up to the end of this line.
    end: u64,
    at: Instant,
    /// True if the server sends the line back.
    echoes: bool,
}

/// The lines of a lost connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Lines that were written completely, in order. The server may or may not have read them.
    pub(crate) in_doubt: Vec<Entered>,
    /// The number of older lines that were not kept. These lines may be lost too.
    pub(crate) uncounted: usize,
    /// Lines that were not written completely, in order. So the server cannot have received any of these lines completely.
    pub(crate) unsent: Vec<Entered>,
}

impl Sent {
    /// Keeps a line that was given to the connection. `end` is the number of bytes that have been given to the connection so
    /// far, including this line.
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

    /// Records that the server has sent back a message of this client.
    pub(crate) fn heard(&mut self, text: &str) {
        let is_it = |given: &Given| {
            given.echoes && matches!(&given.line.typed, Typed::Say(said) if said == text)
        };
        if let Some(at) = self.lines.iter().position(is_it) {
            (0..=at).for_each(|_| self.pop());
            self.uncounted = 0;
        }
    }

    /// True if the server has not yet sent back a line that it should send back.
    pub(crate) fn misses_an_echo(&self) -> bool {
        self.uncounted > 0 || self.lines.iter().any(|given| given.echoes)
    }

    /// Removes all lines and returns them. Called when the connection is lost. `written` is the number of bytes that were
    /// written to the connection.
    pub(crate) fn lose(&mut self, written: u64, now: Instant) -> Lost {
        // A line that has not been written completely is always kept, even if it is old.
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

    /// Forgets the lines that are so old that they count as arrived (see [`SETTLED`]).
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
