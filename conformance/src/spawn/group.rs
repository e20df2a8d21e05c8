//! Process groups: a process and everything that it starts are one group, and end together.
//!
//! The living groups are listed in one place, so that an interrupted runner can end them before it exits: a signal runs
//! no destructors.

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
    /// Whether no group may start any more.
    closed: bool,
}

struct Living {
    leader: u32,
    scratch: PathBuf,
}

/// Makes the command start its own group: a Ctrl-C in the terminal is for the runner alone.
pub(super) fn separate(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Starts the command, and lists the group together with its scratch directory.
pub(super) fn start(command: &mut Command, scratch: PathBuf) -> io::Result<Child> {
    // Held during the start, so that an interruption finds every group.
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

/// Kills the group, and removes it from the list. No process of the group can refuse.
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
        // Fails only if no process of the group is left.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(_leader: u32) {}

/// Ends all groups, removes their scratch directories, and starts no more: the runner itself is about to end.
pub fn end_all() {
    let mut groups = GROUPS.lock();
    groups.closed = true;
    for group in &groups.living {
        kill(group.leader);
        // A leftover in a directory for temporary files does no harm.
        let _ = std::fs::remove_dir_all(&group.scratch);
    }
}
