//! The packets of Chatr Connect as types. `codec.rs` encodes them as bytes, and decodes them.

use std::fmt;
use std::net::IpAddr;

use uuid::Uuid;

use crate::room::Packet;
use crate::wire::Excerpt;

/// A packet. Clients send the three packets about a connection request, and the server sends them too. In a packet to the
/// server, the UUID names the recipient; in a packet from the server, the UUID names the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// PacketConnect: a client states and proves its identity.
    Connect {
        /// The version of the protocol. Ignored.
        version: u32,
        /// The client's UUID.
        uuid: Uuid,
        /// The signature of the UUID's 16 bytes. It never changes, so anyone who has it can log in as this client. No
        /// log shows it.
        signature: &'a [u8],
    },
    /// PacketDisconnect: why the connection is closed.
    Disconnect {
        /// In a packet from the server, this is the text of a [`Reason`].
        message: &'a str,
    },
    /// PacketConnected: the server accepts the signature.
    Connected,
    /// PacketPing: the server checks whether the client still answers.
    Ping {
        /// A random number.
        id: i64,
    },
    /// PacketPong: the client answers a ping.
    Pong {
        /// The id of the last ping.
        id: i64,
    },
    /// PacketConnectionRequest: a client asks for another client's address.
    ConnectionRequest {
        /// In a packet to the server: the client that is asked. In a packet from the server: the client that asks.
        uuid: Uuid,
        /// The address of the asking client in its local network.
        private_endpoint: IpAddr,
    },
    /// PacketConnectionRequestAccept: the client that was asked agrees.
    ConnectionRequestAccept {
        /// In a packet to the server: the client that asked. In a packet from the server: the client that agrees.
        uuid: Uuid,
        /// The address of the agreeing client in its local network.
        private_endpoint: IpAddr,
    },
    /// PacketConnectionRequestDenied: the client that was asked declines, or is not connected.
    ConnectionRequestDenied {
        /// In a packet to the server: the client that asked. In a packet from the server: the client that was asked.
        uuid: Uuid,
    },
    /// PacketClientInfo: the address of the other client.
    ClientInfo {
        /// The other client.
        uuid: Uuid,
        /// The other client's address, as the server sees it.
        public_endpoint: IpAddr,
    },
}

/// Why the server closes a connection. The texts are exactly those of the document. Only for [`Reason::Busy`], the document
/// has no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The bytes are not a packet, or the packet is not allowed at this time.
    InvalidPacket,
    /// Another connection has already logged in with this UUID.
    AlreadyConnected,
    /// The signature was not made with the registered key.
    FailedToVerify,
    /// The client did not answer in time.
    TimeOut,
    /// Too many signatures are waiting to be checked.
    Busy,
}

impl Reason {
    /// Returns the text of the packet.
    pub fn text(self) -> &'static str {
        match self {
            Reason::InvalidPacket => "Invalid Packet",
            Reason::AlreadyConnected => "Already connected!",
            Reason::FailedToVerify => "Failed to verify!",
            Reason::TimeOut => "Time out",
            Reason::Busy => "Server busy",
        }
    }

    /// Returns the packet with this text.
    pub fn frame(self) -> Frame<'static> {
        Frame::Disconnect {
            message: self.text(),
        }
    }
}

impl Frame<'_> {
    /// Returns the packet's name in the document.
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
        Frame::encode(self, into);
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
