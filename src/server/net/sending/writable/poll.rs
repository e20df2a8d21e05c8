//! For Unix systems without epoll: one thread at a time asks the system about all sockets.
//!
//! A thread that is blocked in `poll` does not notice a new socket on the list. So
//! [`Writable::add`] writes a byte into a pipe, which the thread watches with `poll` too. The byte
//! wakes the thread, and it calls `poll` again with the new socket.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use log::error;
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, poll};

use super::Woken;
use crate::net::connection::Connection;
use matou_protocols::room::ByConn;

/// Before each call of `poll`, the thread pauses for this time, multiplied by the number of
/// sockets. The call itself takes about a tenth of this time for each socket. So thousands of
/// clients that do not read use a tenth of a core, and not a whole core. The pause does not slow
/// down clients that read: the system still has many bytes for them in the buffers of their
/// sockets.
const PAUSE_EACH: Duration = Duration::from_micros(1);

/// Pause after `poll` has failed, for example because the system has no memory.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Connections that wait until their sockets accept bytes again.
///
/// A thread that holds `asking` may take `waiting`; a thread that holds `waiting` must not take
/// `asking`. A writer holds `asking` during `poll`, which blocks. This is allowed, because only
/// writers take `asking`, and a writer that waits has nothing else to do. `waiting` is held for map
/// operations and for a write to the pipe. That write never blocks, because the pipe contains at
/// most one byte.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    waiting: Mutex<Waiting>,
    /// Only the holder of this lock may ask the system which sockets accept bytes. The other
    /// writers wait for the lock.
    asking: Mutex<()>,
    /// A byte in this pipe wakes the thread that is blocked in `poll`.
    heard: io::PipeReader,
    bell: io::PipeWriter,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    connections: ByConn<Arc<Connection>>,
    /// True while a byte is in the pipe. No second byte is written then, so the pipe is never full,
    /// and writing to it never blocks.
    rung: bool,
}

impl Writable {
    /// Makes an empty list.
    pub(in crate::net) fn new() -> io::Result<Writable> {
        let (heard, bell) = io::pipe()?;
        Ok(Writable {
            waiting: Mutex::default(),
            asking: Mutex::new(()),
            heard,
            bell,
            stopped: AtomicBool::new(false),
        })
    }

    /// Puts a connection on the list. A writer is woken when the connection's socket accepts bytes
    /// (at once if it does already), when the socket is shut down, and when the connection is lost.
    /// One of these always happens, so sooner or later a writer gets each connection on the list.
    /// Never blocks.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        let mut waiting = self.waiting.lock();
        let id = connection.id;
        waiting.connections.insert(id, Arc::clone(connection));
        self.ring(&mut waiting)
    }

    /// Wakes the thread in `poll` with a byte in the pipe, unless the pipe contains one already.
    fn ring(&self, waiting: &mut Waiting) -> io::Result<()> {
        if !waiting.rung {
            (&self.bell).write_all(&[0])?;
            waiting.rung = true;
        }
        Ok(())
    }

    /// Blocks until sockets accept bytes, and adds their connections to `ready`. [`Writable::stop`]
    /// also ends the wait. Any number of threads may wait here: one is blocked in `poll`, and the
    /// other threads wait for the lock `asking`.
    pub(in crate::net) fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
        // Blocks while another writer asks the system. When that writer has found connections, it
        // releases the lock and sends. This wakes one waiting thread, which asks the system next.
        let _asking = self.asking.lock();
        while ready.is_empty() {
            if self.stopped.load(Ordering::Acquire) {
                return Woken::Stopped;
            }
            // The list is copied, so that its lock is free while this thread is blocked in `poll`.
            // Otherwise a thread that calls `add` would have to wait.
            let all: Vec<_> = self.waiting.lock().connections.values().cloned().collect();
            // This pause is very short when only a few sockets wait.
            thread::sleep(PAUSE_EACH * u32::try_from(all.len()).unwrap_or(u32::MAX));
            self.ask(&all, ready);
        }
        Woken::Ready
    }

    /// Blocks until one of these sockets accepts bytes, or until a byte is in the pipe. Moves the
    /// connections that are ready from the list to `ready`.
    fn ask(&self, all: &[Arc<Connection>], ready: &mut Vec<Arc<Connection>>) {
        let sockets = all
            .iter()
            .map(|connection| PollFd::new(&connection.stream, PollFlags::OUT));
        let bell = PollFd::new(&self.heard, PollFlags::IN);
        let mut asked: Vec<_> = [bell].into_iter().chain(sockets).collect();
        // Blocks without a time limit. Two things wake this thread: a socket that accepts bytes,
        // and a byte that `add` or `stop` writes into the pipe.
        match poll(&mut asked, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return,
            Err(error) => {
                error!("cannot ask which sockets accept bytes: {error}");
                return thread::sleep(PAUSE_AFTER_ERROR);
            }
        }
        // While this thread was blocked, connections may have been added to the list. No connection
        // was removed, because only the thread that holds `asking` removes connections.
        let mut waiting = self.waiting.lock();
        if !asked[0].revents().is_empty() {
            // A connection was added after the list was copied, or the writers were stopped. The
            // loop in `wait` finds out what has happened.
            let _ = (&self.heard).read(&mut [0]);
            waiting.rung = false;
        }
        for (connection, answer) in all.iter().zip(&asked[1..]) {
            if !answer.revents().is_empty() {
                ready.extend(waiting.connections.remove(&connection.id));
            }
        }
    }

    /// Wakes every writer. Every later call of [`Writable::wait`] returns [`Woken::Stopped`].
    pub(in crate::net) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        // The byte wakes the thread in `poll`, which then returns and releases the lock `asking`.
        // Each thread that gets that lock afterwards tests `stopped` first.
        if let Err(error) = self.ring(&mut self.waiting.lock()) {
            error!("cannot stop the writers: {error}");
        }
    }

    /// Returns the connections that wait now.
    pub(in crate::net) fn all(&self) -> Vec<Arc<Connection>> {
        self.waiting.lock().connections.values().cloned().collect()
    }

    /// Drops the connections that still wait. Each of them holds an `Arc` of the writers, so the
    /// connections and the writers would keep each other in memory.
    pub(in crate::net) fn clear(&self) {
        // The connections are dropped after the lock is released, because closing a connection
        // takes other locks.
        let waiting = std::mem::take(&mut self.waiting.lock().connections);
        drop(waiting);
    }
}
