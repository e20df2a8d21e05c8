//! The packets of ChatOS 1.0, each one's decoding beside its encoding, in the document's order.

use crate::wire::{Cursor, Malformed, Put, Stop, settle};

use super::{Frame, Negotiation};

/// A text takes at most this many bytes: its length is a signed short.
pub const MAX_TEXT_BYTES: usize = i16::MAX as usize;

const CR: i8 = 1;
const SPM: i8 = 2;
const SMA: i8 = 3;
const TCP_ASK: i8 = 4;
const TCP_ACCEPT: i8 = 5;
const TCP_ABORT: i8 = 6;
const TCP_CONNECT: i8 = 7;
const ERROR: i8 = 8;

impl<'a> Frame<'a> {
    /// Takes a packet of a client from the front of the bytes: it and its length, or `None` while bytes are missing. A
    /// client may send every packet there is; that some of them mean nothing from it is for the room to say.
    pub fn decode(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::read(Cursor::new(input)))
    }

    /// The same for packets of a server, which asks for no pseudonym and opens no private connection.
    pub fn decode_from_server(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let packet = match Cursor::new(input).int8() {
            Ok(CR) => "CR",
            Ok(TCP_CONNECT) => "TCPConnect",
            _ => return Self::decode(input),
        };
        Err(Malformed::WrongSide { packet })
    }

    fn read(mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        let frame = match cursor.int8()? {
            CR => Frame::ConnectionRequest {
                pseudonym: cursor.text16("pseudo")?,
            },
            SPM => Frame::SendPersonalMessage {
                sender: cursor.text16("sender")?,
                recipient: cursor.text16("recipient")?,
                message: cursor.text16("message")?,
            },
            SMA => Frame::SendMessageToAll {
                sender: cursor.text16("sender")?,
                message: cursor.text16("message")?,
            },
            TCP_ASK => Frame::TcpAsk(Negotiation::read(&mut cursor)?),
            TCP_ACCEPT => Frame::TcpAccept(Negotiation::read(&mut cursor)?),
            TCP_ABORT => Frame::TcpAbort(Negotiation::read(&mut cursor)?),
            TCP_CONNECT => Frame::TcpConnect(Negotiation::read(&mut cursor)?),
            ERROR => Frame::Error {
                code: cursor.int8()?,
            },
            other => return Err(Malformed::UnknownOpcode(other).into()),
        };
        Ok((frame, cursor.position()))
    }

    /// Appends the packet's bytes.
    pub fn put(&self, into: &mut Vec<u8>) {
        match self {
            Frame::ConnectionRequest { pseudonym } => put(into, CR, &[pseudonym]),
            Frame::SendPersonalMessage {
                sender,
                recipient,
                message,
            } => put(into, SPM, &[sender, recipient, message]),
            Frame::SendMessageToAll { sender, message } => put(into, SMA, &[sender, message]),
            Frame::TcpAsk(negotiation) => negotiation.put(into, TCP_ASK),
            Frame::TcpAccept(negotiation) => negotiation.put(into, TCP_ACCEPT),
            Frame::TcpAbort(negotiation) => negotiation.put(into, TCP_ABORT),
            Frame::TcpConnect(negotiation) => negotiation.put(into, TCP_CONNECT),
            Frame::Error { code } => {
                into.put_int8(ERROR);
                into.put_int8(*code);
            }
        }
    }

    /// The packet's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.put(&mut bytes);
        bytes
    }
}

impl<'a> Negotiation<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Stop> {
        Ok(Negotiation {
            sender: cursor.text16("sender")?,
            recipient: cursor.text16("recipient")?,
            password: cursor.int16()?,
        })
    }

    fn put(&self, into: &mut Vec<u8>, opcode: i8) {
        put(into, opcode, &[self.sender, self.recipient]);
        into.put_int16(self.password);
    }
}

fn put(into: &mut Vec<u8>, opcode: i8, texts: &[&str]) {
    into.put_int8(opcode);
    for text in texts {
        into.put_text16(text);
    }
}
