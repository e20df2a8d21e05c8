//! The progress of a run, for a person who waits for it.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::run::Milestone;
use crate::text;

/// A line on the terminal that shows the progress of the run, and is overwritten each time.
pub(super) struct Progress {
    visible: bool,
    cases: AtomicUsize,
    played: AtomicUsize,
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress {
            visible: io::stderr().is_terminal(),
            cases: AtomicUsize::new(0),
            played: AtomicUsize::new(0),
        }
    }

    pub(super) fn tell(&self, milestone: &Milestone<'_>) {
        match milestone {
            Milestone::Begins { cases } => self.cases.store(*cases, Ordering::Relaxed),
            Milestone::Played { id, .. } => {
                let played = self.played.fetch_add(1, Ordering::Relaxed) + 1;
                let cases = self.cases.load(Ordering::Relaxed);
                self.write(&format!(
                    "\r\x1b[K{played} played, {cases} cases: {}",
                    text::line(id)
                ));
            }
        }
    }

    pub(super) fn clear(&self) {
        self.write("\r\x1b[K");
    }

    fn write(&self, text: &str) {
        if self.visible {
            // An error about progress would not help anyone.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}
