//! How many connections this machine can carry, one thread for each.
//!
//! The number must be known before the first connection. A Rust thread takes four memory mappings,
//! and beyond the system's limit of mappings the process is *aborted* inside the new thread:
//! spawning does not return an error.

use crate::net::sys;

/// Threads that are kept for everything that is not a connection: main, signals, logger, listeners,
/// clocks.
const RESERVED_THREADS: usize = 64;

/// Files that are kept for everything that is not a connection, pipes of tunnels included.
const RESERVED_FILES: u64 = 512;

/// The ceiling where the system cannot be asked.
const MODEST_CEILING: usize = 2000;

/// Returns the maximum number of connections: what the operator wants, but at most what this
/// machine can carry.
pub(in crate::net) fn connection_ceiling(wanted: Option<usize>) -> usize {
    let files = sys::raise_open_files().map(|files| {
        let kept = RESERVED_FILES.min(files / 2);
        usize::try_from(files - kept).unwrap_or(usize::MAX)
    });
    let machine = [thread_ceiling(), files]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(MODEST_CEILING)
        .max(1);
    wanted.map_or(machine, |wanted| wanted.clamp(1, machine))
}

#[cfg(target_os = "linux")]
fn thread_ceiling() -> Option<usize> {
    let number = |path: &str| {
        std::fs::read_to_string(path)
            .ok()?
            .trim()
            .parse::<u64>()
            .ok()
    };
    // A thread has a stack and a signal stack, each with a guard. A sixteenth of the mappings, some
    // thousands, is kept for the heap and libraries.
    let mappings = number("/proc/sys/vm/max_map_count").map(|count| (count - count / 16) / 4);
    [
        mappings,
        number("/proc/sys/kernel/threads-max").map(|count| count / 2),
        number("/proc/sys/kernel/pid_max").map(|count| count / 2),
        number("/sys/fs/cgroup/pids.max"),
        sys::user_processes(),
    ]
    .into_iter()
    .flatten()
    .min()
    .map(|threads| {
        let threads = usize::try_from(threads).unwrap_or(usize::MAX);
        threads.saturating_sub(RESERVED_THREADS).max(1)
    })
}

#[cfg(not(target_os = "linux"))]
fn thread_ceiling() -> Option<usize> {
    Some(MODEST_CEILING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_is_never_above_what_the_operator_wants() {
        assert_eq!(connection_ceiling(Some(10)), 10);
        assert!(connection_ceiling(None) >= 1);
    }
}
