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

/// The channels on which a chat receives signals, for example SIGINT (Ctrl-C). When this value is dropped, the signals end
/// the program as usual.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Receives the first reason to leave.
    pub(crate) leave: Receiver<Why>,
    /// Receives `()` for the second reason to leave. If the loop is blocked in a write, it cannot receive this `()` and
    /// cannot end the program. Then the signal thread ends the program after a time limit.
    pub(crate) at_once: Receiver<()>,
    /// Receives `()` when the size of the window has changed.
    pub(crate) resized: Receiver<()>,
    /// Receives `()` when the program runs again after the user suspended it (Ctrl-Z), and the terminal is in raw mode
    /// again.
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

/// Does nothing. On systems other than Unix, the client does not use raw mode, so Ctrl-C is not a key here.
#[cfg(not(unix))]
pub(crate) fn end_at_once() {}

/// Does nothing. On systems other than Unix, the client does not use raw mode, so Ctrl-C is not a key here.
#[cfg(not(unix))]
pub(crate) fn leave_if_blocked() {}

/// Does nothing and returns false: on systems other than Unix, a program cannot be stopped and continued.
#[cfg(not(unix))]
pub(crate) fn suspend_all() -> bool {
    false
}
