//! What each packet of Chatr Connect does to the room. `private_connections.rs` handles the requests, and `pings.rs` handles
//! the pings.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::room::pairing::{RequestLimits, Requests};
use crate::room::{ConnId, Effects, Entropy, Event, Flow, Lifecycle, Protocol};
use crate::wire::Malformed;

use super::connections::{Connections, VerificationStage as Stage};
use super::pings::{Due, Pings};
use super::{Claim, Frame, Options, Reason, Verdict};

/// Everything that a listener of Chatr Connect knows: the connections and the pending requests.
///
/// When a connection ends, the room frees everything that it stored for this connection. So the number of connections and
/// the [`Options`] limit the room's memory.
pub struct Room {
    pub(super) connections: Connections,
    pub(super) clients: HashMap<Uuid, ConnId>,
    pub(super) requests: Requests,
    pub(super) pings: Pings,
}

impl Protocol for Room {
    const NAME: &'static str = "chatr";
    type Codec = ();
    type Command<'a> = Frame<'a>;
    type Question = Claim;
    type Answer = Verdict;

    fn decode<'a>(_: &(), input: &'a [u8]) -> Result<Option<(Frame<'a>, usize)>, Malformed> {
        Frame::decode(input)
    }

    fn decode_first<'a>(_: &(), input: &'a [u8]) -> Result<Option<(Frame<'a>, usize)>, Malformed> {
        Frame::decode_first(input)
    }

    /// True for PacketConnect: after it, longer packets are allowed, so the engine must decode the next bytes in another
    /// way.
    fn turns_the_stream(frame: &Frame<'_>) -> bool {
        matches!(frame, Frame::Connect { .. })
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Frame<'_>, Verdict>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Claim> {
        match event {
            Event::Opened(peer) => self.connections.open(from, peer),
            Event::Command(frame) => return self.packet(from, frame, now, out),
            Event::Malformed(malformed) => self.refuse(from, &malformed, out),
            Event::Answer(verdict) => self.verified(from, verdict, now, out),
            Event::Busy => self.not_verified(from, out),
            Event::Overdue(overdue) => self.overdue(from, overdue, out),
            Event::ReadClosed => self.close(from, out),
            Event::Gone => self.forget(from, out),
        }
        self.connections.flow(from)
    }

    fn revoke(&mut self, name: &str, out: &mut Effects) {
        let Ok(uuid) = name.parse::<Uuid>() else {
            return;
        };
        for stage in self.connections.stages_mut() {
            if let Stage::Verifying {
                uuid: claimed,
                revoked,
            } = stage
                && *claimed == uuid
            {
                *revoked = true;
            }
        }
        if let Some(id) = self.find(uuid) {
            out.remark(id, "closed: its registered key was replaced");
            self.close_because(id, Reason::FailedToVerify, out);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.requests.deadline(), self.pings.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant, out: &mut Effects) {
        self.expire_requests(now, out);
        while let Some(due) = self.pings.due(now) {
            match due {
                Due::Ping(id, ping) => out.one(id, &Frame::Ping { id: ping }),
                Due::TimedOut(id) => {
                    out.remark(id, "closed: no packet within the time limit");
                    self.close_because(id, Reason::TimeOut, out);
                }
            }
        }
    }
}

impl Room {
    /// Makes an empty room. The ids of pings are made from `entropy`.
    pub fn new(options: Options, entropy: Entropy) -> Room {
        let requests = RequestLimits {
            as_asker: options.pending_as_asker,
            as_target: options.pending_as_target,
            timeout: options.negotiation_timeout,
            // A request that is pending is never relayed again.
            repeat_interval: Duration::MAX,
        };
        Room {
            connections: Connections::default(),
            clients: HashMap::new(),
            requests: Requests::new(requests),
            pings: Pings::new(options.ping_interval, options.ping_timeout, entropy),
        }
    }

