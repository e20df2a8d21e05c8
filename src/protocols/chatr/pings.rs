//! Finds out which clients still answer (PacketPing and PacketPong in the document).

use std::time::{Duration, Instant};

use crate::room::{ByConn, ConnId, Entropy, Expiries, Ticket};

/// The pings of all clients. Each client has only one entry in `timetable`. Most packets from the client do not change this
/// entry: they only update `alive`. Only the answer to the last ping moves the entry to the time of the next ping. When the
/// entry is due, [`Pings::due`] checks `alive`.
pub(super) struct Pings {
    interval: Duration,
    timeout: Duration,
    entropy: Entropy,
    clients: ByConn<Client>,
    timetable: Expiries<ConnId>,
}

struct Client {
    /// The ping that is not answered yet. No other ping is sent until this ping is answered.
    unanswered: Option<i64>,
    /// The time of the server's last ping or of the client's last packet, whichever is later.
    alive: Instant,
    next: Ticket,
}

/// What the room must do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send this client a ping with this id.
    Ping(ConnId, i64),
    /// Disconnect this client: it has sent no packet for too long.
    TimedOut(ConnId),
}

impl Pings {
    pub(super) fn new(interval: Duration, timeout: Duration, entropy: Entropy) -> Pings {
        Pings {
            interval,
            timeout,
            entropy,
            clients: ByConn::default(),
            timetable: Expiries::default(),
        }
    }

    /// Starts the pings of a client that is now connected.
    pub(super) fn begin(&mut self, id: ConnId, now: Instant) {
        let client = Client {
            unanswered: None,
            alive: now,
            next: self.timetable.add(now, self.interval, id),
        };
        self.clients.insert(id, client);
    }

    /// Records that a client has sent a packet of any kind.
    pub(super) fn heard(&mut self, id: ConnId, now: Instant) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.alive = client.alive.max(now);
        }
    }

    /// Records that a client has sent a PacketPong. Returns false when this PacketPong does not answer the last ping.
    pub(super) fn pong(&mut self, id: ConnId, ping: i64, now: Instant) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return false;
        };
        if client.unanswered != Some(ping) {
            return false;
        }
        client.unanswered = None;
        self.timetable.withdraw(client.next);
        client.next = self.timetable.add(now, self.interval, id);
        true
    }

    /// Ends the pings of a client.
    pub(super) fn end(&mut self, id: ConnId) {
        if let Some(client) = self.clients.remove(&id) {
            self.timetable.withdraw(client.next);
        }
    }

    /// Returns what the room must do at `now`, for one client; `None` when nothing is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        while let Some(id) = self.timetable.due(now) {
            let Some(client) = self.clients.get_mut(&id) else {
                continue;
            };
            if client.unanswered.is_none() {
                let ping = (self.entropy)().cast_signed();
                client.unanswered = Some(ping);
                client.alive = now;
                client.next = self.timetable.add(now, self.timeout, id);
                return Some(Due::Ping(id, ping));
            }
            let silent = now.saturating_duration_since(client.alive);
            if silent >= self.timeout {
                self.clients.remove(&id);
                return Some(Due::TimedOut(id));
            }
            client.next = self.timetable.add(client.alive, self.timeout, id);
        }
        None
    }

    /// Returns when [`Pings::due`] will have something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timetable.deadline()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.timetable.is_empty()
    }
}
