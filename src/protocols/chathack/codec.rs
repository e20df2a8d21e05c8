//! The packets of ChatHack as bytes. The frames of each side have a function `decode` and, next to it, a function `encode`.
//! Both functions list the packets in the order of the document.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::{Cursor, Malformed, Put, Stop, settle};

use super::{ClientFrame, MeetingPoint, PeerFrame, Received, ServerFrame};

/// Maximum length of a message, in bytes. The document says: "All message, private message or file which size is upper than
/// 1024 bytes will be automatically rejects." Every other text has the same limit. So a name of 256 to 1024 bytes is too
/// long for a login, but it is a valid text. A packet with such a name is valid, although no client can have this name.
pub const MAX_MESSAGE_BYTES: usize = 1024;

/// If a message is over the limit but has at most this many bytes, the receiver rejects it, skips its bytes and keeps the
/// connection open. If a message is longer, the receiver closes the connection.
pub const MAX_SKIPPED_BYTES: usize = 64 << 10;

pub(super) const LOGIN_WITH_PASSWORD: i8 = 1;
pub(super) const LOGIN: i8 = 2;
pub(super) const GLOBAL_MESSAGE: i8 = 3;
pub(super) const PRIVATE_ASKING: i8 = 4;
pub(super) const PRIVATE_VALIDATION: i8 = 5;
pub(super) const PRIVATE_DENIED: i8 = 6;
pub(super) const PEER_MESSAGE: i8 = 7;
pub(super) const PEER_FILE: i8 = 8;
pub(super) const PEER_ESTABLISHMENT: i8 = 9;

pub(super) const ACK_PACKET_ERROR: i8 = 1;
pub(super) const ACK_PASSWORD_OR_LOGIN_ERROR: i8 = 2;
pub(super) const ACK_CONNECTED: i8 = 3;
pub(super) const ACK_LOGIN_ALREADY_EXISTS: i8 = 4;
pub(super) const ACK_GLOBAL_MESSAGE: i8 = 5;
pub(super) const ACK_PRIVATE_ASKING: i8 = 6;
pub(super) const ACK_PRIVATE_VALIDATION: i8 = 7;
pub(super) const ACK_PRIVATE_DENIED: i8 = 8;

const ADCODE_IPV4: i8 = 1;
const ADCODE_IPV6: i8 = 2;

impl<'a> ClientFrame<'a> {
    /// Decodes a frame at the front of the bytes. Returns the frame and its length, or `None` while bytes are missing. If
    /// the message is over the limit, returns [`Received::TooLong`] (or an error if it is too long to skip) as soon as its
    /// length has arrived.
    pub fn decode(input: &'a [u8]) -> Result<Option<(Received<Self>, usize)>, Malformed> {
        settle(Self::decode_at(Cursor::new(input)))
    }

    fn decode_at(mut cursor: Cursor<'a>) -> Result<(Received<Self>, usize), Stop> {
        let frame = match cursor.int8()? {
            LOGIN_WITH_PASSWORD => ClientFrame::LoginWithPassword {
                login: decode_text(&mut cursor, "login")?,
                password: decode_text(&mut cursor, "password")?,
            },
            LOGIN => ClientFrame::Login {
                login: decode_text(&mut cursor, "login")?,
            },
            GLOBAL_MESSAGE => {
                let login = decode_text(&mut cursor, "login")?;
                match decode_payload(&mut cursor, "message", MAX_MESSAGE_BYTES)? {
                    Payload::Text(message) => ClientFrame::GlobalMessage { login, message },
                    Payload::TooLong(why, length) => return Ok((Received::TooLong(why), length)),
                }
            }
            PRIVATE_ASKING => {
                let (sender, receiver) = decode_parties(&mut cursor)?;
                ClientFrame::PrivateAsking { sender, receiver }
            }
            PRIVATE_VALIDATION => {
                let (sender, receiver) = decode_parties(&mut cursor)?;
                ClientFrame::PrivateValidation {
                    sender,
                    receiver,
                    meeting: decode_meeting(&mut cursor)?,
                }
            }
            PRIVATE_DENIED => {
                let (sender, receiver) = decode_parties(&mut cursor)?;
                ClientFrame::PrivateDenied { sender, receiver }
            }
            other => return Err(not_for_a_server(other).into()),
        };
        Ok((Received::Frame(frame), cursor.position()))
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, into: &mut Vec<u8>) {
        match *self {
            ClientFrame::LoginWithPassword { login, password } => {
                encode_texts(into, LOGIN_WITH_PASSWORD, &[login, password]);
            }
            ClientFrame::Login { login } => encode_texts(into, LOGIN, &[login]),
            ClientFrame::GlobalMessage { login, message } => {
                encode_texts(into, GLOBAL_MESSAGE, &[login, message]);
            }
            ClientFrame::PrivateAsking { sender, receiver } => {
                encode_texts(into, PRIVATE_ASKING, &[sender, receiver]);
            }
            ClientFrame::PrivateValidation {
                sender,
                receiver,
                meeting,
            } => {
                encode_texts(into, PRIVATE_VALIDATION, &[sender, receiver]);
                encode_meeting(into, meeting);
            }
            ClientFrame::PrivateDenied { sender, receiver } => {
                encode_texts(into, PRIVATE_DENIED, &[sender, receiver]);
            }
        }
    }
}

