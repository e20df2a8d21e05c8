//! The commands of this document as types: Chaton's, and two more.

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

/// A client closes a private connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseConnection<'a> {
    /// The id from ID_PRIVATE.
    pub connect_id: i64,
    /// The login of one client ...
    pub requester: &'a str,
    /// ... and of the other.
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

/// The other client closed the private connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptCloseConnection<'a> {
    /// The other client's login.
    pub login: &'a str,
}

impl<'a> ClientFrame<'a> {
    /// Returns Chaton's command, or as the error the one that Chaton does not have.
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
