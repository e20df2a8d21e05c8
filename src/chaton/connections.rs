//! What becomes of connections: how they come, what they may become, how they end.

use std::net::IpAddr;
use std::sync::Arc;

use crate::room::{ConnId, Effects, Flow, Overdue, Ticket};

use super::Room;

pub(super) struct Connection {
    pub(super) address: IpAddr,
    pub(super) state: State,
}

/// Where a connection stands in the document.
#[derive(Clone)]
pub(super) enum State {
    /// Connected, without a login; it may yet become a client or a tunnel's end.
    Anonymous,
    /// A client: its LOGIN was accepted.
    Identified { login: Arc<str> },
    /// The first end of a private connection; the other one has not come.
    WaitingEnd { connect_id: i64 },
    /// One of the two ends of an established private connection: the engine relays its bytes, the room sees it again when
    /// it is gone.
    TunnelEnd,
    /// It showed a wrong connect_id and is closed when the ticket comes due.
    AnsweredLate { ticket: Ticket },
    /// It is being closed; nothing that it sends counts any more.
    Leaving,
}

impl State {
    pub(super) fn flow(&self) -> Flow {
        match self {
            State::Anonymous | State::Identified { .. } => Flow::Frames,
            State::WaitingEnd { .. } | State::TunnelEnd => Flow::Raw,
            State::AnsweredLate { .. } | State::Leaving => Flow::Closed,
        }
    }
}

impl Room {
    pub(super) fn open(&mut self, id: ConnId, address: IpAddr) {
        let state = State::Anonymous;
        self.connections.insert(id, Connection { address, state });
    }

    pub(super) fn overdue(&mut self, from: ConnId, overdue: Overdue, out: &mut Effects) {
        let Some(connection) = self.connections.get(&from) else {
            return;
        };
        let late_with = match (&connection.state, overdue) {
            (State::Anonymous, Overdue::FirstByte) => {
                if self.is_expected(connection.address) {
                    return;
                }
                "its first byte"
            }
            (State::Anonymous, Overdue::Identification) => "its login",
            (State::Anonymous | State::Identified { .. }, Overdue::Frame) => "the rest of a frame",
            // A client may be silent for ever, and a tunnel's end has its connect_id's time.
            _ => return,
        };
        out.remark(from, format!("closed: too late with {late_with}"));
        self.close(from, out);
    }

    /// Real clients open the second connection early and keep it silent while a human decides.
    fn is_expected(&self, address: IpAddr) -> bool {
        self.roster
            .at(address)
            .any(|client| self.requests.involves(client) || self.rendezvous.involves(client))
    }

    /// Closes a connection in order, however far it had come.
    pub(super) fn close(&mut self, id: ConnId, out: &mut Effects) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        match connection.state.clone() {
            // The engine ends tunnels by itself; the two others are on their way out.
            State::TunnelEnd | State::AnsweredLate { .. } | State::Leaving => return,
            State::Anonymous => connection.state = State::Leaving,
            State::WaitingEnd { connect_id } => {
                connection.state = State::Leaving;
                self.rendezvous.give_back(connect_id);
            }
            State::Identified { login } => {
                connection.state = State::Leaving;
                self.depart(id, &login, out);
            }
        }
        out.finish(id);
    }

    /// The connection is over.
    pub(super) fn forget(&mut self, id: ConnId, out: &mut Effects) {
        let Some(connection) = self.connections.remove(&id) else {
            return;
        };
        match connection.state {
            State::Anonymous | State::TunnelEnd | State::Leaving => {}
            State::WaitingEnd { connect_id } => self.rendezvous.give_back(connect_id),
            State::AnsweredLate { ticket } => self.guesses.withdraw(ticket),
            State::Identified { login } => self.depart(id, &login, out),
        }
    }

    /// A client leaves: its name is free and its negotiations are over from here on.
    fn depart(&mut self, id: ConnId, login: &str, out: &mut Effects) {
        self.roster.leave(id);
        out.leave(id);
        self.end_negotiations(id, login, out);
    }

    pub(super) fn flow(&self, id: ConnId) -> Flow {
        self.connections
            .get(&id)
            .map_or(Flow::Closed, |connection| connection.state.flow())
    }
}
