//! Packets and their fields.

use super::{PacketId, Side};

/// One kind of packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The name, such as `LOGIN`.
    pub name: String,
    /// The number that identifies the packet on the wire.
    pub opcode: i128,
    /// The sides that may send the packet.
    pub from: Senders,
    /// For a broadcast, which also reaches clients of other cases: the index of the field with the name of the client that
    /// caused the broadcast.
    pub ambient: Option<usize>,
    /// For a packet that the server sends unasked, such as a ping, and that lanes answer by themselves: the packet of the
    /// answer.
    pub answered_by: Option<PacketId>,
    /// The fields after the opcode.
    pub fields: Vec<Field>,
}

impl Packet {
    /// Returns the index of the field with this name.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

/// One field of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name, such as `login`.
    pub name: String,
    /// Name of the field's type in wire.kdl.
    pub type_name: String,
    /// Maximum number of bytes of a field with text or bytes, without the length prefix.
    pub max_bytes: Option<usize>,
    /// The smallest number that is allowed.
    pub min: Option<i128>,
    /// The index of the earlier field that decides between the layouts of its type.
    pub by: Option<usize>,
}

/// The sides that may send a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// Clients only.
    Client,
    /// The server only.
    Server,
    /// Both sides.
    Both,
}

impl Senders {
    /// Returns whether this side may send the packet.
    #[must_use]
    pub fn include(self, side: Side) -> bool {
        match self {
            Senders::Client => side == Side::Client,
            Senders::Server => side == Side::Server,
            Senders::Both => true,
        }
    }
}
