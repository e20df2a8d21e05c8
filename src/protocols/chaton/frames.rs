//! The commands of Chaton as types, apart from their bytes.

use std::fmt;

use crate::room::Packet;
use crate::wire::Excerpt;

use super::Codec;

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// Section 1: proposes a login.
    Login {
        /// At most 30 bytes to be accepted.
        login: &'a str,
    },
    /// Section 2: a message for all.
    Message {
        /// The sender's own login.
        login: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 2: a message for one.
    MessagePrivate {
        /// The sender's own login.
        sender: &'a str,
        /// Whom it is for.
        target: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 3: asks for a private connection.
    RequestPrivate {
        /// The sender's own login.
        requester: &'a str,
        /// Who is asked.
        target: &'a str,
    },
    /// Section 3: the target agrees.
    OkPrivate {
        /// Who asked.
        requester: &'a str,
        /// The sender's own login.
        target: &'a str,
    },
    /// Section 3: the target declines.
    KoPrivate {
        /// Who asked.
        requester: &'a str,
        /// The sender's own login.
        target: &'a str,
    },
    /// Section 4: the first frame of a second connection, which becomes a tunnel's end.
    LoginPrivate {
        /// The id from ID_PRIVATE.
        connect_id: i64,
    },
}

/// What the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// Section 1: the login is yours.
    LoginAccepted,
    /// Section 1: it is not; another may be proposed.
    LoginRefused,
    /// Section 2: somebody's message for all.
    Message {
        /// Who wrote it.
        login: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 2: somebody's message for you.
    MessagePrivate {
        /// Who wrote it.
        sender: &'a str,
        /// You.
        target: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 3: somebody asks you for a private connection.
    RequestPrivate {
        /// Who asks.
        requester: &'a str,
        /// You.
        target: &'a str,
    },
    /// Section 3: whom you asked declines.
    KoPrivate {
        /// You.
        requester: &'a str,
        /// Who declines.
        target: &'a str,
    },
    /// Section 3: both agreed; this is the id for the second connections.
    IdPrivate {
        /// Who asked.
        requester: &'a str,
        /// Who agreed.
        target: &'a str,
        /// Never zero or negative.
        connect_id: i64,
    },
    /// Section 4: the private connection stands; every byte behind this one is the other end's.
    Established,
}

impl<'a> ClientFrame<'a> {
    /// The command's name in the document.
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

    /// The name that must be the sender's own; `None` for a command that carries none.
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
    /// The frame with the codec that it will be encoded with.
    pub fn with(self, codec: Codec) -> Encoded<'a> {
        Encoded { frame: self, codec }
    }
}

/// A frame of the server and how wide its LONG is, ready for [`crate::room::Effects`].
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a> {
    frame: ServerFrame<'a>,
    codec: Codec,
}

impl Packet for Encoded<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        self.frame.encode(self.codec, into);
    }
}

impl fmt::Display for Encoded<'_> {
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
            // The id opens a tunnel to whoever knows it: it does not belong in a log.
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
