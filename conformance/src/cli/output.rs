//! Printing to the standard streams, and the error about output that cannot be printed.

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
    /// Prints text for people through [`text::guarded`], and flushes it.
    ///
    /// # Errors
    ///
    /// Fails if the text cannot be written, for example because its reader has closed its end or because the disk is full.
    pub(super) fn print(self, text: &str) -> io::Result<()> {
        self.write(&text::guarded(text))
    }

    /// Prints text for programs, unchanged, and flushes it.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`print`](Stream::print).
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

    /// Returns whether text on this stream is coloured. It is coloured if the stream is a terminal that supports colours,
    /// and if the environment variable NO_COLOR is empty or not set (no-color.org).
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

/// Returns the error message about output that could not be printed. Returns `None` if the reader of the output has closed
/// its end, as in `conformance list | head`. This is not an error, because such a reader needs no more output.
pub(super) fn complaint(error: &io::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::BrokenPipe => None,
        _ => Some(format!("cannot write to standard output: {error}\n")),
    }
}
