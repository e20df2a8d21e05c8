//! Linux: the kernel keeps the list of sockets.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::Woken;
use crate::net::connection::Connection;
use matou_protocols::room::{ByConn, ConnId};

/// Connections that one writer takes at once.
const BATCH: usize = 32;

/// The end of the pipe that says stop. Connections are numbered from 1.
const STOP: u64 = 0;

/// Connections that wait until their sockets take bytes again.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    epoll: OwnedFd,
    /// What the numbers in the kernel's list mean. It keeps the sockets open as long as the kernel may speak of them.
    waiting: Mutex<ByConn<Arc<Connection>>>,
    /// Dropped to stop.
    stop: Mutex<Option<io::PipeWriter>>,
    _until_stop: io::PipeReader,
}

impl Writable {
    /// An empty one.
    pub(in crate::net) fn new() -> io::Result<Writable> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let (until_stop, stop) = io::pipe()?;
        // Not one-shot: once the other end is closed, every thread that waits is told, now and later.
        let data = EventData::new_u64(STOP);
        epoll::add(&epoll, &until_stop, data, EventFlags::IN)?;
        Ok(Writable {
            epoll,
            waiting: Mutex::default(),
            stop: Mutex::new(Some(stop)),
            _until_stop: until_stop,
        })
    }

    /// Lets a connection wait. Wakes a writer when its socket takes bytes, at once if it does already, and also when it was
    /// shut down or is lost: so each connection in here comes out again. Never blocks.
    ///
    /// The kernel tells one thread, once ("one-shot"), and says no more of the socket until it is added again. It remembers
    /// the socket, so that adding it again is cheap, and forgets it when it is closed.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        let id = connection.id;
        // Before the kernel may speak of it.
        self.waiting.lock().insert(id, Arc::clone(connection));
        let data = EventData::new_u64(id.0);
        let once = EventFlags::OUT | EventFlags::ONESHOT;
        let (list, socket) = (&self.epoll, &connection.stream);
        let mut added = epoll::modify(list, socket, data, once);
        if added == Err(Errno::NOENT) {
            added = epoll::add(list, socket, data, once);
        }
        if added == Err(Errno::EXIST) {
            // Another thread added it between the two calls.
            added = epoll::modify(list, socket, data, once);
        }
        added.map_err(|error| {
            self.waiting.lock().remove(&id);
            error.into()
        })
    }

    /// Blocks until some connections take bytes, or until [`Writable::stop`]. Any number of threads may wait.
    pub(in crate::net) fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
        let nothing = Event {
            flags: EventFlags::empty(),
            data: EventData::new_u64(STOP),
        };
        let mut events = [nothing; BATCH];
        let told = loop {
            match epoll::wait(&self.epoll, &mut events, None) {
                Ok(told) => break told,
                Err(Errno::INTR) => {}
                Err(error) => unreachable!("epoll_wait on a list of our own: {error}"),
            }
        };
        let mut waiting = self.waiting.lock();
        for event in events.iter().take(told) {
            match event.data.u64() {
                STOP => return Woken::Stopped,
                // None: another thread was told of an earlier time and has it already.
                id => ready.extend(waiting.remove(&ConnId(id))),
            }
        }
        if told == BATCH {
            return Woken::Crowded;
        }
        Woken::Ready
    }

    /// Wakes every writer, for good.
    pub(in crate::net) fn stop(&self) {
        *self.stop.lock() = None;
    }
}