    /// True when the room stores nothing for any connection.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
            && self.clients.is_empty()
            && self.requests.is_empty()
            && self.pings.is_empty()
    }

    /// Returns the connection of the client with this UUID.
    pub(super) fn find(&self, uuid: Uuid) -> Option<ConnId> {
        self.clients.get(&uuid).copied()
    }

    /// Returns the UUID of a client, and its address as the server sees it.
    pub(super) fn client(&self, id: ConnId) -> Option<(Uuid, IpAddr)> {
        match self.stage(id) {
            Stage::Connected { uuid } => Some((uuid, self.connections.address(id)?)),
            _ => None,
        }
    }

    fn stage(&self, id: ConnId) -> Stage {
        self.connections
            .stage(id)
            .map_or(Stage::Leaving, |stage| *stage)
    }

    /// Handles a packet. The effect of the packet depends on the stage of the connection on which it arrived.
    fn packet(
        &mut self,
        from: ConnId,
        frame: Frame<'_>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Claim> {
        self.pings.heard(from, now);
        match self.stage(from) {
            Stage::Anonymous => return self.anonymous_sent(from, frame, out),
            Stage::Connected { .. } => self.client_sent(from, frame, now, out),
            // This never happens: the engine decodes no packets for connections in these stages.
            Stage::Verifying { .. } | Stage::Leaving => {}
        }
        self.connections.flow(from)
    }

    fn anonymous_sent(&mut self, from: ConnId, frame: Frame<'_>, out: &mut Effects) -> Flow<Claim> {
        match frame {
            Frame::Connect {
                uuid, signature, ..
            } => {
                let revoked = false;
                self.connections
                    .enter(from, Stage::Verifying { uuid, revoked });
                let signature = signature.into();
                Flow::Ask(Claim { uuid, signature })
            }
            frame => {
                let why = format!("{} before PacketConnect", frame.packet());
                self.refuse(from, &why, out);
                self.connections.flow(from)
            }
        }
    }

    fn client_sent(&mut self, from: ConnId, frame: Frame<'_>, now: Instant, out: &mut Effects) {
        match frame {
            Frame::Disconnect { .. } => self.close(from, out),
            Frame::Pong { id } => {
                if !self.pings.pong(from, id, now) {
                    let why = "it does not answer the last PacketPing";
                    out.remark(from, format!("ignored PacketPong: {why}"));
                }
            }
            Frame::ConnectionRequest {
                uuid,
                private_endpoint,
            } => self.connection_request(from, uuid, private_endpoint, now, out),
            Frame::ConnectionRequestAccept {
                uuid,
                private_endpoint,
            } => self.connection_request_accept(from, uuid, private_endpoint, out),
            Frame::ConnectionRequestDenied { uuid } => {
                self.connection_request_denied(from, uuid, out);
            }
            frame => {
                let why = format!("{} after PacketConnected", frame.packet());
                self.refuse(from, &why, out);
            }
        }
    }

    /// Handles the result of a signature check. The check takes time: since it began, other clients may have connected or
    /// left, and the key may have been replaced.
    fn verified(&mut self, from: ConnId, verdict: Verdict, now: Instant, out: &mut Effects) {
        let Stage::Verifying { uuid, revoked } = self.stage(from) else {
            return;
        };
        if verdict == Verdict::Refuted || revoked {
            out.remark(
                from,
                format!("closed: the signature of {uuid} is wrong or no longer valid"),
            );
            self.close_because(from, Reason::FailedToVerify, out);
        } else if self.clients.contains_key(&uuid) {
            out.remark(from, format!("closed: {uuid} is already connected"));
            self.close_because(from, Reason::AlreadyConnected, out);
        } else {
            self.connections.enter(from, Stage::Connected { uuid });
            self.clients.insert(uuid, from);
            self.pings.begin(from, now);
            out.one(from, &Frame::Connected);
            out.join(from, &uuid.to_string());
        }
    }

    /// Closes the connection, because too many signatures are waiting to be checked. The document has a PacketDisconnect "to
    /// give feedback to the clients as to why the connection was closed". It does not say which texts are allowed, so the
    /// server may send a text of its own.
    fn not_verified(&mut self, from: ConnId, out: &mut Effects) {
        if let Stage::Verifying { .. } = self.stage(from) {
            out.remark(
                from,
                "closed: the server is busy: too many signatures are waiting to be checked",
            );
            self.close_because(from, Reason::Busy, out);
        }
    }

    #[track_caller]
    fn refuse(&mut self, id: ConnId, why: &dyn fmt::Display, out: &mut Effects) {
        out.remark(id, format!("closed: {why}"));
        self.close_because(id, Reason::InvalidPacket, out);
    }

    /// Tells a client why its connection is closed, and closes it.
    fn close_because(&mut self, id: ConnId, reason: Reason, out: &mut Effects) {
        if self.connections.may_close(id) {
            out.one(id, &reason.frame());
            self.close(id, out);
        }
    }
}
