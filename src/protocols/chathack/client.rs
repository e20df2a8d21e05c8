//! The client's half of ChatHack. `client/server.rs` handles what the server sends, and `client/peer.rs` handles what other
//! clients send.

mod peer;
mod server;

use std::net::SocketAddr;

use super::{
    ClientFrame, MAX_LOGIN_BYTES, MAX_MESSAGE_BYTES, MAX_PASSWORD_BYTES, MeetingPoint, PeerFrame,
    Received, ServerFrame,
};
use crate::dialogue::{
    Action, Content, Dialogue, Direction, Event, Fault, Identity, Intent, Pass, Refusal,
    Remembered, Source, TunnelId, Tunnels,
};
use crate::room::{ConnectIds, Entropy};
use crate::wire::Explained;
use peer::Next;

/// Maximum length of a file name, in bytes. The document sets no limit, but most file systems do.
const MAX_FILE_NAME_BYTES: usize = 255;

/// One client of a ChatHack server.
pub struct ChatHackClient {
    account: Option<Account>,
    ids: ConnectIds,
    login: String,
    identity: Identity,
    /// Clients that we have asked for a private connection, and that have not answered yet.
    asked: Remembered<String>,
    /// Clients that have asked us for a private connection, and that we have not answered yet.
    asked_by: Remembered<String>,
    tunnels: Tunnels<Direct>,
}

/// An account on the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The login of the account. Under any other login, the client logs in without a password.
    pub login: String,
    /// The password of the account. The client sends it only together with the login of the account.
    pub password: String,
}

/// What the client stores for a direct connection.
#[derive(Debug)]
struct Direct {
    /// The id that the connecting client must send first.
    id: i64,
    /// What the next bytes from the peer mean.
    next: Next,
}

impl ChatHackClient {
    /// Makes a client that has not sent anything. The client makes the ids of direct connections from `entropy`. The ids are
    /// secret, so `entropy` must be unpredictable.
    pub fn new(account: Option<Account>, entropy: Entropy) -> ChatHackClient {
        ChatHackClient {
            account,
            ids: ConnectIds::random(entropy),
            login: String::new(),
            identity: Identity::None,
            asked: Remembered::default(),
            asked_by: Remembered::default(),
            tunnels: Tunnels::default(),
        }
    }
}

impl Dialogue for ChatHackClient {
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal> {
        match (self.identity, intent) {
            (Identity::Accepted, Intent::LogIn { .. }) => Err(Refusal::AlreadyLoggedIn),
            (_, Intent::LogIn { login }) => self.log_in(login),
            (Identity::None | Identity::Proposed, _) => Err(Refusal::NotLoggedIn),
            (_, Intent::Say { text }) => self.say(text),
            (_, Intent::Whisper { to, .. }) => Err(Refusal::NoWhispers {
                peer: to.to_owned(),
            }),
            (_, Intent::Ask { peer }) => self.ask(peer),
            (_, Intent::Accept { peer }) => self.accept(peer),
            (_, Intent::Deny { peer }) => self.deny(peer),
            // The protocol has no packet to close a private connection, so the client closes its direction of the
            // connection.
            (_, Intent::Close { peer }) => Ok(vec![Action::Shut(self.tunnels.shut_newest(peer)?)]),
        }
    }

    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault> {
        match from {
            Source::Server => Ok(ServerFrame::decode(bytes)?
                .map(|(frame, length)| (length, self.hear_server(frame)))),
            Source::Tunnel(tunnel) => self.hear_peer(tunnel, bytes),
        }
    }

    fn explain(&self, direction: Direction, on: Source, bytes: &[u8]) -> Option<Explained> {
        match (on, direction) {
            (Source::Server, Direction::Sent) => match ClientFrame::decode(bytes).ok()??.0 {
                Received::Frame(frame) => Some(frame.explained()),
                Received::TooLong(_) => None,
            },
            (Source::Server, Direction::Received) => {
                Some(ServerFrame::decode(bytes).ok()??.0.explained())
            }
            (Source::Tunnel(_), _) => match PeerFrame::decode(bytes, MAX_MESSAGE_BYTES).ok()??.0 {
                Received::Frame(frame) => Some(frame.explained()),
                Received::TooLong(_) => None,
            },
        }
    }

    fn hears_itself(&self) -> bool {
        false
    }

