//! Types of fields: integers, texts, bytes, UUIDs, lists, and types with cases.

use std::fmt;

use super::value::in_hex;
use super::{IntType, Value};

/// A type with its name in wire.kdl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDefinition {
    /// The name, such as `STRING`.
    pub name: String,
    /// The layout of the type.
    pub kind: TypeKind,
}

/// The layout of a type. If it needs other types, it contains their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// An integer.
    Int(IntType),
    /// Text in UTF-8.
    Text(Extent),
    /// Any bytes.
    Bytes(Extent),
    /// The 16 bytes of a UUID, which people write as text.
    Uuid,
    /// Bytes with several possible layouts. An earlier field of the packet decides which layout a value has.
    OneOf {
        /// The possible values of that earlier field, each with the name of the type that the bytes then have.
        cases: Vec<(i128, String)>,
    },
    /// Several values of one type.
    List {
        /// Name of the type of each value.
        of: String,
        /// The name of the integer type of the number of values, if this number is sent before the values. `None` if the
        /// list ends at the end of the frame.
        count: Option<String>,
    },
}

impl TypeKind {
    /// Returns the sort of the values of this type.
    #[must_use]
    pub fn sort(&self) -> Sort {
        match self {
            TypeKind::Int(_) => Sort::Int,
            TypeKind::Text(_) | TypeKind::Uuid => Sort::Text,
            TypeKind::Bytes(_) | TypeKind::OneOf { .. } => Sort::Bytes,
            TypeKind::List { .. } => Sort::List,
        }
    }

    /// Returns how a text or bytes of this type end; `None` for all other types.
    #[must_use]
    pub fn extent(&self) -> Option<&Extent> {
        match self {
            TypeKind::Text(extent) | TypeKind::Bytes(extent) => Some(extent),
            TypeKind::Int(_) | TypeKind::Uuid | TypeKind::OneOf { .. } | TypeKind::List { .. } => {
                None
            }
        }
    }

    /// Returns whether the values of this type end where the frame ends.
    #[must_use]
    pub fn ends_with_the_frame(&self) -> bool {
        let is_open_list = matches!(self, TypeKind::List { count: None, .. });
        is_open_list || self.extent() == Some(&Extent::Rest)
    }
}

/// How a text or bytes end. `L` is either the name of a length's type, or the type itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent<L = String> {
    /// A length is sent before the text or bytes. It is their number of bytes.
    Counted {
        /// The type of the length, an integer.
        length: L,
    },
    /// The text or bytes always take this number of bytes.
    Fixed {
        /// The number of bytes.
        size: usize,
        /// The byte that fills the space after a shorter value; `None` if every value has the whole size.
        pad: Option<u8>,
    },
    /// These end bytes follow the text or bytes, which cannot contain the end bytes.
    Ended {
        /// The end bytes; at least one.
        by: Vec<u8>,
    },
    /// The text or bytes end where the frame ends.
    Rest,
}

impl<L> Extent<L> {
    /// Explains why these bytes cannot be sent as a value of `name`; `None` if they can. Does not check whether the number
    /// of bytes fits into the type of the length.
    #[must_use]
    pub fn refusal(&self, name: &str, content: &[u8]) -> Option<String> {
        let given = content.len();
        match self {
            Extent::Fixed { size, pad: None } if given != *size => {
                Some(format!("{name} has {size} bytes, not {given}"))
            }
            Extent::Fixed { size, .. } if given > *size => Some(format!(
                "{given} bytes do not fit into {name}, which has {size}"
            )),
            Extent::Fixed { pad: Some(pad), .. } if content.ends_with(&[*pad]) => Some(format!(
                "{name} cannot end with the byte {pad:02x}, which fills the space after a shorter value"
            )),
            Extent::Ended { by } if first_place(&[content, by].concat(), by) != Some(given) => {
                let end = in_hex(by);
                Some(format!("{name} cannot contain {end}, which marks its end"))
            }
            _ => None,
        }
    }
}

/// Returns the offset of the first occurrence of `wanted` in `bytes`.
pub(super) fn first_place(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len().max(1))
        .position(|window| window == wanted)
}

/// The sort of a value: number, text, bytes or list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// An integer.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A list of values.
    List,
    /// No value.
    Nothing,
}

impl Sort {
    /// Returns the sort of this value.
    #[must_use]
    pub fn of(value: &Value) -> Sort {
        match value {
            Value::Int(_) => Sort::Int,
            Value::Text(_) => Sort::Text,
            Value::Bytes(_) => Sort::Bytes,
            Value::List(_) => Sort::List,
            Value::Absent => Sort::Nothing,
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sort::Int => "a number",
            Sort::Text => "text",
            Sort::Bytes => "bytes",
            Sort::List => "a list",
            Sort::Nothing => "nothing",
        })
    }
}
