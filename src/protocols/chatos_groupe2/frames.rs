//! The commands of this document as types: the commands of Chaton, and two more.

use std::fmt;

use crate::chaton;
use crate::room::Packet;
use crate::wire::Excerpt;

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// A command of Chaton.
    Chaton(chaton::ClientFrame<'a>),
    /// Section 4: closes a private connection.
    CloseConnection(CloseConnection<'a>),
}

/// The command CLOSE_CONNECTION, with which a client closes a private connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseConnection<'a> {
    /// The id from ID_PRIVATE.
    pub connect_id: i64,
    /// The login of one of the two clients.
    pub requester: &'a str,
    /// The login of the other client.
    pub target: &'a str,
}

/// What the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// A command of Chaton.
    Chaton(chaton::ServerFrame<'a>),
    /// Section 4: the other client closes the private connection.
    AcceptCloseConnection(AcceptCloseConnection<'a>),
}

/// The command ACCEPT_CLOSE_CONNECTION, with which the server says that the other client closed the private connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptCloseConnection<'a> {
    /// The other client's login.
    pub login: &'a str,
}

impl<'a> ClientFrame<'a> {
    /// Returns the same command as a command of Chaton. If Chaton does not have this command, the error contains the
    /// command.
    pub(super) fn in_chaton(self) -> Result<chaton::ClientFrame<'a>, CloseConnection<'a>> {
        match self {
            ClientFrame::Chaton(command) => Ok(command),
            ClientFrame::CloseConnection(close) => Err(close),
        }
    }
}

impl<'a> From<chaton::ClientFrame<'a>> for ClientFrame<'a> {
    fn from(frame: chaton::ClientFrame<'a>) -> ClientFrame<'a> {
        ClientFrame::Chaton(frame)
    }
}

impl<'a> From<chaton::ServerFrame<'a>> for ServerFrame<'a> {
    fn from(frame: chaton::ServerFrame<'a>) -> ServerFrame<'a> {
        ServerFrame::Chaton(frame)
    }
}

impl Packet for AcceptCloseConnection<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        AcceptCloseConnection::encode(self, into);
    }
}

impl fmt::Display for ClientFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientFrame::Chaton(frame) => frame.fmt(f),
            ClientFrame::CloseConnection(close) => close.fmt(f),
        }
    }
}

impl fmt::Display for CloseConnection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CloseConnection {
            requester, target, ..
        } = self;
        write!(
            f,
            "CLOSE_CONNECTION connect_id=(not shown) requester={:?} target={:?}",
            Excerpt(requester),
            Excerpt(target)
        )
    }
}

impl fmt::Display for ServerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerFrame::Chaton(frame) => frame.fmt(f),
            ServerFrame::AcceptCloseConnection(accept) => accept.fmt(f),
        }
    }
}

impl fmt::Display for AcceptCloseConnection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ACCEPT_CLOSE_CONNECTION login={:?}", Excerpt(self.login))
    }
}
