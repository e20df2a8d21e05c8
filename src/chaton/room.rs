//! What each command of Chaton does: sections 1 and 2 of the document, and what becomes of connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::room::{
    ConnId, Effects, Entropy, Event, Flow, Overdue, Protocol, Roster, Taken, check_name,
};
use crate::wire::Malformed;

use super::{ClientFrame, Codec, Options, ServerFrame};

/// A login takes at most this many bytes (section 1).
pub const MAX_LOGIN_BYTES: usize = 30;

/// Everything that a Chaton listener knows: who is connected, what they are called, who negotiates with whom.
pub struct Room {
    options: Options,
    connections: HashMap<ConnId, Connection>,
    roster: Roster,
}

struct Connection {
    address: IpAddr,
    state: State,
}

/// Where a connection stands in the document.
#[derive(Debug, Clone)]
enum State {
    /// Connected, without a login; it may yet become a client or a tunnel's end.
    Anonymous,
    /// A client: its LOGIN was accepted.
    Identified { login: Arc<str> },
    /// It is being closed; nothing that it sends counts any more.
    Leaving,
}

impl State {
    fn flow(&self) -> Flow {
        match self {
            State::Anonymous | State::Identified { .. } => Flow::Frames,
            State::Leaving => Flow::Closed,
        }
    }
}

impl Protocol for Room {
    const NAME: &'static str = "chaton";
    type Codec = Codec;
    type Command<'a> = ClientFrame<'a>;

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
        _now: Instant,
        out: &mut Effects,
    ) -> Flow {
        match event {
            Event::Opened(address) => self.open(from, address.ip().to_canonical()),
            Event::Command(command) => self.command(from, command, out),
            Event::Malformed(malformed) => {
                out.remark(from, format!("closed: {malformed}"));
                self.close(from, out);
            }
            Event::Overdue(overdue) => self.overdue(from, overdue, out),
            Event::ReadClosed => self.close(from, out),
            Event::Gone => self.forget(from, out),
        }
        self.flow(from)
    }
}

impl Room {
    /// A room in which nobody is.
    pub fn new(options: Options, _entropy: Entropy) -> Room {
        Room {
            options,
            connections: HashMap::new(),
            roster: Roster::default(),
        }
    }

    fn open(&mut self, id: ConnId, address: IpAddr) {
        let state = State::Anonymous;
        self.connections.insert(id, Connection { address, state });
    }

    /// The document, sentence by sentence.
    fn command(&mut self, from: ConnId, command: ClientFrame<'_>, out: &mut Effects) {
        let Some(connection) = self.connections.get(&from) else {
            return;
        };
        match (connection.state.clone(), command) {
            (State::Anonymous, ClientFrame::Login { login }) => self.login(from, login, out),
            (State::Identified { .. }, ClientFrame::Login { login }) => {
                out.remark(from, format!("refused a second LOGIN, as {login:?}"));
                self.send(from, ServerFrame::LoginRefused, out);
            }
            (State::Identified { login: own }, ClientFrame::Message { login, msg })
                if *own == *login =>
            {
                out.all(&ServerFrame::Message { login, msg }.with(self.options.codec()));
            }
            (
                State::Identified { login: own },
                ClientFrame::MessagePrivate {
                    sender,
                    target,
                    msg,
                },
            ) if *own == *sender => match self.roster.find(target) {
                Some(to) => {
                    let frame = ServerFrame::MessagePrivate {
                        sender,
                        target,
                        msg,
                    };
                    self.send(to, frame, out);
                }
                None => out.remark(from, format!("nobody is called {target:?}")),
            },
            (_, command) => out.remark(from, format!("not acted on: {command}")),
        }
    }

    fn login(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        let Some(connection) = self.connections.get_mut(&from) else {
            return;
        };
        if let Err(refused) = check_name(login, MAX_LOGIN_BYTES) {
            out.remark(from, format!("refused the login {login:?}: {refused}"));
            self.send(from, ServerFrame::LoginRefused, out);
            return;
        }
        match self.roster.join(from, login, connection.address) {
            Ok(login) => {
                let name = Arc::clone(&login);
                connection.state = State::Identified { login };
                self.send(from, ServerFrame::LoginAccepted, out);
                out.join(from, &name);
            }
            Err(Taken) => {
                out.remark(from, format!("refused the login {login:?}: it is taken"));
                self.send(from, ServerFrame::LoginRefused, out);
            }
        }
    }

    fn overdue(&mut self, from: ConnId, overdue: Overdue, out: &mut Effects) {
        let Some(connection) = self.connections.get(&from) else {
            return;
        };
        match (&connection.state, overdue) {
            (State::Anonymous, _) | (State::Identified { .. }, Overdue::Frame) => {
                out.remark(from, format!("closed: late with {overdue:?}"));
                self.close(from, out);
            }
            _ => {}
        }
    }

    /// Ends a connection in order, however far it had come.
    fn close(&mut self, id: ConnId, out: &mut Effects) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        match std::mem::replace(&mut connection.state, State::Leaving) {
            State::Leaving => return,
            State::Identified { .. } => self.depart(id, out),
            State::Anonymous => {}
        }
        out.finish(id);
    }

    /// The connection is over.
    fn forget(&mut self, id: ConnId, out: &mut Effects) {
        let Some(connection) = self.connections.remove(&id) else {
            return;
        };
        if let State::Identified { .. } = connection.state {
            self.depart(id, out);
        }
    }

    /// A client leaves: its name is free from here on.
    fn depart(&mut self, id: ConnId, out: &mut Effects) {
        self.roster.leave(id);
        out.leave(id);
    }

    fn flow(&self, id: ConnId) -> Flow {
        self.connections
            .get(&id)
            .map_or(Flow::Closed, |connection| connection.state.flow())
    }

    fn send(&self, to: ConnId, frame: ServerFrame<'_>, out: &mut Effects) {
        out.one(to, &frame.with(self.options.codec()));
    }
}
