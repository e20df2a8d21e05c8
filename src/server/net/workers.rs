//! The few threads that find the answers that take long: password hashes, look-ups in a database.
//!
//! A reader whose room asked something gives the question to a queue and waits here, without any lock. The turn, the clock
//! and the other readers never come here.
//!
//! * Questions of different [`Effort`] have queues and threads of their own: a look-up never waits for a hash.
//! * Questions of one address wait for each other, those of different addresses take turns ([`FairQueue`]).
//! * The queues are bounded. A question that finds no place is not kept waiting outside: its reader returns to the room at
//!   once with [`Unanswered::Busy`], and the room says so in its protocol's own way.

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

/// Threads for questions of little effort. Most of them take a turn at the one database.
const LOOK_UP_THREADS: usize = 2;

/// Look-ups that may wait: with 50 µs each the last one waits 0.2 s, and all of them take 8 MiB.
const LOOK_UPS: usize = 4096;

/// Hashes that may wait: with 27 ms each the last one waits seven seconds for a single worker. A person who logs in does not
/// wait much longer than that.
const HASHES: usize = 256;

/// A question and the way back of its answer. One that is dropped has found no place.
type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads for the whole process, started for the first listener that asks anything.
#[derive(Debug)]
pub(super) struct Workers {
    look_ups: Arc<Lane>,
    hashes: Arc<Lane>,
    /// Each thread holds a copy of the sender: when they have all ended, the receiver hears of it.
    ended: Mutex<Option<(Sender<Infallible>, Receiver<Infallible>)>>,
}

/// Questions of one effort, and the threads that answer them.
struct Lane {
    name: &'static str,
    threads: usize,
    state: Mutex<State>,
    /// Notified when a question can be taken, and at the end.
    ready: Condvar,
}

struct State {
    queue: FairQueue<Job>,
    quit: bool,
}

impl Workers {
    /// `count` threads for hashes, and a few for everything else.
    pub(super) fn new(count: usize) -> Arc<Workers> {
        Arc::new(Workers {
            look_ups: Lane::new("matou-lookup", LOOK_UP_THREADS, LOOK_UPS),
            hashes: Lane::new("matou-hash", count.max(1), HASHES),
            ended: Mutex::new(None),
        })
    }

    /// Starts the threads, unless they run.
    pub(super) fn start(&self) -> io::Result<()> {
        let mut ended = self.ended.lock();
        if ended.is_some() {
            return Ok(());
        }
        let (here, all_ended) = bounded(0);
        for lane in [&self.look_ups, &self.hashes] {
            for number in 0..lane.threads {
                let (lane, here) = (Arc::clone(lane), here.clone());
                thread::Builder::new()
                    .name(format!("{}-{number}", lane.name))
                    .spawn(move || {
                        lane.work();
                        drop(here);
                    })?;
            }
        }
        *ended = Some((here, all_ended));
        Ok(())
    }

    /// Ends the threads; one that does not come back in time is left behind. Nobody may wait for answers any more.
    pub(super) fn stop(&self, patience: Duration) {
        for lane in [&self.look_ups, &self.hashes] {
            lane.state.lock().quit = true;
            lane.ready.notify_all();
        }
        let Some((here, all_ended)) = self.ended.lock().take() else {
            return;
        };
        drop(here);
        if all_ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            warn!("a worker did not end in time and was left behind");
        }
    }

    fn lane(&self, effort: Effort) -> &Lane {
        match effort {
            Effort::LookUp => &self.look_ups,
            Effort::Hash => &self.hashes,
        }
    }
}

impl Lane {
    fn new(name: &'static str, threads: usize, most: usize) -> Arc<Lane> {
        Arc::new(Lane {
            name,
            threads,
            state: Mutex::new(State {
                queue: FairQueue::new(most),
                quit: false,
            }),
            ready: Condvar::new(),
        })
    }

    fn give(&self, address: IpAddr, job: Job) {
        let displaced = self.state.lock().queue.push(address, job);
        self.ready.notify_one();
        // Its asker hears of it now, without the lock.
        drop(displaced);
    }

    fn work(&self) {
        let mut state = self.state.lock();
        while !state.quit {
            let Some((address, job)) = state.queue.take() else {
                self.ready.wait(&mut state);
                continue;
            };
            drop(state);
            job();
            state = self.state.lock();
            // This thread looks for the next question itself, so it wakes no other one.
            state.queue.done(address);
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({}, {} threads)", self.name, self.threads)
    }
}

/// How one listener's questions are answered.
pub(super) struct Answers<P: Protocol> {
    workers: Arc<Workers>,
    find: Arc<Find<P>>,
    /// Dropped when the listener stops: who waits then goes without an answer.
    cancel: Mutex<Option<Sender<Infallible>>>,
    until_cancelled: Receiver<Infallible>,
}

type Find<P> = dyn Fn(<P as Protocol>::Question) -> <P as Protocol>::Answer + Send + Sync + 'static;

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// Too many questions wait. The same question may be asked again later.
    Busy,
    /// The listener stops, or finding the answer failed.
    Failed,
}

impl<P: Protocol> Answers<P> {
    pub(super) fn new(
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

    /// Queues a question of a client at this address and waits for the answer. No lock may be held.
    pub(super) fn to(
        &self,
        address: IpAddr,
        question: P::Question,
    ) -> Result<P::Answer, Unanswered> {
        let find = Arc::clone(&self.find);
        let effort = P::effort(&question);
        let (reply, answer) = bounded(1);
        let job: Job = Box::new(move || {
            // A mistake in finding an answer costs the one question.
            let found = catch_unwind(AssertUnwindSafe(|| find(question)));
            if found.is_err() {
                error!("a question stays without an answer: finding it failed with a panic");
            }
            // The asker may have given up.
            let _ = reply.send(found.map_err(|_| Unanswered::Failed));
        });
        self.workers.lane(effort).give(address, job);
        select! {
            // The job was dropped when nothing comes from it.
            recv(answer) -> answer => answer.unwrap_or(Err(Unanswered::Busy)),
            recv(self.until_cancelled) -> _ => Err(Unanswered::Failed),
        }
    }

    /// From now on nobody gets an answer, also those who wait for one.
    pub(super) fn cancel(&self) {
        *self.cancel.lock() = None;
    }
}
