//! Integers: fixed widths in both byte orders, and varints.

use std::fmt;

use super::varint::{decode_varint, encode_varint};

/// The order in which the bytes of an integer are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByteOrder {
    /// The highest byte first.
    #[default]
    Big,
    /// The lowest byte first.
    Little,
}

impl ByteOrder {
    /// The names of the byte orders in wire.kdl.
    pub const NAMED: [(&'static str, ByteOrder); 2] =
        [("big", ByteOrder::Big), ("little", ByteOrder::Little)];

    /// The endings of names of integer types. Such an ending chooses the byte order of the type.
    const ENDINGS: [(&'static str, ByteOrder); 2] =
        [("-be", ByteOrder::Big), ("-le", ByteOrder::Little)];
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ByteOrder::Big => "big-endian",
            ByteOrder::Little => "little-endian",
        })
    }
}

/// An integer of 1, 2, 3, 4 or 8 bytes, or a varint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntType {
    /// The number of its bytes; for a varint, the maximum number.
    width: usize,
    /// Set for a bit field, which has only some of the bits of a larger integer: the number of these bits.
    part: Option<usize>,
    signed: bool,
    varint: bool,
    order: ByteOrder,
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
    /// The names of integer types in wire.kdl, each with its type. A name may also end with its byte order: `int32-le`.
    pub const NAMED: [(&'static str, IntType); 11] = [
        ("int8", IntType::signed(1)),
        ("int16", IntType::signed(2)),
        ("int24", IntType::signed(3)),
        ("int32", IntType::signed(4)),
        ("int64", IntType::signed(8)),
        ("uint8", IntType::unsigned(1)),
        ("uint16", IntType::unsigned(2)),
        ("uint24", IntType::unsigned(3)),
        ("uint32", IntType::unsigned(4)),
        ("uint64", IntType::unsigned(8)),
        ("varint", IntType::VARINT),
    ];

    /// A varint: groups of 7 bits, the lowest group first. If the high bit of a byte is set, another byte follows. A varint
    /// is used for lengths, so its largest number is 2,147,483,647, and it has at most 5 bytes. Unnecessary groups of zeros
    /// at the end are accepted.
    const VARINT: IntType = IntType {
        width: 5,
        part: None,
        signed: false,
        varint: true,
        order: ByteOrder::Big,
    };

    const fn signed(width: usize) -> IntType {
        IntType {
            width,
            part: None,
            signed: true,
            varint: false,
            order: ByteOrder::Big,
        }
    }

    const fn unsigned(width: usize) -> IntType {
        IntType {
            width,
            part: None,
            signed: false,
            varint: false,
            order: ByteOrder::Big,
        }
    }

    /// Returns the integer type with this name in wire.kdl. If the name does not say a byte order, the type has the byte
    /// order `order`.
    #[must_use]
    pub fn named(name: &str, order: ByteOrder) -> Option<IntType> {
        let mut endings = ByteOrder::ENDINGS.iter();
        let chosen = endings.find_map(|(ending, order)| Some((name.strip_suffix(ending)?, *order)));
        let (base, order) = chosen.unwrap_or((name, order));
        let mut named = IntType::NAMED.iter();
        let (_, int) = named.find(|(known, _)| *known == base)?;
        let has_order = !int.varint;
        (has_order || chosen.is_none()).then_some(IntType { order, ..*int })
    }

    /// Returns whether this is a varint: an integer whose number of bytes depends on its value.
    #[must_use]
    pub fn is_varint(self) -> bool {
        self.varint
    }

    /// Returns the same integer with its bytes in the opposite order.
    #[must_use]
    pub fn reversed(self) -> IntType {
        let order = match self.order {
            ByteOrder::Big => ByteOrder::Little,
            ByteOrder::Little => ByteOrder::Big,
        };
        IntType { order, ..self }
    }

    /// Returns the byte order of this integer.
    #[must_use]
    pub fn byte_order(self) -> ByteOrder {
        self.order
    }

    /// Returns the number at the beginning of these bytes, if it is complete.
    #[must_use]
    pub fn read(self, bytes: &[u8]) -> Option<i128> {
        match self.decode(bytes) {
            Int::Whole(number, _) => Some(number),
            Int::Partial | Int::Endless => None,
        }
    }

    /// Returns the bytes of the number. If the number does not fit, its high bits are lost.
    #[must_use]
    pub fn bytes(self, number: i128) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(number, &mut bytes);
        bytes
    }

