//! The packets of Chatr Connect, split into their fields, for users who want to see what is sent. Signatures are not shown:
//! a client's signature never changes, so anyone who has seen it can log in as this client.

use std::net::IpAddr;

use super::Frame;
use crate::wire::Explained;

impl Frame<'_> {
    /// Splits the packet into its fields. `bytes` are all bytes of the packet, beginning with its length.
    pub fn explained(&self, bytes: &[u8]) -> Explained {
        let varint = bytes.iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let opcode = bytes.get(varint).copied().unwrap_or_default();
        let packet = Explained::bare(self.packet())
            .field("length", varint, bytes.len().saturating_sub(varint))
            .field("opcode", 1, opcode);
        match *self {
            Frame::Connect {
                version,
                uuid,
                signature,
            } => {
                let mut packet = packet
                    .field("version", 4, version)
                    .field("uuid", 16, uuid)
                    .field("length of signature", 4, signature.len())
                    .field("signature", signature.len(), "(not shown)");
                if let Some(field) = packet.fields.last_mut() {
                    field.is_secret = true;
                }
                packet
            }
            Frame::Disconnect { message } => {
                let text = message.len();
                let length = bytes.len().saturating_sub(packet.length() + text);
                packet.field("length of message", length, text).field(
                    "message",
                    text,
                    format_args!("{message:?}"),
                )
            }
            Frame::Connected => packet,
            Frame::Ping { id } | Frame::Pong { id } => packet.int64("ping id", id),
            Frame::ConnectionRequest {
                uuid,
                private_endpoint,
            }
            | Frame::ConnectionRequestAccept {
                uuid,
                private_endpoint,
            } => address(
                packet.field("uuid", 16, uuid),
                "private endpoint",
                private_endpoint,
            ),
            Frame::ConnectionRequestDenied { uuid } => packet.field("uuid", 16, uuid),
            Frame::ClientInfo {
                uuid,
                public_endpoint,
            } => address(
                packet.field("uuid", 16, uuid),
                "public endpoint",
                public_endpoint,
            ),
        }
    }
}

fn address(packet: Explained, name: &str, address: IpAddr) -> Explained {
    let (version, length) = match address {
        IpAddr::V4(_) => (4, 4),
        IpAddr::V6(_) => (6, 16),
    };
    packet
        .field(&format!("version of {name}"), 1, version)
        .field(name, length, address)
}
