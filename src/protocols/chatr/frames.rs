//! The packets of Chatr Connect as types, apart from their bytes.

use std::fmt;
use std::net::IpAddr;

use uuid::Uuid;

use crate::room::Packet;
use crate::wire::Excerpt;

/// A packet. Three of them go both ways: towards the server their UUID says who is meant, from the server who it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// PacketConnect: a client says who it is, and proves it.
    Connect {
        /// Of the protocol. Ignored.
        version: u32,
        /// Who it is.
        uuid: Uuid,
        /// Of the 16 bytes of the UUID. It never changes, so whoever has it can be this client: no log shows it.
        signature: &'a [u8],
    },
    /// PacketDisconnect: why the connection is closed.
    Disconnect {
        /// From the server one of [`Reason`].
        message: &'a str,
    },
    /// PacketConnected: the signature is right.
    Connected,
    /// PacketPing: the server wants to know whether the client is there.
    Ping {
        /// Unpredictable.
        id: i64,
    },
    /// PacketPong: it is.
    Pong {
        /// Of the last ping.
        id: i64,
    },
    /// PacketConnectionRequest: somebody wants to know somebody's address.
    ConnectionRequest {
        /// Who is asked; from the server, who asks.
        uuid: Uuid,
        /// Where who asks is in its own network.
        private_endpoint: IpAddr,
    },
    /// PacketConnectionRequestAccept: who was asked agrees.
    ConnectionRequestAccept {
        /// Who asked; from the server, who agrees.
        uuid: Uuid,
        /// Where who agrees is in its own network.
        private_endpoint: IpAddr,
    },
    /// PacketConnectionRequestDenied: who was asked does not agree, or is not there.
    ConnectionRequestDenied {
        /// Who asked; from the server, who was asked.
        uuid: Uuid,
    },
    /// PacketClientInfo: where the other one is.
    ClientInfo {
        /// Who that is.
        uuid: Uuid,
        /// Where the server sees it.
        public_endpoint: IpAddr,
    },
}

/// Why the server closes a connection. The texts are the document's, to the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No packet, or none that may come here.
    InvalidPacket,
    /// This UUID is connected.
    AlreadyConnected,
    /// The signature is not made with the registered key.
    FailedToVerify,
    /// No sign of life.
    TimeOut,
    /// Too many others wait for the check of their signatures.
    Busy,
}

impl Reason {
    /// What the packet says.
    pub fn text(self) -> &'static str {
        match self {
            Reason::InvalidPacket => "Invalid Packet",
            Reason::AlreadyConnected => "Already connected!",
            Reason::FailedToVerify => "Failed to verify!",
            Reason::TimeOut => "Time out",
            Reason::Busy => "Server busy",
        }
    }

    /// The packet that says so.
    pub fn frame(self) -> Frame<'static> {
        Frame::Disconnect {
            message: self.text(),
        }
    }
}

impl Frame<'_> {
    /// The packet's name in the document.
    pub fn packet(&self) -> &'static str {
        match self {
            Frame::Connect { .. } => "PacketConnect",
            Frame::Disconnect { .. } => "PacketDisconnect",
            Frame::Connected => "PacketConnected",
            Frame::Ping { .. } => "PacketPing",
            Frame::Pong { .. } => "PacketPong",
            Frame::ConnectionRequest { .. } => "PacketConnectionRequest",
            Frame::ConnectionRequestAccept { .. } => "PacketConnectionRequestAccept",
            Frame::ConnectionRequestDenied { .. } => "PacketConnectionRequestDenied",
            Frame::ClientInfo { .. } => "PacketClientInfo",
        }
    }
}

impl Packet for Frame<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        self.put(into);
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.packet())?;
        match self {
            Frame::Connect { version, uuid, .. } => {
                write!(f, " version={version} uuid={uuid} signature=(not shown)")
            }
            Frame::Disconnect { message } => write!(f, " message={:?}", Excerpt(message)),
            Frame::Connected => Ok(()),
            Frame::Ping { id } | Frame::Pong { id } => write!(f, " id={id}"),
            Frame::ConnectionRequest {
                uuid,
                private_endpoint,
            }
            | Frame::ConnectionRequestAccept {
                uuid,
                private_endpoint,
            } => write!(f, " uuid={uuid} private_endpoint={private_endpoint}"),
            Frame::ConnectionRequestDenied { uuid } => write!(f, " uuid={uuid}"),
            Frame::ClientInfo {
                uuid,
                public_endpoint,
            } => write!(f, " uuid={uuid} public_endpoint={public_endpoint}"),
        }
    }
}
