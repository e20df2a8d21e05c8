//! The few threads that find answers which take long: password hashes, look-ups in a database.
//!
//! The life of a question: a room returns it instead of an effect. The reader whose frame led to it
//! queues it here and blocks until the answer comes ([`Answers::to`]), without any lock. A worker
//! takes it and finds the answer. The reader takes the answer to the room as the next event of its
//! connection. The turn, the clock and the other readers never come here.
//!
//! Why threads of their own, when each connection has one already? A password hash takes 27 ms of a
//! core and 19 MiB. If each reader computed its own, a thousand clients that log in at once would
//! need 19 GiB, and every message in every room would wait for a core. So few threads compute, and
//! the readers wait.
//!
//! * Questions of different [`Effort`] have queues and threads of their own: a look-up never waits
//!   for a hash.
//! * Questions of one address wait for each other; addresses take turns ([`FairQueue`]).
//! * The queues are bounded. A question that finds no space does not wait at all: its reader
//!   returns to the room at once with [`Unanswered::Busy`], and the room says so in its protocol's
//!   own way.

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

/// Threads for look-ups. More would not help, because most of them wait for each other at the one
/// database.
const LOOK_UP_THREADS: usize = 2;

/// Maximum look-ups that wait: with 50 µs each the last one waits 0.2 s, and all of them take 8
/// MiB.
const LOOK_UPS: usize = 4096;

/// Maximum hashes that wait: with 27 ms each the last one waits seven seconds for a single worker.
/// A person who logs in does not wait much longer than that.
const HASHES: usize = 256;

/// A question and the way back for its answer. If it is dropped without being called, its reader is
/// told that it found no space.
type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads for the whole process, started for the first listener whose room asks
/// anything.
///
/// The lock of `ended` is held while the threads are started. Under it no other lock is taken.
#[derive(Debug)]
pub(in crate::net) struct Workers {
    look_ups: Arc<Pool>,
    hashes: Arc<Pool>,
    /// A channel that carries no value. Each thread holds a copy of the sender; when all have ended
    /// and dropped it, the receiver returns an error. So one wait with a time limit covers all
    /// threads, which `JoinHandle::join` cannot do.
    ended: Mutex<Option<(Sender<Infallible>, Receiver<Infallible>)>>,
}

/// Questions of one effort, and the threads that answer them.
///
/// The lock is held for queue operations. A worker releases it while it finds an answer.
struct Pool {
    name: &'static str,
    threads: usize,
    state: Mutex<State>,
    /// Notified when a question was queued, and at the end.
    ready: Condvar,
}

struct State {
    queue: FairQueue<Job>,
    quit: bool,
}

impl Workers {
    /// `count` threads for hashes and a few for look-ups. None is started yet.
    pub(in crate::net) fn new(count: usize) -> Arc<Workers> {
        Arc::new(Workers {
            look_ups: Pool::new("matou-lookup", LOOK_UP_THREADS, LOOK_UPS),
            hashes: Pool::new("matou-hash", count.max(1), HASHES),
            ended: Mutex::new(None),
        })
    }

    /// Starts the threads, unless they run already. The caller is [`Engine`](crate::net::Engine),
    /// which owns them.
    pub(in crate::net) fn start(&self) -> io::Result<()> {
        let mut ended = self.ended.lock();
        if ended.is_some() {
            return Ok(());
        }
        // If one of the threads cannot be started, the server does not start, and those before it
        // wait without harm.
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

    /// Ends the threads. Blocks until they have ended, but at most for this time: a thread that is
    /// busy with an answer may need longer, and then it is left to itself. No reader may wait for
    /// an answer any more.
    pub(in crate::net) fn stop(&self, patience: Duration) {
        for pool in [&self.look_ups, &self.hashes] {
            pool.state.lock().quit = true;
            pool.ready.notify_all();
        }
        let Some((here, all_ended)) = self.ended.lock().take() else {
            return;
        };
        // This copy of the sender would keep the channel open.
        drop(here);
        if all_ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            warn!("a worker thread did not end within {patience:?}; stopping without it");
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
        // Dropping it wakes the reader that waits for its answer. So it is dropped after the lock
        // is released.
        drop(displaced);
    }

    /// The life of a worker.
    ///
    /// It holds the lock except while it waits and while it finds an answer, which may take long
    /// and may block.
    fn work(&self) {
        let mut state = self.state.lock();
        while !state.quit {
            let Some((address, job)) = state.queue.take() else {
                // Blocks; releases the lock while it waits. A new question wakes one thread, the
                // end wakes all. Another thread may have taken the question first, so the loop
                // looks again.
                self.ready.wait(&mut state);
                continue;
            };
            drop(state);
            job();
            state = self.state.lock();
            // The next question of this address may be taken now. This thread looks for one itself,
            // so it wakes no other.
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
/// The lock of `cancel` is held to drop the sender; no other lock is taken under it.
pub(in crate::net) struct Answers<P: Protocol> {
    workers: Arc<Workers>,
    find: Arc<Find<P>>,
    /// Dropped when the listener stops. That wakes all readers that wait here.
    cancel: Mutex<Option<Sender<Infallible>>>,
    /// Closed when `cancel` is dropped. It never carries a value.
    until_cancelled: Receiver<Infallible>,
}

/// Finds an answer. It may block and take long: it runs on a worker's thread only.
type Find<P> = dyn Fn(<P as Protocol>::Question) -> <P as Protocol>::Answer + Send + Sync + 'static;

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Unanswered {
    /// Too many questions wait. The room may ask again later.
    Busy,
    /// The listener stops, or finding the answer failed with a panic.
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

    /// Queues a question of a client at this address and blocks until it is answered. No lock may
    /// be held.
    ///
    /// Three things wake the reader: the worker's answer, the drop of the question (it found no
    /// space, or lost its space to another address), and the stop of the listener. Meanwhile other
    /// connections went on, so the room must check again what it knew.
    pub(in crate::net) fn to(
        &self,
        address: IpAddr,
        question: P::Question,
    ) -> Result<P::Answer, Unanswered> {
        let find = Arc::clone(&self.find);
        let effort = P::effort(&question);
        // A channel for one answer. Its sender is inside the job, so it is dropped with the job,
        // whatever becomes of that.
        let (reply, answer) = bounded(1);
        // Runs on a worker's thread, without the pool's lock.
        let job: Job = Box::new(move || {
            // A panic here is a mistake in this server. It costs one connection, and the worker
            // goes on.
            let found = catch_unwind(AssertUnwindSafe(|| find(question)));
            if found.is_err() {
                error!(
                    "{}: finding an answer failed with a panic; its client is disconnected",
                    P::NAME
                );
            }
            // The reader may have stopped waiting: then the channel is closed, and that is no
            // error.
            let _ = reply.send(found.map_err(|_| Unanswered::Failed));
        });
        self.workers.pool(effort).give(address, job);
        // Blocks until one of the two channels has a value or is closed.
        select! {
            // The channel closes without an answer when the job is dropped.
            recv(answer) -> answer => answer.unwrap_or(Err(Unanswered::Busy)),
            recv(self.until_cancelled) -> _ => Err(Unanswered::Failed),
        }
    }

    /// Wakes all readers that wait, and lets none wait any more. They get no answers.
    pub(in crate::net) fn cancel(&self) {
        *self.cancel.lock() = None;
    }
}
