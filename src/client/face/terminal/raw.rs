//! The modes of the terminal. Only this module changes and restores them.
//!
//! After the program has ended, the shell needs a terminal with echo. So the terminal is restored before the program ends or
//! stops. Three things restore the terminal: the guard [`Modes`] when it is dropped, the signal thread ([`crate::signals`])
//! before a signal takes effect, and a panic hook before the message of a panic. In these files, *give back the terminal*
//! means: restore its modes for other programs. *Take it again* means: set this program's modes again. [`give_back`] and
//! [`take_again`] may be called from any thread.

use std::io;

/// The width to assume if the size of the window is unknown, in columns.
const USUAL_COLUMNS: usize = 80;
/// Switches bracketed paste on: the terminal sends marks around a paste.
#[cfg(unix)]
const MARK_PASTES: &str = "\x1b[?2004h";
/// Switches bracketed paste off.
#[cfg(unix)]
const STOP_MARKING_PASTES: &str = "\x1b[?2004l";

#[cfg(unix)]
mod changed;
#[cfg(unix)]
use crate::signals::PATIENCE;
#[cfg(unix)]
use changed::give_back;

/// A text for the terminal, and a second text that removes the first text from the terminal.
#[derive(Debug, Default)]
pub(super) struct Painting {
    /// The text to write.
    pub(super) text: String,
    /// The text to write before another program uses the terminal.
    pub(super) undo: String,
}

/// The terminal's modes are changed as long as this value exists. Dropping it restores them. Only one such value exists at a
/// time.
#[derive(Debug)]
pub(super) struct Modes {
    #[cfg(unix)]
    files: changed::Files,
}

#[cfg(unix)]
impl Modes {
    /// Puts the terminal on standard input and output into raw mode. Keys that were typed before this call are kept.
    ///
    /// # Errors
    /// Fails if standard input or output is not a terminal, or signals cannot be caught.
    pub(super) fn raw() -> io::Result<Modes> {
        use rustix::termios::OutputModes;

        let files = changed::Files::standard()?;
        changed::change(&files, MARK_PASTES, STOP_MARKING_PASTES, |modes| {
            modes.make_raw();
            // With OPOST, a line feed still moves the cursor to the left edge. Without OPOST, a panic message would be hard
            // to read.
            modes.output_modes |= OutputModes::OPOST;
        })?;
        Ok(Modes { files })
    }

    /// Shows a prompt, and switches the echo off. Of the typed line, the terminal shows only the line feed at its end. The
    /// terminal itself edits the line, and turns keys such as Ctrl-C into signals.
    ///
    /// # Errors
    /// Fails if there is no terminal, or signals cannot be caught.
    pub(super) fn without_echo(prompt: &str) -> io::Result<Modes> {
        use rustix::termios::{InputModes, LocalModes};

        let files = changed::Files::controlling()?;
        changed::change(&files, prompt, "\n", |modes| {
            // These modes are set explicitly, because an earlier program may have left the terminal in another mode.
            modes.input_modes |= InputModes::ICRNL;
            modes.local_modes |= LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHONL;
            modes.local_modes -= LocalModes::ECHO;
        })?;
        // If the program ends before the user presses Enter, drop the typed part of the password, so that the shell does not
        // read it.
        changed::flush_at_the_end();
        Ok(Modes { files })
    }

    /// Returns the terminal's input.
    pub(super) fn input(&self) -> &std::fs::File {
        &self.files.input
    }

    /// Composes a text and writes it in one piece. While the terminal is given back, does nothing.
    ///
    /// # Errors
    /// Fails if the terminal cannot be written.
    pub(super) fn write(&self, compose: impl FnOnce() -> Painting) -> io::Result<()> {
        changed::write(&self.files, || {
            let Painting { text, undo } = compose();
            (text, format!("{undo}{STOP_MARKING_PASTES}"))
        })
    }

    /// Returns true if another program has used the terminal since the last call. In this case, the cursor has moved, and
    /// the painted rows have scrolled.
    pub(super) fn was_used(&self) -> bool {
        changed::was_used()
    }

    /// Restores the terminal after the user has pressed Enter. The prompt stays on the screen. The next program gets the
    /// keys that were not read yet.
    pub(super) fn end_line(self) {
        changed::undo_nothing();
    }

    /// Returns the width of the window, in columns.
    pub(super) fn columns(&self) -> usize {
        rustix::termios::tcgetwinsize(&self.files.output)
            .ok()
            .filter(|size| size.ws_col > 0)
            .map_or(USUAL_COLUMNS, |size| usize::from(size.ws_col))
    }
}

#[cfg(unix)]
impl Drop for Modes {
    fn drop(&mut self) {
        give_back(PATIENCE);
        changed::forget();
    }
}

/// On systems other than Unix, raw mode needs unsafe code, so the client shows plain lines there.
#[cfg(not(unix))]
impl Modes {
    pub(super) fn raw() -> io::Result<Modes> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn write(&self, compose: impl FnOnce() -> Painting) -> io::Result<()> {
        let Painting { text, undo } = compose();
        drop((text, undo));
        Ok(())
    }

    pub(super) fn was_used(&self) -> bool {
        false
    }

    pub(super) fn columns(&self) -> usize {
        USUAL_COLUMNS
    }
}

/// Blocks until a key can be read. Returns false if the program has given the terminal back permanently. If the program has
/// given it back temporarily, this function blocks until the program takes it again. During this time the keys belong to
/// other programs, and a read in the background would stop this program.
pub(crate) fn await_key() -> bool {
    #[cfg(unix)]
    return changed::await_key();
    #[cfg(not(unix))]
    true
}
