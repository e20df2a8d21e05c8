//! What each command of Chaton does (sections 1 and 2 of the document; sections 3 and 4 are in `private_connections.rs`).

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

/// A login takes at most this many bytes (section 1).
pub const MAX_LOGIN_BYTES: usize = 30;

/// Everything that a Chaton listener knows: who is connected, what they are called, who negotiates with whom.
///
/// What it remembers of a connection goes with the connection. So its memory is bounded by the number of connections and
/// the [`Options`]; only addresses that guessed wrong are remembered longer, and they have a bound of their own.
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

    /// Only LOGIN_PRIVATE: behind it the bytes belong to a tunnel. A LOGIN changes who speaks, not what bytes mean.
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
            // This room asks no questions.
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
    /// A room in which nobody is. The entropy makes its connect_ids: it must be fit for secrets.
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

    /// True when nothing of any connection is left.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
            && self.roster.is_empty()
            && self.requests.is_empty()
            && self.rendezvous.is_empty()
            && self.guesses.is_empty()
    }

    /// How a connection's bytes are to be read on.
    pub(crate) fn flow(&self, id: ConnId) -> Flow {
        self.connections.flow(id)
    }

    /// The login of a connection that has one.
    pub(crate) fn login_of(&self, id: ConnId) -> Option<&Arc<str>> {
        self.roster.login(id)
    }

    /// What stands behind a connect_id; `None` when it is not alive.
    pub(crate) fn agreement(&self, connect_id: i64) -> Option<Agreement> {
        self.rendezvous.agreement(connect_id)
    }

    /// The document, command by command.
    fn command(&mut self, from: ConnId, command: ClientFrame<'_>, now: Instant, out: &mut Effects) {
        use ClientFrame::*;

        let Some(stage) = self.connections.stage(from) else {
            return;
        };
        match (stage.clone(), command) {
            (Stage::Anonymous, Login { login }) => self.login(from, login, out),
            (Stage::Anonymous, LoginPrivate { connect_id }) => {
                self.login_private(from, connect_id, now, out);
            }
            (Stage::Anonymous, command) => {
                out.remark(
                    from,
                    format!("ignored {}: it has no login", command.command()),
                );
            }

            (Stage::Identified { .. }, Login { login }) => {
                out.remark(
                    from,
                    format!("refused a second login, {:?}", Excerpt(login)),
                );
                self.send(from, ServerFrame::LoginRefused, out);
            }
            (Stage::Identified { .. }, LoginPrivate { .. }) => {
                out.remark(
                    from,
                    "ignored LOGIN_PRIVATE: it belongs on a connection of its own",
                );
            }
            (Stage::Identified { login }, command)
                if let Some(speaker) = command.speaker()
                    && *speaker != *login =>
            {
                let name = command.command();
                out.remark(
                    from,
                    format!(
                        "ignored {name}: it says to come from {:?}",
                        Excerpt(speaker)
                    ),
                );
            }
            (Stage::Identified { .. }, Message { login, msg }) => {
                out.all(&ServerFrame::Message { login, msg }.with(self.options.codec()));
            }
            (
                Stage::Identified { .. },
                MessagePrivate {
                    sender,
                    target,
                    msg,
                },
            ) => {
                self.message_private(from, sender, target, msg, out);
            }
            (Stage::Identified { .. }, RequestPrivate { requester, target }) => {
                self.request_private(from, requester, target, now, out);
            }
            (Stage::Identified { .. }, OkPrivate { requester, target }) => {
                self.ok_private(from, requester, target, now, out);
            }
            (Stage::Identified { .. }, KoPrivate { requester, target }) => {
                self.ko_private(from, requester, target, out);
            }

            // Their flow is not `Flow::Frames`: the engine decodes nothing for them.
            (Stage::WaitingEnd(_) | Stage::TunnelEnd, _) => {}
            (Stage::AnswerDelayed { .. } | Stage::Leaving, _) => {}
        }
    }

    /// Section 1.
    fn login(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        if let Err(refused) = check_name(login, MAX_LOGIN_BYTES) {
            out.remark(
                from,
                format!("refused the login {:?}: {refused}", Excerpt(login)),
            );
            self.send(from, ServerFrame::LoginRefused, out);
            return;
        }
        match self.roster.join(from, login, address) {
            Ok(kept) => {
                self.connections
                    .enter(from, Stage::Identified { login: kept });
                // In this order, so that nothing said by others comes before the answer.
                self.send(from, ServerFrame::LoginAccepted, out);
                out.join(from, login);
            }
            Err(taken) => {
                out.remark(
                    from,
                    format!("refused the login {:?}: {taken}", Excerpt(login)),
                );
                self.send(from, ServerFrame::LoginRefused, out);
            }
        }
    }

    /// Section 2. "If no connected client has this login_target, the command is ignored."
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

    /// Who has this login; when nobody has, the log says so.
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
                format!("ignored {command}: nobody is called {:?}", Excerpt(login)),
            );
        }
        found
    }

    pub(super) fn send(&self, to: ConnId, frame: ServerFrame<'_>, out: &mut Effects) {
        out.one(to, &frame.with(self.options.codec()));
    }
}
