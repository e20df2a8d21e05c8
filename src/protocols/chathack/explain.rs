//! The packets of ChatHack, split into their fields, for users who want to see what is sent. The id of a direct connection
//! is secret, so logs hide it. Here it is shown, because it belongs to the user who looks at the packet. Passwords are not
//! shown, because they stay valid after the connection has ended.

use std::net::IpAddr;

use super::codec;
use super::{ClientFrame, MeetingPoint, PeerFrame, ServerFrame};
use crate::wire::Explained;

impl ClientFrame<'_> {
    /// Splits the packet into its fields.
    pub fn explained(&self) -> Explained {
        match *self {
            ClientFrame::LoginWithPassword { login, password } => {
                Explained::new("LOGIN_WITH_PASSWORD", codec::LOGIN_WITH_PASSWORD)
                    .text32("login", login)
                    .secret32("password", password)
            }
            ClientFrame::Login { login } => {
                Explained::new("LOGIN", codec::LOGIN).text32("login", login)
            }
            ClientFrame::GlobalMessage { login, message } => {
                Explained::new("GLOBAL_MESSAGE", codec::GLOBAL_MESSAGE)
                    .text32("login", login)
                    .text32("message", message)
            }
            ClientFrame::PrivateAsking { sender, receiver } => parties(
                Explained::new("PRIVATE_ASKING", codec::PRIVATE_ASKING),
                sender,
                receiver,
            ),
            ClientFrame::PrivateValidation {
                sender,
                receiver,
                meeting,
            } => {
                let packet = Explained::new("PRIVATE_VALIDATION", codec::PRIVATE_VALIDATION);
                explain_meeting(parties(packet, sender, receiver), meeting)
            }
            ClientFrame::PrivateDenied { sender, receiver } => parties(
                Explained::new("PRIVATE_DENIED", codec::PRIVATE_DENIED),
                sender,
                receiver,
            ),
        }
    }
}

impl ServerFrame<'_> {
    /// Splits the packet into its fields.
    pub fn explained(&self) -> Explained {
        let (name, ack) = match self {
            ServerFrame::PacketError => ("PACKET_ERROR", codec::ACK_PACKET_ERROR),
            ServerFrame::PasswordOrLoginError => (
                "PASSWORD_OR_LOGIN_ERROR",
                codec::ACK_PASSWORD_OR_LOGIN_ERROR,
            ),
            ServerFrame::Connected => ("CONNECTED", codec::ACK_CONNECTED),
            ServerFrame::LoginAlreadyExists => {
                ("LOGIN_ALREADY_EXISTS", codec::ACK_LOGIN_ALREADY_EXISTS)
            }
            ServerFrame::GlobalMessage { .. } => ("GLOBAL_MESSAGE", codec::ACK_GLOBAL_MESSAGE),
            ServerFrame::PrivateAsking { .. } => ("PRIVATE_ASKING", codec::ACK_PRIVATE_ASKING),
            ServerFrame::PrivateValidation { .. } => {
                ("PRIVATE_VALIDATION", codec::ACK_PRIVATE_VALIDATION)
            }
            ServerFrame::PrivateDenied { .. } => ("PRIVATE_DENIED", codec::ACK_PRIVATE_DENIED),
        };
        let packet = Explained::bare(name).field("ACK", 1, ack);
        match *self {
            ServerFrame::GlobalMessage { login, message } => {
                packet.text32("login", login).text32("message", message)
            }
            ServerFrame::PrivateAsking { sender } => packet.text32("sender login", sender),
            ServerFrame::PrivateValidation { login, meeting } => {
                explain_meeting(packet.text32("login", login), meeting)
            }
            ServerFrame::PrivateDenied { login } => packet.text32("login", login),
            _ => packet,
        }
    }
}

impl PeerFrame<'_> {
    /// Splits the packet into its fields. For a file, these are only the fields before the content of the file.
    pub fn explained(&self) -> Explained {
        match *self {
            PeerFrame::Message { login, message } => Explained::new("MESSAGE", codec::PEER_MESSAGE)
                .text32("login", login)
                .text32("message", message),
            PeerFrame::File { login, name, size } => Explained::new("FILE", codec::PEER_FILE)
                .text32("login", login)
                .text32("file name", name)
                .int32("file size", size),
            PeerFrame::Establishment { login, id } => {
                Explained::new("ESTABLISHMENT", codec::PEER_ESTABLISHMENT)
                    .text32("login", login)
                    .int64("id", id)
            }
        }
    }
}

fn parties(packet: Explained, sender: &str, receiver: &str) -> Explained {
    packet
        .text32("sender login", sender)
        .text32("receiver login", receiver)
}

fn explain_meeting(packet: Explained, meeting: MeetingPoint) -> Explained {
    let MeetingPoint { port, address, id } = meeting;
    let (adcode, length) = match address {
        IpAddr::V4(_) => ("1 (IPv4)", 4),
        IpAddr::V6(_) => ("2 (IPv6)", 16),
    };
    packet
        .int32("port", port)
        .field("adcode", 1, adcode)
        .field("address", length, address)
        .int64("id", id)
}
