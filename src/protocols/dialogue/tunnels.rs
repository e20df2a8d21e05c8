use std::collections::BTreeMap;

use super::{Action, Event, Refusal, TunnelId};

/// The private connections of one client. `D` is what the protocol stores for each of them.
#[derive(Debug)]
pub struct Tunnels<D> {
    all: BTreeMap<TunnelId, Tunnel<D>>,
    next: u32,
}

#[derive(Debug)]
struct Tunnel<D> {
    peer: String,
    detail: D,
    up: bool,
    /// True when we have closed our direction.
    shut: bool,
}

impl<D> Default for Tunnels<D> {
    fn default() -> Tunnels<D> {
        let all = BTreeMap::new();
        Tunnels { all, next: 1 }
    }
}

impl<D> Tunnels<D> {
    /// Adds a private connection on which both clients have agreed. Returns the actions that open another connection to
    /// the server and send `opening` on it.
    pub fn open(&mut self, peer: &str, opening: Vec<u8>, detail: D) -> Vec<Action> {
        let tunnel = self.add(peer, detail);
        let peer = peer.to_owned();
        vec![
            Action::Tell(Event::Agreed { peer: peer.clone() }),
            Action::Open {
                tunnel,
                peer,
                opening,
            },
        ]
    }

    /// Adds a private connection that is not open yet.
    pub fn add(&mut self, peer: &str, detail: D) -> TunnelId {
        let id = TunnelId(self.next);
        self.next = self.next.wrapping_add(1);
        let tunnel = Tunnel {
            peer: peer.to_owned(),
            detail,
            up: false,
            shut: false,
        };
        self.all.insert(id, tunnel);
        id
    }

    /// Marks a private connection that carries raw bytes as open, and returns what the program must do. Returns `None` when
    /// the private connection is already open or is over.
    pub fn establish(&mut self, id: TunnelId) -> Option<Vec<Action>> {
        self.mark_open(id, Action::Raw(id))
    }

    /// Marks a private connection as open. Returns two actions: the first tells the user that it is open, and the second is
    /// `follows`. Returns `None` when the private connection is already open or is over.
    pub fn mark_open(&mut self, id: TunnelId, follows: Action) -> Option<Vec<Action>> {
        let tunnel = self.all.get_mut(&id).filter(|tunnel| !tunnel.up)?;
        tunnel.up = true;
        let peer = tunnel.peer.clone();
        Some(vec![Action::Tell(Event::TunnelUp { peer }), follows])
    }

    /// Finds the newest private connection with this peer on which we may still send. Marks our direction of it as closed,
    /// and returns its number.
    ///
    /// # Errors
    ///
    /// Fails when there is no private connection with this peer on which we may still send.
    pub fn shut_newest(&mut self, peer: &str) -> Result<TunnelId, Refusal> {
        let mut newest_first = self.all.iter_mut().rev();
        let newest = newest_first.find(|(_, tunnel)| tunnel.peer == peer && !tunnel.shut);
        let Some((id, tunnel)) = newest else {
            let peer = peer.to_owned();
            return Err(Refusal::NoTunnel { peer });
        };
        tunnel.shut = true;
        Ok(*id)
    }

    /// Changes the name of a client in all private connections.
    pub fn rename(&mut self, before: &str, now: &str) {
        for tunnel in self.all.values_mut() {
            if tunnel.peer == before {
                now.clone_into(&mut tunnel.peer);
            }
        }
    }

    /// Returns the client at the other end of a private connection.
    pub fn peer(&self, id: TunnelId) -> Option<&str> {
        self.all.get(&id).map(|tunnel| &*tunnel.peer)
    }

    /// Returns what the protocol stores for a private connection, so that the caller can change it.
    pub fn detail_mut(&mut self, id: TunnelId) -> Option<&mut D> {
        self.all.get_mut(&id).map(|tunnel| &mut tunnel.detail)
    }

    /// Returns what the protocol stores for a private connection.
    pub fn detail(&self, id: TunnelId) -> Option<&D> {
        self.all.get(&id).map(|tunnel| &tunnel.detail)
    }

    /// Returns what the protocol stores for each of the private connections.
    pub fn details(&self) -> impl Iterator<Item = &D> {
        self.all.values().map(|tunnel| &tunnel.detail)
    }

    /// Removes a private connection that has ended.
    pub fn end(&mut self, id: TunnelId) {
        self.all.remove(&id);
    }
}
