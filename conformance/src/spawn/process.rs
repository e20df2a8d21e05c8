//! A process while it runs, and how it ended.

use std::net::SocketAddr;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tempfile::TempDir;

use super::{Log, Members, NotStarted, Observation, Spawn, group, observe, start};

/// How long the runner waits for the last output of a process that has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The pause between two checks of a process, where nothing else reports its end.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A running target. The process and everything that it started end when this value is dropped.
#[derive(Debug)]
pub struct Process {
    address: SocketAddr,
    child: Mutex<Child>,
    log: Arc<Log>,
    /// Removed when the process has ended.
    _scratch: TempDir,
}

impl Process {
    /// Starts a target and waits until it is ready.
    ///
    /// # Errors
    ///
    /// If it cannot be started, ends before it is ready, or is not ready in time.
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

    /// Returns the address where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its output.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns how it ended, in words, if it did.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        let mut child = self.child.lock();
        // A process whose state is unknown counts as alive: the runner blames no target without proof.
        let status = child.try_wait().ok().flatten()?;
        // The processes that it started must not go on without it.
        group::end(&mut child);
        drop(child);
        self.log.wait_for_end(Instant::now() + LAST_WORDS);
        Some(in_words(status))
    }

    /// Returns the same as `end`, but waits for the end until that instant.
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

    /// Returns what it holds now; `None` where the system reports nothing. Its connections are counted only if it has more
    /// sockets than `before`.
    #[must_use]
    pub fn observe(&self, before: Option<Observation>) -> Option<Observation> {
        let leader = self.child.lock().id();
        observe::observe(leader, self.address.port(), before)
    }

    /// Returns the processes that belong to it now; `None` where the system reports nothing.
    #[must_use]
    pub fn members(&self) -> Option<Members> {
        observe::members(self.child.lock().id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        group::end(child);
        // The process was killed, so this does not block. It fails only if the process was waited for already.
        let _ = child.wait();
        self.log.wait_for_end(Instant::now() + LAST_WORDS);
    }
}

/// Returns a text such as `exit code 1` or `signal 11 (SIGSEGV)`. A shell reports the latter as a code above 128.
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
