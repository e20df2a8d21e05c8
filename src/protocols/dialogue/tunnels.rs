use std::collections::BTreeMap;

use super::{Action, Event, Refusal, TunnelId};

/// The private connections of one client, as its dialogue sees them. `D` is what the protocol must know of each.
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
    /// We have said that we send no more.
    shut: bool,
}

impl<D> Default for Tunnels<D> {
    fn default() -> Tunnels<D> {
        let all = BTreeMap::new();
        Tunnels { all, next: 1 }
    }
}

impl<D> Tunnels<D> {
    /// Both agree: another connection is opened, on which `opening` is sent first.
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

    /// Notes one that does not stand yet.
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

    /// The server says that it stands; `None` when that has no meaning: it stands already, or is over.
    pub fn establish(&mut self, id: TunnelId) -> Option<Vec<Action>> {
        self.stands(id, Action::Raw(id))
    }

    /// It stands, and this follows; `None` when that has no meaning: it stands already, or is over.
    pub fn stands(&mut self, id: TunnelId, follows: Action) -> Option<Vec<Action>> {
        let tunnel = self.all.get_mut(&id).filter(|tunnel| !tunnel.up)?;
        tunnel.up = true;
        let peer = tunnel.peer.clone();
        Some(vec![Action::Tell(Event::TunnelUp { peer }), follows])
    }

    /// Notes that we send no more on the newest one with this peer.
    ///
    /// # Errors
    /// When there is none on which that was not said already.
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

    /// Somebody is called otherwise from now on.
    pub fn rename(&mut self, before: &str, now: &str) {
        for tunnel in self.all.values_mut() {
            if tunnel.peer == before {
                now.clone_into(&mut tunnel.peer);
            }
        }
    }

    /// With whom one is.
    pub fn peer(&self, id: TunnelId) -> Option<&str> {
        self.all.get(&id).map(|tunnel| &*tunnel.peer)
    }

    /// What the protocol knows of one, to change it.
    pub fn detail_mut(&mut self, id: TunnelId) -> Option<&mut D> {
        self.all.get_mut(&id).map(|tunnel| &mut tunnel.detail)
    }

    /// What the protocol knows of one.
    pub fn detail(&self, id: TunnelId) -> Option<&D> {
        self.all.get(&id).map(|tunnel| &tunnel.detail)
    }

    /// What the protocol knows of each.
    pub fn details(&self) -> impl Iterator<Item = &D> {
        self.all.values().map(|tunnel| &tunnel.detail)
    }

    /// It is over.
    pub fn end(&mut self, id: TunnelId) {
        self.all.remove(&id);
    }
}
