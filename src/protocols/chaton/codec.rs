//! The commands of Chaton, each one's decoding beside its encoding, in the document's order.

use crate::wire::{Cursor, Malformed, Stop, settle};

use super::fields::{long, parties, put, put_long, text};
use super::{ClientFrame, ServerFrame};

/// A message takes at most this many bytes (section 2). Every other text shares the limit: a longer name than a login may
/// have is no framing error, it is simply nobody's.
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

/// How many bytes a LONG takes: the document says 4, the word says 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongWidth {
    /// As every implementation that could be observed.
    #[default]
    Eight,
    /// As the document's sentence.
    Four,
}

/// What encoding and decoding must know of a listener or of a server that one connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Codec {
    /// Width of a connect_id.
    pub long: LongWidth,
}

impl<'a> ClientFrame<'a> {
    /// Takes a frame from the front of the bytes: it and its length, or `None` while bytes are missing.
    pub fn decode(codec: Codec, input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::read(codec, Cursor::new(input)))
    }

    fn read(codec: Codec, mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        let frame = match cursor.int8()? {
            LOGIN => ClientFrame::Login {
                login: text(&mut cursor, "login")?,
            },
            MESSAGE => ClientFrame::Message {
                login: text(&mut cursor, "login")?,
                msg: text(&mut cursor, "msg")?,
            },
            MESSAGE_PRIVATE => ClientFrame::MessagePrivate {
                sender: text(&mut cursor, "login_sender")?,
                target: text(&mut cursor, "login_target")?,
                msg: text(&mut cursor, "msg")?,
            },
            REQUEST_PRIVATE => {
                let (requester, target) = parties(&mut cursor)?;
                ClientFrame::RequestPrivate { requester, target }
            }
            OK_PRIVATE => {
                let (requester, target) = parties(&mut cursor)?;
                ClientFrame::OkPrivate { requester, target }
            }
            KO_PRIVATE => {
                let (requester, target) = parties(&mut cursor)?;
                ClientFrame::KoPrivate { requester, target }
            }
            LOGIN_PRIVATE => ClientFrame::LoginPrivate {
                connect_id: long(&mut cursor, codec)?,
            },
            other => return Err(not_from_a_client(other).into()),
        };
        Ok((frame, cursor.position()))
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, codec: Codec, into: &mut Vec<u8>) {
        match *self {
            ClientFrame::Login { login } => put(into, LOGIN, &[login]),
            ClientFrame::Message { login, msg } => put(into, MESSAGE, &[login, msg]),
            ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => put(into, MESSAGE_PRIVATE, &[sender, target, msg]),
            ClientFrame::RequestPrivate { requester, target } => {
                put(into, REQUEST_PRIVATE, &[requester, target]);
            }
            ClientFrame::OkPrivate { requester, target } => {
                put(into, OK_PRIVATE, &[requester, target]);
            }
            ClientFrame::KoPrivate { requester, target } => {
                put(into, KO_PRIVATE, &[requester, target]);
            }
            ClientFrame::LoginPrivate { connect_id } => {
                put(into, LOGIN_PRIVATE, &[]);
                put_long(into, codec, connect_id);
            }
        }
    }
}

impl<'a> ServerFrame<'a> {
    /// Takes a frame from the front of the bytes: it and its length, or `None` while bytes are missing.
    pub fn decode(codec: Codec, input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::read(codec, Cursor::new(input)))
    }

    fn read(codec: Codec, mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        let frame = match cursor.int8()? {
            LOGIN_ACCEPTED => ServerFrame::LoginAccepted,
            LOGIN_REFUSED => ServerFrame::LoginRefused,
            MESSAGE => ServerFrame::Message {
                login: text(&mut cursor, "login")?,
                msg: text(&mut cursor, "msg")?,
            },
            MESSAGE_PRIVATE => ServerFrame::MessagePrivate {
                sender: text(&mut cursor, "login_sender")?,
                target: text(&mut cursor, "login_target")?,
                msg: text(&mut cursor, "msg")?,
            },
            REQUEST_PRIVATE => {
                let (requester, target) = parties(&mut cursor)?;
                ServerFrame::RequestPrivate { requester, target }
            }
            KO_PRIVATE => {
                let (requester, target) = parties(&mut cursor)?;
                ServerFrame::KoPrivate { requester, target }
            }
            ID_PRIVATE => {
                let (requester, target) = parties(&mut cursor)?;
                ServerFrame::IdPrivate {
                    requester,
                    target,
                    connect_id: long(&mut cursor, codec)?,
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
            ServerFrame::LoginAccepted => put(into, LOGIN_ACCEPTED, &[]),
            ServerFrame::LoginRefused => put(into, LOGIN_REFUSED, &[]),
            ServerFrame::Message { login, msg } => put(into, MESSAGE, &[login, msg]),
            ServerFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => put(into, MESSAGE_PRIVATE, &[sender, target, msg]),
            ServerFrame::RequestPrivate { requester, target } => {
                put(into, REQUEST_PRIVATE, &[requester, target]);
            }
            ServerFrame::KoPrivate { requester, target } => {
                put(into, KO_PRIVATE, &[requester, target]);
            }
            ServerFrame::IdPrivate {
                requester,
                target,
                connect_id,
            } => {
                put(into, ID_PRIVATE, &[requester, target]);
                put_long(into, codec, connect_id);
            }
            ServerFrame::Established => put(into, ESTABLISHED, &[]),
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
