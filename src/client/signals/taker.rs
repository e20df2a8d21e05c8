//! The thread that receives the signals of the whole process. It starts when the program first asks to catch a signal, and
//! ends with the process. A caught signal no longer has its default effect. So this thread first restores the terminal, and
//! then does what the system would have done.
//!
//! | signal | during a chat | otherwise, as in a prompt |
//! |---|---|---|
//! | SIGINT, SIGTERM, SIGHUP | the chat leaves | ends the program |
//! | SIGQUIT, SIGABRT and other fatal signals | ends the program | ends the program |
//! | SIGTSTP (Ctrl-Z) | stops the program | stops the program |
//! | SIGCONT | takes the terminal again and paints | takes the terminal again and shows the prompt |
//! | SIGWINCH | paints | no effect |
//!
//! Signals for faults of the program itself (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS) are not caught. If they were
//! caught, the program would repeat the same instruction, and so the same fault, whenever the handler returns.

use std::ffi::c_int;
use std::io;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{SendTimeoutError, Sender, bounded};
use parking_lot::Mutex;
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::{self, Handle};
use signal_hook::low_level::emulate_default_handler;

use super::{Signals, Why};

/// Signals that a chat handles.
const OF_A_CHAT: [c_int; 4] = [SIGINT, SIGTERM, SIGHUP, SIGWINCH];
/// Signals that end, stop or continue a program. Before the program ends or stops, it must restore the terminal.
const OF_THE_TERMINAL: [c_int; 14] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF,
    SIGXCPU, SIGXFSZ, SIGTSTP, SIGCONT,
];
/// More signals that end a program. They exist only on Linux.
#[cfg(target_os = "linux")]
const OF_THE_SYSTEM: [c_int; 3] = [
    Signal::IO.as_raw(),
    Signal::POWER.as_raw(),
    Signal::STKFLT.as_raw(),
];
#[cfg(not(target_os = "linux"))]
const OF_THE_SYSTEM: [c_int; 0] = [];
/// How long the signal thread waits for the loop to take a second signal. A loop that is not blocked needs less time.
const AT_ONCE: Duration = Duration::from_millis(500);
/// This shorter limit applies while the loop writes to the terminal. If the terminal accepts the text, a write needs less
/// time.
const AT_ONCE_IN_A_WRITE: Duration = Duration::from_millis(50);
/// When SIGCONT continues the program in the background, the program stops again, but only after this time. In this time it
/// can receive another signal that was sent together with SIGCONT. For example, `kill %1` in a shell sends SIGTERM and then
/// SIGCONT, but the handler of SIGCONT may run first. If the program stopped immediately, it would not handle SIGTERM until
/// the next SIGCONT.
const TOGETHER: Duration = Duration::from_millis(500);
/// After the first reason to leave, if the output accepts nothing for this time, the program ends.
const BLOCKED: Duration = Duration::from_secs(5);
/// Signals that are caught even if they were ignored when the program started. If a shell starts a program with `&`, the
/// program ignores SIGINT at first. But a script may use SIGINT to end a chat that it has started in this way.
const NEVER_IGNORED: [c_int; 2] = [SIGINT, SIGTERM];

static THREAD: Mutex<Option<Handle>> = Mutex::new(None);
static CHAT: Mutex<Option<Chat>> = Mutex::new(None);
static GUARD: Mutex<Option<TerminalGuard>> = Mutex::new(None);

/// How the signal thread restores the terminal. Before the program has changed the terminal, these functions have no effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TerminalGuard {
    /// Restores the terminal. Waits at most this time for a terminal that accepts no output.
    pub(crate) give_back: fn(Duration),
    /// Returns the number of the write that is running; `None` if no write to the terminal is running.
    pub(crate) writing: fn() -> Option<u64>,
    /// Takes the terminal again. Returns false if the terminal belongs to another program.
    pub(crate) take_again: fn() -> bool,
}

/// Maximum time that [`TerminalGuard::give_back`] waits if this program does not know whether the terminal accepts output.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// The channels of the running chat.
struct Chat {
    leave: Sender<Why>,
    at_once: Sender<()>,
    resized: Sender<()>,
    resumed: Sender<()>,
    /// True if the chat was told to leave.
    leaves: bool,
}

