//! A server that follows the document's table of opcodes. The rest of the document contradicts the table: there, MESSAGE has
//! the opcode that MESSAGE_PRIVATE has in the table, and the other way round. A server may follow the table or the rest of
//! the document, so this server has no fault.

use matou_protocols::chaton::ClientFrame::{Message, MessagePrivate};
use matou_protocols::chatos_groupe2::{ClientFrame, Codec, Room};

use super::{Fault, Heard, Specimen};
use crate::fault::ANY;
use crate::room::{Decoded, decode};

const BY_THE_TABLE: Fault = Fault::reading(
    "follows the table of opcodes",
    "",
    |codec, input| match input {
        [opcode @ (3 | 4), ..] => decode_turned(*codec, input, 7 - opcode),
        _ => decode(codec, input),
    },
    |lab, call| {
        lab.good(call).frames(|_, right| match right {
            [opcode @ (3 | 4), rest @ ..] => [&[7 - opcode], rest].concat(),
            _ => right.to_vec(),
        })
    },
);

/// Returns the server as a specimen that breaks no requirement.
pub fn by_the_table() -> Specimen {
    BY_THE_TABLE.specimen(ANY)
}

/// Decodes the frame as if it began with the opcode `opcode`. The decoded texts are parts of `input`, without a copy.
fn decode_turned(codec: Codec, input: &[u8], opcode: u8) -> Decoded<'_, Room> {
    let mut turned = input.to_vec();
    if let Some(first) = turned.first_mut() {
        *first = opcode;
    }
    let Some((frame, length)) = ClientFrame::decode(codec, &turned)? else {
        return Ok(None);
    };
    let mut at = 1;
    let mut text = |known: &str| {
        let start = at + 4;
        at = start + known.len();
        let text = input.get(start..at).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    };
    let frame = match frame {
        ClientFrame::Chaton(Message { login, msg }) => Message {
            login: text(login),
            msg: text(msg),
        },
        ClientFrame::Chaton(MessagePrivate {
            sender,
            target,
            msg,
        }) => MessagePrivate {
            sender: text(sender),
            target: text(target),
            msg: text(msg),
        },
        // All other frames have other opcodes, so they are decoded as usual.
        _ => return decode(&codec, input),
    };
    Ok(Some((Heard::Frame(ClientFrame::Chaton(frame)), length)))
}
