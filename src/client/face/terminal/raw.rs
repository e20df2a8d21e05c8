//! The modes of the terminal. Only this module changes and restores them.
//!
//! After the program has ended, the shell needs a terminal with echo. So the terminal is restored before the program ends or
//! stops. Three things restore the terminal: the guard [`Modes`] when it is dropped, the signal thread ([`crate::signals`])
//! before a signal takes effect, and a panic hook before the message of a panic. In these files, to *give the terminal back*
//! means to restore its modes for other programs, and to *take it again* means to set this program's modes again.
//! [`give_back`] and [`take_again`] may be called from any thread.

use std::io;

/// Assumed width of a window of unknown size, in columns.
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

/// Text for the terminal, and the text that removes it again.
#[derive(Debug, Default)]
pub(super) struct Painting {
    /// The text to write.
    pub(super) text: String,
    /// The text to write before another program uses the terminal.
    pub(super) undo: String,
}

/// Keeps the terminal's modes changed until this value is dropped. Only one such value exists at a time.
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
            // A line feed still starts a new line, so that a panic message is readable.
            modes.output_modes |= OutputModes::OPOST;
        })?;
        Ok(Modes { files })
    }

    /// Switches the echo off, except for the end of the line, and shows a prompt. The terminal itself edits the line and turns
    /// keys such as Ctrl-C into signals.
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
        // If the program ends early, the shell must not get the part of the password that was already typed.
        changed::flush_at_the_end();
        Ok(Modes { files })
    }

    /// Returns the terminal's input.
    pub(super) fn input(&self) -> &std::fs::File {
        &self.files.input
    }

    /// Writes a composed text in one piece. While the terminal is given back, nothing is composed or written.
    ///
    /// # Errors
    /// Fails if the terminal cannot be written.
    pub(super) fn write(&self, compose: impl FnOnce() -> Painting) -> io::Result<()> {
        changed::write(&self.files, || {
            let Painting { text, undo } = compose();
            (text, format!("{undo}{STOP_MARKING_PASTES}"))
        })
    }

    /// Returns true if another program has used the terminal since the last call. Then the cursor has moved, and the painted
    /// rows have scrolled.
    pub(super) fn was_used(&self) -> bool {
        changed::was_used()
    }

    /// Restores the terminal after the user has ended the line. It removes no text and drops no unread keys.
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

/// Blocks until a key can be read. Returns false if the program has given the terminal back permanently. While the terminal
/// is given back only for a time, this function blocks too. Keys then belong to other programs, and a read in the background
/// would stop this program.
pub(crate) fn await_key() -> bool {
    #[cfg(unix)]
    return changed::await_key();
    #[cfg(not(unix))]
    true
}
