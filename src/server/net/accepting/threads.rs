//! The threads that serve connections, all named `matou-conn`.
//!
//! The life of such a thread: an accept thread takes a permit and spawns the thread
//! ([`Threads::run`]). The thread serves one connection to its end. Then it waits for another
//! connection ([`Threads::next`]). The thread ends when it gets no connection within [`IDLE`], or
//! when the server stops. Then the thread's permit is given back.
//!
//! A thread serves several connections, one after the other, because spawning a thread takes time.
//! The system must map a stack and a guard page, and must provide memory for the stack at the
//! thread's first calls. For a client that connects, logs in and leaves, it would take more time to
//! spawn the thread than to handle the login.
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

/// The work of a thread: to serve one connection to its end.
///
/// The socket is in a field of its own, and not inside the function, so that [`Threads::run`] can
/// return the socket when no thread is free.
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

/// How long a thread waits for another connection. Waiting saves time: spawning a new thread takes
/// more than half the time of a login.
const IDLE: Duration = Duration::from_secs(30);

/// Size of a stack in bytes: enough for every call in this server. Only the part of the stack that
/// the thread has used takes memory.
const STACK: usize = 256 << 10;

/// If the address space of the process is limited (`ulimit -v`), a thread is spawned only while
/// this many bytes of address space are left. The thread needs most of these bytes for its stack
/// and its signal stack; the rest is a margin. If a new thread finds no space for its signal stack,
/// it aborts the process. For its heap, a thread usually needs little additional address space. The
/// allocator of Linux reserves a heap of 64 MiB for each of the first threads, and later threads
/// share these heaps. `MALLOC_ARENA_MAX` limits the number of heaps.
const SPACE: u64 = 4 << 20;

/// The threads that serve connections. Their number has a maximum.
///
/// Rules of the locks:
///
/// * `running` and `idle` are held only to change a count or a list. A thread never holds both.
/// * A waiting thread may take `idle` while it holds the lock of its own seat
///   ([`Threads::forget`]). So a thread that holds `idle` must not lock a seat: it takes the seat
///   out of the list, releases `idle`, and then locks the seat.
pub(in crate::net) struct Threads {
    ceiling: usize,
    /// Number of permits that are taken: one for each thread that serves, waits, or is about to
    /// end.
    running: Mutex<usize>,
    /// Notified when a thread has ended.
    ended: Condvar,
    idle: Mutex<Idle>,
}

/// Threads that wait for a connection. The thread that has waited for the shortest time gets the
/// next connection, because its stack is still in the caches. So the threads that have waited
/// longest reach the time limit [`IDLE`], and end.
struct Idle {
    open: bool,
    seats: Vec<Arc<Seat>>,
}

/// The place where one thread (the seat's owner) waits for an order. If another thread takes a seat
/// out of the list, it MUST give an order to the owner, because then the owner waits for this order
/// without a time limit.
#[derive(Default)]
struct Seat {
    order: Mutex<Option<Order>>,
    given: Condvar,
}

/// An order for a waiting thread.
enum Order {
    Serve(Job),
    Leave,
}

impl Seat {
    /// Stores the order in the seat and wakes the owner. If the owner does not wait yet, it will
    /// find the order in the seat.
    fn give(&self, order: Order) {
        *self.order.lock() = Some(order);
        self.given.notify_one();
    }

    /// Takes the job out of the seat. Returns `None` when the order is [`Order::Leave`]. Then the
    /// thread that owns the seat must end.
    fn take(&self) -> Option<Job> {
        match self.order.lock().take() {
            Some(Order::Serve(job)) => Some(job),
            Some(Order::Leave) | None => None,
        }
    }
}

