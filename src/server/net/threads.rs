//! The threads that serve connections: a permit each, taken before it is spawned, and used again for the next connection.

use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

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
    idle: Mutex<Idle>,
}

/// Threads that have nothing to do. The last one to come is the first to go: its stack is still in the caches, and those
/// that are not needed any more are left alone until their time is over.
struct Idle {
    open: bool,
    seats: Vec<Arc<Seat>>,
}

/// Where one thread waits. Once its seat is out of the list, an order comes for sure.
#[derive(Default)]
struct Seat {
    order: Mutex<Option<Order>>,
    given: Condvar,
}

enum Order {
    Serve(Job),
    Leave,
}

impl Seat {
    fn give(&self, order: Order) {
        *self.order.lock() = Some(order);
        self.given.notify_one();
    }
}

/// No thread can be had: the socket is given back, so that it can be ended in order.
#[derive(Debug)]
pub(super) struct Full(pub(super) Option<TcpStream>);

impl Threads {
    pub(super) fn new(ceiling: usize) -> Arc<Threads> {
        Arc::new(Threads {
            ceiling,
            running: Mutex::new(0),
            ended: Condvar::new(),
            idle: Mutex::new(Idle {
                open: true,
                seats: Vec::new(),
            }),
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
        let job = Job { stream, serve };
        let seat = {
            let mut idle = self.idle.lock();
            if !idle.open {
                return Err(Full(Some(job.stream)));
            }
            idle.seats.pop()
        };
        if let Some(seat) = seat {
            seat.give(Order::Serve(job));
            return Ok(());
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
        let seats = {
            let mut idle = self.idle.lock();
            idle.open = false;
            std::mem::take(&mut idle.seats)
        };
        for seat in seats {
            seat.give(Order::Leave);
        }
    }

    /// The next job of a thread that has done its own; none when it is not needed any more.
    fn next(&self, seat: &Arc<Seat>) -> Option<Job> {
        {
            let mut idle = self.idle.lock();
            if !idle.open {
                return None;
            }
            idle.seats.push(Arc::clone(seat));
        }
        let mut order = seat.order.lock();
        while order.is_none() {
            let waited = seat.given.wait_for(&mut order, IDLE);
            if waited.timed_out() && order.is_none() && self.forget(seat) {
                return None;
            }
        }
        match order.take() {
            Some(Order::Serve(job)) => Some(job),
            Some(Order::Leave) | None => None,
        }
    }

    /// Takes a seat out of the list; false when somebody else has done so, and is about to give an order.
    fn forget(&self, seat: &Arc<Seat>) -> bool {
        let seats = &mut self.idle.lock().seats;
        let found = seats.iter().position(|other| Arc::ptr_eq(other, seat));
        found.map(|at| seats.remove(at)).is_some()
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
    let seat = Arc::default();
    let mut job = Some(first);
    while let Some(Job { stream, serve }) = job {
        serve(stream);
        job = permit.0.next(&seat);
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

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
