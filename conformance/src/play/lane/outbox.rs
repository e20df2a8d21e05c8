//! The bytes to send on one connection, and the thread that writes them.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::scenario::Cut;

use super::bell::Bell;
use super::spacing::Spacing;
use super::tls::Secured;

/// Maximum number of queued bytes of a lane. If more are queued, the next send of the lane waits until the target has read
/// some of them.
const QUEUED_BYTES: usize = 64 << 20;

/// Maximum number of queued sends of a lane.
const QUEUED_SENDS: usize = 4096;

/// Time limit of a wait at a gate. Usually the gate opens microseconds after the last send is queued.
const GATE_BOUND: Duration = Duration::from_secs(1);

/// A gate at which the writer threads of several lanes wait until each of them has something to write. So all writers start
/// at the same instant.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// Opens the gate for all writers.
    pub(crate) fn open(&self) {
        *self.open.lock() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let until = Instant::now() + GATE_BOUND;
        let mut open = self.open.lock();
        while !*open {
            if self.opened.wait_until(&mut open, until).timed_out() {
                return;
            }
        }
    }
}

/// The queue of one connection. The interpreter adds jobs, and the writer thread carries them out.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    bytes: usize,
    writing: bool,
    closed: bool,
}

#[derive(Debug)]
enum Job {
    Write {
        bytes: Vec<u8>,
        cut: Cut,
        gate: Option<Arc<Gate>>,
    },
    /// A pause until the target has read everything that was written.
    AwaitReads,
    Fin(Farewell),
    /// Bytes that TLS itself must send, such as the answer to a key update.
    Owed,
}

/// How a connection with TLS sends FIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// After a close_notify.
    InOrder,
    /// Without a close_notify.
    Truncated,
}

impl Outbox {
    /// Returns whether another send may be queued now.
    pub(crate) fn has_room(&self) -> bool {
        let queue = self.queue.lock();
        queue.bytes < QUEUED_BYTES && queue.jobs.len() < QUEUED_SENDS
    }

    /// Queues bytes; the caller has checked [`has_room`](Outbox::has_room). If the connection has ended, the bytes are
    /// dropped; the reader reports how the connection ended.
    pub(crate) fn push(&self, bytes: Vec<u8>, cut: Cut, gate: Option<Arc<Gate>>) {
        let mut queue = self.queue.lock();
        queue.bytes += bytes.len();
        queue.jobs.push_back(Job::Write { bytes, cut, gate });
        self.changed.notify_all();
    }

    /// Queues a pause: the writer thread waits until the target has read everything that was queued before.
    pub(crate) fn push_wait_for_reads(&self) {
        self.queue.lock().jobs.push_back(Job::AwaitReads);
        self.changed.notify_all();
    }

    /// Queues FIN after everything that is queued.
    pub(crate) fn push_fin(&self, farewell: Farewell) {
        self.queue.lock().jobs.push_back(Job::Fin(farewell));
        self.changed.notify_all();
    }

    /// Makes the writer send the bytes that TLS itself must send.
    pub(crate) fn push_owed(&self) {
        self.queue.lock().jobs.push_back(Job::Owed);
        self.changed.notify_all();
    }

    /// Returns whether the kernel has accepted everything that was queued, or the outbox is closed.
    pub(crate) fn is_idle(&self) -> bool {
        let queue = self.queue.lock();
        queue.closed || (queue.jobs.is_empty() && !queue.writing)
    }

    /// Returns whether the writer thread is in the middle of a write.
    pub(crate) fn is_writing(&self) -> bool {
        self.queue.lock().writing
    }

    /// Makes the writer end after its current write.
    pub(crate) fn close(&self) {
        self.queue.lock().closed = true;
        self.changed.notify_all();
    }

    /// Runs the writer thread: writes until the outbox is closed or the connection has ended.
    pub(crate) fn write_to(&self, mut stream: &TcpStream, tls: Option<&Secured>, bell: &Bell) {
        let mut spacing = Spacing::new(stream, tls.is_none());
        while let Some(job) = self.next() {
            let written = match job {
                Job::Write { bytes, cut, gate } => {
                    spacing.wait();
                    if let Some(gate) = gate {
                        gate.pass();
                    }
                    write_pieces(stream, tls, &bytes, &cut, &mut spacing)
                }
                Job::AwaitReads => {
                    spacing.wait();
                    Ok(())
                }
                Job::Fin(farewell) => say_farewell(stream, tls, farewell),
                Job::Owed => match tls.map(|tls| tls.seal(&[])) {
                    Some(records) => records.and_then(|records| stream.write_all(&records)),
                    None => Ok(()),
                },
            };
            if written.is_err() {
                self.close();
            }
            self.queue.lock().writing = false;
            bell.ring();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        loop {
            if queue.closed {
                queue.jobs.clear();
                queue.bytes = 0;
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                if let Job::Write { bytes, .. } = &job {
                    queue.bytes = queue.bytes.saturating_sub(bytes.len());
                }
                queue.writing = true;
                return Some(job);
            }
            self.changed.wait(&mut queue);
        }
    }
}

fn write_pieces(
    mut stream: &TcpStream,
    tls: Option<&Secured>,
    bytes: &[u8],
    cut: &Cut,
    spacing: &mut Spacing,
) -> io::Result<()> {
    let pieces = pieces(bytes, cut);
    let cuts = pieces.len().saturating_sub(1);
    for (before, piece) in pieces.into_iter().enumerate() {
        if before > 0 {
            spacing.wait_after_cut(before, cuts);
        }
        match tls {
            Some(tls) => stream.write_all(&tls.seal(piece)?)?,
            None => stream.write_all(piece)?,
        }
        spacing.wrote(piece.len());
    }
    Ok(())
}

fn say_farewell(
    mut stream: &TcpStream,
    tls: Option<&Secured>,
    farewell: Farewell,
) -> io::Result<()> {
    if let (Some(tls), Farewell::InOrder) = (tls, farewell) {
        stream.write_all(&tls.close_notify()?)?;
    }
    stream.shutdown(Shutdown::Write)
}

/// Returns the bytes, divided into pieces at the cuts. With TCP_NODELAY each piece becomes a separate segment; over TLS it
/// is also a separate record.
fn pieces<'a>(bytes: &'a [u8], cut: &Cut) -> Vec<&'a [u8]> {
    match cut {
        Cut::Whole => vec![bytes],
        Cut::Every(size) => bytes.chunks((*size).max(1)).collect(),
        Cut::At(offsets) => {
            let mut pieces = Vec::new();
            let mut rest = bytes;
            for offset in offsets.iter().copied().chain([bytes.len()]) {
                let start = bytes.len() - rest.len();
                let (piece, after) = rest.split_at(offset.saturating_sub(start).min(rest.len()));
                if !piece.is_empty() {
                    pieces.push(piece);
                }
                rest = after;
            }
            pieces
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_loses_nothing_and_ignores_offsets_outside() {
        let bytes = b"abcdef";
        assert_eq!(pieces(bytes, &Cut::Whole), [b"abcdef"]);
        assert_eq!(
            pieces(bytes, &Cut::Every(4)),
            [b"abcd".as_slice(), b"ef".as_slice()]
        );
        assert_eq!(
            pieces(bytes, &Cut::At(vec![2, 2, 5, 99])),
            [b"ab".as_slice(), b"cde".as_slice(), b"f".as_slice()]
        );
    }
}
