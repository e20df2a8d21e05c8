//! Signals that end a command early: Ctrl-C (SIGINT), a termination (SIGTERM), a terminal that was closed (SIGHUP). A
//! program cannot handle SIGKILL, so `watch` is another process, which ends the servers after the program was killed.

pub(super) mod watch;

use std::io;
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// The signals that end a command.
#[cfg(unix)]
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Whether a signal ends the first process of a container at once.
#[cfg(unix)]
static ENDS_AT_ONCE: AtomicBool = AtomicBool::new(true);

/// Makes signals end the program if it is the first process of a container. The system protects the process with the id 1: a
/// signal without a handler has no effect on it. With this function, such a signal ends the program with the exit code 128
/// plus the number of the signal, as a shell reports it.
#[cfg(unix)]
pub(super) fn heed_as_first_process() {
    if !is_first_process() {
        return;
    }
    for signal in ENDING.into_iter().filter(|signal| !is_ignored(*signal)) {
        // If this fails, the only effect is that the signal does not end a command that has no other handler for it.
        let _ =
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, &ENDS_AT_ONCE);
    }
}

/// Does nothing: only Unix protects the first process from signals.
#[cfg(not(unix))]
pub(super) fn heed_as_first_process() {}

#[cfg(unix)]
fn is_first_process() -> bool {
    std::process::id() == 1
}

/// Calls `first` with the number of the first signal. The command then finishes in an orderly way, as soon as it can. The
/// second signal ends the process at once, together with all servers that it started. A second SIGHUP is ignored, because
/// both the system and a shell may send one. A signal that was ignored when the program started stays ignored: `nohup` uses
/// this for SIGHUP.
///
/// # Errors
///
/// Fails if the system refuses to install the signal handler or to start the thread.
#[cfg(unix)]
pub(super) fn on_interruption(first: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    let heeded = ENDING.into_iter().filter(|signal| !is_ignored(*signal));
    let mut signals = signal_hook::iterator::Signals::new(heeded)?;
    ENDS_AT_ONCE.store(false, Ordering::SeqCst);
    let listen = move || {
        let mut signals = signals.forever();
        if let Some(signal) = signals.next() {
            first(signal);
        }
        if let Some(signal) = signals.find(|signal| *signal != SIGHUP) {
            crate::spawn::end_all();
            if is_first_process() {
                // The default handler has no effect on the first process of a container.
                signal_hook::low_level::exit(128 + signal);
            }
            // This call fails only for signals that a process cannot handle.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(listen)
        .map(|_| ())
}

/// Returns whether a signal was ignored when the program started.
#[cfg(target_os = "linux")]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Returns whether SIGHUP was probably ignored when the program started. On these systems only unsafe code could ask for the
/// signal's disposition. So this function checks for a typical sign of `nohup`: none of the standard streams is a terminal.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_ignored(signal: i32) -> bool {
    use io::IsTerminal;

    let has_terminal =
        io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
    signal == signal_hook::consts::SIGHUP && !has_terminal
}

/// Does nothing: on other systems Ctrl-C ends the process at once, and the console ends the servers that this process
/// started.
///
/// # Errors
///
/// Never fails.
#[cfg(not(unix))]
pub(super) fn on_interruption(_first: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    Ok(())
}
