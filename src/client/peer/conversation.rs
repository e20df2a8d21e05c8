//! One conversation: from the search for the peer to the last byte. No socket and no clock is known here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn_proto::{
    Connection, ConnectionError, ConnectionHandle, Dir, Event, ReadError, ServerConfig,
    StreamEvent, StreamId, VarInt, WriteError,
};

use super::farewell::Farewell;
use super::probes::{Nonce, Probing};
use super::tls::{APPLICATION, SILENCE};
use crate::identity::Fingerprint;

/// So long may it take from the answer of the server until both have proven who they are.
pub(super) const OPENING_LIMIT: Duration = Duration::from_secs(15);
/// How much is taken from a stream at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// With whom, and how, a conversation is sought.
#[derive(Debug, Clone)]
pub(crate) struct Meeting {
    /// Where the peer may be, in the order of preference.
    pub(crate) candidates: Vec<SocketAddr>,
    /// The fingerprint of the public key that is registered for the peer.
    pub(crate) key: Fingerprint,
    /// We call; the peer is called. Both must see it alike.
    pub(crate) calls: bool,
    /// A number that nobody can guess, new for each meeting.
    pub(crate) nonce: Nonce,
}

/// One conversation.
pub(super) struct Conversation {
    /// The search; its addresses are the only ones from which anything is taken.
    pub(super) probing: Probing,
    pub(super) key: Fingerprint,
    /// For the side that is called: what it takes a call with.
    pub(super) takes_calls: Option<Arc<ServerConfig>>,
    pub(super) line: Option<Line>,
    give_up_at: Instant,
    state: State,
    /// The datagram that closed the connection, once it was sent.
    farewell: Option<Farewell>,
    /// Nobody will ask for it any more.
    pub(super) forgotten: bool,
}

/// How far a conversation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// The peer is sought, or has not proven who it is.
    Opening,
    /// Both have proven who they are.
    Up,
    /// It is over: in order, or for a reason.
    Over(Option<String>),
}

/// What came from a peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Bytes(Vec<u8>),
    /// The peer sends no more.
    End,
}

/// The QUIC connection of a conversation.
pub(super) struct Line {
    pub(super) handle: ConnectionHandle,
    pub(super) connection: Connection,
    sending: Option<StreamId>,
    receiving: Option<StreamId>,
    /// What has come of the peer's greeting.
    greeting: Vec<u8>,
    /// Everything that we sent has been acknowledged, and the end of it.
    all_sent: bool,
    /// The peer's end was read.
    all_received: bool,
}

impl Conversation {
    pub(super) fn new(
        now: Instant,
        meeting: &Meeting,
        takes_calls: Option<Arc<ServerConfig>>,
    ) -> Conversation {
        Conversation {
            probing: Probing::begin(now, &meeting.candidates, meeting.nonce),
            key: meeting.key,
            takes_calls,
            line: None,
            give_up_at: now + OPENING_LIMIT,
            state: State::Opening,
            farewell: None,
            forgotten: false,
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// The peer is being looked for and nothing larger than a probe has been sent.
    pub(super) fn is_searching(&self) -> bool {
        self.state == State::Opening && self.line.is_none()
    }

    /// When something is to be done without anything having come.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        let probe = match self.is_searching() {
            true => self.probing.deadline(),
            false => None,
        };
        let limit = (self.state == State::Opening).then_some(self.give_up_at);
        let copy = self.unanswered().and_then(Farewell::deadline);
        let line = self.line.as_mut().filter(|_| copy.is_none());
        let timer = line.and_then(|line| line.connection.poll_timeout());
        [probe, limit, timer, copy].into_iter().flatten().min()
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        // A connection that was closed knows one time only: when it is forgotten, and would not hear the answer any more.
        let waits_for_answer = !self.is_taken_leave_of();
        if let Some(line) = &mut self.line
            && !waits_for_answer
            && line.connection.poll_timeout().is_some_and(|at| at <= now)
        {
            line.connection.handle_timeout(now);
        }
        if self.state == State::Opening && now >= self.give_up_at {
            let reason = match (&self.line, self.probing.found()) {
                (None, None) => {
                    "no answer from the peer; both clients need the same --p2p-port, and a NAT must not change the port"
                }
                (None, Some(_)) => "the peer answered, but did not start the connection",
                (Some(_), _) => "the peer answered, but did not prove its identity in time",
            };
            self.close(now);
            self.state = State::Over(Some(reason.into()));
        }
    }

