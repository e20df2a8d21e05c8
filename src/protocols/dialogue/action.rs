use std::fmt;
use std::net::{IpAddr, SocketAddr};

use uuid::Uuid;

#[cfg(doc)]
use super::Dialogue;
use super::{Event, TunnelId};

/// Something that the program must do for a dialogue. The program carries out the actions in the order in which it gets
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes to the server.
    Send(Vec<u8>),
    /// Show this to the user.
    Tell(Event),
    /// Open another connection to the server, and send `opening` on it. This connection becomes a private connection.
    Open {
        /// The number of the new private connection.
        tunnel: TunnelId,
        /// The client at the other end.
        peer: String,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Connect directly to the peer, to make a private connection, and send `opening` on it. The peer has chosen the
    /// address, so the program must decide whether it is safe to connect to this address.
    Connect {
        /// The number of the new private connection.
        tunnel: TunnelId,
        /// The client that should be at the other end.
        peer: String,
        /// The address that the peer says it listens on.
        address: SocketAddr,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Listen for a connection from the peer. The first connection on which the bytes of `pass` arrive becomes the private
    /// connection. The program calls [`Dialogue::listens`] at once, and passes the address at which it listens. If the
    /// program stops waiting for the peer, it calls [`Dialogue::ended`].
    Listen {
        /// The number of the new private connection.
        tunnel: TunnelId,
        /// The client that should connect.
        peer: String,
        /// The bytes that the peer must send first.
        pass: Pass,
    },
    /// Make a private connection directly to the peer, with datagrams. The peer's program does this at the same time. When
    /// the connection is open, each of the two clients has proved its identity to the other.
    Meet {
        /// The number of the new private connection.
        tunnel: TunnelId,
        /// The client that should be at the other end.
        peer: String,
        /// The UUID whose key proves the peer's identity.
        uuid: Uuid,
        /// The addresses that the peer may have, the most likely first. They have no port, because both users have agreed on
        /// a port beforehand.
        candidates: Vec<IpAddr>,
        /// True when this client opens the connection to the peer. False when the peer opens it.
        calls: bool,
    },
    /// Store this text, which is the whole address book. It replaces the address book that was stored before.
    KeepBook(String),
    /// The private connection is open. All further bytes on it, in both directions, belong to the users.
    Raw(TunnelId),
    /// The private connection is open. From now on it carries frames of the protocol, in both directions.
    Framed(TunnelId),
    /// The peer begins to send a file. The bytes of the file follow as [`Action::FileBytes`].
    FileComes {
        /// The private connection.
        tunnel: TunnelId,
        /// The file's name, as the peer gives it.
        name: String,
        /// The size of the file, in bytes.
        size: u64,
    },
    /// The next bytes of the file that the peer sends.
    FileBytes {
        /// The private connection.
        tunnel: TunnelId,
        /// The bytes, in order.
        bytes: Vec<u8>,
    },
    /// Close our direction of this private connection, after everything that is queued for it has been sent.
    Shut(TunnelId),
}

/// The bytes that a peer must send first on a new connection. The program accepts the connection only if exactly these bytes
/// arrive.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    /// The first part, which is not secret. If a connection begins with other bytes, it is not meant for this client.
    pub public: Vec<u8>,
    /// The second part, which only the expected peer knows. The program must compare it in constant time, so that a stranger
    /// cannot find out how many bytes of a guess are correct.
    pub secret: Vec<u8>,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pass { public, .. } = self;
        write!(f, "Pass {{ public: {public:?}, secret: (not shown) }}")
    }
}

impl Action {
    /// Returns a list with one action: to show this event.
    pub fn tell(event: Event) -> Vec<Action> {
        vec![Action::Tell(event)]
    }

    /// Returns a list with one action: to tell the user that the dialogue ignored this frame of the server.
    pub fn ignore(frame: impl fmt::Display) -> Vec<Action> {
        let what = format!("the server sent a frame that this client did not expect: {frame}");
        Action::tell(Event::Unexpected { what })
    }
}
