//! The layout of packets on the wire: `wire.kdl`, and the codec that is made from it.
//!
//! A [`Grammar`] is the content of the file; its [`Reading`]s are the questions that the protocol's document leaves open.
//! [`Grammar::in_reading`] takes an answer to each question and returns a [`Wire`], which encodes and decodes packets.
//!
//! | file | what |
//! |---|---|
//! | `value` | values, frames, and the result of decoding |
//! | `integer`, `varint`, `types`, `uuid` | integers, texts and bytes, lists, UUIDs |
//! | `head` | what comes before the fields of every packet: constants, the opcode, a length |
//! | `packet` | packets, their fields and limits |
//! | `reading` | the questions that the document leaves open, and their possible answers |
//! | `room` | the length of the longest client's name that fits into all fields for names |
//! | `setting` | time limits that the command line can set |
//! | `fence` | the exchange that proves silence |
//! | `load` | the exchanges of a load with many clients |
//! | `wire`, `encode`, `decode`, `cursor` | the codec |
//! | `read` | the reader of wire.kdl |

mod cursor;
mod decode;
mod encode;
mod fence;
mod head;
mod integer;
mod load;
mod packet;
mod read;
mod reading;
mod room;
mod setting;
mod types;
mod uuid;
mod value;
mod varint;
mod wire;

pub use encode::EncodeError;
pub use fence::{Direction, Fence, FenceExpr, FenceStep, Identification, Party};
pub use head::{Constant, Counts, Head, HeadPart};
pub use integer::{ByteOrder, IntType};
pub use load::{Load, LoadExpr, LoadLane, LoadMessage, LoadStep};
pub use packet::{Bits, Field, Opcodes, Packet, Presence};
pub use read::{Cited, GrammarFile, base_of, read_grammar};
pub use reading::{Choice, Choices, Reading, Renumbering, Worth};
pub use setting::{Setting, duration_of};
pub use types::{Extent, Sort, TypeDefinition, TypeKind};
pub use uuid::{is_uuid, uuid_of};
pub use value::{Decoded, DecodedField, Frame, PacketId, Side, Value};
pub(crate) use value::{bytes_of_address, bytes_of_hex, in_hex};
pub use wire::Wire;

/// The transport that carries the bytes of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// Plain TCP.
    #[default]
    Tcp,
    /// TLS over TCP.
    Tls,
}

/// The names of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// A client chooses its name: any text.
    #[default]
    Chosen,
    /// A client's name is a UUID that the target knows, together with the public key of the client (RSA).
    Identities,
}

/// One protocol's packets, as wire.kdl describes them.
#[derive(Debug, Clone, Default)]
pub struct Grammar {
    /// Name of the protocol, such as `chaton`.
    pub name: String,
    /// Title of the protocol, such as `Chaton`.
    pub title: String,
    /// The transport of the protocol's bytes.
    pub transport: Transport,
    /// The kind of names that the protocol's clients have.
    pub names: Names,
    /// The time limits of the protocol.
    pub settings: Vec<Setting>,
    /// What every frame begins with.
    pub head: Head,
    /// The types that do not depend on a reading.
    pub types: Vec<TypeDefinition>,
    /// The questions that the document leaves open, in the order in which the runner finds the answers with probes.
    pub readings: Vec<Reading>,
    /// The packets; a [`PacketId`] is an index into them.
    pub packets: Vec<Packet>,
    /// The packet after which the server knows a lane by its name.
    pub identified_by: Option<Identification>,
    /// After a side has sent one of these packets, it sends only raw bytes, and no packets. The packets have this effect
    /// only on a connection that is not logged in.
    pub raw_after: Vec<Identification>,
    /// The scenario that judges whether raw bytes arrive unchanged.
    pub raw_proved_by: Option<String>,
    /// The exchange that proves that the server has sent nothing to an identified lane (a lane that is logged in).
    pub fence: Option<Fence>,
    /// The exchange that proves that the server has sent nothing to a lane that is not logged in.
    pub fence_unidentified: Option<Fence>,
    /// The exchanges for a load.
    pub load: Option<Load>,
}

