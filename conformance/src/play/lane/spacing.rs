//! Gives the target time to read: before a lane sends more bytes, it waits until the target has read the bytes that the lane
//! sent earlier.
//!
//! Many servers assume that each read returns exactly one frame. If a read returns several frames, they handle only the
//! first one, or handle some frames twice. Only the cases that test segments should fail because of this fault. So in all
//! other cases, the runner lets the target read each send of a lane with a separate read. If a send is cut, the target also
//! gets time to read each piece separately. On Linux the kernel tells how many bytes the target's socket has not read yet,
//! if the target runs on this machine. On other systems, the lane pauses for a short time instead.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use crate::sock_diag::{Peer, Unread};

/// Maximum time of one wait. If the target has not read everything by then, the lane sends more bytes anyway.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_millis(250);

/// After this number of waits in which the target did not read everything, the lane assumes that the target has stopped
/// reading, and no longer waits.
const WAITS_IN_VAIN: usize = 3;

/// Maximum number of waits of a lane. A case that sends thousands of frames must not become slow.
const WAITS: usize = 1000;

/// Maximum number of cuts in one send after which the lane waits. After later cuts of this send it does not wait.
const CUTS: usize = 200;

/// The pause between two sends if the kernel cannot report what the target has read.
const PAUSE: Duration = Duration::from_millis(2);

/// Maximum total length of the pauses after the cuts of one send, if the kernel cannot report what the target has read.
const ALL_PAUSES: Duration = Duration::from_millis(100);

/// The first sleep between two requests to the kernel; each following sleep is twice as long.
#[cfg(target_os = "linux")]
const FIRST_SLEEP: Duration = Duration::from_micros(30);

/// The longest of these sleeps.
#[cfg(target_os = "linux")]
const LONGEST_SLEEP: Duration = Duration::from_millis(1);

/// Decides how long one lane waits between its writes.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux tells what the target has read")
)]
pub(super) struct Spacing {
    ends: Option<[SocketAddr; 2]>,
    #[cfg(target_os = "linux")]
    peer: Option<Peer>,
    /// The number of bytes that the lane wrote so far.
    written: u64,
    /// Whether `written` counts all bytes that were sent on the connection. Over TLS it does not, because the handshake sent
    /// bytes too.
    counts_all: bool,
    last_write: Option<Instant>,
    waits: usize,
    waits_in_vain: usize,
}

impl Spacing {
    /// Makes the spacing of a connection. `counts_all` says whether [`wrote`](Spacing::wrote) is called for all bytes of the
    /// connection.
    pub(super) fn new(stream: &TcpStream, counts_all: bool) -> Spacing {
        let ends = stream.peer_addr().ok().zip(stream.local_addr().ok());
        Spacing {
            ends: ends.map(|(target, own)| [target, own]),
            #[cfg(target_os = "linux")]
            peer: None,
            written: 0,
            counts_all,
            last_write: None,
            waits: 0,
            waits_in_vain: 0,
        }
    }

    /// Notes that the lane wrote this number of bytes.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes as u64;
        self.last_write = Some(Instant::now());
    }

    /// Waits until the target has read all bytes that the lane wrote.
    pub(super) fn wait(&mut self) {
        self.wait_or_pause(PAUSE);
    }

    /// Waits after a cut, as [`wait`](Spacing::wait) does. `cut` is the number of this cut in its send, and `cuts` is how
    /// many cuts the send has. After the first 200 cuts, the function returns at once.
    pub(super) fn wait_after_cut(&mut self, cut: usize, cuts: usize) {
        if cut <= CUTS {
            let share = ALL_PAUSES / u32::try_from(cuts.clamp(1, CUTS)).unwrap_or(1);
            self.wait_or_pause(share.min(PAUSE));
        }
    }

    fn wait_or_pause(&mut self, pause: Duration) {
        let Some(last_write) = self.last_write else {
            return;
        };
        if self.waits >= WAITS || self.waits_in_vain >= WAITS_IN_VAIN {
            return;
        }
        self.waits += 1;
        match self.wait_for_reads() {
            Some(true) => {}
            Some(false) => self.waits_in_vain += 1,
            None => std::thread::sleep(pause.saturating_sub(last_write.elapsed())),
        }
    }

    /// Waits until the target has read everything, but at most for [`PATIENCE`]. Returns whether the target has read
    /// everything, or `None` if the kernel cannot report this.
    #[cfg(target_os = "linux")]
    fn wait_for_reads(&mut self) -> Option<bool> {
        let [target, own] = self.ends?;
        if self.peer.is_none() {
            match Peer::find(target, own) {
                Some(peer) => self.peer = Some(peer),
                None => {
                    // The target runs on another machine, or the kernel cannot report what the target has read.
                    self.ends = None;
                    return None;
                }
            }
        }
        let peer = self.peer.as_mut()?;
        let until = Instant::now() + PATIENCE;
        let mut sleep = FIRST_SLEEP;
        loop {
            match peer.unread() {
                Unread::Bytes { unread, received }
                    if unread > 0 || self.counts_all && received < self.written => {}
                Unread::Bytes { .. } | Unread::Gone => return Some(true),
            }
            if Instant::now() >= until {
                return Some(false);
            }
            std::thread::sleep(sleep);
            sleep = LONGEST_SLEEP.min(sleep * 2);
        }
    }

    /// Returns `None`, because this system cannot report what the target has read.
    #[cfg(not(target_os = "linux"))]
    fn wait_for_reads(&self) -> Option<bool> {
        None
    }
}
