//! What the system reports about processes and sockets. On Linux these facts are in /proc. Other systems report nothing: there
//! the runner knows only the process group of a target.
//!
//! | file | what |
//! |---|---|
//! | `linux/stat` | the processes of the machine: their groups, sessions, parents, threads and times |
//! | `linux/kin` | the processes of a target: what it started, also in the background |
//! | `linux/sockets` | the sockets of the machine, and the processes that own them |
//! | `linux/observe` | processor time, threads, open connections of a target |
//! | `elsewhere` | the same functions for other systems |

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use std::fmt;

use serde::Serialize;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Members;
#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{Kin, has_ended, kin, listener, members, observe};
#[cfg(target_os = "linux")]
pub use linux::Members;
#[cfg(target_os = "linux")]
pub(super) use linux::{Kin, has_ended, kin, listener, members, observe};

/// A process, as text for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The id of the process.
    pub pid: u32,
    /// The command line of the process, shortened.
    pub command: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} (`{}`)", self.pid, self.command)
    }
}

/// The owner of the socket that a client reaches at an address.
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "other systems do not report who listens")
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listener {
    /// No process listens at the address.
    Missing,
    /// The target listens there.
    Target,
    /// Processes that the runner did not start listen there. The list is empty if the system does not name them.
    Strangers(Vec<Named>),
}

/// The threads and descriptors of a target at one moment, including those of all other processes in its process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Observation {
    /// The number of the target's threads.
    pub threads: usize,
    /// The number of the target's descriptors, of any kind.
    pub descriptors: usize,
    /// The number of connections at the target's port. The listening socket is not counted.
    pub connections: usize,
    /// The number of the target's descriptors that are sockets.
    sockets: usize,
}

/// The work of a target up to one moment, including the work of all other processes in its process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Processor time since the start of the target, in hundredths of a second.
    pub processor: u64,
    /// The number of threads that run or are ready to run.
    pub running: usize,
}
