//! A few threads that answer the slow questions of the rooms: they compute password hashes and look
//! things up in a database.
//!
//! The life of a question: a room returns a question when it handles a frame. The reader that has
//! read this frame queues the question here and blocks until the answer is found ([`Answers::to`]).
//! The reader holds no lock meanwhile. A worker takes the question and finds the answer. The reader
//! then gives the answer to the room, as the next event of its connection. The holder of the turn,
//! the clock's thread and the other readers do not wait for this answer.
//!
//! Why are there separate threads for questions, when each connection already has a thread?
//! Computing a password hash takes 27 ms of a core and 19 MiB. Suppose that each reader computed
//! its own hash. Then a thousand clients that log in at the same time would need 19 GiB, and every
//! message in every room would have to wait for a free core. So a few threads compute, and the
//! readers wait.
//!
//! * Each [`Effort`] has a queue and threads of its own, so a look-up never waits for a hash.
//! * Workers answer only one question of an address at a time, and the addresses take turns
//!   ([`FairQueue`]).
//! * The queues have a maximum length. If a queue has no space for a question, the reader does not
//!   wait: it gets [`Unanswered::Busy`] at once and tells the room. The room then sends its client
//!   a packet which says that the server is busy.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};
use log::{error, warn};
use parking_lot::{Condvar, Mutex};

use super::fair_queue::FairQueue;
use matou_protocols::room::{Effort, Protocol};

/// Number of threads for look-ups. More threads would not help, because only one of them can use
/// the database at a time.
const LOOK_UP_THREADS: usize = 2;

/// Maximum number of look-ups that wait. Each look-up takes 50 µs, so the last look-up in a full
/// queue waits 0.2 s. All look-ups in a full queue together use 8 MiB.
const LOOK_UPS: usize = 4096;

/// Maximum number of hashes that wait. Each hash takes 27 ms, so with one worker the last hash in a
/// full queue waits seven seconds. Most people who log in would give up after a longer wait.
const HASHES: usize = 256;

/// A function that finds the answer to a question and sends the answer to the reader that waits for
/// it. If the function is dropped without being called, the reader gets [`Unanswered::Busy`].
type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads for the whole process. They are started together with the first
/// listener whose room asks questions.
///
/// The lock of `ended` is held while the threads are started. No other lock is taken under it.
#[derive(Debug)]
pub(in crate::net) struct Workers {
    look_ups: Arc<Pool>,
    hashes: Arc<Pool>,
    /// A channel that carries no value. Each thread holds a copy of the sender. When all threads
    /// have ended and dropped their copies, the receiver returns an error. So one wait with a time
    /// limit is enough for all threads. (A wait in `JoinHandle::join` cannot have a time limit.)
    ended: Mutex<Option<(Sender<Infallible>, Receiver<Infallible>)>>,
}

/// The questions of one [`Effort`], and the threads that answer them.
///
/// The lock is held for queue operations. A worker releases the lock while it finds an answer.
struct Pool {
    name: &'static str,
    threads: usize,
    state: Mutex<State>,
    /// Notified when a question has been queued, and when the threads must end. Workers that find
    /// no question in the queue wait here.
    ready: Condvar,
}

struct State {
    queue: FairQueue<Job>,
    quit: bool,
}

impl Workers {
    /// Prepares `count` threads for hashes and a few for look-ups. Does not start these threads
    /// yet.
    pub(in crate::net) fn new(count: usize) -> Arc<Workers> {
        Arc::new(Workers {
            look_ups: Pool::new("matou-lookup", LOOK_UP_THREADS, LOOK_UPS),
            hashes: Pool::new("matou-hash", count.max(1), HASHES),
            ended: Mutex::new(None),
        })
    }

    /// Starts the threads, unless they run already. [`Engine`](crate::net::Engine), which owns
    /// them, calls this.
    pub(in crate::net) fn start(&self) -> io::Result<()> {
        let mut ended = self.ended.lock();
        if ended.is_some() {
            return Ok(());
        }
        // If one of the threads cannot be started, the server does not start. The threads that were
        // started before the error do no harm, because they only wait.
        let (here, all_ended) = bounded(0);
        for pool in [&self.look_ups, &self.hashes] {
            for number in 0..pool.threads {
                let (pool, here) = (Arc::clone(pool), here.clone());
                thread::Builder::new()
                    .name(format!("{}-{number}", pool.name))
                    .spawn(move || {
                        pool.work();
                        drop(here);
                    })?;
            }
        }
        *ended = Some((here, all_ended));
        Ok(())
    }

    /// Ends the threads. Blocks until they have ended, but at most for `patience`. If a thread is
    /// busy with an answer and needs longer, the caller does not wait for this thread. Call this
    /// method only after the last reader has got its answer.
    pub(in crate::net) fn stop(&self, patience: Duration) {
        for pool in [&self.look_ups, &self.hashes] {
            pool.state.lock().quit = true;
            pool.ready.notify_all();
        }
        let Some((here, all_ended)) = self.ended.lock().take() else {
            return;
        };
        // While this copy of the sender exists, the channel stays open. So the copy is dropped
        // before the wait.
        drop(here);
        // Blocks until the last worker drops its copy of the sender, or until the time is over.
        if all_ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            warn!(
                "a worker thread did not end within {patience:?}; the server no longer waits for it"
            );
        }
    }

    fn pool(&self, effort: Effort) -> &Pool {
        match effort {
            Effort::LookUp => &self.look_ups,
            Effort::Hash => &self.hashes,
        }
    }
}

