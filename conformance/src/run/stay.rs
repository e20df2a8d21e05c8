//! The access of one case to the target, and what the process of the target has served before.

use std::net::SocketAddr;

use crate::spawn::{Log, Mark, Observation, Process};

/// What a process has served before a case.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct History {
    /// The number of cases.
    pub(crate) cases: usize,
    /// The highest number of clients in one of these cases.
    pub(crate) most_clients: usize,
    /// The first observation of the process; `None` if the system reports nothing.
    pub(crate) first: Option<Observation>,
}

/// The access of one case to the target: its address and, if the runner started it, its process. No other case uses this
/// process at the same time.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) address: SocketAddr,
    pub(crate) process: Option<Process>,
    pub(crate) history: History,
    pub(crate) mark: Mark,
    pub(crate) before: Option<Observation>,
}

impl History {
    /// Returns this history with one more case, which had this number of clients.
    pub(crate) fn with(self, clients: usize) -> History {
        History {
            cases: self.cases + 1,
            most_clients: self.most_clients.max(clients),
            ..self
        }
    }
}

impl Stay {
    /// Returns the access to a server that the runner did not start.
    pub(crate) fn at(address: SocketAddr) -> Stay {
        Stay {
            address,
            process: None,
            history: History::default(),
            mark: Log::beginning(),
            before: None,
        }
    }

    /// Returns the access to a process that has just been started.
    pub(crate) fn on_fresh(process: Process) -> Stay {
        let before = process.observe(None);
        Stay {
            address: process.address(),
            history: History {
                first: before,
                ..History::default()
            },
            mark: Log::beginning(),
            before,
            process: Some(process),
        }
    }

    /// Returns the access to a process that has served other cases.
    pub(crate) fn on_used(process: Process, history: History) -> Stay {
        Stay {
            address: process.address(),
            mark: process.log().mark(),
            before: process.observe(None),
            history,
            process: Some(process),
        }
    }
}