impl<'a> ServerFrame<'a> {
    /// Decodes a frame at the front of the bytes. Returns the frame and its length, or `None` while bytes are missing.
    pub fn decode(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::decode_at(Cursor::new(input)))
    }

    fn decode_at(mut cursor: Cursor<'a>) -> Result<(Self, usize), Stop> {
        let frame = match cursor.int8()? {
            ACK_PACKET_ERROR => ServerFrame::PacketError,
            ACK_PASSWORD_OR_LOGIN_ERROR => ServerFrame::PasswordOrLoginError,
            ACK_CONNECTED => ServerFrame::Connected,
            ACK_LOGIN_ALREADY_EXISTS => ServerFrame::LoginAlreadyExists,
            ACK_GLOBAL_MESSAGE => ServerFrame::GlobalMessage {
                login: decode_text(&mut cursor, "login")?,
                message: decode_text(&mut cursor, "message")?,
            },
            ACK_PRIVATE_ASKING => ServerFrame::PrivateAsking {
                sender: decode_text(&mut cursor, "sender login")?,
            },
            ACK_PRIVATE_VALIDATION => ServerFrame::PrivateValidation {
                login: decode_text(&mut cursor, "login")?,
                meeting: decode_meeting(&mut cursor)?,
            },
            ACK_PRIVATE_DENIED => ServerFrame::PrivateDenied {
                login: decode_text(&mut cursor, "login")?,
            },
            other => return Err(Malformed::UnknownOpcode(other).into()),
        };
        Ok((frame, cursor.position()))
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, into: &mut Vec<u8>) {
        match *self {
            ServerFrame::PacketError => encode_texts(into, ACK_PACKET_ERROR, &[]),
            ServerFrame::PasswordOrLoginError => {
                encode_texts(into, ACK_PASSWORD_OR_LOGIN_ERROR, &[])
            }
            ServerFrame::Connected => encode_texts(into, ACK_CONNECTED, &[]),
            ServerFrame::LoginAlreadyExists => encode_texts(into, ACK_LOGIN_ALREADY_EXISTS, &[]),
            ServerFrame::GlobalMessage { login, message } => {
                encode_texts(into, ACK_GLOBAL_MESSAGE, &[login, message]);
            }
            ServerFrame::PrivateAsking { sender } => {
                encode_texts(into, ACK_PRIVATE_ASKING, &[sender])
            }
            ServerFrame::PrivateValidation { login, meeting } => {
                encode_texts(into, ACK_PRIVATE_VALIDATION, &[login]);
                encode_meeting(into, meeting);
            }
            ServerFrame::PrivateDenied { login } => {
                encode_texts(into, ACK_PRIVATE_DENIED, &[login])
            }
        }
    }
}

impl<'a> PeerFrame<'a> {
    /// Decodes a frame at the front of the bytes. Returns the frame and its length, or `None` while bytes are missing.
    /// `limit` is the maximum length of a message, in bytes. If a message is longer, returns [`Received::TooLong`] (or an
    /// error if it is too long to skip) as soon as its length has arrived. The content of a file is not a part of its frame;
    /// it follows the frame.
    pub fn decode(
        input: &'a [u8],
        limit: usize,
    ) -> Result<Option<(Received<Self>, usize)>, Malformed> {
        settle(Self::decode_at(Cursor::new(input), limit))
    }

    fn decode_at(mut cursor: Cursor<'a>, limit: usize) -> Result<(Received<Self>, usize), Stop> {
        let frame = match cursor.int8()? {
            PEER_MESSAGE => {
                let login = decode_text(&mut cursor, "login")?;
                match decode_payload(&mut cursor, "message", limit)? {
                    Payload::Text(message) => PeerFrame::Message { login, message },
                    Payload::TooLong(why, length) => return Ok((Received::TooLong(why), length)),
                }
            }
            PEER_FILE => {
                let login = decode_text(&mut cursor, "login")?;
                let name = decode_text(&mut cursor, "file name")?;
                let size = cursor.int32()?;
                if size < 0 {
                    let (field, length) = ("file", i64::from(size));
                    return Err(Malformed::NegativeLength { field, length }.into());
                }
                PeerFrame::File { login, name, size }
            }
            PEER_ESTABLISHMENT => PeerFrame::Establishment {
                login: decode_text(&mut cursor, "login")?,
                id: cursor.int64()?,
            },
            other => return Err(not_for_a_peer(other).into()),
        };
        Ok((Received::Frame(frame), cursor.position()))
    }

