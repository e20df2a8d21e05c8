//! One conversation with a peer, from the search for the peer's address to the last byte. This code uses no socket and no
//! clock.

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

/// Time limit from the start of the search for the peer until both peers have proven their identity.
pub(super) const OPENING_LIMIT: Duration = Duration::from_secs(15);
/// Maximum bytes to read from a stream at a time.
const PIECE: usize = 16 * 1024;

/// What is needed to start a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Meeting {
    /// The peer's possible addresses, in order of preference.
    pub(crate) candidates: Vec<SocketAddr>,
    /// The fingerprint of the peer's registered public key.
    pub(crate) key: Fingerprint,
    /// True if this client opens the QUIC connection; false if the peer opens it.
    pub(crate) calls: bool,
    /// A random number, new for each meeting.
    pub(crate) nonce: Nonce,
}

/// One conversation.
pub(super) struct Conversation {
    /// The search for the peer. Datagrams are dropped unless they come from a possible address of the peer.
    pub(super) probing: Probing,
    pub(super) key: Fingerprint,
    /// The configuration for accepting the QUIC connection; `None` if this side starts it.
    pub(super) takes_calls: Option<Arc<ServerConfig>>,
    pub(super) line: Option<QuicConnection>,
    give_up_at: Instant,
    state: ConversationState,
    /// The datagram that closes the connection; `None` until it has been sent.
    farewell: Option<Farewell>,
    /// True after the client has dropped the link of this conversation. From then on, the conversation can be forgotten.
    pub(super) forgotten: bool,
}

/// The progress of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConversationState {
    /// Searching for the peer, or waiting for the proof of its identity.
    Opening,
    /// Both peers have proven their identity.
    Up,
    /// The conversation has ended: normally (`None`), or for this reason.
    Over(Option<String>),
}

/// What arrived from a peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Bytes(Vec<u8>),
    /// The peer has stopped sending.
    End,
}

