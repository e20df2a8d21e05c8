//! What a process writes to its standard output and its standard error, in the order in which the process writes it.

use std::collections::VecDeque;
use std::io::Read;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// Maximum number of bytes of a process's output that are kept. If the process writes more, only the last bytes are kept.
const KEPT: usize = 256 << 10;

/// Maximum number of bytes of the output during one case that are reported. If there are more, only the last bytes are
/// reported.
const TOLD: usize = 16 << 10;

/// A position in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// The output of a process. One thread adds what the process writes, and other threads read it here.
#[derive(Debug, Default)]
pub struct Log {
    written: Mutex<Written>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Written {
    kept: VecDeque<u8>,
    total: u64,
    ended: bool,
}

impl Log {
    /// Adds everything that the process writes, until every writer has closed its end of the pipe. The reader thread runs
    /// this.
    pub(super) fn read_from(&self, mut source: impl Read) {
        let mut buffer = [0; 8 << 10];
        // A read error ends the loop too: nothing more can be read after it.
        while let Ok(length @ 1..) = source.read(&mut buffer) {
            let mut written = self.written.lock();
            written.kept.extend(buffer.iter().take(length));
            written.total += length as u64;
            let surplus = written.kept.len().saturating_sub(KEPT);
            written.kept.drain(..surplus);
            self.changed.notify_all();
        }
        self.written.lock().ended = true;
        self.changed.notify_all();
    }

    /// Returns the position at the end of the output so far.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.written.lock().total)
    }

    /// Returns the position at the beginning of the output.
    #[must_use]
    pub fn beginning() -> Mark {
        Mark(0)
    }

    /// Returns the output after the mark. If the output is long, returns only its end, after a note with the number of bytes
    /// that are left out.
    #[must_use]
    pub fn since(&self, mark: Mark) -> String {
        let written = self.written.lock();
        let length = usize::try_from(written.total.saturating_sub(mark.0)).unwrap_or(usize::MAX);
        let told = length.min(TOLD).min(written.kept.len());
        let bytes: Vec<u8> = written
            .kept
            .range(written.kept.len() - told..)
            .copied()
            .collect();
        let text = String::from_utf8_lossy(&bytes);
        if told < length {
            format!("({} earlier bytes)\n{text}", length - told)
        } else {
            text.into_owned()
        }
    }

    /// Waits until a line that contains this text is written, and returns whether it was written. Stops waiting at `until`,
    /// or when every writer has closed its end of the pipe.
    pub(super) fn wait_for_line(&self, text: &str, until: Instant) -> bool {
        let mut written = self.written.lock();
        loop {
            if has_line(&written.kept, text) {
                return true;
            }
            if written.ended || self.changed.wait_until(&mut written, until).timed_out() {
                return has_line(&written.kept, text);
            }
        }
    }

    /// Waits until every writer has closed its end of the pipe, but no longer than `until`.
    pub(super) fn wait_for_end(&self, until: Instant) {
        let mut written = self.written.lock();
        while !written.ended {
            if self.changed.wait_until(&mut written, until).timed_out() {
                return;
            }
        }
    }
}

/// Returns whether a complete line contains this text. A line without a line end does not count, because its rest, which has
/// not arrived, could change the meaning.
fn has_line(kept: &VecDeque<u8>, text: &str) -> bool {
    let bytes: Vec<u8> = kept.iter().copied().collect();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default())
        .lines()
        .any(|line| line.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_after_a_mark_is_returned_and_only_the_end_of_a_long_one() {
        let log = Log::default();
        log.read_from(b"before\n".as_slice());
        let mark = log.mark();
        assert_eq!(log.since(mark), "");
        log.read_from(b"after\n".as_slice());
        assert_eq!(log.since(mark), "after\n");
        assert_eq!(log.since(Log::beginning()), "before\nafter\n");
        log.read_from(vec![b'x'; 2 * KEPT].as_slice());
        let told = log.since(mark);
        assert!(told.starts_with(&format!("({} earlier bytes)\n", 2 * KEPT + 6 - TOLD)));
        assert!(told.len() < TOLD + 40);
    }

    #[test]
    fn a_line_counts_only_when_it_is_complete() {
        let log = Log::default();
        let now = Instant::now;
        log.read_from(b"listening".as_slice());
        assert!(!log.wait_for_line("listening", now()));
        log.read_from(b" on 7\n".as_slice());
        assert!(log.wait_for_line("listening on", now()));
        assert!(!log.wait_for_line("ready", now()));
    }
}
