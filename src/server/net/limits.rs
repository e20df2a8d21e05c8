//! How much of everything there may be: threads in this process, connections per address, bytes and seconds per connection.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use matou_protocols::setting::Setting;
use parking_lot::Mutex;

use super::sys;

/// Limits of one connection. The defaults are the stated ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections that one address may have to this listener.
    pub connections_per_address: u32,
    /// Whether limits per address count for loopback addresses too.
    pub bound_loopback: bool,
    /// A connection with TLS must have agreed on keys within this time.
    pub handshake: Duration,
    /// A connection must send its first byte within this time; with TLS, counted from the end of the handshake.
    pub first_byte: Duration,
    /// It must be identified within this time after its first byte.
    pub identification: Duration,
    /// A frame, once begun, must be complete within this time.
    pub frame: Duration,
    /// Bytes that may wait for a client that reads slowly; over it the client is disconnected.
    pub outbox_bytes: usize,
    /// A client must take [`stall_bytes`](Self::stall_bytes) within this time while something waits for it, or all that waits;
    /// otherwise it is disconnected.
    pub stall: Duration,
    /// The least that a client must take within [`stall`](Self::stall) while more waits for it.
    pub stall_bytes: usize,
    /// When and how the system asks a silent peer whether it is still there.
    pub keepalive: Keepalive,
}

/// How a peer that vanished without a FIN is noticed, by the system's own means. Times are rounded down to seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence before the first question.
    pub idle: Duration,
    /// Between questions.
    pub interval: Duration,
    /// Unanswered questions after which the connection is lost.
    pub probes: u32,
    /// How long sent bytes may stay unacknowledged (Linux).
    pub unacknowledged: Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Keepalive {
            idle: Duration::from_secs(60),
            interval: Duration::from_secs(15),
            probes: 4,
            unacknowledged: Duration::from_secs(120),
        }
    }
}

impl ConnectionLimits {
    /// Its options as an operator sets them, for every protocol.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        vec![
            Setting::new(
                "connections-per-address",
                "Maximum connections from one address to this listener",
                &mut self.connections_per_address,
            ),
            Setting::new(
                "bound-loopback",
                "Apply limits per address to loopback addresses too",
                &mut self.bound_loopback,
            ),
            Setting::new(
                "handshake-timeout",
                "Time for the TLS handshake, where there is one",
                &mut self.handshake,
            ),
            Setting::new(
                "first-byte-timeout",
                "Time from accepting a connection to its first byte",
                &mut self.first_byte,
            ),
            Setting::new(
                "identify-timeout",
                "Time from the first byte of a connection to its login",
                &mut self.identification,
            ),
            Setting::new(
                "frame-timeout",
                "Time from the first byte of a frame to its last",
                &mut self.frame,
            ),
            Setting::new(
                "outbox-bytes",
                "Maximum bytes queued for a slow reader before it is disconnected",
                &mut self.outbox_bytes,
            ),
            Setting::new(
                "stall-timeout",
                "Time in which a client must accept stall-bytes, or all that is queued for it, before it is disconnected",
                &mut self.stall,
            ),
            Setting::new(
                "stall-bytes",
                "Bytes that a client must accept within stall-timeout while more is queued for it",
                &mut self.stall_bytes,
            ),
            Setting::new(
                "keepalive-idle",
                "Silence before the first TCP keepalive probe",
                &mut self.keepalive.idle,
            ),
            Setting::new(
                "keepalive-interval",
                "Time between TCP keepalive probes",
                &mut self.keepalive.interval,
            ),
            Setting::new(
                "keepalive-probes",
                "Unanswered TCP keepalive probes before a connection is lost",
                &mut self.keepalive.probes,
            ),
            Setting::new(
                "unacknowledged-timeout",
                "Time that sent bytes may stay unacknowledged (Linux)",
                &mut self.keepalive.unacknowledged,
            ),
        ]
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits {
            connections_per_address: 1024,
            bound_loopback: false,
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            identification: Duration::from_secs(60),
            frame: Duration::from_secs(30),
            outbox_bytes: 1 << 20,
            stall: Duration::from_secs(30),
            stall_bytes: STALL_BYTES,
            keepalive: Keepalive::default(),
        }
    }
}

/// Within the 30 s of [`ConnectionLimits::stall`] this is 1.1 KB/s, about what a modem of 9,600 bit/s carries. A link that
/// is as slow as that and for which something waited for all that time has lost the race with its room. A client that takes
/// 4 KiB every five seconds takes 28 KiB at most in that time.
const STALL_BYTES: usize = 32 << 10;

/// Bytes in one run; a reader that finds more waits. An outbox must hold several runs, or one partial send would cut a
/// healthy client.
pub(super) const RUN_BYTES: usize = 256 << 10;

