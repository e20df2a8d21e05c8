//! The client's half of a conversation: what every protocol's `client.rs` offers to the program that talks to a person.
//!
//! **A dialogue is a value**, as a room is. A wish of the user ([`Intent`]) or bytes from a connection come in,
//! [`Action`]s go out: bytes to send, another connection to open, an [`Event`] to show. No socket, thread or clock is
//! known here, so the line-mode client, an interactive one and a test all drive the same code.
//!
//! The private connections ("tunnels") of the protocols differ in two ways, and this is how they fit:
//!
//! - *How one comes to be.* Through the server: [`Action::Open`], and the dialogue reads the first frames that come on it.
//!   Directly between the two clients: one of them says [`Action::Listen`], the other [`Action::Connect`], or both say
//!   [`Action::Meet`]; [`Dialogue::connected`] tells each when it is there.
//! - *What is spoken on it.* Raw bytes, of which the protocol knows nothing: [`Action::Raw`]. Or frames of the protocol:
//!   [`Action::Framed`]; then [`Dialogue::frame`] makes those that are sent, and [`Dialogue::receive`] reads those that come.

mod event;
mod refusal;
mod remembered;
mod tunnels;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use uuid::Uuid;

use crate::wire::{Explained, Malformed};

pub use event::Event;
pub use refusal::Refusal;
pub use remembered::Remembered;
pub use tunnels::Tunnels;

/// One private connection of this client, for as long as the program runs: a number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TunnelId(pub u32);

/// A protocol, seen from the client.
pub trait Dialogue: Send {
    /// The user wants something. Either it can be asked of the server, or the reason why not is known before a byte leaves.
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal>;

    /// Takes one frame from the front of what came on a connection: its length and what follows from it, or `None` for
    /// "not enough bytes yet". After a [`Fault`] the connection is of no more use.
    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault>;

    /// Takes the first frame of these bytes apart, for somebody who looks at the wire. `None` when they do not begin with one.
    fn explain(&self, direction: Direction, on: Source, bytes: &[u8]) -> Option<Explained>;

    /// True when the server sends our own messages for everybody back to us. Where it does not, whoever shows them must do it
    /// when they are sent.
    fn hears_itself(&self) -> bool {
        true
    }

    /// The server was reached at this address, from this one of ours; [`Intent::LogIn`] follows.
    fn reached(&mut self, server: SocketAddr, own: SocketAddr) {
        let _ = (server, own);
    }

    /// False when one is who one is: after a refusal there is no other login to try.
    fn chooses_its_login(&self) -> bool {
        true
    }

    /// What somebody is called whom the user means by this.
    fn known_as(&self, peer: &str) -> String {
        peer.to_owned()
    }

    /// The user wants to call somebody by another name than the protocol does.
    fn name(&mut self, peer: &str, name: &str) -> Result<Vec<Action>, Refusal> {
        let _ = (peer, name);
        Err(Refusal::NoBook)
    }

    /// After [`Action::Listen`]: the program listens at this address for the peer, or cannot.
    fn listens(&mut self, tunnel: TunnelId, at: Option<SocketAddr>) -> Vec<Action> {
        let _ = (tunnel, at);
        Vec::new()
    }

    /// The connection of a private connection is there: [`Action::Open`] or [`Action::Connect`] made it, or the peer did.
    fn connected(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// The bytes to send on a private connection that was said to be [`Action::Framed`].
    fn frame(&self, content: Content<'_>) -> Result<Vec<u8>, Refusal> {
        let _ = content;
        Err(Refusal::NoFrames)
    }

    /// Everything that was to be sent on a private connection has left, and our end behind it.
    fn all_sent(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// A private connection is over, in whatever way.
    fn ended(&mut self, tunnel: TunnelId);

    /// The connection to the server is lost, and another may follow: [`Intent::LogIn`] is the first intent again. What was
    /// asked on the old one is void; private connections are only over when [`Dialogue::ended`] says so.
    fn disconnected(&mut self);
}

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent<'a> {
    /// To be known under this name; the first intent, and again after a refusal.
    LogIn {
        /// The name.
        login: &'a str,
    },
    /// To tell everybody.
    Say {
        /// What.
        text: &'a str,
    },
    /// To tell one other user.
    Whisper {
        /// Whom.
        to: &'a str,
        /// What.
        text: &'a str,
    },
    /// To have a private connection with somebody.
    Ask {
        /// With whom.
        peer: &'a str,
    },
    /// To agree to somebody's request.
    Accept {
        /// Whose.
        peer: &'a str,
    },
    /// To decline somebody's request.
    Deny {
        /// Whose.
        peer: &'a str,
    },
    /// To end the private connection with somebody: the newest, when there are several.
    Close {
        /// With whom.
        peer: &'a str,
    },
}

/// What is sent on a private connection that speaks in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A message.
    Text(&'a str),
    /// A file: its bytes follow right behind the frame that announces it.
    File {
        /// What it is called, without a path.
        name: &'a str,
        /// How many bytes follow.
        size: u64,
    },
}

/// Where bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The connection on which the client logged in.
    Server,
    /// A private connection.
    Tunnel(TunnelId),
}

