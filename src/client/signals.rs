//! What signals ask of a chat.

use std::io;

use crossbeam_channel::Receiver;

#[cfg(unix)]
mod taker;
#[cfg(unix)]
pub(super) use taker::{guard_terminal, suspend_all, tell_resumed};

/// Ctrl-C and its like, as channels, until this is dropped. Then these signals end the program as they end any other.
#[derive(Debug)]
pub(super) struct Signals {
    /// Why to leave. A second reason that comes before the first was taken adds nothing.
    pub(super) leave: Receiver<Why>,
    /// One unit for windows that have another size now.
    pub(super) resized: Receiver<()>,
    /// One unit when the program goes on after it was stopped, and the terminal is ours again.
    pub(super) resumed: Receiver<()>,
}

/// Why to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// SIGINT or SIGTERM. Asked a second time, the program leaves at once.
    Asked,
    /// SIGHUP: the terminal has gone. It comes from the system and from a shell, so a second one means nothing.
    HungUp,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn listen() -> io::Result<Signals> {
        taker::listen()
    }
}

#[cfg(unix)]
impl Drop for Signals {
    fn drop(&mut self) {
        taker::listen_no_more();
    }
}

/// Elsewhere Ctrl-C ends the program as the system wants.
#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals {
            leave: crossbeam_channel::never(),
            resized: crossbeam_channel::never(),
            resumed: crossbeam_channel::never(),
        })
    }
}

/// Elsewhere no program can be stopped and go on.
#[cfg(not(unix))]
pub(super) fn suspend_all() -> bool {
    false
}
