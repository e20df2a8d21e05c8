//! What each packet of ChatHack does to the room.

use std::time::Instant;

use crate::room::pairing::{RequestLimits, Requests};
use crate::room::{
    ConnId, Effects, Effort, Event, Flow, GuessLimits, Lifecycle, Protocol, Roster, WrongTries,
};
use crate::wire::Malformed;

use super::connections::{Connections, LoginStage};
use super::familiar::Familiar;
use super::{Answer, ClientFrame, Options, Question, Received, ServerFrame};

/// Maximum length of a login, in bytes.
pub const MAX_LOGIN_BYTES: usize = 255;

/// Maximum length of a password, in bytes. No account has a longer password.
pub const MAX_PASSWORD_BYTES: usize = 255;

/// Everything that a ChatHack listener knows: the connections, the logins, the pending requests.
///
/// When a connection ends, the room frees everything that it stored for this connection. So the number of connections and
/// the [`Options`] limit the room's memory. The room remembers only two things longer: the addresses from which wrong
/// passwords came, and the addresses from which each account has logged in. The number of both is limited too.
pub struct Room {
    pub(super) options: Options,
    pub(super) connections: Connections,
    pub(super) roster: Roster,
    pub(super) requests: Requests,
    pub(super) wrong_passwords: WrongTries,
    pub(super) familiar: Familiar,
}

impl Protocol for Room {
    const NAME: &'static str = "chathack";
    type Codec = ();
    type Command<'a> = Received<ClientFrame<'a>>;
    type Question = Question;
    type Answer = Answer;

    fn decode<'a>(
        _: &(),
        input: &'a [u8],
    ) -> Result<Option<(Received<ClientFrame<'a>>, usize)>, Malformed> {
        ClientFrame::decode(input)
    }

    /// The check of a password needs a hash, which is slow. To find out whether an account exists, a look-up is enough.
    fn effort(question: &Question) -> Effort {
        match question {
            Question::IsRight { .. } => Effort::Hash,
            Question::IsAccount { .. } => Effort::LookUp,
        }
    }

    /// Always false: private connections do not pass through the server, so the bytes after a frame are always another
    /// frame.
    fn turns_the_stream(_: &Received<ClientFrame<'_>>) -> bool {
        false
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Received<ClientFrame<'_>>, Answer>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Question> {
        let mut asked = None;
        match event {
            Event::Opened(peer) => self.connections.open(from, peer),
            Event::Command(received) => asked = self.received(from, received, now, out),
            Event::Answer(answer) => self.answered(from, answer, out),
            Event::Busy => self.not_answered(from, out),
            Event::Malformed(malformed) => {
                self.packet_error(from, &malformed.to_string(), out);
                self.close(from, out);
            }
            Event::Overdue(overdue) => self.overdue(from, overdue, out),
            Event::ReadClosed => self.close(from, out),
            Event::Gone => self.forget(from, out),
        }
        match asked {
            Some(question) => Flow::Ask(question),
            None => self.connections.flow(from),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.requests.deadline()
    }

    fn tick(&mut self, now: Instant, out: &mut Effects) {
        self.expire_requests(now, out);
    }
}

impl Room {
    /// Makes an empty room.
    pub fn new(options: Options) -> Room {
        let requests = RequestLimits {
            as_asker: options.pending_as_asker,
            as_target: options.pending_as_target,
            timeout: options.negotiation_timeout,
            // This interval is as long as the time limit of a request. So a pending request is never relayed again: when
            // this interval is over, the request has ended.
            repeat_interval: options.negotiation_timeout,
        };
        let wrong_passwords = GuessLimits {
            per_minute: options.wrong_passwords_per_minute,
            bound_loopback: options.bound_loopback,
        };
        Room {
            options,
            connections: Connections::default(),
            roster: Roster::default(),
            requests: Requests::new(requests),
            wrong_passwords: WrongTries::new(wrong_passwords),
            familiar: Familiar::new(options.wrong_passwords_per_minute),
        }
    }

    /// True when the room stores nothing for any connection.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.roster.is_empty() && self.requests.is_empty()
    }

    /// Handles a packet. The effect of the packet depends on the stage of the connection on which it arrived. If the room
    /// must ask a question about the accounts, returns this question.
    fn received(
        &mut self,
        from: ConnId,
        received: Received<ClientFrame<'_>>,
        now: Instant,
        out: &mut Effects,
    ) -> Option<Question> {
        match (self.connections.stage(from)?.clone(), received) {
            // In these stages the room ignores every packet: it waits for an answer about the accounts, or the connection is
            // closing.
            (LoginStage::Proposed(_) | LoginStage::Leaving, _) => {}
            (_, Received::TooLong(malformed)) => {
                self.packet_error(from, &malformed.to_string(), out);
            }
            (LoginStage::Anonymous { .. }, Received::Frame(frame)) => {
                return self.anonymous_sent(from, frame, now, out);
            }
            (LoginStage::Identified { login }, Received::Frame(frame)) => {
                self.client_sent(from, &login, frame, now, out);
            }
        }
        None
    }

    /// Handles a packet of a client without a login. Such a client may only log in.
    fn anonymous_sent(
        &mut self,
        from: ConnId,
        frame: ClientFrame<'_>,
        now: Instant,
        out: &mut Effects,
    ) -> Option<Question> {
        match frame {
            ClientFrame::LoginWithPassword { login, password } => {
                self.log_in_with_password(from, login, password, now, out)
            }
            ClientFrame::Login { login } => self.log_in(from, login, out),
            ClientFrame::GlobalMessage { .. }
            | ClientFrame::PrivateAsking { .. }
            | ClientFrame::PrivateValidation { .. }
            | ClientFrame::PrivateDenied { .. } => {
                self.packet_error(from, "the client has not logged in", out);
                None
            }
        }
    }

    /// Handles a packet of a client that is logged in.
    fn client_sent(
        &mut self,
        from: ConnId,
        login: &str,
        frame: ClientFrame<'_>,
        now: Instant,
        out: &mut Effects,
    ) {
        if frame.speaker().is_some_and(|speaker| speaker != login) {
            self.packet_error(from, "the sender's name is not the client's login", out);
            return;
        }
        match frame {
            ClientFrame::LoginWithPassword { .. } | ClientFrame::Login { .. } => {
                self.packet_error(from, "the client has logged in already", out);
            }
            ClientFrame::GlobalMessage { message, .. } => {
                out.all_but(from, &ServerFrame::GlobalMessage { login, message });
            }
            ClientFrame::PrivateAsking { receiver, .. } => {
                self.private_asking(from, login, receiver, now, out);
            }
            ClientFrame::PrivateValidation {
                receiver, meeting, ..
            } => self.private_validation(from, login, receiver, meeting, out),
            ClientFrame::PrivateDenied { receiver, .. } => {
                self.private_denied(from, login, receiver, out);
            }
        }
    }

    /// Answers with ACK 1. The connection stays open.
    #[track_caller]
    pub(super) fn packet_error(&self, from: ConnId, why: &str, out: &mut Effects) {
        if self.connections.may_close(from) {
            out.remark(from, format!("rejected packet: {why}"));
            out.one(from, &ServerFrame::PacketError);
        }
    }
}