pub(super) fn listen() -> io::Result<Signals> {
    take(&OF_A_CHAT)?;
    let (leave, wants_leave) = bounded(1);
    let (at_once, wants_end) = bounded(0);
    let (resized, was_resized) = bounded(1);
    let (resumed, was_resumed) = bounded(1);
    *CHAT.lock() = Some(Chat {
        leave,
        at_once,
        resized,
        resumed,
        leaves: false,
    });
    Ok(Signals {
        leave: wants_leave,
        at_once: wants_end,
        resized: was_resized,
        resumed: was_resumed,
    })
}

pub(super) fn listen_no_more() {
    *CHAT.lock() = None;
}

/// Catches all signals that end or stop the program, so that the program can restore the terminal first.
pub(crate) fn guard_terminal(guard: TerminalGuard) -> io::Result<()> {
    *GUARD.lock() = Some(guard);
    take(&OF_THE_TERMINAL)?;
    take(&OF_THE_SYSTEM)
}

/// Ends the program as a second SIGINT does. This function is needed for a terminal in raw mode, where Ctrl-C is a key and
/// sends no signal.
pub(crate) fn end_at_once() {
    if !tell_to_end() {
        end_by(SIGINT);
    }
}

/// Stops the program's process group, as Ctrl-Z does. Does nothing and returns false if no shell could continue the group.
pub(crate) fn suspend_all() -> bool {
    // This call does not fail, because a program may always send a signal to its own process group.
    can_stop() && kill_current_process_group(Signal::TSTP).is_ok()
}

/// Tells the chat to paint everything again.
pub(crate) fn tell_resumed() {
    if let Some(chat) = &*CHAT.lock() {
        let _ = chat.resumed.try_send(());
    }
}

/// Catches these signals. If a signal was ignored when the program started, it stays ignored, unless it is in
/// [`NEVER_IGNORED`].
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
                let mut came: Vec<_> = signals.wait().collect();
                while act_on(&came) == Next::Stop {
                    thread::sleep(TOGETHER);
                    came = signals.pending().collect();
                    if came.is_empty() {
                        stop();
                        break;
                    }
                    came.push(SIGCONT);
                }
            }
        })?;
    Ok(handle)
}

/// The signal thread starts without any signals to wait for. [`take`] adds them later.
const NONE: [c_int; 0] = [];

/// What the signal thread does after it has handled some signals.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Wait,
    /// Stop the program again, because it runs in the background.
    Stop,
}

/// Handles signals that arrived together. The system does not report their order.
fn act_on(signals: &[c_int]) -> Next {
    let goes_on = signals.contains(&SIGCONT);
    for &signal in signals {
        match signal {
            SIGCONT => {}
            SIGWINCH => {
                if let Some(chat) = &*CHAT.lock() {
                    let _ = chat.resized.try_send(());
                }
            }
            // If SIGCONT arrived together with SIGTSTP, the program does not stop.
            SIGTSTP if goes_on => {}
            SIGTSTP => suspend(),
            SIGINT | SIGTERM if tell_to_leave(Why::Asked, signal) => {}
            SIGHUP if tell_to_leave(Why::HungUp, signal) => {}
            _ => end_by(signal),
        }
    }
    match goes_on {
        true => go_on(),
        false => Next::Wait,
    }
}

/// Tells the chat to leave. Returns false if no chat is running, or if the chat must end at once and does not react.
fn tell_to_leave(why: Why, signal: c_int) -> bool {
    let mut guard = CHAT.lock();
    let Some(chat) = &mut *guard else {
        return false;
    };
    if !std::mem::replace(&mut chat.leaves, true) {
        let leave = chat.leave.clone();
        let _ = leave.try_send(why);
        drop(guard);
        end_if_blocked(signal, move || leave.is_full());
        return true;
    }
    // A second SIGHUP has no effect, because both the system and a shell may send one.
    if why == Why::HungUp {
        return true;
    }
    drop(guard);
    tell_to_end()
}

