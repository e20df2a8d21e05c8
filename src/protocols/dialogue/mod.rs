//! The client's half of a protocol. This module is the interface between the client program and the `client.rs` of each
//! protocol.
//!
//! **A dialogue is a value**, as a room is. It receives an [`Intent`] of the user, or bytes from a connection. It returns
//! [`Action`]s, for example: bytes to send, another connection to open, or an [`Event`] to show. A dialogue uses no socket,
//! thread or clock. So the client program can use the same dialogue whether it prints plain lines or controls the terminal,
//! and the tests need no network.
//!
//! The private connections ("tunnels") of the protocols differ in two ways:
//!
//! - *How they are opened.* In some protocols they pass through the server: the dialogue returns [`Action::Open`], and reads
//!   the first frames that arrive on the new connection. In other protocols the two clients connect directly: one client's
//!   dialogue returns [`Action::Listen`] and the other client's dialogue returns [`Action::Connect`], or both return
//!   [`Action::Meet`]. The program calls [`Dialogue::connected`] when the connection is open.
//! - *What they carry.* Some carry raw bytes, which the protocol does not read ([`Action::Raw`]). Others carry frames
//!   of the protocol ([`Action::Framed`]): [`Dialogue::frame`] makes the frames to send, and [`Dialogue::receive`]
//!   reads the frames that arrive.

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

/// The number of a private connection of this client. A number is never used twice while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TunnelId(pub u32);

/// The state of a client's login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The client has proposed no login, or the server refused the last login.
    None,
    /// A login was sent, and the server has not answered it yet.
    Proposed,
    /// The server accepted the login.
    Accepted,
}

/// The client's half of a protocol.
pub trait Dialogue: Send {
    /// Handles an intent of the user. Returns what the program must do, or why the intent is refused.
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal>;

    /// Decodes one frame at the front of the bytes of a connection. Returns the length of the frame and what the program
    /// must do, or `None` while bytes are missing. After a [`Fault`], the program must close the connection.
    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault>;

    /// Splits the first frame of these bytes into its fields, for users who want to see what is sent. Returns `None`
    /// when the bytes do not begin with a frame.
    fn explain(&self, direction: Direction, on: Source, bytes: &[u8]) -> Option<Explained>;

    /// True when the server also sends a message for everyone back to its sender. When this is false, the program itself
    /// shows each message that the user sends to everyone.
    fn hears_itself(&self) -> bool {
        true
    }

    /// Tells the dialogue that the client has connected to the server at the address `server`, from our address `own`. The
    /// next call is [`Dialogue::intend`] with [`Intent::LogIn`].
    fn reached(&mut self, server: SocketAddr, own: SocketAddr) {
        let _ = (server, own);
    }

    /// False when the user cannot choose the login. Then the program does not ask for another login after a refusal.
    fn chooses_its_login(&self) -> bool {
        true
    }

    /// Returns the name to show for the client that the user calls `peer`.
    fn known_as(&self, peer: &str) -> String {
        peer.to_owned()
    }

    /// Gives another client a name that the user has chosen. `peer` is the previous name of this client.
    fn name(&mut self, peer: &str, name: &str) -> Result<Vec<Action>, Refusal> {
        let _ = (peer, name);
        Err(Refusal::NoBook)
    }

    /// Tells the dialogue the result of [`Action::Listen`]: the address at which the program listens for the peer, or
    /// `None` if it cannot listen.
    fn listens(&mut self, tunnel: TunnelId, at: Option<SocketAddr>) -> Vec<Action> {
        let _ = (tunnel, at);
        Vec::new()
    }

    /// Tells the dialogue that the connection for [`Action::Open`], [`Action::Connect`], [`Action::Listen`] or
    /// [`Action::Meet`] is open.
    fn connected(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// Returns a frame with this content, for a private connection that carries frames ([`Action::Framed`]).
    fn frame(&self, content: Content<'_>) -> Result<Vec<u8>, Refusal> {
        let _ = content;
        Err(Refusal::NoFrames)
    }

    /// Tells the dialogue that all queued bytes of a private connection have been sent, and that our direction of it is now
    /// closed.
    fn all_sent(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// Tells the dialogue that a private connection has ended, for any reason.
    fn ended(&mut self, tunnel: TunnelId);

    /// Tells the dialogue that the connection to the server is lost. If the program connects again, the first intent is
    /// [`Intent::LogIn`] again. The dialogue forgets the pending requests. It keeps each private connection until
    /// [`Dialogue::ended`] is called for it.
    fn disconnected(&mut self);
}

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent<'a> {
    /// Log in under this name. This is always the first intent of a user. After a refusal, the program can pass this intent
    /// again, with the same name or another name.
    LogIn {
        /// The name.
        login: &'a str,
    },
    /// Send a message to all clients.
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
    /// Close the private connection with a client. If there are several with this client, close the newest.
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
    /// A file. The frame only announces the file; the bytes of the file follow directly after the frame.
    File {
        /// The file's name, without a path.
        name: &'a str,
        /// The size of the file, in bytes.
        size: u64,
    },
}

/// The connection on which bytes arrived.
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
    /// From this client to the server or to another client.
    Sent,
    /// From the server or another client to this client.
    Received,
}

/// Why the program must close a connection: the bytes that arrived on it are not valid in this protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The bytes can never become a frame.
    Malformed(Malformed),
    /// A well-formed frame that the peer or the server must not send on a private connection before the connection is open.
    NotYetUp {
        /// A description of the frame that arrived.
        frame: String,
        /// The frame that was expected.
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
