//! The modes of the terminal: the only place that asks the system for them, and that gives them back.
//!
//! A terminal without echo is of no use to the shell that comes next. So whatever ends or stops the program gives back what
//! it has changed: the guard [`Modes`] when it is dropped, the thread of the signals ([`crate::signals`]) before the
//! program dies or stops, and a hook before the message of a panic. [`give_back`] and [`take_again`] work from every thread.

use std::io;

/// A window that does not say how wide it is.
const USUAL_COLUMNS: usize = 80;
/// From here on a paste comes with marks around it.
#[cfg(unix)]
const MARK_PASTES: &str = "\x1b[?2004h";
/// And from here on it does not.
#[cfg(unix)]
const STOP_MARKING_PASTES: &str = "\x1b[?2004l";

#[cfg(unix)]
mod changed;
#[cfg(unix)]
pub(crate) use changed::{give_back, take_again};

/// Text for the terminal, and what takes it away again.
#[derive(Debug, Default)]
pub(super) struct Painting {
    /// What is written.
    pub(super) text: String,
    /// What must be written before another program uses the terminal.
    pub(super) undo: String,
}

/// The terminal has other modes than before, until this is dropped. One at a time.
#[derive(Debug)]
pub(super) struct Modes {
    #[cfg(unix)]
    files: changed::Files,
}

#[cfg(unix)]
impl Modes {
    /// Has the terminal on standard input and output give every key as it is pressed. What was typed before is kept.
    ///
    /// # Errors
    /// When standard input or output is no terminal, or signals cannot be waited for.
    pub(super) fn raw() -> io::Result<Modes> {
        use rustix::termios::OutputModes;

        let files = changed::Files::standard()?;
        changed::change(&files, MARK_PASTES, STOP_MARKING_PASTES, |modes| {
            modes.make_raw();
            // A line feed still begins a line: what a panic says can be read.
            modes.output_modes |= OutputModes::OPOST;
        })?;
        Ok(Modes { files })
    }

    /// Has the terminal show nothing of what is typed but the end of the line, and prompts. The terminal itself edits the
    /// line, and makes signals of Ctrl-C and the like.
    ///
    /// # Errors
    /// When there is no terminal, or signals cannot be waited for.
    pub(super) fn without_echo(prompt: &str) -> io::Result<Modes> {
        use rustix::termios::{InputModes, LocalModes};

        let files = changed::Files::controlling()?;
        changed::change(&files, prompt, "\n", |modes| {
            // Also when the program before has left the terminal in disorder.
            modes.input_modes |= InputModes::ICRNL;
            modes.local_modes |= LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHONL;
            modes.local_modes -= LocalModes::ECHO;
        })?;
        // Half a password is not for the shell.
        changed::flush_at_the_end();
        Ok(Modes { files })
    }

    /// What is typed.
    pub(super) fn input(&self) -> &std::fs::File {
        &self.files.input
    }

    /// Writes in one piece what is composed. While the terminal is given back nothing is composed or written.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub(super) fn write(&self, compose: impl FnOnce() -> Painting) -> io::Result<()> {
        changed::write(&self.files, || {
            let Painting { text, undo } = compose();
            (text, format!("{undo}{STOP_MARKING_PASTES}"))
        })
    }

    /// True once after another program has used the terminal: the cursor is elsewhere, and what was painted has scrolled.
    pub(super) fn was_used(&self) -> bool {
        changed::was_used()
    }

    /// Gives the terminal back after the person has ended the line: there is nothing to take away or to throw away.
    pub(super) fn end_line(self) {
        changed::undo_nothing();
    }

    /// The width of the window.
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
        give_back();
        changed::forget();
    }
}

/// Elsewhere there is no raw mode that could be had without unsafe code: the plain face serves there.
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

/// Blocks until a key can be read; false when the terminal was given back for good. While it is given back what is typed is
/// for others, and in the background a read would stop the program.
pub(crate) fn await_key() -> bool {
    #[cfg(unix)]
    return changed::await_key();
    #[cfg(not(unix))]
    true
}
