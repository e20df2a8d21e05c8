//! Typed lines that wait. Each line waits until the connection that it needs can accept it. Each line was parsed when the
//! user typed it.

use std::collections::{BTreeMap, VecDeque};

use super::typed::Typed;
use matou_protocols::dialogue::TunnelId;

/// Maximum memory of all waiting lines together, in bytes. At the limit, the client does not read the terminal, so a program
/// that types into the terminal must wait.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The connection that a typed line needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Destination {
    Server,
    Tunnel(TunnelId),
}

/// A line that the user typed, or that the client read from the input of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entered {
    pub(crate) typed: Typed,
    /// The number of the line in the input of a script.
    pub(crate) number: Option<u64>,
}

impl Entered {
    /// Returns the approximate memory of the line and its texts, in bytes.
    pub(crate) fn cost(&self) -> usize {
        size_of::<Entered>() + self.typed.to_string().len()
    }
}

/// All waiting lines. Lines for one connection stay in order. If one connection accepts no more lines, the lines for the
/// other connections are not delayed.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Contains only connections for which lines wait.
    lines: BTreeMap<Destination, VecDeque<Entered>>,
    bytes: usize,
}

impl Held {
    pub(crate) fn push(&mut self, to: Destination, line: Entered) {
        self.bytes += line.cost();
        self.lines.entry(to).or_default().push_back(line);
    }

    /// Puts lines in front of all lines that wait for the connection `to`.
    pub(crate) fn put_back(&mut self, to: Destination, lines: Vec<Entered>) {
        if lines.is_empty() {
            return;
        }
        self.bytes += lines.iter().map(Entered::cost).sum::<usize>();
        let waiting = self.lines.entry(to).or_default();
        let after = std::mem::replace(waiting, lines.into());
        waiting.extend(after);
    }

    /// Returns the next waiting line for the connection `to`.
    pub(crate) fn first(&self, to: Destination) -> Option<&Entered> {
        self.lines.get(&to)?.front()
    }

    /// Removes and returns the next waiting line for the connection `to`.
    pub(crate) fn pop(&mut self, to: Destination) -> Option<Entered> {
        let lines = self.lines.get_mut(&to)?;
        let line = lines.pop_front()?;
        if lines.is_empty() {
            self.lines.remove(&to);
        }
        self.bytes -= line.cost();
        Some(line)
    }

    /// Removes and returns all lines for one connection.
    pub(crate) fn take(&mut self, to: Destination) -> VecDeque<Entered> {
        let lines = self.lines.remove(&to).unwrap_or_default();
        self.bytes -= lines.iter().map(Entered::cost).sum::<usize>();
        lines
    }

    /// Drops all lines, and returns how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        let count = self.count();
        *self = Held::default();
        count
    }

    /// Returns the connections for which lines wait.
    pub(crate) fn destinations(&self) -> impl Iterator<Item = Destination> + use<'_> {
        self.lines.keys().copied()
    }

    /// Returns the number of waiting lines for all connections.
    pub(crate) fn count(&self) -> usize {
        self.lines.values().map(VecDeque::len).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// True if the limit is reached. Then the caller must not read the terminal until there is space again.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOB: Destination = Destination::Tunnel(TunnelId(1));

    fn say(text: &str) -> Entered {
        Entered {
            typed: Typed::Say(text.to_owned()),
            number: None,
        }
    }

    #[test]
    fn each_connection_has_its_own_order() {
        let mut held = Held::default();
        held.push(Destination::Server, say("one"));
        held.push(BOB, say("for bob"));
        held.push(Destination::Server, say(" "));
        held.push(Destination::Server, say("three"));
        assert_eq!(held.count(), 4);
        assert_eq!(held.first(Destination::Server), Some(&say("one")));
        assert_eq!(held.pop(Destination::Server), Some(say("one")));
        assert_eq!(held.pop(BOB), Some(say("for bob")));
        assert_eq!(held.pop(BOB), None);
        assert_eq!(held.take(Destination::Server), [say(" "), say("three")]);
        assert_eq!(held.take(Destination::Server), []);
        assert!(held.is_empty());
    }

    #[test]
    fn lines_that_are_put_back_come_first() {
        let mut held = Held::default();
        held.put_back(BOB, vec![]);
        assert!(held.is_empty());
        held.push(BOB, say("three"));
        held.put_back(BOB, vec![say("one"), say("two")]);
        assert_eq!(held.take(BOB), [say("one"), say("two"), say("three")]);
        assert_eq!(held.bytes, 0);
    }

    #[test]
    fn a_whole_paste_is_held_and_then_no_more_is_read() {
        let mut held = Held::default();
        let line = say(&"x".repeat(1024 - size_of::<Entered>()));
        for _ in 0..MOST_BYTES / 1024 {
            assert!(!held.is_full());
            held.push(BOB, line.clone());
        }
        assert!(held.is_full());
        held.pop(BOB);
        assert!(!held.is_full());
        assert_eq!(held.clear(), MOST_BYTES / 1024 - 1);
    }

    #[test]
    fn lines_that_were_taken_are_not_counted_any_more() {
        let mut held = Held::default();
        for _ in 0..1000 {
            held.push(BOB, say("x"));
            held.push(Destination::Server, say("y"));
            held.pop(BOB);
        }
        held.take(Destination::Server);
        assert_eq!(held.bytes, 0);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(texts in prop::collection::vec("[^\n]{0,40}", 0..50)) {
            let lines: Vec<_> = texts.iter().map(|text| say(text)).collect();
            let mut held = Held::default();
            lines.iter().for_each(|line| held.push(BOB, line.clone()));
            let out: Vec<_> = std::iter::from_fn(|| held.pop(BOB)).collect();
            prop_assert_eq!(out, lines);
            prop_assert!(held.is_empty());
        }
    }
}
