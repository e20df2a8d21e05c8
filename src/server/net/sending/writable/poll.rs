//! Unix systems without epoll: one thread at a time asks the system about all sockets.
//!
//! `poll` cannot be told of a new socket while it blocks. So [`Writable::add`] writes a byte into a
//! pipe that `poll` watches too; the thread wakes up, and asks again with the new socket.

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

/// Pause before a look, for each socket in it. The look takes about a tenth of this time for each
/// socket. So thousands of clients that do not read cost a tenth of a core and not a whole one.
/// Clients that do read have a buffer full of bytes in the system meanwhile.
const PAUSE_EACH: Duration = Duration::from_micros(1);

/// Pause before the system is asked again when it could not answer, because it has no memory.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Connections that wait until their sockets accept bytes again.
///
/// A thread that holds `asking` may take `waiting`, not the other way round. `asking` is held
/// across `poll`, which blocks; only writers take it, and they have nothing else to do. `waiting`
/// is held for map operations and for a write to the pipe, which never blocks because the pipe has
/// at most one byte in it.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    waiting: Mutex<Waiting>,
    /// The right to ask the system. The other writers wait for this lock.
    asking: Mutex<()>,
    /// A byte in this pipe wakes the thread that asks.
    heard: io::PipeReader,
    bell: io::PipeWriter,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    connections: ByConn<Arc<Connection>>,
    /// A byte is in the pipe. One is enough, so the pipe is never full and writing to it never
    /// blocks.
    rung: bool,
}

impl Writable {
    /// An empty one.
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

    /// Lets a connection wait. Wakes a writer when its socket accepts bytes, at once if it does
    /// already, and also when it was shut down or is lost. So each connection in the list is handed
    /// out again. Never blocks.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        let mut waiting = self.waiting.lock();
        let id = connection.id;
        waiting.connections.insert(id, Arc::clone(connection));
        self.ring(&mut waiting)
    }

    /// Wakes the thread in `poll`, unless a byte in the pipe does so already.
    fn ring(&self, waiting: &mut Waiting) -> io::Result<()> {
        if !waiting.rung {
            (&self.bell).write_all(&[0])?;
            waiting.rung = true;
        }
        Ok(())
    }

    /// Blocks until sockets accept bytes, and adds their connections to `ready`; or until
    /// [`Writable::stop`]. Any number of threads may wait: one blocks in `poll`, the others for the
    /// lock.
    pub(in crate::net) fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
        // Blocks while another writer asks. When that one has found connections, it releases the
        // lock and sends, and this one asks next.
        let _asking = self.asking.lock();
        while ready.is_empty() {
            if self.stopped.load(Ordering::Acquire) {
                return Woken::Stopped;
            }
            // A copy of the list, so that `add` does not wait while this thread is in `poll`.
            let all: Vec<_> = self.waiting.lock().connections.values().cloned().collect();
            // With a few sockets this is no time at all.
            thread::sleep(PAUSE_EACH * u32::try_from(all.len()).unwrap_or(u32::MAX));
            self.ask(&all, ready);
        }
        Woken::Ready
    }

    /// Blocks until one of these sockets accepts bytes or a byte is in the pipe. Hands out the
    /// connections that are ready.
    fn ask(&self, all: &[Arc<Connection>], ready: &mut Vec<Arc<Connection>>) {
        let sockets = all
            .iter()
            .map(|connection| PollFd::new(&connection.stream, PollFlags::OUT));
        let bell = PollFd::new(&self.heard, PollFlags::IN);
        let mut asked: Vec<_> = [bell].into_iter().chain(sockets).collect();
        // Blocks without a time limit. A socket wakes it, or the pipe: `add` and `stop` write a
        // byte into that.
        match poll(&mut asked, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return,
            Err(error) => {
                error!("cannot ask which sockets accept bytes: {error}");
                return thread::sleep(PAUSE_AFTER_ERROR);
            }
        }
        // Meanwhile connections may have been added. None was removed: only the thread that asks
        // does that.
        let mut waiting = self.waiting.lock();
        if !asked[0].revents().is_empty() {
            // A connection was added after the list was copied. It is in the next look.
            let _ = (&self.heard).read(&mut [0]);
            waiting.rung = false;
        }
        for (connection, answer) in all.iter().zip(&asked[1..]) {
            if !answer.revents().is_empty() {
                ready.extend(waiting.connections.remove(&connection.id));
            }
        }
    }

    /// Wakes every writer, for good.
    pub(in crate::net) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        // Wakes the thread in `poll`. Each thread that gets the lock after it looks at `stopped`
        // first.
        if let Err(error) = self.ring(&mut self.waiting.lock()) {
            error!("cannot stop the writers: {error}");
        }
    }

    /// The connections that wait now.
    pub(in crate::net) fn all(&self) -> Vec<Arc<Connection>> {
        self.waiting.lock().connections.values().cloned().collect()
    }

    /// Drops the connections that still wait. Each of them holds the writers, so they would keep
    /// each other in memory.
    pub(in crate::net) fn clear(&self) {
        // Outside the lock: closing a connection takes other locks.
        let waiting = std::mem::take(&mut self.waiting.lock().connections);
        drop(waiting);
    }
}