    fn listens(&mut self, tunnel: TunnelId, at: Option<SocketAddr>) -> Vec<Action> {
        let (Some(peer), Some(direct)) = (self.tunnels.peer(tunnel), self.tunnels.detail(tunnel))
        else {
            return Vec::new();
        };
        let (sender, receiver) = (&*self.login, peer);
        let Some(address) = at else {
            // The program cannot listen, so the client declines the request. Otherwise the asker would wait for an answer
            // that never arrives.
            let denied = ClientFrame::PrivateDenied { sender, receiver };
            let actions = send(&denied);
            self.tunnels.end(tunnel);
            return actions;
        };
        let validation = ClientFrame::PrivateValidation {
            sender,
            receiver,
            meeting: MeetingPoint {
                port: address.port().into(),
                address: address.ip(),
                id: direct.id,
            },
        };
        let peer = peer.to_owned();
        let mut actions = send(&validation);
        actions.extend(Action::tell(Event::TunnelAwaited { peer, address }));
        actions
    }

    fn connected(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let opened = self.tunnels.mark_open(tunnel, Action::Framed(tunnel));
        opened.unwrap_or_default()
    }

    fn frame(&self, content: Content<'_>) -> Result<Vec<u8>, Refusal> {
        let login = &*self.login;
        match content {
            Content::Text(message) => {
                Refusal::of_message(message, MAX_MESSAGE_BYTES)?;
                Ok(bytes(&PeerFrame::Message { login, message }))
            }
            Content::File { name, size } => {
                Refusal::of_name(name, MAX_FILE_NAME_BYTES)?;
                let size = i32::try_from(size).map_err(|_| Refusal::TooLong {
                    what: "file",
                    bytes: usize::try_from(size).unwrap_or(usize::MAX),
                    limit: i32::MAX as usize,
                })?;
                Ok(bytes(&PeerFrame::File { login, name, size }))
            }
        }
    }

    fn ended(&mut self, tunnel: TunnelId) {
        self.tunnels.end(tunnel);
    }

    fn disconnected(&mut self) {
        self.identity = Identity::None;
        self.asked = Remembered::default();
        self.asked_by = Remembered::default();
    }
}

/// The functions that do what the user wants, in the order of the document.
impl ChatHackClient {
    fn log_in(&mut self, login: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_name(login, MAX_LOGIN_BYTES)?;
        login.clone_into(&mut self.login);
        let frame = match self.account() {
            Some(Account { password, .. }) => {
                Refusal::of_password(password, MAX_PASSWORD_BYTES)?;
                ClientFrame::LoginWithPassword { login, password }
            }
            None => ClientFrame::Login { login },
        };
        let actions = send(&frame);
        self.identity = Identity::Proposed;
        Ok(actions)
    }

    /// Returns the account, if the login that was proposed last is the login of the account.
    fn account(&self) -> Option<&Account> {
        self.account
            .as_ref()
            .filter(|account| account.login == self.login)
    }

    fn say(&self, message: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_message(message, MAX_MESSAGE_BYTES)?;
        let login = &self.login;
        Ok(send(&ClientFrame::GlobalMessage { login, message }))
    }

    fn ask(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_name(peer, MAX_LOGIN_BYTES)?;
        if peer == self.login {
            return Err(Refusal::Oneself);
        }
        self.asked.remember(peer.to_owned());
        let (sender, receiver) = (&*self.login, peer);
        Ok(send(&ClientFrame::PrivateAsking { sender, receiver }))
    }

    /// Accepts a request. The program must listen first: before that, the client does not know the address to which the
    /// asker must connect.
    fn accept(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        if !self.asked_by.iter().any(|name| name == peer) {
            let peer = peer.to_owned();
            return Err(Refusal::NotAsked { peer });
        }
        let tunnels = &self.tunnels;
        let alive = |id: i64| tunnels.details().any(|direct| direct.id == id);
        let id = self.ids.draw(alive).ok_or(Refusal::NoChance)?;
        self.take_request_of(peer)?;
        let direct = Direct {
            id,
            next: Next::Frame,
        };
        let tunnel = self.tunnels.add(peer, direct);
        let peer = peer.to_owned();
        let mut public = bytes(&PeerFrame::Establishment { login: &peer, id });
        let secret = public.split_off(public.len().saturating_sub(size_of_val(&id)));
        let pass = Pass { public, secret };
        Ok(vec![
            Action::Tell(Event::Agreed { peer: peer.clone() }),
            Action::Listen { tunnel, peer, pass },
        ])
    }

    fn deny(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        self.take_request_of(peer)?;
        let (sender, receiver) = (&*self.login, peer);
        Ok(send(&ClientFrame::PrivateDenied { sender, receiver }))
    }

    fn take_request_of(&mut self, peer: &str) -> Result<(), Refusal> {
        match self.asked_by.take(|name| name == peer) {
            Some(_) => Ok(()),
            None => Err(Refusal::NotAsked {
                peer: peer.to_owned(),
            }),
        }
    }
}

fn send(frame: &ClientFrame<'_>) -> Vec<Action> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    vec![Action::Send(bytes)]
}

fn bytes(frame: &PeerFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
