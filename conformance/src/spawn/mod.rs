//! A target that we start ourselves: a command, run in a process group and with a scratch directory of its own.
//!
//! | file | what |
//! |---|---|
//! | `start` | from a command to a process that is ready |
//! | `process` | a process while it runs, and its end |
//! | `log` | what it writes, bounded |
//! | `group` | whole families of processes are ended, also when the runner is interrupted |
//! | `observe` | what the system tells about it: processor time, threads, open connections |

mod group;
mod log;
mod observe;
mod process;
mod start;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use group::end_all_when_interrupted;
pub use log::{Log, Mark};
pub use observe::Observation;
pub use process::Process;

/// Stands for the port in a command, a directory and an environment.
pub const PORT: &str = "{port}";

/// Stands for the scratch directory there.
pub const SCRATCH: &str = "{scratch}";

/// So long a start may take where nobody says it.
pub const START_BOUND: Duration = Duration::from_secs(10);

/// How a target is started.
#[derive(Debug, Clone)]
pub struct Spawn {
    /// As one types it into a shell; [`PORT`] and [`SCRATCH`] are replaced.
    pub command: String,
    /// Where it runs; here, if not given. May hold [`SCRATCH`].
    pub directory: Option<String>,
    /// Added to the environment; the values may hold [`PORT`] and [`SCRATCH`].
    pub environment: Vec<(String, String)>,
    /// It is ready when a line with this text appears; if not given, when its port answers.
    pub ready_line: Option<String>,
    /// It must be ready by then.
    pub start_bound: Duration,
    /// Where it listens; if not given, on loopback at a port that is chosen anew for each start.
    pub address: Option<SocketAddr>,
}

impl Spawn {
    /// A command with nothing special about it.
    #[must_use]
    pub fn new(command: impl Into<String>) -> Spawn {
        Spawn {
            command: command.into(),
            directory: None,
            environment: Vec::new(),
            ready_line: None,
            start_bound: START_BOUND,
            address: None,
        }
    }

    /// Whether the target is told its port.
    #[must_use]
    pub fn takes_a_port(&self) -> bool {
        let environment = self.environment.iter().map(|(_, value)| value);
        std::iter::once(&self.command)
            .chain(environment)
            .any(|text| text.contains(PORT))
    }

    /// Whether only one of them can run at a time.
    #[must_use]
    pub fn is_bound_to_a_port(&self) -> bool {
        self.address.is_some()
    }
}

/// Why a target did not become ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// What happened, and what to do, in words.
    pub why: String,
    /// What it wrote.
    pub output: String,
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        if !self.output.is_empty() {
            write!(f, "; its output:\n{}", self.output.trim_end())?;
        }
        Ok(())
    }
}

impl std::error::Error for NotStarted {}
