//! `conformance watch`: a process that ends the servers of a run if the runner is killed. Only `conformance run` starts it.

use std::io;
use std::process::Command;

use clap::Args;

use crate::cli::Outcome;
use crate::spawn::{Watcher, watch as watch_run};

/// The name of this command.
pub(in crate::cli) const NAME: &str = "watch";

/// Wait until a run has ended, and end the servers that it left behind
#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArguments {
    /// The id of the run
    run: String,
}

/// Waits until the runner has closed the standard input.
pub(in crate::cli) fn watch(arguments: &WatchArguments) -> Outcome {
    watch_run(&arguments.run, io::stdin().lock());
    Outcome::default()
}

/// Starts a watcher of this run. Returns `None` if that is not possible. Then the only effect is that a runner which is
/// killed leaves its servers behind.
pub(in crate::cli) fn start() -> Option<Watcher> {
    // On other systems a process cannot find the processes that another process has started.
    if !cfg!(unix) {
        return None;
    }
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.arg(NAME);
    Watcher::start(command).ok()
}
