//! The client's half of Chaton.

use std::collections::{BTreeMap, VecDeque};

use super::{ClientFrame, Codec, MAX_LOGIN_BYTES, MAX_MESSAGE_BYTES, ServerFrame};
use crate::room::dialogue::{
    Action, Dialogue, Direction, Event, Fault, Intent, Refusal, Source, TunnelId,
};
use crate::wire::Explained;

/// How many open requests are remembered, each way. Most servers keep fewer; a person answers a handful. The oldest one
/// is forgotten for a newer one, because nobody tells a client that an asker has gone.
const MAX_REQUESTS: usize = 256;

/// One client of a Chaton server.
#[derive(Debug)]
pub struct ChatonClient {
    codec: Codec,
    login: String,
    identity: Identity,
    /// Whom we asked for a private connection, without an answer so far.
    asked: Requests,
    /// Who asked us, without an answer so far.
    asked_by: Requests,
    /// Whose request we accepted; the ID_PRIVATE has not come yet.
    accepted: Requests,
    tunnels: BTreeMap<TunnelId, Tunnel>,
    next_tunnel: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    None,
    Proposed,
    Accepted,
}

#[derive(Debug)]
struct Tunnel {
    peer: String,
    up: bool,
    /// We have said that we send no more.
    shut: bool,
}

impl ChatonClient {
    /// A client that has not sent anything yet.
    pub fn new(codec: Codec) -> ChatonClient {
        ChatonClient {
            codec,
            login: String::new(),
            identity: Identity::None,
            asked: Requests::default(),
            asked_by: Requests::default(),
            accepted: Requests::default(),
            tunnels: BTreeMap::new(),
            next_tunnel: 1,
        }
    }
}

impl Dialogue for ChatonClient {
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal> {
        if let Intent::LogIn { login } = intent {
            return self.log_in(login);
        }
        if self.identity != Identity::Accepted {
            return Err(Refusal::NotLoggedIn);
        }
        match intent {
            Intent::LogIn { .. } => Err(Refusal::AlreadyLoggedIn),
            Intent::Say { text } => self.say(text),
            Intent::Whisper { to, text } => self.whisper(to, text),
            Intent::Ask { peer } => self.ask(peer),
            Intent::Accept { peer } => self.accept(peer),
            Intent::Deny { peer } => self.deny(peer),
            Intent::Close { peer } => self.close(peer),
        }
    }

    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault> {
        let Some((frame, length)) = ServerFrame::decode(self.codec, bytes)? else {
            return Ok(None);
        };
        let actions = match from {
            Source::Server => self.hear_server(frame),
            Source::Tunnel(tunnel) => self.hear_tunnel(tunnel, frame)?,
        };
        Ok(Some((length, actions)))
    }

    fn explain(&self, direction: Direction, _on: Source, bytes: &[u8]) -> Option<Explained> {
        let opcode = i8::from_be_bytes([*bytes.first()?]);
        match direction {
            Direction::Sent => {
                let (frame, _) = ClientFrame::decode(self.codec, bytes).ok()??;
                Some(frame.explained(self.codec, opcode))
            }
            Direction::Received => {
                let (frame, _) = ServerFrame::decode(self.codec, bytes).ok()??;
                Some(frame.explained(self.codec, opcode))
            }
        }
    }

    fn ended(&mut self, tunnel: TunnelId) {
        self.tunnels.remove(&tunnel);
    }

    fn disconnected(&mut self) {
        self.identity = Identity::None;
        self.asked = Requests::default();
        self.asked_by = Requests::default();
        self.accepted = Requests::default();
    }
}

/// What the user wants, in the document's order.
impl ChatonClient {
    fn log_in(&mut self, login: &str) -> Result<Vec<Action>, Refusal> {
        if self.identity == Identity::Accepted {
            return Err(Refusal::AlreadyLoggedIn);
        }
        check_name(login)?;
        login.clone_into(&mut self.login);
        self.identity = Identity::Proposed;
        Ok(self.send(&ClientFrame::Login { login }))
    }

    fn say(&self, text: &str) -> Result<Vec<Action>, Refusal> {
        check_message(text)?;
        Ok(self.send(&ClientFrame::Message {
            login: &self.login,
            msg: text,
        }))
    }

    fn whisper(&self, to: &str, text: &str) -> Result<Vec<Action>, Refusal> {
        check_name(to)?;
        check_message(text)?;
        Ok(self.send(&ClientFrame::MessagePrivate {
            sender: &self.login,
            target: to,
            msg: text,
        }))
    }

    fn ask(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        check_name(peer)?;
        if peer == self.login {
            return Err(Refusal::Oneself);
        }
        self.asked.remember(peer);
        Ok(self.send(&ClientFrame::RequestPrivate {
            requester: &self.login,
            target: peer,
        }))
    }

    fn accept(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        self.take_request_of(peer)?;
        self.accepted.remember(peer);
        Ok(self.send(&ClientFrame::OkPrivate {
            requester: peer,
            target: &self.login,
        }))
    }

    fn deny(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        self.take_request_of(peer)?;
        Ok(self.send(&ClientFrame::KoPrivate {
            requester: peer,
            target: &self.login,
        }))
    }