/// After this many rounds a reader hands the turn to the clock's thread, which has no client of its own to serve; after as
/// many the clock's thread looks at its deadlines before it goes on.
pub(super) const ROUNDS: usize = 32;

/// An orderly close writes what is queued within this time ...
pub(super) const DRAIN: Duration = Duration::from_secs(5);
/// ... and then, for this long, reads what the peer still had to say: a socket that is closed with unread input is reset,
/// and a reset destroys the farewell.
pub(super) const LINGER: Duration = Duration::from_secs(1);
/// After everything was cut, threads that do not end in this time are left behind.
pub(super) const LAST_WAIT: Duration = Duration::from_secs(1);
/// At most this much is read while lingering.
pub(super) const LINGER_BYTES: usize = 64 << 10;

/// Bytes of a tunnel's end that are kept until the other end is there.
pub(super) const EARLY_BYTES: usize = 64 << 10;

/// Limits of the whole process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Connections, and so threads, at once over all listeners; `None` works out what this machine can carry.
    pub connections: Option<usize>,
    /// Threads at most that write what slow clients did not take at once. They do not wait for one client, so a few serve
    /// thousands; where a system cannot send without blocking (Windows), each waits for one client at a time.
    pub writers: usize,
    /// Threads that check passwords: each may keep a core busy, and 19 MiB. What is quicker to find out has other threads.
    pub workers: usize,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        ProcessLimits {
            connections: None,
            writers: 8,
            workers: half_of_the_cores(),
        }
    }
}

/// So that the other half has time for everybody who is logged in.
fn half_of_the_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).max(1)
}

/// Threads that are kept for everything that is not a connection: main, signals, logger, listeners, clocks.
const RESERVED_THREADS: usize = 64;

/// Files that are kept for everything that is not a connection, pipes of tunnels included.
const RESERVED_FILES: u64 = 512;

/// Where nothing can be asked.
const MODEST_CEILING: usize = 2000;

/// How many connections this machine can carry, one thread each.
///
/// It must be known beforehand: a Rust thread takes four memory mappings, and past the system's limit of those the process
/// is *aborted* inside the new thread; spawning does not return an error.
pub(super) fn connection_ceiling(wanted: Option<usize>) -> usize {
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
    // A thread has a stack and a signal stack, each with a guard; some thousands stay for the heap and libraries.
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

/// Counts connections per address.
#[derive(Debug)]
pub(super) struct Addresses {
    counts: Mutex<HashMap<IpAddr, u32>>,
    most: u32,
    bound_loopback: bool,
}

/// One connection's place in [`Addresses`]; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    addresses: Arc<Addresses>,
    ip: IpAddr,
}

impl Addresses {
    pub(super) fn new(limits: &ConnectionLimits) -> Arc<Addresses> {
        Arc::new(Addresses {
            counts: Mutex::new(HashMap::new()),
            most: limits.connections_per_address,
            bound_loopback: limits.bound_loopback,
        })
    }

    /// A place for one more connection of this address, or `None` when it has too many.
    pub(super) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        let ip = ip.to_canonical();
        let mut counts = self.counts.lock();
        let count = counts.entry(ip).or_insert(0);
        if *count >= self.most && (self.bound_loopback || !ip.is_loopback()) {
            return None;
        }
        *count += 1;
        Some(Place {
            addresses: Arc::clone(self),
            ip,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.counts.lock();
        if let Some(count) = counts.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(bound_loopback: bool) -> Arc<Addresses> {
        Addresses::new(&ConnectionLimits {
            connections_per_address: 2,
            bound_loopback,
            ..ConnectionLimits::default()
        })
    }

    #[test]
    fn an_address_gets_its_places_back() {
        let addresses = addresses(false);
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        let first = addresses.admit(ip);
        let second = addresses.admit("::ffff:192.0.2.1".parse().unwrap());
        assert!(first.is_some() && second.is_some());
        assert!(addresses.admit(ip).is_none());
        drop(first);
        assert!(addresses.admit(ip).is_some());
        drop(second);
        assert!(addresses.counts.lock().is_empty());
    }

    #[test]
    fn loopback_is_bound_only_when_asked_for() {
        let ip: IpAddr = "127.0.0.1".parse().unwrap();
        for (bound, admitted) in [(false, 5), (true, 2)] {
            let addresses = addresses(bound);
            let places: Vec<_> = (0..5).filter_map(|_| addresses.admit(ip)).collect();
            assert_eq!(places.len(), admitted);
        }
    }

    #[test]
    fn the_ceiling_is_never_above_what_was_asked_for() {
        assert_eq!(connection_ceiling(Some(10)), 10);
        assert!(connection_ceiling(None) >= 1);
    }
}
