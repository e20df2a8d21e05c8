//! Process groups. A target's process and all processes that it starts are one group, and the runner ends all of them
//! together.
//!
//! All running groups are in one list. If a signal interrupts the runner, its destructors do not run. So the runner ends all
//! groups of this list itself before it exits.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};

use parking_lot::Mutex;

static GROUPS: Mutex<Groups> = Mutex::new(Groups {
    living: Vec::new(),
    closed: false,
});

struct Groups {
    living: Vec<Living>,
    /// Whether the runner is about to end. If it is, no group may be started.
    closed: bool,
}

struct Living {
    leader: u32,
    scratch: PathBuf,
}

/// Puts the command into a group of its own, so that a Ctrl-C in the terminal reaches only the runner.
pub(super) fn separate(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Starts the command, and adds its group and its scratch directory to the list.
pub(super) fn start(command: &mut Command, scratch: PathBuf) -> io::Result<Child> {
    // The lock is held during the start, so that an interruption finds every group that was started.
    let mut groups = GROUPS.lock();
    if groups.closed {
        return Err(io::Error::other("the run was interrupted"));
    }
    let child = command.spawn()?;
    groups.living.push(Living {
        leader: child.id(),
        scratch,
    });
    Ok(child)
}

/// Kills all processes of the group with SIGKILL, which they cannot ignore, and removes the group from the list.
pub(super) fn end(child: &mut Child) {
    let living = &mut GROUPS.lock().living;
    let before = living.len();
    living.retain(|group| group.leader != child.id());
    if living.len() < before {
        kill(child.id());
        #[cfg(not(unix))]
        let _ = child.kill();
    }
}

#[cfg(unix)]
fn kill(leader: u32) {
    let group = i32::try_from(leader)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // The kill fails only if no process of the group is left.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(_leader: u32) {}

/// Kills all groups, and removes their scratch directories. After this no group can be started: the runner is about to end.
pub fn end_all() {
    let mut groups = GROUPS.lock();
    groups.closed = true;
    for group in &groups.living {
        kill(group.leader);
        // If this fails, files stay in the directory for temporary files, which does no harm.
        let _ = std::fs::remove_dir_all(&group.scratch);
    }
}
