//! The client's half of a conversation: what the `client.rs` of each protocol offers to the program that a person uses.
//!
//! **A dialogue is a value**, as a room is. What the user wants ([`Intent`]) or bytes from a connection come in,
//! [`Action`]s go out: bytes to send, another connection to open, an [`Event`] to show. A dialogue knows no socket,
//! thread or clock, so the line client, the interactive client and the tests all drive the same code.
//!
//! The private connections ("tunnels") of the protocols differ in two ways:
//!
//! - *How it is opened.* Through the server: [`Action::Open`], and the dialogue reads the first frames that come on it.
//!   Directly between the two clients: one of them says [`Action::Listen`], the other [`Action::Connect`], or both say
//!   [`Action::Meet`]; [`Dialogue::connected`] is called when the connection is open.
//! - *What it carries.* Raw bytes, which the protocol does not read: [`Action::Raw`]. Or frames of the protocol:
//!   [`Action::Framed`]; then [`Dialogue::frame`] makes those that are sent, and [`Dialogue::receive`] reads those that come.

mod action;
mod event;
mod refusal;
mod remembered;
mod tunnels;

use std::fmt;
use std::net::SocketAddr;

use crate::wire::{Explained, Malformed};

pub use action::{Action, Pass};
pub use event::Event;
pub use refusal::Refusal;
pub use remembered::Remembered;
pub use tunnels::Tunnels;

/// One private connection of this client. A number is never used twice while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TunnelId(pub u32);

/// How far the login of a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// No login is proposed, or the last one was refused.
    None,
    /// A login was sent and is not answered yet.
    Proposed,
    /// The server accepted the login.
    Accepted,
}

/// A protocol, as a client uses it.
pub trait Dialogue: Send {
    /// The user wants something. Returns what to send to the server, or why it cannot be sent.
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal>;

    /// Decodes one frame at the front of the bytes of a connection. Returns its length and what follows from it, or
    /// `None` while bytes are missing. After a [`Fault`] the connection cannot be used any more.
    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault>;

    /// Takes the first frame of these bytes apart, to show the bytes on the wire. Returns `None` when the bytes do not
    /// begin with a frame.
    fn explain(&self, direction: Direction, on: Source, bytes: &[u8]) -> Option<Explained>;

    /// True when the server sends our own messages for all back to us. Where it does not, the program shows them when
    /// they are sent.
    fn hears_itself(&self) -> bool {
        true
    }

    /// The server was reached at the address `server`, from our address `own`; [`Intent::LogIn`] follows.
    fn reached(&mut self, server: SocketAddr, own: SocketAddr) {
        let _ = (server, own);
    }

    /// False when the login is fixed: after a refusal there is no other login to try.
    fn chooses_its_login(&self) -> bool {
        true
    }

    /// Returns the name of the client that the user means by `peer`.
    fn known_as(&self, peer: &str) -> String {
        peer.to_owned()
    }

    /// The user gives another client a name of their own.
    fn name(&mut self, peer: &str, name: &str) -> Result<Vec<Action>, Refusal> {
        let _ = (peer, name);
        Err(Refusal::NoBook)
    }

    /// The reply to [`Action::Listen`]: the program listens at this address for the peer, or cannot listen.
    fn listens(&mut self, tunnel: TunnelId, at: Option<SocketAddr>) -> Vec<Action> {
        let _ = (tunnel, at);
        Vec::new()
    }

    /// The connection of a private connection is open: [`Action::Open`] or [`Action::Connect`] made it, or the peer
    /// did.
    fn connected(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// Returns the bytes to send on a private connection that is [`Action::Framed`].
    fn frame(&self, content: Content<'_>) -> Result<Vec<u8>, Refusal> {
        let _ = content;
        Err(Refusal::NoFrames)
    }

    /// Everything that was to be sent on a private connection has left, and so has the end of our direction.
    fn all_sent(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// A private connection is over, for whatever reason.
    fn ended(&mut self, tunnel: TunnelId);

    /// The connection to the server is lost. Another may follow; then [`Intent::LogIn`] is the first intent again.
    /// Requests of the old connection no longer count. Private connections are over only when [`Dialogue::ended`] says
    /// so.
    fn disconnected(&mut self);
}

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent<'a> {
    /// Log in under this name. The first intent; sent again after a refusal.
    LogIn {
        /// The name.
        login: &'a str,
    },
    /// Send a message to all.
    Say {
        /// The message.
        text: &'a str,
    },
    /// Send a message to one other user.
    Whisper {
        /// The recipient.
        to: &'a str,
        /// The message.
        text: &'a str,
    },
    /// Ask a client for a private connection.
    Ask {
        /// The client to ask.
        peer: &'a str,
    },
    /// Accept a client's request.
    Accept {
        /// The client that asked.
        peer: &'a str,
    },
    /// Decline a client's request.
    Deny {
        /// The client that asked.
        peer: &'a str,
    },
    /// End the private connection with a client: the newest, when there are several.
    Close {
        /// The other client.
        peer: &'a str,
    },
}

/// What is sent on a private connection that carries frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A message.
    Text(&'a str),
    /// A file: its bytes follow directly after the frame that announces it.
    File {
        /// The file's name, without a path.
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

/// The direction of bytes, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us.
    Sent,
    /// To us.
    Received,
}

/// Why the bytes of a server cannot be a conversation in this protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The bytes can never become a frame.
    Malformed(Malformed),
    /// A well-formed frame on a private connection that is not open yet.
    NotYetUp {
        /// The frame that came, in words.
        frame: String,
        /// The frame that should have come.
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
                write!(f, "received {frame} instead of {expected}")
            }
        }
    }
}

impl std::error::Error for Fault {}
