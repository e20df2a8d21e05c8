//! A process that the runner has started: while it runs, and when it ends.

use std::fmt;
use std::net::SocketAddr;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::scratch::Scratch;
use super::system::{Listener, Members, Named, Observation};
use super::tag::Tag;
use super::{Log, NotStarted, Spawn, complaint, group, start, system};

/// Maximum time to wait for the last output of a process, after the process has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The pause before the runner checks again whether a process has ended. The runner must check repeatedly, because no event
/// wakes it when the process ends.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Processes that the runner found and ended, although it did not start them itself: a target started them.
#[derive(Debug, Default)]
pub struct Survivors(Mutex<Vec<Named>>);

impl Survivors {
    /// Returns all processes that were found so far.
    #[must_use]
    pub fn list(&self) -> Vec<Named> {
        self.0.lock().clone()
    }

    /// Adds processes, except those that are already in the list.
    pub(super) fn add(&self, found: impl Iterator<Item = Named>) {
        let mut all = self.0.lock();
        for process in found {
            if !all.contains(&process) {
                all.push(process);
            }
        }
    }
}

/// How a target ended by itself.
#[derive(Debug, Clone)]
pub(super) struct End {
    status: ExitStatus,
    /// The processes that it had started, and that still ran.
    pub(super) survivors: Vec<Named>,
}

impl End {
    pub(super) fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_words(self.status))
    }
}

/// The parts of a target that has just been started.
pub(super) struct Started {
    pub(super) address: SocketAddr,
    pub(super) child: Child,
    pub(super) tag: Tag,
    pub(super) scratch: Scratch,
    /// When the command was started.
    pub(super) began: Instant,
    /// The instant at which the time limit for the first answer ends.
    pub(super) until: Instant,
    pub(super) survivors: Arc<Survivors>,
}

/// A running target. When this value is dropped, the process and all processes that it started are killed.
#[derive(Debug)]
pub struct Process {
    address: SocketAddr,
    child: Mutex<Running>,
    tag: Tag,
    log: Arc<Log>,
    began: Instant,
    until: Instant,
    /// How long the target took until its first answer.
    start_up: OnceLock<Duration>,
    survivors: Arc<Survivors>,
    /// The scratch directory. The directory is removed when this value is dropped.
    _scratch: Scratch,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// How the process ended; `None` while it runs.
    end: Option<End>,
}

impl Process {
    /// Starts a target and waits until it is ready. When the target ends, the processes that it left behind are added to
    /// `survivors`.
    ///
    /// # Errors
    ///
    /// Fails if the target cannot be started, if it ends before it is ready, or if it is not ready in time.
    pub fn start(spawn: &Spawn, survivors: &Arc<Survivors>) -> Result<Process, NotStarted> {
        start::start(spawn, survivors)
    }

    pub(super) fn new(started: Started, log: Arc<Log>) -> Process {
        Process {
            address: started.address,
            child: Mutex::new(Running {
                child: started.child,
                end: None,
            }),
            tag: started.tag,
            log,
            began: started.began,
            until: started.until,
            start_up: OnceLock::new(),
            survivors: started.survivors,
            _scratch: started.scratch,
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

    /// Returns the instant at which the time limit for the first answer ends.
    #[must_use]
    pub fn answers_by(&self) -> Instant {
        self.until
    }

    /// Notes that the target has answered. Only the first call has an effect.
    pub fn note_answer(&self) {
        // If the time of the first answer is already set, this call fails, and that time stays.
        let _ = self.start_up.set(self.began.elapsed());
    }

    /// Returns how long the target took from its start to its first answer; `None` if it has not answered yet.
    #[must_use]
    pub fn start_up(&self) -> Option<Duration> {
        self.start_up.get().copied()
    }

    /// Returns how the process ended, as text for a person, or `None` if it still runs. If it has ended, this function also
    /// kills all processes that it started.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        self.ended().map(|end| end.to_string())
    }

    /// Returns whether the command has ended with success, but has left processes behind. If so, the server runs in the
    /// background.
    #[must_use]
    pub fn is_in_background(&self) -> bool {
        let end = self.ended();
        end.is_some_and(|end| end.code() == Some(0) && !end.survivors.is_empty())
    }

    /// Returns how the process ended, with the processes that it left behind, as text for a person who wants to judge the
    /// server. Returns `None` if it still runs.
    #[must_use]
    pub fn end_in_full(&self) -> Option<String> {
        let end = self.ended()?;
        let mut parts = vec![end.to_string()];
        parts.extend(complaint::background(&end));
        Some(parts.join("; "))
    }

    /// Returns how the process ended, or `None` if it still runs. If it has ended, this function also kills all processes that
    /// it started.
    pub(super) fn ended(&self) -> Option<End> {
        let mut running = self.child.lock();
        if let Some(end) = &running.end {
            return Some(end.clone());
        }
        // If the state of the process is unknown, the process counts as running, because an end counts as a failure and so
        // must be certain.
        if !system::has_ended(&mut running.child) {
            return None;
        }
        // The processes that this process started must not continue after its end.
        let survivors = group::end(&mut running.child, &self.tag);
        self.survivors.add(survivors.iter().cloned());
        let status = running.child.try_wait().ok().flatten()?;
        let end = End { status, survivors };
        running.end = Some(end.clone());
        drop(running);
        self.log.wait_for_end(Instant::now() + LAST_WORDS);
        Some(end)
    }

    /// Returns which process listens at the address of the target, or `None` if the system does not report it.
    pub(super) fn listener(&self) -> Option<Listener> {
        let leader = self.child.lock().child.id();
        system::listener(self.address, leader, &self.tag)
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

    /// Returns how many threads, descriptors and connections the target has now, or `None` if the system does not report
    /// them. The connections are counted again only if the target has more sockets than in `before`.
    #[must_use]
    pub fn observe(&self, before: Option<Observation>) -> Option<Observation> {
        let leader = self.child.lock().child.id();
        system::observe(leader, self.address.port(), before)
    }

    /// Returns the processes of the target's group, or `None` if the system does not report them.
    #[must_use]
    pub fn members(&self) -> Option<Members> {
        system::members(self.child.lock().child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = &mut self.child.get_mut().child;
        let survivors = group::end(child, &self.tag);
        self.survivors.add(survivors.into_iter());
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
