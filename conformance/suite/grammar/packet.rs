//! Packets and their fields.

use super::{IntType, PacketId, Side, Value};

/// One kind of packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The name, such as `LOGIN`.
    pub name: String,
    /// The numbers that identify the packet on the wire.
    pub opcodes: Opcodes,
    /// Set if the packet is a broadcast, which clients of other cases receive too. The value is the index of a field: it
    /// contains the name of the client that caused the broadcast.
    pub ambient: Option<usize>,
    /// Set if the server sends the packet unasked, such as a ping, and lanes answer it automatically. The value is the
    /// packet that they answer with.
    pub answered_by: Option<PacketId>,
    /// The fields after the head.
    pub fields: Vec<Field>,
}

impl Packet {
    /// Returns the index of the field with this name.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// Returns whether this side may send the packet.
    #[must_use]
    pub fn is_sent_by(&self, side: Side) -> bool {
        self.opcodes.of(side).is_some()
    }
}

/// The opcode of a packet in each direction. A side that has no opcode never sends the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opcodes {
    /// The opcode when a client sends the packet.
    pub client: Option<i128>,
    /// The opcode when the server sends the packet.
    pub server: Option<i128>,
}

impl Opcodes {
    /// Returns the opcodes of a packet that each of these sides sends with this number.
    #[must_use]
    pub fn same(number: i128, sides: &[Side]) -> Opcodes {
        let from = |side| sides.contains(&side).then_some(number);
        Opcodes {
            client: from(Side::Client),
            server: from(Side::Server),
        }
    }

    /// Returns the opcode of the packet when this side sends it.
    #[must_use]
    pub fn of(self, side: Side) -> Option<i128> {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }

    /// Returns the opcode of the packet when this side sends it. If this side never sends it, returns the opcode of the
    /// other side.
    #[must_use]
    pub fn preferred(self, side: Side) -> Option<i128> {
        self.of(side).or(self.client).or(self.server)
    }

    /// Gives the packet another opcode: for packets that this side sends, or for both sides. A side that never sends the
    /// packet gets no opcode.
    pub(super) fn renumber(&mut self, from: Option<Side>, number: i128) {
        let renumber = |opcode: &mut Option<i128>, side: Side| {
            if from.is_none_or(|only| only == side) {
                *opcode = opcode.map(|_| number);
            }
        };
        renumber(&mut self.client, Side::Client);
        renumber(&mut self.server, Side::Server);
    }
}

/// One field of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    /// The name, such as `login`.
    pub name: String,
    /// Name of the field's type in wire.kdl.
    pub type_name: String,
    /// Maximum size, in bytes, of a text or of raw bytes, without the length field before them. In a list, it applies to
    /// each value.
    pub max_bytes: Option<usize>,
    /// Maximum number of characters of a text. In a list, it applies to each value.
    pub max_chars: Option<usize>,
    /// The smallest number that is allowed. In a list, it applies to each value.
    pub min: Option<i128>,
    /// The index of the earlier field that decides which layout the field's type has.
    pub by: Option<usize>,
    /// Which packets have the field.
    pub presence: Presence,
    /// Set if the field is a bit field: a number in some of the bits of an integer that several fields share.
    pub bits: Option<Bits>,
}

/// The bits of an integer that belong to one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits {
    /// The index of the first field that shares the integer.
    pub first: usize,
    /// The integer.
    pub int: IntType,
    /// The number of bits of the integer that are lower than the bits of this field. They belong to the fields after this
    /// one.
    pub shift: usize,
    /// The number of bits of this field.
    pub width: usize,
}

impl Bits {
    /// Returns the value of this field in the whole integer.
    pub(super) fn part_of(self, whole: i128) -> i128 {
        (whole >> self.shift) & IntType::part(self.width).max()
    }
}

/// Which packets of one kind contain a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// All of them.
    #[default]
    Always,
    /// The packets that do not end before the field. In one packet, either all fields of an `optional` block are sent, or
    /// none of them.
    Optional {
        /// The index of the first field of the block.
        first: usize,
    },
    /// The packets in which an earlier field has this number.
    When {
        /// The index of the earlier field.
        field: usize,
        /// Its number.
        is: i128,
    },
}

impl Packet {
    /// If a packet cannot have these values because a field is missing or should be missing, explains this. Returns `None`
    /// if it can have them.
    pub(super) fn refusal(&self, values: &[Value]) -> Option<String> {
        let is_absent = |index: usize| {
            values
                .get(index)
                .is_none_or(|value| *value == Value::Absent)
        };
        let name_of = |index: usize| {
            self.fields
                .get(index)
                .map_or("", |field| field.name.as_str())
        };
        let mut ended: Option<&str> = None;
        for (index, field) in self.fields.iter().enumerate() {
            let (name, absent) = (&field.name, is_absent(index));
            match field.presence {
                Presence::Always if absent => return Some(format!("{name} is missing")),
                Presence::Optional { first } if first != index && absent != is_absent(first) => {
                    return Some(format!(
                        "{} and {name} can only be sent together",
                        name_of(first)
                    ));
                }
                Presence::Optional { .. } if absent => ended = ended.or(Some(name)),
                Presence::Optional { .. } => {
                    if let Some(earlier) = ended {
                        return Some(format!("{name} can be sent only if {earlier} is also sent"));
                    }
                }
                Presence::When { field: tag, is } => {
                    let is_sent = values.get(tag) == Some(&Value::Int(is));
                    if is_sent == absent {
                        let tag = name_of(tag);
                        return Some(format!(
                            "{name} must be sent if {tag} is {is}, and must not be sent otherwise"
                        ));
                    }
                }
                Presence::Always => {}
            }
        }
        None
    }
}