    fn take_request_of(&mut self, peer: &str) -> Result<(), Refusal> {
        if self.asked_by.forget(peer) {
            Ok(())
        } else {
            Err(Refusal::NotAsked {
                peer: peer.to_owned(),
            })
        }
    }

    /// Chaton has no frame for this: whoever has said enough closes the connection for writing (section 4).
    fn close(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        let newest = self
            .tunnels
            .iter_mut()
            .rev()
            .find(|(_, tunnel)| tunnel.peer == peer && !tunnel.shut);
        let Some((id, tunnel)) = newest else {
            return Err(Refusal::NoTunnel {
                peer: peer.to_owned(),
            });
        };
        tunnel.shut = true;
        Ok(vec![Action::Shut(*id)])
    }

    fn send(&self, frame: &ClientFrame<'_>) -> Vec<Action> {
        vec![Action::Send(self.encoded(frame))]
    }

    fn encoded(&self, frame: &ClientFrame<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame.encode(self.codec, &mut bytes);
        bytes
    }
}

/// What the server sends, in the document's order.
impl ChatonClient {
    fn hear_server(&mut self, frame: ServerFrame<'_>) -> Vec<Action> {
        match frame {
            ServerFrame::LoginAccepted if self.identity == Identity::Proposed => {
                self.identity = Identity::Accepted;
                let login = self.login.clone();
                tell(Event::LoggedIn { login })
            }
            ServerFrame::LoginRefused if self.identity == Identity::Proposed => {
                self.identity = Identity::None;
                let login = self.login.clone();
                tell(Event::LoginRefused { login })
            }
            ServerFrame::Message { login, msg } => tell(Event::Said {
                from: login.to_owned(),
                text: msg.to_owned(),
            }),
            ServerFrame::MessagePrivate {
                sender,
                target,
                msg,
            } if target == self.login => tell(Event::Whispered {
                from: sender.to_owned(),
                text: msg.to_owned(),
            }),
            ServerFrame::RequestPrivate { requester, target } if target == self.login => {
                self.asked_by.remember(requester);
                let peer = requester.to_owned();
                tell(Event::Asked { peer })
            }
            ServerFrame::KoPrivate { requester, target }
                if requester == self.login && self.asked.forget(target) =>
            {
                let peer = target.to_owned();
                tell(Event::Denied { peer })
            }
            ServerFrame::IdPrivate {
                requester,
                target,
                connect_id,
            } => match self.other_party(requester, target) {
                Some(peer) => self.open(peer.to_owned(), connect_id),
                None => unexpected(frame),
            },
            other => unexpected(other),
        }
    }

    /// With whom this agreement is, if we took part in it: nobody opens a connection in our name that we did not want.
    fn other_party<'a>(&mut self, requester: &'a str, target: &'a str) -> Option<&'a str> {
        if requester == self.login && self.asked.forget(target) {
            Some(target)
        } else if target == self.login && self.accepted.forget(requester) {
            Some(requester)
        } else {
            None
        }
    }

    fn open(&mut self, peer: String, connect_id: i64) -> Vec<Action> {
        let id = TunnelId(self.next_tunnel);
        self.next_tunnel = self.next_tunnel.wrapping_add(1);
        let tunnel = Tunnel {
            peer: peer.clone(),
            up: false,
            shut: false,
        };
        self.tunnels.insert(id, tunnel);
        vec![
            Action::Tell(Event::Agreed { peer: peer.clone() }),
            Action::Open {
                tunnel: id,
                peer,
                opening: self.encoded(&ClientFrame::LoginPrivate { connect_id }),
            },
        ]
    }

    fn hear_tunnel(&mut self, id: TunnelId, frame: ServerFrame<'_>) -> Result<Vec<Action>, Fault> {
        match (self.tunnels.get_mut(&id), frame) {
            (Some(tunnel), ServerFrame::Established) if !tunnel.up => {
                tunnel.up = true;
                let peer = tunnel.peer.clone();
                Ok(vec![
                    Action::Tell(Event::TunnelUp { peer }),
                    Action::Raw(id),
                ])
            }
            (_, other) => Err(Fault::NotYetUp {
                frame: other.to_string(),
                expected: "ESTABLISHED",
            }),
        }
    }
}

fn tell(event: Event) -> Vec<Action> {
    vec![Action::Tell(event)]
}

fn unexpected(frame: ServerFrame<'_>) -> Vec<Action> {
    let what = format!("the server sent what has no meaning here: {frame}");
    tell(Event::Unexpected { what })
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::EmptyName);
    }
    check_length("name", name, MAX_LOGIN_BYTES)
}

fn check_message(text: &str) -> Result<(), Refusal> {
    check_length("message", text, MAX_MESSAGE_BYTES)
}

fn check_length(what: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
    let bytes = text.len();
    if bytes > limit {
        return Err(Refusal::TooLong { what, bytes, limit });
    }
    Ok(())
}

/// Names with a request between them and us, oldest first, each once.
#[derive(Debug, Default)]
struct Requests(VecDeque<String>);

impl Requests {
    fn remember(&mut self, peer: &str) {
        self.forget(peer);
        if self.0.len() == MAX_REQUESTS {
            self.0.pop_front();
        }
        self.0.push_back(peer.to_owned());
    }

    /// True when it was there.
    fn forget(&mut self, peer: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|name| name != peer);
        self.0.len() < before
    }
}

#[cfg(test)]
mod tests;
