//! The client's half of Chatr Connect: how two clients learn each other's address. What they say to each other then does not
//! pass through the server, and its form is not in the document.

mod book;
mod candidates;
mod farewell;

use std::net::{IpAddr, SocketAddr};

use uuid::Uuid;

use super::Frame;
use crate::dialogue::{
    Action, Dialogue, Direction, Event, Fault, Intent, Refusal, Remembered, Source, TunnelId,
    Tunnels,
};
use crate::wire::Explained;
pub use book::{Book, BookError};
use candidates::candidates;

/// What we say is our version. Servers ignore it.
const VERSION: u32 = 1;

/// One client of a Chatr Connect server.
pub struct ChatrClient {
    uuid: Uuid,
    /// Of the UUID. Whoever has it can be this client.
    signature: Vec<u8>,
    book: Book,
    peer_to_peer: PeerToPeer,
    /// Our address and the server's, as far as known.
    ends: Option<(IpAddr, IpAddr)>,
    standing: Standing,
    /// Whom we asked, without an answer so far.
    asked: Remembered<Uuid>,
    /// Who asked us, without an answer so far.
    asked_by: Remembered<Party>,
    /// With whom it is agreed, while the server has not said where they are.
    agreed: Remembered<Party>,
    tunnels: Tunnels<Uuid>,
}

/// Whether peers can be spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerToPeer {
    /// They can.
    Possible,
    /// They cannot, for this reason.
    Impossible(String),
}

/// A peer, and where it is in its own network.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Party {
    uuid: Uuid,
    private_endpoint: IpAddr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Outside,
    Connecting,
    Connected,
}

impl ChatrClient {
    /// A client that has not sent anything yet. The signature is the one of its UUID's bytes.
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
            standing: Standing::Outside,
            asked: Remembered::default(),
            asked_by: Remembered::default(),
            agreed: Remembered::default(),
            tunnels: Tunnels::default(),
        }
    }
}

impl Dialogue for ChatrClient {
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal> {
        match (self.standing, intent) {
            (Standing::Connected, Intent::LogIn { .. }) => Err(Refusal::AlreadyLoggedIn),
            (_, Intent::LogIn { .. }) => Ok(self.connect()),
            (Standing::Outside | Standing::Connecting, _) => Err(Refusal::NotLoggedIn),
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
            // Peers are read by whoever proved who they are.
            return Ok(None);
        };
        let Some((frame, length)) = Frame::decode_from_server(bytes)? else {
            return Ok(None);
        };
        let behind = bytes.get(length..).unwrap_or_default();
        let actions = match frame {
            Frame::Ping { .. } if begins_with_a_ping(behind) => Vec::new(),
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
        self.standing = Standing::Outside;
        self.asked = Remembered::default();
        self.asked_by = Remembered::default();
        self.agreed = Remembered::default();
    }
}

/// Only the last ping is answered: the server knows no other.
fn begins_with_a_ping(bytes: &[u8]) -> bool {
    matches!(
        Frame::decode_from_server(bytes),
        Ok(Some((Frame::Ping { .. }, _)))
    )
}

/// What the user wants.
impl ChatrClient {
    fn connect(&mut self) -> Vec<Action> {
        self.standing = Standing::Connecting;
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
            // Both want it.
            return self.accept(peer);
        }
        if self.asked.iter().any(|asked| *asked == uuid) {
            // It waits for its answer.
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

    /// Where we are in our own network, for those who may be in it, too.
    fn own_endpoint(&self) -> Result<IpAddr, Refusal> {
        if let PeerToPeer::Impossible(why) = &self.peer_to_peer {
            return Err(Refusal::NoPeerToPeer(why.clone()));
        }
        let (own, _) = self.ends.ok_or(Refusal::NotLoggedIn)?;
        Ok(own)
    }

    /// What we asked of somebody with whom it is agreed now is answered by that.
    fn agree(&mut self, party: Party) {
        self.asked.take(|asked| *asked == party.uuid);
        self.asked_by.take(|asker| asker.uuid == party.uuid);
        self.agreed.take(|agreed| agreed.uuid == party.uuid);
        self.agreed.remember(party);
    }
}

/// What the server sends, in the document's order.
impl ChatrClient {
    fn hear(&mut self, frame: Frame<'_>) -> Vec<Action> {
        match frame {
            Frame::Disconnect { message } => self.hear_disconnect(message),
            Frame::Connected if self.standing == Standing::Connecting => {
                self.standing = Standing::Connected;
                let login = self.book.name_of(self.uuid);
                Action::tell(Event::LoggedIn { login })
            }
            Frame::Ping { id } => send(Frame::Pong { id }),
            Frame::ConnectionRequest {
                uuid,
                private_endpoint,
            } => {
                self.asked_by.take(|asker| asker.uuid == uuid);
                self.asked_by.remember(Party {
                    uuid,
                    private_endpoint,
                });
                let peer = self.book.name_of(uuid);
                Action::tell(Event::Asked { peer })
            }
            Frame::ConnectionRequestAccept {
                uuid,
                private_endpoint,
            } => match self.asked.take(|asked| *asked == uuid) {
                Some(uuid) => {
                    self.agree(Party {
                        uuid,
                        private_endpoint,
                    });
                    Vec::new()
                }
                None => self.ignore_unless_met(uuid, frame),
            },
            Frame::ConnectionRequestDenied { uuid } => self.hear_denied(uuid, frame),
            Frame::ClientInfo {
                uuid,
                public_endpoint,
            } => match self.agreed.take(|agreed| agreed.uuid == uuid) {
                Some(party) => self.meet(&party, public_endpoint),
                None => self.ignore_unless_met(uuid, frame),
            },
            other => Action::ignore(other),
        }
    }

