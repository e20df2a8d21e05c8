//! What each command of Chaton does (sections 1 and 2 of the document; sections 3 and 4 are in `private_connections.rs`).
//!
//! When a command arrives here, its lengths and its UTF-8 have already been checked: `fields.rs` gives each text and its
//! limit to `Cursor::text32` (`wire/cursor.rs`), and this function checks the text. All rooms handle most other events of a
//! connection (a time limit passes, the connection is closed) in the same way: see `Lifecycle` in `room/connections.rs`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use crate::room::pairing::{Agreement, Rendezvous, RendezvousLimits, RequestLimits, Requests};
use crate::room::{
    ConnId, ConnectIds, Effects, Entropy, Event, Flow, GuessLimits, Guesses, Lifecycle, Protocol,
    Roster, check_name,
};
use crate::wire::{Excerpt, Malformed};

use super::connections::{Connections, Stage};
use super::{ClientFrame, Codec, LongWidth, Options, ServerFrame};

/// Maximum length of a login, in bytes (section 1).
pub const MAX_LOGIN_BYTES: usize = 30;

/// Everything that a Chaton listener knows: the connections, the logins, the pending negotiations.
///
/// When a connection ends, the room frees everything that it stored for this connection. So the number of connections and
/// the [`Options`] limit the room's memory. The room remembers only one thing longer: the addresses from which wrong ids
/// came. Their number is limited too.
pub struct Room {
    pub(super) options: Options,
    pub(super) connections: Connections,
    pub(super) roster: Roster,
    pub(super) requests: Requests,
    pub(super) rendezvous: Rendezvous,
    pub(super) guesses: Guesses,
}

impl Protocol for Room {
    const NAME: &'static str = "chaton";
    type Codec = Codec;
    type Command<'a> = ClientFrame<'a>;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode<'a>(
        codec: &Codec,
        input: &'a [u8],
    ) -> Result<Option<(ClientFrame<'a>, usize)>, Malformed> {
        ClientFrame::decode(*codec, input)
    }

    /// True for LOGIN_PRIVATE, because the bytes after it belong to a tunnel. False for the other commands, even for LOGIN,
    /// because the bytes after them are commands.
    fn turns_the_stream(command: &ClientFrame<'_>) -> bool {
        matches!(command, ClientFrame::LoginPrivate { .. })
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<ClientFrame<'_>>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow {
        match event {
            Event::Opened(peer) => self.connections.open(from, peer),
            Event::Command(command) => self.command(from, command, now, out),
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
        self.flow(from)
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.requests.deadline(),
            self.rendezvous.deadline(),
            self.guesses.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant, out: &mut Effects) {
        self.expire_requests(now, out);
        self.expire_connect_ids(now, out);
        self.answer_late_guesses(now, out);
    }
}

impl Room {
    /// Makes an empty room. The room makes its connect_ids from `entropy`. The ids are secret, so `entropy` must be
    /// unpredictable.
    pub fn new(options: Options, entropy: Entropy) -> Room {
        let ids = match options.long {
            LongWidth::Eight => ConnectIds::random(entropy),
            LongWidth::Four => ConnectIds::counted(entropy),
        };
        let requests = RequestLimits {
            as_asker: options.pending_as_asker,
            as_target: options.pending_as_target,
            timeout: options.negotiation_timeout,
            repeat_interval: options.repeat_interval,
        };
        let rendezvous = RendezvousLimits {
            unused_ids: options.unused_ids,
            timeout: options.negotiation_timeout,
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
            rendezvous: Rendezvous::new(rendezvous, ids),
            guesses: Guesses::new(guesses),
        }
    }

