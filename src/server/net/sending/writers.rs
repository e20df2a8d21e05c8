//! The few threads that write to clients whose sockets were full.
//!
//! A writer blocks in only one place, [`Writable::wait`]. There it waits for the sockets of all
//! these clients together. A socket that accepts bytes again wakes it. The writer sends as many
//! bytes as the socket accepts at once. If bytes are left, it puts the connection back on the list.
//! So a client that reads nothing does not keep a writer busy, and thousands of such clients do not
//! either.
//!
//! The life of a slow client here:
//!
//! 1. The holder of the turn pushes bytes to the client's outbox, and the socket is full. The
//!    outbox asks for a writer, and [`Writers::give`] puts the connection on the list. The holder
//!    of the turn goes on with the next client at once.
//! 2. The client reads. When a large part of the socket's buffer is free (on Linux a third), the
//!    system reports that the socket accepts bytes. This wakes one writer, and [`Writable::wait`]
//!    gives it the connection.
//! 3. The writer sends until the socket is full again or the queue is empty. If the socket is full,
//!    the writer puts the connection on the list again, and step 2 follows.
//!
//! Why not one writer thread for each client, as in many textbooks? Each message would then wake a
//! thread for each client. Here a client that reads fast enough never wakes a writer at all.
//!
//! The outbox checks whether its client is too slow after each send from the queue, and whenever
//! the clock asks (see `progress`).

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

/// A writer sleeps for this long after a round in which no socket accepted a byte. If the system is
/// short of memory, it may report that a socket accepts bytes, and then accept none. Without the
/// pause, the writer would try again and again and use a whole core.
const PAUSE: Duration = Duration::from_millis(1);

/// Clients whose sockets were full, and the threads that write to them.
///
/// The lock of `threads` is held while a thread is started, and while [`Writers::stop`] takes the
/// list out of it. No other lock is taken under it. The lock of the waiting connections is hidden
/// in [`Writable`].
pub(in crate::net) struct Writers {
    /// The clients whose sockets were full. `None` if the system could not create this list; in
    /// that case the server cuts a client as soon as its socket is full.
    waiting: Option<Writable>,
    /// Number of writers that are blocked in `wait` or will be soon. The only use of this number is
    /// to decide whether to start another writer, so it need not be exact and needs no lock.
    idle: AtomicUsize,
    /// Maximum number of threads.
    most: usize,
    /// Counts the bytes that are queued for all clients.
    queued: Arc<Queued>,
    /// Held by the thread that looks for the largest outbox. A thread that finds this lock taken
    /// does not wait for it, and does not look. The holder takes the lock of the waiting
    /// connections and releases it. Then it reads the length of one outbox after the other, and
    /// cuts some of these connections; each of these steps takes the locks of one connection for a
    /// moment.
    relieving: Mutex<()>,
    /// The threads, which are joined at the end. The length of this list is the number in the name
    /// of the next thread.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Writers {
    /// Starts the first writer. When the writers find more work than they can do, they start more
    /// writers, up to `most`. `most_bytes` is the maximum number of bytes that may wait for all
    /// clients together.
    pub(in crate::net) fn start(most: usize, most_bytes: usize) -> Arc<Writers> {
        let writers = Writers::new(most, most_bytes);
        writers.hire();
        writers
    }

    /// Makes the value, but starts no writer yet.
    pub(in crate::net) fn new(most: usize, most_bytes: usize) -> Arc<Writers> {
        let waiting = Writable::new()
            .inspect_err(|error| {
                error!("cannot wait for slow clients: {error}; slow clients will be disconnected")
            })
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

    /// Puts a connection on the list. When its socket accepts bytes, a writer sends the
    /// connection's queued bytes. Never blocks.
    pub(in crate::net) fn give(&self, connection: &Arc<Connection>) {
        let Some(waiting) = &self.waiting else {
            return connection.cut();
        };
        if let Err(error) = waiting.add(connection) {
            error!("{connection} cut: the system cannot watch its socket: {error}");
            connection.cut();
        }
    }

    /// Returns the counter of the bytes that are queued for all clients.
    pub(in crate::net) fn queued(&self) -> &Arc<Queued> {
        &self.queued
    }

    /// If all clients together have too many queued bytes, cuts the clients with the longest queues
    /// until the sum is well below the maximum. In most calls this method only reads the sum. Never
    /// blocks.
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

    /// Ends the writers: wakes them all and joins them. Blocks until they have ended; before that,
    /// each of them does at most one more round of sends. Call it only after all connections have
    /// ended.
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

    /// Starts another writer, if fewer than `most` writers run. If the system cannot start another
    /// writer, the running writers do all the work.
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

    /// The loop of a writer. It ends when the writers are stopped.
    fn work(self: &Arc<Self>) {
        let Some(waiting) = &self.waiting else {
            return;
        };
        let mut ready = Vec::new();
        loop {
            self.idle.fetch_add(1, Ordering::SeqCst);
            // Blocks until sockets accept bytes or the writers are stopped; the comment of `wait`
            // says what wakes this thread. Afterwards no other writer has the connections in
            // `ready`. But the outboxes of these connections may have changed: the clock's thread
            // may have sent the queued bytes, or cut the client.
            let woken = waiting.wait(&mut ready);
            let idle = self.idle.fetch_sub(1, Ordering::SeqCst) - 1;
            match woken {
                Woken::Stopped => return,
                // More connections may be ready than this thread has taken, and perhaps no other
                // writer is free to take them. Then another writer is started.
                Woken::Crowded if idle == 0 => self.hire(),
                Woken::Crowded | Woken::Ready => {}
            }
            let mut achieved = false;
            for connection in ready.drain(..) {
                // Does not block on systems with a non-blocking send: see `sys::write_pieces`.
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

/// Does not show the connections that wait: each of them contains these writers, so the output
/// would never end.
impl fmt::Debug for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writers(at most {})", self.most)
    }
}
