//! Lines that wait to be written to standard error.

use std::collections::VecDeque;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// Maximum number of bytes that wait to be written. Lines that do not fit are dropped and counted. The limit must be large:
/// if the program that reads standard error pauses for some seconds, no line should be lost. The limit must also be small:
/// if that program stops reading for ever, the waiting lines should use little memory.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// A queue of lines. The total number of bytes in the queue is limited. Adding a line never blocks.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    state: Mutex<LineQueue>,
    /// Notified when the writing thread has something to do.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct LineQueue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Number of dropped lines that no line in the queue has reported yet.
    lost: u64,
    stop: bool,
}

/// What the writing thread does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write this line.
    Line(Vec<u8>),
    /// No line has come before the time `until` that [`Backlog::next`] got from its caller.
    Time,
    /// All lines are written, and no more will follow.
    End,
}

impl Backlog {
    /// Adds a line, which ends with its line feed. If the line does not fit, drops and counts it.
    pub(super) fn push(&self, line: Vec<u8>) {
        self.state.lock().push(line);
        self.changed.notify_one();
    }

    /// Tells the writing thread to end after it has written the waiting lines.
    pub(super) fn stop(&self) {
        self.state.lock().stop = true;
        self.changed.notify_one();
    }

    /// Blocks until the writing thread has something to do, or until the time `until`.
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

impl LineQueue {
    fn push(&mut self, line: Vec<u8>) {
        if self.bytes + line.len() > MOST_BYTES {
            self.lost += 1;
            return;
        }
        let told = self.lost_lines();
        for line in told.into_iter().chain([line]) {
            self.bytes += line.len();
            self.lines.push_back(line);
        }
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let Some(line) = self.lines.pop_front() else {
            return self.lost_lines();
        };
        self.bytes -= line.len();
        Some(line)
    }

    /// If lines were dropped, returns a line that says how many lines were dropped, and sets the count to zero.
    fn lost_lines(&mut self) -> Option<Vec<u8>> {
        let lost = std::mem::take(&mut self.lost);
        let told = format!("(lines lost here: {lost}; standard error is too slow)\n");
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
    fn a_full_backlog_counts_lost_lines_and_reports_them_in_order() {
        let half = MOST_BYTES / 2;
        let backlog = backlog_of(&[("a", half), ("b", half), ("c", 1), ("d", 1)]);
        assert_eq!(next(&backlog).len(), half);
        backlog.push(b"e\n".to_vec());
        assert_eq!(next(&backlog).len(), half);
        assert_eq!(
            next(&backlog),
            "(lines lost here: 2; standard error is too slow)\n"
        );
        assert_eq!(next(&backlog), "e\n");
    }

    #[test]
    fn lines_lost_at_the_end_are_reported() {
        let backlog = backlog_of(&[("a", MOST_BYTES), ("b", 1)]);
        assert_eq!(next(&backlog).len(), MOST_BYTES);
        assert_eq!(
            next(&backlog),
            "(lines lost here: 1; standard error is too slow)\n"
        );
        assert_eq!(next(&backlog), "Time");
    }
}