    /// True when the room stores nothing for any connection.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
            && self.roster.is_empty()
            && self.requests.is_empty()
            && self.rendezvous.is_empty()
            && self.guesses.is_empty()
    }

    /// Returns how the engine reads the next bytes of a connection.
    pub(crate) fn flow(&self, id: ConnId) -> Flow {
        self.connections.flow(id)
    }

    /// Returns the login of a connection; `None` when the connection has no login.
    pub(crate) fn login_of(&self, id: ConnId) -> Option<&Arc<str>> {
        self.roster.login(id)
    }

    /// Returns the agreement that a connect_id belongs to; `None` when the id is not live (no client can use it any more, or
    /// it never existed).
    pub(crate) fn agreement(&self, connect_id: i64) -> Option<Agreement> {
        self.rendezvous.agreement(connect_id)
    }

    /// Handles a command. The effect of the command depends on the stage of the connection on which it arrived.
    fn command(&mut self, from: ConnId, command: ClientFrame<'_>, now: Instant, out: &mut Effects) {
        match self.connections.stage(from) {
            Some(Stage::Anonymous) => self.anonymous_sent(from, command, now, out),
            Some(Stage::Identified { login }) => {
                let login = Arc::clone(login);
                self.client_sent(from, &login, command, now, out);
            }
            // This never happens: the flow of connections in these stages is not `Flow::Frames`, so the engine decodes no
            // commands on them.
            Some(
                Stage::WaitingEnd(_)
                | Stage::TunnelEnd
                | Stage::AnswerDelayed { .. }
                | Stage::Leaving,
            )
            | None => {}
        }
    }

    fn anonymous_sent(
        &mut self,
        from: ConnId,
        command: ClientFrame<'_>,
        now: Instant,
        out: &mut Effects,
    ) {
        match command {
            ClientFrame::Login { login } => self.login(from, login, out),
            ClientFrame::LoginPrivate { connect_id } => {
                self.login_private(from, connect_id, now, out);
            }
            command => {
                let name = command.command();
                out.remark(
                    from,
                    format!("ignored {name}: the client has not logged in"),
                );
            }
        }
    }

    fn client_sent(
        &mut self,
        from: ConnId,
        login: &str,
        command: ClientFrame<'_>,
        now: Instant,
        out: &mut Effects,
    ) {
        use ClientFrame::*;

        if let Some(speaker) = command.speaker()
            && speaker != login
        {
            let (name, speaker) = (command.command(), Excerpt(speaker));
            out.remark(
                from,
                format!("ignored {name}: the sender's name {speaker:?} is not the client's login"),
            );
            return;
        }
        match command {
            Login { login } => {
                let login = Excerpt(login);
                out.remark(
                    from,
                    format!("refused login {login:?}: the connection has a login already"),
                );
                self.send(from, ServerFrame::LoginRefused, out);
            }
            Message { login, msg } => {
                out.all(&ServerFrame::Message { login, msg }.encoded_with(self.options.codec()));
            }
            MessagePrivate {
                sender,
                target,
                msg,
            } => self.message_private(from, sender, target, msg, out),
            RequestPrivate { requester, target } => {
                self.request_private(from, requester, target, now, out);
            }
            OkPrivate { requester, target } => self.ok_private(from, requester, target, now, out),
            KoPrivate { requester, target } => self.ko_private(from, requester, target, out),
            LoginPrivate { .. } => out.remark(
                from,
                "ignored LOGIN_PRIVATE: it must come on a new connection",
            ),
        }
    }

    /// Handles LOGIN (section 1).
    fn login(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        if let Err(refused) = check_name(login, MAX_LOGIN_BYTES) {
            out.remark(
                from,
                format!("refused login {:?}: {refused}", Excerpt(login)),
            );
            self.send(from, ServerFrame::LoginRefused, out);
            return;
        }
        match self.roster.join(from, login, address) {
            Ok(kept) => {
                self.connections
                    .enter(from, Stage::Identified { login: kept });
                // The room sends this answer before it adds the client to the members, so that no message of another client
                // arrives before this answer.
                self.send(from, ServerFrame::LoginAccepted, out);
                out.join(from, login);
            }
            Err(taken) => {
                out.remark(from, format!("refused login {:?}: {taken}", Excerpt(login)));
                self.send(from, ServerFrame::LoginRefused, out);
            }
        }
    }

    /// Handles MESSAGE_PRIVATE (section 2): relays it to its target. The document says: "If no connected client has this
    /// login_target, the command is ignored."
    fn message_private(
        &mut self,
        from: ConnId,
        sender: &str,
        target: &str,
        msg: &str,
        out: &mut Effects,
    ) {
        let Some(to) = self.find(target, from, "MESSAGE_PRIVATE", out) else {
            return;
        };
        let frame = ServerFrame::MessagePrivate {
            sender,
            target,
            msg,
        };
        self.send(to, frame, out);
    }

    /// Returns the client with this login. If no client has this login, adds a remark for the log.
    pub(super) fn find(
        &self,
        login: &str,
        from: ConnId,
        command: &str,
        out: &mut Effects,
    ) -> Option<ConnId> {
        let found = self.roster.find(login);
        if found.is_none() {
            out.remark(
                from,
                format!(
                    "ignored {command}: no client is called {:?}",
                    Excerpt(login)
                ),
            );
        }
        found
    }

    pub(super) fn send(&self, to: ConnId, frame: ServerFrame<'_>, out: &mut Effects) {
        out.one(to, &frame.encoded_with(self.options.codec()));
    }
}
