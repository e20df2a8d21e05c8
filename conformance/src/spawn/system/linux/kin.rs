//! The processes of a target: the process that the runner started, the processes that this process started, the processes
//! that those started, and so on.
//!
//! A process belongs to the target if the runner can prove it in one of these ways:
//!
//! * it is in the process group of the command;
//! * its environment has the tag of the start;
//! * its session was created by a process that belongs to the target;
//! * its parent belongs to the target.

use std::collections::BTreeSet;
use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use super::stat::{self, Stat};
use crate::spawn::system::Named;
use crate::spawn::tag::Tag;

/// A process that belongs to a target.
#[derive(Debug)]
pub(in crate::spawn) struct Kin(Stat);

impl Kin {
    /// Returns the id of the process.
    pub(in crate::spawn) fn pid(&self) -> u32 {
        self.0.pid
    }

    /// Returns the process group.
    pub(in crate::spawn) fn group(&self) -> u32 {
        self.0.group
    }

    /// Returns the process with its command line.
    pub(in crate::spawn) fn named(&self) -> Named {
        stat::named(self.0.pid)
    }

    /// Kills the process with SIGKILL, which it cannot ignore. Does nothing if the process has ended, even if another
    /// process has its id now.
    pub(in crate::spawn) fn kill(&self) {
        let Some(pid) = i32::try_from(self.0.pid).ok().and_then(Pid::from_raw) else {
            return;
        };
        let is_same = || Stat::of(self.0.pid).is_some_and(|now| now.started == self.0.started);
        // The descriptor always refers to the same process. So the process that is checked is also the process that is
        // killed. Both calls fail only if the process has ended, or if it belongs to another user.
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) if is_same() => drop(pidfd_send_signal(process, Signal::KILL)),
            // A kernel before 5.3 has no such descriptors.
            Err(Errno::NOSYS) if is_same() => drop(kill_process(pid, Signal::KILL)),
            _ => {}
        }
    }
}

/// Returns the living processes that belong to the start with this tag, or to a process group with one of these leaders.
pub(in crate::spawn) fn kin(leaders: &[u32], tag: &Tag) -> Vec<Kin> {
    let own = std::process::id();
    let Some(runner) = Stat::of(own) else {
        return Vec::new();
    };
    let all: Vec<Stat> = stat::processes()
        .filter(|process| process.pid != own && process.started >= runner.started)
        .collect();
    let belongs = |process: &&Stat| leaders.contains(&process.group) || has_tag(process.pid, tag);
    let mut found: BTreeSet<u32> = all
        .iter()
        .filter(belongs)
        .map(|process| process.pid)
        .collect();
    loop {
        let is_found = |process: &&Stat| found.contains(&process.pid);
        // Two sessions prove nothing. Processes of the target that created no session are in the session of the runner, as
        // many others are. Session 0 stands for all sessions outside of this PID namespace.
        let sessions: BTreeSet<u32> = all
            .iter()
            .filter(is_found)
            .map(|process| process.session)
            .filter(|session| *session != runner.session && *session != 0)
            .collect();
        let more: Vec<u32> = all
            .iter()
            .filter(|process| !found.contains(&process.pid))
            .filter(|process| {
                sessions.contains(&process.session) || found.contains(&process.parent)
            })
            .map(|process| process.pid)
            .collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    let kin = all
        .into_iter()
        .filter(|process| found.contains(&process.pid));
    kin.map(Kin).collect()
}

/// Returns whether the environment of the process has the tag. The environment of another user's process cannot be read; then
/// the process does not count as ours.
fn has_tag(pid: u32, tag: &Tag) -> bool {
    fs::read(stat::folder(pid).join("environ")).is_ok_and(|environment| tag.is_in(&environment))
}
