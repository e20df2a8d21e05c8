//! What each packet of Chatr Connect does (requests are in `rendezvous.rs`, pings in `pings.rs`).

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::room::pairing::{RequestLimits, Requests};
use crate::room::{ByConn, ConnId, Effects, Entropy, Event, Flow, Overdue, Protocol};
use crate::wire::Malformed;

use super::pings::{Due, Pings};
use super::{Frame, Options, Reason};

/// Everything that a listener of Chatr Connect knows: who is connected, and who waits for whose answer.
///
/// What it remembers of a connection goes with the connection, so its memory is bounded by their number and the
/// [`Options`].
pub struct Room {
    connections: ByConn<Connection>,
    clients: HashMap<Uuid, ConnId>,
    pub(super) requests: Requests,
    pings: Pings,
}

struct Connection {
    address: IpAddr,
    state: State,
}

/// Where a connection stands in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// PacketConnect has not come.
    Stranger,
    /// Its signature is being checked.
    Verifying {
        uuid: Uuid,
        /// Meanwhile the key was replaced: whatever comes of it, it is not good any more.
        revoked: bool,
    },
    /// PacketConnected was sent.
    Connected { uuid: Uuid },
    /// It is being closed; nothing that it sends counts any more.
    Leaving,
}

/// What the room must ask: is this signature made with the key that is registered for this UUID?
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who somebody says to be.
    pub uuid: Uuid,
    /// Of the 16 bytes of the UUID.
    pub signature: Box<[u8]>,
}

/// The signature is as good as a password.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({}, signature not shown)", self.uuid)
    }
}

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Verified,
    /// It is not, or no key is registered: nobody shall learn which.
    Refuted,
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

    /// Behind a PacketConnect longer packets may come.
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
        // Time limits hold to the instant, not to whenever the clock's thread gets its turn.
        self.tick(now, out);
        match event {
            Event::Opened(address) => self.open(from, address.ip().to_canonical()),
            Event::Command(frame) => return self.packet(from, frame, now, out),
            Event::Malformed(malformed) => self.refuse(from, &malformed, out),
            Event::Answer(verdict) => self.judged(from, verdict, now, out),
            Event::Busy => self.not_judged(from, out),
            Event::Overdue(overdue) => self.overdue(from, overdue, out),
            Event::ReadClosed => self.close(from, None, out),
            Event::Gone => self.forget(from, out),
        }
        self.flow(from)
    }

    fn revoke(&mut self, name: &str, out: &mut Effects) {
        let Ok(uuid) = name.parse::<Uuid>() else {
            return;
        };
        for connection in self.connections.values_mut() {
            if let State::Verifying {
                uuid: claimed,
                revoked,
            } = &mut connection.state
                && *claimed == uuid
            {
                *revoked = true;
            }
        }
        if let Some(id) = self.find(uuid) {
            out.remark(id, "closed: its key is not the registered one any more");
            self.close(id, Some(Reason::FailedToVerify), out);
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
                    out.remark(id, "closed: no sign of life");
                    self.close(id, Some(Reason::TimeOut), out);
                }
            }
        }
    }
}

impl Room {
    /// A room in which nobody is. The entropy makes the ids of pings.
    pub fn new(options: Options, entropy: Entropy) -> Room {
        let requests = RequestLimits {
            as_asker: options.pending_as_asker,
            as_target: options.pending_as_target,
            timeout: options.negotiation_timeout,
            // What waits for its answer already is not passed on again, however long that takes.
            repeat_interval: Duration::MAX,
        };
        Room {
            connections: ByConn::default(),
            clients: HashMap::new(),
            requests: Requests::new(requests),
            pings: Pings::new(options.ping_interval, options.ping_timeout, entropy),
        }
    }

