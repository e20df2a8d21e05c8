//! The thread that accepts connections.
//!
//! The kernel does the TCP handshake by itself and keeps the new connection in the listener's
//! *backlog* (at most `BACKLOG` connections, see `socket`). `accept` takes the oldest connection
//! out of the backlog and returns a new socket for it. The listener's own socket never carries
//! bytes.
//!
//! While this thread is busy, the backlog grows. When the backlog is full, new clients must wait,
//! or the kernel refuses them. So this thread does as little as possible: it passes each socket to
//! another thread and accepts the next connection. No client can make this thread wait, and an
//! error of `accept` does not end it. This thread does not do the TLS handshake either: otherwise a
//! peer that connects and then sends nothing would make all later clients wait.
//!
//! A server that has reached its maximum number of connections still accepts new connections and
//! then refuses them. If such a connection stayed in the backlog, it would look open to its client.
//! The client would wait for an answer that does not come.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use log::{debug, error, warn};

use super::refused::Refused;
use super::socket;
use super::threads::{Full, Threads};
use crate::net::bounds::addresses::Addresses;
use crate::net::bounds::budget::Budget;
use crate::net::connection::{Connection, Shared};
use crate::net::hub::{ConnIds, Hub};
use crate::net::reading::reader;
use crate::net::sending::writers::Writers;
use crate::net::sys;
use crate::net::tls::Tls;
use crate::net::tunnel::Pipes;
use matou_protocols::room::Protocol;
use matou_sockets::AcceptWait;

/// If `accept` fails and would fail again at once, for example with "too many open files", the
/// accept thread pauses for this long. Without a pause the loop would use a whole core. The
/// connection that could not be accepted is still in the backlog, so `poll` would return at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections for one hub. It has no lock of its own. The methods that it calls hold locks
/// only for a moment.
pub(in crate::net) struct Accept<P: Protocol> {
    pub(in crate::net) hub: Arc<Hub<P>>,
    /// Shared by all listeners, because the limit on the number of threads applies to the whole
    /// process.
    pub(in crate::net) threads: Arc<Threads>,
    pub(in crate::net) writers: Arc<Writers>,
    pub(in crate::net) pipes: Arc<Pipes>,
    /// Counts the descriptors that are left for things that only some connections need, such as
    /// pipes.
    pub(in crate::net) spare: Arc<Budget>,
    /// Hands out the numbers of connections. All listeners share this counter, so that each number
    /// in the log belongs to one connection only.
    pub(in crate::net) ids: Arc<ConnIds>,
    /// Counts the connections of each address. This counter belongs to this listener alone, because
    /// the limit per address applies to each listener separately.
    pub(in crate::net) addresses: Arc<Addresses>,
}

impl<P: Protocol> Accept<P> {
    /// Accepts connections until the listener is closed. Runs on the thread `matou-accept`, which
    /// [`Service`](crate::net::Service) owns.
    pub(in crate::net) fn run(&self, listener: &TcpListener, wait: &AcceptWait) {
        let refused = Refused::new(&self.hub.listener, &self.spare);
        accept_each(refused, listener, wait, |stream, peer| {
            self.admit(stream, peer)
        });
    }

