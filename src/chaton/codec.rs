//! The commands of Chaton, each one's decoding beside its encoding, in the document's order.

use std::fmt;

use crate::room::Packet;
use crate::wire::{Cursor, Malformed, Put, Stop, settle};

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

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// Section 1: proposes a login.
    Login {
        /// At most 30 bytes to be accepted.
        login: &'a str,
    },
    /// Section 2: a message for all.
    Message {
        /// The sender's own login.
        login: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 2: a message for one.
    MessagePrivate {
        /// The sender's own login.
        sender: &'a str,
        /// Whom it is for.
        target: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 3: asks for a private connection.
    RequestPrivate {
        /// The sender's own login.
        requester: &'a str,
        /// Who is asked.
        target: &'a str,
    },
    /// Section 3: the target agrees.
    OkPrivate {
        /// Who asked.
        requester: &'a str,
        /// The sender's own login.
        target: &'a str,
    },
    /// Section 3: the target declines.
    KoPrivate {
        /// Who asked.
        requester: &'a str,
        /// The sender's own login.
        target: &'a str,
    },
    /// Section 4: the first frame of a second connection, which becomes a tunnel's end.
    LoginPrivate {
        /// The id from ID_PRIVATE.
        connect_id: i64,
    },
}

/// What the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// Section 1: the login is yours.
    LoginAccepted,
    /// Section 1: it is not; another may be proposed.
    LoginRefused,
    /// Section 2: somebody's message for all.
    Message {
        /// Who wrote it.
        login: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 2: somebody's message for you.
    MessagePrivate {
        /// Who wrote it.
        sender: &'a str,
        /// You.
        target: &'a str,
        /// At most 1024 bytes.
        msg: &'a str,
    },
    /// Section 3: somebody asks you for a private connection.
    RequestPrivate {
        /// Who asks.
        requester: &'a str,
        /// You.
        target: &'a str,
    },
    /// Section 3: whom you asked declines.
    KoPrivate {
        /// You.
        requester: &'a str,
        /// Who declines.
        target: &'a str,
    },
    /// Section 3: both agreed; this is the id for the second connections.
    IdPrivate {
        /// Who asked.
        requester: &'a str,
        /// Who agreed.
        target: &'a str,
        /// Never zero or negative.
        connect_id: i64,
    },
    /// Section 4: the private connection stands; every byte behind this one is the other end's.
    Established,
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
            LOGIN => return Err(Malformed::WrongSide { packet: "LOGIN" }.into()),
            OK_PRIVATE => {
                return Err(Malformed::WrongSide {
                    packet: "OK_PRIVATE",
                }
                .into());
            }
            LOGIN_PRIVATE => {
                return Err(Malformed::WrongSide {
                    packet: "LOGIN_PRIVATE",
                }
                .into());
            }
            other => return Err(Malformed::UnknownOpcode(other).into()),
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

    /// The frame with the codec that it will be encoded with.
    pub fn with(self, codec: Codec) -> Encoded<'a> {
        Encoded { frame: self, codec }
    }
}

/// A frame of the server and how wide its LONG is, ready for [`crate::room::Effects`].
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a> {
    frame: ServerFrame<'a>,
    codec: Codec,
}

impl Packet for Encoded<'_> {
    fn encode(&self, into: &mut Vec<u8>) {
        self.frame.encode(self.codec, into);
    }
}

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.frame.fmt(f)
    }
}

fn text<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<&'a str, Stop> {
    cursor.text32(field, MAX_MESSAGE_BYTES)
}

fn parties<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, &'a str), Stop> {
    Ok((
        text(cursor, "login_requester")?,
        text(cursor, "login_target")?,
    ))
}

fn long(cursor: &mut Cursor<'_>, codec: Codec) -> Result<i64, Stop> {
    match codec.long {
        LongWidth::Eight => cursor.int64(),
        LongWidth::Four => cursor.int32().map(i64::from),
    }
}

fn put(into: &mut Vec<u8>, opcode: i8, texts: &[&str]) {
    into.put_int8(opcode);
    for text in texts {
        into.put_text32(text);
    }
}

fn put_long(into: &mut Vec<u8>, codec: Codec, value: i64) {
    match codec.long {
        LongWidth::Eight => into.put_int64(value),
        // Ids of this width are drawn from 31 bits.
        LongWidth::Four => into.put_int32(i32::try_from(value).unwrap_or(i32::MAX)),
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

impl fmt::Display for ClientFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientFrame::Login { login } => write!(f, "LOGIN login={login:?}"),
            ClientFrame::Message { login, msg } => {
                write!(f, "MESSAGE login={login:?} msg={msg:?}")
            }
            ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => write!(
                f,
                "MESSAGE_PRIVATE sender={sender:?} target={target:?} msg={msg:?}"
            ),
            ClientFrame::RequestPrivate { requester, target } => {
                write!(
                    f,
                    "REQUEST_PRIVATE requester={requester:?} target={target:?}"
                )
            }
            ClientFrame::OkPrivate { requester, target } => {
                write!(f, "OK_PRIVATE requester={requester:?} target={target:?}")
            }
            ClientFrame::KoPrivate { requester, target } => {
                write!(f, "KO_PRIVATE requester={requester:?} target={target:?}")
            }
            // The id opens a tunnel to whoever knows it: it does not belong in a log.
            ClientFrame::LoginPrivate { .. } => write!(f, "LOGIN_PRIVATE connect_id=(not shown)"),
        }
    }
}

impl fmt::Display for ServerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ServerFrame::LoginAccepted => f.write_str("LOGIN_ACCEPTED"),
            ServerFrame::LoginRefused => f.write_str("LOGIN_REFUSED"),
            ServerFrame::Message { login, msg } => ClientFrame::Message { login, msg }.fmt(f),
            ServerFrame::MessagePrivate {
                sender,
                target,
                msg,
            } => ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            }
            .fmt(f),
            ServerFrame::RequestPrivate { requester, target } => {
                ClientFrame::RequestPrivate { requester, target }.fmt(f)
            }
            ServerFrame::KoPrivate { requester, target } => {
                ClientFrame::KoPrivate { requester, target }.fmt(f)
            }
            ServerFrame::IdPrivate {
                requester, target, ..
            } => write!(
                f,
                "ID_PRIVATE requester={requester:?} target={target:?} connect_id=(not shown)"
            ),
            ServerFrame::Established => f.write_str("ESTABLISHED"),
        }
    }
}
