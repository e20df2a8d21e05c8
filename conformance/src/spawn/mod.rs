//! A target that the runner starts itself: a command with a process group and a scratch directory of its own.
//!
//! | file | what |
//! |---|---|
//! | `start` | from a command to a process that is ready |
//! | `process` | a process while it runs, and its end |
//! | `log` | its output, bounded |
//! | `group` | ends whole process groups, also when the runner is interrupted |
//! | `observe` | what the system reports about it: processor time, threads, open connections |

mod group;
mod log;
mod observe;
mod process;
mod start;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use group::end_all;
pub use log::{Log, Mark};
pub use observe::{Members, Observation, Work};
pub use process::Process;

/// The placeholder for the port in a command, a directory and an environment.
pub const PORT: &str = "{port}";

/// The placeholder for the scratch directory in the same places.
pub const SCRATCH: &str = "{scratch}";

/// The default time limit of a start.
pub const START_BOUND: Duration = Duration::from_secs(10);

/// How the runner starts a target.
#[derive(Debug, Clone)]
pub struct Spawn {
    /// The command, as it is typed into a shell; [`PORT`] and [`SCRATCH`] are replaced.
    pub command: String,
    /// The working directory; the current one if not given. May hold [`SCRATCH`].
    pub directory: Option<String>,
    /// Added to the environment; the values may hold [`PORT`] and [`SCRATCH`].
    pub environment: Vec<(String, String)>,
    /// The target is ready when it writes a line with this text; if not given, when its port answers.
    pub ready_line: Option<String>,
    /// The target must be ready within this time.
    pub start_bound: Duration,
    /// The address where the target listens; if not given, loopback with a port that is chosen for each start.
    pub address: Option<SocketAddr>,
}

impl Spawn {
    /// Returns a plain command with default settings.
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

    /// Returns whether the command receives the port.
    #[must_use]
    pub fn takes_a_port(&self) -> bool {
        let environment = self.environment.iter().map(|(_, value)| value);
        std::iter::once(&self.command)
            .chain(environment)
            .any(|text| text.contains(PORT))
    }

    /// Returns whether only one process of this command can run at a time.
    #[must_use]
    pub fn is_bound_to_a_port(&self) -> bool {
        self.address.is_some()
    }
}

/// The reason why a target did not become ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// What happened, and what to do, in words.
    pub why: String,
    /// The output of the target.
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
