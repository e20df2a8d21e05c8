//! Starts and stops the server's threads. An [`Engine`] has the threads that all listeners share; a
//! [`Service`] is one listener with its room.
//!
//! The owner of a thread also ends it. A service owns its accept thread and its clock's thread, and
//! the engine owns the other threads. Each owner waits for the end of its threads: see "Threads" in
//! [`net`](super).

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use log::warn;
use rustls::ServerConfig;

use super::accepting::listener::Accept;
use super::accepting::socket;
use super::accepting::threads::Threads;
use super::bounds::addresses::Addresses;
use super::bounds::budget::Budget;
use super::bounds::ceiling::Machine;
use super::bounds::limits::{ConnectionLimits, LAST_WAIT, ProcessLimits};
use super::certificate::Certificate;
use super::connection::Connection;
use super::hub::{ConnIds, Hub};
use super::questions::workers::{Answers, Workers};
use super::sending::writers::Writers;
use super::time::clock::Clock;
use super::tunnel::Pipes;
use matou_protocols::room::Protocol;
use matou_sockets::{AcceptWake, accept_wait};

/// The threads that all listeners of a server share.
pub struct Engine {
    threads: Arc<Threads>,
    writers: Arc<Writers>,
    workers: Arc<Workers>,
    pipes: Arc<Pipes>,
    spare: Arc<Budget>,
    ids: Arc<ConnIds>,
}

/// Number of listeners for which [`Engine::start`] reserves descriptors.
const LISTENERS: usize = 8;

/// A running listener with its room. It serves one protocol on one address.
#[derive(Debug)]
pub struct Service {
    protocol: &'static str,
    address: SocketAddr,
    clock: Arc<Clock<Connection>>,
    revoke: Revoker,
    wake: Option<AcceptWake>,
    accept: Option<JoinHandle<()>>,
    keep_time: Option<JoinHandle<()>>,
}

/// The code that replaces a client's key uses this handle to tell the room that the old key is no
/// longer valid.
#[derive(Clone)]
pub struct Revoker(Arc<dyn Fn(&str) + Send + Sync>);

impl Revoker {
    /// Disconnects the client that is logged in with this name, if there is one.
    pub fn revoke(&self, name: &str) {
        (self.0)(name);
    }
}

impl fmt::Debug for Revoker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Revoker")
    }
}

/// Why a listener could not be started.
#[derive(Debug)]
pub struct ListenError {
    /// The address on which the server tried to listen.
    pub address: SocketAddr,
    /// The error that the system returned.
    pub cause: io::Error,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ListenError { address, cause } = self;
        match cause.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "cannot listen on {address}: address already in use; stop the other server, or choose another port (0 for a free one)"
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "cannot listen on {address}: permission denied; choose a port above 1023"
            ),
            io::ErrorKind::AddrNotAvailable => write!(
                f,
                "cannot listen on {address}: this machine has no such address; 0.0.0.0 or [::] listens on all addresses"
            ),
            _ => write!(f, "cannot listen on {address}: {cause}"),
        }
    }
}

impl std::error::Error for ListenError {}

impl Engine {
    /// Finds out how many connections this process may have, and starts the first writer. Reserves
    /// descriptors for up to eight listeners.
    pub fn start(limits: &ProcessLimits) -> Engine {
        Engine::start_for(limits, LISTENERS)
    }

    /// Does the same as [`Engine::start`], but reserves descriptors for this many listeners.
    pub fn start_for(limits: &ProcessLimits, listeners: usize) -> Engine {
        // The writers are started first, because `Machine::this_one` counts the open descriptors:
        // the count must include the descriptors of the writers.
        let writers = Writers::start(limits.writers, limits.outbox_total);
        let ceiling = Machine::this_one().ceiling(limits.connections, listeners);
        let spare = Budget::new(ceiling.spare);
        Engine {
            threads: Threads::new(ceiling.connections),
            writers,
            workers: Workers::new(limits.workers),
            pipes: Arc::new(Pipes::new(&spare)),
            spare,
            ids: Arc::default(),
        }
    }

    /// Returns the maximum number of connections at the same time, over all listeners. It is zero
    /// when the limits of this process do not allow enough descriptors or threads for one
    /// connection.
    pub fn connection_ceiling(&self) -> usize {
        self.threads.ceiling()
    }

    pub(super) fn threads(&self) -> &Arc<Threads> {
        &self.threads
    }

    /// Returns the budget of descriptors for things that only some connections need, such as pipes.
    pub(super) fn spare(&self) -> &Arc<Budget> {
        &self.spare
    }

    /// Starts a listener on this address, for a room that asks no questions. Port 0 lets the system
    /// choose a port.
    ///
    /// # Errors
    /// Fails when the server cannot listen on the address, or a thread cannot be started.
    pub fn listen<P: Protocol<Question = Infallible>>(
        &self,
        room: P,
        codec: P::Codec,
        address: SocketAddr,
        limits: ConnectionLimits,
    ) -> Result<Service, ListenError> {
        let answers = Answers::new(&self.workers, |never| match never {});
        self.serve(room, codec, address, limits, answers, None)
    }

