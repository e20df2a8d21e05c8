//! What each packet of ChatOS 1.0 does to the room. `private_connections.rs` handles the packets for private connections.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::room::pairing::{Request, RequestLimits, Requests};
use crate::room::{
    ConnId, Effects, Event, Flow, GuessLimits, Guesses, Lifecycle, Protocol, Roster, check_name,
};
use crate::wire::{Excerpt, Malformed};

use super::connections::{Connections, Stage};
use super::private_connections::Waiting;
use super::{ErrorCode, Frame, Options};

/// Maximum length of a pseudonym, in bytes.
pub const MAX_PSEUDONYM_BYTES: usize = 255;

/// Everything that a listener of ChatOS 1.0 knows: the connections, the pseudonyms, the running negotiations.
///
/// When a connection ends, the room frees everything that it stored for this connection. So the number of connections and
/// the [`Options`] limit the room's memory. The room remembers only one thing longer: the addresses from which wrong guesses
/// came. Their number is limited too.
pub struct Room {
    pub(super) options: Options,
    pub(super) connections: Connections,
    pub(super) roster: Roster,
    /// The running negotiations; the password distinguishes negotiations between the same two clients.
    pub(super) requests: Requests<i16>,
    /// The first ends of tunnels. Each of them waits for the second end of its tunnel.
    pub(super) waiting: BTreeMap<Request<i16>, Waiting>,
    pub(super) guesses: Guesses,
}

impl Protocol for Room {
    const NAME: &'static str = "chatos-1.0";
    type Codec = ();
    type Command<'a> = Frame<'a>;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode<'a>(_: &(), input: &'a [u8]) -> Result<Option<(Frame<'a>, usize)>, Malformed> {
        Frame::decode(input)
    }

    /// True for TCPAccept and TCPConnect: on a connection without a pseudonym, the bytes after these packets belong to a
    /// tunnel.
    fn turns_the_stream(frame: &Frame<'_>) -> bool {
        matches!(frame, Frame::TcpAccept(_) | Frame::TcpConnect(_))
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Frame<'_>>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow {
        match event {
            Event::Opened(peer) => self.connections.open(from, peer),
            Event::Command(frame) => self.packet(from, frame, now, out),
            Event::Malformed(malformed) => {
                out.remark(from, format!("closed: {malformed}"));
                self.close(from, out);
            }
            Event::Answer(never) => match never {},
            // This room asks no questions, so it never gets this event.
            Event::Busy => {}
            Event::Overdue(overdue) => self.overdue(from, overdue, out),
            Event::ReadClosed => self.close(from, out),
            Event::Gone => self.forget(from, out),
        }
        self.connections.flow(from)
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.requests.deadline(), self.guesses.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant, out: &mut Effects) {
        self.expire_negotiations(now, out);
        self.answer_late_guesses(now, out);
    }
}

impl Room {
    /// Makes an empty room.
    pub fn new(options: Options) -> Room {
        let requests = RequestLimits {
            as_asker: options.pending_as_asker,
            as_target: options.pending_as_target,
            timeout: options.negotiation_timeout,
            // The TCPAsk of a running negotiation is never relayed again: a second TCPAsk gets ERROR 5.
            repeat_interval: Duration::MAX,
        };
        let guesses = GuessLimits {
            per_minute: options.tunnel_guesses_per_minute,
            bound_loopback: options.bound_loopback,
        };
        Room {
            options,
            connections: Connections::default(),
            roster: Roster::default(),
            requests: Requests::new(requests),
            waiting: BTreeMap::new(),
            guesses: Guesses::new(guesses),
        }
    }

    /// True when the room stores nothing for any connection.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
            && self.roster.is_empty()
            && self.requests.is_empty()
            && self.waiting.is_empty()
            && self.guesses.is_empty()
    }

    /// Handles a packet. The effect of the packet depends on the stage of the connection on which it arrived.
    fn packet(&mut self, from: ConnId, frame: Frame<'_>, now: Instant, out: &mut Effects) {
        use Frame::*;

        let own = match self.connections.stage(from) {
            Some(Stage::Anonymous) => None,
            Some(Stage::Identified { login }) => Some(Arc::clone(login)),
            // This never happens: the flow of connections in these stages is not `Flow::Frames`, so the engine decodes no
            // packets on them.
            _ => return,
        };
        match (own.as_deref(), frame) {
            (None, ConnectionRequest { pseudonym }) => {
                self.connection_request(from, pseudonym, out);
            }
            (Some(_), ConnectionRequest { .. }) => {
                out.remark(from, "ignored CR: the client has a pseudonym already");
            }

            // If the client has no pseudonym, `own` is `None`. Then any sender's name in its packets is wrong.
            (own, SendPersonalMessage { sender, .. } | SendMessageToAll { sender, .. })
                if own != Some(sender) =>
            {
                refuse(from, frame, ErrorCode::InvalidPseudonym, out);
            }
            (_, SendPersonalMessage { recipient, .. }) => {
                self.send_personal_message(from, recipient, frame, out);
            }
            (_, SendMessageToAll { .. }) => {
                out.one(from, &ErrorCode::Ok.frame());
                out.all_but(from, &frame);
            }

            (own, TcpAsk(negotiation)) => self.tcp_ask(from, own, negotiation, now, out),
            (own, TcpAbort(negotiation)) => self.tcp_abort(from, own, negotiation, out),
            (None, TcpAccept(negotiation)) => self.tcp_accept(from, negotiation, now, out),
            (None, TcpConnect(negotiation)) => self.tcp_connect(from, negotiation, now, out),
            // TCPAccept and TCPConnect are allowed only on a new connection.
            (Some(_), TcpAccept(_) | TcpConnect(_)) => {
                refuse(from, frame, ErrorCode::TcpNotInProtocole, out);
            }

            (_, Error { .. }) => {
                out.remark(from, "ignored ERROR: only the server sends this packet")
            }
        }
    }

    fn connection_request(&mut self, from: ConnId, pseudonym: &str, out: &mut Effects) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        let refused = |why: &dyn std::fmt::Display| {
            format!("refused pseudonym {:?}: {why}", Excerpt(pseudonym))
        };
        if let Err(why) = check_name(pseudonym, MAX_PSEUDONYM_BYTES) {
            out.remark(from, refused(&why));
            out.one(from, &ErrorCode::InvalidPseudonym.frame());
            return;
        }
        match self.roster.join(from, pseudonym, address) {
            Ok(login) => {
                self.connections.enter(from, Stage::Identified { login });
                // The room sends ERROR OK before it adds the client to the members, so that no message of another client
                // arrives before this answer.
                out.one(from, &ErrorCode::Ok.frame());
                out.join(from, pseudonym);
            }
            Err(taken) => {
                out.remark(from, refused(&taken));
                out.one(from, &ErrorCode::PseudoUnavailable.frame());
            }
        }
    }

    fn send_personal_message(
        &self,
        from: ConnId,
        recipient: &str,
        frame: Frame<'_>,
        out: &mut Effects,
    ) {
        match self.roster.find(recipient) {
            Some(to) => {
                out.one(to, &frame);
                out.one(from, &ErrorCode::Ok.frame());
            }
            None => refuse(from, frame, ErrorCode::UnreachableUser, out),
        }
    }
}

/// Answers with an ERROR and writes it to the log.
#[track_caller]
pub(super) fn refuse(from: ConnId, frame: Frame<'_>, code: ErrorCode, out: &mut Effects) {
    out.remark(from, format!("refused {}: {code}", frame.packet()));
    out.one(from, &code.frame());
}
