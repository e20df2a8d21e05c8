use byteorder::{BigEndian, ByteOrder};

use super::Malformed;

/// Maximum length of a VarInt, in bytes.
const VARINT_BYTES: u32 = 5;

/// Reads fields from the front of the bytes that have arrived.
///
/// The cursor reads a text only when the length and all bytes of the text have arrived. So when a frame arrives byte by
/// byte, each attempt to read it needs only a few integer comparisons. And when a peer sends a large length but not the
/// text, the server uses no memory for the text.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

/// Why decoding stops before the end of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// More bytes are needed.
    Short,
    /// The bytes can never become a frame, whatever bytes follow.
    Malformed(Malformed),
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Stop {
        Stop::Malformed(malformed)
    }
}

/// Converts the result of a decoder into what its callers need: a whole frame, or `None` for "not enough bytes yet", or an
/// error that says why the bytes can never become a frame.
pub fn settle<T>(read: Result<T, Stop>) -> Result<Option<T>, Malformed> {
    match read {
        Ok(frame) => Ok(Some(frame)),
        Err(Stop::Short) => Ok(None),
        Err(Stop::Malformed(malformed)) => Err(malformed),
    }
}

impl<'a> Cursor<'a> {
    /// Makes a cursor at the first byte of a frame.
    pub fn new(input: &'a [u8]) -> Cursor<'a> {
        Cursor { input, at: 0 }
    }

    /// Returns how many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Reads the next `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], Stop> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(Stop::Short)?;
        self.at += length;
        Ok(taken)
    }

    /// Reads one signed byte.
    pub fn int8(&mut self) -> Result<i8, Stop> {
        let bytes = self.bytes(1)?;
        Ok(bytes.first().map_or(0, |byte| i8::from_be_bytes([*byte])))
    }

    /// Reads two bytes: signed, big-endian.
    pub fn int16(&mut self) -> Result<i16, Stop> {
        Ok(BigEndian::read_i16(self.bytes(2)?))
    }

    /// Reads four bytes: signed, big-endian.
    pub fn int32(&mut self) -> Result<i32, Stop> {
        Ok(BigEndian::read_i32(self.bytes(4)?))
    }

    /// Reads eight bytes: signed, big-endian.
    pub fn int64(&mut self) -> Result<i64, Stop> {
        Ok(BigEndian::read_i64(self.bytes(8)?))
    }

