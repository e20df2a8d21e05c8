//! A grammar in one reading: nothing is open any more.

use std::collections::BTreeMap;

use super::{Choices, Grammar, IntType, Packet, PacketId, TypeKind, Value};

/// Encodes and decodes packets in one reading of the protocol.
///
/// Encoding does not apply the limits of the fields, because tests send what is too long; decoding does.
#[derive(Debug, Clone)]
pub struct Wire {
    pub(super) frame_length: Option<IntType>,
    pub(super) opcode: IntType,
    pub(super) types: BTreeMap<String, Layout>,
    pub(super) packets: Vec<Packet>,
}

/// A [`TypeKind`] in which other types are looked up.
#[derive(Debug, Clone)]
pub(super) enum Layout {
    Int(IntType),
    Text { length: IntType },
    Bytes { length: IntType },
    Uuid,
    Sized { size: usize },
    OneOf { cases: Vec<(i128, Layout)> },
}

impl Layout {
    /// What is laid out behind a field that says `tag`; the layout itself, where no field decides.
    pub(super) fn chosen_by(&self, tag: Option<&Value>) -> Option<&Layout> {
        let (Layout::OneOf { cases }, tag) = (self, tag) else {
            return Some(self);
        };
        let chosen = cases
            .iter()
            .find(|(case, _)| Some(&Value::Int(*case)) == tag);
        chosen.map(|(_, layout)| layout)
    }
}

impl Wire {
    /// The packet with this id, under the opcode that it has in this reading; nothing for an id of another grammar.
    #[must_use]
    pub fn packet(&self, id: PacketId) -> Option<&Packet> {
        self.packets.get(id.0)
    }

    pub(super) fn new(grammar: &Grammar, choices: &Choices) -> Wire {
        let taken: Vec<_> = grammar
            .readings
            .iter()
            .filter_map(|reading| reading.choices_left(choices).first().copied())
            .collect();
        let kinds: BTreeMap<&str, &TypeKind> = grammar
            .types
            .iter()
            .chain(taken.iter().flat_map(|choice| &choice.types))
            .map(|definition| (definition.name.as_str(), &definition.kind))
            .collect();
        let types = kinds
            .iter()
            .filter_map(|(name, kind)| Some(((*name).to_owned(), layout(kind, &kinds)?)))
            .collect();
        let mut packets = grammar.packets.clone();
        for (name, opcode) in taken.iter().flat_map(|choice| &choice.renumbered) {
            let renumbered = packets.iter_mut().filter(|packet| packet.name == *name);
            renumbered.for_each(|packet| packet.opcode = *opcode);
        }
        Wire {
            frame_length: grammar.frame_length,
            opcode: taken
                .iter()
                .find_map(|choice| choice.opcode)
                .unwrap_or(grammar.opcode),
            types,
            packets,
        }
    }
}

/// How a type is laid out; nothing if it rests on a type that is not there, which lint reports.
fn layout(kind: &TypeKind, kinds: &BTreeMap<&str, &TypeKind>) -> Option<Layout> {
    let integer = |name: &str| match kinds.get(name) {
        Some(TypeKind::Int(int)) => Some(*int),
        _ => None,
    };
    Some(match kind {
        TypeKind::Int(int) => Layout::Int(*int),
        TypeKind::Text { length } => Layout::Text {
            length: integer(length)?,
        },
        TypeKind::Bytes { length } => Layout::Bytes {
            length: integer(length)?,
        },
        TypeKind::Uuid => Layout::Uuid,
        TypeKind::Sized { size } => Layout::Sized { size: *size },
        TypeKind::OneOf { cases } => Layout::OneOf {
            cases: cases
                .iter()
                .map(|(tag, name)| match kinds.get(name.as_str())? {
                    // One of several never leads to another one of several: lint sees to that, and nothing goes in circles.
                    TypeKind::OneOf { .. } => None,
                    kind => Some((*tag, layout(kind, kinds)?)),
                })
                .collect::<Option<_>>()?,
        },
    })
}
