//! All conversations of one UDP socket. This code does not use the socket: the caller passes in datagrams and the time, and
//! takes out datagrams to send.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use quinn_proto::{ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, Incoming};
use rustls::sign::CertifiedKey;

use super::conversation::{Conversation, Meeting, QuicConnection};
use super::tls;

/// The number of a conversation.
pub(super) type Id = u32;

/// All conversations of this client.
pub(super) struct Conversations {
    own: Arc<CertifiedKey>,
    endpoint: Endpoint,
    open: BTreeMap<Id, Conversation>,
    next: Id,
    outgoing: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Conversations {
    /// Creates an empty list. `own` is the key of this client's identity. With this key the client proves its identity to
    /// peers.
    pub(super) fn new(own: Arc<CertifiedKey>) -> Conversations {
        let mut config = EndpointConfig::default();
        // Our QUIC packets must always have the QUIC bit set, so that the peer can distinguish them from probes.
        config.grease_quic_bit(false);
        Conversations {
            own,
            // `false` switches off the search for the MTU of the path, so datagrams keep a size that every network supports.
            endpoint: Endpoint::new(Arc::new(config), None, false, None),
            open: BTreeMap::new(),
            next: 0,
            outgoing: VecDeque::new(),
        }
    }

    /// Starts the search for a peer.
    ///
    /// # Errors
    /// Fails if TLS cannot be set up.
    pub(super) fn meet(&mut self, now: Instant, meeting: &Meeting) -> Result<Id, rustls::Error> {
        let takes_calls = match meeting.calls {
            true => None,
            false => Some(tls::callee(&self.own, meeting.key)?),
        };
        if takes_calls.is_some() {
            // Without a server configuration the endpoint ignores incoming connections. The right configuration is chosen
            // when a connection arrives.
            self.endpoint.set_server_config(takes_calls.clone());
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let conversation = Conversation::new(now, meeting, takes_calls);
        self.open.insert(id, conversation);
        self.settle(now);
        Ok(id)
    }

    /// Returns a conversation; `None` after it has been forgotten (see [`Conversations::close`]). If the peer has ended the
    /// conversation, the state of the conversation contains the reason.
    pub(super) fn get(&mut self, id: Id) -> Option<&mut Conversation> {
        self.open.get_mut(&id)
    }

    /// Handles a datagram. Datagrams from addresses without a conversation are dropped and never answered.
    pub(super) fn datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        let mut known = self.open.values_mut().rev();
        if !known.any(|conversation| conversation.probing.includes(from)) {
            return;
        }
        let mut searching = self.open.values_mut().filter(|one| one.is_searching());
        if searching.any(|conversation| conversation.probing.hear(from, datagram)) {
            self.settle(now);
            return;
        }
        let mut answer = Vec::new();
        let event = self
            .endpoint
            .handle(now, from, None, None, datagram.into(), &mut answer);
        match event {
            Some(DatagramEvent::ConnectionEvent(handle, event)) => {
                if let Some(line) = self.line(handle) {
                    line.connection.handle_event(event);
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) => self.called(now, incoming),
            Some(DatagramEvent::Response(transmit)) => {
                answer.truncate(transmit.size);
                self.outgoing.push_back((transmit.destination, answer));
            }
            None => {}
        }
        self.settle(now);
    }

    fn called(&mut self, now: Instant, incoming: Incoming) {
        let from = incoming.remote_address();
        let awaits = |one: &Conversation| one.is_searching() && one.probing.includes(from);
        let called = self.open.values_mut().find(|one| awaits(one));
        let Some((conversation, config)) =
            called.and_then(|one| one.takes_calls.clone().map(|config| (one, config)))
        else {
            self.endpoint.ignore(incoming);
            return;
        };
        let mut answer = Vec::new();
        match self
            .endpoint
            .accept(incoming, now, &mut answer, Some(config))
        {
            Ok((handle, connection)) => {
                conversation.line = Some(QuicConnection::new(handle, connection))
            }
            Err(refused) => {
                if let Some(transmit) = refused.response {
                    answer.truncate(transmit.size);
                    self.outgoing.push_back((transmit.destination, answer));
                }
            }
        }
    }

    /// Handles expired deadlines.
    pub(super) fn timeout(&mut self, now: Instant) {
        for conversation in self.open.values_mut() {
            conversation.timeout(now);
        }
        self.settle(now);
    }

    /// Returns the time at which [`Conversations::timeout`] must be called.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        let deadlines = self.open.values_mut().map(Conversation::deadline);
        deadlines.flatten().min()
    }

    /// Closes a conversation if it is open. The conversation is forgotten when the peer knows that it is closed, or when the
    /// wait for the peer's answer has ended.
    pub(super) fn close(&mut self, now: Instant, id: Id) {
        if let Some(conversation) = self.open.get_mut(&id) {
            conversation.close(now);
            conversation.forgotten = true;
        }
        self.settle(now);
    }

    /// True if no closing datagram has to be sent any more: each peer whose conversation was closed has answered, or all
    /// copies were sent.
    pub(super) fn have_taken_leave(&self) -> bool {
        self.open.values().all(Conversation::is_taken_leave_of)
    }

    /// Returns the next datagram to send.
    pub(super) fn next_datagram(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.outgoing.pop_front()
    }

    /// Sends the datagrams that are due, handles events, and removes the conversations that are over. Call this function
    /// also after writing or reading bytes, and after finishing a stream.
    pub(super) fn settle(&mut self, now: Instant) {
        let ids: Vec<Id> = self.open.keys().copied().collect();
        for id in ids {
            self.search(now, id);
            self.drive(now, id);
        }
        self.open.retain(|_, conversation| !conversation.is_gone());
    }

    /// Sends the probes that are due, and starts the QUIC connection when the peer is found.
    fn search(&mut self, now: Instant, id: Id) {
        let Some(conversation) = self.open.get_mut(&id).filter(|one| one.is_searching()) else {
            return;
        };
        while let Some((to, probe)) = conversation.probing.due(now) {
            self.outgoing.push_back((to, probe.to_vec()));
        }
        let Some(found) = conversation.probing.found() else {
            return;
        };
        if conversation.takes_calls.is_some() {
            return;
        }
        let called = tls::caller(&self.own, conversation.key)
            .map_err(|error| error.to_string())
            .and_then(|config| {
                let called = self.endpoint.connect(now, config, found, NAME);
                called.map_err(|error| error.to_string())
            });
        match called {
            Ok((handle, connection)) => {
                conversation.line = Some(QuicConnection::new(handle, connection))
            }
            Err(reason) => conversation.fail(reason),
        }
    }

    /// Passes the events of a connection to its endpoint and to the conversation. Passes the datagrams of the connection to
    /// the socket.
    fn drive(&mut self, now: Instant, id: Id) {
        let Some(conversation) = self.open.get_mut(&id) else {
            return;
        };
        loop {
            let mut moved = conversation.take_event();
            let Some(line) = &mut conversation.line else {
                return;
            };
            while let Some(event) = line.connection.poll_endpoint_events() {
                moved = true;
                if let Some(answer) = self.endpoint.handle_event(line.handle, event) {
                    line.connection.handle_event(answer);
                }
            }
            let (mut datagram, mut sent) = (Vec::new(), Vec::new());
            while let Some(transmit) = line.connection.poll_transmit(now, 1, &mut datagram) {
                moved = true;
                datagram.truncate(transmit.size);
                sent.push((transmit.destination, std::mem::take(&mut datagram)));
            }
            for (to, datagram) in sent {
                conversation.note_sent(now, to, &datagram);
                self.outgoing.push_back((to, datagram));
            }
            if !moved {
                break;
            }
        }
        while let Some(copy) = conversation.farewell_due(now) {
            self.outgoing.push_back(copy);
        }
    }

    fn line(&mut self, handle: ConnectionHandle) -> Option<&mut QuicConnection> {
        let mut lines = self.open.values_mut().filter_map(|one| one.line.as_mut());
        lines.find(|line| line.handle == handle)
    }
}

/// The QUIC library requires a server name. This name is not sent, and peers do not check it.
const NAME: &str = "peer";