    /// Reads a length field of two bytes (signed, so the length is at most 32,767), and then a text of this length in UTF-8.
    pub fn text16(&mut self, field: &'static str) -> Result<&'a str, Stop> {
        let length = self.int16()?;
        self.text(field, i64::from(length), i16::MAX as usize)
    }

    /// Reads a length field of four bytes, and then a text of this length in UTF-8. `limit` is in bytes; the length is
    /// checked before the text arrives.
    pub fn text32(&mut self, field: &'static str, limit: usize) -> Result<&'a str, Stop> {
        let length = self.int32()?;
        self.text(field, i64::from(length), limit)
    }

    /// Reads all remaining bytes.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.input.get(self.at..).unwrap_or_default();
        self.at = self.input.len();
        rest
    }

    /// Reads an integer of one to five bytes: seven bits in each byte, the lowest bits first (the VarInt of Protocol
    /// Buffers). The maximum is 2^31-1, because the integer is a length. An encoding that is longer than necessary is
    /// accepted.
    pub fn varint(&mut self, field: &'static str) -> Result<u32, Stop> {
        let mut value = 0_u64;
        for place in 0..VARINT_BYTES {
            let byte = self.bytes(1)?.first().map_or(0, |byte| u64::from(*byte));
            value |= (byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return match i32::try_from(value) {
                    Ok(fits) => Ok(fits.cast_unsigned()),
                    Err(_) => Err(Malformed::VarInt { field }.into()),
                };
            }
        }
        Err(Malformed::VarInt { field }.into())
    }

    /// Reads a length in the form of a VarInt, and then a text of this length in UTF-8. `limit` is in bytes; the length is
    /// checked before the text arrives.
    pub fn text_varint(&mut self, field: &'static str, limit: usize) -> Result<&'a str, Stop> {
        let length = self.varint(field)?;
        self.text(field, i64::from(length), limit)
    }

    fn text(&mut self, field: &'static str, length: i64, limit: usize) -> Result<&'a str, Stop> {
        let Ok(bytes) = usize::try_from(length) else {
            return Err(Malformed::NegativeLength { field, length }.into());
        };
        if bytes > limit {
            return Err(Malformed::TooLong {
                field,
                length,
                limit,
            }
            .into());
        }
        std::str::from_utf8(self.bytes(bytes)?).map_err(|_| Malformed::NotUtf8 { field }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing_yet(b"", Err(Stop::Short))]
    #[case::half_a_length(b"\0\0", Err(Stop::Short))]
    #[case::half_a_text(b"\0\0\0\x02a", Err(Stop::Short))]
    #[case::empty(b"\0\0\0\0", Ok(""))]
    #[case::two_bytes_one_character("\0\0\0\u{2}é".as_bytes(), Ok("é"))]
    #[case::at_its_limit(b"\0\0\0\x04abcd", Ok("abcd"))]
    #[case::negative(b"\xff\xff\xff\xff", Err(Stop::Malformed(Malformed::NegativeLength { field: "msg", length: -1 })))]
    #[case::over_its_limit_before_the_bytes_are_there(
        b"\0\0\0\x05",
        Err(Stop::Malformed(Malformed::TooLong { field: "msg", length: 5, limit: 4 }))
    )]
    #[case::cut_inside_a_character(b"\0\0\0\x01\xc3", Err(Stop::Malformed(Malformed::NotUtf8 { field: "msg" })))]
    fn a_text_is_read_whole_or_not_at_all(
        #[case] bytes: &[u8],
        #[case] expected: Result<&str, Stop>,
    ) {
        assert_eq!(Cursor::new(bytes).text32("msg", 4), expected);
    }

    #[rstest]
    #[case::half_a_length(b"\0", Err(Stop::Short))]
    #[case::half_a_text(b"\0\x02a", Err(Stop::Short))]
    #[case::two_bytes_one_character("\0\u{2}é".as_bytes(), Ok("é"))]
    #[case::negative(b"\x80\0", Err(Stop::Malformed(Malformed::NegativeLength { field: "msg", length: -32768 })))]
    #[case::cut_inside_a_character(b"\0\x01\xc3", Err(Stop::Malformed(Malformed::NotUtf8 { field: "msg" })))]
    fn a_text_after_a_short_is_read_whole_or_not_at_all(
        #[case] bytes: &[u8],
        #[case] expected: Result<&str, Stop>,
    ) {
        assert_eq!(Cursor::new(bytes).text16("msg"), expected);
    }

    #[rstest]
    #[case::nothing_yet(b"", Err(Stop::Short))]
    #[case::zero(b"\0", Ok(0))]
    #[case::one_byte(b"\x7f", Ok(127))]
    #[case::half_of_it(b"\x80", Err(Stop::Short))]
    #[case::two_bytes(b"\x80\x01", Ok(128))]
    #[case::three_bytes(b"\xff\xff\x03", Ok(65_535))]
    #[case::the_most(b"\xff\xff\xff\xff\x07", Ok(i32::MAX.cast_unsigned()))]
    #[case::one_too_many(b"\x80\x80\x80\x80\x08", Err(Stop::Malformed(Malformed::VarInt { field: "x" })))]
    #[case::padded(b"\x85\x80\x80\x80\0", Ok(5))]
    #[case::six_bytes_known_from_five(b"\x85\x80\x80\x80\x80", Err(Stop::Malformed(Malformed::VarInt { field: "x" })))]
    fn a_varint_takes_one_to_five_bytes(#[case] bytes: &[u8], #[case] expected: Result<u32, Stop>) {
        let mut cursor = Cursor::new(bytes);
        assert_eq!(cursor.varint("x"), expected);
        if expected.is_ok() {
            assert_eq!(cursor.position(), bytes.len());
        }
    }

    #[test]
    fn a_text_after_a_varint_has_its_limit_too() {
        let text = |bytes| Cursor::new(bytes).text_varint("x", 3);
        assert_eq!(text("\u{2}é".as_bytes()), Ok("é"));
        assert_eq!(text(b"\x03ab"), Err(Stop::Short));
        assert!(matches!(
            text(b"\x04"),
            Err(Stop::Malformed(Malformed::TooLong { limit: 3, .. }))
        ));
    }

    #[test]
    fn integers_are_big_endian_and_signed() {
        let mut cursor = Cursor::new(b"\xfe\xff\xfe\0\0\x01\0\xff\xff\xff\xff\xff\xff\xff\xfe");
        assert_eq!(cursor.int8(), Ok(-2));
        assert_eq!(cursor.int16(), Ok(-2));
        assert_eq!(cursor.int32(), Ok(256));
        assert_eq!(cursor.int64(), Ok(-2));
        assert_eq!(cursor.position(), 15);
        assert_eq!(cursor.int8(), Err(Stop::Short));
    }
}
