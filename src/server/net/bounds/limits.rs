//! The limits: bytes, seconds and threads, with the reason for each number.

use std::time::Duration;

use matou_protocols::setting::Setting;

/// Limits of the connections of one listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Maximum number of connections from one address to this listener.
    pub connections_per_address: u32,
    /// Whether the limits per address and the talk rate apply to loopback addresses too.
    pub bound_loopback: bool,
    /// A connection with TLS must finish its handshake within this time.
    pub handshake: Duration,
    /// The client must send its first byte within this time. The time begins when the connection is
    /// accepted, or with TLS when the handshake is complete.
    pub first_byte: Duration,
    /// The client must have logged in within this time after its first byte.
    pub identification: Duration,
    /// A frame must be complete within this time, counted from its first byte.
    pub frame: Duration,
    /// Maximum bytes per second that the clients of one address together may send to other clients,
    /// on average. They may exceed this rate for a short time, by at most
    /// [`outbox_bytes`](Self::outbox_bytes) bytes (a burst). After the burst, the server reads
    /// their bytes later, but it drops no bytes. A client gets no new burst when it connects again.
    /// Loopback addresses are exempt unless [`bound_loopback`](Self::bound_loopback) is set. 0
    /// means no limit. Bytes in tunnels do not count.
    pub talk_rate: u64,
    /// Maximum number of bytes that are queued for a client that reads slowly. If more would be
    /// queued, the client is disconnected.
    pub outbox_bytes: usize,
    /// While bytes are queued for a client, its socket must accept
    /// [`stall_bytes`](Self::stall_bytes) within this time, or all queued bytes if they are fewer.
    /// Otherwise the server disconnects the client.
    pub stall: Duration,
    /// Number of bytes that a client must take within [`stall`](Self::stall) while bytes are queued
    /// for it.
    pub stall_bytes: usize,
    /// When and how the operating system probes a silent peer.
    pub keepalive: Keepalive,
}

/// How the system notices a peer that vanished without FIN: TCP keepalive. Times are rounded down
/// to seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keepalive {
    /// How long the connection is silent before the first probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Number of unanswered probes after which the connection counts as lost.
    pub probes: u32,
    /// If the peer does not acknowledge sent bytes within this time, the connection counts as lost
    /// (Linux only).
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
    /// Returns the options that an operator can set for a listener of any protocol.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        vec![
            Setting::new(
                "connections-per-address",
                "Maximum connections from one address to this listener",
                &mut self.connections_per_address,
            ),
            Setting::new(
                "bound-loopback",
                "Apply talk-rate and the limits per address to loopback addresses too",
                &mut self.bound_loopback,
            ),
            Setting::new(
                "handshake-timeout",
                "Maximum time for the TLS handshake, if the listener uses TLS",
                &mut self.handshake,
            ),
            Setting::new(
                "first-byte-timeout",
                "Maximum time from accepting a connection to its first byte",
                &mut self.first_byte,
            ),
            Setting::new(
                "identify-timeout",
                "Maximum time from the first byte of a connection to its login",
                &mut self.identification,
            ),
            Setting::new(
                "frame-timeout",
                "Maximum time from the first byte of a frame to its last byte",
                &mut self.frame,
            ),
            Setting::new(
                "talk-rate",
                "Maximum bytes per second that all clients of one address together may send to other clients, or 0 for no limit; before the limit applies, they may send a burst of outbox-bytes (a new connection does not allow a new burst); if they send faster, the server reads their bytes later; choose a higher number if many clients connect through one proxy",
                &mut self.talk_rate,
            ),
            Setting::new(
                "outbox-bytes",
                "Maximum bytes queued for a slow client; if more would be queued, the client is disconnected",
                &mut self.outbox_bytes,
            ),
            Setting::new(
                "stall-timeout",
                "While bytes are queued for a client, it must accept stall-bytes (or all queued bytes) within this time; otherwise it is disconnected",
                &mut self.stall,
            ),
            Setting::new(
                "stall-bytes",
                "Number of bytes that a client must accept within stall-timeout, unless fewer bytes are queued for it",
                &mut self.stall_bytes,
            ),
            Setting::new(
                "keepalive-idle",
                "Time without traffic before the first TCP keepalive probe",
                &mut self.keepalive.idle,
            ),
            Setting::new(
                "keepalive-interval",
                "Time between TCP keepalive probes",
                &mut self.keepalive.interval,
            ),
            Setting::new(
                "keepalive-probes",
                "Number of unanswered TCP keepalive probes after which a connection counts as lost",
                &mut self.keepalive.probes,
            ),
            Setting::new(
                "unacknowledged-timeout",
                "If the client does not acknowledge sent bytes within this time, the connection counts as lost (Linux)",
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
            talk_rate: 1 << 20,
            outbox_bytes: 1 << 20,
            stall: Duration::from_secs(30),
            stall_bytes: STALL_BYTES,
            keepalive: Keepalive::default(),
        }
    }
}

