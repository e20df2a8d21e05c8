//! Leaves the target time to read: the next bytes of a lane are sent after the target has read the bytes before them.
//!
//! Many servers take one read for one frame, and handle only the first frame of a read or handle some frames twice. Only cases
//! about segments may fail a server for this. In all other cases, each send of a lane must be a read of its own, and so must
//! each piece of a send that is cut. On Linux the kernel tells how many bytes the target's socket has not read yet, if the
//! target runs on this machine. On other systems, the lane pauses for a short time instead.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use super::peer::{Peer, Unread};

/// How long a lane waits for a target that does not read.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_millis(250);

/// After this number of waits that were in vain, the lane waits no more: the target has stopped reading.
const WAITS_IN_VAIN: usize = 3;

/// Maximum number of waits of a lane. A case that sends thousands of frames must not become slow.
const WAITS: usize = 1000;

/// Maximum number of cuts of one send after which the lane waits.
const CUTS: usize = 200;

/// The pause between two sends if the kernel cannot tell what the target has read.
const PAUSE: Duration = Duration::from_millis(2);

/// Maximum length of all such pauses in one send together.
const ALL_PAUSES: Duration = Duration::from_millis(100);

/// The first sleep between two questions to the kernel; each following sleep is twice as long.
#[cfg(target_os = "linux")]
const FIRST_SLEEP: Duration = Duration::from_micros(30);

/// The longest of these sleeps.
#[cfg(target_os = "linux")]
const LONGEST_SLEEP: Duration = Duration::from_millis(1);

/// The times between the writes of one lane.
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
    /// Whether these are all bytes of the connection; over TLS, the handshake has sent others.
    counts_all: bool,
    last_write: Option<Instant>,
    waits: usize,
    waits_in_vain: usize,
}

impl Spacing {
    /// Makes the spacing of a connection. `counts_all` says whether all bytes of the connection are told to
    /// [`wrote`](Spacing::wrote).
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

    /// Waits like [`wait`](Spacing::wait) after cut number `cut` of a send with this number of cuts. Does nothing after the
    /// first 200 cuts.
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

    /// Waits until the target has read everything, and returns whether it has. Returns `None` if the kernel cannot tell.
    #[cfg(target_os = "linux")]
    fn wait_for_reads(&mut self) -> Option<bool> {
        let [target, own] = self.ends?;
        if self.peer.is_none() {
            match Peer::find(target, own) {
                Some(peer) => self.peer = Some(peer),
                None => {
                    // The target runs on another machine, or the kernel does not answer such questions.
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

    /// Returns `None`, because this system cannot tell what the target has read.
    #[cfg(not(target_os = "linux"))]
    fn wait_for_reads(&self) -> Option<bool> {
        None
    }
}
