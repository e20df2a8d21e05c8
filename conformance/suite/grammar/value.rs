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
}

/// Returns the bytes of an IP address: 4 or 16.
pub(crate) fn bytes_of_address(text: &str) -> Option<Vec<u8>> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    })
}

/// Shows the value as a scenario would write it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Bytes(bytes) => {
                f.write_str("(hex)\"")?;
                for (index, byte) in bytes.iter().enumerate() {
                    let gap = if index == 0 { "" } else { " " };
                    write!(f, "{gap}{byte:02x}")?;
                }
                f.write_str("\"")
            }
        }
    }
}

/// One side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The lanes of the suite.
    Client,
    /// The target.
    Server,
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

/// A decoded field, and the position of its bytes in the frame. The length prefix belongs to these bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedField {
    /// The field's name in wire.kdl; the opcode has the name `opcode`, the length of a frame `length`.
    pub name: String,
    /// The field's value.
    pub value: Value,
    /// The range of the field's bytes, counted from the frame's first byte.
    pub bytes: Range<usize>,
}

/// A complete frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The packet of the frame.
    pub packet: PacketId,
    /// The number of bytes of the length at its beginning; 0 if frames have no length.
    pub prefix: usize,
    /// The fields in order, without the opcode.
    pub fields: Vec<DecodedField>,
    /// The length of the whole frame in bytes.
    pub length: usize,
}

/// The result of decoding the first bytes that no step has taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A complete frame.
    Frame(Frame),
    /// Only the beginning of a frame, with the fields that are complete. The length and the opcode are the first of them.
    Partial(Vec<DecodedField>),
    /// Bytes that this side may not send: no further bytes can make them a frame.
    Broken {
        /// Offset of the first wrong byte.
        at: usize,
        /// A sentence for the report, such as `opcode 99 is unknown`.
        why: String,
        /// The fields before that byte. The length and the opcode are the first of them.
        fields: Vec<DecodedField>,
    },
}