/// Which way bytes go, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us.
    Sent,
    /// To us.
    Received,
}

/// What a dialogue wants done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes to the server.
    Send(Vec<u8>),
    /// Show this to the user.
    Tell(Event),
    /// Open another connection to the server, as a private connection, and send the opening on it.
    Open {
        /// Its number from here on.
        tunnel: TunnelId,
        /// Who will be at the other end.
        peer: String,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Connect to the peer itself, as a private connection, and send the opening on it. Where the peer says that it is may be
    /// anywhere: whoever carries this out decides whether anything is connected to there.
    Connect {
        /// Its number from here on.
        tunnel: TunnelId,
        /// Who should be at the other end.
        peer: String,
        /// Where the peer says that it listens.
        address: SocketAddr,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Listen for the peer itself, and take the one connection that shows this pass as a private connection.
    /// [`Dialogue::listens`] is told at once where, and the promise ends with [`Dialogue::ended`].
    Listen {
        /// Its number from here on.
        tunnel: TunnelId,
        /// Who should come.
        peer: String,
        /// What it must show.
        pass: Pass,
    },
    /// Look for the peer itself with datagrams, as a private connection: the peer does the same. Once it is there, both have
    /// proven who they are.
    Meet {
        /// Its number from here on.
        tunnel: TunnelId,
        /// Who should be at the other end.
        peer: String,
        /// Whose key it is that proves it.
        uuid: Uuid,
        /// Where it may be, the likelier address first. The port is agreed on beforehand.
        candidates: Vec<IpAddr>,
        /// We call, and the peer is called.
        calls: bool,
    },
    /// Keep this text: it is all of the address book.
    KeepBook(String),
    /// The private connection stands: the bytes that follow on it, both ways, are the users' own.
    Raw(TunnelId),
    /// The private connection stands: frames of the protocol follow on it, both ways.
    Framed(TunnelId),
    /// A file comes in frames: so many bytes, as [`Action::FileBytes`].
    FileComes {
        /// On which private connection.
        tunnel: TunnelId,
        /// What the peer calls it.
        name: String,
        /// How many bytes follow, before another frame can.
        size: u64,
    },
    /// Some of the bytes of the file that comes.
    FileBytes {
        /// On which private connection.
        tunnel: TunnelId,
        /// The bytes, one behind the other.
        bytes: Vec<u8>,
    },
    /// Send no more on this private connection, once what was sent before has left.
    Shut(TunnelId),
}

/// The first bytes of a connection that is let in. What is compared is every byte, so it must be known before.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    /// What everybody may know: whoever begins otherwise is in the wrong place.
    pub public: Vec<u8>,
    /// What only the right one knows. How far a guess at it was right must never be seen.
    pub secret: Vec<u8>,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pass { public, .. } = self;
        write!(f, "Pass {{ public: {public:?}, secret: (not shown) }}")
    }
}

impl Action {
    /// Nothing but showing something.
    pub fn tell(event: Event) -> Vec<Action> {
        vec![Action::Tell(event)]
    }

    /// Nothing but saying that a frame of the server had no meaning.
    pub fn ignore(frame: impl fmt::Display) -> Vec<Action> {
        let what = format!("the server sent what has no meaning here: {frame}");
        Action::tell(Event::Unexpected { what })
    }
}

/// Why what a server sends cannot be a conversation in this protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The bytes can never become a frame.
    Malformed(Malformed),
    /// A well-formed frame on a private connection that does not stand yet.
    NotYetUp {
        /// What came, in words.
        frame: String,
        /// What should have come.
        expected: &'static str,
    },
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Fault {
        Fault::Malformed(malformed)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Malformed(malformed) => malformed.fmt(f),
            Fault::NotYetUp { frame, expected } => {
                write!(f, "{frame} came where {expected} was due")
            }
        }
    }
}

impl std::error::Error for Fault {}
