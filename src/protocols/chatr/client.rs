//! The client's half of Chatr Connect: how two clients learn each other's address. After this, the two clients exchange data
//! directly, without the server. The document does not describe this exchange.

mod book;
mod candidates;
mod farewell;
mod server;

use std::net::{IpAddr, SocketAddr};

use uuid::Uuid;

use super::Frame;
use crate::dialogue::{
    Action, Dialogue, Direction, Fault, Identity, Intent, Refusal, Remembered, Source, TunnelId,
    Tunnels,
};
use crate::wire::Explained;
pub use book::{Book, BookError};

/// The version that we send. Servers ignore it.
const VERSION: u32 = 1;

/// One client of a Chatr Connect server.
pub struct ChatrClient {
    uuid: Uuid,
    /// The signature of the UUID. Anyone who has it can log in as this client.
    signature: Vec<u8>,
    book: Book,
    peer_to_peer: PeerToPeer,
    /// Our address and the server's address; `None` until they are known.
    ends: Option<(IpAddr, IpAddr)>,
    identity: Identity,
    /// Clients that we have asked for a private connection, and that have not answered yet.
    asked: Remembered<Uuid>,
    /// Clients that have asked us for a private connection, and that we have not answered yet.
    asked_by: Remembered<Party>,
    /// Clients with which we have agreed, but whose addresses the server has not sent yet.
    agreed: Remembered<Party>,
    tunnels: Tunnels<Uuid>,
}

/// Whether direct connections to peers are possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerToPeer {
    /// Direct connections are possible.
    Possible,
    /// Direct connections are impossible, for this reason.
    Impossible(String),
}

/// A peer, and the address that this peer has in its local network.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Party {
    uuid: Uuid,
    private_endpoint: IpAddr,
}

impl ChatrClient {
    /// Makes a client that has not sent anything. `signature` is the client's signature of the bytes of its UUID.
    pub fn new(
        uuid: Uuid,
        signature: Vec<u8>,
        book: Book,
        peer_to_peer: PeerToPeer,
    ) -> ChatrClient {
        ChatrClient {
            uuid,
            signature,
            book,
            peer_to_peer,
            ends: None,
            identity: Identity::None,
            asked: Remembered::default(),
            asked_by: Remembered::default(),
            agreed: Remembered::default(),
            tunnels: Tunnels::default(),
        }
    }
}

impl Dialogue for ChatrClient {
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal> {
        match (self.identity, intent) {
            (Identity::Accepted, Intent::LogIn { .. }) => Err(Refusal::AlreadyLoggedIn),
            (_, Intent::LogIn { .. }) => Ok(self.connect()),
            (Identity::None | Identity::Proposed, _) => Err(Refusal::NotLoggedIn),
            (_, Intent::Say { .. }) => Err(Refusal::NoRoom),
            (_, Intent::Whisper { to, .. }) => {
                let peer = to.to_owned();
                Err(Refusal::NoWhispers { peer })
            }
            (_, Intent::Ask { peer }) => self.ask(peer),
            (_, Intent::Accept { peer }) => self.accept(peer),
            (_, Intent::Deny { peer }) => self.deny(peer),
            (_, Intent::Close { peer }) => {
                let peer = self.book.name_of(self.find(peer)?);
                Ok(vec![Action::Shut(self.tunnels.shut_newest(&peer)?)])
            }
        }
    }

    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault> {
        let Source::Server = from else {
            // The dialogue does not read the bytes that a peer sends. The program reads them, after the peer has proved its
            // identity.
            return Ok(None);
        };
        let Some((frame, length)) = Frame::decode_from_server(bytes)? else {
            return Ok(None);
        };
        let following = bytes.get(length..).unwrap_or_default();
        let actions = match frame {
            Frame::Ping { .. } if begins_with_a_ping(following) => Vec::new(),
            frame => self.hear(frame),
        };
        Ok(Some((length, actions)))
    }

    fn explain(&self, direction: Direction, _on: Source, bytes: &[u8]) -> Option<Explained> {
        let decoded = match direction {
            Direction::Sent => Frame::decode(bytes),
            Direction::Received => Frame::decode_from_server(bytes),
        };
        let (frame, length) = decoded.ok()??;
        Some(frame.explained(bytes.get(..length)?))
    }

    fn reached(&mut self, server: SocketAddr, own: SocketAddr) {
        self.ends = Some((own.ip().to_canonical(), server.ip().to_canonical()));
    }

