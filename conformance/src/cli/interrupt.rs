//! Signals that end a command early: Ctrl-C (SIGINT), a termination (SIGTERM), a terminal that was closed (SIGHUP).

use std::io;

/// Calls `first` with the number of the first signal. After that the command ends in order, as soon as it can. The second
/// signal ends the process at once, and all servers that it started. A second SIGHUP is ignored: both the system and a
/// shell may send it.
///
/// # Errors
///
/// If the system gives no handler or no thread.
#[cfg(unix)]
pub(super) fn on_interruption(first: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let listen = move || {
        let mut signals = signals.forever();
        if let Some(signal) = signals.next() {
            first(signal);
        }
        if let Some(signal) = signals.find(|signal| *signal != SIGHUP) {
            crate::spawn::end_all();
            // It fails only for signals that cannot be handled.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(listen)
        .map(|_| ())
}

/// Does nothing: on other systems Ctrl-C ends the process at once, and the console ends the servers that it started.
///
/// # Errors
///
/// Never.
#[cfg(not(unix))]
pub(super) fn on_interruption(_first: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    Ok(())
}
