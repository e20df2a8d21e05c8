//! The terminal's own settings: the only place that asks the system for them.

use std::io;

/// A window that does not say how wide it is.
const USUAL_COLUMNS: usize = 80;

/// The terminal gives every key as it is pressed, until this is dropped.
#[derive(Debug)]
pub(super) struct RawMode {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl RawMode {
    pub(super) fn enter() -> io::Result<RawMode> {
        use rustix::termios::{OptionalActions, OutputModes, tcgetattr, tcsetattr};

        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        // A panic's message should still be readable.
        raw.output_modes |= OutputModes::OPOST;
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
        // From here on a paste comes with marks around it.
        super::write("\x1b[?2004h")?;
        Ok(RawMode {
            before: Some(before),
        })
    }

    /// Gives the terminal back as it was.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        use rustix::termios::{OptionalActions, tcsetattr};

        let Some(before) = self.before.take() else {
            return Ok(());
        };
        let marked = super::write("\x1b[?2004l");
        tcsetattr(io::stdin(), OptionalActions::Drain, &before)?;
        marked
    }

    pub(super) fn columns(&self) -> usize {
        rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .filter(|size| size.ws_col > 0)
            .map_or(USUAL_COLUMNS, |size| usize::from(size.ws_col))
    }
}

/// Elsewhere there is no raw mode that could be had without unsafe code: the plain face serves there.
#[cfg(not(unix))]
impl RawMode {
    pub(super) fn enter() -> io::Result<RawMode> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn columns(&self) -> usize {
        USUAL_COLUMNS
    }
}

/// Stops the program as Ctrl-Z does elsewhere; returns when the shell has brought it back.
pub(crate) fn suspend() {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, kill_current_process_group};

        // It cannot fail for one's own group, and if it does, nothing is lost.
        let _ = kill_current_process_group(Signal::TSTP);
    }
}
