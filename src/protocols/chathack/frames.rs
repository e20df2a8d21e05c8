//! The packets of ChatHack as types. `codec.rs` encodes them as bytes, and decodes them.

use std::fmt;
use std::net::IpAddr;

use crate::room::Packet;
use crate::wire::{Excerpt, Malformed};

/// What a client sends to the server: an opcode and its fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// Opcode 1, "Existing Login Connection With Password".
    LoginWithPassword {
        /// The login of an account.
        login: &'a str,
        /// The password of the account. No log shows it.
        password: &'a str,
    },
    /// Opcode 2, "New Login Connection".
    Login {
        /// The login that the client proposes. If the server accepts it, the client has it until the connection ends.
        login: &'a str,
    },
    /// Opcode 3: a message for all clients.
    GlobalMessage {
        /// The sender's own login.
        login: &'a str,
        /// At most 1024 bytes.
        message: &'a str,
    },
    /// Opcode 4: asks for a private connection.
    PrivateAsking {
        /// The sender's own login.
        sender: &'a str,
        /// The client that is asked.
        receiver: &'a str,
    },
    /// Opcode 5: the client that was asked agrees.
    PrivateValidation {
        /// The sender's own login.
        sender: &'a str,
        /// The client that asked.
        receiver: &'a str,
        /// The address to which the client that asked must connect, and the id that it must send there.
        meeting: MeetingPoint,
    },
    /// Opcode 6: the client that was asked declines.
    PrivateDenied {
        /// The sender's own login.
        sender: &'a str,
        /// The client that asked.
        receiver: &'a str,
    },
}

/// The address at which a client waits for a direct connection, and the id that the other client must send there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MeetingPoint {
    /// The port, as the client sent it. The number may be outside the valid range 1 to 65535.
    pub port: i32,
    /// The IP address. In a frame, it has four bytes after the address code 1 (IPv4), or sixteen bytes after the code 2
    /// (IPv6).
    pub address: IpAddr,
    /// A secret of the two clients. No log shows it.
    pub id: i64,
}

/// What the server sends: an ACK and its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// ACK 1: the server rejects what the client sent.
    PacketError,
    /// ACK 2: the password or the login is wrong.
    PasswordOrLoginError,
    /// ACK 3: the login is accepted.
    Connected,
    /// ACK 4: the login is taken.
    LoginAlreadyExists,
    /// ACK 5: a message of another client for all clients.
    GlobalMessage {
        /// The sender.
        login: &'a str,
        /// At most 1024 bytes.
        message: &'a str,
    },
    /// ACK 6: another client asks for a private connection.
    PrivateAsking {
        /// The client that asks.
        sender: &'a str,
    },
    /// ACK 7: the client that was asked agrees.
    PrivateValidation {
        /// The client that was asked.
        login: &'a str,
        /// The address to connect to, and the id to send there.
        meeting: MeetingPoint,
    },
    /// ACK 8: the client that was asked declines, or the server cannot ask it.
    PrivateDenied {
        /// The client that was asked.
        login: &'a str,
    },
}

/// What two clients send each other on a direct connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PeerFrame<'a> {
    /// Opcode 7: a message.
    Message {
        /// The sender's own login.
        login: &'a str,
        /// At most 1024 bytes, unless the two clients have agreed on a higher limit.
        message: &'a str,
    },
    /// Opcode 8: announces a file. The bytes of the file follow the frame.
    File {
        /// The sender's own login.
        login: &'a str,
        /// The file's name, as the sender gives it.
        name: &'a str,
        /// The size of the file, in bytes. Never negative.
        size: i32,
    },
    /// Opcode 9: the first frame of a direct connection. The client that connects sends it.
    Establishment {
        /// The login of the client that connects.
        login: &'a str,
        /// The id that the connecting client got from the listening client. No log shows it.
        id: i64,
    },
}

/// The result of decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received<F> {
    /// A frame.
    Frame(F),
    /// A frame with a text that is over the limit, but short enough for the receiver to skip.
    TooLong(Malformed),
}

