//! The client's half of ChatOS 1.0.

use super::answers::{Answers, Sent};
use super::frames::OwnedNegotiation;
use super::{ErrorCode, Frame, MAX_PSEUDONYM_BYTES, MAX_TEXT_BYTES, Negotiation};
use crate::dialogue::{
    Action, Dialogue, Direction, Event, Fault, Identity, Intent, Refusal, Remembered, Source,
    TunnelId, Tunnels,
};
use crate::room::Entropy;
use crate::wire::Explained;

/// One client of a ChatOS 1.0 server.
pub struct Chatos10Client {
    entropy: Entropy,
    pseudonym: String,
    identity: Identity,
    answers: Answers,
    /// Negotiations that we have started, and that the other client has not answered yet.
    asked: Remembered<OwnedNegotiation>,
    /// Negotiations that other clients have started, and that we have not answered yet.
    asked_by: Remembered<OwnedNegotiation>,
    tunnels: Tunnels<OwnedNegotiation>,
}

impl Chatos10Client {
    /// Makes a client that has not sent anything. The client makes the passwords of private connections from `entropy`. The
    /// passwords are secret, so `entropy` must be unpredictable.
    pub fn new(entropy: Entropy) -> Chatos10Client {
        Chatos10Client {
            entropy,
            pseudonym: String::new(),
            identity: Identity::None,
            answers: Answers::default(),
            asked: Remembered::default(),
            asked_by: Remembered::default(),
            tunnels: Tunnels::default(),
        }
    }
}

