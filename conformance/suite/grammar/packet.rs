//! Packets and their fields.

use super::{PacketId, Side};

/// One kind of packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// `LOGIN`.
    pub name: String,
    /// The number it begins with.
    pub opcode: i128,
    /// Who may send it.
    pub from: Senders,
    /// Set if it reaches clients who asked for nothing: the index of the field with the origin's name.
    pub ambient: Option<usize>,
    /// Set if it comes unasked and lanes answer it by themselves: with which packet.
    pub answered_by: Option<PacketId>,
    /// What follows the opcode.
    pub fields: Vec<Field>,
}

impl Packet {
    /// The index of the field with this name.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

/// One field of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `login`.
    pub name: String,
    /// Name of its type in wire.kdl.
    pub type_name: String,
    /// The most bytes that the text or the bytes may take, length prefix not counted.
    pub max_bytes: Option<usize>,
    /// The smallest number.
    pub min: Option<i128>,
    /// The index of the earlier field that decides between the layouts of its type.
    pub by: Option<usize>,
}

/// Who may send a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// Clients only.
    Client,
    /// The server only.
    Server,
    /// Either.
    Both,
}

impl Senders {
    /// Whether this side may send it.
    #[must_use]
    pub fn include(self, side: Side) -> bool {
        match self {
            Senders::Client => side == Side::Client,
            Senders::Server => side == Side::Server,
            Senders::Both => true,
        }
    }
}
