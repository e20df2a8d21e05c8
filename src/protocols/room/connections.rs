use std::net::IpAddr;
use std::sync::Arc;

use super::{ByConn, ConnId, Effects, Event, Flow, Overdue, Ticket};

/// Every connection of a room, and where it stands: how it came, what it may become, how it ends.
///
/// `End` says what a tunnel's end waits for, `Late` what a connection is told that must wait for its answer; both differ
/// from protocol to protocol, the way of a connection does not.
#[derive(Debug)]
pub struct Connections<End, Late = ()> {
    all: ByConn<Connection<End, Late>>,
}

#[derive(Debug)]
struct Connection<End, Late> {
    address: IpAddr,
    state: State<End, Late>,
}

/// Where a connection stands in the document.
#[derive(Debug, Clone)]
pub enum State<End, Late = ()> {
    /// Connected, without a name; it may yet become a client or a tunnel's end.
    Anonymous,
    /// A client: its name was accepted.
    Identified {
        /// The name.
        login: Arc<str>,
    },
    /// The first end of a private connection; the other one has not come.
    WaitingEnd(End),
    /// One of the two ends of an established private connection: the engine relays its bytes, the room sees it again when
    /// it is gone.
    TunnelEnd,
    /// It showed what would open a tunnel for whoever guesses right, and was wrong. When the ticket comes due it is told so
    /// and closed.
    AnsweredLate {
        /// In the hands of [`super::Guesses`].
        ticket: Ticket,
        /// What it is told.
        answer: Late,
    },
    /// It is being closed; nothing that it sends counts any more.
    Leaving,
}

impl<End, Late> State<End, Late> {
    fn flow(&self) -> Flow {
        match self {
            State::Anonymous | State::Identified { .. } => Flow::Frames,
            State::WaitingEnd(_) | State::TunnelEnd => Flow::Raw,
            State::AnsweredLate { .. } | State::Leaving => Flow::Closed,
        }
    }
}

impl<End, Late> Default for Connections<End, Late> {
    fn default() -> Connections<End, Late> {
        Connections {
            all: ByConn::default(),
        }
    }
}

impl<End, Late> Connections<End, Late> {
    /// One more, from this address.
    fn open(&mut self, id: ConnId, address: IpAddr) {
        let state = State::Anonymous;
        self.all.insert(id, Connection { address, state });
    }

    /// Where a connection stands; `None` when it is gone.
    pub fn state(&self, id: ConnId) -> Option<&State<End, Late>> {
        self.all.get(&id).map(|connection| &connection.state)
    }

    /// Where a connection comes from.
    pub fn address(&self, id: ConnId) -> Option<IpAddr> {
        self.all.get(&id).map(|connection| connection.address)
    }

    /// From here on it stands there; returns where it stood. A connection that is gone stays gone.
    pub fn enter(&mut self, id: ConnId, state: State<End, Late>) -> Option<State<End, Late>> {
        let connection = self.all.get_mut(&id)?;
        Some(std::mem::replace(&mut connection.state, state))
    }

    /// How its bytes are to be read on.
    pub fn flow(&self, id: ConnId) -> Flow {
        self.state(id).map_or(Flow::Closed, State::flow)
    }

    /// It is to be closed: returns where it stood, so that the room can tidy up. `None` when there is nothing to close,
    /// because the engine ends tunnels by itself and others are on their way out.
    fn close(&mut self, id: ConnId) -> Option<State<End, Late>> {
        match self.state(id)? {
            State::TunnelEnd | State::AnsweredLate { .. } | State::Leaving => None,
            State::Anonymous | State::Identified { .. } | State::WaitingEnd(_) => {
                self.enter(id, State::Leaving)
            }
        }
    }

    /// It is gone: returns where it stood.
    fn forget(&mut self, id: ConnId) -> Option<State<End, Late>> {
        self.all.remove(&id).map(|connection| connection.state)
    }

    /// What it is late with in words; `None` when it has all the time it wants, or is excused from a first byte: real
    /// clients open the second connection early and keep it silent while a human decides.
    fn late_with(&self, id: ConnId, overdue: Overdue, excused: bool) -> Option<&'static str> {
        match (self.state(id)?, overdue) {
            (State::Anonymous, Overdue::FirstByte) if excused => None,
            (State::Anonymous, Overdue::FirstByte) => Some("its first byte"),
            (State::Anonymous, Overdue::Identification) => Some("its login"),
            (State::Anonymous | State::Identified { .. }, Overdue::Frame) => {
                Some("the rest of a frame")
            }
            // A client may be silent for ever, and a tunnel's end has the time of what it waits for.
            _ => None,
        }
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// A room whose connections become clients or ends of tunnels: what such rooms do when something else than a command comes.
pub(crate) trait Housekeeping {
    /// What a tunnel's end waits for.
    type End;
    /// What a connection is told that must wait for its answer.
    type Late;