    fn known_as(&self, peer: &str) -> String {
        match self.book.find(peer) {
            Some(uuid) => self.book.name_of(uuid),
            None => peer.to_owned(),
        }
    }

    fn chooses_its_login(&self) -> bool {
        false
    }

    fn name(&mut self, peer: &str, name: &str) -> Result<Vec<Action>, Refusal> {
        let uuid = self.find(peer)?;
        let before = self.book.name_of(uuid);
        let named = self.book.name(uuid, name);
        named.map_err(|error| Refusal::Name(error.to_string()))?;
        self.tunnels.rename(&before, name);
        Ok(vec![Action::KeepBook(self.book.to_string())])
    }

    fn connected(&mut self, tunnel: TunnelId) -> Vec<Action> {
        self.tunnels.establish(tunnel).unwrap_or_default()
    }

    fn ended(&mut self, tunnel: TunnelId) {
        self.tunnels.end(tunnel);
    }

    fn disconnected(&mut self) {
        self.identity = Identity::None;
        self.asked = Remembered::default();
        self.asked_by = Remembered::default();
        self.agreed = Remembered::default();
    }
}

/// True when the bytes begin with a PacketPing. The server accepts only the answer to its last ping. So if another ping
/// follows directly, the client does not answer the earlier one.
fn begins_with_a_ping(bytes: &[u8]) -> bool {
    matches!(
        Frame::decode_from_server(bytes),
        Ok(Some((Frame::Ping { .. }, _)))
    )
}

/// The functions that do what the user wants.
impl ChatrClient {
    fn connect(&mut self) -> Vec<Action> {
        self.identity = Identity::Proposed;
        send(Frame::Connect {
            version: VERSION,
            uuid: self.uuid,
            signature: &self.signature,
        })
    }

    fn ask(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        let uuid = self.find(peer)?;
        if uuid == self.uuid {
            return Err(Refusal::Oneself);
        }
        let private_endpoint = self.own_endpoint()?;
        if self.asked_by.iter().any(|asker| asker.uuid == uuid) {
            // The peer has already asked us, so we accept its request instead of sending one of our own.
            return self.accept(peer);
        }
        if self.asked.iter().any(|asked| *asked == uuid) {
            // Our request is still pending, so it is not sent again.
            return Ok(Vec::new());
        }
        self.asked.remember(uuid);
        Ok(send(Frame::ConnectionRequest {
            uuid,
            private_endpoint,
        }))
    }

    fn accept(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        let uuid = self.find(peer)?;
        let private_endpoint = self.own_endpoint()?;
        let asker = self.take_asker(uuid, peer)?;
        self.agree(asker);
        Ok(send(Frame::ConnectionRequestAccept {
            uuid,
            private_endpoint,
        }))
    }

    fn deny(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        let uuid = self.find(peer)?;
        self.take_asker(uuid, peer)?;
        Ok(send(Frame::ConnectionRequestDenied { uuid }))
    }

    fn find(&self, peer: &str) -> Result<Uuid, Refusal> {
        let unknown = || Refusal::Unknown {
            peer: peer.to_owned(),
        };
        self.book.find(peer).ok_or_else(unknown)
    }

    fn take_asker(&mut self, uuid: Uuid, peer: &str) -> Result<Party, Refusal> {
        let asker = self.asked_by.take(|asker| asker.uuid == uuid);
        asker.ok_or_else(|| Refusal::NotAsked {
            peer: peer.to_owned(),
        })
    }

    /// Returns our address in our local network, for peers that may be in the same network.
    fn own_endpoint(&self) -> Result<IpAddr, Refusal> {
        if let PeerToPeer::Impossible(why) = &self.peer_to_peer {
            return Err(Refusal::NoPeerToPeer(why.clone()));
        }
        let (own, _) = self.ends.ok_or(Refusal::NotLoggedIn)?;
        Ok(own)
    }

    /// Records that we and another client have agreed. After this, all requests between the two clients count as answered.
    fn agree(&mut self, party: Party) {
        self.asked.take(|asked| *asked == party.uuid);
        self.asked_by.take(|asker| asker.uuid == party.uuid);
        self.agreed.take(|agreed| agreed.uuid == party.uuid);
        self.agreed.remember(party);
    }
}

fn send(frame: Frame<'_>) -> Vec<Action> {
    vec![Action::Send(frame.encoded())]
}

#[cfg(test)]
mod tests;
