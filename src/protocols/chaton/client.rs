//! The client's half of Chaton.

use super::{ClientFrame, Codec, MAX_LOGIN_BYTES, MAX_MESSAGE_BYTES, ServerFrame};
use crate::dialogue::{
    Action, Dialogue, Direction, Event, Fault, Identity, Intent, Refusal, Remembered, Source,
    TunnelId, Tunnels,
};
use crate::wire::Explained;

/// One client of a Chaton server.
#[derive(Debug)]
pub struct ChatonClient {
    codec: Codec,
    login: String,
    identity: Identity,
    /// Clients that we have asked for a private connection, and that have not answered yet.
    asked: Remembered<String>,
    /// Clients that have asked us for a private connection, and that we have not answered yet.
    asked_by: Remembered<String>,
    /// Clients whose request we accepted, and for which the ID_PRIVATE has not arrived yet.
    accepted: Remembered<String>,
    /// The private connections, each with its connect_id.
    tunnels: Tunnels<i64>,
}

impl ChatonClient {
    /// Makes a client that has not sent anything.
    pub fn new(codec: Codec) -> ChatonClient {
        ChatonClient {
            codec,
            login: String::new(),
            identity: Identity::None,
            asked: Remembered::default(),
            asked_by: Remembered::default(),
            accepted: Remembered::default(),
            tunnels: Tunnels::default(),
        }
    }

    /// Handles a frame, and returns what the program must do.
    pub(crate) fn hear(
        &mut self,
        from: Source,
        frame: ServerFrame<'_>,
    ) -> Result<Vec<Action>, Fault> {
        match from {
            Source::Server => Ok(self.hear_server(frame)),
            Source::Tunnel(tunnel) => self.hear_tunnel(tunnel, frame),
        }
    }

    /// Returns the name that was proposed last.
    pub(crate) fn login(&self) -> &str {
        &self.login
    }

    /// Returns the private connections, each with its connect_id.
    pub(crate) fn tunnels(&mut self) -> &mut Tunnels<i64> {
        &mut self.tunnels
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
        Ok(Some((length, self.hear(from, frame)?)))
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
        self.tunnels.end(tunnel);
    }

    fn disconnected(&mut self) {
        self.identity = Identity::None;
        self.asked = Remembered::default();
        self.asked_by = Remembered::default();
        self.accepted = Remembered::default();
    }
}

/// The functions that do what the user wants, in the order of the document.
impl ChatonClient {
    fn log_in(&mut self, login: &str) -> Result<Vec<Action>, Refusal> {
        if self.identity == Identity::Accepted {
            return Err(Refusal::AlreadyLoggedIn);
        }
        Refusal::of_name(login, MAX_LOGIN_BYTES)?;
        login.clone_into(&mut self.login);
        self.identity = Identity::Proposed;
        Ok(self.send(&ClientFrame::Login { login }))
    }

    fn say(&self, text: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_message(text, MAX_MESSAGE_BYTES)?;
        Ok(self.send(&ClientFrame::Message {
            login: &self.login,
            msg: text,
        }))
    }

    fn whisper(&self, to: &str, text: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_name(to, MAX_LOGIN_BYTES)?;
        Refusal::of_message(text, MAX_MESSAGE_BYTES)?;
        Ok(self.send(&ClientFrame::MessagePrivate {
            sender: &self.login,
            target: to,
            msg: text,
        }))
    }

    fn ask(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_name(peer, MAX_LOGIN_BYTES)?;
        if peer == self.login {
            return Err(Refusal::Oneself);
        }
        self.asked.remember(peer.to_owned());
        Ok(self.send(&ClientFrame::RequestPrivate {
            requester: &self.login,
            target: peer,
        }))
    }

    fn accept(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        self.take_request_of(peer)?;
        self.accepted.remember(peer.to_owned());
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
        match self.asked_by.take(|name| name == peer) {
            Some(_) => Ok(()),
            None => Err(Refusal::NotAsked {
                peer: peer.to_owned(),
            }),
        }
    }

    /// Closes our direction of a private connection (section 4). Chaton has no frame for this, so this function sends only
    /// FIN.
    fn close(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        Ok(vec![Action::Shut(self.tunnels.shut_newest(peer)?)])
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

/// The functions that handle what the server sends, in the order of the document.
impl ChatonClient {
    fn hear_server(&mut self, frame: ServerFrame<'_>) -> Vec<Action> {
        match frame {
            ServerFrame::LoginAccepted if self.identity == Identity::Proposed => {
                self.identity = Identity::Accepted;
                let login = self.login.clone();
                Action::tell(Event::LoggedIn { login })
            }
            ServerFrame::LoginRefused if self.identity == Identity::Proposed => {
                self.identity = Identity::None;
                let login = self.login.clone();
                Action::tell(Event::LoginRefused {
                    login,
                    reason: None,
                })
            }
            ServerFrame::Message { login, msg } => Action::tell(Event::Said {
                from: login.to_owned(),
                text: msg.to_owned(),
            }),
            ServerFrame::MessagePrivate {
                sender,
                target,
                msg,
            } if target == self.login => Action::tell(Event::Whispered {
                from: sender.to_owned(),
                text: msg.to_owned(),
            }),
            ServerFrame::RequestPrivate { requester, target } if target == self.login => {
                self.asked_by.remember(requester.to_owned());
                let peer = requester.to_owned();
                Action::tell(Event::Asked { peer })
            }
            ServerFrame::KoPrivate { requester, target }
                if requester == self.login && self.asked.take(|name| name == target).is_some() =>
            {
                let peer = target.to_owned();
                Action::tell(Event::Denied { peer })
            }
            ServerFrame::IdPrivate {
                requester,
                target,
                connect_id,
            } => match self.other_party(requester, target) {
                Some(peer) => {
                    let opening = self.encoded(&ClientFrame::LoginPrivate { connect_id });
                    self.tunnels.open(peer, opening, connect_id)
                }
                None => Action::ignore(frame),
            },
            other => Action::ignore(other),
        }
    }

    /// Returns the other client of an agreement, if we made the request or accepted it. Otherwise returns `None`, so that a
    /// server cannot make us open a connection to which we have not agreed.
    fn other_party<'a>(&mut self, requester: &'a str, target: &'a str) -> Option<&'a str> {
        if requester == self.login && self.asked.take(|name| name == target).is_some() {
            Some(target)
        } else if target == self.login && self.accepted.take(|name| name == requester).is_some() {
            Some(requester)
        } else {
            None
        }
    }

    fn hear_tunnel(&mut self, id: TunnelId, frame: ServerFrame<'_>) -> Result<Vec<Action>, Fault> {
        let established = match frame {
            ServerFrame::Established => self.tunnels.establish(id),
            _ => None,
        };
        established.ok_or_else(|| Fault::NotYetUp {
            frame: frame.to_string(),
            expected: "ESTABLISHED",
        })
    }
}

#[cfg(test)]
mod tests;
