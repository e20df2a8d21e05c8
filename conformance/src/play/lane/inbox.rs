//! The bytes that arrived on one connection, and the thread that reads them.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::evidence::End;
use crate::scenario::MAX_PAYLOAD;

use super::bell::Bell;
use super::budget::Budget;
use super::outbox::Outbox;
use super::tls::Secured;

/// Maximum number of bytes that a lane receives in one case. A lane that receives more is flooded, and the runner stops
/// reading from it. With this limit a lane uses little memory, but still has room for the largest payload and many frames.
const FLOOD: usize = 2 * MAX_PAYLOAD;

/// Maximum number of bytes of one `read`.
const CHUNK: usize = 64 << 10;

/// Bytes that arrived together.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// When the bytes were read.
    pub(crate) at: Instant,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
}

/// The received bytes of a connection. The reader thread adds bytes, and the interpreter takes them out.
#[derive(Debug)]
pub(crate) struct Inbox {
    budget: Arc<Budget>,
    arrived: Mutex<Arrived>,
    paused: Mutex<bool>,
    resumed: Condvar,
}

#[derive(Debug, Default)]
struct Arrived {
    fresh: Vec<Chunk>,
    total: usize,
    end: Option<(Instant, End)>,
}

impl Inbox {
    pub(crate) fn new(budget: Arc<Budget>) -> Inbox {
        Inbox {
            budget,
            arrived: Mutex::default(),
            paused: Mutex::default(),
            resumed: Condvar::new(),
        }
    }

    /// Returns the bytes that arrived since the last call, and the end of the connection if it has ended.
    pub(crate) fn take(&self) -> (Vec<Chunk>, Option<(Instant, End)>) {
        let mut arrived = self.arrived.lock();
        (std::mem::take(&mut arrived.fresh), arrived.end)
    }

    /// Stops reading from the socket.
    pub(crate) fn pause(&self) {
        *self.paused.lock() = true;
    }

    /// Lets the reader continue.
    pub(crate) fn resume(&self) {
        *self.paused.lock() = false;
        self.resumed.notify_all();
    }

    /// Runs the reader thread: reads until the connection ends or is flooded. Bytes that TLS itself must send go to the
    /// outbox.
    pub(crate) fn read_from(
        &self,
        stream: &TcpStream,
        tls: Option<&Secured>,
        outbox: &Outbox,
        bell: &Bell,
    ) {
        let mut buffer = vec![0; CHUNK];
        // The handshake may have read the first records of the conversation already.
        let mut end = tls.and_then(|tls| self.take_in_secured(tls, &[], outbox));
        while end.is_none() {
            end = match self.read_once(stream, &mut buffer) {
                Ok(0) if tls.is_some() => Some(End::Truncated),
                Ok(0) => Some(End::Fin),
                Ok(length) => {
                    let arrived = buffer.get(..length).unwrap_or_default();
                    match tls {
                        Some(tls) => self.take_in_secured(tls, arrived, outbox),
                        None => self.store(arrived),
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => None,
                // ECONNRESET, or a rarer error such as ETIMEDOUT or EHOSTUNREACH: every such error counts as a reset.
                Err(_) => Some(End::Reset),
            };
            bell.ring();
        }
        self.arrived.lock().end = end.map(|end| (Instant::now(), end));
        bell.ring();
        if matches!(end, Some(End::Fin | End::Garbled)) {
            self.read_on(stream, &mut buffer);
        }
    }

    /// Reads and drops the bytes that arrive after the end of the conversation. If these bytes stayed unread, the kernel
    /// would send a reset when the socket is closed.
    fn read_on(&self, stream: &TcpStream, buffer: &mut [u8]) {
        while matches!(self.read_once(stream, buffer), Ok(length) if length > 0) {}
    }

    /// Decrypts ciphertext, and keeps the plaintext for the interpreter. If the ciphertext ends the connection, returns how
    /// the connection ended.
    fn take_in_secured(&self, tls: &Secured, ciphertext: &[u8], outbox: &Outbox) -> Option<End> {
        let opened = tls.open(ciphertext);
        if opened.owes {
            outbox.push_owed();
        }
        let flooded = match opened.text.is_empty() {
            true => None,
            false => self.store(&opened.text),
        };
        match (opened.garbled, opened.closed) {
            (true, _) => Some(End::Garbled),
            (false, true) => Some(End::Fin),
            (false, false) => flooded,
        }
    }

    /// Reads once, unless the lane is paused.
    ///
    /// The thread sleeps in `peek`, which leaves the bytes in the socket. After that, `read` does not block, because it
    /// finds bytes or the end of the connection. So the thread can hold the lock `paused` during the read.
    /// [`pause`](Inbox::pause) takes the same lock, so no byte is read after it has returned.
    fn read_once(&self, mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.peek(&mut [0])?;
        let mut paused = self.paused.lock();
        while *paused {
            self.resumed.wait(&mut paused);
        }
        stream.read(buffer)
    }

    /// Keeps bytes for the interpreter. Returns [`End::Flood`] if the lane is flooded.
    fn store(&self, bytes: &[u8]) -> Option<End> {
        let mut arrived = self.arrived.lock();
        arrived.total += bytes.len();
        arrived.fresh.push(Chunk {
            at: Instant::now(),
            bytes: bytes.to_vec(),
        });
        let has_room = self.budget.take(bytes.len(), arrived.total);
        (!has_room || arrived.total >= FLOOD).then_some(End::Flood)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.budget.give_back(self.arrived.get_mut().total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_receives_frames_and_the_largest_payload_but_no_flood() {
        let inbox = Inbox::new(Arc::default());
        let half = vec![0; MAX_PAYLOAD / 2];
        let stored = [&half[..1], &half, &half[1..], &half[..1]].map(|bytes| inbox.store(bytes));
        assert_eq!(stored, [None; 4]);
        let more = [&half, &half].map(|bytes| inbox.store(bytes));
        assert_eq!(more, [None, Some(End::Flood)]);
    }
}
