//! Lines that wait for stderr.

use std::collections::VecDeque;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// Bytes that may wait for stderr; what comes then is counted instead of kept. A reader that is late by seconds loses
/// nothing, and one that never reads costs little memory.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// A queue of lines, bounded in bytes. To add a line never blocks.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    state: Mutex<State>,
    /// Notified when there is something for the thread that writes.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines that found no place since the last one that did.
    lost: u64,
    stop: bool,
}

/// What the thread that writes has to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write this line.
    Line(Vec<u8>),
    /// The time that it wanted to be called at has come.
    Time,
    /// Everything is written, and no more will come.
    End,
}

impl Backlog {
    /// Adds a line with its line end, or counts it when there is no space.
    pub(super) fn push(&self, line: Vec<u8>) {
        self.state.lock().push(line);
        self.changed.notify_one();
    }

    /// Ends the thread that writes, after what waits.
    pub(super) fn stop(&self) {
        self.state.lock().stop = true;
        self.changed.notify_one();
    }

    /// Waits until there is something to do, until this time if there is one.
    pub(super) fn next(&self, until: Option<Instant>) -> Next {
        let mut state = self.state.lock();
        loop {
            if let Some(line) = state.pop() {
                return Next::Line(line);
            }
            if state.stop {
                return Next::End;
            }
            match until {
                Some(until) if until <= Instant::now() => return Next::Time,
                Some(until) => _ = self.changed.wait_until(&mut state, until),
                None => self.changed.wait(&mut state),
            }
        }
    }
}

impl State {
    fn push(&mut self, line: Vec<u8>) {
        if self.bytes + line.len() > MOST_BYTES {
            self.lost += 1;
            return;
        }
        let told = self.told_of_lost();
        for line in told.into_iter().chain([line]) {
            self.bytes += line.len();
            self.lines.push_back(line);
        }
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let Some(line) = self.lines.pop_front() else {
            return self.told_of_lost();
        };
        self.bytes -= line.len();
        Some(line)
    }

    /// A line about those that were lost here, if any were.
    fn told_of_lost(&mut self) -> Option<Vec<u8>> {
        let lost = std::mem::take(&mut self.lost);
        let told = format!("({lost} lines were lost here: stderr is too slow)\n");
        (lost > 0).then(|| told.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backlog_of(lines: &[(&str, usize)]) -> Backlog {
        let backlog = Backlog::default();
        for (text, times) in lines {
            backlog.push(text.repeat(*times).into_bytes());
        }
        backlog
    }

    fn next(backlog: &Backlog) -> String {
        match backlog.next(Some(Instant::now())) {
            Next::Line(line) => String::from_utf8(line).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn lines_come_out_in_their_order_and_then_the_end() {
        let backlog = backlog_of(&[("one\n", 1), ("two\n", 1)]);
        assert_eq!(next(&backlog), "one\n");
        assert_eq!(next(&backlog), "two\n");
        assert_eq!(next(&backlog), "Time");
        backlog.push(b"three\n".to_vec());
        backlog.stop();
        assert_eq!(next(&backlog), "three\n");
        assert_eq!(next(&backlog), "End");
    }

    #[test]
    fn a_full_backlog_counts_what_is_lost_and_tells_it_in_its_place() {
        let half = MOST_BYTES / 2;
        let backlog = backlog_of(&[("a", half), ("b", half), ("c", 1), ("d", 1)]);
        assert_eq!(next(&backlog).len(), half);
        backlog.push(b"e\n".to_vec());
        assert_eq!(next(&backlog).len(), half);
        assert_eq!(
            next(&backlog),
            "(2 lines were lost here: stderr is too slow)\n"
        );
        assert_eq!(next(&backlog), "e\n");
    }

    #[test]
    fn what_was_lost_last_is_told_though_nothing_follows() {
        let backlog = backlog_of(&[("a", MOST_BYTES), ("b", 1)]);
        assert_eq!(next(&backlog).len(), MOST_BYTES);
        assert_eq!(
            next(&backlog),
            "(1 lines were lost here: stderr is too slow)\n"
        );
        assert_eq!(next(&backlog), "Time");
    }
}
