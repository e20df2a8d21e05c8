//! The few threads that write to clients whose sockets were full.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use log::error;
use parking_lot::Mutex;

use super::connection::Connection;

/// How long one blocking write may take before other clients have their turn.
const PATIENCE: Duration = Duration::from_millis(250);

/// Hands outboxes to writer threads. The channel holds each connection at most once, so it cannot be full.
#[derive(Debug)]
pub(super) struct Writers {
    give: Sender<Option<Arc<Connection>>>,
    take: Receiver<Option<Arc<Connection>>>,
    idle: AtomicUsize,
    most: usize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Writers {
    /// Starts the first writer; it hires others, up to `most`, when it finds more work than it can do.
    pub(super) fn start(most: usize, connections: usize) -> Arc<Writers> {
        let most = most.max(1);
        let (give, take) = bounded(connections + most);
        let writers = Arc::new(Writers {
            give,
            take,
            idle: AtomicUsize::new(0),
            most,
            threads: Mutex::new(Vec::new()),
        });
        writers.hire();
        writers
    }

    /// Gives a connection whose outbox needs a writer. Never blocks.
    pub(super) fn give(&self, connection: &Arc<Connection>) {
        if self.give.try_send(Some(Arc::clone(connection))).is_err() {
            error!("{connection}: cut, no writer can take its outbox");
            connection.cut();
        }
    }

    /// Closes a connection in order, and writes what its socket does not take at once. Never blocks.
    pub(super) fn finish(&self, connection: &Arc<Connection>) {
        if connection.finish() {
            self.give(connection);
        }
    }

    /// Ends the writers. Connections must have ended before.
    pub(super) fn stop(&self) {
        let threads = std::mem::take(&mut *self.threads.lock());
        for _ in &threads {
            // Blocks only while writers have work, which ends with their connections.
            let _ = self.give.send(None);
        }
        for thread in threads {
            let _ = thread.join();
        }
    }

    fn hire(self: &Arc<Self>) {
        let mut threads = self.threads.lock();
        if threads.len() >= self.most {
            return;
        }
        let writers = Arc::clone(self);
        let name = format!("matou-writer-{}", threads.len());
        match thread::Builder::new()
            .name(name)
            .spawn(move || writers.work())
        {
            Ok(thread) => threads.push(thread),
            Err(error) => error!("cannot start a writer thread: {error}"),
        }
    }

    fn work(self: &Arc<Self>) {
        loop {
            self.idle.fetch_add(1, Ordering::SeqCst);
            let given = self.take.recv();
            let idle = self.idle.fetch_sub(1, Ordering::SeqCst) - 1;
            let Ok(Some(connection)) = given else {
                return;
            };
            if idle == 0 && !self.take.is_empty() {
                self.hire();
            }
            if connection.write(PATIENCE) {
                self.give(&connection);
            }
        }
    }
}