    /// Appends the frame's bytes. The frame of a file does not contain the content of the file.
    pub fn encode(&self, into: &mut Vec<u8>) {
        match *self {
            PeerFrame::Message { login, message } => {
                encode_texts(into, PEER_MESSAGE, &[login, message])
            }
            PeerFrame::File { login, name, size } => {
                encode_texts(into, PEER_FILE, &[login, name]);
                into.put_int32(size);
            }
            PeerFrame::Establishment { login, id } => {
                encode_texts(into, PEER_ESTABLISHMENT, &[login]);
                into.put_int64(id);
            }
        }
    }
}

fn not_for_a_server(opcode: i8) -> Malformed {
    let packet = match opcode {
        PEER_MESSAGE => "a private message",
        PEER_FILE => "a file",
        PEER_ESTABLISHMENT => "an establishment",
        other => return Malformed::UnknownOpcode(other),
    };
    Malformed::WrongSide { packet }
}

fn not_for_a_peer(opcode: i8) -> Malformed {
    match opcode {
        LOGIN_WITH_PASSWORD..=PRIVATE_DENIED => Malformed::WrongSide {
            packet: "a packet for the server",
        },
        other => Malformed::UnknownOpcode(other),
    }
}

/// The message at the end of a frame. If a message is over the limit but has at most [`MAX_SKIPPED_BYTES`], the receiver
/// rejects it and keeps the connection open.
enum Payload<'a> {
    Text(&'a str),
    /// The reason for the rejection, and the length of the whole frame.
    TooLong(Malformed, usize),
}

fn decode_payload<'a>(
    cursor: &mut Cursor<'a>,
    field: &'static str,
    limit: usize,
) -> Result<Payload<'a>, Stop> {
    let start = cursor.position();
    match cursor.text32(field, limit) {
        Ok(text) => Ok(Payload::Text(text)),
        Err(Stop::Malformed(malformed)) => match malformed {
            Malformed::TooLong { length, .. } if length <= MAX_SKIPPED_BYTES as i64 => {
                let bytes = size_of::<i32>() + usize::try_from(length).unwrap_or_default();
                Ok(Payload::TooLong(malformed, start + bytes))
            }
            other => Err(other.into()),
        },
        Err(Stop::Short) => Err(Stop::Short),
    }
}

fn decode_text<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<&'a str, Stop> {
    cursor.text32(field, MAX_MESSAGE_BYTES)
}

fn decode_parties<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, &'a str), Stop> {
    let sender = decode_text(cursor, "sender login")?;
    Ok((sender, decode_text(cursor, "receiver login")?))
}

fn decode_meeting(cursor: &mut Cursor<'_>) -> Result<MeetingPoint, Stop> {
    Ok(MeetingPoint {
        port: cursor.int32()?,
        address: decode_address(cursor)?,
        id: cursor.int64()?,
    })
}

fn decode_address(cursor: &mut Cursor<'_>) -> Result<IpAddr, Stop> {
    match cursor.int8()? {
        ADCODE_IPV4 => Ok(Ipv4Addr::from_bits(cursor.int32()?.cast_unsigned()).into()),
        ADCODE_IPV6 => {
            let halves = [cursor.int64()?, cursor.int64()?];
            let [high, low] = halves.map(|half| u128::from(half.cast_unsigned()));
            Ok(Ipv6Addr::from_bits(high << 64 | low).into())
        }
        other => Err(Malformed::UnknownCode {
            field: "adcode",
            code: other.into(),
        }
        .into()),
    }
}

fn encode_texts(into: &mut Vec<u8>, opcode: i8, texts: &[&str]) {
    into.put_int8(opcode);
    for text in texts {
        into.put_text32(text);
    }
}

fn encode_meeting(into: &mut Vec<u8>, meeting: MeetingPoint) {
    let MeetingPoint { port, address, id } = meeting;
    into.put_int32(port);
    match address {
        IpAddr::V4(address) => {
            into.put_int8(ADCODE_IPV4);
            into.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            into.put_int8(ADCODE_IPV6);
            into.extend_from_slice(&address.octets());
        }
    }
    into.put_int64(id);
}