/// In the 30 s of [`ConnectionLimits::stall`], this is a rate of 1.1 KB/s, about the speed of a
/// modem of 9,600 bit/s. A client that takes its queued bytes more slowly cannot keep up with its
/// room. For example, a client that takes 4 KiB every five seconds is too slow: it takes at most
/// 28 KiB in 30 s.
const STALL_BYTES: usize = 32 << 10;

/// A run (the list of effects that are not sent yet) with this many bytes is full: readers wait
/// before they add more. An outbox must have space for several runs. Otherwise the server could cut
/// a healthy client the first time its socket accepts only a part of a send.
pub(in crate::net) const RUN_BYTES: usize = 256 << 10;

/// After this many rounds of sending, a reader hands the turn to the clock's thread, which has no
/// client of its own to serve. The clock's thread also carries out at most this many rounds before
/// it looks at its deadlines.
pub(in crate::net) const ROUNDS: usize = 32;

/// Maximum time that an orderly close takes to write the queued bytes.
pub(in crate::net) const DRAIN: Duration = Duration::from_secs(5);

/// After the queued bytes are written, an orderly close reads what the peer still sends, for at
/// most this time. If a socket is closed with unread bytes, the system sends a reset, and a reset
/// can destroy the bytes that were written last.
pub(in crate::net) const LINGER: Duration = Duration::from_secs(1);

/// Maximum number of bytes that an orderly close reads within [`LINGER`].
pub(in crate::net) const LINGER_BYTES: usize = 64 << 10;

/// After the server has cut all connections, it waits at most this long for their threads to end.
/// If a thread needs longer, the server stops without waiting for it.
pub(in crate::net) const LAST_WAIT: Duration = Duration::from_secs(1);

/// Maximum number of bytes that the server keeps for a tunnel end until the other end connects.
pub(in crate::net) const EARLY_BYTES: usize = 64 << 10;

/// Limits of the whole process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Maximum number of connections at the same time, over all listeners. Each connection takes
    /// one thread. `None` means as many as the limits of this machine allow.
    pub connections: Option<usize>,
    /// Maximum number of threads that write to slow clients. A writer waits for all slow clients
    /// together, so a few writers serve thousands of clients. On a system without a non-blocking
    /// send (Windows), each writer waits for one client at a time.
    pub writers: usize,
    /// Maximum bytes that are queued for slow clients, over all clients. If more would be queued,
    /// the clients with the longest queues are disconnected first.
    pub outbox_total: usize,
    /// Number of threads that check passwords. Each of these threads may keep a core busy, and uses
    /// 19 MiB. Look-ups in the database run on other threads.
    pub workers: usize,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        ProcessLimits {
            connections: None,
            writers: 8,
            outbox_total: OUTBOX_TOTAL,
            workers: half_of_the_cores(),
        }
    }
}

/// Enough for 256 clients whose outboxes are full and have no broadcasts in common. (A broadcast
/// that waits for many clients is in memory only once.)
const OUTBOX_TOTAL: usize = 256 << 20;

/// Returns half the number of cores, at least one. The other half of the cores is for the clients
/// that are logged in.
fn half_of_the_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).max(1)
}