    /// True when nothing of any connection is left.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
            && self.clients.is_empty()
            && self.requests.is_empty()
            && self.pings.is_empty()
    }

    /// Who is connected under this UUID.
    pub(super) fn find(&self, uuid: Uuid) -> Option<ConnId> {
        self.clients.get(&uuid).copied()
    }

    /// The UUID of a client, and where the server sees it.
    pub(super) fn client(&self, id: ConnId) -> Option<(Uuid, IpAddr)> {
        let connection = self.connections.get(&id)?;
        match connection.state {
            State::Connected { uuid } => Some((uuid, connection.address)),
            _ => None,
        }
    }

    fn open(&mut self, id: ConnId, address: IpAddr) {
        let state = State::Stranger;
        self.connections.insert(id, Connection { address, state });
    }

    fn state(&self, id: ConnId) -> State {
        let connection = self.connections.get(&id);
        connection.map_or(State::Leaving, |connection| connection.state)
    }

    fn enter(&mut self, id: ConnId, state: State) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.state = state;
        }
    }

    fn flow(&self, id: ConnId) -> Flow<Claim> {
        match self.state(id) {
            State::Stranger | State::Verifying { .. } | State::Connected { .. } => Flow::Frames,
            State::Leaving => Flow::Closed,
        }
    }

    /// The document, packet by packet.
    fn packet(
        &mut self,
        from: ConnId,
        frame: Frame<'_>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Claim> {
        self.pings.heard(from, now);
        match (self.state(from), frame) {
            (
                State::Stranger,
                Frame::Connect {
                    uuid, signature, ..
                },
            ) => {
                let revoked = false;
                self.enter(from, State::Verifying { uuid, revoked });
                let signature = signature.into();
                return Flow::Ask(Claim { uuid, signature });
            }
            (State::Stranger, frame) => {
                let why = format!("{} before PacketConnect", frame.packet());
                self.refuse(from, &why, out);
            }

            (State::Connected { .. }, Frame::Disconnect { .. }) => self.close(from, None, out),
            (State::Connected { .. }, Frame::Pong { id }) => {
                if !self.pings.pong(from, id, now) {
                    out.remark(from, "ignored a PacketPong that answers nothing");
                }
            }
            (
                State::Connected { .. },
                Frame::ConnectionRequest {
                    uuid,
                    private_endpoint,
                },
            ) => self.connection_request(from, uuid, private_endpoint, now, out),
            (
                State::Connected { .. },
                Frame::ConnectionRequestAccept {
                    uuid,
                    private_endpoint,
                },
            ) => self.connection_request_accept(from, uuid, private_endpoint, out),
            (State::Connected { .. }, Frame::ConnectionRequestDenied { uuid }) => {
                self.connection_request_denied(from, uuid, out);
            }
            (State::Connected { .. }, frame) => {
                let why = format!("{} behind PacketConnected", frame.packet());
                self.refuse(from, &why, out);
            }

            // The engine decodes nothing for them.
            (State::Verifying { .. } | State::Leaving, _) => {}
        }
        self.flow(from)
    }

    /// The signature was checked. Others may have come or gone meanwhile, and the key may have been replaced.
    fn judged(&mut self, from: ConnId, verdict: Verdict, now: Instant, out: &mut Effects) {
        let State::Verifying { uuid, revoked } = self.state(from) else {
            return;
        };
        if verdict == Verdict::Refuted || revoked {
            out.remark(from, format!("closed: it is not {uuid}"));
            self.close(from, Some(Reason::FailedToVerify), out);
        } else if self.clients.contains_key(&uuid) {
            out.remark(from, format!("closed: {uuid} is connected already"));
            self.close(from, Some(Reason::AlreadyConnected), out);
        } else {
            self.enter(from, State::Connected { uuid });
            self.clients.insert(uuid, from);
            self.pings.begin(from, now);
            out.one(from, &Frame::Connected);
            out.join(from, &uuid.to_string());
        }
    }

    /// Too many signatures wait for their check. The document has a PacketDisconnect "to give feedback to the clients as to
    /// why the connection was closed" and leaves its text open.
    fn not_judged(&mut self, from: ConnId, out: &mut Effects) {
        if let State::Verifying { .. } = self.state(from) {
            out.remark(
                from,
                "closed: the server is busy, too many signatures wait already",
            );
            self.close(from, Some(Reason::Busy), out);
        }
    }

    fn overdue(&mut self, from: ConnId, overdue: Overdue, out: &mut Effects) {
        let late_with = match (self.state(from), overdue) {
            (State::Stranger, Overdue::FirstByte | Overdue::Identification) => "PacketConnect",
            (State::Stranger | State::Connected { .. }, Overdue::Frame) => "the rest of a packet",
            _ => return,
        };
        out.remark(from, format!("closed: too late with {late_with}"));
        self.close(from, Some(Reason::TimeOut), out);
    }

    #[track_caller]
    fn refuse(&mut self, id: ConnId, why: &dyn fmt::Display, out: &mut Effects) {
        out.remark(id, format!("closed: {why}"));
        self.close(id, Some(Reason::InvalidPacket), out);
    }

    /// Closes a connection in order, with a word on why unless it is the client's own wish.
    fn close(&mut self, id: ConnId, reason: Option<Reason>, out: &mut Effects) {
        let was = self.state(id);
        if was == State::Leaving {
            return;
        }
        self.enter(id, State::Leaving);
        if let Some(reason) = reason {
            out.one(id, &reason.frame());
        }
        self.tidy_up_behind(id, was, out);
        out.finish(id);
    }

    fn forget(&mut self, id: ConnId, out: &mut Effects) {
        if let Some(connection) = self.connections.remove(&id) {
            self.tidy_up_behind(id, connection.state, out);
        }
    }

    fn tidy_up_behind(&mut self, id: ConnId, was: State, out: &mut Effects) {
        if let State::Connected { uuid } = was {
            self.clients.remove(&uuid);
            self.pings.end(id);
            out.leave(id);
            self.end_requests(id, uuid, out);
        }
    }
}
