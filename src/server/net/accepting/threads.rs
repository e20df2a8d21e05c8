//! The threads that serve connections, all named `matou-conn`.
//!
//! The life of such a thread: the accept thread takes a permit and spawns it ([`Threads::run`]). It
//! serves one connection to its end, then it waits for another one ([`Threads::next`]). It ends
//! when none comes within [`IDLE`], or when the server stops. Its permit is given back when it
//! ends.
//!
//! A thread is used again because spawning costs: the system maps a stack and a guard page, and the
//! first functions touch fresh memory. A client that connects, logs in and leaves would pay more
//! for its thread than for its login.
//!
//! The permit is taken before the thread is spawned, because spawning one thread too many aborts
//! the whole process (see `ceiling`).

use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use log::debug;
use parking_lot::{Condvar, Mutex};

use crate::net::sys;

/// What a thread does: serves one connection to its end.
///
/// The socket is beside the function and not inside it, so that it can be given back when no thread
/// is free.
struct Job {
    stream: TcpStream,
    serve: Box<dyn FnOnce(TcpStream) + Send>,
}

impl Job {
    fn refused(self, why: &'static str) -> Full {
        let stream = self.stream;
        Full { stream, why }
    }
}

/// How long a thread waits for another connection. Spawning a new one costs more than half of a
/// login.
const IDLE: Duration = Duration::from_secs(30);

/// Bytes of a stack: enough for every call of this server. A stack costs memory only where it was
/// touched.
const STACK: usize = 256 << 10;

/// Bytes of address space that must be left when a thread is spawned, where the process has a limit
/// of them (`ulimit -v`): for its stack and its signal stack, with a margin. When a new thread finds
/// no space for its signal stack, it aborts the process. The heap needs little more: the allocator
/// of Linux reserves 64 MiB for each of the first threads (`MALLOC_ARENA_MAX` bounds how many).
const SPACE: u64 = 4 << 20;

/// A bounded number of threads.
///
/// Rules of the locks:
///
/// * `running` and `idle` are held for a count or a list operation. Neither is held while the other
///   is taken.
/// * A thread that waits holds the lock of its own seat, and takes `idle` under it
///   ([`Threads::forget`]). So a thread that holds `idle` must not lock a seat: it first takes the
///   seat out of the list and releases `idle`.
pub(in crate::net) struct Threads {
    ceiling: usize,
    /// Permits that are taken: threads that serve, that wait, and that are about to end.
    running: Mutex<usize>,
    /// Notified when a thread has ended.
    ended: Condvar,
    idle: Mutex<Idle>,
}

/// Threads that wait for a connection. The one that came last gets the next connection: its stack
/// is still in the caches, and the others can reach the end of their waiting time.
struct Idle {
    open: bool,
    seats: Vec<Arc<Seat>>,
}

/// Where one thread waits. The thread that takes a seat out of the list MUST give it an order: its
/// owner waits for that without a time limit.
#[derive(Default)]
struct Seat {
    order: Mutex<Option<Order>>,
    given: Condvar,
}

/// What a waiting thread is told.
enum Order {
    Serve(Job),
    Leave,
}

impl Seat {
    /// Gives the owner its order and wakes it. The order lies in the seat, so it also reaches an
    /// owner that does not wait yet.
    fn give(&self, order: Order) {
        *self.order.lock() = Some(order);
        self.given.notify_one();
    }

    /// Takes the connection that was given. `None` when there is none: the owner must end.
    fn take(&self) -> Option<Job> {
        match self.order.lock().take() {
            Some(Order::Serve(job)) => Some(job),
            Some(Order::Leave) | None => None,
        }
    }
}

/// No thread is free and none may be started. Gives the socket back, so that it can be closed in
/// order, and says why.
#[derive(Debug)]
pub(in crate::net) struct Full {
    pub(in crate::net) stream: TcpStream,
    pub(in crate::net) why: &'static str,
}