impl Pool {
    /// Makes an empty pool in which at most `most` questions wait.
    fn new(name: &'static str, threads: usize, most: usize) -> Arc<Pool> {
        Arc::new(Pool {
            name,
            threads,
            state: Mutex::new(State {
                queue: FairQueue::new(most),
                quit: false,
            }),
            ready: Condvar::new(),
        })
    }

    /// Queues a question and wakes a thread for it. Never blocks.
    fn give(&self, address: IpAddr, job: Job) {
        let displaced = self.state.lock().queue.push(address, job);
        self.ready.notify_one();
        // The new question may have displaced another question. Dropping the displaced question
        // wakes the reader that waits for its answer. So it is dropped only after the lock is
        // released.
        drop(displaced);
    }

    /// The loop of a worker. It runs until the threads must end.
    ///
    /// A worker releases the lock while it waits and while it finds an answer. The search for an
    /// answer may take a long time, and the worker may block in it.
    fn work(&self) {
        let mut state = self.state.lock();
        while !state.quit {
            let Some((address, job)) = state.queue.take() else {
                // Blocks, and releases the lock while it waits. A new question wakes one thread,
                // and `stop` wakes all threads. Another thread may take the question before this
                // thread has the lock again, so the loop tests again whether a question waits.
                self.ready.wait(&mut state);
                continue;
            };
            drop(state);
            job();
            state = self.state.lock();
            // Now the next question of this address may be taken. This thread itself looks for a
            // question next, so it need not wake another thread.
            state.queue.done(address);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({}, {} threads)", self.name, self.threads)
    }
}

/// How the questions of one listener's room are answered.
///
/// The lock of `cancel` is held only to drop the sender. No other lock is taken under it.
pub(in crate::net) struct Answers<P: Protocol> {
    workers: Arc<Workers>,
    find: Arc<Find<P>>,
    /// This sender is dropped when the listener stops. That wakes all readers that wait for an
    /// answer.
    cancel: Mutex<Option<Sender<Infallible>>>,
    /// The receiver of `cancel`. The channel never carries a value, but it is closed when the
    /// listener stops.
    until_cancelled: Receiver<Infallible>,
}

/// A function that finds an answer. It may block for a long time, because it runs only on a
/// worker's thread.
type Find<P> = dyn Fn(<P as Protocol>::Question) -> <P as Protocol>::Answer + Send + Sync + 'static;

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Unanswered {
    /// Too many questions wait. The room may ask again later.
    Busy,
    /// The listener stops, or the worker that looked for the answer panicked.
    Failed,
}

impl<P: Protocol> Answers<P> {
    pub(in crate::net) fn new(
        workers: &Arc<Workers>,
        find: impl Fn(P::Question) -> P::Answer + Send + Sync + 'static,
    ) -> Answers<P> {
        let (cancel, until_cancelled) = bounded(0);
        Answers {
            workers: Arc::clone(workers),
            find: Arc::new(find),
            cancel: Mutex::new(Some(cancel)),
            until_cancelled,
        }
    }

    /// Queues a question of a client at this address, and blocks until it is answered. The caller
    /// must hold no lock.
    ///
    /// Three things wake the reader: a worker has found the answer; the question was dropped,
    /// because the queue was full; or the listener stops. Meanwhile other connections may have
    /// changed the room, so the room must check its state again.
    pub(in crate::net) fn to(
        &self,
        address: IpAddr,
        question: P::Question,
    ) -> Result<P::Answer, Unanswered> {
        let find = Arc::clone(&self.find);
        let effort = P::effort(&question);
        // A channel for one answer. Its sender is inside the job. When the job is dropped, the
        // channel is closed. So the reader is woken in any case.
        let (reply, answer) = bounded(1);
        // Runs on a worker's thread, without the pool's lock.
        let job: Job = Box::new(move || {
            // A panic here is a mistake in this server. The panic ends only the connection that
            // asked, and the worker goes on.
            let found = catch_unwind(AssertUnwindSafe(|| find(question)));
            if found.is_err() {
                error!(
                    "{}: a worker panicked; the client that waits for its answer is disconnected",
                    P::NAME
                );
            }
            // If the reader does not wait any more, it has dropped the receiver, and `send` fails.
            // This does not matter.
            let _ = reply.send(found.map_err(|_| Unanswered::Failed));
        });
        self.workers.pool(effort).give(address, job);
        // Blocks until one of the two channels has a value or is closed.
        select! {
            // If the job is dropped without being called, the channel is closed without an answer.
            recv(answer) -> answer => answer.unwrap_or(Err(Unanswered::Busy)),
            recv(self.until_cancelled) -> _ => Err(Unanswered::Failed),
        }
    }

    /// Wakes all readers that wait for an answer; they get [`Unanswered::Failed`]. From now on
    /// [`Answers::to`] does not block any more.
    pub(in crate::net) fn cancel(&self) {
        *self.cancel.lock() = None;
    }
}