    /// Takes what the connection says; true when there may be more to do for it.
    pub(super) fn take_event(&mut self) -> bool {
        let Some(line) = &mut self.line else {
            return false;
        };
        let Some(event) = line.connection.poll() else {
            return false;
        };
        match event {
            Event::Connected => line.greet(),
            Event::Stream(StreamEvent::Opened { dir: Dir::Uni }) if line.receiving.is_none() => {
                line.receiving = line.connection.streams().accept(Dir::Uni);
            }
            Event::Stream(StreamEvent::Finished { id }) if line.sending == Some(id) => {
                line.all_sent = true;
            }
            Event::ConnectionLost { reason } => self.lost(&reason),
            _ => {}
        }
        if self.state == State::Opening {
            self.hear_greeting();
        }
        true
    }

    /// A greeting, once the connection stands for both, shows that the peer takes our key.
    fn hear_greeting(&mut self) {
        let Some(line) = &mut self.line else {
            return;
        };
        while line.greeting.len() < APPLICATION.len() {
            let missing = APPLICATION.len() - line.greeting.len();
            match line.read(missing) {
                Some(Received::Bytes(bytes)) => line.greeting.extend(bytes),
                Some(Received::End) | None => return,
            }
        }
        self.state = match line.greeting == APPLICATION {
            true => State::Up,
            false => State::Over(Some("the peer speaks another protocol".into())),
        };
    }

    fn lost(&mut self, reason: &ConnectionError) {
        if matches!(self.state, State::Over(_)) {
            return;
        }
        let reason = match reason {
            ConnectionError::ApplicationClosed(closed) if closed.error_code == HAS_ALL => {
                if let Some(line) = &mut self.line {
                    line.all_sent = true;
                }
                None
            }
            ConnectionError::ApplicationClosed(_) => Some("the peer has left".into()),
            ConnectionError::TimedOut => Some(format!("the peer sent nothing for {} s", SILENCE.as_secs())),
            ConnectionError::TransportError(error) if is_of_tls(error.code.into()) => Some(
                "the program that answered did not prove that it has the peer's registered key"
                    .into(),
            ),
            ConnectionError::ConnectionClosed(closed) if is_of_tls(closed.error_code.into()) => {
                Some(
                    "the peer rejected our key; check that the registry has the key of your identity"
                        .into(),
                )
            }
            other => Some(other.to_string()),
        };
        self.state = State::Over(reason);
    }

