//! Linux: the kernel keeps the list of sockets.
//!
//! [`Writable::add`] puts a connection's socket on the kernel's list, for one event. When the
//! socket accepts bytes, one thread in [`Writable::wait`] gets the connection's number. After that
//! the kernel does not report this socket until it is added again. So a connection is never handed
//! to two writers.
//!
//! The kernel's list contains numbers, not connections. The map `waiting` has the connection of
//! each number, as an `Arc`, so the socket stays open while the kernel may report it. If the socket
//! were closed, the kernel would remove it from its list without any event, and its descriptor
//! could soon belong to another client.
//!
//! One race is possible, but it does no harm. A thread adds a connection, and at the same moment
//! another thread is woken for an earlier event of that connection. The first thread in `wait` that
//! removes the connection from the map gets it. A thread that comes later finds no connection for
//! the number, and ignores the event.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::Woken;
use crate::net::connection::Connection;
use matou_protocols::room::{ByConn, ConnId};

/// Maximum number of connections that one writer takes at a time.
const BATCH: usize = 32;

/// The number of the pipe with which the writers are told to stop. An event of epoll with this
/// number tells a writer to stop. No connection has this number, because the numbers of connections begin at 1.
const STOP: u64 = 0;

/// Connections that wait until their sockets accept bytes again.
///
/// The lock of `waiting` is held for map operations only. It is not held while a thread is blocked
/// in `epoll_wait`, and no other lock is taken under it.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    epoll: OwnedFd,
    /// The connection of each number in the kernel's list. The map keeps their sockets open while
    /// the kernel may report them.
    waiting: Mutex<ByConn<Arc<Connection>>>,
    /// The writing end of a pipe whose reading end is on the kernel's list. It is dropped to stop
    /// the writers.
    stop: Mutex<Option<io::PipeWriter>>,
    _until_stop: io::PipeReader,
}

impl Writable {
    /// Makes an empty list.
    pub(in crate::net) fn new() -> io::Result<Writable> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let (until_stop, stop) = io::pipe()?;
        // The pipe is added without the flag ONESHOT. So after its writing end is closed, the
        // kernel wakes every thread that waits now or later.
        let data = EventData::new_u64(STOP);
        epoll::add(&epoll, &until_stop, data, EventFlags::IN)?;
        Ok(Writable {
            epoll,
            waiting: Mutex::default(),
            stop: Mutex::new(Some(stop)),
            _until_stop: until_stop,
        })
    }

    /// Puts a connection on the list. A writer is woken when the connection's socket accepts bytes
    /// (at once if it does already), when the socket is shut down, and when the connection is lost.
    /// One of these always happens, so sooner or later a writer gets each connection on the list.
    /// Never blocks.
    ///
    /// The kernel keeps the socket on its list after an event, so it is cheap to add the socket
    /// again. When the socket is closed, the kernel removes it from the list.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        let id = connection.id;
        // The connection is put into the map before the call to the kernel, because during this
        // call the kernel may already wake another thread for the connection.
        self.waiting.lock().insert(id, Arc::clone(connection));
        let data = EventData::new_u64(id.0);
        // ONESHOT: after one event the socket stays on the list, but the kernel does not report it
        // any more until it is added again.
        let once = EventFlags::OUT | EventFlags::ONESHOT;
        let (list, socket) = (&self.epoll, &connection.stream);
        let mut added = epoll::modify(list, socket, data, once);
        if added == Err(Errno::NOENT) {
            added = epoll::add(list, socket, data, once);
        }
        if added == Err(Errno::EXIST) {
            // Between the two calls, another thread has added this socket.
            added = epoll::modify(list, socket, data, once);
        }
        added.map_err(|error| {
            self.waiting.lock().remove(&id);
            error.into()
        })
    }

    /// Blocks until sockets accept bytes, and adds their connections to `ready`. [`Writable::stop`]
    /// also ends the wait. Any number of threads may wait here; the kernel wakes one of them for
    /// each event. No lock is held while the thread is blocked.
    pub(in crate::net) fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
        let nothing = Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(STOP),
        };
        let mut events = [nothing; BATCH];
        let told = loop {
            match epoll::wait(&self.epoll, &mut events, None) {
                Ok(told) => break told,
                // A signal woke the thread. Nothing else happened, so it waits again.
                Err(Errno::INTR) => {}
                Err(error) => {
                    unreachable!("epoll_wait cannot fail on this open epoll descriptor: {error}")
                }
            }
        };
        let mut waiting = self.waiting.lock();
        for event in events.iter().take(told) {
            match event.data.u64() {
                STOP => return Woken::Stopped,
                // `remove` returns `None` when another thread was woken for the same connection and
                // has taken it already.
                id => ready.extend(waiting.remove(&ConnId(id))),
            }
        }
        // The batch is full, so the kernel may have more sockets to report.
        if told == BATCH {
            return Woken::Crowded;
        }
        Woken::Ready
    }

    /// Wakes every writer. Closing this end of the pipe makes its other end readable for ever, so
    /// from now on no call of [`Writable::wait`] blocks.
    pub(in crate::net) fn stop(&self) {
        *self.stop.lock() = None;
    }

    /// Returns the connections that wait now.
    pub(in crate::net) fn all(&self) -> Vec<Arc<Connection>> {
        self.waiting.lock().values().cloned().collect()
    }

    /// Drops the connections that still wait. Each of them holds an `Arc` of the writers, so the
    /// connections and the writers would keep each other in memory.
    pub(in crate::net) fn clear(&self) {
        // The connections are dropped after the lock is released, because closing a connection
        // takes other locks.
        let waiting = std::mem::take(&mut *self.waiting.lock());
        drop(waiting);
    }
}