impl Dialogue for Chatos10Client {
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal> {
        match (self.identity, intent) {
            (Identity::Accepted, Intent::LogIn { .. }) => Err(Refusal::AlreadyLoggedIn),
            (_, Intent::LogIn { login }) => self.request_connection(login),
            (Identity::None | Identity::Proposed, _) => Err(Refusal::NotLoggedIn),
            (_, Intent::Say { text }) => self.say(text),
            (_, Intent::Whisper { to, text }) => self.whisper(to, text),
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
        let Some((frame, length)) = Frame::decode_from_server(bytes)? else {
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
        let decoded = match direction {
            Direction::Sent => Frame::decode(bytes),
            Direction::Received => Frame::decode_from_server(bytes),
        };
        let (frame, _) = decoded.ok()??;
        Some(frame.explained(opcode))
    }

    fn hears_itself(&self) -> bool {
        false
    }

    fn ended(&mut self, tunnel: TunnelId) {
        self.tunnels.end(tunnel);
    }

    fn disconnected(&mut self) {
        self.identity = Identity::None;
        self.answers = Answers::default();
        self.asked = Remembered::default();
        self.asked_by = Remembered::default();
    }
}

/// The functions that do what the user wants, in the order of the document.
impl Chatos10Client {
    fn request_connection(&mut self, pseudonym: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_name(pseudonym, MAX_PSEUDONYM_BYTES)?;
        pseudonym.clone_into(&mut self.pseudonym);
        self.identity = Identity::Proposed;
        self.answers.expect(Sent::ConnectionRequest);
        Ok(send(Frame::ConnectionRequest { pseudonym }))
    }

    fn whisper(&mut self, recipient: &str, message: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_name(recipient, MAX_TEXT_BYTES)?;
        Refusal::of_message(message, MAX_TEXT_BYTES)?;
        let sent = recipient.to_owned();
        self.answers
            .expect(Sent::PersonalMessage { recipient: sent });
        Ok(send(Frame::SendPersonalMessage {
            sender: &self.pseudonym,
            recipient,
            message,
        }))
    }

    fn say(&mut self, message: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_message(message, MAX_TEXT_BYTES)?;
        self.answers.expect(Sent::MessageToAll);
        Ok(send(Frame::SendMessageToAll {
            sender: &self.pseudonym,
            message,
        }))
    }

    fn ask(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        Refusal::of_name(peer, MAX_TEXT_BYTES)?;
        if peer == self.pseudonym {
            return Err(Refusal::Oneself);
        }
        if self.asked.iter().any(|asked| asked.recipient == peer) {
            // The request is still pending. A second TCPAsk must not be sent: it would have another password, so the server
            // would treat it as a new request, which needs another answer.
            return Ok(Vec::new());
        }
        let negotiation = OwnedNegotiation {
            sender: self.pseudonym.clone(),
            recipient: peer.to_owned(),
            password: self.unused_password(),
        };
        self.answers.expect(Sent::Ask(negotiation.clone()));
        let actions = send(Frame::TcpAsk(negotiation.as_fields()));
        self.asked.remember(negotiation);
        Ok(actions)
    }

    /// Returns a password that we use in no other negotiation.
    fn unused_password(&mut self) -> i16 {
        let drawn = (self.entropy)() as i16;
        let is_used = |password: i16| {
            let mut known = self.asked.iter().chain(self.tunnels.details());
            known.any(|negotiation| negotiation.password == password)
        };
        let mut candidates = (0..=u16::MAX).map(|step| drawn.wrapping_add_unsigned(step));
        candidates
            .find(|password| !is_used(*password))
            .unwrap_or(drawn)
    }

    fn accept(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        let negotiation = self.take_ask_of(peer)?;
        let opening = Frame::TcpAccept(negotiation.as_fields()).encoded();
        Ok(self.tunnels.open(peer, opening, negotiation))
    }

    fn deny(&mut self, peer: &str) -> Result<Vec<Action>, Refusal> {
        let negotiation = self.take_ask_of(peer)?;
        let actions = send(Frame::TcpAbort(negotiation.as_fields()));
        self.answers.expect(Sent::Abort(negotiation));
        Ok(actions)
    }

    fn take_ask_of(&mut self, peer: &str) -> Result<OwnedNegotiation, Refusal> {
        self.asked_by
            .take(|negotiation| negotiation.sender == peer)
            .ok_or_else(|| Refusal::NotAsked {
                peer: peer.to_owned(),
            })
    }
}

/// The functions that handle what the server sends, in the order of the document.
impl Chatos10Client {
    fn hear_server(&mut self, frame: Frame<'_>) -> Vec<Action> {
        match frame {
            Frame::SendPersonalMessage {
                sender,
                recipient,
                message,
            } if recipient == self.pseudonym => Action::tell(Event::Whispered {
                from: sender.to_owned(),
                text: message.to_owned(),
            }),
            Frame::SendMessageToAll { sender, message } => Action::tell(Event::Said {
                from: sender.to_owned(),
                text: message.to_owned(),
            }),
            Frame::TcpAsk(fields) if fields.recipient == self.pseudonym => {
                self.asked_by.remember(fields.into());
                let peer = fields.sender.to_owned();
                Action::tell(Event::Asked { peer })
            }
            Frame::TcpAccept(fields) => match self.asked.take(|asked| *asked == fields) {
                Some(negotiation) => {
                    let opening = Frame::TcpConnect(fields).encoded();
                    self.tunnels.open(fields.recipient, opening, negotiation)
                }
                None => Action::ignore(frame),
            },
            Frame::TcpAbort(fields) => self.hear_abort(fields),
            Frame::Error { code } => self.hear_answer(frame, ErrorCode::of(code)),
            other => Action::ignore(other),
        }
    }

    fn hear_abort(&mut self, fields: Negotiation<'_>) -> Vec<Action> {
        if self.asked.take(|asked| *asked == fields).is_some() {
            let peer = fields.recipient.to_owned();
            return Action::tell(Event::Denied { peer });
        }
        if self.asked_by.take(|asked| *asked == fields).is_some() {
            let peer = fields.sender.to_owned();
            return Action::tell(Event::Withdrawn { peer });
        }
        // If the client is already opening this private connection, the server will close the connection, and the user will
        // get a message about that. So the client shows nothing now.
        let is_opening = self.tunnels.details().any(|known| *known == fields);
        if is_opening || self.answers.abort_came(|own| *own == fields) {
            return Vec::new();
        }
        Action::ignore(Frame::TcpAbort(fields))
    }

    fn hear_answer(&mut self, frame: Frame<'_>, code: Option<ErrorCode>) -> Vec<Action> {
        let Some(sent) = self.answers.came(code) else {
            return Action::ignore(frame);
        };
        match (sent, code) {
            (Sent::ConnectionRequest, Some(ErrorCode::Ok)) => {
                self.identity = Identity::Accepted;
                let login = self.pseudonym.clone();
                Action::tell(Event::LoggedIn { login })
            }
            (Sent::ConnectionRequest, _) => {
                self.identity = Identity::None;
                let login = self.pseudonym.clone();
                Action::tell(Event::LoginRefused {
                    login,
                    reason: None,
                })
            }
            (_, Some(ErrorCode::Ok)) => Vec::new(),
            (sent, code) => {
                let what = format!("{sent}: {}", reason(&sent, code));
                Action::tell(Event::Refused { what })
            }
        }
    }

    fn hear_tunnel(&mut self, id: TunnelId, frame: Frame<'_>) -> Result<Vec<Action>, Fault> {
        let established = match frame {
            Frame::Error { code } if ErrorCode::of(code) == Some(ErrorCode::Ok) => {
                self.tunnels.establish(id)
            }
            _ => None,
        };
        established.ok_or_else(|| Fault::NotYetUp {
            frame: frame.to_string(),
            expected: "ERROR OK",
        })
    }
}

fn send(frame: Frame<'_>) -> Vec<Action> {
    vec![Action::Send(frame.encoded())]
}

/// Returns the reason for a refusal, as text for the user.
fn reason(sent: &Sent, code: Option<ErrorCode>) -> String {
    let Some(code) = code else {
        return "the server gives a reason that is not in the protocol's document".to_owned();
    };
    match (sent, code) {
        (Sent::PersonalMessage { recipient }, ErrorCode::UnreachableUser) => {
            format!("no client is called {recipient:?}")
        }
        (Sent::Ask(asked), ErrorCode::UnreachableUser) => {
            format!("no client is called {:?}", asked.recipient)
        }
        (Sent::Ask(_), ErrorCode::TcpInProtocole) => {
            "too many requests are pending; try again later".to_owned()
        }
        (Sent::Abort(own), ErrorCode::TcpNotInProtocole) => {
            format!("the request of {:?} is no longer pending", own.sender)
        }
        (_, code) => format!("the server says {code}"),
    }
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Sent::ConnectionRequest => f.write_str("the login was refused"),
            Sent::MessageToAll => f.write_str("the message was not relayed"),
            Sent::PersonalMessage { .. } => f.write_str("the message was not delivered"),
            Sent::Ask(asked) => write!(f, "{:?} was not asked", asked.recipient),
            Sent::Abort(own) => write!(f, "the answer to {:?} had no effect", own.sender),
        }
    }
}

#[cfg(test)]
mod tests;
