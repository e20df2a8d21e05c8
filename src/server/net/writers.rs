//! The few threads that write to clients whose sockets were full.
//!
//! A writer blocks in one place only, [`Writable::wait`], where all such clients wait together: what wakes it is a socket that
//! takes bytes again. It sends what the socket takes at once, and lets the client wait again if that is not all. So a client
//! that reads nothing never has a writer, however many there are of its kind. Whether a client is too slow is not decided
//! here: see `progress`, and the clock that calls it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use log::error;
use parking_lot::Mutex;

use super::connection::{Connection, Wrote};
use super::writable::{Woken, Writable};

/// A system that is short of memory for sockets says that they take bytes, and then takes none. Instead of asking it without
/// end, a writer that achieved nothing at all leaves the processor to others for this long.
const PAUSE: Duration = Duration::from_millis(1);

/// Clients whose sockets were full, and the threads that write to them.
#[derive(Debug)]
pub(super) struct Writers {
    /// `None` when the system had none of what it takes: then slow clients are cut.
    waiting: Option<Writable>,
    /// Threads that wait for work.
    idle: AtomicUsize,
    most: usize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Writers {
    /// Starts the first writer; it hires others, up to `most`, when it finds more work than it can do.
    pub(super) fn start(most: usize) -> Arc<Writers> {
        let waiting = Writable::new()
            .inspect_err(|error| error!("cannot wait for slow clients, they will be cut: {error}"))
            .ok();
        let writers = Arc::new(Writers {
            waiting,
            idle: AtomicUsize::new(0),
            most: most.max(1),
            threads: Mutex::new(Vec::new()),
        });
        writers.hire();
        writers
    }

    /// Gives a connection whose outbox needs a writer: one comes when its socket takes bytes. Never blocks.
    pub(super) fn give(&self, connection: &Arc<Connection>) {
        let Some(waiting) = &self.waiting else {
            return connection.cut();
        };
        if let Err(error) = waiting.add(connection) {
            error!("{connection}: cut, the system cannot say when it takes bytes: {error}");
            connection.cut();
        }
    }

    /// Closes a connection in order, and writes what its socket does not take at once. Never blocks.
    pub(super) fn finish(&self, connection: &Arc<Connection>) {
        if connection.finish() {
            self.give(connection);
        }
    }

    /// Ends the writers. Connections must have ended before.
    pub(super) fn stop(&self) {
        if let Some(waiting) = &self.waiting {
            waiting.stop();
        }
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            let _ = thread.join();
        }
    }

    fn hire(self: &Arc<Self>) {
        let mut threads = self.threads.lock();
        if threads.len() >= self.most {
            return;
        }
        let writers = Arc::clone(self);
        let name = format!("matou-writer-{}", threads.len());
        match thread::Builder::new()
            .name(name)
            .spawn(move || writers.work())
        {
            Ok(thread) => threads.push(thread),
            Err(error) => error!("cannot start a writer thread: {error}"),
        }
    }

    fn work(self: &Arc<Self>) {
        let Some(waiting) = &self.waiting else {
            return;
        };
        let mut ready = Vec::new();
        loop {
            self.idle.fetch_add(1, Ordering::SeqCst);
            let woken = waiting.wait(&mut ready);
            let idle = self.idle.fetch_sub(1, Ordering::SeqCst) - 1;
            match woken {
                Woken::Stopped => return,
                Woken::Crowded if idle == 0 => self.hire(),
                Woken::Crowded | Woken::Ready => {}
            }
            let mut achieved = false;
            for connection in ready.drain(..) {
                let wrote = connection.write();
                achieved |= wrote != Wrote::Nothing;
                if wrote != Wrote::All {
                    self.give(&connection);
                }
            }
            if !achieved {
                thread::sleep(PAUSE);
            }
        }
    }
}
