//! Types of fields: integers, text or bytes with a length before them, UUIDs, bytes of a fixed size, and types with cases.

use std::fmt;

use super::Value;

/// A type with its name in wire.kdl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDefinition {
    /// The name, such as `STRING`.
    pub name: String,
    /// The layout of the type.
    pub kind: TypeKind,
}

/// The layout of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// A big-endian integer.
    Int(IntType),
    /// A length in bytes, then text in UTF-8.
    Text {
        /// Name of the length's type, which is an integer.
        length: String,
    },
    /// A length in bytes, then any bytes.
    Bytes {
        /// Name of the length's type, which is an integer.
        length: String,
    },
    /// The 16 bytes of a UUID, which people write as text.
    Uuid,
    /// A fixed number of bytes.
    Sized {
        /// The number of bytes.
        size: usize,
    },
    /// Bytes with several possible layouts. An earlier field of the packet decides which one a value has.
    OneOf {
        /// The possible values of that field, each with the name of the type that the bytes then have.
        cases: Vec<(i128, String)>,
    },
}

impl TypeKind {
    /// Returns the sort of its values.
    #[must_use]
    pub fn sort(&self) -> Sort {
        match self {
            TypeKind::Int(_) => Sort::Int,
            TypeKind::Text { .. } | TypeKind::Uuid => Sort::Text,
            TypeKind::Bytes { .. } | TypeKind::Sized { .. } | TypeKind::OneOf { .. } => Sort::Bytes,
        }
    }
}

/// The sort of a value: number, text or bytes.
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
    /// Returns the sort of this value.
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

/// An integer: big-endian, of 1, 2, 4 or 8 bytes, or a varint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntType {
    /// The number of bytes of the integer; for a varint, the maximum number.
    width: usize,
    signed: bool,
    varint: bool,
}

/// The result of reading an integer from bytes.
pub(super) enum Int {
    /// The complete integer, and the number of its bytes.
    Whole(i128, usize),
    /// Only the beginning of an integer.
    Partial,
    /// A varint that does not end within its maximum number of bytes.
    Endless,
}

impl IntType {
    /// The names of integer types in wire.kdl, each with its type.
    pub const NAMED: [(&'static str, IntType); 9] = [
        ("int8", IntType::signed(1)),
        ("int16", IntType::signed(2)),
        ("int32", IntType::signed(4)),
        ("int64", IntType::signed(8)),
        ("uint8", IntType::unsigned(1)),
        ("uint16", IntType::unsigned(2)),
        ("uint32", IntType::unsigned(4)),
        ("uint64", IntType::unsigned(8)),
        ("varint", IntType::VARINT),
    ];

    /// A varint: groups of 7 bits, the lowest group first. If the high bit of a byte is set, another byte follows. A varint
    /// is used for lengths, so the largest number is 2,147,483,647, in at most 5 bytes. Unnecessary groups of zeros at the
    /// end are accepted.
    const VARINT: IntType = IntType {
        width: 5,
        signed: false,
        varint: true,
    };

    const fn signed(width: usize) -> IntType {
        IntType {
            width,
            signed: true,
            varint: false,
        }
    }

    const fn unsigned(width: usize) -> IntType {
        IntType {
            width,
            signed: false,
            varint: false,
        }
    }

    /// Returns the integer type with this name in wire.kdl.
    #[must_use]
    pub fn named(name: &str) -> Option<IntType> {
        let found = IntType::NAMED.iter().find(|(known, _)| *known == name);
        found.map(|(_, int)| *int)
    }

    /// Returns the maximum number of its bytes.
    #[must_use]
    pub fn width(self) -> usize {
        self.width
    }

    /// Returns the smallest number that fits.
    #[must_use]
    pub fn min(self) -> i128 {
        match self.signed {
            true => -(1 << (self.bits() - 1)),
            false => 0,
        }
    }

    /// Returns the largest number that fits.
    #[must_use]
    pub fn max(self) -> i128 {
        let magnitude_bits = match (self.varint, self.signed) {
            (true, _) => 31,
            (false, true) => self.bits() - 1,
            (false, false) => self.bits(),
        };
        (1 << magnitude_bits) - 1
    }

    /// Returns whether this number fits.
    #[must_use]
    pub fn carries(self, number: i128) -> bool {
        (self.min()..=self.max()).contains(&number)
    }

    fn bits(self) -> usize {
        self.width * 8
    }

    /// Adds the bytes of the number to `out`. A number that does not fit loses its high bits.
    pub(super) fn encode(self, number: i128, out: &mut Vec<u8>) {
        if self.varint {
            return encode_varint(number & self.max(), out);
        }
        let all = number.to_be_bytes();
        out.extend(all.iter().skip(all.len() - self.width));
    }

    /// Reads the number with which these bytes begin.
    pub(super) fn decode(self, bytes: &[u8]) -> Int {
        if self.varint {
            return decode_varint(bytes, self.width);
        }
        let Some(bytes) = bytes.get(..self.width) else {
            return Int::Partial;
        };
        let negative = self.signed && bytes.first().is_some_and(|first| first & 0x80 != 0);
        let sign_extension = if negative { -1 } else { 0 };
        let number = bytes.iter().fold(sign_extension, |number: i128, byte| {
            (number << 8) | i128::from(*byte)
        });
        Int::Whole(number, self.width)
    }
}

/// The type of an opcode if wire.kdl does not declare another type.
impl Default for IntType {
    fn default() -> IntType {
        IntType::signed(1)
    }
}

fn encode_varint(mut number: i128, out: &mut Vec<u8>) {
    loop {
        let group = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(group);
        }
        out.push(group | 0x80);
    }
}

