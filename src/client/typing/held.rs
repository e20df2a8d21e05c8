//! Typed lines, each of which waits until the connection that it needs can accept it. Each line was parsed when the user
//! typed it.

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

/// All waiting lines. Lines for one connection stay in order. A full connection does not delay the lines for other
/// connections.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Contains only connections for which lines wait.
    lines: BTreeMap<Destination, VecDeque<Typed>>,
    bytes: usize,
}

impl Held {
    pub(crate) fn push(&mut self, to: Destination, line: Typed) {
        self.bytes += cost(&line);
        self.lines.entry(to).or_default().push_back(line);
    }

    /// Returns the next waiting line for the connection `to`.
    pub(crate) fn first(&self, to: Destination) -> Option<&Typed> {
        self.lines.get(&to)?.front()
    }

    /// Removes and returns the next waiting line for the connection `to`.
    pub(crate) fn pop(&mut self, to: Destination) -> Option<Typed> {
        let lines = self.lines.get_mut(&to)?;
        let line = lines.pop_front()?;
        if lines.is_empty() {
            self.lines.remove(&to);
        }
        self.bytes -= cost(&line);
        Some(line)
    }

    /// Removes and returns all lines for one connection.
    pub(crate) fn take(&mut self, to: Destination) -> VecDeque<Typed> {
        let lines = self.lines.remove(&to).unwrap_or_default();
        self.bytes -= lines.iter().map(cost).sum::<usize>();
        lines
    }

    /// Drops all lines, and returns their number.
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

    /// True if the limit is reached. Then the terminal must not be read for now.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES
    }
}

/// Returns the approximate memory of a line, in bytes: the value itself, and its texts.
fn cost(line: &Typed) -> usize {
    size_of::<Typed>() + line.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOB: Destination = Destination::Tunnel(TunnelId(1));

    fn say(text: &str) -> Typed {
        Typed::Say(text.to_owned())
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
    fn a_whole_paste_is_held_and_then_no_more_is_read() {
        let mut held = Held::default();
        let line = say(&"x".repeat(1024 - size_of::<Typed>()));
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
