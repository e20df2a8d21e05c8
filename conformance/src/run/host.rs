//! The target of the cases: a server at an address, or processes that the runner starts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::spawn::{Mark, Named, NotStarted, Observation, Process, Spawn, Survivors};

/// After this number of failed starts in a row, the runner no longer starts the target, because each failed start may take
/// as long as its time limit allows.
const FAILED_STARTS: usize = 3;

/// The target that is judged.
#[derive(Debug, Clone)]
pub enum Target {
    /// A server that listens at this address.
    Address(SocketAddr),
    /// A process that the runner starts.
    Spawned {
        /// The command and settings of the start.
        spawn: Spawn,
        /// The lifetime of the process.
        lifetime: Lifetime,
    },
}

/// The lifetime of a process that the runner started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// One process for all cases. The runner starts a new process only if the old process crashed, hung, or was in a bad
    /// state after a case.
    Run,
    /// One process for each case.
    Case,
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Target {
        Target::Address(address)
    }
}

/// Gives each case access to the target.
#[derive(Debug)]
pub(crate) struct Host {
    target: Target,
    /// After this instant, the runner no longer waits for a start.
    deadline: Option<Instant>,
    state: Mutex<State>,
    /// Whether the target, when it was ready, did not answer at once. If so, each new process gets time for its first
    /// answer.
    answers_late: AtomicBool,
    survivors: Arc<Survivors>,
}

#[derive(Debug, Default)]
struct State {
    /// The process that all cases share.
    shared: Option<Arc<Process>>,
    failed_starts: usize,
}

/// The access of one case to the target: its address and, if the runner started it, its process.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) address: SocketAddr,
    pub(crate) process: Option<Arc<Process>>,
    pub(crate) mark: Mark,
    pub(crate) before: Option<Observation>,
}

impl Host {
    pub(crate) fn new(target: Target, deadline: Option<Instant>) -> Host {
        Host {
            target,
            deadline,
            state: Mutex::default(),
            answers_late: AtomicBool::new(false),
            survivors: Arc::default(),
        }
    }

    /// Returns the address where the target listens. The port is 0 if each start chooses another port.
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.target {
            Target::Address(address) => *address,
            Target::Spawned { spawn, .. } => spawn
                .address
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))),
        }
    }

    /// Returns whether the runner starts the target.
    pub(crate) fn spawns(&self) -> bool {
        matches!(self.target, Target::Spawned { .. })
    }

    /// Returns whether all cases use the same process.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(
            self.target,
            Target::Spawned {
                lifetime: Lifetime::Case,
                ..
            }
        )
    }

    /// Returns the command that starts the target.
    pub(crate) fn command(&self) -> Option<&str> {
        match &self.target {
            Target::Address(_) => None,
            Target::Spawned { spawn, .. } => Some(&spawn.command),
        }
    }

    /// Returns how many cases may run at the same time, at most the number that the user asked for. If each case starts a
    /// process that binds the same port, only one case may run.
    pub(crate) fn jobs(&self, asked: usize) -> usize {
        match &self.target {
            Target::Spawned {
                spawn,
                lifetime: Lifetime::Case,
            } if spawn.is_bound_to_a_port() => 1,
            _ => asked.max(1),
        }
    }

    /// Returns the access to a running target. Starts the target if necessary.
    pub(crate) fn enter(&self) -> Result<Stay, NotStarted> {
        let (spawn, lifetime) = match &self.target {
            Target::Address(address) => {
                return Ok(Stay {
                    address: *address,
                    process: None,
                    mark: crate::spawn::Log::beginning(),
                    before: None,
                });
            }
            Target::Spawned { spawn, lifetime } => (spawn, *lifetime),
        };
        let process = match lifetime {
            Lifetime::Run => self.shared(spawn)?,
            Lifetime::Case => Arc::new(self.start(spawn)?),
        };
        Ok(Stay {
            address: process.address(),
            mark: match lifetime {
                Lifetime::Run => process.log().mark(),
                Lifetime::Case => crate::spawn::Log::beginning(),
            },
            before: process.observe(None),
            process: Some(process),
        })
    }

    /// Ends the shared process, so that the next case gets a new process that earlier cases have not changed.
    pub(crate) fn renew(&self) {
        let old = self.state.lock().shared.take();
        drop(old);
    }

    /// Notes that the target did not answer as soon as it was ready.
    pub(crate) fn note_late_answer(&self) {
        self.answers_late.store(true, Ordering::Relaxed);
    }

    /// Returns whether this process needs time for its first answer.
    pub(crate) fn awaits_answer(&self, process: &Process) -> bool {
        self.answers_late.load(Ordering::Relaxed) && process.start_up().is_none()
    }

    /// Returns the processes that the target started and that the runner had to end. The list is complete only when no case
    /// uses a process of the target.
    pub(crate) fn survivors(&self) -> Vec<Named> {
        self.survivors.list()
    }

    /// Returns whether a shared process exists. If it exists, it has served at least one case.
    pub(crate) fn has_served(&self) -> bool {
        self.state.lock().shared.is_some()
    }

    fn shared(&self, spawn: &Spawn) -> Result<Arc<Process>, NotStarted> {
        let mut state = self.state.lock();
        if let Some(process) = &state.shared
            && process.end().is_none()
        {
            return Ok(Arc::clone(process));
        }
        // End the old process first, because the next process may bind the same port.
        state.shared = None;
        let process = Arc::new(self.start_within(spawn, &mut state.failed_starts)?);
        state.shared = Some(Arc::clone(&process));
        Ok(process)
    }

    fn start(&self, spawn: &Spawn) -> Result<Process, NotStarted> {
        let mut failed = self.state.lock().failed_starts;
        let process = self.start_within(spawn, &mut failed);
        self.state.lock().failed_starts = failed;
        process
    }

    fn start_within(&self, spawn: &Spawn, failed: &mut usize) -> Result<Process, NotStarted> {
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let start_bound = left.map_or(spawn.start_bound, |left| left.min(spawn.start_bound));
        let in_time = Spawn {
            start_bound,
            ..spawn.clone()
        };
        start(&in_time, failed, &self.survivors)
    }
}

fn start(
    spawn: &Spawn,
    failed: &mut usize,
    survivors: &Arc<Survivors>,
) -> Result<Process, NotStarted> {
    if *failed >= FAILED_STARTS {
        return Err(NotStarted {
            why: format!(
                "`{}` failed to start {failed} times in a row",
                spawn.command
            ),
            output: String::new(),
        });
    }
    let process = Process::start(spawn, survivors);
    *failed = match process {
        Ok(_) => 0,
        Err(_) => *failed + 1,
    };
    process
}
