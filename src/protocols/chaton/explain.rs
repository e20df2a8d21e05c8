//! The commands of Chaton, split into their fields, for users who want to see what is sent. Connect_ids are secret, so logs
//! hide them. Here they are shown, because they belong to the user who looks at the frame.

use super::{ClientFrame, Codec, LongWidth, ServerFrame};
use crate::wire::Explained;

impl ClientFrame<'_> {
    /// Splits the frame into its fields. `opcode` is the frame's first byte.
    pub fn explained(&self, codec: Codec, opcode: i8) -> Explained {
        let command = Explained::new(self.command(), opcode);
        match *self {
            ClientFrame::Login { login } => command.text32("login", login),
            ClientFrame::Message { login, msg } => {
                command.text32("login", login).text32("msg", msg)
            }
            ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => command
                .text32("login_sender", sender)
                .text32("login_target", target)
                .text32("msg", msg),
            ClientFrame::RequestPrivate { requester, target }
            | ClientFrame::OkPrivate { requester, target }
            | ClientFrame::KoPrivate { requester, target } => command
                .text32("login_requester", requester)
                .text32("login_target", target),
            ClientFrame::LoginPrivate { connect_id } => explain_long(command, codec, connect_id),
        }
    }
}

impl ServerFrame<'_> {
    /// Splits the frame into its fields. `opcode` is the frame's first byte.
    pub fn explained(&self, codec: Codec, opcode: i8) -> Explained {
        match *self {
            ServerFrame::LoginAccepted => Explained::new("LOGIN_ACCEPTED", opcode),
            ServerFrame::LoginRefused => Explained::new("LOGIN_REFUSED", opcode),
            ServerFrame::Established => Explained::new("ESTABLISHED", opcode),
            // The next frames have the same fields in both directions, so the code for the client's frames explains them.
            ServerFrame::Message { login, msg } => {
                ClientFrame::Message { login, msg }.explained(codec, opcode)
            }
            ServerFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            }
            .explained(codec, opcode),
            ServerFrame::RequestPrivate { requester, target } => {
                ClientFrame::RequestPrivate { requester, target }.explained(codec, opcode)
            }
            ServerFrame::KoPrivate { requester, target } => {
                ClientFrame::KoPrivate { requester, target }.explained(codec, opcode)
            }
            ServerFrame::IdPrivate {
                requester,
                target,
                connect_id,
            } => {
                let command = Explained::new("ID_PRIVATE", opcode)
                    .text32("login_requester", requester)
                    .text32("login_target", target);
                explain_long(command, codec, connect_id)
            }
        }
    }
}

/// Adds a connect_id; the codec says how many bytes it has.
pub(crate) fn explain_long(command: Explained, codec: Codec, connect_id: i64) -> Explained {
    let width = match codec.long {
        LongWidth::Eight => 8,
        LongWidth::Four => 4,
    };
    command.field("connect_id", width, connect_id)
}
