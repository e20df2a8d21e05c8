//! What packets look like on the wire: `wire.kdl`, and the codec that it drives.
//!
//! A [`Grammar`] is the file as written, with its open [`Reading`]s. [`Grammar::in_reading`] settles them and gives a
//! [`Wire`], which encodes and decodes.
//!
//! | file | what |
//! |---|---|
//! | `value` | values, frames, what the front of a lane turned out to be |
//! | `types`, `uuid` | integers, length-prefixed types, UUIDs |
//! | `packet` | packets, their fields and limits |
//! | `reading` | where the document can be read in several ways |
//! | `setting` | bounds of time that the command line can set |
//! | `fence` | how silence is proved |
//! | `load` | how a load of many clients speaks it |
//! | `wire`, `encode`, `decode` | the codec |
//! | `read` | wire.kdl |

mod decode;
mod encode;
mod fence;
mod load;
mod packet;
mod read;
mod reading;
mod setting;
mod types;
mod uuid;
mod value;
mod wire;

pub use encode::EncodeError;
pub use fence::{Direction, Fence, FenceExpr, FenceStep, Identification, Party};
pub use load::{Load, LoadExpr, LoadLane, LoadMessage, LoadStep};
pub use packet::{Field, Packet, Senders};
pub use read::{Cited, GrammarFile, base_of, no_such_base, read_grammar};
pub use reading::{Choice, Choices, Reading, Worth};
pub use setting::{Setting, duration_of};
pub use types::{IntType, Sort, TypeDefinition, TypeKind};
pub use uuid::{is_uuid, uuid_of};
pub use value::{Decoded, DecodedField, Frame, PacketId, Side, Value};
pub use wire::Wire;

/// What carries the bytes of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP as it is.
    Tcp,
    /// TLS over TCP.
    Tls,
}

/// How a client is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// As it likes: a text.
    Chosen,
    /// By a UUID that the target knows, with the public half of an RSA key.
    Identities,
}

/// One protocol's packets, as wire.kdl describes them.
#[derive(Debug, Clone)]
pub struct Grammar {
    /// Name of the protocol, `chaton`.
    pub name: String,
    /// Its title, `Chaton`.
    pub title: String,
    /// What carries its bytes.
    pub transport: Transport,
    /// How a client is called.
    pub names: Names,
    /// Its bounds of time.
    pub settings: Vec<Setting>,
    /// The integer in front of every packet that says how many bytes follow it, if there is one.
    pub frame_length: Option<IntType>,
    /// The integer with which every packet begins, behind that length.
    pub opcode: IntType,
    /// The types that are the same in every reading.
    pub types: Vec<TypeDefinition>,
    /// Where the document is open, in the order in which they are found out.
    pub readings: Vec<Reading>,
    /// The packets; a [`PacketId`] is an index into them.
    pub packets: Vec<Packet>,
    /// The packet after which a lane has a name for the server.
    pub identified_by: Option<Identification>,
    /// The packets behind which, on a connection without a name, whatever their sender says is bytes without a meaning.
    pub raw_after: Vec<Identification>,
    /// Proves that nothing came to an identified lane.
    pub fence: Option<Fence>,
    /// Proves that nothing came to a lane without a name.
    pub fence_unidentified: Option<Fence>,
    /// How a load is made of it.
    pub load: Option<Load>,
}

impl Grammar {
    /// The packet with this id.
    ///
    /// # Panics
    ///
    /// If the id comes from another grammar.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "only this grammar makes its ids, one for each packet"
    )]
    pub fn packet(&self, id: PacketId) -> &Packet {
        &self.packets[id.0]
    }

    /// The id of the packet with this name.
    #[must_use]
    pub fn packet_named(&self, name: &str) -> Option<PacketId> {
        self.packets
            .iter()
            .position(|packet| packet.name == name)
            .map(PacketId)
    }

    /// What a client says to this packet of a server by itself (`answered-by`), if it says anything.
    #[must_use]
    pub fn answer_to(&self, asked: &Frame) -> Option<(PacketId, Vec<Value>)> {
        let answer = self.packet(asked.packet).answered_by?;
        let given = self.packet(answer).fields.iter().map(|wanted| {
            let same = asked.fields.iter().find(|field| field.name == wanted.name);
            same.map(|field| field.value.clone())
        });
        // Lint has seen to it that every field of the answer is one of the question's.
        let values: Option<Vec<Value>> = given.collect();
        Some((answer, values?))
    }

    /// The reading with this name.
    #[must_use]
    pub fn reading_named(&self, name: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.name == name)
    }

    /// The codec where every reading is settled. A reading that `choices` leaves out takes its first choice.
    #[must_use]
    pub fn in_reading(&self, choices: &Choices) -> Wire {
        Wire::new(self, choices)
    }

    /// The sizes that values of this kind can have, in bytes, if there are only so many.
    #[must_use]
    pub fn sizes_of(&self, kind: &TypeKind, choices: &Choices) -> Option<Vec<usize>> {
        match kind {
            TypeKind::Sized { size } => Some(vec![*size]),
            TypeKind::OneOf { cases } => {
                let kinds = cases
                    .iter()
                    .flat_map(|(_, name)| self.kinds_of_type(name, choices));
                let sizes = kinds.map(|kind| match kind {
                    TypeKind::Sized { size } => Some(*size),
                    _ => None,
                });
                sizes.collect()
            }
            TypeKind::Int(_) | TypeKind::Text { .. } | TypeKind::Bytes { .. } | TypeKind::Uuid => {
                None
            }
        }
    }

    /// Every kind that a type has in the readings that `choices` leaves open; empty if there is no such type.
    #[must_use]
    pub fn kinds_of_type(&self, type_name: &str, choices: &Choices) -> Vec<&TypeKind> {
        let settled = self
            .types
            .iter()
            .filter(|definition| definition.name == type_name);
        let open = self
            .readings
            .iter()
            .flat_map(|reading| reading.choices_left(choices))
            .flat_map(|choice| &choice.types)
            .filter(|definition| definition.name == type_name);
        settled
            .chain(open)
            .map(|definition| &definition.kind)
            .collect()
    }
}
