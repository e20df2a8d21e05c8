//! A process that outlives the runner. If the runner is killed with SIGKILL, it cannot end the targets that it started. Then
//! the watcher ends them.
//!
//! The watcher reads a pipe to which only the runner writes. The system closes the pipe when the runner ends, however it ends.

use std::collections::BTreeSet;
use std::io::{self, BufRead};
use std::process::{Child, Command, Stdio};

use super::tag::Tag;
use super::{group, scratch};

/// The watcher of this run. When this value is dropped, the watcher ends.
#[derive(Debug)]
pub struct Watcher(Child);

impl Watcher {
    /// Starts the watcher. `program` is a command that calls [`watch`] with its last argument and its standard input. This
    /// function adds that argument.
    ///
    /// # Errors
    ///
    /// Fails if the system cannot start the command.
    pub fn start(mut program: Command) -> io::Result<Watcher> {
        program
            .arg(Tag::of_this_run().run())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Ctrl-C in the terminal does not reach the group of the watcher.
        group::separate(&mut program);
        let mut child = program.spawn()?;
        group::watched_by(child.stdin.take());
        Ok(Watcher(child))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        group::watched_by(None);
        // The pipe is closed, so the watcher ends soon. If the wait fails, no process is left to wait for.
        let _ = self.0.wait();
    }
}

/// Waits until the runner of this run has ended. Then kills all targets that are left, and removes their scratch directories.
/// Each line names the leader of a group that was started (`+`) or has ended (`-`).
pub fn watch(run: &str, lines: impl BufRead) {
    let mut leaders = BTreeSet::new();
    for line in lines.lines().map_while(Result::ok) {
        match line.split_at_checked(1) {
            Some(("+", leader)) => leaders.extend(leader.parse::<u32>().ok()),
            Some(("-", leader)) => drop(leader.parse().map(|leader: u32| leaders.remove(&leader))),
            _ => {}
        }
    }
    let leaders: Vec<u32> = leaders.into_iter().collect();
    group::kill_all(&leaders, &Tag::of_run(run));
    scratch::sweep();
}