impl Threads {
    pub(in crate::net) fn new(ceiling: usize) -> Arc<Threads> {
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

    /// Maximum number of threads.
    pub(in crate::net) fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// Serves a socket on a waiting thread, or on a new one if a permit is left. Never blocks: it
    /// is called by accept threads.
    pub(in crate::net) fn run(
        self: &Arc<Self>,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) + Send + 'static,
    ) -> Result<(), Full> {
        let serve = Box::new(serve);
        let job = Job { stream, serve };
        // From the moment when the seat is out of the list, no other thread gives it an order and
        // its owner does not leave.
        let seat = {
            let mut idle = self.idle.lock();
            if !idle.open {
                return Err(job.refused("the server stops"));
            }
            idle.seats.pop()
        };
        if let Some(seat) = seat {
            seat.give(Order::Serve(job));
            return Ok(());
        }
        // No thread waits. The permit moves into the new thread and is given back when that ends.
        let Some(permit) = Permit::take(self) else {
            return Err(job.refused("the server is full"));
        };
        if !sys::has_address_space(SPACE) {
            return Err(job.refused("the server has no address space left (ulimit -v)"));
        }
        // The job is in the seat and not in the closure: if the system starts no thread, it drops
        // the closure with all that is in it, and the socket must be closed in order.
        let seat = Arc::<Seat>::default();
        seat.give(Order::Serve(job));
        let own = Arc::clone(&seat);
        let spawned = thread::Builder::new()
            .name("matou-conn".to_owned())
            .stack_size(STACK)
            .spawn(move || work(&permit, &own));
        match (spawned, seat) {
            (Ok(_), _) => Ok(()),
            (Err(error), seat) => {
                debug!("cannot start a thread: {error}");
                match seat.take() {
                    Some(job) => Err(job.refused("the system starts no more threads")),
                    None => Ok(()),
                }
            }
        }
    }

    /// Accepts no more sockets, and wakes the waiting threads so that they end. Threads that serve
    /// a connection end with it.
    pub(in crate::net) fn close(&self) {
        // After this a thread that has served its connection finds the list closed and ends. Those
        // that wait now are woken below, without the lock.
        let seats = {
            let mut idle = self.idle.lock();
            idle.open = false;
            std::mem::take(&mut idle.seats)
        };
        for seat in seats {
            seat.give(Order::Leave);
        }
    }

    /// Waits for the next connection of a thread that has served one. Returns `None` when the
    /// thread must end.
    ///
    /// An accept thread wakes it ([`Threads::run`]), or the stop of the server
    /// ([`Threads::close`]), or its own time limit.
    fn next(&self, seat: &Arc<Seat>) -> Option<Job> {
        {
            let mut idle = self.idle.lock();
            if !idle.open {
                return None;
            }
            idle.seats.push(Arc::clone(seat));
        }
        // Between the lines above and below, an order may come already. It is in `order` then, so
        // no wake-up is lost.
        let mut order = seat.order.lock();
        while order.is_none() {
            // Blocks; releases the seat's lock while it waits.
            let waited = seat.given.wait_for(&mut order, IDLE);
            // The time is over, but an accept thread may have taken the seat out of the list at the
            // same moment. Then its order is on the way, and this thread waits for it.
            if waited.timed_out() && order.is_none() && self.forget(seat) {
                return None;
            }
        }
        drop(order);
        seat.take()
    }

    /// Takes a seat out of the list. Returns false when another thread has done so and is about to
    /// give an order.
    fn forget(&self, seat: &Arc<Seat>) -> bool {
        let seats = &mut self.idle.lock().seats;
        let found = seats.iter().position(|other| Arc::ptr_eq(other, seat));
        found.map(|at| seats.remove(at)).is_some()
    }

    /// Waits until all threads have ended. Returns false when the deadline comes first. Each thread
    /// that ends wakes it.
    ///
    /// Counting permits replaces `JoinHandle::join`: a list of handles would grow with each thread
    /// that ever ran.
    pub(in crate::net) fn join(&self, deadline: Instant) -> bool {
        let mut running = self.running.lock();
        while *running > 0 {
            // Blocks; releases the lock while it waits, so that a permit can be given back.
            if self.ended.wait_until(&mut running, deadline).timed_out() {
                return *running == 0;
            }
        }
        true
    }
}

/// The right to be one of the threads. Dropping it gives it back, also when a panic drops it.
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

/// The life of a thread. Its first connection is in its seat.
fn work(permit: &Permit, seat: &Arc<Seat>) {
    let mut job = seat.take();
    while let Some(Job { stream, serve }) = job {
        serve(stream);
        job = permit.0.next(seat);
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;

    #[test]
    fn a_connection_above_the_ceiling_is_refused_and_a_finished_thread_serves_the_next_one() {
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
        assert!(threads.run(socket(), drop).is_err());
        drop(finish);
        // The thread may not have reached its seat yet. Until then no thread is free and the only
        // permit is taken.
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
