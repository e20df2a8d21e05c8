//! Varints: groups of 7 bits, the lowest group first.

use super::integer::Int;

/// Adds the groups of a number to `out`. The number must not be negative.
pub(super) fn encode_varint(mut number: i128, out: &mut Vec<u8>) {
    loop {
        let group = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(group);
        }
        out.push(group | 0x80);
    }
}

/// Reads a varint of at most `most` bytes.
pub(super) fn decode_varint(bytes: &[u8], most: usize) -> Int {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::{ByteOrder, IntType};

    fn varint() -> IntType {
        IntType::named("varint", ByteOrder::Little).expect("a name of the format")
    }

    fn read(int: IntType, bytes: &[u8]) -> Option<(i128, usize)> {
        match int.decode(bytes) {
            Int::Whole(number, length) => Some((number, length)),
            Int::Partial | Int::Endless => None,
        }
    }

    #[test]
    fn varints_have_their_lowest_group_first_and_end_within_five_bytes() {
        let varint = varint();
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
