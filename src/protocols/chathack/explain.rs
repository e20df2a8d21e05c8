//! The packets of ChatHack, field by field, for somebody who looks at the wire. Unlike in a log, the id of a direct connection
//! is shown: it is the reader's own. A password is not: it is worth something on other days, too.

use std::net::IpAddr;

use super::{ClientFrame, MeetingPoint, PeerFrame, ServerFrame};
use crate::wire::Explained;

impl ClientFrame<'_> {
    /// Takes the packet apart.
    pub fn explained(&self) -> Explained {
        match *self {
            ClientFrame::LoginWithPassword { login, password } => {
                Explained::new("LOGIN_WITH_PASSWORD", 1)
                    .text32("login", login)
                    .secret32("password", password)
            }
            ClientFrame::Login { login } => Explained::new("LOGIN", 2).text32("login", login),
            ClientFrame::GlobalMessage { login, message } => Explained::new("GLOBAL_MESSAGE", 3)
                .text32("login", login)
                .text32("message", message),
            ClientFrame::PrivateAsking { sender, receiver } => {
                parties(Explained::new("PRIVATE_ASKING", 4), sender, receiver)
            }
            ClientFrame::PrivateValidation {
                sender,
                receiver,
                meeting,
            } => {
                let packet = Explained::new("PRIVATE_VALIDATION", 5);
                explain_meeting(parties(packet, sender, receiver), meeting)
            }
            ClientFrame::PrivateDenied { sender, receiver } => {
                parties(Explained::new("PRIVATE_DENIED", 6), sender, receiver)
            }
        }
    }
}

impl ServerFrame<'_> {
    /// Takes the packet apart.
    pub fn explained(&self) -> Explained {
        let (name, ack) = match self {
            ServerFrame::PacketError => ("PACKET_ERROR", 1),
            ServerFrame::PasswordOrLoginError => ("PASSWORD_OR_LOGIN_ERROR", 2),
            ServerFrame::Connected => ("CONNECTED", 3),
            ServerFrame::LoginAlreadyExists => ("LOGIN_ALREADY_EXISTS", 4),
            ServerFrame::GlobalMessage { .. } => ("GLOBAL_MESSAGE", 5),
            ServerFrame::PrivateAsking { .. } => ("PRIVATE_ASKING", 6),
            ServerFrame::PrivateValidation { .. } => ("PRIVATE_VALIDATION", 7),
            ServerFrame::PrivateDenied { .. } => ("PRIVATE_DENIED", 8),
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
    /// Takes the packet apart; of a file, what stands before its bytes.
    pub fn explained(&self) -> Explained {
        match *self {
            PeerFrame::Message { login, message } => Explained::new("MESSAGE", 7)
                .text32("login", login)
                .text32("message", message),
            PeerFrame::File { login, name, size } => Explained::new("FILE", 8)
                .text32("login", login)
                .text32("file name", name)
                .int32("file size", size),
            PeerFrame::Establishment { login, id } => Explained::new("ESTABLISHMENT", 9)
                .text32("login", login)
                .int64("id", id),
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
