//! The target of the cases: a server at an address, or processes that the runner starts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::spawn::{Named, NotStarted, Process, Spawn, Survivors};

use super::aftermath::Habits;
use super::stay::{History, Stay};

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
    /// A process serves one case after the other. The runner ends it only if it crashed, hung, or was in a bad state after a
    /// case. Cases that run at the same time have different processes.
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
    /// Wakes the cases that wait for a process.
    left: Condvar,
    /// Whether the target, when it was ready, did not answer at once. If so, each new process gets time for its first
    /// answer.
    answers_late: AtomicBool,
    pub(crate) habits: Habits,
    survivors: Arc<Survivors>,
}

#[derive(Debug)]
struct State {
    /// The processes that no case uses at the moment.
    idle: Vec<(Process, History)>,
    /// The number of cases that use a process, or start one.
    in_use: usize,
    /// The maximum number of processes at the same time.
    most: usize,
    failed_starts: usize,
}

impl Host {
    /// Returns the host of a run that plays at most `jobs` cases at the same time.
    pub(crate) fn new(target: Target, jobs: usize, deadline: Option<Instant>) -> Host {
        // Two processes cannot bind the same port.
        let is_bound =
            matches!(&target, Target::Spawned { spawn, .. } if spawn.is_bound_to_a_port());
        Host {
            target,
            deadline,
            state: Mutex::new(State {
                idle: Vec::new(),
                in_use: 0,
                most: if is_bound { 1 } else { jobs.max(1) },
                failed_starts: 0,
            }),
            left: Condvar::new(),
            answers_late: AtomicBool::new(false),
            habits: Habits::default(),
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

    /// Returns the command that starts the target.
    pub(crate) fn command(&self) -> Option<&str> {
        match &self.target {
            Target::Address(_) => None,
            Target::Spawned { spawn, .. } => Some(&spawn.command),
        }
    }

    /// Returns the access to a running target. Starts the target if no process is idle.
    pub(crate) fn enter(&self) -> Result<Stay, NotStarted> {
        self.enter_with(true)
    }

    /// Returns the access to a running target. If the runner starts the target, the process is new.
    pub(crate) fn enter_fresh(&self) -> Result<Stay, NotStarted> {
        self.enter_with(false)
    }

    fn enter_with(&self, may_be_used: bool) -> Result<Stay, NotStarted> {
        let spawn = match &self.target {
            Target::Address(address) => return Ok(Stay::at(*address)),
            Target::Spawned { spawn, .. } => spawn,
        };
        loop {
            if let Some((process, history)) = self.reserve(may_be_used) {
                return Ok(Stay::on_used(process, history));
            }
            match self.start(spawn) {
                Ok(process) => return Ok(Stay::on_fresh(process)),
                Err(failed) if self.is_only_one() => return Err(failed),
                // The target may need something that only one process can have, such as a second port. So this case waits
                // until another case leaves its process.
                Err(_) => {}
            }
        }
    }

    /// Waits until the case may have a process. Returns an idle process if `may_be_used`; `None` if the case must start one.
    fn reserve(&self, may_be_used: bool) -> Option<(Process, History)> {
        let mut state = self.state.lock();
        loop {
            let idle = state.idle.pop();
            if let Some((process, history)) = idle {
                if may_be_used && process.end().is_none() {
                    state.in_use += 1;
                    return Some((process, history));
                }
                if may_be_used || state.in_use + state.idle.len() + 1 >= state.most {
                    // End the process before another one starts, because both may need the same port.
                    MutexGuard::unlocked(&mut state, || drop(process));
                    continue;
                }
                state.idle.push((process, history));
            }
            if state.in_use < state.most {
                state.in_use += 1;
                return None;
            }
            self.left.wait(&mut state);
        }
    }

    /// Notes that a start failed. Returns `false` if other processes of the target are running; then the runner starts no more
    /// of them than run now.
    fn is_only_one(&self) -> bool {
        let mut state = self.state.lock();
        state.in_use -= 1;
        self.left.notify_all();
        let others = state.in_use + state.idle.len();
        if others > 0 {
            state.most = others;
            state.failed_starts = 0;
        }
        others == 0
    }

    /// Ends the stay of a case. `clients` is the number of clients in the case, if another case may use the process; with
    /// `None` the process ends.
    pub(crate) fn leave(&self, stay: Stay, clients: Option<usize>) {
        let Target::Spawned { lifetime, .. } = &self.target else {
            return;
        };
        let kept = stay
            .process
            .zip(clients)
            .filter(|(process, _)| *lifetime == Lifetime::Run && process.end().is_none());
        let history = stay.history;
        let mut state = self.state.lock();
        if let Some((process, clients)) = kept {
            state.idle.push((process, history.with(clients)));
        }
        state.in_use -= 1;
        self.left.notify_all();
    }

    /// Ends the idle processes.
    pub(crate) fn end_idle(&self) {
        let idle = std::mem::take(&mut self.state.lock().idle);
        drop(idle);
    }

    /// Notes that the target did not answer as soon as it was ready.
    pub(crate) fn note_late_answer(&self) {
        self.answers_late.store(true, Ordering::Relaxed);
    }

    /// Returns whether this process needs time for its first answer.
    pub(crate) fn awaits_answer(&self, process: &Process) -> bool {
        self.answers_late.load(Ordering::Relaxed) && process.start_up().is_none()
    }

    /// Returns the processes that the target started and that the runner had to end. The list is complete only when all
    /// processes of the target have ended.
    pub(crate) fn survivors(&self) -> Vec<Named> {
        self.survivors.list()
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