    /// Where each connection stands.
    fn connections(&mut self) -> &mut Connections<Self::End, Self::Late>;

    /// Whether this address has a client that may open a tunnel.
    fn expects_tunnels_from(&self, address: IpAddr) -> bool;

    /// A connection ends that stood there: what was its own goes with it.
    fn tidy_up_behind(&mut self, id: ConnId, was: State<Self::End, Self::Late>, out: &mut Effects);

    /// Deals with everything but a command, which is given back.
    fn keep_house<C>(&mut self, from: ConnId, event: Event<C>, out: &mut Effects) -> Option<C> {
        match event {
            Event::Command(command) => return Some(command),
            Event::Opened(address) => self.connections().open(from, address.ip().to_canonical()),
            Event::Answer(never) => match never {},
            // It asks nothing.
            Event::Busy => {}
            Event::Malformed(malformed) => {
                out.remark(from, format!("closed: {malformed}"));
                self.close(from, out);
            }
            Event::Overdue(overdue) => self.overdue(from, overdue, out),
            Event::ReadClosed => self.close(from, out),
            Event::Gone => self.forget(from, out),
        }
        None
    }

    /// Closes a connection that is late, unless it is excused.
    fn overdue(&mut self, from: ConnId, overdue: Overdue, out: &mut Effects) {
        let Some(address) = self.connections().address(from) else {
            return;
        };
        let excused = self.expects_tunnels_from(address);
        if let Some(late_with) = self.connections().late_with(from, overdue, excused) {
            out.remark(from, format!("closed: too late with {late_with}"));
            self.close(from, out);
        }
    }

    /// Closes a connection in order, however far it had come.
    fn close(&mut self, id: ConnId, out: &mut Effects) {
        if let Some(was) = self.connections().close(id) {
            self.tidy_up_behind(id, was, out);
            out.finish(id);
        }
    }

    /// The connection is over.
    fn forget(&mut self, id: ConnId, out: &mut Effects) {
        if let Some(was) = self.connections().forget(id) {
            self.tidy_up_behind(id, was, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOMEBODY: ConnId = ConnId(1);
    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(state: State<i64>) -> Connections<i64> {
        let mut connections = Connections::default();
        connections.open(SOMEBODY, ADDRESS);
        connections.enter(SOMEBODY, state);
        connections
    }

    #[test]
    fn a_connection_is_closed_once_and_forgotten_once() {
        let mut connections = at(State::WaitingEnd(7));
        assert!(matches!(
            connections.close(SOMEBODY),
            Some(State::WaitingEnd(7))
        ));
        assert_eq!(connections.flow(SOMEBODY), Flow::Closed);
        assert!(connections.close(SOMEBODY).is_none());
        assert!(matches!(connections.forget(SOMEBODY), Some(State::Leaving)));
        assert!(connections.forget(SOMEBODY).is_none());
        assert!(connections.enter(SOMEBODY, State::TunnelEnd).is_none());
        assert!(connections.is_empty());
    }

    #[test]
    fn a_tunnels_end_is_the_engines_to_close() {
        let mut connections = at(State::TunnelEnd);
        assert!(connections.close(SOMEBODY).is_none());
        assert_eq!(connections.flow(SOMEBODY), Flow::Raw);
    }

    #[test]
    fn only_who_has_no_name_may_be_late_with_it() {
        let connections = at(State::Anonymous);
        let late_with = |overdue, excused| connections.late_with(SOMEBODY, overdue, excused);
        assert_eq!(late_with(Overdue::FirstByte, true), None);
        assert_eq!(late_with(Overdue::FirstByte, false), Some("its first byte"));
        assert_eq!(late_with(Overdue::Identification, true), Some("its login"));
        let login = Arc::from("alice");
        let connections = at(State::Identified { login });
        let late_with = |overdue| connections.late_with(SOMEBODY, overdue, false);
        assert_eq!(late_with(Overdue::Identification), None);
        assert_eq!(late_with(Overdue::Frame), Some("the rest of a frame"));
    }
}
