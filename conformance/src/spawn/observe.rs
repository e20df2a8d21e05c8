//! What the system reports about a group of processes. Linux reports it in /proc; on other systems nothing is observed.

/// The resources of a target at one moment, including everything that it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Observation {
    /// Processor time since its start, in hundredths of a second.
    pub processor: u64,
    /// Its threads.
    pub threads: usize,
    /// The number of threads that run or are ready to run.
    pub running: usize,
    /// The number of its descriptors, of any kind.
    pub descriptors: usize,
    /// The number of connections of its port, without the listening socket.
    pub connections: usize,
}

#[cfg(not(target_os = "linux"))]
pub(super) fn observe(_leader: u32, _port: u16) -> Option<Observation> {
    None
}

/// Returns whether a process listens on this port; `None` where the system does not report it.
#[cfg(not(target_os = "linux"))]
pub(super) fn listens(_port: u16) -> Option<bool> {
    None
}

#[cfg(target_os = "linux")]
pub(super) use linux::{listens, observe};

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::Observation;

    /// The state of a listening socket, in /proc/net/tcp.
    const LISTENS: &str = "0A";

    /// Observes all processes of the group; `None` if there are none, or the runner may not look at them.
    pub(in crate::spawn) fn observe(leader: u32, port: u16) -> Option<Observation> {
        let connections = connections_of_port(port);
        let mut sum = None;
        for process in fs::read_dir("/proc").ok()?.flatten() {
            let path = process.path();
            let Some(stat) = Stat::read(&path).filter(|stat| stat.group == leader) else {
                continue;
            };
            let descriptors = sockets_and_others(&path)?;
            let sum = sum.get_or_insert_with(Observation::default);
            sum.processor += stat.processor;
            sum.threads += stat.threads;
            sum.running += running_threads(&path);
            sum.descriptors += descriptors.len();
            sum.connections += descriptors
                .iter()
                .filter(|inode| inode.is_some_and(|inode| connections.contains(&inode)))
                .count();
        }
        sum
    }

    /// The fields used from a process's `stat`.
    struct Stat {
        group: u32,
        processor: u64,
        threads: usize,
    }

    impl Stat {
        fn read(process: &Path) -> Option<Stat> {
            // Most entries of /proc are not processes.
            process.file_name()?.to_str()?.parse::<u32>().ok()?;
            let text = fs::read_to_string(process.join("stat")).ok()?;
            // The name, in parentheses, may hold any character; after it come the fields from the third on.
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

    /// Returns the number of running threads. A thread that ends during the observation does not count.
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

    /// Returns one entry per descriptor: the inode if it is a socket.
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
        let sockets = sockets_of_port(port)?;
        Some(sockets.iter().any(|socket| socket.listens))
    }

    /// Returns the inodes of all sockets with this local port, except listening ones.
    fn connections_of_port(port: u16) -> BTreeSet<u64> {
        let sockets = sockets_of_port(port).unwrap_or_default();
        sockets
            .iter()
            .filter(|socket| !socket.listens)
            .map(|socket| socket.inode)
            .collect()
    }

    struct Socket {
        inode: u64,
        listens: bool,
    }

    fn sockets_of_port(port: u16) -> Option<Vec<Socket>> {
        let four = fs::read_to_string("/proc/net/tcp").ok()?;
        // A system without IPv6 has no such table.
        let six = fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
        let lines = four.lines().skip(1).chain(six.lines().skip(1));
        Some(lines.filter_map(|line| socket(line, port)).collect())
    }

    /// Parses a line with the columns number, local address, remote address, state, ..., inode.
    fn socket(line: &str, port: u16) -> Option<Socket> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local) = fields.get(1)?.rsplit_once(':')?;
        if u16::from_str_radix(local, 16).ok()? != port {
            return None;
        }
        Some(Socket {
            inode: fields.get(9)?.parse().ok()?,
            listens: *fields.get(3)? == LISTENS,
        })
    }
}