impl Grammar {
    /// Returns the packet with this id.
    ///
    /// # Panics
    ///
    /// Panics if the id comes from another grammar.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "the ids are made by this grammar, one for each of its packets"
    )]
    pub fn packet(&self, id: PacketId) -> &Packet {
        &self.packets[id.0]
    }

    /// Returns the id of the packet with this name.
    #[must_use]
    pub fn packet_named(&self, name: &str) -> Option<PacketId> {
        self.packets
            .iter()
            .position(|packet| packet.name == name)
            .map(PacketId)
    }

    /// If clients answer this packet of the server automatically (`answered-by`), returns the packet of the answer and the
    /// values of its fields.
    #[must_use]
    pub fn answer_to(&self, asked: &Frame) -> Option<(PacketId, Vec<Value>)> {
        let answer = self.packet(asked.packet).answered_by?;
        let given = self.packet(answer).fields.iter().map(|wanted| {
            let same = asked.fields.iter().find(|field| field.name == wanted.name);
            same.map(|field| field.value.clone())
        });
        // Lint has checked that every field of the answer is also a field of the packet that it answers.
        let values: Option<Vec<Value>> = given.collect();
        Some((answer, values?))
    }

    /// Returns the reading with this name.
    #[must_use]
    pub fn reading_named(&self, name: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.name == name)
    }

    /// Returns the names of the packets, in their order.
    pub fn packet_names(&self) -> impl Iterator<Item = &str> {
        self.packets.iter().map(|packet| packet.name.as_str())
    }

    /// Returns the names of the readings, in their order.
    pub fn reading_names(&self) -> impl Iterator<Item = &str> {
        self.readings.iter().map(|reading| reading.name.as_str())
    }

    /// Returns the names of the settings, in their order.
    pub fn setting_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.settings.iter().map(|setting| setting.name.as_str())
    }

    /// Returns the names of the types, including those that a reading decides.
    #[must_use]
    pub fn type_names(&self) -> Vec<&str> {
        let choices = self.readings.iter().flat_map(|reading| &reading.choices);
        let in_readings = choices.flat_map(|choice| &choice.types);
        let is_part = |kind: &TypeKind| matches!(kind, TypeKind::Int(int) if int.is_part());
        let types = self.types.iter().chain(in_readings);
        let types = types.filter(|known| !is_part(&known.kind));
        types.map(|known| known.name.as_str()).collect()
    }

    /// Returns the codec for these choices. For a reading that is not in `choices`, the codec follows the first choice of
    /// this reading.
    #[must_use]
    pub fn in_reading(&self, choices: &Choices) -> Wire {
        Wire::new(self, choices)
    }

    /// If this kind allows only bytes of fixed sizes, returns these sizes, in bytes. Returns `None` for every other kind.
    #[must_use]
    pub fn sizes_of(&self, kind: &TypeKind, choices: &Choices) -> Option<Vec<usize>> {
        match kind {
            TypeKind::Bytes(Extent::Fixed { size, pad: None }) => Some(vec![*size]),
            TypeKind::OneOf { cases } => {
                let kinds = cases
                    .iter()
                    .flat_map(|(_, name)| self.kinds_of_type(name, choices));
                let sizes = kinds.map(|kind| match kind {
                    TypeKind::Bytes(Extent::Fixed { size, pad: None }) => Some(*size),
                    _ => None,
                });
                sizes.collect()
            }
            TypeKind::Int(_)
            | TypeKind::Text(_)
            | TypeKind::Bytes(_)
            | TypeKind::Uuid
            | TypeKind::List { .. } => None,
        }
    }

    /// Returns the kinds that a type can have, given these choices. If `choices` does not contain a reading, the kinds of
    /// all choices of that reading are returned. The list is empty if the type does not exist.
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
