//! Listeners without a room, such as the registry over HTTP: each connection carries one request
//! and one response, and then it ends.
//!
//! A connection blocks only the thread that serves it, so it needs no outbox and no writer. A
//! client that does not read its response keeps that thread busy until the time limit of the
//! function `serve` has passed. That limit applies to the whole connection, and not to each `read`
//! or `write` (see `Timed`). The number of these connections has a separate maximum, so that enough
//! threads are left for the clients of rooms.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::listener::accept_each;
use super::refused::Refused;
use super::socket;
use super::threads::{Full, Threads};
use crate::net::bounds::addresses::Addresses;
use crate::net::bounds::budget::Budget;
use crate::net::bounds::limits::{ConnectionLimits, DRAIN};
use crate::net::service::{Engine, ListenError};
use matou_sockets::{AcceptWait, AcceptWake, accept_wait};

/// Maximum number of these connections at the same time. When this many are open, a new connection
/// is accepted only if the oldest can be cut (see [`SLOW`]). Otherwise it is refused.
const MOST: usize = 128;

/// When [`MOST`] connections are open and a new connection arrives, the oldest connection is cut if
/// it is older than this time. A request and its response take milliseconds, so an older connection
/// belongs to a client that sends or reads slowly. Without this rule, 128 such clients could keep
/// all others out.
const SLOW: Duration = Duration::from_secs(1);

/// Maximum number of these connections from one address.
const MOST_PER_ADDRESS: u32 = 16;

/// A listener that calls a function for each connection, until the listener is stopped.
#[derive(Debug)]
pub struct RequestService {
    name: &'static str,
    address: SocketAddr,
    open: Arc<Open>,
    wake: Option<AcceptWake>,
    accept: Option<JoinHandle<()>>,
}

/// The connections that are being served.
///
/// The lock of `streams` is held for map operations and for `shutdown`, which does not block. No
/// other lock is taken under it.
#[derive(Debug, Default)]
struct Open {
    streams: Mutex<Streams>,
    /// Notified when a connection has ended.
    one_less: Condvar,
}

/// The stream of each connection and the time at which it was accepted. The key is the connection's
/// number. The numbers increase, so the oldest connection comes first.
type Streams = BTreeMap<u64, (TcpStream, Instant)>;

/// The entry of one connection in the list. Dropping the entry removes the connection from the
/// list. So the connection is removed even after a panic.
struct Entry {
    open: Arc<Open>,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let stream = self.open.streams.lock().remove(&self.number);
        self.open.one_less.notify_all();
        drop(stream);
    }
}

impl Engine {
    /// Accepts connections on an address, and calls `serve` for each of them, on a thread
    /// `matou-conn`.
    ///
    /// `serve` may block, but it must have a time limit of its own. When the service is stopped,
    /// the sockets of all its connections are shut down for reading, so a `read` in `serve` returns
    /// 0. If `serve` panics, its connection is closed.
    ///
    /// # Errors
    /// Fails when the server cannot listen on the address, or a thread cannot be started.
    pub fn serve_requests(
        &self,
        name: &'static str,
        address: SocketAddr,
        limits: &ConnectionLimits,
        serve: impl Fn(TcpStream, SocketAddr) + Send + Sync + 'static,
    ) -> Result<RequestService, ListenError> {
        let failed = |cause| ListenError { address, cause };
        let listener = socket::listen(address, &limits.keepalive).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let (wait, wake) = accept_wait(&listener).map_err(failed)?;
        let per_address = ConnectionLimits {
            connections_per_address: MOST_PER_ADDRESS,
            ..limits.clone()
        };
        let open = Arc::new(Open::default());
        let accept = Accept {
            name: format!("{name} {bound}"),
            protocol: name,
            threads: Arc::clone(self.threads()),
            spare: Arc::clone(self.spare()),
            addresses: Addresses::new(&per_address),
            limits: per_address,
            open: Arc::clone(&open),
            serve: Arc::new(serve),
        };
        let accept = thread::Builder::new()
            .name("matou-accept".to_owned())
            .spawn(move || accept.run(&listener, &wait))
            .map_err(failed)?;
        Ok(RequestService {
            name,
            address: bound,
            open,
            wake: Some(wake),
            accept: Some(accept),
        })
    }
}

struct Accept<F> {
    /// The listener's name in the log, such as `chatr-rest 127.0.0.1:8081`.
    name: String,
    protocol: &'static str,
    threads: Arc<Threads>,
    /// Counts the spare descriptors: those that are left even when all allowed connections are
    /// open. Each connection here takes one of them, as a second descriptor of its socket. With
    /// that descriptor, other threads can shut the socket down.
    spare: Arc<Budget>,
    addresses: Arc<Addresses>,
    limits: ConnectionLimits,
    open: Arc<Open>,
    serve: Arc<F>,
}

