//! Unix systems without epoll: one thread at a time asks the system about all sockets.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use log::error;
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, poll};

use super::Woken;
use crate::net::connection::Connection;
use matou_protocols::room::ByConn;

/// Each look at all sockets takes about a tenth of this for each of them. With as long a pause for each before the next look,
/// thousands of clients that do not read cost a tenth of a core and not all of it; those that do read have a buffer full of
/// bytes in the system meanwhile.
const PAUSE_EACH: Duration = Duration::from_micros(1);

/// When the system cannot answer (it has no memory), it is asked again after this time.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Connections that wait until their sockets take bytes again.
#[derive(Debug)]
pub(in crate::net) struct Writable {
    waiting: Mutex<Waiting>,
    /// The right to ask the system. The other threads wait for it here, which is no work either.
    asking: Mutex<()>,
    /// A byte in this pipe wakes the thread that asks.
    heard: io::PipeReader,
    bell: io::PipeWriter,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    connections: ByConn<Arc<Connection>>,
    /// There is a byte in the pipe: one is enough, so the pipe is never full and ringing never blocks.
    rung: bool,
}

impl Writable {
    /// An empty one.
    pub(in crate::net) fn new() -> io::Result<Writable> {
        let (heard, bell) = io::pipe()?;
        Ok(Writable {
            waiting: Mutex::default(),
            asking: Mutex::new(()),
            heard,
            bell,
            stopped: AtomicBool::new(false),
        })
    }

    /// Lets a connection wait. Wakes a writer when its socket takes bytes, at once if it does already, and also when it was
    /// shut down or is lost: so each connection in here comes out again. Never blocks.
    pub(in crate::net) fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
        let mut waiting = self.waiting.lock();
        let id = connection.id;
        waiting.connections.insert(id, Arc::clone(connection));
        self.ring(&mut waiting)
    }

    fn ring(&self, waiting: &mut Waiting) -> io::Result<()> {
        if !waiting.rung {
            (&self.bell).write_all(&[0])?;
            waiting.rung = true;
        }
        Ok(())
    }

    /// Blocks until some connections take bytes, or until [`Writable::stop`]. Any number of threads may wait.
    pub(in crate::net) fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
        let _asking = self.asking.lock();
        while ready.is_empty() {
            if self.stopped.load(Ordering::Acquire) {
                return Woken::Stopped;
            }
            let all: Vec<_> = self.waiting.lock().connections.values().cloned().collect();
            thread::sleep(PAUSE_EACH * u32::try_from(all.len()).unwrap_or(u32::MAX));
            self.ask(&all, ready);
        }
        Woken::Ready
    }

    /// Blocks until one of these takes bytes or the bell rings, and takes those that do out.
    fn ask(&self, all: &[Arc<Connection>], ready: &mut Vec<Arc<Connection>>) {
        let sockets = all
            .iter()
            .map(|connection| PollFd::new(&connection.stream, PollFlags::OUT));
        let bell = PollFd::new(&self.heard, PollFlags::IN);
        let mut asked: Vec<_> = [bell].into_iter().chain(sockets).collect();
        match poll(&mut asked, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return,
            Err(error) => {
                error!("cannot ask which clients take bytes: {error}");
                return thread::sleep(PAUSE_AFTER_ERROR);
            }
        }
        let mut waiting = self.waiting.lock();
        if !asked[0].revents().is_empty() {
            // What was added since is in the next look.
            let _ = (&self.heard).read(&mut [0]);
            waiting.rung = false;
        }
        for (connection, answer) in all.iter().zip(&asked[1..]) {
            if !answer.revents().is_empty() {
                ready.extend(waiting.connections.remove(&connection.id));
            }
        }
    }

    /// Wakes every writer, for good.
    pub(in crate::net) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        // The thread that asks is woken, and each one that follows it looks first.
        if let Err(error) = self.ring(&mut self.waiting.lock()) {
            error!("cannot stop the writers: {error}");
        }
    }
}
