//! Values and frames.

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

/// One value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An integer of any width and sign.
    Int(i128),
    /// Text, encoded as UTF-8.
    Text(String),
    /// Any bytes.
    Bytes(Vec<u8>),
    /// Several values of one type.
    List(Vec<Value>),
    /// No value: the packet does not have the field.
    Absent,
}

/// Returns the bytes of an IP address: 4 or 16.
pub(crate) fn bytes_of_address(text: &str) -> Option<Vec<u8>> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    })
}

/// Parses bytes in hexadecimal, such as `00 ff`. The error is the first part of the text that is not a byte.
pub(crate) fn bytes_of_hex(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for group in text.split_whitespace() {
        let digits: Vec<char> = group.chars().collect();
        for pair in digits.chunks(2) {
            let written: String = pair.iter().collect();
            let both_are_digits = pair.len() == 2 && pair.iter().all(char::is_ascii_hexdigit);
            match u8::from_str_radix(&written, 16) {
                Ok(byte) if both_are_digits => bytes.push(byte),
                _ => return Err(written),
            }
        }
    }
    Ok(bytes)
}

/// Returns bytes in hexadecimal, such as `0d 0a`.
pub(crate) fn in_hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// Shows the value as a scenario would write it. The only exception is a list: it is shown in brackets, although a scenario
/// writes it in braces.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Bytes(bytes) => {
                write!(f, "(hex)\"{}\"", in_hex(bytes))
            }
            Value::Absent => f.write_str("nothing"),
            Value::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let gap = if index == 0 { "" } else { " " };
                    write!(f, "{gap}{item}")?;
                }
                f.write_str("]")
            }
        }
    }
}

/// One side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A client: a lane of the suite.
    Client,
    /// The target.
    Server,
}

impl Side {
    /// Returns the other side.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Client => "client",
            Side::Server => "server",
        })
    }
}

/// Index into [`Grammar::packets`](super::Grammar::packets).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PacketId(pub usize);

/// A decoded field, and the position of its bytes in the frame. These bytes include the length prefix, if the field has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedField {
    /// The field's name in wire.kdl. The opcode has the name `opcode`, and the length of a frame has the name `length`.
    pub name: String,
    /// The field's value.
    pub value: Value,
    /// The range of the field's bytes, counted from the frame's first byte.
    pub bytes: Range<usize>,
    /// The number of bytes of the length prefix; 0 if the field has none. If the field is the length of a frame, it is the
    /// number of bytes of this length field.
    pub prefix: usize,
    /// The parts of a list, in order: the number of its values, if it is sent, and each value. Empty for other fields.
    pub parts: Vec<DecodedField>,
}

/// A complete frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The packet of the frame.
    pub packet: PacketId,
    /// The parts of its head in order. One of them is the opcode.
    pub head: Vec<DecodedField>,
    /// The fields in order, without the head.
    pub fields: Vec<DecodedField>,
    /// The length of the whole frame in bytes.
    pub length: usize,
}

/// The result of decoding the beginning of some bytes that one side sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A complete frame.
    Frame(Frame),
    /// Only the beginning of a frame, with its complete fields. The parts of the head come first. If a list is not complete,
    /// its complete parts come last.
    Partial(Vec<DecodedField>),
    /// Bytes that this side may not send. They cannot become a frame, whatever bytes follow.
    Broken {
        /// Offset of the first wrong byte.
        at: usize,
        /// A sentence for the report, such as `opcode 99 is unknown`.
        why: String,
        /// The fields before that byte, as in [`Decoded::Partial`].
        fields: Vec<DecodedField>,
    },
}
