//! The few threads that write to clients whose sockets were full.
//!
//! A writer blocks in one place only, [`Writable::wait`], where all such clients wait together. A
//! socket that accepts bytes again wakes it. It sends what the socket accepts at once and, if bytes
//! are left, lets the client wait again. So a client that reads nothing never occupies a writer,
//! however many such clients exist.
//!
//! The life of a slow client here:
//!
//! 1. The turn pushes to its outbox, and the socket is full. The outbox asks for a writer, and
//!    [`Writers::give`] lets the connection wait. The holder of the turn goes on with the next
//!    client at once.
//! 2. The client reads. When a good part of the socket's buffer is free (on Linux a third), the
//!    system reports the socket, and one writer wakes up with the connection.
//! 3. The writer sends until the socket is full again or the queue is empty. If it is full, step 1
//!    begins again.
//!
//! Why not one writer thread for each client, as textbooks have it? A thread per client would be
//! woken for each message to each client. Here a client that keeps up never wakes a writer at all.
//!
//! The writers do not decide whether a client is too slow. The outbox does, at its deadline: see
//! `progress` and the clock.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use log::error;
use parking_lot::Mutex;

use super::piece::Queued;
use super::writable::{Woken, Writable};
use crate::net::connection::{Connection, Wrote};

/// A writer that achieved nothing at all sleeps for this long. A system that is short of memory for
/// sockets says that they accept bytes, and then accepts none. Without the pause the writer would
/// ask it again and again at full speed.
const PAUSE: Duration = Duration::from_millis(1);

/// Clients whose sockets were full, and the threads that write to them.
///
/// The lock of `threads` is held while a thread is started and while the list is taken; no other
/// lock is taken under it. The lock of the waiting connections is hidden in [`Writable`].
pub(in crate::net) struct Writers {
    /// `None` when the system could not make it. Then slow clients are cut.
    waiting: Option<Writable>,
    /// Threads that are blocked in `wait` or about to be. A hint for hiring, so no lock keeps it
    /// exact.
    idle: AtomicUsize,
    /// Maximum number of threads.
    most: usize,
    /// What is queued for all clients.
    queued: Arc<Queued>,
    /// Held by the thread that looks for the largest outbox. Others do not wait for it. The holder
    /// takes the lock of the waiting connections, and then that of one outbox after the other.
    relieving: Mutex<()>,
    /// The threads, to join them at the end. Its length is the number for the next one's name.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Writers {
    /// Starts the first writer. The writers start others, up to `most`, when they find more work
    /// than they can do. At most `most_bytes` wait over all clients.
    pub(in crate::net) fn start(most: usize, most_bytes: usize) -> Arc<Writers> {
        let writers = Writers::new(most, most_bytes);
        writers.hire();
        writers
    }

    /// Writers without a thread.
    pub(in crate::net) fn new(most: usize, most_bytes: usize) -> Arc<Writers> {
        let waiting = Writable::new()
            .inspect_err(|error| error!("cannot wait for slow clients; they will be cut: {error}"))
            .ok();
        Arc::new(Writers {
            waiting,
            idle: AtomicUsize::new(0),
            most: most.max(1),
            queued: Queued::new(most_bytes),
            relieving: Mutex::new(()),
            threads: Mutex::new(Vec::new()),
        })
    }

    /// Lets a connection wait until its socket accepts bytes; then a writer sends. Never blocks.
    pub(in crate::net) fn give(&self, connection: &Arc<Connection>) {
        let Some(waiting) = &self.waiting else {
            return connection.cut();
        };
        if let Err(error) = waiting.add(connection) {
            error!("{connection} cut: the system cannot watch its socket: {error}");
            connection.cut();
        }
    }

    /// What is queued for all clients.
    pub(in crate::net) fn queued(&self) -> &Arc<Queued> {
        &self.queued
    }

    /// When too many bytes wait over all clients, cuts those for which most is queued, until clearly
    /// fewer wait. Mostly it only looks at a number. Never blocks.
    pub(in crate::net) fn relieve(&self) {
        if !self.queued.is_too_much() {
            return;
        }
        let (Some(waiting), Some(_relieving)) = (&self.waiting, self.relieving.try_lock()) else {
            return;
        };
        let sized = |connection: Arc<Connection>| (connection.outbox.bytes(), connection);
        let mut clients: Vec<_> = waiting.all().into_iter().map(sized).collect();
        clients.sort_unstable_by_key(|(bytes, _)| Reverse(*bytes));
        for (bytes, connection) in clients {
            if self.queued.is_relieved() {
                return;
            }
            connection.cut_as_the_largest(bytes, self.queued.most());
        }
    }

    /// Ends the writers: wakes them all and joins them. Blocks until they have ended; each of them
    /// does at most one round of sends before that. The connections must have ended before.
    pub(in crate::net) fn stop(&self) {
        if let Some(waiting) = &self.waiting {
            waiting.stop();
        }
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            let _ = thread.join();
        }
        if let Some(waiting) = &self.waiting {
            waiting.clear();
        }
    }

    /// Starts another writer, if fewer than `most` run. When the system has no thread left, the
    /// others do the work.
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

    /// The life of a writer.
    fn work(self: &Arc<Self>) {
        let Some(waiting) = &self.waiting else {
            return;
        };
        let mut ready = Vec::new();
        loop {
            self.idle.fetch_add(1, Ordering::SeqCst);
            // Blocks until sockets accept bytes or the writers are stopped. Afterwards this thread
            // alone has the connections in `ready`. Their outboxes may have changed: the clock may
            // have sent the queue, or cut the client.
            let woken = waiting.wait(&mut ready);
            let idle = self.idle.fetch_sub(1, Ordering::SeqCst) - 1;
            match woken {
                Woken::Stopped => return,
                // More may be ready than this thread took, and no other writer is free to take it.
                Woken::Crowded if idle == 0 => self.hire(),
                Woken::Crowded | Woken::Ready => {}
            }
            let mut achieved = false;
            for connection in ready.drain(..) {
                // Does not block where the system can send without: see `sys::write_pieces`.
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

/// Without the connections that wait: each of them has these writers in it.
impl fmt::Debug for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writers(at most {})", self.most)
    }
}
