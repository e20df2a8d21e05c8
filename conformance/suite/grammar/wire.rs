//! A grammar in which every reading is decided.

use std::collections::BTreeMap;

use super::{Choices, Grammar, IntType, Packet, PacketId, TypeKind, Value};

/// A codec that encodes and decodes packets in one reading of the protocol.
///
/// Encoding does not apply the limits of the fields, because tests send values that are too long. Decoding applies
/// them.
#[derive(Debug, Clone)]
pub struct Wire {
    pub(super) frame_length: Option<IntType>,
    pub(super) opcode: IntType,
    pub(super) types: BTreeMap<String, Layout>,
    pub(super) packets: Vec<Packet>,
}

/// A [`TypeKind`] in which the names of types are replaced by the types themselves.
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
    /// Returns the layout that a value has if the deciding field has the value `tag`. For a layout without cases, or without
    /// a deciding field, returns the layout itself.
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
    /// Returns the packet with this id, with its opcode in this reading; `None` for an id of another grammar.
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

/// Returns the layout of a type; `None` if it depends on a type that does not exist. Lint reports such a type.
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
                    // Lint refuses a `one-of` inside a `one-of`, so this recursion ends.
                    TypeKind::OneOf { .. } => None,
                    kind => Some((*tag, layout(kind, kinds)?)),
                })
                .collect::<Option<_>>()?,
        },
    })
}
