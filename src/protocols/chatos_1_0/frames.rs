//! The packets of ChatOS 1.0 as types. `codec.rs` encodes them as bytes, and decodes them. Clients and the server send the
//! same packets, so there is only one type.

use std::fmt;

use crate::room::Packet;
use crate::wire::Excerpt;

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// CR: a client asks for a pseudonym.
    ConnectionRequest {
        /// A pseudonym of more than 255 bytes is refused.
        pseudonym: &'a str,
    },
    /// SPM: a message for one client.
    SendPersonalMessage {
        /// The sender.
        sender: &'a str,
        /// The recipient.
        recipient: &'a str,
        /// At most 32,767 bytes.
        message: &'a str,
    },
    /// SMA: a message for all clients.
    SendMessageToAll {
        /// The sender.
        sender: &'a str,
        /// At most 32,767 bytes.
        message: &'a str,
    },
    /// TCPAsk: client A asks client B for a private connection.
    TcpAsk(Negotiation<'a>),
    /// TCPAccept: the first packet of B's second connection.
    TcpAccept(Negotiation<'a>),
    /// TCPAbort: B declines, or the server says that the private connection will not be opened.
    TcpAbort(Negotiation<'a>),
    /// TCPConnect: the first packet of A's second connection.
    TcpConnect(Negotiation<'a>),
    /// ERROR: the answer to a packet.
    Error {
        /// The number of an [`ErrorCode`], or any other number if the peer does not follow the document.
        code: i8,
    },
}

/// The fields that identify a negotiation about a private connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Negotiation<'a> {
    /// A, the client that asks.
    pub sender: &'a str,
    /// B, the client that is asked.
    pub recipient: &'a str,
    /// A number that the asker chooses. This number distinguishes the negotiation from others between the same two clients.
    pub password: i16,
}

/// A [`Negotiation`] that owns its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedNegotiation {
    pub(super) sender: String,
    pub(super) recipient: String,
    pub(super) password: i16,
}

impl OwnedNegotiation {
    pub(super) fn as_fields(&self) -> Negotiation<'_> {
        Negotiation {
            sender: &self.sender,
            recipient: &self.recipient,
            password: self.password,
        }
    }
}

impl From<Negotiation<'_>> for OwnedNegotiation {
    fn from(fields: Negotiation<'_>) -> OwnedNegotiation {
        OwnedNegotiation {
            sender: fields.sender.to_owned(),
            recipient: fields.recipient.to_owned(),
            password: fields.password,
        }
    }
}

impl PartialEq<Negotiation<'_>> for OwnedNegotiation {
    fn eq(&self, fields: &Negotiation<'_>) -> bool {
        self.as_fields() == *fields
    }
}

/// The meaning of an ERROR packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The server has carried out the request.
    Ok = 1,
    /// Another client has this pseudonym.
    PseudoUnavailable = 2,
    /// The sender's name in the packet is not the pseudonym of the client that sent the packet, or the server does not
    /// accept this pseudonym.
    InvalidPseudonym = 3,
    /// No client has this pseudonym.
    UnreachableUser = 4,
    /// This negotiation is running already, or too many negotiations are running.
    TcpInProtocole = 5,
    /// No such negotiation is running.
    TcpNotInProtocole = 6,
}

impl ErrorCode {
    /// Returns the packet with this code.
    pub fn frame(self) -> Frame<'static> {
        Frame::Error { code: self as i8 }
    }

    /// Returns the meaning of a code; `None` for a code that is not in the document.
    pub fn of(code: i8) -> Option<ErrorCode> {
        let all = [
            ErrorCode::Ok,
            ErrorCode::PseudoUnavailable,
            ErrorCode::InvalidPseudonym,
            ErrorCode::UnreachableUser,
            ErrorCode::TcpInProtocole,
            ErrorCode::TcpNotInProtocole,
        ];
        all.into_iter().find(|known| *known as i8 == code)
    }
}

impl Frame<'_> {
    /// Returns the packet's name in the document.
    pub fn packet(&self) -> &'static str {
        match self {
            Frame::ConnectionRequest { .. } => "CR",
            Frame::SendPersonalMessage { .. } => "SPM",
            Frame::SendMessageToAll { .. } => "SMA",
            Frame::TcpAsk(_) => "TCPAsk",
            Frame::TcpAccept(_) => "TCPAccept",
            Frame::TcpAbort(_) => "TCPAbort",
            Frame::TcpConnect(_) => "TCPConnect",
            Frame::Error { .. } => "ERROR",
        }
    }
}

impl Packet for Frame<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        Frame::encode(self, into);
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.packet())?;
        match self {
            Frame::ConnectionRequest { pseudonym } => {
                write!(f, " pseudonym={:?}", Excerpt(pseudonym))
            }
            Frame::SendPersonalMessage {
                sender,
                recipient,
                message,
            } => write!(
                f,
                " sender={:?} recipient={:?} message={:?}",
                Excerpt(sender),
                Excerpt(recipient),
                Excerpt(message)
            ),
            Frame::SendMessageToAll { sender, message } => {
                write!(
                    f,
                    " sender={:?} message={:?}",
                    Excerpt(sender),
                    Excerpt(message)
                )
            }
            Frame::TcpAsk(negotiation)
            | Frame::TcpAccept(negotiation)
            | Frame::TcpAbort(negotiation)
            | Frame::TcpConnect(negotiation) => write!(f, " {negotiation}"),
            Frame::Error { code } => match ErrorCode::of(*code) {
                Some(known) => write!(f, " code={code} ({known})"),
                None => write!(f, " code={code}"),
            },
        }
    }
}

/// Anyone who knows the password can become an end of the tunnel, so no log may show it.
impl fmt::Display for Negotiation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Negotiation {
            sender, recipient, ..
        } = self;
        write!(
            f,
            "sender={:?} recipient={:?} password=(not shown)",
            Excerpt(sender),
            Excerpt(recipient)
        )
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorCode::Ok => "OK",
            ErrorCode::PseudoUnavailable => "Pseudo Unavailable",
            ErrorCode::InvalidPseudonym => "Invalid Pseudonym",
            ErrorCode::UnreachableUser => "Unreachable User",
            ErrorCode::TcpInProtocole => "TCP In Protocole",
            ErrorCode::TcpNotInProtocole => "TCP Not In Protocole",
        })
    }
}
