//! All conversations over one socket, without the socket: datagrams come in, datagrams go out, time is an argument.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use quinn_proto::{ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, Incoming};
use rustls::sign::CertifiedKey;

use super::conversation::{Conversation, Line, Meeting};
use super::tls;

/// Which conversation.
pub(super) type Id = u32;

/// All of them.
pub(super) struct Conversations {
    own: Arc<CertifiedKey>,
    endpoint: Endpoint,
    open: BTreeMap<Id, Conversation>,
    next: Id,
    outgoing: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Conversations {
    /// None so far. The key proves who we are.
    pub(super) fn new(own: Arc<CertifiedKey>) -> Conversations {
        let mut config = EndpointConfig::default();
        // A set bit tells our QUIC packets from probes.
        config.grease_quic_bit(false);
        Conversations {
            own,
            // Nothing is known about the path's MTU: datagrams keep to what every path carries.
            endpoint: Endpoint::new(Arc::new(config), None, false, None),
            open: BTreeMap::new(),
            next: 0,
            outgoing: VecDeque::new(),
        }
    }

    /// Begins to look for a peer.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn meet(&mut self, now: Instant, meeting: &Meeting) -> Result<Id, rustls::Error> {
        let takes_calls = match meeting.calls {
            true => None,
            false => Some(tls::callee(&self.own, meeting.key)?),
        };
        if takes_calls.is_some() {
            // Without one no call would be noticed; which one it is taken with is decided then.
            self.endpoint.set_server_config(takes_calls.clone());
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let conversation = Conversation::new(now, meeting, takes_calls);
        self.open.insert(id, conversation);
        self.settle(now);
        Ok(id)
    }

    /// One of them, until it was closed here; after a conversation is over it can still be asked why.
    pub(super) fn get(&mut self, id: Id) -> Option<&mut Conversation> {
        self.open.get_mut(&id)
    }

    /// Takes a datagram. Nothing is taken from an address at which nobody is sought or spoken to, and nothing is ever
    /// answered to one.
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
            Ok((handle, connection)) => conversation.line = Some(Line::new(handle, connection)),
            Err(refused) => {
                if let Some(transmit) = refused.response {
                    answer.truncate(transmit.size);
                    self.outgoing.push_back((transmit.destination, answer));
                }
            }
        }
    }

    /// Does what time demands.
    pub(super) fn timeout(&mut self, now: Instant) {
        for conversation in self.open.values_mut() {
            conversation.timeout(now);
        }
        self.settle(now);
    }

    /// When [`Conversations::timeout`] is due.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        let deadlines = self.open.values_mut().map(Conversation::deadline);
        deadlines.flatten().min()
    }

    /// Ends one if it has not ended, and forgets it as soon as the peer knows.
    pub(super) fn close(&mut self, now: Instant, id: Id) {
        if let Some(conversation) = self.open.get_mut(&id) {
            conversation.close(now);
            conversation.forgotten = true;
        }
        self.settle(now);
    }

    /// True when every peer whose conversation was closed knows it, or will not be told again.
    pub(super) fn have_taken_leave(&self) -> bool {
        self.open.values().all(Conversation::is_taken_leave_of)
    }

    /// The next datagram that should be sent.
    pub(super) fn next_datagram(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.outgoing.pop_front()
    }

    /// After anything was written, read or finished: what follows from it.
    pub(super) fn settle(&mut self, now: Instant) {
        let ids: Vec<Id> = self.open.keys().copied().collect();
        for id in ids {
            self.search(now, id);
            self.drive(now, id);
        }
        self.open.retain(|_, conversation| !conversation.is_gone());
    }

    /// Sends the probes that are due, and calls once the peer is found.
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
            Ok((handle, connection)) => conversation.line = Some(Line::new(handle, connection)),
            Err(reason) => conversation.fail(reason),
        }
    }

    /// Moves what a connection has to say: to its endpoint, to us and to the socket.
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

    fn line(&mut self, handle: ConnectionHandle) -> Option<&mut Line> {
        let mut lines = self.open.values_mut().filter_map(|one| one.line.as_mut());
        lines.find(|line| line.handle == handle)
    }
}

/// The library wants a name for whom it calls. It is not sent, and means nothing.
const NAME: &str = "peer";
