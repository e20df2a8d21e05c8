//! Decodes and encodes the fields of commands, for Chaton and for ChatOS Groupe 2, whose document adds two commands.

use crate::wire::{Cursor, Put, Stop};

use super::{Codec, LongWidth, MAX_MESSAGE_BYTES};

/// Decodes a STRING.
pub(crate) fn decode_text<'a>(
    cursor: &mut Cursor<'a>,
    field: &'static str,
) -> Result<&'a str, Stop> {
    cursor.text32(field, MAX_MESSAGE_BYTES)
}

/// Decodes the logins of the two clients of a private connection.
pub(crate) fn decode_parties<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, &'a str), Stop> {
    Ok((
        decode_text(cursor, "login_requester")?,
        decode_text(cursor, "login_target")?,
    ))
}

/// Decodes a LONG; the codec says how many bytes it has.
pub(crate) fn decode_long(cursor: &mut Cursor<'_>, codec: Codec) -> Result<i64, Stop> {
    match codec.long {
        LongWidth::Eight => cursor.int64(),
        LongWidth::Four => cursor.int32().map(i64::from),
    }
}

/// Appends an OPCODE and the STRINGs that follow it.
pub(crate) fn encode_texts(into: &mut Vec<u8>, opcode: i8, texts: &[&str]) {
    into.put_int8(opcode);
    for text in texts {
        into.put_text32(text);
    }
}

/// Appends a LONG; the codec says how many bytes it has.
pub(crate) fn encode_long(into: &mut Vec<u8>, codec: Codec, value: i64) {
    match codec.long {
        LongWidth::Eight => into.put_int64(value),
        // Ids of four bytes have at most 31 bits, so they always fit.
        LongWidth::Four => into.put_int32(i32::try_from(value).unwrap_or(i32::MAX)),
    }
}
