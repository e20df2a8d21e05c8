//! The packets of ChatOS 1.0, field by field, for users who look at the wire. Unlike in a log, the password of a
//! negotiation is shown, because it is the user's own.

use super::{ErrorCode, Frame, Negotiation};
use crate::wire::Explained;

impl Frame<'_> {
    /// Takes the packet apart; `opcode` is the first of its bytes.
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
