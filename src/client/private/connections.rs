use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use crossbeam_channel::Receiver;

use super::direct::{DirectOptions, Doorman};
use super::pipe::Broken;
use super::requests::Requests;
use super::stage::Stage;
use super::tunnel::{Speech, Tunnel};
use crate::files::streamed::Streamed;
use matou_protocols::dialogue::{Pass, TunnelId};

/// The list of all private connections, and of the requests for them.
///
/// A connection enters the list when both users have agreed to it. It leaves the list when it is closed and the files
/// received on it are written to the disk. Its [`Stage`] owns the socket, or the promise to accept a peer's connection. So
/// when the stage ends, the socket is closed, or the promise is withdrawn.
#[derive(Debug)]
pub(crate) struct PrivateConnections {
    all: BTreeMap<TunnelId, Tunnel>,
    /// Requests that are not answered yet.
    pub(crate) requests: Requests,
    /// Accepts the direct connections of peers.
    doorman: Doorman,
}

impl PrivateConnections {
    pub(crate) fn new(direct: DirectOptions) -> PrivateConnections {
        PrivateConnections {
            all: BTreeMap::new(),
            requests: Requests::default(),
            doorman: Doorman::new(direct),
        }
    }

    /// Adds a private connection.
    pub(crate) fn add(&mut self, id: TunnelId, peer: String, stage: Stage, speech: Speech) {
        self.all.insert(id, Tunnel::new(peer, stage, speech));
    }

    /// Adds a private connection for which this client listens. Returns the address that this client must tell the peer.
    /// `towards_server` is the local address of the connection to the server.
    ///
    /// # Errors
    /// Fails if no listener can be opened.
    pub(crate) fn await_peer(
        &mut self,
        id: TunnelId,
        peer: String,
        pass: Pass,
        towards_server: SocketAddr,
    ) -> io::Result<SocketAddr> {
        let shown = [&*pass.public, &*pass.secret].concat();
        let promised = self.doorman.promise(id, pass, towards_server)?;
        let address = promised.address;
        let stage = Stage::Awaited {
            promised,
            pass: shown,
        };
        self.add(id, peer, stage, Speech::Frames(Streamed::default()));
        Ok(address)
    }

    pub(crate) fn get(&self, id: TunnelId) -> Option<&Tunnel> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: TunnelId) -> Option<&mut Tunnel> {
        self.all.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: TunnelId) -> Option<Tunnel> {
        self.all.remove(&id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns all private connections, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (TunnelId, &Tunnel)> {
        self.all.iter().map(|(id, tunnel)| (*id, tunnel))
    }

    /// Returns all private connections, oldest first.
    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (TunnelId, &mut Tunnel)> {
        self.all.iter_mut().map(|(id, tunnel)| (*id, tunnel))
    }

    /// Returns the ids of the connections for which `is` returns true. The result does not borrow the list, so the caller
    /// can change the list while it handles these connections.
    pub(crate) fn which(&mut self, mut is: impl FnMut(&mut Tunnel) -> bool) -> Vec<TunnelId> {
        let found = self
            .iter_mut()
            .filter_map(|(id, tunnel)| is(tunnel).then_some(id));
        found.collect()
    }

    /// Returns the newest private connection with this peer on which this client can still send.
    pub(crate) fn to(&self, peer: &str) -> Option<TunnelId> {
        let mut newest_first = self.iter().rev();
        newest_first
            .find_map(|(id, tunnel)| (tunnel.peer == peer && tunnel.can_send()).then_some(id))
    }

    /// Returns the channel on which the outcome of the `--tunnel` connection arrives; `None` if no such connection is open.
    pub(crate) fn piped(&self) -> Option<&Receiver<Result<(), Broken>>> {
        self.iter().find_map(|(_, tunnel)| match &tunnel.stage {
            Stage::Piped { done, .. } => Some(done),
            _ => None,
        })
    }

    /// Returns the earliest time at which the wait for a peer's connection ends.
    pub(crate) fn awaited_until(&self) -> Option<Instant> {
        self.iter()
            .filter_map(|(_, tunnel)| tunnel.awaited_until())
            .min()
    }

    /// Replaces the name `before` of a peer with its new name `now`.
    pub(crate) fn rename(&mut self, before: &str, now: &str) {
        self.requests.rename(before, now);
        for tunnel in self.all.values_mut() {
            if tunnel.peer == before {
                now.clone_into(&mut tunnel.peer);
            }
        }
    }

    /// Drops the connections that are not open yet, and the connection that carries standard input and output. Returns the
    /// ids of the others, which may still have bytes to send or files to write.
    pub(crate) fn keep_for_the_end(&mut self) -> Vec<TunnelId> {
        let is_kept = |stage: &Stage| matches!(stage, Stage::Open(_) | Stage::Closed(_));
        self.all.retain(|_, tunnel| is_kept(&tunnel.stage));
        self.all.keys().copied().collect()
    }
}
