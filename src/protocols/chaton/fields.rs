//! What commands are made of, for this document and for the one that adds commands to it.

use crate::wire::{Cursor, Put, Stop};

use super::{Codec, LongWidth, MAX_MESSAGE_BYTES};

/// A STRING.
pub(crate) fn text<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<&'a str, Stop> {
    cursor.text32(field, MAX_MESSAGE_BYTES)
}

/// The two parties of a private connection.
pub(crate) fn parties<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, &'a str), Stop> {
    Ok((
        text(cursor, "login_requester")?,
        text(cursor, "login_target")?,
    ))
}

/// A LONG, as wide as the listener has it.
pub(crate) fn long(cursor: &mut Cursor<'_>, codec: Codec) -> Result<i64, Stop> {
    match codec.long {
        LongWidth::Eight => cursor.int64(),
        LongWidth::Four => cursor.int32().map(i64::from),
    }
}

/// Appends an OPCODE and the STRINGs behind it.
pub(crate) fn put(into: &mut Vec<u8>, opcode: i8, texts: &[&str]) {
    into.put_int8(opcode);
    for text in texts {
        into.put_text32(text);
    }
}

/// Appends a LONG.
pub(crate) fn put_long(into: &mut Vec<u8>, codec: Codec, value: i64) {
    match codec.long {
        LongWidth::Eight => into.put_int64(value),
        // Ids of this width are drawn from 31 bits.
        LongWidth::Four => into.put_int32(i32::try_from(value).unwrap_or(i32::MAX)),
    }
}
