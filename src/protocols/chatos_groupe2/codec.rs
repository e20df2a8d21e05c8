//! The two commands that Chaton does not have, as bytes. `decode` and `encode` are next to each other.

use crate::chaton::fields::{decode_long, decode_parties, decode_text, encode_long, encode_texts};
use crate::chaton::{self, Codec};
use crate::wire::{Cursor, Malformed, Put, Stop, settle};

use super::{AcceptCloseConnection, ClientFrame, CloseConnection, ServerFrame};

const CLOSE_CONNECTION: i8 = 11;
const ACCEPT_CLOSE_CONNECTION: i8 = 12;

impl<'a> ClientFrame<'a> {
    /// Decodes a frame at the front of the bytes. Returns the frame and its length, or `None` while bytes are missing.
    pub fn decode(codec: Codec, input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        match opcode(input) {
            Some(CLOSE_CONNECTION) => settle(CloseConnection::decode_at(codec, Cursor::new(input)))
                .map(|read| read.map(|(close, length)| (Self::CloseConnection(close), length))),
            Some(ACCEPT_CLOSE_CONNECTION) => Err(Malformed::WrongSide {
                packet: "ACCEPT_CLOSE_CONNECTION",
            }),
            _ => chaton::ClientFrame::decode(codec, input)
                .map(|read| read.map(|(frame, length)| (Self::Chaton(frame), length))),
        }
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, codec: Codec, into: &mut Vec<u8>) {
        match self {
            ClientFrame::Chaton(frame) => frame.encode(codec, into),
            ClientFrame::CloseConnection(close) => close.encode(codec, into),
        }
    }
}

impl<'a> CloseConnection<'a> {
    fn decode_at(codec: Codec, mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        cursor.int8()?;
        let connect_id = decode_long(&mut cursor, codec)?;
        let (requester, target) = decode_parties(&mut cursor)?;
        let close = CloseConnection {
            connect_id,
            requester,
            target,
        };
        Ok((close, cursor.position()))
    }

    fn encode(&self, codec: Codec, into: &mut Vec<u8>) {
        encode_texts(into, CLOSE_CONNECTION, &[]);
        encode_long(into, codec, self.connect_id);
        into.put_text32(self.requester);
        into.put_text32(self.target);
    }
}

impl<'a> ServerFrame<'a> {
    /// Decodes a frame at the front of the bytes. Returns the frame and its length, or `None` while bytes are missing.
    pub fn decode(codec: Codec, input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        match opcode(input) {
            Some(CLOSE_CONNECTION) => Err(Malformed::WrongSide {
                packet: "CLOSE_CONNECTION",
            }),
            Some(ACCEPT_CLOSE_CONNECTION) => {
                settle(AcceptCloseConnection::decode_at(Cursor::new(input))).map(|read| {
                    read.map(|(accept, length)| (Self::AcceptCloseConnection(accept), length))
                })
            }
            _ => chaton::ServerFrame::decode(codec, input)
                .map(|read| read.map(|(frame, length)| (Self::Chaton(frame), length))),
        }
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, codec: Codec, into: &mut Vec<u8>) {
        match self {
            ServerFrame::Chaton(frame) => frame.encode(codec, into),
            ServerFrame::AcceptCloseConnection(accept) => accept.encode(into),
        }
    }
}

impl<'a> AcceptCloseConnection<'a> {
    fn decode_at(mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        cursor.int8()?;
        let login = decode_text(&mut cursor, "login_target")?;
        Ok((AcceptCloseConnection { login }, cursor.position()))
    }

    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        encode_texts(into, ACCEPT_CLOSE_CONNECTION, &[self.login]);
    }
}

fn opcode(input: &[u8]) -> Option<i8> {
    Cursor::new(input).int8().ok()
}