    /// Sends as much of these bytes as there is room for, and says how much. Only once it is up.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(line) = self.line.as_mut().filter(|_| self.state == State::Up) else {
            return 0;
        };
        line.write(bytes)
    }

    /// Sends no more.
    pub(super) fn finish(&mut self) {
        if let Some(line) = &mut self.line
            && let Some(id) = line.sending
        {
            // It fails when the peer wants no more: then nothing is left to be sent either.
            line.all_sent |= line.connection.send_stream(id).finish().is_err();
        }
    }

    /// Everything has arrived, and the end of it.
    pub(super) fn all_sent(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.all_sent)
    }

    /// What came next. After the end of the connection there may still be some.
    pub(super) fn read(&mut self) -> Option<Received> {
        if self.state == State::Opening {
            return None;
        }
        self.line.as_mut()?.read(PIECE)
    }

    /// Ends it at once, with a word to the peer if there is one.
    pub(super) fn close(&mut self, now: Instant) {
        if let Some(line) = &mut self.line {
            let code = match line.all_sent && line.all_received {
                true => HAS_ALL,
                false => LEAVES,
            };
            line.connection.close(now, code, Default::default());
        }
        if !matches!(self.state, State::Over(_)) {
            self.state = State::Over(None);
        }
    }

    /// Notes that a datagram of the connection is sent now. The one that closes the connection is kept, to be sent again.
    pub(super) fn note_sent(&mut self, now: Instant, to: SocketAddr, datagram: &[u8]) {
        let is_closed = |line: &Line| line.connection.is_closed();
        if !self.line.as_ref().is_some_and(is_closed) {
            return;
        }
        match &mut self.farewell {
            Some(farewell) => farewell.renew(to, datagram.to_vec()),
            None => self.farewell = Some(Farewell::sent(now, to, datagram.to_vec())),
        }
    }

    /// Returns the next copy of the closing datagram, if it should leave by now and the peer has not answered.
    pub(super) fn farewell_due(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        self.unanswered()?;
        self.farewell.as_mut()?.due(now)
    }

    /// True when the peer knows that the connection is closed, or will not be told again.
    pub(super) fn is_taken_leave_of(&self) -> bool {
        let farewell = self.unanswered();
        farewell.is_none_or(|farewell| farewell.deadline().is_none())
    }

    /// The closing datagram, until the peer has closed the connection, too.
    fn unanswered(&self) -> Option<&Farewell> {
        let line = self.line.as_ref()?;
        let closed_by_peer = line.connection.stats().frame_rx.connection_close > 0;
        self.farewell.as_ref().filter(|_| !closed_by_peer)
    }

    /// It cannot even begin.
    pub(super) fn fail(&mut self, reason: String) {
        self.state = State::Over(Some(reason));
    }

    /// Nothing of it is left that anybody must be told, on either side.
    pub(super) fn is_gone(&self) -> bool {
        let line = self.line.as_ref();
        let is_drained = line.is_none_or(|line| line.connection.is_drained());
        self.forgotten && is_drained && self.is_taken_leave_of()
    }
}

impl Line {
    pub(super) fn new(handle: ConnectionHandle, connection: Connection) -> Line {
        Line {
            handle,
            connection,
            sending: None,
            receiving: None,
            greeting: Vec::new(),
            all_sent: false,
            all_received: false,
        }
    }

    fn greet(&mut self) {
        self.sending = self.connection.streams().open(Dir::Uni);
        // There is room in a window of its own.
        self.write(APPLICATION);
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        // A stream frame without data would still be one that the peer acknowledges.
        let Some(id) = self.sending.filter(|_| !bytes.is_empty()) else {
            return 0;
        };
        match self.connection.send_stream(id).write(bytes) {
            Ok(written) => written,
            Err(WriteError::Blocked) => 0,
            // The peer wants no more: what is sent to it is lost, as on any connection.
            Err(WriteError::Stopped(_) | WriteError::ClosedStream) => bytes.len(),
        }
    }

    fn read(&mut self, limit: usize) -> Option<Received> {
        let id = self.receiving.filter(|_| !self.all_received)?;
        let mut stream = self.connection.recv_stream(id);
        let mut chunks = stream.read(true).ok()?;
        match chunks.next(limit) {
            Ok(Some(chunk)) => Some(Received::Bytes(chunk.bytes.to_vec())),
            Err(ReadError::Blocked) => None,
            Ok(None) | Err(ReadError::Reset(_)) => {
                self.all_received = true;
                Some(Received::End)
            }
        }
    }
}

/// How a peer closes that has everything, and knows that its own has arrived.
const HAS_ALL: VarInt = VarInt::from_u32(0);
/// How one does that has not.
const LEAVES: VarInt = VarInt::from_u32(1);

/// The errors of a handshake begin here (RFC 9001, section 4.8).
fn is_of_tls(code: u64) -> bool {
    (0x100..0x200).contains(&code)
}
