//! The cost of the server's process, if the system reports this cost (Linux does). Also raises the limit of open descriptors
//! for the process of the load.

#[cfg(target_os = "linux")]
use std::fs;

use super::figures::ServerCost;

/// Measures the cost of a process between two moments.
#[derive(Debug)]
pub(super) struct Meter {
    process: Option<u32>,
    before: Option<Reading>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    cpu_seconds: f64,
    resident_kib: f64,
    threads: u64,
}

impl Meter {
    pub(super) fn start(process: Option<u32>) -> Meter {
        Meter {
            process,
            before: process.and_then(read),
        }
    }

    /// Starts the measurement again. The cost before this call does not count.
    pub(super) fn restart(&mut self) {
        self.before = self.process.and_then(read);
    }

    /// Returns the memory that the process has gained since the start, divided by `clients`, in KiB.
    pub(super) fn resident_per(&self, clients: usize) -> Option<f64> {
        let now = self.process.and_then(read)?;
        Some((now.resident_kib - self.before?.resident_kib) / clients as f64)
    }

    /// Returns the cost since the start: the total, and the total divided by `pieces`, the number of pieces of work.
    pub(super) fn cost(&self, pieces: u64, resident: Option<f64>) -> Option<ServerCost> {
        self.cost_of(pieces as f64, resident)
    }

    /// Does the same as [`Meter::cost`] for a number of pieces that is not a whole number.
    pub(super) fn cost_of(&self, pieces: f64, resident: Option<f64>) -> Option<ServerCost> {
        let now = self.process.and_then(read)?;
        let cpu_seconds = now.cpu_seconds - self.before?.cpu_seconds;
        Some(ServerCost {
            cpu_seconds,
            cpu_micros_each: cpu_seconds * 1e6 / pieces.max(f64::MIN_POSITIVE),
            resident_kib_per_client: resident,
            threads: now.threads,
        })
    }
}

/// Returns whether the system reports the cost of the process with this id.
pub(super) fn readable(process: u32) -> bool {
    read(process).is_some()
}

/// Reads the cost of a process together with its children, including the processor time of children that have ended.
#[cfg(target_os = "linux")]
fn read(process: u32) -> Option<Reading> {
    let mut sum = read_one(process)?;
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    for child in children
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
    {
        // The child may have ended after it was listed.
        if let Some(child) = read(child) {
            sum.cpu_seconds += child.cpu_seconds;
            sum.resident_kib += child.resident_kib;
            sum.threads += child.threads;
        }
    }
    Some(sum)
}

#[cfg(target_os = "linux")]
fn read_one(process: u32) -> Option<Reading> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // In `/proc/PID/stat`, the name of the process is in parentheses and may contain any character. The first field after
    // the name is field 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let ticks = field(14)? + field(15)? + field(16)? + field(17)?;
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(Reading {
        cpu_seconds: ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
        resident_kib: resident,
        threads: field(20)?,
    })
}

#[cfg(not(target_os = "linux"))]
fn read(_: u32) -> Option<Reading> {
    None
}

/// Raises this process's limit of open descriptors as far as the system allows, because each client needs a descriptor.
#[cfg(unix)]
pub(super) fn allow_descriptors(clients: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = clients as u64 + 64;
    if limit.current.is_some_and(|current| current < wanted) {
        let most = limit.maximum.unwrap_or(wanted);
        // If the system refuses, a later connection fails, and its error says that there are too few descriptors.
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(wanted.min(most)),
                maximum: limit.maximum,
            },
        );
    }
}

#[cfg(not(unix))]
pub(super) fn allow_descriptors(_: usize) {}
