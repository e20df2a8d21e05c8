//! The threads that serve connections: a permit each, taken before it is spawned, and used again for the next connection.

use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use log::error;
use parking_lot::{Condvar, Mutex};

/// What a thread does: serve one connection to its end.
struct Job {
    stream: TcpStream,
    serve: Box<dyn FnOnce(TcpStream) + Send>,
}

/// How long a finished thread waits for another connection. Spawning costs more than half of a login.
const IDLE: Duration = Duration::from_secs(30);

/// Deep enough for every call in here; a stack costs memory only where it was touched.
const STACK: usize = 256 << 10;

/// A bounded number of threads.
pub(super) struct Threads {
    ceiling: usize,
    running: Mutex<usize>,
    ended: Condvar,
    /// Capacity 0: a job is handed over only to a thread that waits for one right now.
    handover: Mutex<Option<Sender<Job>>>,
    waiting: Receiver<Job>,
}

/// No thread can be had: the socket is given back, so that it can be ended in order.
#[derive(Debug)]
pub(super) struct Full(pub(super) Option<TcpStream>);

impl Threads {
    pub(super) fn new(ceiling: usize) -> Arc<Threads> {
        let (handover, waiting) = bounded(0);
        Arc::new(Threads {
            ceiling,
            running: Mutex::new(0),
            ended: Condvar::new(),
            handover: Mutex::new(Some(handover)),
            waiting,
        })
    }

    /// How many there may be.
    pub(super) fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// Serves a socket on a waiting thread, or on a new one while permits last. Never blocks.
    pub(super) fn run(
        self: &Arc<Self>,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) + Send + 'static,
    ) -> Result<(), Full> {
        let serve = Box::new(serve);
        let mut job = Job { stream, serve };
        {
            let handover = self.handover.lock();
            let Some(sender) = &*handover else {
                return Err(Full(Some(job.stream)));
            };
            match sender.try_send(job) {
                Ok(()) => return Ok(()),
                Err(refused) => job = refused.into_inner(),
            }
        }
        let Some(permit) = Permit::take(self) else {
            return Err(Full(Some(job.stream)));
        };
        thread::Builder::new()
            .name("matou-conn".to_owned())
            .stack_size(STACK)
            .spawn(move || work(&permit, job))
            .map(drop)
            .map_err(|error| {
                error!("cannot start a thread: {error}");
                Full(None)
            })
    }

    /// No more jobs; waiting threads end at once.
    pub(super) fn close(&self) {
        *self.handover.lock() = None;
    }

    /// Waits until all threads have ended; false when the deadline came first.
    pub(super) fn join(&self, deadline: Instant) -> bool {
        let mut running = self.running.lock();
        while *running > 0 {
            if self.ended.wait_until(&mut running, deadline).timed_out() {
                return *running == 0;
            }
        }
        true
    }
}

/// The right to be one of the threads; given back when dropped, also by a panic.
struct Permit(Arc<Threads>);

impl Permit {
    fn take(threads: &Arc<Threads>) -> Option<Permit> {
        let mut running = threads.running.lock();
        if *running >= threads.ceiling {
            return None;
        }
        *running += 1;
        Some(Permit(Arc::clone(threads)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.0.running.lock() -= 1;
        self.0.ended.notify_all();
    }
}

fn work(permit: &Permit, first: Job) {
    let mut job = first;
    loop {
        (job.serve)(job.stream);
        match permit.0.waiting.recv_timeout(IDLE) {
            Ok(next) => job = next,
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_the_ceiling_is_refused_and_a_finished_thread_is_used_again() {
        let threads = Threads::new(1);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let socket = || stream.try_clone().unwrap();
        let (finish, until_finished) = bounded::<()>(0);
        let (report, reports) = bounded(4);
        let name = report.clone();
        threads
            .run(socket(), move |_| {
                name.send(thread::current().id()).unwrap();
                let _ = until_finished.recv();
            })
            .unwrap();
        let first = reports.recv().unwrap();
        assert!(matches!(threads.run(socket(), drop), Err(Full(Some(_)))));
        drop(finish);
        // The thread is back when it takes the hand-over; until then the only permit is taken.
        let second = loop {
            let name = report.clone();
            if threads
                .run(socket(), move |_| {
                    name.send(thread::current().id()).unwrap()
                })
                .is_ok()
            {
                break reports.recv().unwrap();
            }
            thread::yield_now();
        };
        assert_eq!(first, second);
        threads.close();
        assert!(threads.join(Instant::now() + Duration::from_secs(10)));
        assert!(threads.run(socket(), drop).is_err());
    }
}