    fn hear_disconnect(&mut self, message: &str) -> Vec<Action> {
        let what = farewell::explained(message);
        let was_connecting = self.standing == Standing::Connecting;
        self.standing = Standing::Outside;
        Action::tell(match was_connecting {
            true => Event::LoginRefused {
                login: self.book.name_of(self.uuid),
                reason: Some(what),
            },
            false => Event::Refused { what },
        })
    }

    fn hear_denied(&mut self, uuid: Uuid, frame: Frame<'_>) -> Vec<Action> {
        let peer = self.book.name_of(uuid);
        if self.asked.take(|asked| *asked == uuid).is_some() {
            return Action::tell(Event::Denied { peer });
        }
        if self.asked_by.take(|asker| asker.uuid == uuid).is_some() {
            return Action::tell(Event::Withdrawn { peer });
        }
        self.ignore_unless_met(uuid, frame)
    }

    /// When two ask each other, one agreement is enough, and the server carries the other one out, too.
    fn ignore_unless_met(&self, uuid: Uuid, frame: Frame<'_>) -> Vec<Action> {
        let mut met = self.tunnels.details();
        let is_agreed = self.agreed.iter().any(|agreed| agreed.uuid == uuid);
        match is_agreed || met.any(|met| *met == uuid) {
            true => Vec::new(),
            false => Action::ignore(frame),
        }
    }

    fn meet(&mut self, party: &Party, public_endpoint: IpAddr) -> Vec<Action> {
        let peer = self.book.name_of(party.uuid);
        let agreed = Action::Tell(Event::Agreed { peer: peer.clone() });
        let Some((_, server)) = self.ends else {
            return vec![agreed];
        };
        let candidates = candidates(public_endpoint, party.private_endpoint, server);
        if candidates.is_empty() {
            let reason =
                format!("nothing is sent to {public_endpoint}, where the server says it is");
            let closed = Event::TunnelClosed {
                peer,
                reason: Some(reason),
            };
            return vec![agreed, Action::Tell(closed)];
        }
        let tunnel = self.tunnels.add(&peer, party.uuid);
        let meet = Action::Meet {
            tunnel,
            peer,
            uuid: party.uuid,
            candidates,
            // Both see it alike, whoever asked.
            calls: self.uuid < party.uuid,
        };
        vec![agreed, meet]
    }
}

fn send(frame: Frame<'_>) -> Vec<Action> {
    vec![Action::Send(frame.bytes())]
}

#[cfg(test)]
mod tests;
