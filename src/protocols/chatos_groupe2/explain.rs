//! The commands of this document, split into their fields, for users who want to see what is sent.

use super::{ClientFrame, Codec, ServerFrame};
use crate::chaton::explain::explain_long;
use crate::wire::Explained;

impl ClientFrame<'_> {
    /// Splits the frame into its fields. `opcode` is the frame's first byte.
    pub fn explained(&self, codec: Codec, opcode: i8) -> Explained {
        match self {
            ClientFrame::Chaton(frame) => frame.explained(codec, opcode),
            ClientFrame::CloseConnection(close) => {
                let command = Explained::new("CLOSE_CONNECTION", opcode);
                explain_long(command, codec, close.connect_id)
                    .text32("login_requester", close.requester)
                    .text32("login_target", close.target)
            }
        }
    }
}

impl ServerFrame<'_> {
    /// Splits the frame into its fields. `opcode` is the frame's first byte.
    pub fn explained(&self, codec: Codec, opcode: i8) -> Explained {
        match self {
            ServerFrame::Chaton(frame) => frame.explained(codec, opcode),
            ServerFrame::AcceptCloseConnection(accept) => {
                Explained::new("ACCEPT_CLOSE_CONNECTION", opcode)
                    .text32("login_target", accept.login)
            }
        }
    }
}
