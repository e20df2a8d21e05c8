//! Recognises the usual causes of wrong bytes: compares what arrived with what was expected.

use crate::grammar::Value;

use super::wanted::{Shown, WantedFrame};

/// Returns a sentence about the likely cause, if the bytes show one.
pub(crate) fn usual_cause(shown: &Shown<'_>, pattern: &WantedFrame) -> Option<String> {
    let came = shown.unread;
    if came.starts_with(b"HTTP/") {
        return Some("an HTTP server sent this answer; check the port".to_owned());
    }
    let values: Option<Vec<Value>> = pattern
        .fields
        .iter()
        .map(|field| field.value().cloned())
        .collect();
    let values = values?;
    let wanted = shown.wire.encode(pattern.packet, &values).ok()?;
    let opcode = shown.wire.opcode(pattern.packet);
    let framed = shown.grammar.frame_length.is_some();
    let in_front = if framed {
        in_the_length_in_front(&wanted, came)
    } else {
        in_the_opcode(&opcode, came)
    };
    in_front
        .or_else(|| in_a_text(&texts(shown, pattern, &values, &wanted), &wanted, came))
        .or_else(|| in_the_length_of_the_frame(&wanted, came))
        .map(str::to_owned)
}

/// A text of a frame, and the positions of its length and its bytes.
struct PlacedText<'a> {
    text: &'a str,
    length_at: usize,
    at: usize,
}

fn texts<'a>(
    shown: &Shown<'_>,
    pattern: &WantedFrame,
    values: &'a [Value],
    wanted: &[u8],
) -> Vec<PlacedText<'a>> {
    let packet = shown.grammar.packet(pattern.packet);
    let lengths: Vec<usize> = packet
        .fields
        .iter()
        .zip(values)
        .map(|(field, value)| {
            let encoded = shown.wire.encode_typed(&field.type_name, value);
            encoded.map_or(0, |bytes| bytes.len())
        })
        .collect();
    let mut texts = Vec::new();
    let mut length_at = wanted.len() - lengths.iter().sum::<usize>();
    for (value, length) in values.iter().zip(lengths) {
        let end = length_at + length;
        // Use only texts whose bytes are sent unchanged. A UUID is a text too, but it is sent in a shorter form.
        if let Value::Text(text) = value
            && wanted
                .get(..end)
                .is_some_and(|wanted| wanted.ends_with(text.as_bytes()))
        {
            texts.push(PlacedText {
                text,
                length_at,
                at: end - text.len(),
            });
        }
        length_at = end;
    }
    texts
}

/// Recognises a wrong length at the beginning of the frame. The right length is the number of bytes of the opcode and the
/// fields.
fn in_the_length_in_front(wanted: &[u8], came: &[u8]) -> Option<&'static str> {
    let ([wanted, opcode, ..], [length, rest @ ..]) = (wanted, came) else {
        return None;
    };
    match rest {
        [first, ..] if first == opcode && wanted.checked_sub(1) == Some(*length) => {
            Some("the length counts only the fields; it must also count the opcode")
        }
        [first, ..] if first == opcode && wanted.checked_add(1) == Some(*length) => {
            Some("the length counts itself; it must count only opcode and fields")
        }
        [0, 0, last, ..] if *length == 0 && last == wanted => {
            Some("the length is sent as a 4-byte integer; it must be a varint")
        }
        _ => None,
    }
}

/// Recognises an opcode that is sent with too many bytes.
fn in_the_opcode(opcode: &[u8], came: &[u8]) -> Option<&'static str> {
    if let [number] = opcode
        && *number != 0
    {
        if came.starts_with(&[0, 0, 0, *number]) {
            return Some("the opcode is sent as a 4-byte integer; it must be one byte");
        }
        if came.starts_with(&[*number, 0, 0, 0]) && came.get(4) == Some(&0) {
            return Some(
                "the opcode is sent as a little-endian 4-byte integer; it must be one byte",
            );
        }
    }
    None
}

/// Recognises a mistake in a text of a frame; everything before this text is right.
fn in_a_text(texts: &[PlacedText<'_>], wanted: &[u8], came: &[u8]) -> Option<&'static str> {
    let wrong = wanted
        .iter()
        .zip(came)
        .take_while(|(one, other)| one == other)
        .count();
    let PlacedText {
        text,
        length_at,
        at,
    } = texts
        .iter()
        .rev()
        .find(|placed| placed.length_at <= wrong)?;
    let right_length = wanted.get(*length_at..*at)?;
    let length = came.get(*length_at..*at)?;
    let text_came = came.get(*at..)?;
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte))
    };
    if right_length != length && right_length.iter().eq(length.iter().rev()) {
        return Some("the length of the text is little-endian; it must be big-endian");
    }
    if text.chars().count() != text.len() && number(length) == text.chars().count() {
        return Some("the length of the text counts characters; it must count bytes of UTF-8");
    }
    if length.len() == 4 && length.get(..2) == right_length.get(2..) {
        return Some("the length of the text has 2 bytes (as in Java's writeUTF); it must have 4");
    }
    let latin1: Option<Vec<u8>> = text
        .chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect();
    if !text.is_ascii() && latin1.is_some_and(|latin1| text_came.starts_with(&latin1)) {
        return Some("the text is ISO 8859-1; it must be UTF-8");
    }
    let one_more = number(length) == text.len() + 1;
    match text_came.get(text.len()) {
        Some(b'\n' | b'\r') if one_more => {
            Some("the text ends with a line end that no client sent")
        }
        Some(0) if one_more => Some("the text has a zero byte at its end, like a C string"),
        _ => None,
    }
}

/// Recognises missing bytes at the beginning or the end of the frame, and surplus bytes before it.
fn in_the_length_of_the_frame(wanted: &[u8], came: &[u8]) -> Option<&'static str> {
    if wanted.len() > came.len() && wanted.starts_with(came) {
        return Some("the beginning of the frame is right, but its last bytes are missing");
    }
    let skipped = (1..=8).find(|skip| {
        came.get(*skip..)
            .is_some_and(|rest| rest.starts_with(wanted))
    });
    if skipped.is_some() {
        return Some(
            "the right frame follows after surplus bytes, perhaps left over from the previous frame",
        );
    }
    if (1..=8).any(|skip| {
        wanted
            .get(skip..)
            .is_some_and(|rest| !rest.is_empty() && came.starts_with(rest))
    }) {
        return Some("the first bytes of the right frame are missing");
    }
    None
}