    /// Does the same as [`Engine::listen`] for a room that asks questions. `answer` finds the
    /// answers. `answer` runs on a few separate threads, so only the connection whose frame led to
    /// the question waits for the answer. If `answer` panics, that connection is closed.
    ///
    /// # Errors
    /// Fails in the cases of [`Engine::listen`].
    pub fn listen_and_answer<P: Protocol>(
        &self,
        room: P,
        codec: P::Codec,
        address: SocketAddr,
        limits: ConnectionLimits,
        answer: impl Fn(P::Question) -> P::Answer + Send + Sync + 'static,
    ) -> Result<Service, ListenError> {
        let answers = self.answers(address, answer)?;
        self.serve(room, codec, address, limits, answers, None)
    }

    /// Does the same as [`Engine::listen_and_answer`], with TLS and this certificate.
    ///
    /// # Errors
    /// Fails in the cases of [`Engine::listen`].
    pub fn listen_tls<P: Protocol>(
        &self,
        room: P,
        codec: P::Codec,
        address: SocketAddr,
        limits: ConnectionLimits,
        answer: impl Fn(P::Question) -> P::Answer + Send + Sync + 'static,
        certificate: &Certificate,
    ) -> Result<Service, ListenError> {
        let answers = self.answers(address, answer)?;
        let tls = certificate.server_config();
        self.serve(room, codec, address, limits, answers, Some(tls))
    }

    fn answers<P: Protocol>(
        &self,
        address: SocketAddr,
        answer: impl Fn(P::Question) -> P::Answer + Send + Sync + 'static,
    ) -> Result<Answers<P>, ListenError> {
        let failed = |cause| ListenError { address, cause };
        self.workers.start().map_err(failed)?;
        Ok(Answers::new(&self.workers, answer))
    }

    fn serve<P: Protocol>(
        &self,
        room: P,
        codec: P::Codec,
        address: SocketAddr,
        limits: ConnectionLimits,
        answers: Answers<P>,
        tls: Option<Arc<ServerConfig>>,
    ) -> Result<Service, ListenError> {
        let failed = |cause| ListenError { address, cause };
        let listener = socket::listen(address, &limits.keepalive).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let addresses = Addresses::new(&limits);
        let name = format!("{} {bound}", P::NAME).into();
        let hub = Hub::new(room, codec, limits, tls, answers, name);
        let clock = Arc::clone(&hub.clock);
        let accept = Accept {
            hub: Arc::clone(&hub),
            threads: Arc::clone(&self.threads),
            writers: Arc::clone(&self.writers),
            pipes: Arc::clone(&self.pipes),
            spare: Arc::clone(&self.spare),
            ids: Arc::clone(&self.ids),
            addresses,
        };
        let (accept, wake) = spawn_accept(accept, listener).map_err(failed)?;
        let revoking = Arc::clone(&hub);
        let keep_time = thread::Builder::new()
            .name("matou-clock".to_owned())
            .spawn(move || hub.keep_time())
            .map_err(failed)?;
        Ok(Service {
            protocol: P::NAME,
            address: bound,
            clock,
            revoke: Revoker(Arc::new(move |name| revoking.revoke(name))),
            wake: Some(wake),
            accept: Some(accept),
            keep_time: Some(keep_time),
        })
    }

    /// Ends the threads of connections, the workers and the writers. All services must have been
    /// stopped before this call.
    ///
    /// Blocks for at most two seconds: one for the workers, one for the threads of connections.
    pub fn stop(self) {
        self.threads.close();
        self.workers.stop(LAST_WAIT);
        if self.threads.join(Instant::now() + LAST_WAIT) {
            self.writers.stop();
        } else {
            // A connection that has not ended may still need the writers, so they are not stopped.
            warn!(
                "some connections did not end within {LAST_WAIT:?}; the server no longer waits for them"
            );
        }
    }
}

fn spawn_accept<P: Protocol>(
    accept: Accept<P>,
    listener: TcpListener,
) -> io::Result<(JoinHandle<()>, AcceptWake)> {
    let (wait, wake) = accept_wait(&listener)?;
    let thread = thread::Builder::new()
        .name("matou-accept".to_owned())
        .spawn(move || accept.run(&listener, &wait))?;
    Ok((thread, wake))
}

impl Service {
    /// Returns the name of the listener's protocol.
    pub fn protocol(&self) -> &'static str {
        self.protocol
    }

    /// Returns the address on which the service listens, with the port that the system has chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a handle with which other code disconnects a client whose key was replaced.
    pub fn revoker(&self) -> Revoker {
        self.revoke.clone()
    }

    /// Accepts no more connections, and begins an orderly close of all connections. The server
    /// writes the queued bytes of each client, but does not tell the clients that other clients
    /// leave. Blocks only until the accept thread has ended.
    pub fn close(&mut self) {
        // The accept thread may be blocked in `poll`. Dropping `wake` wakes the thread, which then
        // ends.
        self.wake = None;
        if let Some(accept) = self.accept.take() {
            let _ = accept.join();
            // The accept thread has ended, so no new connection is accepted. Now the clock's thread
            // closes the connections that exist.
            self.clock.stop();
        }
    }

    /// Calls [`Service::close`] if it was not called before, and blocks until all connections have
    /// ended. The connections that have not ended within five seconds are cut.
    pub fn join(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.close();
        if let Some(keep_time) = self.keep_time.take() {
            // Blocks until the clock's thread has ended. That thread ends after the last connection
            // has gone. If some connections do not end in time, it cuts them and then ends.
            let _ = keep_time.join();
        }
    }
}

/// Dropping a service is the same as [`Service::join`].
impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}
