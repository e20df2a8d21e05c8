//! A grammar with one choice for every reading.

use std::collections::BTreeMap;

use super::{Choices, Extent, Grammar, Head, IntType, Packet, PacketId, Side, TypeKind, Value};

/// A codec that encodes and decodes packets, with one choice for each reading of the protocol.
///
/// Encoding does not apply the limits of the fields, because scenarios also send values that are too long. Decoding applies
/// them.
#[derive(Debug, Clone)]
pub struct Wire {
    pub(super) head: Head,
    pub(super) types: BTreeMap<String, Layout>,
    pub(super) packets: Vec<Packet>,
}

/// A [`TypeKind`] in which the names of types are replaced by the types themselves.
#[derive(Debug, Clone)]
pub(super) enum Layout {
    Int(IntType),
    Text(Extent<IntType>),
    Bytes(Extent<IntType>),
    Uuid,
    OneOf {
        cases: Vec<(i128, Layout)>,
    },
    List {
        of: Box<Layout>,
        count: Option<IntType>,
    },
}

impl Layout {
    /// For a list, returns the layout of its values. For every other layout, returns the layout itself.
    fn of_values(&self) -> &Layout {
        match self {
            Layout::List { of, .. } => of,
            other => other,
        }
    }

    /// Gives all integers the opposite byte order.
    fn reverse(&mut self) {
        let turn = |int: &mut IntType| *int = int.reversed();
        match self {
            Layout::Int(int) => turn(int),
            Layout::Text(Extent::Counted { length })
            | Layout::Bytes(Extent::Counted { length }) => turn(length),
            Layout::OneOf { cases } => cases.iter_mut().for_each(|(_, case)| case.reverse()),
            Layout::List { of, count } => {
                of.reverse();
                count.iter_mut().for_each(turn);
            }
            Layout::Text(_) | Layout::Bytes(_) | Layout::Uuid => {}
        }
    }

    /// Returns the layout of a value; `tag` is the value of the field that decides between the cases. For a layout without
    /// cases, or if `tag` is `None`, returns the layout itself.
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
    /// Returns the packet with this id, and with the opcode that the choices give it; `None` for an id of another grammar.
    #[must_use]
    pub fn packet(&self, id: PacketId) -> Option<&Packet> {
        self.packets.get(id.0)
    }

    /// Returns the packet that this side sends with this opcode.
    #[must_use]
    pub fn packet_of(&self, from: Side, opcode: &Value) -> Option<&Packet> {
        let Value::Int(opcode) = opcode else {
            return None;
        };
        let mut packets = self.packets.iter();
        packets.find(|packet| packet.opcodes.of(from) == Some(*opcode))
    }

    /// Returns the integer type with this name. If the name belongs to a list of integers, returns the type of its values.
    #[must_use]
    pub fn integer_type(&self, type_name: &str) -> Option<IntType> {
        match self.types.get(type_name)?.of_values() {
            Layout::Int(int) if !int.is_part() => Some(*int),
            _ => None,
        }
    }

    /// Returns the byte that fills the space after a text or bytes of this type. If the type is a list, returns the byte
    /// that fills the space after each of its values.
    #[must_use]
    pub fn filler(&self, type_name: &str) -> Option<u8> {
        match self.types.get(type_name)?.of_values() {
            Layout::Text(Extent::Fixed { pad, .. }) | Layout::Bytes(Extent::Fixed { pad, .. }) => {
                *pad
            }
            _ => None,
        }
    }

    /// Returns the same codec with all integers in the other byte order.
    #[must_use]
    pub fn in_the_other_byte_order(&self) -> Wire {
        let mut other = self.clone();
        other.head.reverse();
        other.types.values_mut().for_each(Layout::reverse);
        let fields = other
            .packets
            .iter_mut()
            .flat_map(|packet| &mut packet.fields);
        for bits in fields.filter_map(|field| field.bits.as_mut()) {
            bits.int = bits.int.reversed();
        }
        other
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
        for new in taken.iter().flat_map(|choice| &choice.renumbered) {
            let renumbered = packets
                .iter_mut()
                .filter(|packet| packet.name == new.packet);
            renumbered.for_each(|packet| packet.opcodes.renumber(new.from, new.opcode));
        }
        let head = grammar.head.clone();
        Wire {
            head: match taken.iter().find_map(|choice| choice.opcode) {
                Some(opcode) => head.with_opcode(opcode),
                None => head,
            },
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
    let extent = |extent: &Extent| {
        Some(match extent {
            Extent::Counted { length } => Extent::Counted {
                length: integer(length)?,
            },
            Extent::Fixed { size, pad } => Extent::Fixed {
                size: *size,
                pad: *pad,
            },
            Extent::Ended { by } => Extent::Ended { by: by.clone() },
            Extent::Rest => Extent::Rest,
        })
    };
    // Lint refuses a `one-of` or a list that contains another `one-of` or list, so this recursion ends.
    let simple = |name: &str| match kinds.get(name)? {
        TypeKind::OneOf { .. } | TypeKind::List { .. } => None,
        kind => layout(kind, kinds),
    };
    Some(match kind {
        TypeKind::Int(int) => Layout::Int(*int),
        TypeKind::Text(of_text) => Layout::Text(extent(of_text)?),
        TypeKind::Bytes(of_bytes) => Layout::Bytes(extent(of_bytes)?),
        TypeKind::Uuid => Layout::Uuid,
        TypeKind::OneOf { cases } => Layout::OneOf {
            cases: cases
                .iter()
                .map(|(tag, name)| Some((*tag, simple(name)?)))
                .collect::<Option<_>>()?,
        },
        TypeKind::List { of, count } => Layout::List {
            of: Box::new(simple(of)?),
            count: match count {
                Some(name) => Some(integer(name)?),
                None => None,
            },
        },
    })
}
