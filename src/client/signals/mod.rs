//! Signals for a running chat.

use std::io;

use crossbeam_channel::Receiver;

#[cfg(unix)]
mod taker;
#[cfg(unix)]
pub(crate) use taker::{
    PATIENCE, TerminalGuard, end_at_once, guard_terminal, leave_if_blocked, suspend_all,
    tell_resumed,
};

/// Receives signals such as Ctrl-C through channels, until this value is dropped. After that these signals end the program
/// as usual.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Receives the first reason to leave.
    pub(crate) leave: Receiver<Why>,
    /// Receives `()` for the second reason to leave. If the loop does not receive it in time, the signal thread ends the
    /// program, because a loop that is blocked in a write cannot end it.
    pub(crate) at_once: Receiver<()>,
    /// Receives `()` when the size of the window has changed.
    pub(crate) resized: Receiver<()>,
    /// Receives `()` when the program continues after a stop and has taken the terminal again.
    pub(crate) resumed: Receiver<()>,
}

/// The reason to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// SIGINT or SIGTERM. After a second signal the program leaves at once.
    Asked,
    /// SIGHUP: the terminal was closed. Both the system and a shell may send it, so a second SIGHUP has no effect.
    HungUp,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> io::Result<Signals> {
        taker::listen()
    }
}

#[cfg(unix)]
impl Drop for Signals {
    fn drop(&mut self) {
        taker::listen_no_more();
    }
}

/// On systems other than Unix, Ctrl-C ends the program at once.
#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> io::Result<Signals> {
        Ok(Signals {
            leave: crossbeam_channel::never(),
            at_once: crossbeam_channel::never(),
            resized: crossbeam_channel::never(),
            resumed: crossbeam_channel::never(),
        })
    }
}

/// On systems other than Unix, the client does not use raw mode.
#[cfg(not(unix))]
pub(crate) fn end_at_once() {}

/// On systems other than Unix, the client does not use raw mode.
#[cfg(not(unix))]
pub(crate) fn leave_if_blocked() {}

/// On systems other than Unix, a program cannot be stopped and continued.
#[cfg(not(unix))]
pub(crate) fn suspend_all() -> bool {
    false
}
