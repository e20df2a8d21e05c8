//! Printing: where the output of a command goes, and what is said when it cannot be printed.

use std::io::{self, ErrorKind, IsTerminal, Write};

use crate::report::Paint;
use crate::text;

/// A standard stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    Errors,
}

impl Stream {
    /// Prints text for people, guarded, and flushes it.
    ///
    /// # Errors
    ///
    /// If the reader has closed its end, or the disk is full.
    pub(super) fn print(self, text: &str) -> io::Result<()> {
        self.write(&text::guarded(text))
    }

    /// Prints text for programs, unchanged, and flushes it.
    ///
    /// # Errors
    ///
    /// As [`print`](Stream::print).
    pub(super) fn write(self, text: &str) -> io::Result<()> {
        fn all(mut to: impl Write, text: &str) -> io::Result<()> {
            to.write_all(text.as_bytes())?;
            to.flush()
        }
        match self {
            Stream::Output => all(io::stdout(), text),
            Stream::Errors => all(io::stderr(), text),
        }
    }

    /// Returns whether text on it is coloured: on a terminal that knows colours, unless NO_COLOR has a value
    /// (no-color.org).
    pub(super) fn paint(self) -> Paint {
        let is_terminal = match self {
            Stream::Output => io::stdout().is_terminal(),
            Stream::Errors => io::stderr().is_terminal(),
        };
        let variable = |name: &str| std::env::var_os(name).unwrap_or_default();
        let is_dumb = matches!(variable("TERM").to_str(), Some("" | "dumb"));
        match is_terminal && !is_dumb && variable("NO_COLOR").is_empty() {
            true => Paint::Colour,
            false => Paint::Plain,
        }
    }
}

/// Returns what to say about output that could not be printed; `None` if its reader has closed its end (`| head`): it
/// has seen enough.
pub(super) fn complaint(error: &io::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::BrokenPipe => None,
        _ => Some(format!("cannot write to the standard output: {error}\n")),
    }
}