fn decode_varint(bytes: &[u8], most: usize) -> Int {
    let mut number = 0;
    for (index, byte) in bytes.iter().take(most).enumerate() {
        number |= i128::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Int::Whole(number, index + 1);
        }
    }
    if bytes.len() < most {
        Int::Partial
    } else {
        Int::Endless
    }
}

impl fmt::Display for IntType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.varint {
            return f.write_str("varint");
        }
        let sign = if self.signed { "" } else { "u" };
        write!(f, "{sign}int{}", self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(int: IntType, bytes: &[u8]) -> Option<(i128, usize)> {
        match int.decode(bytes) {
            Int::Whole(number, length) => Some((number, length)),
            Int::Partial | Int::Endless => None,
        }
    }

    #[test]
    fn every_integer_type_carries_its_limits_and_nothing_beyond() {
        for (name, int) in IntType::NAMED {
            assert_eq!(int.to_string(), name);
            for number in [int.min(), int.max(), 0, 1] {
                let mut bytes = Vec::new();
                int.encode(number, &mut bytes);
                assert!(bytes.len() <= int.width());
                assert_eq!(read(int, &bytes), Some((number, bytes.len())), "{name}");
                assert_eq!(read(int, &bytes[..bytes.len() - 1]), None, "{name}");
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
        assert_eq!(read(IntType::unsigned(2), &[1, 2]), Some((258, 2)));
    }

    #[test]
    fn varints_have_their_lowest_group_first_and_end_within_five_bytes() {
        let varint = IntType::VARINT;
        for (number, bytes) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (300, &[0xac, 2]),
            (2_147_483_647, &[0xff, 0xff, 0xff, 0xff, 7]),
        ] {
            let mut encoded = Vec::new();
            varint.encode(number, &mut encoded);
            assert_eq!(encoded, bytes);
        }
        assert_eq!(read(varint, &[0x83, 0x80, 0x80, 0x80, 0]), Some((3, 5)));
        assert!(matches!(varint.decode(&[0x80; 4]), Int::Partial));
        assert!(matches!(varint.decode(&[0x80; 5]), Int::Endless));
    }
}
