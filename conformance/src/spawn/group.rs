//! The processes of a target, which the runner ends together. A target's process is the leader of a process group. It may
//! start processes that leave this group; on Linux the runner finds them, too.
//!
//! All running targets are in one list. If a signal ends the runner, no destructor runs. So an interrupted runner itself ends
//! all targets of this list before it exits.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Survivors;
use super::system::{self, Kin, Named};
use super::tag::Tag;

/// Maximum time to wait until killed processes have ended. A process that waits for a broken disk does not end in time, and
/// a process of another user cannot be killed.
const DYING: Duration = Duration::from_secs(1);

/// The pause before the runner looks again for processes that it has killed.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

static GROUPS: Mutex<Groups> = Mutex::new(Groups {
    living: Vec::new(),
    closed: false,
    watcher: None,
});

struct Groups {
    living: Vec<Living>,
    /// Whether the runner is about to end. If it is, no group may be started.
    closed: bool,
    /// The pipe to the process that ends all targets if the runner is killed.
    watcher: Option<ChildStdin>,
}

/// A target in the list.
pub(super) struct Living {
    pub(super) leader: u32,
    /// The directory to remove after the end of the target.
    pub(super) scratch: PathBuf,
    pub(super) survivors: Arc<Survivors>,
}

impl Groups {
    /// Tells the watcher that a group was started (`+`) or has ended (`-`).
    fn tell(&mut self, sign: char, leader: u32) {
        if let Some(watcher) = &mut self.watcher {
            // If the watcher has ended, the only effect is that a killed runner leaves its targets behind.
            let _ = writeln!(watcher, "{sign}{leader}");
        }
    }
}

/// Sets the pipe to the watcher; `None` closes the pipe.
pub(super) fn watched_by(pipe: Option<ChildStdin>) {
    GROUPS.lock().watcher = pipe;
}

/// Puts the command into a group of its own, so that a Ctrl-C in the terminal reaches only the runner.
pub(super) fn separate(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Starts the command, and adds its group to the list.
pub(super) fn start(
    command: &mut Command,
    living: impl FnOnce(u32) -> Living,
) -> io::Result<Child> {
    // The lock is held during the start, so that an interruption finds every group that was started.
    let mut groups = GROUPS.lock();
    if groups.closed {
        return Err(io::Error::other("the run was interrupted"));
    }
    let child = command.spawn()?;
    groups.living.push(living(child.id()));
    groups.tell('+', child.id());
    Ok(child)
}

/// Kills all processes of the target with SIGKILL, which they cannot ignore, and removes the target from the list. Returns the
/// processes that would have continued: if the command has ended by itself, these are all processes that it started;
/// otherwise they are those that have left the group of the command.
pub(super) fn end(child: &mut Child, tag: &Tag) -> Vec<Named> {
    let leader = child.id();
    let is_it = |living: &Living| living.leader == leader;
    if !GROUPS.lock().living.iter().any(is_it) {
        return Vec::new();
    }
    let has_ended = system::has_ended(child);
    // The target is still in the list, so that an interruption ends the target even if the interruption comes before this
    // thread has killed all processes. The lock is free, so that other targets can start and end at the same time.
    let killed = kill_all(&[leader], tag);
    #[cfg(not(unix))]
    let _ = child.kill();
    let mut groups = GROUPS.lock();
    groups.living.retain(|living| !is_it(living));
    groups.tell('-', leader);
    drop(groups);
    let survives = |killed: &Killed| has_ended || killed.group != leader;
    named(killed.into_iter().filter(survives))
}

/// A process that was killed.
pub(super) struct Killed {
    group: u32,
    named: Named,
}

fn named(killed: impl Iterator<Item = Killed>) -> Vec<Named> {
    killed.map(|killed| killed.named).collect()
}

/// Kills the targets with these leaders, and all processes that have the tag. Returns the killed processes when they have
/// ended, or when the time limit has passed.
pub(super) fn kill_all(leaders: &[u32], tag: &Tag) -> Vec<Killed> {
    let mut killed: BTreeMap<u32, Killed> = BTreeMap::new();
    let mut times_empty = 0;
    let mut is_first = true;
    let until = Instant::now() + DYING;
    loop {
        // The list is read before the first kill: some processes belong to the target only because their parent does, and
        // when the parent has ended, they have another parent.
        let left = system::kin(leaders, tag);
        for process in &left {
            killed.entry(process.pid()).or_insert_with(|| Killed {
                group: process.group(),
                named: process.named(),
            });
        }
        if is_first {
            leaders.iter().for_each(|leader| kill_group(*leader));
        }
        is_first = false;
        left.iter().for_each(Kin::kill);
        // A process that is just being started may be missing from the list. So the list must be empty twice in a row.
        times_empty = if left.is_empty() { times_empty + 1 } else { 0 };
        if times_empty == 2 || Instant::now() >= until {
            return killed.into_values().collect();
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    let group = i32::try_from(leader)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // The kill fails only if no process of the group is left.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_leader: u32) {}

/// Kills all targets, and removes their scratch directories. After this no target can be started: the runner is about to end.
pub fn end_all() {
    let mut groups = GROUPS.lock();
    groups.closed = true;
    let leaders: Vec<u32> = groups.living.iter().map(|living| living.leader).collect();
    let killed = kill_all(&leaders, &Tag::of_this_run());
    let outside = killed
        .into_iter()
        .filter(|killed| !leaders.contains(&killed.group));
    // All targets of a run share one list of survivors.
    if let Some(living) = groups.living.first() {
        living.survivors.add(named(outside).into_iter());
    }
    for living in &groups.living {
        // If this fails, files are left in the directory for temporary files, which does no harm.
        let _ = std::fs::remove_dir_all(&living.scratch);
    }
}