/// The QUIC connection of a conversation.
pub(super) struct QuicConnection {
    pub(super) handle: ConnectionHandle,
    pub(super) connection: Connection,
    sending: Option<StreamId>,
    receiving: Option<StreamId>,
    /// The bytes of the peer's greeting that have arrived.
    greeting: Vec<u8>,
    /// True if the peer has acknowledged everything that this side sent, including the end of the stream.
    all_sent: bool,
    /// True if the end of the peer's stream has been read.
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
            state: ConversationState::Opening,
            farewell: None,
            forgotten: false,
        }
    }

    pub(super) fn state(&self) -> &ConversationState {
        &self.state
    }

    /// True during the search for the peer. During the search this client sends nothing larger than a probe.
    pub(super) fn is_searching(&self) -> bool {
        self.state == ConversationState::Opening && self.line.is_none()
    }

    /// Returns the time at which [`Conversation::timeout`] must be called if nothing arrives before.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        let probe = match self.is_searching() {
            true => self.probing.deadline(),
            false => None,
        };
        let limit = (self.state == ConversationState::Opening).then_some(self.give_up_at);
        let copy = self.unanswered().and_then(Farewell::deadline);
        let line = self.line.as_mut().filter(|_| copy.is_none());
        let timer = line.and_then(|line| line.connection.poll_timeout());
        [probe, limit, timer, copy].into_iter().flatten().min()
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        // After a connection is closed, it has only one deadline left: the time at which QUIC forgets the connection. From
        // then on, QUIC can no longer receive the peer's answer. So this function ignores this deadline while this side
        // waits for the answer.
        let waits_for_answer = !self.is_taken_leave_of();
        if let Some(line) = &mut self.line
            && !waits_for_answer
            && line.connection.poll_timeout().is_some_and(|at| at <= now)
        {
            line.connection.handle_timeout(now);
        }
        if self.state == ConversationState::Opening && now >= self.give_up_at {
            let reason = match (&self.line, self.probing.found()) {
                (None, None) => {
                    "no answer from the peer; both clients need the same --p2p-port, and a NAT between them must not change the port"
                }
                (None, Some(_)) => "the peer answered, but did not start the connection",
                (Some(_), _) => "the peer answered, but did not prove its identity in time",
            };
            self.close(now);
            self.state = ConversationState::Over(Some(reason.into()));
        }
    }

    /// Handles the next event of the connection. Returns false if there was no event.
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
        if self.state == ConversationState::Opening {
            self.hear_greeting();
        }
        true
    }

    /// Handles the greeting of the peer. The greeting shows that the peer has accepted this client's key.
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
            true => ConversationState::Up,
            false => ConversationState::Over(Some("the peer speaks another protocol".into())),
        };
    }

    fn lost(&mut self, reason: &ConnectionError) {
        if matches!(self.state, ConversationState::Over(_)) {
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
                    "the peer rejected the key of this client; check that the registry has the key of your identity"
                        .into(),
                )
            }
            other => Some(other.to_string()),
        };
        self.state = ConversationState::Over(reason);
    }

    /// Sends as many of these bytes as the stream accepts now, and returns their number. Call it only after both peers have
    /// proven their identity.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(line) = self
            .line
            .as_mut()
            .filter(|_| self.state == ConversationState::Up)
        else {
            return 0;
        };
        line.write(bytes)
    }

    /// Stops sending.
    pub(super) fn finish(&mut self) {
        if let Some(line) = &mut self.line
            && let Some(id) = line.sending
        {
            // `finish` fails if the peer has stopped reading. In this case, nothing more can be sent, so everything counts
            // as sent.
            line.all_sent |= line.connection.send_stream(id).finish().is_err();
        }
    }

    /// True if the peer has received everything, including the end.
    pub(super) fn all_sent(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.all_sent)
    }

    /// Returns what arrived next. Call it even after the connection has ended, because received bytes may remain.
    pub(super) fn read(&mut self) -> Option<Received> {
        if self.state == ConversationState::Opening {
            return None;
        }
        self.line.as_mut()?.read(PIECE)
    }

    /// Closes the conversation at once. If a connection exists, also tells the peer.
    pub(super) fn close(&mut self, now: Instant) {
        if let Some(line) = &mut self.line {
            let code = match line.all_sent && line.all_received {
                true => HAS_ALL,
                false => LEAVES,
            };
            line.connection.close(now, code, Default::default());
        }
        if !matches!(self.state, ConversationState::Over(_)) {
            self.state = ConversationState::Over(None);
        }
    }

    /// Records that a datagram of the connection is sent now. If it is the closing datagram, keeps a copy, because it may
    /// have to be sent again.
    pub(super) fn note_sent(&mut self, now: Instant, to: SocketAddr, datagram: &[u8]) {
        let is_closed = |line: &QuicConnection| line.connection.is_closed();
        if !self.line.as_ref().is_some_and(is_closed) {
            return;
        }
        match &mut self.farewell {
            Some(farewell) => farewell.renew(to, datagram.to_vec()),
            None => self.farewell = Some(Farewell::sent(now, to, datagram.to_vec())),
        }
    }

    /// Returns the next copy of the closing datagram, if it is due and the peer has not answered.
    pub(super) fn farewell_due(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        self.unanswered()?;
        self.farewell.as_mut()?.due(now)
    }

    /// True if the peer knows that the connection is closed, or if no further copy of the closing datagram will be sent.
    pub(super) fn is_taken_leave_of(&self) -> bool {
        let farewell = self.unanswered();
        farewell.is_none_or(|farewell| farewell.deadline().is_none())
    }

    /// Returns the closing datagram; `None` if it has not been sent yet, or if the peer has closed the connection too.
    fn unanswered(&self) -> Option<&Farewell> {
        let line = self.line.as_ref()?;
        let closed_by_peer = line.connection.stats().frame_rx.connection_close > 0;
        self.farewell.as_ref().filter(|_| !closed_by_peer)
    }

    /// Marks the conversation as failed. Call it only while the conversation is not open yet.
    pub(super) fn fail(&mut self, reason: String) {
        self.state = ConversationState::Over(Some(reason));
    }

    /// True if nothing is left to report to the client's loop or to send to the peer.
    pub(super) fn is_gone(&self) -> bool {
        let line = self.line.as_ref();
        let is_drained = line.is_none_or(|line| line.connection.is_drained());
        self.forgotten && is_drained && self.is_taken_leave_of()
    }
}

impl QuicConnection {
    pub(super) fn new(handle: ConnectionHandle, connection: Connection) -> QuicConnection {
        QuicConnection {
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
        // The greeting fits into the stream's initial window.
        self.write(APPLICATION);
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        // An empty write is skipped, because it would cost two datagrams: an empty stream frame, and the peer's
        // acknowledgement.
        let Some(id) = self.sending.filter(|_| !bytes.is_empty()) else {
            return 0;
        };
        match self.connection.send_stream(id).write(bytes) {
            Ok(written) => written,
            Err(WriteError::Blocked) => 0,
            // The peer has stopped reading. The bytes are lost, as on a TCP connection, but they count as sent.
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

/// A side closes the connection with this code if it knows that both sides have received everything.
const HAS_ALL: VarInt = VarInt::from_u32(0);
/// A side closes the connection with this code if it does not know whether both sides have received everything.
const LEAVES: VarInt = VarInt::from_u32(1);

/// True for an error code of a TLS handshake (RFC 9001, section 4.8).
fn is_of_tls(code: u64) -> bool {
    (0x100..0x200).contains(&code)
}
