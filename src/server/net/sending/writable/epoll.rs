//! Linux: the kernel keeps the list of sockets.
//!
//! The way of a connection: [`Writable::add`] puts its socket on the kernel's list, for one event.
//! When the socket accepts bytes, one thread in [`Writable::wait`] gets its number, and the kernel
//! says nothing more about that socket until it is added again. So one connection is never handed
//! to two writers.
//!
//! The kernel's list has numbers and not connections. The map beside it has the connection of each
//! number, as an `Arc`: so the socket stays open while the kernel may report it. A socket that was
//! closed would leave the kernel's list without a word, and its descriptor could be another
//! client's by then.
//!
//! A race that is harmless: a thread adds connection 7, and at the same moment another thread is
//! woken for an earlier event of
//! 7. Whichever removes 7 from the map has it; the other finds nothing and goes on.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::Woken;
use crate::net::connection::Connection;
use matou_protocols::room::{ByConn, ConnId};

/// Maximum connections that one writer takes at once.
const BATCH: usize = 32;

/// The number of the pipe that says stop. Connections are numbered from 1.
const STOP: u64 = 0;

/// Connections that wait until their sockets accept bytes again.
///
/// The lock of `waiting` is held for one map operation; no other lock is taken under it, and it is
/// not held in `epoll_wait`.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    epoll: OwnedFd,
    /// The connections that the numbers in the kernel's list mean. It keeps their sockets open
    /// while the kernel may name them.
    waiting: Mutex<ByConn<Arc<Connection>>>,
    /// One end of the pipe that says stop. Dropped to stop.
    stop: Mutex<Option<io::PipeWriter>>,
    _until_stop: io::PipeReader,
}

impl Writable {
    /// An empty one.
    pub(in crate::net) fn new() -> io::Result<Writable> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let (until_stop, stop) = io::pipe()?;
        // Not one-shot: when the other end is closed, every thread that waits is woken, now and
        // later.
        let data = EventData::new_u64(STOP);
        epoll::add(&epoll, &until_stop, data, EventFlags::IN)?;
        Ok(Writable {
            epoll,
            waiting: Mutex::default(),
            stop: Mutex::new(Some(stop)),
            _until_stop: until_stop,
        })
    }

    /// Lets a connection wait. Wakes a writer when its socket accepts bytes, at once if it does
    /// already, and also when it was shut down or is lost. So each connection in the list is handed
    /// out again. Never blocks.
    ///
    /// The kernel remembers the socket after its event, so adding it again is cheap. It forgets the
    /// socket when that is closed.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        let id = connection.id;
        // Before the kernel may name it: another thread could be woken for it at once.
        self.waiting.lock().insert(id, Arc::clone(connection));
        let data = EventData::new_u64(id.0);
        // ONESHOT: after one event the socket stays on the list, switched off. Adding it again
        // switches it on.
        let once = EventFlags::OUT | EventFlags::ONESHOT;
        let (list, socket) = (&self.epoll, &connection.stream);
        let mut added = epoll::modify(list, socket, data, once);
        if added == Err(Errno::NOENT) {
            added = epoll::add(list, socket, data, once);
        }
        if added == Err(Errno::EXIST) {
            // Another thread has added it between the two calls.
            added = epoll::modify(list, socket, data, once);
        }
        added.map_err(|error| {
            self.waiting.lock().remove(&id);
            error.into()
        })
    }

    /// Blocks until sockets accept bytes, and adds their connections to `ready`; or until
    /// [`Writable::stop`]. Any number of threads may wait, and the kernel wakes one of them for
    /// each event. No lock is held while it blocks.
    pub(in crate::net) fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
        let nothing = Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(STOP),
        };
        let mut events = [nothing; BATCH];
        let told = loop {
            match epoll::wait(&self.epoll, &mut events, None) {
                Ok(told) => break told,
                // A signal woke the thread, so it waits again.
                Err(Errno::INTR) => {}
                Err(error) => unreachable!("epoll_wait on a list of our own: {error}"),
            }
        };
        let mut waiting = self.waiting.lock();
        for event in events.iter().take(told) {
            match event.data.u64() {
                STOP => return Woken::Stopped,
                // `None` when another thread was woken for the same connection and has it already.
                id => ready.extend(waiting.remove(&ConnId(id))),
            }
        }
        // A full batch: the kernel may have more to report than this thread took.
        if told == BATCH {
            return Woken::Crowded;
        }
        Woken::Ready
    }

    /// Wakes every writer, for good: closing this end of the pipe makes the other end ready for
    /// ever.
    pub(in crate::net) fn stop(&self) {
        *self.stop.lock() = None;
    }

    /// The connections that wait now.
    pub(in crate::net) fn all(&self) -> Vec<Arc<Connection>> {
        self.waiting.lock().values().cloned().collect()
    }

    /// Drops the connections that still wait. Each of them holds the writers, so they would keep
    /// each other in memory.
    pub(in crate::net) fn clear(&self) {
        // Outside the lock: closing a connection takes other locks.
        let waiting = std::mem::take(&mut *self.waiting.lock());
        drop(waiting);
    }
}
