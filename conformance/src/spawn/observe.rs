//! What the system reports about a group of processes. On Linux these facts are in /proc. On other systems the runner
//! observes nothing.
//!
//! Two actions are slow: reading the table of all connections of the machine, and searching through all its processes. The
//! runner observes a target several times in each case. So it repeats these actions only if their results may have changed.

/// The threads and descriptors of a target at one moment, including those of all processes that it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Observation {
    /// The number of the target's threads.
    pub threads: usize,
    /// The number of the target's descriptors, of any kind.
    pub descriptors: usize,
    /// The number of connections at the target's port. The listening socket is not counted.
    pub connections: usize,
    /// The number of the target's descriptors that are sockets.
    sockets: usize,
}

/// The work that a target has done until one moment, including the work of all processes that it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Processor time since the start of the target, in hundredths of a second.
    pub processor: u64,
    /// The number of threads that run or are ready to run.
    pub running: usize,
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Members;
#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{listens, members, observe};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{Observation, Work};

    /// A placeholder: this system does not report the processes of a group.
    #[derive(Debug)]
    pub struct Members;

    impl Members {
        /// Returns `None`: this system does not report the work of processes.
        #[must_use]
        pub fn work(&self) -> Option<Work> {
            None
        }
    }

    pub(in crate::spawn) fn members(_leader: u32) -> Option<Members> {
        None
    }

    pub(in crate::spawn) fn observe(
        _leader: u32,
        _port: u16,
        _before: Option<Observation>,
    ) -> Option<Observation> {
        None
    }

    /// Returns `None`: this system does not report whether a process listens on a port.
    pub(in crate::spawn) fn listens(_port: u16) -> Option<bool> {
        None
    }
}

#[cfg(target_os = "linux")]
pub use linux::Members;
#[cfg(target_os = "linux")]
pub(super) use linux::{listens, members, observe};

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader};
    use std::path::{Path, PathBuf};

    use super::{Observation, Work};

    /// The state of a listening socket, in /proc/net/tcp.
    const LISTENS: &str = "0A";

    /// The length of a line of /proc/net/tcp, in bytes. The lines of /proc/net/tcp6 are longer, which does no harm.
    const LINE: usize = 150;

    /// The processes of a group: their folders in /proc.
    #[derive(Debug)]
    pub struct Members(Vec<PathBuf>);

    /// Returns all processes of the group, or `None` if there are none.
    pub(in crate::spawn) fn members(leader: u32) -> Option<Members> {
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let found: Vec<PathBuf> = processes
            .map(|process| process.path())
            .filter(|path| Stat::read(path).is_some_and(|stat| stat.group == leader))
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
            let descriptors = sockets_and_others(&process)?;
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

    /// The fields of /proc/PID/stat that are needed.
    struct Stat {
        group: u32,
        processor: u64,
        threads: usize,
    }

    impl Stat {
        fn read(process: &Path) -> Option<Stat> {
            // Skip the other entries of /proc: the folder of a process has a number as its name.
            process.file_name()?.to_str()?.parse::<u32>().ok()?;
            let text = fs::read_to_string(process.join("stat")).ok()?;
            // The second field is the name in parentheses. The name may contain any character, so the third field begins
            // after the last `)`.
            let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
            let number = |of: usize| fields.get(of - 3)?.parse::<u64>().ok();
            let (user, system) = (number(14)?, number(15)?);
            Some(Stat {
                group: u32::try_from(number(5)?).ok()?,
                processor: user + system,
                threads: usize::try_from(number(20)?).ok()?,
            })
        }
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

    /// Returns an entry for each descriptor: the inode of its socket, or `None` if it is not a socket.
    fn sockets_and_others(process: &Path) -> Option<Vec<Option<u64>>> {
        let descriptors = fs::read_dir(process.join("fd")).ok()?.flatten();
        let inode = |target: &Path| {
            let name = target.to_str()?.strip_prefix("socket:[")?;
            name.strip_suffix(']')?.parse().ok()
        };
        Some(
            descriptors
                .map(|descriptor| inode(&fs::read_link(descriptor.path()).ok()?))
                .collect(),
        )
    }

    /// Returns whether a process listens on this port.
    pub(in crate::spawn) fn listens(port: u16) -> Option<bool> {
        let four = File::open("/proc/net/tcp").ok()?;
        // A system without IPv6 does not have this table.
        let six = File::open("/proc/net/tcp6").ok();
        Some(
            [Some(four), six]
                .into_iter()
                .flatten()
                .any(|table| listening_sockets(table).any(|socket| socket.port == port)),
        )
    }

    /// Reads only the listening sockets of a table, which are at its beginning. The reads are small, so that the system does
    /// not produce the rest of the table. To list the connections in that rest, the system would search its whole hash
    /// table.
    fn listening_sockets(table: File) -> impl Iterator<Item = Socket> {
        let lines = BufReader::with_capacity(LINE, table).lines().skip(1);
        let sockets = lines.map_while(Result::ok).map_while(|line| socket(&line));
        sockets.take_while(|socket| socket.listens)
    }

    /// Returns the inodes of all sockets with this local port, except listening ones.
    fn connections_of_port(port: u16) -> BTreeSet<u64> {
        ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .flat_map(fs::read_to_string)
            .flat_map(|table| {
                let of_port = |socket: &Socket| socket.port == port && !socket.listens;
                let sockets = table.lines().filter_map(socket).filter(of_port);
                sockets.map(|socket| socket.inode).collect::<Vec<_>>()
            })
            .collect()
    }

    struct Socket {
        port: u16,
        inode: u64,
        listens: bool,
    }

    /// Parses a line with the columns number, local address, remote address, state, ..., inode. Returns `None` for the
    /// heading, which has no port.
    fn socket(line: &str) -> Option<Socket> {
        let mut fields = line.split_whitespace();
        let (_, port) = fields.nth(1)?.rsplit_once(':')?;
        Some(Socket {
            port: u16::from_str_radix(port, 16).ok()?,
            listens: fields.nth(1)? == LISTENS,
            inode: fields.nth(5)?.parse().ok()?,
        })
    }
}
