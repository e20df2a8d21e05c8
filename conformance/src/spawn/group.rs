//! Process groups: a process and everything that it starts are one group, and end together.
//!
//! The living groups are listed in one place, so that an interrupted runner can end them before it exits: a signal runs
//! no destructors.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};

use parking_lot::Mutex;

static LIVING: Mutex<Vec<Living>> = Mutex::new(Vec::new());

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
    let mut living = LIVING.lock();
    let child = command.spawn()?;
    living.push(Living {
        leader: child.id(),
        scratch,
    });
    Ok(child)
}

/// Kills the group, and removes it from the list. No process of the group can refuse.
pub(super) fn end(child: &mut Child) {
    let mut living = LIVING.lock();
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

/// Sets the handler of interruptions (Ctrl-C, a termination, a terminal that is closed). From now on an interruption
/// ends all groups and removes their scratch directories. Then it ends the runner in the way in which it would have
/// ended anyway.
///
/// # Errors
///
/// If the system gives no handler or no thread.
#[cfg(unix)]
pub fn end_all_when_interrupted() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            // Stays locked: nothing starts any more.
            let living = LIVING.lock();
            for group in living.iter() {
                kill(group.leader);
                // A leftover in a directory for temporary files does no harm.
                let _ = std::fs::remove_dir_all(&group.scratch);
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    std::thread::Builder::new()
        .name("interruption".to_owned())
        .spawn(wait)
        .map(|_| ())
}

/// Does nothing: on other systems the console ends the target together with the runner.
///
/// # Errors
///
/// Never.
#[cfg(not(unix))]
pub fn end_all_when_interrupted() -> io::Result<()> {
    Ok(())
}
