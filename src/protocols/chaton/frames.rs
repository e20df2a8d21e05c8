//! The commands of Chaton as types. `codec.rs` encodes them as bytes, and decodes them.

use std::fmt;

use crate::room::Packet;
use crate::wire::Excerpt;

use super::Codec;

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// Section 1: proposes a login.
    Login {
        /// A login of more than 30 bytes is refused.
        login: &'a str,
    },
    /// Section 2: a message for all clients.
    Message {
        /// The sender's own login.
        login: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 2: a message for one client.
    MessagePrivate {
        /// The sender's own login.
        sender: &'a str,
        /// The recipient.
        target: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 3: asks for a private connection.
    RequestPrivate {
        /// The sender's own login.
        requester: &'a str,
        /// The client that is asked.
        target: &'a str,
    },
    /// Section 3: the target agrees.
    OkPrivate {
        /// The client that asked.
        requester: &'a str,
        /// The sender's own login.
        target: &'a str,
    },
    /// Section 3: the target declines.
    KoPrivate {
        /// The client that asked.
        requester: &'a str,
        /// The sender's own login.
        target: &'a str,
    },
    /// Section 4: the first frame of a second connection, which becomes an end of a tunnel.
    LoginPrivate {
        /// The id from ID_PRIVATE.
        connect_id: i64,
    },
}

/// What the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// Section 1: the login is accepted.
    LoginAccepted,
    /// Section 1: the login is refused. The client may propose another login.
    LoginRefused,
    /// Section 2: a message for all clients. The sender gets this message too.
    Message {
        /// The sender.
        login: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 2: a message for this client alone.
    MessagePrivate {
        /// The sender.
        sender: &'a str,
        /// The recipient.
        target: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 3: another client asks for a private connection.
    RequestPrivate {
        /// The client that asks.
        requester: &'a str,
        /// The client that is asked, which gets this frame.
        target: &'a str,
    },
    /// Section 3: the client that was asked declines.
    KoPrivate {
        /// The client that asked, which gets this frame.
        requester: &'a str,
        /// The client that declines.
        target: &'a str,
    },
    /// Section 3: both clients have agreed. Each of them sends this id on its second connection.
    IdPrivate {
        /// The client that asked.
        requester: &'a str,
        /// The client that agreed.
        target: &'a str,
        /// Always greater than zero.
        connect_id: i64,
    },
    /// Section 4: the private connection is open. Every byte that the client receives after this frame comes from the other
    /// end.
    Established,
}

impl<'a> ClientFrame<'a> {
    /// Returns the command's name in the document.
    pub fn command(&self) -> &'static str {
        match self {
            ClientFrame::Login { .. } => "LOGIN",
            ClientFrame::Message { .. } => "MESSAGE",
            ClientFrame::MessagePrivate { .. } => "MESSAGE_PRIVATE",
            ClientFrame::RequestPrivate { .. } => "REQUEST_PRIVATE",
            ClientFrame::OkPrivate { .. } => "OK_PRIVATE",
            ClientFrame::KoPrivate { .. } => "KO_PRIVATE",
            ClientFrame::LoginPrivate { .. } => "LOGIN_PRIVATE",
        }
    }

    /// Returns the login that the sender states as its own; `None` for a command without the sender's login.
    pub fn speaker(&self) -> Option<&'a str> {
        match *self {
            ClientFrame::Message { login, .. } => Some(login),
            ClientFrame::MessagePrivate { sender, .. } => Some(sender),
            ClientFrame::RequestPrivate { requester, .. } => Some(requester),
            ClientFrame::OkPrivate { target, .. } | ClientFrame::KoPrivate { target, .. } => {
                Some(target)
            }
            ClientFrame::Login { .. } | ClientFrame::LoginPrivate { .. } => None,
        }
    }
}

impl<'a> ServerFrame<'a> {
    /// Returns the frame together with the codec that will encode it.
    pub fn encoded_with(self, codec: Codec) -> EncodedFrame<'a> {
        EncodedFrame { frame: self, codec }
    }
}

/// A frame of the server together with its codec. [`crate::room::Effects`] needs both to encode the frame.
#[derive(Debug, Clone, Copy)]
pub struct EncodedFrame<'a> {
    frame: ServerFrame<'a>,
    codec: Codec,
}

impl Packet for EncodedFrame<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        self.frame.encode(self.codec, into);
    }
}

impl fmt::Display for EncodedFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.frame.fmt(f)
    }
}

impl fmt::Display for ClientFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientFrame::Login { login } => write!(f, "LOGIN login={:?}", Excerpt(login)),
            ClientFrame::Message { login, msg } => {
                write!(
                    f,
                    "MESSAGE login={:?} msg={:?}",
                    Excerpt(login),
                    Excerpt(msg)
                )
            }
            ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => write!(
                f,
                "MESSAGE_PRIVATE sender={:?} target={:?} msg={:?}",
                Excerpt(sender),
                Excerpt(target),
                Excerpt(msg)
            ),
            ClientFrame::RequestPrivate { requester, target } => {
                write!(
                    f,
                    "REQUEST_PRIVATE requester={:?} target={:?}",
                    Excerpt(requester),
                    Excerpt(target)
                )
            }
            ClientFrame::OkPrivate { requester, target } => {
                write!(
                    f,
                    "OK_PRIVATE requester={:?} target={:?}",
                    Excerpt(requester),
                    Excerpt(target)
                )
            }
            ClientFrame::KoPrivate { requester, target } => {
                write!(
                    f,
                    "KO_PRIVATE requester={:?} target={:?}",
                    Excerpt(requester),
                    Excerpt(target)
                )
            }
            // Anyone who knows the id can become an end of the tunnel, so no log may show it.
            ClientFrame::LoginPrivate { .. } => write!(f, "LOGIN_PRIVATE connect_id=(not shown)"),
        }
    }
}

impl fmt::Display for ServerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ServerFrame::LoginAccepted => f.write_str("LOGIN_ACCEPTED"),
            ServerFrame::LoginRefused => f.write_str("LOGIN_REFUSED"),
            ServerFrame::Message { login, msg } => ClientFrame::Message { login, msg }.fmt(f),
            ServerFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            }
            .fmt(f),
            ServerFrame::RequestPrivate { requester, target } => {
                ClientFrame::RequestPrivate { requester, target }.fmt(f)
            }
            ServerFrame::KoPrivate { requester, target } => {
                ClientFrame::KoPrivate { requester, target }.fmt(f)
            }
            ServerFrame::IdPrivate {
                requester, target, ..
            } => write!(
                f,
                "ID_PRIVATE requester={:?} target={:?} connect_id=(not shown)",
                Excerpt(requester),
                Excerpt(target)
            ),
            ServerFrame::Established => f.write_str("ESTABLISHED"),
        }
    }
}
