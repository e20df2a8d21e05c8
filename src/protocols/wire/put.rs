use byteorder::{BigEndian, WriteBytesExt};

/// Appends the fields of a frame to a buffer.
///
/// Writing to a `Vec` cannot fail, so these functions return nothing and ignore the results of the crate `byteorder`.
pub trait Put {
    /// Appends one signed byte.
    fn put_int8(&mut self, value: i8);
    /// Appends two bytes: signed, big-endian.
    fn put_int16(&mut self, value: i16);
    /// Appends four bytes: signed, big-endian.
    fn put_int32(&mut self, value: i32);
    /// Appends eight bytes: signed, big-endian.
    fn put_int64(&mut self, value: i64);
    /// Appends the shortest form of a VarInt: one to five bytes.
    fn put_varint(&mut self, value: u32);
    /// Appends a length field of two bytes, and then the text in UTF-8. The caller must make sure that the text has at most
    /// 2^15-1 bytes. A longer text is cut after the last character that fits, so that the fields after the text can still be
    /// decoded.
    fn put_text16(&mut self, text: &str);
    /// Appends a length field of four bytes, and then the text in UTF-8. No text is longer than 2^31-1 bytes: every text
    /// comes from a frame or from another input, and the lengths of all these inputs have lower limits.
    fn put_text32(&mut self, text: &str);
    /// Appends a length as a VarInt, and then the text in UTF-8. As in [`Put::put_text32`], no text is longer than 2^31-1
    /// bytes.
    fn put_text_varint(&mut self, text: &str);
}

impl Put for Vec<u8> {
    fn put_int8(&mut self, value: i8) {
        let _ = self.write_i8(value);
    }

    fn put_int16(&mut self, value: i16) {
        let _ = self.write_i16::<BigEndian>(value);
    }

    fn put_int32(&mut self, value: i32) {
        let _ = self.write_i32::<BigEndian>(value);
    }

    fn put_int64(&mut self, value: i64) {
        let _ = self.write_i64::<BigEndian>(value);
    }

    fn put_varint(&mut self, mut value: u32) {
        while let more @ 1.. = value >> 7 {
            let [least, ..] = value.to_le_bytes();
            self.push(least | 0x80);
            value = more;
        }
        let [least, ..] = value.to_le_bytes();
        self.push(least);
    }

    fn put_text16(&mut self, text: &str) {
        let length = text.floor_char_boundary(i16::MAX as usize);
        let (text, _) = text.split_at(length);
        self.put_int16(i16::try_from(length).unwrap_or(i16::MAX));
        self.extend_from_slice(text.as_bytes());
    }

    fn put_text32(&mut self, text: &str) {
        self.put_int32(i32::try_from(text.len()).unwrap_or(i32::MAX));
        self.extend_from_slice(text.as_bytes());
    }

    fn put_text_varint(&mut self, text: &str) {
        self.put_varint(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_appended_in_order() {
        let mut frame = Vec::new();
        frame.put_int8(-2);
        frame.put_int16(-2);
        frame.put_int32(256);
        frame.put_int64(-2);
        frame.put_text16("é");
        frame.put_text32("é");
        assert_eq!(
            frame,
            b"\xfe\xff\xfe\0\0\x01\0\xff\xff\xff\xff\xff\xff\xff\xfe\0\x02\xc3\xa9\0\0\0\x02\xc3\xa9"
        );
    }

    #[test]
    fn a_varint_takes_as_few_bytes_as_it_can() {
        let bytes = |value| {
            let mut bytes = Vec::new();
            bytes.put_varint(value);
            bytes
        };
        assert_eq!(bytes(0), b"\0");
        assert_eq!(bytes(127), b"\x7f");
        assert_eq!(bytes(128), b"\x80\x01");
        assert_eq!(bytes(65_535), b"\xff\xff\x03");
        assert_eq!(bytes(i32::MAX.cast_unsigned()), b"\xff\xff\xff\xff\x07");
        let mut text = Vec::new();
        text.put_text_varint("é");
        assert_eq!(text, b"\x02\xc3\xa9");
    }

    #[test]
    fn a_text_too_long_for_a_short_leaves_a_frame_that_can_be_decoded() {
        let mut frame = Vec::new();
        frame.put_text16(&"é".repeat(20_000));
        assert_eq!(frame.len(), 2 + 32_766);
        assert_eq!(frame.first_chunk(), Some(b"\x7f\xfe\xc3\xa9"));
    }
}
