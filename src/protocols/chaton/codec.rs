//! The commands of Chaton as bytes. The frames of each side have a function `decode` and, next to it, a function `encode`.
//! Both functions list the commands in the order of the document.

use crate::wire::{Cursor, Malformed, Stop, settle};

use super::fields::{decode_long, decode_parties, decode_text, encode_long, encode_texts};
use super::{ClientFrame, ServerFrame};

/// Maximum length of a message, in bytes (section 2). Every other text has the same limit. So a name of 31 to 1024 bytes is
/// too long for a login, but it is a valid text. A frame with such a name is valid, although no client can have this name.
pub const MAX_MESSAGE_BYTES: usize = 1024;

const LOGIN: i8 = 0;
const LOGIN_ACCEPTED: i8 = 1;
const LOGIN_REFUSED: i8 = 2;
const MESSAGE: i8 = 3;
const MESSAGE_PRIVATE: i8 = 4;
const REQUEST_PRIVATE: i8 = 5;
const OK_PRIVATE: i8 = 6;
const KO_PRIVATE: i8 = 7;
const ID_PRIVATE: i8 = 8;
const LOGIN_PRIVATE: i8 = 9;
const ESTABLISHED: i8 = 10;

/// How many bytes a LONG has. The document says 4 bytes, but a "long" usually has 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongWidth {
    /// Eight bytes, as in every implementation that we could observe.
    #[default]
    Eight,
    /// Four bytes, as the document says.
    Four,
}

/// The options that change how frames are encoded and decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Codec {
    /// Width of a connect_id.
    pub long: LongWidth,
}

impl<'a> ClientFrame<'a> {
    /// Decodes a frame at the front of the bytes. Returns the frame and its length, or `None` while bytes are missing.
    pub fn decode(codec: Codec, input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::decode_at(codec, Cursor::new(input)))
    }

    fn decode_at(codec: Codec, mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        let frame = match cursor.int8()? {
            LOGIN => ClientFrame::Login {
                login: decode_text(&mut cursor, "login")?,
            },
            MESSAGE => ClientFrame::Message {
                login: decode_text(&mut cursor, "login")?,
                msg: decode_text(&mut cursor, "msg")?,
            },
            MESSAGE_PRIVATE => ClientFrame::MessagePrivate {
                sender: decode_text(&mut cursor, "login_sender")?,
                target: decode_text(&mut cursor, "login_target")?,
                msg: decode_text(&mut cursor, "msg")?,
            },
            REQUEST_PRIVATE => {
                let (requester, target) = decode_parties(&mut cursor)?;
                ClientFrame::RequestPrivate { requester, target }
            }
            OK_PRIVATE => {
                let (requester, target) = decode_parties(&mut cursor)?;
                ClientFrame::OkPrivate { requester, target }
            }
            KO_PRIVATE => {
                let (requester, target) = decode_parties(&mut cursor)?;
                ClientFrame::KoPrivate { requester, target }
            }
            LOGIN_PRIVATE => ClientFrame::LoginPrivate {
                connect_id: decode_long(&mut cursor, codec)?,
            },
            other => return Err(not_from_a_client(other).into()),
        };
        Ok((frame, cursor.position()))
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, codec: Codec, into: &mut Vec<u8>) {
        match *self {
            ClientFrame::Login { login } => encode_texts(into, LOGIN, &[login]),
            ClientFrame::Message { login, msg } => encode_texts(into, MESSAGE, &[login, msg]),
            ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => encode_texts(into, MESSAGE_PRIVATE, &[sender, target, msg]),
            ClientFrame::RequestPrivate { requester, target } => {
                encode_texts(into, REQUEST_PRIVATE, &[requester, target]);
            }
            ClientFrame::OkPrivate { requester, target } => {
                encode_texts(into, OK_PRIVATE, &[requester, target]);
            }
            ClientFrame::KoPrivate { requester, target } => {
                encode_texts(into, KO_PRIVATE, &[requester, target]);
            }
            ClientFrame::LoginPrivate { connect_id } => {
                encode_texts(into, LOGIN_PRIVATE, &[]);
                encode_long(into, codec, connect_id);
            }
        }
    }
}

impl<'a> ServerFrame<'a> {
    /// Decodes a frame at the front of the bytes. Returns the frame and its length, or `None` while bytes are missing.
    pub fn decode(codec: Codec, input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::decode_at(codec, Cursor::new(input)))
    }

    fn decode_at(codec: Codec, mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        let frame = match cursor.int8()? {
            LOGIN_ACCEPTED => ServerFrame::LoginAccepted,
            LOGIN_REFUSED => ServerFrame::LoginRefused,
            MESSAGE => ServerFrame::Message {
                login: decode_text(&mut cursor, "login")?,
                msg: decode_text(&mut cursor, "msg")?,
            },
            MESSAGE_PRIVATE => ServerFrame::MessagePrivate {
                sender: decode_text(&mut cursor, "login_sender")?,
                target: decode_text(&mut cursor, "login_target")?,
                msg: decode_text(&mut cursor, "msg")?,
            },
            REQUEST_PRIVATE => {
                let (requester, target) = decode_parties(&mut cursor)?;
                ServerFrame::RequestPrivate { requester, target }
            }
            KO_PRIVATE => {
                let (requester, target) = decode_parties(&mut cursor)?;
                ServerFrame::KoPrivate { requester, target }
            }
            ID_PRIVATE => {
                let (requester, target) = decode_parties(&mut cursor)?;
                ServerFrame::IdPrivate {
                    requester,
                    target,
                    connect_id: decode_long(&mut cursor, codec)?,
                }
            }
            ESTABLISHED => ServerFrame::Established,
            other => return Err(not_from_a_server(other).into()),
        };
        Ok((frame, cursor.position()))
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, codec: Codec, into: &mut Vec<u8>) {
        match *self {
            ServerFrame::LoginAccepted => encode_texts(into, LOGIN_ACCEPTED, &[]),
            ServerFrame::LoginRefused => encode_texts(into, LOGIN_REFUSED, &[]),
            ServerFrame::Message { login, msg } => encode_texts(into, MESSAGE, &[login, msg]),
            ServerFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => encode_texts(into, MESSAGE_PRIVATE, &[sender, target, msg]),
            ServerFrame::RequestPrivate { requester, target } => {
                encode_texts(into, REQUEST_PRIVATE, &[requester, target]);
            }
            ServerFrame::KoPrivate { requester, target } => {
                encode_texts(into, KO_PRIVATE, &[requester, target]);
            }
            ServerFrame::IdPrivate {
                requester,
                target,
                connect_id,
            } => {
                encode_texts(into, ID_PRIVATE, &[requester, target]);
                encode_long(into, codec, connect_id);
            }
            ServerFrame::Established => encode_texts(into, ESTABLISHED, &[]),
        }
    }
}

fn not_from_a_client(opcode: i8) -> Malformed {
    let packet = match opcode {
        LOGIN_ACCEPTED => "LOGIN_ACCEPTED",
        LOGIN_REFUSED => "LOGIN_REFUSED",
        ID_PRIVATE => "ID_PRIVATE",
        ESTABLISHED => "ESTABLISHED",
        other => return Malformed::UnknownOpcode(other),
    };
    Malformed::WrongSide { packet }
}

fn not_from_a_server(opcode: i8) -> Malformed {
    let packet = match opcode {
        LOGIN => "LOGIN",
        OK_PRIVATE => "OK_PRIVATE",
        LOGIN_PRIVATE => "LOGIN_PRIVATE",
        other => return Malformed::UnknownOpcode(other),
    };
    Malformed::WrongSide { packet }
}
