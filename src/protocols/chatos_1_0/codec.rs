//! The packets of ChatOS 1.0 as bytes. `decode` and `encode` are next to each other, and list the packets in the order of
//! the document.

use crate::wire::{Cursor, Malformed, Put, Stop, settle};

use super::{Frame, Negotiation};

/// Maximum length of a text, in bytes: the length field is a signed short.
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
    /// Decodes a client's packet at the front of the bytes. Returns the packet and its length, or `None` while bytes
    /// are missing. This function decodes every kind of packet. The room decides which packets a client may send.
    pub fn decode(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::decode_at(Cursor::new(input)))
    }

    /// Decodes a server's packet. CR and TCPConnect are errors here, because only clients send them.
    pub fn decode_from_server(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let packet = match Cursor::new(input).int8() {
            Ok(CR) => "CR",
            Ok(TCP_CONNECT) => "TCPConnect",
            _ => return Self::decode(input),
        };
        Err(Malformed::WrongSide { packet })
    }

    fn decode_at(mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
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
            TCP_ASK => Frame::TcpAsk(Negotiation::decode(&mut cursor)?),
            TCP_ACCEPT => Frame::TcpAccept(Negotiation::decode(&mut cursor)?),
            TCP_ABORT => Frame::TcpAbort(Negotiation::decode(&mut cursor)?),
            TCP_CONNECT => Frame::TcpConnect(Negotiation::decode(&mut cursor)?),
            ERROR => Frame::Error {
                code: cursor.int8()?,
            },
            other => return Err(Malformed::UnknownOpcode(other).into()),
        };
        Ok((frame, cursor.position()))
    }

    /// Appends the packet's bytes.
    pub fn encode(&self, into: &mut Vec<u8>) {
        match self {
            Frame::ConnectionRequest { pseudonym } => encode_texts(into, CR, &[pseudonym]),
            Frame::SendPersonalMessage {
                sender,
                recipient,
                message,
            } => encode_texts(into, SPM, &[sender, recipient, message]),
            Frame::SendMessageToAll { sender, message } => {
                encode_texts(into, SMA, &[sender, message])
            }
            Frame::TcpAsk(negotiation) => negotiation.encode(into, TCP_ASK),
            Frame::TcpAccept(negotiation) => negotiation.encode(into, TCP_ACCEPT),
            Frame::TcpAbort(negotiation) => negotiation.encode(into, TCP_ABORT),
            Frame::TcpConnect(negotiation) => negotiation.encode(into, TCP_CONNECT),
            Frame::Error { code } => {
                into.put_int8(ERROR);
                into.put_int8(*code);
            }
        }
    }

    /// Returns the packet's bytes.
    pub fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes
    }
}

impl<'a> Negotiation<'a> {
    fn decode(cursor: &mut Cursor<'a>) -> Result<Self, Stop> {
        Ok(Negotiation {
            sender: cursor.text16("sender")?,
            recipient: cursor.text16("recipient")?,
            password: cursor.int16()?,
        })
    }

    fn encode(&self, into: &mut Vec<u8>, opcode: i8) {
        encode_texts(into, opcode, &[self.sender, self.recipient]);
        into.put_int16(self.password);
    }
}

fn encode_texts(into: &mut Vec<u8>, opcode: i8, texts: &[&str]) {
    into.put_int8(opcode);
    for text in texts {
        into.put_text16(text);
    }
}
