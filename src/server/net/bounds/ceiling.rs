//! How many connections the server can have on this machine. Each connection needs one thread and
//! one descriptor.
//!
//! The server must know its maximum number of connections before the first client connects. A Rust
//! thread takes four memory mappings. When the process has reached the system's limit of mappings,
//! spawning a thread does not return an error: the new thread *aborts* the process. And without a
//! free descriptor, the server could not even accept a connection in order to refuse it.
//!
//! A *descriptor* is the number of an open file, socket or pipe. The system limits how many a
//! process may have open (`ulimit -n`). The descriptors are divided before the first client
//! connects. Some are reserved for the server itself. Each connection may take one descriptor. The
//! rest is for things that only some connections need, such as the pipes of tunnels
//! ([`Ceiling::spare`]).

use crate::net::sys;

/// Threads that are reserved for everything that is not a connection: main, signals, logger,
/// listeners, clocks. If the system allows only a few threads, half of them are reserved.
const RESERVED_THREADS: u64 = 64;

/// Descriptors that are reserved for the files of the database, and for files that a library opens
/// for a moment.
const RESERVED_DESCRIPTORS: u64 = 12;

/// Descriptors of a listener: its socket, the two ends of a pipe, and a spare descriptor. When no
/// other descriptor is left, the listener closes the spare descriptor. Then it can accept a
/// connection in order to refuse it.
const PER_LISTENER: u64 = 4;

/// Of the remaining descriptors, one in this many (one eighth) is reserved for the pipes of
/// tunnels, but at most [`PIPES_MOST`] descriptors.
const PIPES_PART: u64 = 8;

/// Maximum number of descriptors that are reserved for pipes: enough for 128 tunnels.
const PIPES_MOST: u64 = 512;

/// Maximum number of threads if the system does not report its limits.
const MODEST_CEILING: u64 = 2000;

/// The descriptors and threads that this process may use.
#[derive(Debug, Clone, Copy)]
pub(in crate::net) struct Machine {
    /// Number of descriptors that are free now; `None` if there is no limit.
    descriptors: Option<u64>,
    /// Number of threads that may be started; `None` if this number is not known.
    threads: Option<u64>,
}

/// How many connections the server may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct Ceiling {
    /// Maximum number of connections at the same time. Zero when there are not enough descriptors
    /// or threads for a single connection.
    pub(in crate::net) connections: usize,
    /// Number of descriptors that are left when all these connections are open.
    pub(in crate::net) spare: usize,
}

impl Machine {
    /// Raises the limit of descriptors as far as the system allows, and then asks the system for
    /// its limits.
    pub(in crate::net) fn this_one() -> Machine {
        let limit = sys::raise_open_files();
        Machine {
            descriptors: limit.map(|limit| limit.saturating_sub(sys::open_descriptors())),
            threads: sys::threads().or(Some(MODEST_CEILING)),
        }
    }

    /// Returns how many connections the server may have: as many as this machine allows, but at
    /// most `wanted`.
    pub(in crate::net) fn ceiling(self, wanted: Option<usize>, listeners: usize) -> Ceiling {
        let wanted = wanted.map_or(u64::MAX, |wanted| wanted as u64);
        let threads = self.threads.map_or(u64::MAX, |threads| {
            threads - RESERVED_THREADS.min(threads / 2)
        });
        let kept = RESERVED_DESCRIPTORS + PER_LISTENER * listeners as u64;
        let free = self.descriptors.map(|free| free.saturating_sub(kept));
        let descriptors = free.map_or(u64::MAX, |free| free - (free / PIPES_PART).min(PIPES_MOST));
        let connections = wanted.min(threads).min(descriptors);
        let spare = free.map_or(u64::MAX, |free| free - connections);
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Ceiling {
            connections: count(connections),
            spare: count(spare),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of (free descriptors, threads, wanted connections, ceiling with one listener).
    #[test]
    fn every_descriptor_is_for_the_server_for_a_connection_or_for_pipes() {
        let rows = [
            (Some(3), Some(1000), None, (0, 0)),
            (Some(16), Some(1000), None, (0, 0)),
            (Some(17), Some(1000), None, (1, 0)),
            (Some(56), Some(1000), None, (35, 5)),
            (Some(1016), Some(10_000), None, (875, 125)),
            (Some(1016), Some(10_000), Some(100), (100, 900)),
            (Some(1_000_016), Some(30_064), None, (30_000, 970_000)),
            (Some(1016), Some(40), None, (20, 980)),
            (None, Some(2064), None, (2000, usize::MAX)),
        ];
        for (descriptors, threads, wanted, (connections, spare)) in rows {
            let machine = Machine {
                descriptors,
                threads,
            };
            let expected = Ceiling { connections, spare };
            assert_eq!(machine.ceiling(wanted, 1), expected, "{machine:?}");
        }
    }

    #[test]
    fn this_machine_carries_a_connection() {
        let machine = Machine::this_one();
        assert!(machine.ceiling(None, 1).connections >= 1);
        assert_eq!(machine.ceiling(Some(10), 1).connections, 10);
    }
}