impl<'a> ClientFrame<'a> {
    /// Returns the login that the sender states as its own; `None` for a frame without the sender's login.
    pub fn speaker(&self) -> Option<&'a str> {
        match *self {
            ClientFrame::GlobalMessage { login, .. } => Some(login),
            ClientFrame::PrivateAsking { sender, .. }
            | ClientFrame::PrivateValidation { sender, .. }
            | ClientFrame::PrivateDenied { sender, .. } => Some(sender),
            ClientFrame::LoginWithPassword { .. } | ClientFrame::Login { .. } => None,
        }
    }
}

impl Packet for ServerFrame<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        ServerFrame::encode(self, into);
    }
}

// The texts below are for logs. Passwords and ids are not shown, not even by `{:?}`, because a reader of the log could
// use them.

impl fmt::Display for ClientFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientFrame::LoginWithPassword { login, .. } => {
                write!(f, "LOGIN login={:?} password=(not shown)", Excerpt(login))
            }
            ClientFrame::Login { login } => write!(f, "LOGIN login={:?}", Excerpt(login)),
            ClientFrame::GlobalMessage { login, message } => {
                write!(
                    f,
                    "GLOBAL_MESSAGE login={:?} message={:?}",
                    Excerpt(login),
                    Excerpt(message)
                )
            }
            ClientFrame::PrivateAsking { sender, receiver } => {
                write!(
                    f,
                    "PRIVATE_ASKING sender={:?} receiver={:?}",
                    Excerpt(sender),
                    Excerpt(receiver)
                )
            }
            ClientFrame::PrivateValidation {
                sender,
                receiver,
                meeting,
            } => write!(
                f,
                "PRIVATE_VALIDATION sender={:?} receiver={:?} {meeting}",
                Excerpt(sender),
                Excerpt(receiver)
            ),
            ClientFrame::PrivateDenied { sender, receiver } => {
                write!(
                    f,
                    "PRIVATE_DENIED sender={:?} receiver={:?}",
                    Excerpt(sender),
                    Excerpt(receiver)
                )
            }
        }
    }
}

impl fmt::Display for ServerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerFrame::PacketError => f.write_str("PACKET_ERROR"),
            ServerFrame::PasswordOrLoginError => f.write_str("PASSWORD_OR_LOGIN_ERROR"),
            ServerFrame::Connected => f.write_str("CONNECTED"),
            ServerFrame::LoginAlreadyExists => f.write_str("LOGIN_ALREADY_EXISTS"),
            ServerFrame::GlobalMessage { login, message } => {
                write!(
                    f,
                    "GLOBAL_MESSAGE login={:?} message={:?}",
                    Excerpt(login),
                    Excerpt(message)
                )
            }
            ServerFrame::PrivateAsking { sender } => {
                write!(f, "PRIVATE_ASKING sender={:?}", Excerpt(sender))
            }
            ServerFrame::PrivateValidation { login, meeting } => {
                write!(f, "PRIVATE_VALIDATION login={:?} {meeting}", Excerpt(login))
            }
            ServerFrame::PrivateDenied { login } => {
                write!(f, "PRIVATE_DENIED login={:?}", Excerpt(login))
            }
        }
    }
}

impl fmt::Display for PeerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerFrame::Message { login, message } => {
                write!(
                    f,
                    "MESSAGE login={:?} message={:?}",
                    Excerpt(login),
                    Excerpt(message)
                )
            }
            PeerFrame::File { login, name, size } => {
                write!(
                    f,
                    "FILE login={:?} name={:?} size={size}",
                    Excerpt(login),
                    Excerpt(name)
                )
            }
            PeerFrame::Establishment { login, .. } => {
                write!(f, "ESTABLISHMENT login={:?} id=(not shown)", Excerpt(login))
            }
        }
    }
}

impl fmt::Display for MeetingPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MeetingPoint { port, address, .. } = self;
        write!(f, "port={port} address={address} id=(not shown)")
    }
}

impl<F: fmt::Display> fmt::Display for Received<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Received::Frame(frame) => frame.fmt(f),
            Received::TooLong(malformed) => write!(f, "(skipped: {malformed})"),
        }
    }
}

impl fmt::Debug for ClientFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for PeerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for MeetingPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
