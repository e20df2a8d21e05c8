//! The packets of ChatOS 1.0, split into their fields, for users who want to see what is sent. The password of a negotiation
//! is secret, so logs hide it. Here it is shown, because it belongs to the user who looks at the packet.

use super::{ErrorCode, Frame, Negotiation};
use crate::wire::Explained;

impl Frame<'_> {
    /// Splits the packet into its fields. `opcode` is the frame's first byte.
    pub fn explained(&self, opcode: i8) -> Explained {
        let packet = Explained::new(self.packet(), opcode);
        match *self {
            Frame::ConnectionRequest { pseudonym } => packet.text16("pseudo", pseudonym),
            Frame::SendPersonalMessage {
                sender,
                recipient,
                message,
            } => packet
                .text16("sender", sender)
                .text16("recipient", recipient)
                .text16("message", message),
            Frame::SendMessageToAll { sender, message } => {
                packet.text16("sender", sender).text16("message", message)
            }
            Frame::TcpAsk(negotiation)
            | Frame::TcpAccept(negotiation)
            | Frame::TcpAbort(negotiation)
            | Frame::TcpConnect(negotiation) => explain_negotiation(packet, negotiation),
            Frame::Error { code } => match ErrorCode::of(code) {
                Some(known) => packet.field("code", 1, format_args!("{code} ({known})")),
                None => packet.field("code", 1, code),
            },
        }
    }
}

fn explain_negotiation(packet: Explained, negotiation: Negotiation<'_>) -> Explained {
    packet
        .text16("sender", negotiation.sender)
        .text16("recipient", negotiation.recipient)
        .int16("password", negotiation.password)
}
