use byteorder::{BigEndian, WriteBytesExt};

/// Appends fields to a frame that grows at the end of a buffer.
///
/// Writing into a `Vec` cannot fail, so there is nothing to report; that is also why the results of byteorder are
/// dropped here and nowhere else.
pub trait Put {
    /// One signed byte.
    fn put_int8(&mut self, value: i8);
    /// Four bytes, signed, big-endian.
    fn put_int32(&mut self, value: i32);
    /// Eight bytes, signed, big-endian.
    fn put_int64(&mut self, value: i64);
    /// UTF-8 behind a length of four bytes. Longer texts than 2^31-1 bytes do not exist here: every text came from a
    /// frame or a limited input.
    fn put_text32(&mut self, text: &str);
}

impl Put for Vec<u8> {
    fn put_int8(&mut self, value: i8) {
        let _ = self.write_i8(value);
    }

    fn put_int32(&mut self, value: i32) {
        let _ = self.write_i32::<BigEndian>(value);
    }

    fn put_int64(&mut self, value: i64) {
        let _ = self.write_i64::<BigEndian>(value);
    }

    fn put_text32(&mut self, text: &str) {
        self.put_int32(i32::try_from(text.len()).unwrap_or(i32::MAX));
        self.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_laid_one_behind_the_other() {
        let mut frame = Vec::new();
        frame.put_int8(-2);
        frame.put_int32(256);
        frame.put_int64(-2);
        frame.put_text32("é");
        assert_eq!(
            frame,
            b"\xfe\0\0\x01\0\xff\xff\xff\xff\xff\xff\xff\xfe\0\0\0\x02\xc3\xa9"
        );
    }
}