/// Tells the chat to end at once. Returns false if the chat does not receive this, because its loop is blocked.
fn tell_to_end() -> bool {
    let at_once = CHAT.lock().as_ref().map(|chat| chat.at_once.clone());
    // This thread does not hold the lock here, so the chat may end in the meantime. In this case, the other end of the
    // channel is dropped and this send fails. This does no harm, because the program is ending already.
    let patience = match writing() {
        Some(_) => AT_ONCE_IN_A_WRITE,
        None => AT_ONCE,
    };
    let taken = at_once.map(|at_once| at_once.send_timeout((), patience));
    !matches!(taken, Some(Err(SendTimeoutError::Timeout(()))))
}

/// Starts a thread that watches the loop after the chat was told to leave. A loop that blocks in a write to a terminal, or
/// to standard error, cannot leave. The new thread ends the program as the signal would, in two cases: if one write to the
/// terminal takes longer than [`BLOCKED`], or if `waits` returns true, because the loop has not even received the reason to
/// leave.
fn end_if_blocked(signal: c_int, waits: impl Fn() -> bool + Send + 'static) {
    let watch = move || {
        let mut before = writing();
        loop {
            thread::sleep(BLOCKED);
            let now = writing();
            if waits() || (now.is_some() && now == before) {
                end_by(signal);
            }
            before = now;
        }
    };
    // If the thread cannot be started, a second signal still ends the program.
    let _ = thread::Builder::new()
        .name("leave-watch".into())
        .spawn(watch);
}

/// If a write to the terminal is running, watches the loop as after a first SIGINT: if the write blocks for [`BLOCKED`], the
/// program ends. This function is needed for a terminal in raw mode, where Ctrl-C is a key and sends no signal.
pub(crate) fn leave_if_blocked() {
    if writing().is_some() {
        end_if_blocked(SIGINT, || false);
    }
}

/// Returns the number of the running write to the terminal; `None` if no write is running.
fn writing() -> Option<u64> {
    let guard = *GUARD.lock();
    guard.and_then(|guard| (guard.writing)())
}

/// Restores the terminal, if this program has changed it. If a write to the terminal is running, the terminal probably
/// accepts nothing, and this function does not wait for it.
fn give_back() {
    let guard = *GUARD.lock();
    if let Some(guard) = guard {
        let patience = match (guard.writing)() {
            Some(_) => Duration::ZERO,
            None => PATIENCE,
        };
        (guard.give_back)(patience);
    }
}

/// Takes the terminal again. Returns false if the terminal belongs to another program.
fn take_again() -> bool {
    let guard = *GUARD.lock();
    guard.is_none_or(|guard| (guard.take_again)())
}

fn end_by(signal: c_int) {
    give_back();
    let _ = emulate_default_handler(signal);
    // The call above returns only if the library does not know the signal, because the signal exists only on Linux. Then the
    // program ends with the exit code that a shell would report for the signal.
    std::process::exit(128 + signal);
}

fn suspend() {
    if can_stop() {
        give_back();
        stop();
    }
}

/// Stops the program. Returns after SIGCONT.
fn stop() {
    let _ = emulate_default_handler(SIGTSTP);
}

/// Takes the terminal again, unless the program runs in the background.
fn go_on() -> Next {
    if take_again() {
        tell_resumed();
        return Next::Wait;
    }
    let leaves = CHAT.lock().as_ref().is_some_and(|chat| chat.leaves);
    match can_stop() && !leaves {
        true => Next::Stop,
        false => Next::Wait,
    }
}

/// True if a shell can continue the program. No shell can continue the process group of the session's leader. In that group,
/// the system ignores Ctrl-Z too.
fn can_stop() -> bool {
    !is_ignored(SIGTSTP) && getsid(None).is_ok_and(|session| session != getpgrp())
}

/// True if the signal was ignored when the program started. For example, `nohup` starts a program with SIGHUP ignored.
#[cfg(target_os = "linux")]
fn is_ignored(signal: c_int) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// On systems other than Linux, reading this state needs unsafe code. On these systems, SIGHUP counts as ignored if the
/// program has no terminal, because a program started with `nohup` usually has none.
#[cfg(not(target_os = "linux"))]
fn is_ignored(signal: c_int) -> bool {
    use std::io::IsTerminal;

    signal == SIGHUP
        && !(io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal())
}
