//! A process that the runner has started: while it runs, and when it ends.

use std::net::SocketAddr;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tempfile::TempDir;

use super::{Log, Members, NotStarted, Observation, Spawn, group, observe, start};

/// Maximum time to wait for the last output of a process, after the process has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The pause before the runner checks again whether a process has ended. The runner must check repeatedly, because no event
/// wakes it when the process ends.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A running target. When this value is dropped, the process and all processes that it started are killed.
#[derive(Debug)]
pub struct Process {
    address: SocketAddr,
    child: Mutex<Child>,
    log: Arc<Log>,
    /// The scratch directory. The directory is removed when this value is dropped.
    _scratch: TempDir,
}

impl Process {
    /// Starts a target and waits until it is ready.
    ///
    /// # Errors
    ///
    /// Fails if the target cannot be started, if it ends before it is ready, or if it is not ready in time.
    pub fn start(spawn: &Spawn) -> Result<Process, NotStarted> {
        start::start(spawn)
    }

    pub(super) fn new(
        address: SocketAddr,
        child: Child,
        log: Arc<Log>,
        scratch: TempDir,
    ) -> Process {
        Process {
            address,
            child: Mutex::new(child),
            log,
            _scratch: scratch,
        }
    }

    /// Returns the address where the target listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the output of the target.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns how the process ended, as text for a person, or `None` if it still runs. If it has ended, this function also
    /// kills all processes that it started.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        let mut child = self.child.lock();
        // If the state of the process is unknown, the process counts as running. The runner reports an end as a failure, so
        // it must be sure of the end.
        let status = child.try_wait().ok().flatten()?;
        // The processes that this process started must not continue after its end.
        group::end(&mut child);
        drop(child);
        self.log.wait_for_end(Instant::now() + LAST_WORDS);
        Some(in_words(status))
    }

    /// Waits until the process has ended, but no longer than `until`; then returns the same as [`end`](Process::end).
    #[must_use]
    pub fn end_by(&self, until: Instant) -> Option<String> {
        loop {
            let end = self.end();
            if end.is_some() || Instant::now() >= until {
                return end;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Returns the threads, descriptors and connections that the target has now, or `None` if the system does not report
    /// them. The connections are counted again only if the target has more sockets than in `before`.
    #[must_use]
    pub fn observe(&self, before: Option<Observation>) -> Option<Observation> {
        let leader = self.child.lock().id();
        observe::observe(leader, self.address.port(), before)
    }

    /// Returns the processes of the target's group, or `None` if the system does not report them.
    #[must_use]
    pub fn members(&self) -> Option<Members> {
        observe::members(self.child.lock().id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        group::end(child);
        // The process was killed, so this wait ends soon. If the wait fails, no process is left to wait for.
        let _ = child.wait();
        self.log.wait_for_end(Instant::now() + LAST_WORDS);
    }
}

/// Returns a text such as `exit code 1` or `signal 11 (SIGSEGV)`. If the command runs in a shell, the shell reports a signal
/// as an exit code above 128.
fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        let by_shell = status
            .code()
            .filter(|code| *code > 128)
            .map(|code| code - 128);
        if let Some(signal) = status.signal().or(by_shell)
            && let Some(name) = signal_hook::low_level::signal_name(signal)
        {
            return format!("signal {signal} ({name})");
        }
    }
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "no exit code".to_owned(),
    }
}
