//! One thread takes the signals of the whole process. It is started when the first one is wanted and ends with the process:
//! a signal that was caught once has no effect of its own any more, so until the end this thread does what the system would
//! have done, after the terminal is given back.
//!
//! | signal | with a chat | without, as in a prompt |
//! |---|---|---|
//! | SIGINT, SIGTERM, SIGHUP | leave in order | end by it |
//! | SIGQUIT, SIGABRT and others that end a program | end by it | end by it |
//! | SIGTSTP (Ctrl-Z) | stop | stop |
//! | SIGCONT | take the terminal again and paint | take the terminal again and ask again |
//! | SIGWINCH | paint | nothing |
//!
//! Signals that a fault of the program itself raises (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS) are left alone: who
//! returns from their handler meets the fault again.

use std::ffi::c_int;
use std::io;
use std::thread;

use crossbeam_channel::{Sender, bounded};
use parking_lot::Mutex;
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::{self, Handle};
use signal_hook::low_level::emulate_default_handler;

use super::{Signals, Why};
use crate::terminal::{give_back, take_again};

/// What a chat wants to know.
const OF_A_CHAT: [c_int; 4] = [SIGINT, SIGTERM, SIGHUP, SIGWINCH];
/// What ends or stops a program that has changed its terminal.
const OF_THE_TERMINAL: [c_int; 14] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF,
    SIGXCPU, SIGXFSZ, SIGTSTP, SIGCONT,
];
/// What ends a program on this system and not on others.
#[cfg(target_os = "linux")]
const OF_THE_SYSTEM: [c_int; 3] = [
    Signal::IO.as_raw(),
    Signal::POWER.as_raw(),
    Signal::STKFLT.as_raw(),
];
#[cfg(not(target_os = "linux"))]
const OF_THE_SYSTEM: [c_int; 0] = [];
/// A shell has what it starts with `&` ignore SIGINT. Scripts end such a chat with it all the same.
const NEVER_IGNORED: [c_int; 2] = [SIGINT, SIGTERM];

static THREAD: Mutex<Option<Handle>> = Mutex::new(None);
static CHAT: Mutex<Option<Chat>> = Mutex::new(None);

/// A chat that listens.
struct Chat {
    leave: Sender<Why>,
    resized: Sender<()>,
    resumed: Sender<()>,
    /// It was told to leave.
    leaves: bool,
}

pub(super) fn listen() -> io::Result<Signals> {
    take(&OF_A_CHAT)?;
    let (leave, wants_leave) = bounded(1);
    let (resized, was_resized) = bounded(1);
    let (resumed, was_resumed) = bounded(1);
    *CHAT.lock() = Some(Chat {
        leave,
        resized,
        resumed,
        leaves: false,
    });
    Ok(Signals {
        leave: wants_leave,
        resized: was_resized,
        resumed: was_resumed,
    })
}

pub(super) fn listen_no_more() {
    *CHAT.lock() = None;
}

/// From here on every signal that can be caught has the terminal given back before it ends or stops the program.
pub(crate) fn guard_terminal() -> io::Result<()> {
    take(&OF_THE_TERMINAL)?;
    take(&OF_THE_SYSTEM)
}

/// Stops the program and those that were started together with it, as Ctrl-Z does. False when nothing could let them go on.
pub(crate) fn suspend_all() -> bool {
    // It cannot fail for one's own group.
    can_stop() && kill_current_process_group(Signal::TSTP).is_ok()
}

/// Has the chat paint everything again.
pub(crate) fn tell_resumed() {
    if let Some(chat) = &*CHAT.lock() {
        let _ = chat.resumed.try_send(());
    }
}

/// Takes these signals from here on, but those that the program was told to ignore when it was started.
fn take(signals: &[c_int]) -> io::Result<()> {
    let mut thread = THREAD.lock();
    let thread = match &mut *thread {
        Some(thread) => thread,
        none => none.insert(start()?),
    };
    signals
        .iter()
        .filter(|signal| NEVER_IGNORED.contains(signal) || !is_ignored(**signal))
        .try_for_each(|signal| thread.add_signal(*signal))
}

fn start() -> io::Result<Handle> {
    let mut signals = iterator::Signals::new(NONE)?;
    let handle = signals.handle();
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            loop {
                let came: Vec<_> = signals.wait().collect();
                act_on(&came);
            }
        })?;
    Ok(handle)
}

/// For a start.
const NONE: [c_int; 0] = [];

/// What came together has no order.
fn act_on(signals: &[c_int]) {
    let goes_on = signals.contains(&SIGCONT);
    for &signal in signals {
        match signal {
            SIGCONT => {}
            SIGWINCH => {
                if let Some(chat) = &*CHAT.lock() {
                    let _ = chat.resized.try_send(());
                }
            }
            // It was told to stop and to go on.
            SIGTSTP if goes_on => {}
            SIGTSTP => suspend(),
            SIGINT | SIGTERM if has_leave(Why::Asked) => {}
            SIGHUP if has_leave(Why::HungUp) => {}
            _ => end_by(signal),
        }
    }
    if goes_on {
        go_on();
    }
}

/// Has the chat leave, if there is one.
fn has_leave(why: Why) -> bool {
    let mut chat = CHAT.lock();
    let Some(chat) = &mut *chat else {
        return false;
    };
    let _ = chat.leave.try_send(why);
    chat.leaves = true;
    true
}

fn end_by(signal: c_int) {
    give_back();
    let _ = emulate_default_handler(signal);
    // It does not know those of one system only. A shell shows the two ends alike.
    std::process::exit(128 + signal);
}

fn suspend() {
    if can_stop() {
        give_back();
        stop();
    }
}

/// Returns when the program goes on, and SIGCONT has come.
fn stop() {
    let _ = emulate_default_handler(SIGTSTP);
}

/// In the background only leaving goes on.
fn go_on() {
    if take_again() {
        tell_resumed();
    } else if can_stop() && !CHAT.lock().as_ref().is_some_and(|chat| chat.leaves) {
        stop();
    }
}

/// False without a shell that could let the program go on. In a group of the session's leader the system, too, has Ctrl-Z do
/// nothing.
fn can_stop() -> bool {
    !is_ignored(SIGTSTP) && getsid(None).is_ok_and(|session| session != getpgrp())
}

/// True for a signal that the program was told to ignore when it was started, as `nohup` does with SIGHUP.
#[cfg(target_os = "linux")]
fn is_ignored(signal: c_int) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Other systems do not say it without unsafe code. What is started with `nohup` has no terminal.
#[cfg(not(target_os = "linux"))]
fn is_ignored(signal: c_int) -> bool {
    use std::io::IsTerminal;

    signal == SIGHUP
        && !(io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal())
}
