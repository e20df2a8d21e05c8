use std::fmt;
use std::net::{IpAddr, SocketAddr};

use uuid::Uuid;

#[cfg(doc)]
use super::Dialogue;
use super::{Event, TunnelId};

/// What the program must do for a dialogue, in this order.
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
        /// The client at the other end.
        peer: String,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Connect directly to the peer, as a private connection, and send the opening on it. The peer may name any
    /// address: the program decides whether it connects there.
    Connect {
        /// Its number from here on.
        tunnel: TunnelId,
        /// The client that should be at the other end.
        peer: String,
        /// The address that the peer says it listens on.
        address: SocketAddr,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Listen for the peer, and take the one connection that shows this pass as a private connection. The program
    /// reports the address at once with [`Dialogue::listens`], and stops waiting at [`Dialogue::ended`].
    Listen {
        /// Its number from here on.
        tunnel: TunnelId,
        /// The client that should connect.
        peer: String,
        /// What the connection must show.
        pass: Pass,
    },
    /// Reach the peer directly with datagrams, as a private connection, while the peer does the same. When both have
    /// reached each other, each has proved its identity.
    Meet {
        /// Its number from here on.
        tunnel: TunnelId,
        /// The client that should be at the other end.
        peer: String,
        /// The UUID whose key proves the peer's identity.
        uuid: Uuid,
        /// The addresses that the peer may have, the most likely first. Both clients know the port beforehand.
        candidates: Vec<IpAddr>,
        /// True when we call and the peer is called.
        calls: bool,
    },
    /// Store this text: it is the whole address book.
    KeepBook(String),
    /// The private connection is open. The bytes that follow on it, in both directions, belong to the users.
    Raw(TunnelId),
    /// The private connection is open. Frames of the protocol follow on it, in both directions.
    Framed(TunnelId),
    /// A file arrives in frames: `size` bytes follow, as [`Action::FileBytes`].
    FileComes {
        /// The private connection.
        tunnel: TunnelId,
        /// The file's name, as the peer gives it.
        name: String,
        /// How many bytes follow before another frame can.
        size: u64,
    },
    /// Some bytes of the arriving file.
    FileBytes {
        /// The private connection.
        tunnel: TunnelId,
        /// The bytes, in order.
        bytes: Vec<u8>,
    },
    /// Send no more on this private connection, after what was sent before has left.
    Shut(TunnelId),
}

/// The first bytes of a connection that is let in. All of them are compared, so all of them must be known beforehand.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    /// Bytes that are no secret: a connection that sends others is not meant for us.
    pub public: Vec<u8>,
    /// Bytes that only the right peer knows. A connection must not learn how many of them it guessed right.
    pub secret: Vec<u8>,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pass { public, .. } = self;
        write!(f, "Pass {{ public: {public:?}, secret: (not shown) }}")
    }
}

impl Action {
    /// Only shows an event.
    pub fn tell(event: Event) -> Vec<Action> {
        vec![Action::Tell(event)]
    }

    /// Only reports that a frame of the server had no meaning.
    pub fn ignore(frame: impl fmt::Display) -> Vec<Action> {
        let what = format!("the server sent a frame that has no meaning here: {frame}");
        Action::tell(Event::Unexpected { what })
    }
}
