use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::name::safe_name;
use super::target::{Target, Written};
use crate::files::digest::Digest;
use crate::link::outgoing::fill;

/// Maximum number of pieces that wait for the disk.
const CHUNKS_AHEAD: usize = 8;

/// Writes a received file in a separate thread. While the file is incomplete, its name ends with `.part`. If the channel
/// closes early and the hash of the file is known, the incomplete file stays, so that the transfer can be resumed later.
#[derive(Debug)]
pub(crate) struct Writer {
    chunks: Sender<Vec<u8>>,
    /// Pieces that do not fit into the thread's channel. While any piece waits here, the loop does not read from the
    /// connection.
    held: VecDeque<Vec<u8>>,
    /// If this flag is set when the channel closes early, the thread deletes the incomplete file.
    unwanted: Arc<AtomicBool>,
    /// The reports of the thread.
    pub(crate) reports: Receiver<Written>,
}

/// Counts the threads that write files. Before the program ends, it calls [`Disk::settle`], which waits until all these
/// threads have ended. Without this wait, an unwanted incomplete file could stay on the disk.
#[derive(Debug)]
pub(crate) struct Disk {
    /// Each writing thread holds a clone of this sender. Nothing is sent on this channel: it closes when the last thread has
    /// ended, and [`Disk::settle`] waits for this.
    busy: Sender<Infallible>,
    idle: Receiver<Infallible>,
}

impl Disk {
    /// Creates a `Disk` without any thread that writes a file.
    pub(crate) fn new() -> Disk {
        let (busy, idle) = bounded(0);
        Disk { busy, idle }
    }

    /// Blocks until no file is being written, or until the time limit.
    pub(crate) fn settle(self, limit: Duration) {
        let Disk { busy, idle } = self;
        drop(busy);
        // The channel closes when the last thread has ended. If the disk is too slow and the time limit passes first, the
        // program does not wait longer.
        let _ = idle.recv_timeout(limit);
    }
}

impl Writer {
    /// Starts the thread. The thread first reports [`Written::Opened`], and at the end one of the other variants, unless the
    /// [`Writer`] is dropped.
    pub(crate) fn start(
        disk: &Disk,
        folder: &Path,
        name: &str,
        size: u64,
        sha256: Option<Digest>,
    ) -> io::Result<Writer> {
        let (chunks, pieces) = bounded(CHUNKS_AHEAD);
        let (report, reports) = bounded(2);
        let mut target = Target {
            folder: folder.to_owned(),
            name: safe_name(name),
            size,
            sha256,
            unwanted: Arc::new(AtomicBool::new(sha256.is_none())),
        };
        let unwanted = Arc::clone(&target.unwanted);
        let busy = disk.busy.clone();
        thread::Builder::new()
            .name("file-out".into())
            .spawn(move || {
                let _busy = busy;
                if let Some(end) = target.receive(&pieces, &report).transpose() {
                    // This send fails if the loop has already ended.
                    let _ = report.send(end.unwrap_or_else(Written::Failed));
                }
            })?;
        Ok(Writer {
            chunks,
            held: VecDeque::new(),
            unwanted,
            reports,
        })
    }

    /// Queues a piece.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) {
        self.held.push_back(bytes);
        self.push();
    }

    /// Deletes the incomplete file.
    pub(crate) fn forget(self) {
        self.unwanted.store(true, Ordering::Release);
    }

    /// Returns the channel that must have space before [`Writer::push`] can move more pieces; `None` if nothing waits.
    pub(crate) fn blocked_on(&self) -> Option<&Sender<Vec<u8>>> {
        (!self.held.is_empty()).then_some(&self.chunks)
    }

    /// Moves waiting pieces to the thread's channel, as long as the channel has space.
    pub(crate) fn push(&mut self) {
        // If this call fails, the thread has already reported the reason.
        let _ = fill(&self.chunks, &mut self.held);
    }
}

#[cfg(test)]
mod tests;
