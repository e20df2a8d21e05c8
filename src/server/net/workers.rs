//! The few threads that find the answers that take long: password hashes, look-ups in a database.
//!
//! A reader whose room asked something gives the question to the queue and waits here, without any lock. When the queue is
//! full it waits for a place in it: what its client sends meanwhile stays in the socket, so a storm of questions costs the
//! clients who ask time, and nobody memory. The turn, the clock and the other readers never come here.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};
use log::{error, warn};
use parking_lot::Mutex;

use matou_protocols::room::Protocol;

/// Questions that wait for a worker, each a login and a password or so. More wait with their readers.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads for the whole process, started for the first listener that asks anything.
#[derive(Debug)]
pub(super) struct Workers {
    count: usize,
    give: Sender<Job>,
    take: Receiver<Job>,
    /// Dropped to end the threads.
    quit: Mutex<Option<Sender<Infallible>>>,
    until_quit: Receiver<Infallible>,
    /// Each thread holds a copy of the sender: when they have all ended, the receiver hears of it.
    ended: Mutex<Option<(Sender<Infallible>, Receiver<Infallible>)>>,
}

impl Workers {
    pub(super) fn new(count: usize) -> Arc<Workers> {
        let (give, take) = bounded(QUEUE);
        let (quit, until_quit) = bounded(0);
        Arc::new(Workers {
            count: count.max(1),
            give,
            take,
            quit: Mutex::new(Some(quit)),
            until_quit,
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
        for number in 0..self.count {
            let (take, until_quit, here) =
                (self.take.clone(), self.until_quit.clone(), here.clone());
            thread::Builder::new()
                .name(format!("matou-worker-{number}"))
                .spawn(move || {
                    work(&take, &until_quit);
                    drop(here);
                })?;
        }
        *ended = Some((here, all_ended));
        Ok(())
    }

    /// Ends the threads; one that does not come back in time is left behind. Nobody may wait for answers any more.
    pub(super) fn stop(&self, patience: Duration) {
        *self.quit.lock() = None;
        let Some((here, all_ended)) = self.ended.lock().take() else {
            return;
        };
        drop(here);
        if all_ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            warn!("a worker did not end in time and was left behind");
        }
    }
}

/// A mistake in what a worker does costs the one question.
fn work(take: &Receiver<Job>, until_quit: &Receiver<Infallible>) {
    loop {
        select! {
            recv(take) -> job => match job {
                Ok(job) => if catch_unwind(AssertUnwindSafe(job)).is_err() {
                    error!("a question stays without an answer: finding it failed with a panic");
                },
                Err(_) => return,
            },
            recv(until_quit) -> _ => return,
        }
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

/// The listener stops, or finding the answer failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what it asked for cannot be answered")
    }
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

    /// Waits for a place in the queue, then for the answer. No lock may be held.
    pub(super) fn to(&self, question: P::Question) -> Result<P::Answer, Unanswered> {
        let find = Arc::clone(&self.find);
        let (reply, answer) = bounded(1);
        let job: Job = Box::new(move || {
            // Whoever asked may have given up.
            let _ = reply.send(find(question));
        });
        select! {
            send(self.workers.give, job) -> given => given.map_err(|_| Unanswered)?,
            recv(self.until_cancelled) -> _ => return Err(Unanswered),
        }
        select! {
            recv(answer) -> answer => answer.map_err(|_| Unanswered),
            recv(self.until_cancelled) -> _ => Err(Unanswered),
        }
    }

    /// From now on nobody gets an answer, also those who wait for one.
    pub(super) fn cancel(&self) {
        *self.cancel.lock() = None;
    }
}
