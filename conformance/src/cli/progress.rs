//! The progress of a run: prints each verdict as soon as it is known. Between two verdicts, a line names the case that was
//! played last, so that the user sees that the run goes on.

use std::io::{self, IsTerminal, Write};

use parking_lot::Mutex;

use super::output::Stream;
use crate::report::{self, Style};
use crate::run::Milestone;
use crate::text;

/// Prints the title and the verdicts of the report for people while the run goes on. On a terminal it also shows a line
/// about the case that was played last. The next case overwrites that line.
pub(super) struct Progress<'a> {
    style: &'a Style,
    /// The stream to which the report is printed.
    stream: Stream,
    /// Whether standard error is a terminal.
    visible: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cases: usize,
    played: usize,
    /// Whether the title of the report has been printed.
    begun: bool,
    /// The error that ended the printing of the report; `None` if there was no error.
    broken: Option<io::Error>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(style: &'a Style, stream: Stream) -> Progress<'a> {
        Progress {
            style,
            stream,
            visible: io::stderr().is_terminal(),
            state: Mutex::default(),
        }
    }

    pub(super) fn tell(&self, milestone: &Milestone<'_>) {
        let mut state = self.state.lock();
        match milestone {
            Milestone::Begins { report, cases } => {
                state.cases = *cases;
                state.begun = true;
                self.print(&mut state, &report::head(report, self.style));
            }
            Milestone::Played { id, .. } => {
                state.played += 1;
                let (played, cases) = (state.played, state.cases);
                self.show(&format!(
                    "{cases} cases; plays so far: {played}; last case: {}",
                    text::line(id)
                ));
            }
            Milestone::Judged(case) => {
                self.print(&mut state, &report::verdict(case, self.style));
            }
        }
    }

    /// Removes the line about the last case. Returns whether the title of the report has been printed, and the error that
    /// stopped the printing, if there was one.
    pub(super) fn end(self) -> (bool, Option<io::Error>) {
        self.show("");
        let state = self.state.into_inner();
        (state.begun, state.broken)
    }

    fn print(&self, state: &mut State, text: &str) {
        if text.is_empty() || state.broken.is_some() {
            return;
        }
        self.show("");
        state.broken = self.stream.print(text).err();
    }

    fn show(&self, text: &str) {
        if self.visible {
            // The run does not depend on this line, so an error is ignored.
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
        }
    }
}