    /// Returns the maximum number of bytes of this integer.
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

    /// Returns the number of bits of this integer.
    #[must_use]
    pub fn bits(self) -> usize {
        self.part.unwrap_or(self.width * 8)
    }

    /// Returns the type of a bit field: an unsigned number that takes this number of the bits of a larger integer.
    #[must_use]
    pub(super) fn part(bits: usize) -> IntType {
        IntType {
            part: Some(bits),
            ..IntType::unsigned(bits.div_ceil(8))
        }
    }

    /// Returns whether this is a bit field: it is only a part of a larger integer, and shares its bytes with other numbers.
    #[must_use]
    pub fn is_part(self) -> bool {
        self.part.is_some()
    }

    /// Adds the bytes of the number to `out`. If the number does not fit, its high bits are lost.
    pub(super) fn encode(self, number: i128, out: &mut Vec<u8>) {
        if self.varint {
            return encode_varint(number & self.max(), out);
        }
        match self.order {
            ByteOrder::Big => {
                let all = number.to_be_bytes();
                out.extend(all.iter().skip(all.len() - self.width));
            }
            ByteOrder::Little => out.extend(number.to_le_bytes().iter().take(self.width)),
        }
    }

    /// Reads the number at the beginning of these bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> Int {
        if self.varint {
            return decode_varint(bytes, self.width);
        }
        let Some(bytes) = bytes.get(..self.width) else {
            return Int::Partial;
        };
        let highest = match self.order {
            ByteOrder::Big => bytes.first(),
            ByteOrder::Little => bytes.last(),
        };
        let negative = self.signed && highest.is_some_and(|highest| highest & 0x80 != 0);
        let sign_extension = if negative { -1 } else { 0 };
        let append = |number: i128, byte: &u8| (number << 8) | i128::from(*byte);
        let number = match self.order {
            ByteOrder::Big => bytes.iter().fold(sign_extension, append),
            ByteOrder::Little => bytes.iter().rev().fold(sign_extension, append),
        };
        Int::Whole(number, self.width)
    }
}

/// The type of an opcode if wire.kdl does not declare another type.
impl Default for IntType {
    fn default() -> IntType {
        IntType::signed(1)
    }
}

impl fmt::Display for IntType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.varint {
            return f.write_str("varint");
        }
        let sign = if self.signed { "" } else { "u" };
        let order = match self.order {
            ByteOrder::Little if self.width > 1 => "-le",
            _ => "",
        };
        write!(f, "{sign}int{}{order}", self.bits())
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
    fn the_name_or_the_protocol_chooses_the_byte_order() {
        let named = |name: &str, order| IntType::named(name, order).expect("a name of the format");
        for (name, order, bytes) in [
            ("int32", ByteOrder::Big, &[0xff, 0xff, 0xff, 0xfe][..]),
            ("int32-be", ByteOrder::Little, &[0xff, 0xff, 0xff, 0xfe]),
            ("int32", ByteOrder::Little, &[0xfe, 0xff, 0xff, 0xff]),
            ("int24-le", ByteOrder::Big, &[0xfe, 0xff, 0xff]),
        ] {
            let int = named(name, order);
            assert_eq!(int.bytes(-2), bytes, "{name}");
            assert_eq!(read(int, bytes), Some((-2, bytes.len())), "{name}");
            assert_eq!(
                int.reversed().bytes(-2),
                bytes.iter().rev().copied().collect::<Vec<_>>()
            );
        }
        assert_eq!(
            named("uint24", ByteOrder::Big).read(&[1, 2, 3]),
            Some(0x01_02_03)
        );
        assert_eq!(named("uint24-le", ByteOrder::Big).to_string(), "uint24-le");
        for strange in ["varint-le", "int32-xe", "-le", "int32-le-le"] {
            assert_eq!(IntType::named(strange, ByteOrder::Big), None);
        }
    }
}