impl<F: Fn(TcpStream, SocketAddr) + Send + Sync + 'static> Accept<F> {
    fn run(&self, listener: &TcpListener, wait: &AcceptWait) {
        let mut number = 0;
        let refused = Refused::new(&self.name, &self.spare);
        accept_each(refused, listener, wait, |stream, peer| {
            number += 1;
            self.admit(stream, peer, number)
        });
    }

    fn admit(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        number: u64,
    ) -> Result<(), (TcpStream, &'static str)> {
        if socket::accepted(&stream, &self.limits.keepalive).is_err() {
            return Ok(());
        }
        let Some(descriptor) = self.spare.take(1) else {
            return Err((stream, "no file descriptor is left (ulimit -n)"));
        };
        let Ok(copy) = stream.try_clone() else {
            return Err((stream, "no file descriptor is left (ulimit -n)"));
        };
        let Some(slot) = self.addresses.admit(peer.ip()) else {
            return Err((stream, "its address has too many connections"));
        };
        let entry = {
            let mut streams = self.open.streams.lock();
            let now = Instant::now();
            if streams.len() >= MOST && !cut_a_slow_one(&mut streams, now) {
                return Err((stream, "too many requests at the same time"));
            }
            streams.insert(number, (copy, now));
            let open = Arc::clone(&self.open);
            Entry { open, number }
        };
        let (serve, name) = (Arc::clone(&self.serve), self.protocol);
        let job = move |stream| {
            let _held = (entry, descriptor, slot);
            let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                serve(stream, peer);
            }));
            if served.is_err() {
                log::error!("{name}: {peer} cut: serving its request failed with a panic");
            }
        };
        let started = self.threads.run(stream, job);
        started.map_err(|Full { stream, why }| (stream, why))
    }
}

/// Cuts the oldest connection. The thread that serves it wakes up: its `read` returns 0, or its
/// `write` fails. If even the oldest connection is younger than [`SLOW`], cuts nothing and returns
/// false.
fn cut_a_slow_one(streams: &mut Streams, now: Instant) -> bool {
    let Some(oldest) = streams.first_entry() else {
        return false;
    };
    if now.saturating_duration_since(oldest.get().1) < SLOW {
        return false;
    }
    let (stream, _) = oldest.remove();
    let _ = stream.shutdown(Shutdown::Both);
    true
}

impl RequestService {
    /// Returns the name with which the service was started.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the address on which the service listens, with the port that the system has chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections, and shuts all sockets down for reading. This wakes the threads
    /// that are blocked in `read` and wait for a request: their `read` returns 0. Responses are
    /// still written. Blocks until the accept thread has ended.
    pub fn close(&mut self) {
        // This drops the `AcceptWake`, so the accept thread wakes up and ends.
        self.wake = None;
        if let Some(accept) = self.accept.take() {
            let _ = accept.join();
            self.open.shut_down(Shutdown::Read);
        }
    }

    /// Calls [`RequestService::close`] if it was not called before, and blocks until the responses
    /// are written. The connections that have not ended within five seconds are cut.
    pub fn join(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.close();
        self.open.wait_until(Instant::now() + DRAIN);
        self.open.shut_down(Shutdown::Both);
    }
}

/// Dropping a service is the same as [`RequestService::join`].
impl Drop for RequestService {
    fn drop(&mut self) {
        self.end();
    }
}

impl Open {
    fn shut_down(&self, how: Shutdown) {
        for (stream, _) in self.streams.lock().values() {
            let _: io::Result<()> = stream.shutdown(how);
        }
    }

    /// Blocks until no connection is left, or until the deadline. Each connection that ends wakes
    /// this thread, which then tests whether other connections are left.
    fn wait_until(&self, deadline: Instant) {
        let mut streams = self.streams.lock();
        while !streams.is_empty() {
            if self.one_less.wait_until(&mut streams, deadline).timed_out() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_oldest_request_is_cut_for_a_new_one_when_it_is_slow() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let start = Instant::now();
        let mut streams = Streams::new();
        let mut clients: Vec<_> = (0..3)
            .map(|number| {
                let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                streams.insert(number, (listener.accept().unwrap().0, start));
                client
            })
            .collect();
        assert!(!cut_a_slow_one(&mut streams, start + SLOW / 2));
        assert!(cut_a_slow_one(&mut streams, start + SLOW));
        assert_eq!(streams.keys().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(clients[0].read(&mut [0]).unwrap(), 0);
    }
}
