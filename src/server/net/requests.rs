//! Listeners whose connections are answered once each and have no room: a request, a response, the end.
//!
//! Each connection blocks the thread that serves it and no other: there is no outbox and no writer. A client that does not
//! read its response holds that thread until the time limit of `serve` (an absolute one, see `Timed`), and such connections
//! have a ceiling of their own, so that they never take the threads of clients in rooms.

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::limits::{Addresses, ConnectionLimits, DRAIN};
use super::listener::accept_each;
use super::service::{Engine, ListenError};
use super::socket;
use super::threads::{Full, Threads};
use matou_sockets::{AcceptWait, AcceptWake, accept_wait};

/// Such connections at once; more are refused. They may not take the threads of those who stay.
const MOST: usize = 128;

/// And of one address.
const MOST_PER_ADDRESS: u32 = 16;

/// Serves each connection on an address with a function, until it is stopped.
#[derive(Debug)]
pub struct RequestService {
    name: &'static str,
    address: SocketAddr,
    open: Arc<Open>,
    wake: Option<AcceptWake>,
    accept: Option<JoinHandle<()>>,
}

/// The connections that are being served.
#[derive(Debug, Default)]
struct Open {
    streams: Mutex<HashMap<u64, TcpStream>>,
    one_less: Condvar,
}

/// One of them; it is no longer when this is dropped, also by a panic.
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
    /// Serves each connection on an address with `serve`, on a thread of its own. It must keep to time limits of its own;
    /// when the service is stopped its reads find an end. Should it panic, its connection is closed.
    ///
    /// # Errors
    /// When the address cannot be listened on or a thread cannot be started.
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
            threads: Arc::clone(self.threads()),
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
    /// What the log calls the listener.
    name: String,
    threads: Arc<Threads>,
    addresses: Arc<Addresses>,
    limits: ConnectionLimits,
    open: Arc<Open>,
    serve: Arc<F>,
}

impl<F: Fn(TcpStream, SocketAddr) + Send + Sync + 'static> Accept<F> {
    fn run(&self, listener: &TcpListener, wait: &AcceptWait) {
        let mut number = 0;
        accept_each(&self.name, listener, wait, |stream, peer| {
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
        let prepared =
            socket::accepted(&stream, &self.limits.keepalive).and_then(|()| stream.try_clone());
        let Ok(copy) = prepared else {
            return Ok(());
        };
        let Some(place) = self.addresses.admit(peer.ip()) else {
            return Err((stream, "its address has too many connections"));
        };
        let entry = {
            let mut streams = self.open.streams.lock();
            if streams.len() >= MOST {
                return Err((stream, "too many requests at once"));
            }
            streams.insert(number, copy);
            let open = Arc::clone(&self.open);
            Entry { open, number }
        };
        let serve = Arc::clone(&self.serve);
        let job = move |stream| {
            let _held = (entry, place);
            let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                serve(stream, peer);
            }));
            if served.is_err() {
                log::error!("{peer}: cut, serving its request failed with a panic");
            }
        };
        match self.threads.run(stream, job) {
            Ok(()) | Err(Full(None)) => Ok(()),
            Err(Full(Some(stream))) => Err((stream, "the server is full")),
        }
    }
}

impl RequestService {
    /// What it serves.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more, and lets those who wait for a request find an end.
    pub fn close(&mut self) {
        self.wake = None;
        if let Some(accept) = self.accept.take() {
            let _ = accept.join();
            self.open.shut_down(Shutdown::Read);
        }
    }

    /// Waits for the responses that are being written, for at most five seconds.
    pub fn join(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.close();
        self.open.wait_until(Instant::now() + DRAIN);
        self.open.shut_down(Shutdown::Both);
    }
}

/// A service that is dropped ends like one that is joined.
impl Drop for RequestService {
    fn drop(&mut self) {
        self.end();
    }
}

impl Open {
    fn shut_down(&self, how: Shutdown) {
        for stream in self.streams.lock().values() {
            let _: io::Result<()> = stream.shutdown(how);
        }
    }

    fn wait_until(&self, deadline: Instant) {
        let mut streams = self.streams.lock();
        while !streams.is_empty() {
            if self.one_less.wait_until(&mut streams, deadline).timed_out() {
                return;
            }
        }
    }
}
