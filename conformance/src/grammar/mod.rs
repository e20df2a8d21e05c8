//! What packets look like on the wire: `wire.kdl`, and the codec that it drives.
//!
//! A [`Grammar`] is the file as written, with its open [`Reading`]s. [`Grammar::in_reading`] settles them and gives a
//! [`Wire`], which encodes and decodes.

use std::collections::BTreeMap;
use std::ops::Range;

/// Which choice is taken in each reading: name of the reading -> name of the choice.
pub type Choices = BTreeMap<String, String>;

/// One value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An integer of any width and sign.
    Int(i128),
    /// Text, which travels as UTF-8.
    Text(String),
    /// Bytes without a meaning of their own.
    Bytes(Vec<u8>),
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The lanes of the suite.
    Client,
    /// The target.
    Server,
}

/// Index into [`Grammar::packets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketId(pub usize);

/// A decoded field and where its bytes lie in the frame (length prefix included).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedField {
    /// The field's name in wire.kdl; the opcode has the name `opcode`.
    pub name: String,
    /// What it holds.
    pub value: Value,
    /// Offsets from the frame's first byte.
    pub bytes: Range<usize>,
}

/// A whole frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which packet it is.
    pub packet: PacketId,
    /// The fields in order, without the opcode.
    pub fields: Vec<DecodedField>,
    /// Its length in bytes.
    pub length: usize,
}

/// What the bytes at the front of a lane are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A whole frame.
    Frame(Frame),
    /// Only the beginning of one; the fields that are complete are named for the report.
    Partial(Vec<DecodedField>),
    /// Bytes that can never become a frame of that side.
    Broken {
        /// Offset of the first wrong byte.
        at: usize,
        /// A sentence for the report, such as `opcode 99 is unknown`.
        why: String,
        /// The fields before it.
        fields: Vec<DecodedField>,
    },
}
