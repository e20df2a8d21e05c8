//! The thread that accepts. It hands each socket over at once and never waits for one client; no error ends it.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use log::{debug, error, warn};

use super::connection::{Connection, Shared};
use super::hub::{ConnIds, Hub};
use super::limits::Addresses;
use super::reader;
use super::socket;
use super::threads::{Full, Threads};
use super::tls::Tls;
use matou_protocols::room::Protocol;
use matou_sockets::AcceptWait;

/// After an error that does not go away by itself (no descriptors left), accepting pauses for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// Refused sockets are kept for a moment: closed at once, with what the client has already sent unread, they would be
/// reset instead of ended.
const REFUSED: usize = 64;

/// Accepts for one hub.
pub(super) struct Accept<P: Protocol> {
    pub(super) hub: Arc<Hub<P>>,
    pub(super) threads: Arc<Threads>,
    pub(super) ids: Arc<ConnIds>,
    pub(super) addresses: Arc<Addresses>,
}

impl<P: Protocol> Accept<P> {
    /// Accepts until it is woken to stop.
    pub(super) fn run(&self, listener: &TcpListener, wait: &AcceptWait) {
        accept_each(&self.hub.listener, listener, wait, |stream, peer| {
            self.admit(stream, peer)
        });
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) -> Result<(), (TcpStream, &'static str)> {
        if let Err(error) = socket::accepted(&stream, &self.hub.limits.keepalive) {
            let name = &self.hub.listener;
            debug!(target: name, "{name}: {peer} was lost while it was accepted: {error}");
            return Ok(());
        }
        let Some(place) = self.addresses.admit(peer.ip()) else {
            return Err((stream, "its address has too many connections"));
        };
        let hub = Arc::clone(&self.hub);
        let id = self.ids.next();
        let serve = move |stream| {
            let tls = match hub.tls.as_ref().map(Tls::new).transpose() {
                Ok(tls) => tls,
                Err(error) => {
                    let name = &hub.listener;
                    return error!(target: name, "{name}: no TLS for {peer}: {error}");
                }
            };
            let shared = Shared {
                clock: &hub.clock,
                limits: &hub.limits,
                listener: &hub.listener,
            };
            let connection = Connection::new(shared, id, peer, stream, tls, place);
            reader::run(&*hub, &connection);
        };
        match self.threads.run(stream, serve) {
            Ok(()) | Err(Full(None)) => Ok(()),
            Err(Full(Some(stream))) => Err((stream, "the server is full")),
        }
    }
}

/// Accepts until it is woken to stop. `admit` hands a connection over, or back with a word on why not; it never waits.
pub(super) fn accept_each(
    name: &str,
    listener: &TcpListener,
    wait: &AcceptWait,
    mut admit: impl FnMut(TcpStream, SocketAddr) -> Result<(), (TcpStream, &'static str)>,
) {
    let mut refused = Refused::default();
    while matches!(wait.connection(listener), Ok(true)) {
        match listener.accept() {
            Ok((stream, peer)) => {
                if let Err((stream, why)) = admit(stream, peer) {
                    refused.refuse(stream, peer, name, why);
                }
            }
            Err(error) if passes_by_itself(&error) => {}
            Err(error) => {
                warn!(target: name, "{name}: cannot accept for now: {error}");
                if !matches!(wait.pause(PAUSE), Ok(true)) {
                    return;
                }
            }
        }
    }
}

fn passes_by_itself(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// Sockets that were refused.
#[derive(Debug, Default)]
struct Refused {
    kept: VecDeque<TcpStream>,
}

impl Refused {
    fn refuse(&mut self, stream: TcpStream, peer: SocketAddr, name: &str, why: &str) {
        let _ = stream.shutdown(Shutdown::Write);
        if self.kept.len() == REFUSED {
            self.kept.pop_front();
        }
        self.kept.push_back(stream);
        warn!(target: name, "{name}: refused {peer}: {why}");
    }
}
