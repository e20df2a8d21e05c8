//! The work of a target, its threads and its descriptors.
//!
//! The runner observes a target several times in each case. So it asks for the connections of the target only if their number
//! may have changed.

use std::fs;
use std::path::{Path, PathBuf};

use super::sockets::{connections_of_port, descriptors};
use super::stat::{Stat, folders};
use crate::spawn::system::{Observation, Work};

/// The processes of a group: their folders in /proc.
#[derive(Debug)]
pub struct Members(Vec<PathBuf>);

/// Returns all processes of the group, or `None` if there are none. A zombie whose parent is the runner does not count.
/// There may be many: if the runner is the first process of a container, it becomes the parent of every process whose own
/// parent has ended.
pub(in crate::spawn) fn members(leader: u32) -> Option<Members> {
    let runner = std::process::id();
    let is_member = |stat: Stat| stat.group == leader && !(stat.is_zombie && stat.parent == runner);
    let found: Vec<PathBuf> = folders()
        .filter(|folder| Stat::read(folder).is_some_and(is_member))
        .collect();
    (!found.is_empty()).then_some(Members(found))
}

impl Members {
    /// Returns the work of these processes together, or `None` if all of them have ended.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        let mut sum = None;
        for process in &self.0 {
            let Some(stat) = Stat::read(process) else {
                continue;
            };
            let sum = sum.get_or_insert_with(Work::default);
            sum.processor += stat.processor;
            sum.running += running_threads(process);
        }
        sum
    }
}

/// Observes all processes of the group. Returns `None` if there are none, or if the runner has no permission to observe
/// them.
///
/// Connections are counted only if there are more sockets than in `before`. Otherwise the result has the same number of
/// connections as `before`.
pub(in crate::spawn) fn observe(
    leader: u32,
    port: u16,
    before: Option<Observation>,
) -> Option<Observation> {
    let mut seen = Observation::default();
    let mut inodes = Vec::new();
    for process in members(leader)?.0 {
        let Some(stat) = Stat::read(&process) else {
            continue;
        };
        let descriptors = descriptors(&process)?;
        seen.threads += stat.threads;
        seen.descriptors += descriptors.len();
        inodes.extend(descriptors.into_iter().flatten());
    }
    seen.sockets = inodes.len();
    seen.connections = match before {
        Some(before) if seen.sockets <= before.sockets => before.connections,
        _ => {
            let connections = connections_of_port(port);
            let of_port = |inode: &&u64| connections.contains(*inode);
            inodes.iter().filter(of_port).count()
        }
    };
    Some(seen)
}

/// Returns the number of threads that run or are ready to run. A thread that ends during the count is not counted.
fn running_threads(process: &Path) -> usize {
    let threads = fs::read_dir(process.join("task"));
    threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok())
        .filter(|stat| {
            stat.rsplit_once(") ")
                .is_some_and(|(_, rest)| rest.starts_with('R'))
        })
        .count()
}
