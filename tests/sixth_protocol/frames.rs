//! The packets of the noticeboard and their bytes (section 2 of its document).

use std::fmt;

use matou_protocols::room::Packet;
use matou_protocols::wire::{Cursor, Malformed, Put, Stop, settle};

const PIN: i8 = 1;
const PINNED: i8 = 2;
const READ: i8 = 3;
const NOTE: i8 = 4;
const NO_NOTE: i8 = 5;
const REFUSED: i8 = 6;

/// A packet that a client sends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientPacket<'a> {
    /// Pins this note.
    Pin(&'a str),
    /// Asks for the note with this number.
    Read(i32),
}

/// A packet that the server sends.
#[derive(Debug)]
pub(crate) enum ServerPacket<'a> {
    /// A note was pinned under this number.
    Pinned(i32),
    /// The note with this number.
    Note(i32, &'a str),
    /// No note has this number.
    NoNote(i32),
    /// The note is too short or too long.
    Refused,
}

impl<'a> ClientPacket<'a> {
    /// Decodes the first packet in the bytes, and returns it with its length. Returns `None` while bytes are missing.
    pub(crate) fn decode(input: &'a [u8]) -> Result<Option<(ClientPacket<'a>, usize)>, Malformed> {
        let mut cursor = Cursor::new(input);
        let read = |cursor: &mut Cursor<'a>| -> Result<ClientPacket<'a>, Stop> {
            match cursor.int8()? {
                PIN => Ok(ClientPacket::Pin(cursor.text16("text")?)),
                READ => Ok(ClientPacket::Read(cursor.int32()?)),
                other => Err(Malformed::UnknownOpcode(other).into()),
            }
        };
        let packet = settle(read(&mut cursor))?;
        Ok(packet.map(|packet| (packet, cursor.position())))
    }
}

impl Packet for ServerPacket<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        match self {
            ServerPacket::Pinned(number) => {
                into.put_int8(PINNED);
                into.put_int32(*number);
            }
            ServerPacket::Note(number, text) => {
                into.put_int8(NOTE);
                into.put_int32(*number);
                into.put_text16(text);
            }
            ServerPacket::NoNote(number) => {
                into.put_int8(NO_NOTE);
                into.put_int32(*number);
            }
            ServerPacket::Refused => into.put_int8(REFUSED),
        }
    }
}

impl fmt::Display for ClientPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientPacket::Pin(text) => write!(f, "PIN {text:?}"),
            ClientPacket::Read(number) => write!(f, "READ {number}"),
        }
    }
}

impl fmt::Display for ServerPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerPacket::Pinned(number) => write!(f, "PINNED {number}"),
            ServerPacket::Note(number, text) => write!(f, "NOTE {number} {text:?}"),
            ServerPacket::NoNote(number) => write!(f, "NO_NOTE {number}"),
            ServerPacket::Refused => f.write_str("REFUSED"),
        }
    }
}

#[test]
fn an_incomplete_packet_is_not_decoded() {
    let bytes = b"\x01\0\x02hi\x03\0\0\0\x07";
    assert_eq!(ClientPacket::decode(&bytes[..4]), Ok(None));
    assert_eq!(
        ClientPacket::decode(bytes),
        Ok(Some((ClientPacket::Pin("hi"), 5)))
    );
    assert_eq!(
        ClientPacket::decode(&bytes[5..]),
        Ok(Some((ClientPacket::Read(7), 5)))
    );
    assert!(ClientPacket::decode(b"\x2a").is_err());
}