    /// Gives the socket of a new connection to a thread that serves it. If that is not possible,
    /// returns the socket with the reason. Never blocks.
    fn admit(&self, stream: TcpStream, peer: SocketAddr) -> Result<(), (TcpStream, &'static str)> {
        if let Err(error) = socket::accepted(&stream, &self.hub.limits.keepalive) {
            // The usual reason is that the peer has disconnected already, so this is not worth a
            // warning.
            debug!(
                "{}: lost the connection from {peer} while accepting it: {error}",
                P::NAME
            );
            return Ok(());
        }
        let Some(slot) = self.addresses.admit(peer.ip()) else {
            return Err((stream, "its address has too many connections"));
        };
        let hub = Arc::clone(&self.hub);
        let (writers, pipes) = (Arc::clone(&self.writers), Arc::clone(&self.pipes));
        let id = self.ids.next();
        // This closure runs on the connection's thread, so it may block. If no thread is free, the
        // closure is dropped without being called. Then the slot of the address is dropped too, so
        // the refused client no longer counts against the limit of its address.
        let serve = move |stream| {
            let tls = match hub.tls.as_ref().map(Tls::new).transpose() {
                Ok(tls) => tls,
                Err(error) => {
                    let target = &hub.listener;
                    return error!(target: target, "{}: cannot start TLS for {peer}: {error}", P::NAME);
                }
            };
            let shared = Shared {
                clock: &hub.clock,
                limits: &hub.limits,
                writers: &writers,
                pipes: &pipes,
                protocol: P::NAME,
                listener: &hub.listener,
            };
            let connection = Connection::new(shared, id, peer, stream, tls, slot);
            reader::run(&*hub, &connection);
        };
        // `run` returns at once: the accept thread does not wait until the connection's thread has
        // begun.
        let started = self.threads.run(stream, serve);
        started.map_err(|Full { stream, why }| (stream, why))
    }
}

/// Accepts connections until the listener's owner drops its `AcceptWake`.
///
/// `admit` passes a connection on to a thread, or returns the connection with the reason why it
/// must be refused. `admit` MUST NOT block.
pub(in crate::net) fn accept_each(
    mut refused: Refused<'_>,
    listener: &TcpListener,
    wait: &AcceptWait,
    mut admit: impl FnMut(TcpStream, SocketAddr) -> Result<(), (TcpStream, &'static str)>,
) {
    // A second descriptor of the listener, as a reserve. When the process has no descriptor left,
    // this thread closes the reserve. So one descriptor is free, and the thread can accept one
    // connection and refuse it.
    let mut spare = listener.try_clone().ok();
    // Blocks in `connection_within`, with no lock held. Three things wake the thread: a client
    // connects, the owner drops its `AcceptWake`, or it is time to close a refused socket. If the
    // owner has dropped its `AcceptWake`, the result is false and the loop ends. The thread does
    // not block in `accept` itself, because its owner could not wake it there: see `AcceptWait`. An
    // error of `poll` also ends the loop, because without `poll` the thread cannot wait. `poll`
    // fails only because of wrong arguments or because the system has no memory.
    while matches!(
        wait.connection_within(listener, refused.patience()),
        Ok(true)
    ) {
        refused.close_old();
        // This `accept` does not block: on systems where `wait` uses `poll`, the listener is in
        // non-blocking mode. If the client has disconnected meanwhile, `accept` fails with
        // `WouldBlock`.
        match listener.accept() {
            Ok((stream, peer)) => {
                if let Err((stream, why)) = admit(stream, peer) {
                    refused.refuse(stream, peer, why);
                }
            }
            Err(error) if passes_by_itself(&error) => {}
            Err(error) => {
                if sys::is_out_of_descriptors(&error) {
                    drop(spare.take());
                    let accepted = listener.accept();
                    let is_refused = accepted.is_ok();
                    if let Ok((stream, peer)) = accepted {
                        refused.refuse_at_once(
                            stream,
                            peer,
                            "no file descriptor is left (ulimit -n)",
                        );
                    }
                    spare = listener.try_clone().ok();
                    if is_refused {
                        continue;
                    }
                }
                let name = refused.name;
                warn!(target: name, "{name}: cannot accept connections for now: {error}");
                // Blocks until the pause is over. Only the owner can wake the thread earlier, and
                // then the loop ends.
                if !matches!(wait.pause(PAUSE), Ok(true)) {
                    return;
                }
            }
        }
    }
}

/// Returns true for errors after which the next `accept` may succeed at once. For example, the
/// connection was closed before it was accepted, or a signal interrupted the call.
///
/// After all other errors (no descriptors, no memory) `accept` continues to fail until other
/// connections have ended. The accept loop must not end at such an error: otherwise the server
/// would go on running, and no client could ever connect again.
fn passes_by_itself(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