/// The error when no thread is free and no thread may be started. It contains the reason. It also
/// contains the socket, so that the caller can close it with FIN.
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

    /// Gives a socket to a waiting thread, or to a new thread if a permit is left. Never blocks,
    /// because accept threads call it.
    pub(in crate::net) fn run(
        self: &Arc<Self>,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) + Send + 'static,
    ) -> Result<(), Full> {
        let serve = Box::new(serve);
        let job = Job { stream, serve };
        // After this thread has taken the seat out of the list, no other thread can give an order
        // to the owner of the seat. So the owner waits for the order from this thread.
        let seat = {
            let mut idle = self.idle.lock();
            if !idle.open {
                return Err(job.refused("the server is stopping"));
            }
            idle.seats.pop()
        };
        if let Some(seat) = seat {
            seat.give(Order::Serve(job));
            return Ok(());
        }
        // No thread waits, so a new thread is started. The permit moves into the new thread and is
        // given back when that thread ends.
        let Some(permit) = Permit::take(self) else {
            return Err(job.refused("the server is full"));
        };
        if !sys::has_address_space(SPACE) {
            return Err(job.refused("the server has no address space left (ulimit -v)"));
        }
        // If the thread cannot be started, its closure is dropped with everything in it. So the job
        // is in the seat and not in the closure: the job contains the socket, which the caller must
        // close with FIN.
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
                    Some(job) => Err(job.refused("the system cannot start another thread")),
                    None => Ok(()),
                }
            }
        }
    }

    /// Accepts no more sockets, and wakes the waiting threads so that they end. A thread that is
    /// serving a connection ends when that connection has ended.
    pub(in crate::net) fn close(&self) {
        // From now on a thread that has served its connection finds `open` false and ends. The
        // threads that wait now are woken below, after the lock is released.
        let seats = {
            let mut idle = self.idle.lock();
            idle.open = false;
            std::mem::take(&mut idle.seats)
        };
        for seat in seats {
            seat.give(Order::Leave);
        }
    }

    /// Blocks until the thread gets another connection to serve. Returns `None` when the thread
    /// must end.
    ///
    /// Three things wake it: an accept thread that has a connection for it ([`Threads::run`]), the
    /// stop of the server ([`Threads::close`]), and the time limit [`IDLE`].
    fn next(&self, seat: &Arc<Seat>) -> Option<Job> {
        {
            let mut idle = self.idle.lock();
            if !idle.open {
                return None;
            }
            idle.seats.push(Arc::clone(seat));
        }
        // Another thread may give the order before this thread locks the seat. Then `order` is set
        // already, and this thread must not wait, because the notification was sent before.
        let mut order = seat.order.lock();
        while order.is_none() {
            // Blocks, and releases the seat's lock while it waits. `Seat::give` wakes this thread,
            // or the time limit passes.
            let waited = seat.given.wait_for(&mut order, IDLE);
            // The time is over. But at the same moment another thread may have taken the seat out
            // of the list. Then that other thread is about to give an order, and this thread must
            // wait for the order.
            if waited.timed_out() && order.is_none() && self.forget(seat) {
                return None;
            }
        }
        drop(order);
        seat.take()
    }

    /// Takes a seat out of the list. Returns false when another thread has already taken the seat
    /// out and is about to give an order to its owner.
    fn forget(&self, seat: &Arc<Seat>) -> bool {
        let seats = &mut self.idle.lock().seats;
        let found = seats.iter().position(|other| Arc::ptr_eq(other, seat));
        found.map(|at| seats.remove(at)).is_some()
    }

    /// Blocks until all threads have ended. Returns false when the deadline comes first. Each
    /// thread that ends wakes the caller, which then looks at the count again.
    ///
    /// This method counts permits and does not use `JoinHandle::join`, because a list of handles
    /// would grow with every thread that was ever started.
    pub(in crate::net) fn join(&self, deadline: Instant) -> bool {
        let mut running = self.running.lock();
        while *running > 0 {
            // Blocks, and releases the lock while it waits, so that a thread that ends can give its
            // permit back.
            if self.ended.wait_until(&mut running, deadline).timed_out() {
                return *running == 0;
            }
        }
        true
    }
}

/// A permit for one thread. Dropping the permit gives it back, also after a panic.
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

/// The loop of a thread. The thread's first job is already in its seat.
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
        // The first thread may not have returned to its seat yet. Until it waits there, no thread
        // is free and the only permit is taken, so this loop tries again.
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
