//! Typed lines that wait until their connection has room.

use std::collections::BTreeMap;

use matou_protocols::dialogue::TunnelId;

/// Limit for waiting lines, in bytes. At the limit the terminal is not read, so it holds back the program that types.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The memory of sent lines is released in steps of at least this size, in bytes.
const STEP: usize = 64 * 1024;

/// The connection that a typed line needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Destination {
    Server,
    Tunnel(TunnelId),
}

/// All waiting lines. Lines for one connection stay in order. A full connection does not delay the others.
#[derive(Debug, Default)]
pub(crate) struct Held(BTreeMap<Destination, Lines>);

/// The lines for one connection, in one string, so that many short lines need no extra memory.
#[derive(Debug, Default)]
struct Lines {
    /// Each line ends with a line feed.
    text: String,
    /// Where the first waiting line begins.
    next: usize,
    count: usize,
}

impl Held {
    /// Appends a line, which must not contain a line feed.
    pub(crate) fn push(&mut self, to: Destination, line: &str) {
        let lines = self.0.entry(to).or_default();
        lines.text.push_str(line);
        lines.text.push('\n');
        lines.count += 1;
    }

    /// Returns the next line for this connection.
    pub(crate) fn first(&self, to: Destination) -> Option<&str> {
        self.0.get(&to)?.first()
    }

    /// Removes and returns the next line.
    pub(crate) fn pop(&mut self, to: Destination) -> Option<String> {
        let lines = self.0.get_mut(&to)?;
        let line = lines.first()?.to_owned();
        lines.next += line.len() + 1;
        lines.count -= 1;
        if lines.count == 0 {
            self.0.remove(&to);
        } else if lines.next >= STEP.max(lines.text.len() / 2) {
            lines.text.drain(..lines.next);
            lines.next = 0;
        }
        Some(line)
    }

    /// Removes all lines for one connection. Returns their number and their text.
    pub(crate) fn take(&mut self, to: Destination) -> Option<(usize, String)> {
        let Lines {
            mut text,
            next,
            count,
        } = self.0.remove(&to)?;
        text.drain(..next);
        text.pop();
        Some((count, text))
    }

    /// Drops all lines, and returns their number.
    pub(crate) fn clear(&mut self) -> usize {
        let count = self.count();
        self.0.clear();
        count
    }

    /// Returns the connections for which lines wait.
    pub(crate) fn destinations(&self) -> impl Iterator<Item = Destination> + use<'_> {
        self.0.keys().copied()
    }

    /// Returns the number of lines that wait for one connection.
    pub(crate) fn count_for(&self, to: Destination) -> usize {
        self.0.get(&to).map_or(0, |lines| lines.count)
    }

    /// Returns the number of all waiting lines.
    pub(crate) fn count(&self) -> usize {
        self.0.values().map(|lines| lines.count).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when the terminal should not be read for now.
    pub(crate) fn is_full(&self) -> bool {
        let bytes = |lines: &Lines| lines.text.len() - lines.next;
        self.0.values().map(bytes).sum::<usize>() >= MOST_BYTES
    }
}

impl Lines {
    fn first(&self) -> Option<&str> {
        let rest = self.text.get(self.next..)?;
        rest.split_once('\n').map(|(line, _)| line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOB: Destination = Destination::Tunnel(TunnelId(1));

    #[test]
    fn each_connection_has_its_own_order() {
        let mut held = Held::default();
        held.push(Destination::Server, "one");
        held.push(BOB, "for bob");
        held.push(Destination::Server, "");
        held.push(Destination::Server, "three");
        assert_eq!((held.count(), held.count_for(BOB)), (4, 1));
        assert_eq!(held.first(Destination::Server), Some("one"));
        assert_eq!(held.pop(Destination::Server).as_deref(), Some("one"));
        assert_eq!(held.pop(BOB).as_deref(), Some("for bob"));
        assert_eq!(held.pop(BOB), None);
        assert_eq!(
            held.take(Destination::Server),
            Some((2, "\nthree".to_owned()))
        );
        assert!(held.is_empty());
    }

    #[test]
    fn a_whole_paste_is_held_and_then_no_more_is_read() {
        let mut held = Held::default();
        let line = "x".repeat(1023);
        for _ in 0..MOST_BYTES / 1024 {
            assert!(!held.is_full());
            held.push(BOB, &line);
        }
        assert!(held.is_full());
        held.pop(BOB);
        assert!(!held.is_full());
        assert_eq!(held.clear(), MOST_BYTES / 1024 - 1);
    }

    #[test]
    fn lines_that_were_taken_leave_the_memory() {
        let mut held = Held::default();
        for round in 0..1000 {
            held.push(BOB, &"x".repeat(1023));
            if round >= 10 {
                held.pop(BOB);
            }
        }
        assert!(held.0[&BOB].text.len() <= 2 * STEP);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(lines in prop::collection::vec("[^\n]{0,40}", 0..50)) {
            let mut held = Held::default();
            lines.iter().for_each(|line| held.push(BOB, line));
            let out: Vec<_> = std::iter::from_fn(|| held.pop(BOB)).collect();
            prop_assert_eq!(out, lines);
            prop_assert!(held.is_empty());
        }
    }
}
