//! The thread that accepts connections.
//!
//! The kernel does the TCP handshake by itself and keeps the new connection in the listener's
//! *backlog* (at most `BACKLOG` in `socket`). `accept` takes the oldest connection out of the
//! backlog and returns a new socket for it. The listener's own socket never carries bytes.
//!
//! While this thread is busy, the backlog grows; when it is full, new clients wait or are refused
//! by the kernel. So this thread does as little as possible: it passes each socket to another
//! thread and goes on. No client makes it wait, and no error ends it. It does not even do a TLS
//! handshake, because a peer that connects and says nothing would stop every client after it.
//!
//! Above its ceiling the server still accepts, and then refuses: a connection that stayed in the
//! backlog would look open to its client, which would wait for an answer and not know why none
//! comes.

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

/// Accepting pauses for this long after an error that does not pass by itself, such as "too many
/// open files". Without a pause the loop would use a whole core, because the connection that could
/// not be accepted still waits in the backlog.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections for one hub. It has no lock of its own; what it calls locks for a moment.
pub(in crate::net) struct Accept<P: Protocol> {
    pub(in crate::net) hub: Arc<Hub<P>>,
    /// Shared by all listeners, because the number of threads is a limit of the process.
    pub(in crate::net) threads: Arc<Threads>,
    pub(in crate::net) writers: Arc<Writers>,
    pub(in crate::net) pipes: Arc<Pipes>,
    /// Descriptors for what only some connections need.
    pub(in crate::net) spare: Arc<Budget>,
    /// Shared by all listeners, so that a number in the log means one connection.
    pub(in crate::net) ids: Arc<ConnIds>,
    /// This listener's own: an address may have connections to each listener.
    pub(in crate::net) addresses: Arc<Addresses>,
}

impl<P: Protocol> Accept<P> {
    /// Accepts until the listener is closed. Runs on the thread `matou-accept`, which
    /// [`Service`](crate::net::Service) owns.
    pub(in crate::net) fn run(&self, listener: &TcpListener, wait: &AcceptWait) {
        let refused = Refused::new(&self.hub.listener, &self.spare);
        accept_each(refused, listener, wait, |stream, peer| {
            self.admit(stream, peer)
        });
    }

    /// Starts to serve a socket on a thread of its own, or gives it back with the reason why not.
    /// Never blocks.
    fn admit(&self, stream: TcpStream, peer: SocketAddr) -> Result<(), (TcpStream, &'static str)> {
        if let Err(error) = socket::accepted(&stream, &self.hub.limits.keepalive) {
            // The peer may have gone between connecting and now.
            debug!("{}: lost {peer} while accepting it: {error}", P::NAME);
            return Ok(());
        }
        let Some(slot) = self.addresses.admit(peer.ip()) else {
            return Err((stream, "its address has too many connections"));
        };
        let hub = Arc::clone(&self.hub);
        let (writers, pipes) = (Arc::clone(&self.writers), Arc::clone(&self.pipes));
        let id = self.ids.next();
        // From here on everything happens on the connection's thread, also what may fail or take
        // long. If no thread is free, the closure is dropped without being called, and the slot of
        // the address with it: a refused client does not count.
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
        // The accept thread goes on at once; the connection's thread begins when the system lets
        // it.
        let started = self.threads.run(stream, serve);
        started.map_err(|Full { stream, why }| (stream, why))
    }
}

/// Accepts until the listener's owner drops its `AcceptWake`.
///
/// `admit` takes a connection over, or gives it back with the reason why not. It MUST NOT block.
pub(in crate::net) fn accept_each(
    mut refused: Refused<'_>,
    listener: &TcpListener,
    wait: &AcceptWait,
    mut admit: impl FnMut(TcpStream, SocketAddr) -> Result<(), (TcpStream, &'static str)>,
) {
    // A second descriptor of the listener, which does nothing. It is given up when a connection
    // cannot be accepted because no descriptor is left, so that the connection can be refused.
    let mut spare = listener.try_clone().ok();
    // Blocks here, with no lock held. A new connection wakes it, and so does the owner (then the
    // result is false); refused sockets that are kept wake it when their time is over. A thread
    // that is blocked in `accept` itself could not be woken: see `AcceptWait`. An error of `poll`
    // ends the loop, because then there is nothing left to wait with; the system reports one only
    // for wrong arguments or when it has no memory.
    while matches!(
        wait.connection_within(listener, refused.patience()),
        Ok(true)
    ) {
        refused.close_old();
        // Does not block: the listener is non-blocking where `wait` uses `poll`. The client may
        // have gone meanwhile, and then `accept` fails with `WouldBlock`.
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
                        refused.refuse_at_once(stream, peer, "no descriptor is left (ulimit -n)");
                    }
                    spare = listener.try_clone().ok();
                    if is_refused {
                        continue;
                    }
                }
                let name = refused.name;
                warn!(target: name, "{name}: cannot accept connections for now: {error}");
                // Blocks for the time of the pause. Only the owner wakes it earlier.
                if !matches!(wait.pause(PAUSE), Ok(true)) {
                    return;
                }
            }
        }
    }
}

/// True for errors of one connection: it was gone before it was accepted, or a signal came. The
/// next `accept` may succeed at once.
///
/// All other errors (no descriptors, no memory) concern the next `accept` too. They pass when other
/// connections end. A loop that ended at the first of them would leave a server that runs and can
/// never be reached again.
fn passes_by_itself(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
