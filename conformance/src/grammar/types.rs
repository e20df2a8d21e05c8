//! Types of fields: integers, text or bytes behind a length, bytes of a fixed size, and choices among those.

use std::fmt;

use super::Value;

/// A type with its name in wire.kdl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDefinition {
    /// `STRING`.
    pub name: String,
    /// How it is laid out.
    pub kind: TypeKind,
}

/// How a type is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// A big-endian integer.
    Int(IntType),
    /// A length in bytes, then UTF-8.
    Text {
        /// Name of the length's type, which is an integer.
        length: String,
    },
    /// A length in bytes, then any bytes.
    Bytes {
        /// Name of the length's type, which is an integer.
        length: String,
    },
    /// So many bytes.
    Sized {
        /// How many.
        size: usize,
    },
    /// Bytes whose layout an earlier field of the packet decides.
    OneOf {
        /// What that field says, and the name of the type of bytes that it means.
        cases: Vec<(i128, String)>,
    },
}

impl TypeKind {
    /// Which values it takes.
    #[must_use]
    pub fn sort(&self) -> Sort {
        match self {
            TypeKind::Int(_) => Sort::Int,
            TypeKind::Text { .. } => Sort::Text,
            TypeKind::Bytes { .. } | TypeKind::Sized { .. } | TypeKind::OneOf { .. } => Sort::Bytes,
        }
    }
}

/// What a value is, without regard to its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// An integer.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

impl Sort {
    /// The sort of this value.
    #[must_use]
    pub fn of(value: &Value) -> Sort {
        match value {
            Value::Int(_) => Sort::Int,
            Value::Text(_) => Sort::Text,
            Value::Bytes(_) => Sort::Bytes,
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sort::Int => "a number",
            Sort::Text => "text",
            Sort::Bytes => "bytes",
        })
    }
}

/// A big-endian integer of 1, 2, 4 or 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntType {
    width: usize,
    signed: bool,
}

impl IntType {
    /// The names that wire.kdl knows, with what they mean.
    pub const NAMED: [(&'static str, IntType); 8] = [
        ("int8", IntType::signed(1)),
        ("int16", IntType::signed(2)),
        ("int32", IntType::signed(4)),
        ("int64", IntType::signed(8)),
        ("uint8", IntType::unsigned(1)),
        ("uint16", IntType::unsigned(2)),
        ("uint32", IntType::unsigned(4)),
        ("uint64", IntType::unsigned(8)),
    ];

    const fn signed(width: usize) -> IntType {
        IntType {
            width,
            signed: true,
        }
    }

    const fn unsigned(width: usize) -> IntType {
        IntType {
            width,
            signed: false,
        }
    }

    /// The integer type that wire.kdl calls so.
    #[must_use]
    pub fn named(name: &str) -> Option<IntType> {
        IntType::NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, int)| *int)
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn width(self) -> usize {
        self.width
    }

    /// The smallest number it can carry.
    #[must_use]
    pub fn min(self) -> i128 {
        if self.signed {
            -(1 << (self.bits() - 1))
        } else {
            0
        }
    }

    /// The largest number it can carry.
    #[must_use]
    pub fn max(self) -> i128 {
        let magnitude_bits = if self.signed {
            self.bits() - 1
        } else {
            self.bits()
        };
        (1 << magnitude_bits) - 1
    }

    /// Whether it can carry this number.
    #[must_use]
    pub fn carries(self, number: i128) -> bool {
        (self.min()..=self.max()).contains(&number)
    }

    fn bits(self) -> usize {
        self.width * 8
    }

    /// The lowest bytes of the number, big-endian. A number that the type does not carry loses its high bits.
    pub(super) fn encode(self, number: i128, out: &mut Vec<u8>) {
        let all = number.to_be_bytes();
        out.extend(all.iter().skip(all.len() - self.width));
    }

    /// The number in exactly [`width`](IntType::width) bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> i128 {
        let negative = self.signed && bytes.first().is_some_and(|first| first & 0x80 != 0);
        let sign_extension = if negative { -1 } else { 0 };
        bytes.iter().fold(sign_extension, |number: i128, byte| {
            (number << 8) | i128::from(*byte)
        })
    }
}

impl fmt::Display for IntType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.signed { "" } else { "u" };
        write!(f, "{sign}int{}", self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integer_type_carries_its_limits_and_nothing_beyond() {
        for (name, int) in IntType::NAMED {
            assert_eq!(int.to_string(), name);
            for number in [int.min(), int.max(), 0, 1] {
                let mut bytes = Vec::new();
                int.encode(number, &mut bytes);
                assert_eq!(bytes.len(), int.width());
                assert_eq!(int.decode(&bytes), number, "{name}");
            }
            assert!(
                !int.carries(int.min() - 1) && !int.carries(int.max() + 1),
                "{name}"
            );
        }
    }

    #[test]
    fn integers_are_big_endian() {
        let mut bytes = Vec::new();
        IntType::signed(4).encode(-2, &mut bytes);
        assert_eq!(bytes, [0xff, 0xff, 0xff, 0xfe]);
        assert_eq!(IntType::unsigned(2).decode(&[1, 2]), 258);
    }
}
