//! A target that the runner starts itself: a command with a process group and a scratch directory of its own.
//!
//! | file | what |
//! |---|---|
//! | `start` | starts the command |
//! | `ready` | waits until the process is ready |
//! | `complaint` | says in words why a target did not start |
//! | `process` | a process while it runs, and its end |
//! | `log` | the last part of its output |
//! | `scratch` | its scratch directory, and those that dead runs left behind |
//! | `tag` | the variable in the environment of all processes that a target starts |
//! | `group` | ends all these processes, also when the runner is interrupted |
//! | `watcher` | a process that does the same when the runner is killed |
//! | `system` | what the system reports: processes, sockets, processor time |

mod complaint;
mod group;
mod log;
mod process;
mod ready;
mod scratch;
mod start;
mod system;
mod tag;
mod watcher;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use complaint::in_list;
pub use group::end_all;
pub use log::{Log, Mark};
pub use process::{Process, Survivors};
pub use scratch::sweep;
pub use system::{Members, Named, Observation, Work};
pub use watcher::{Watcher, watch};

/// The placeholder for the port, in the command, the directory and the environment of a [`Spawn`].
pub const PORT: &str = "{port}";

/// The placeholder for the scratch directory, in the command, the directory and the environment of a [`Spawn`].
pub const SCRATCH: &str = "{scratch}";

/// The default time limit for the start of a target.
pub const START_BOUND: Duration = Duration::from_secs(10);

/// How the runner starts a target.
#[derive(Debug, Clone)]
pub struct Spawn {
    /// The command, as a user would type it into a shell. [`PORT`] and [`SCRATCH`] in the command are replaced by their
    /// values.
    pub command: String,
    /// The working directory; `None` for the current directory. It may contain [`SCRATCH`].
    pub directory: Option<String>,
    /// Variables that are added to the environment. Their values may contain [`PORT`] and [`SCRATCH`].
    pub environment: Vec<(String, String)>,
    /// The target is ready when it writes a line that contains this text. With `None`, it is ready when its port accepts
    /// connections.
    pub ready_line: Option<String>,
    /// Time limit for the start: within it, the target must be ready and must answer the first login.
    pub start_bound: Duration,
    /// The address where the target listens. `None`: loopback, with a free port that the runner chooses for each start.
    pub address: Option<SocketAddr>,
}

impl Spawn {
    /// Returns this command with default settings.
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

    /// Returns whether the command, or a variable of its environment, contains [`PORT`].
    #[must_use]
    pub fn takes_a_port(&self) -> bool {
        let environment = self.environment.iter().map(|(_, value)| value);
        std::iter::once(&self.command)
            .chain(environment)
            .any(|text| text.contains(PORT))
    }

    /// Returns whether the port is fixed. If it is, only one process of this command can run at a time.
    #[must_use]
    pub fn is_bound_to_a_port(&self) -> bool {
        self.address.is_some()
    }
}

/// The reason why a target did not become ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// A text for a person: what happened, and what to do.
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
