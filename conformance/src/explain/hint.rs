//! Recognises the usual causes of wrong bytes by comparing the bytes that arrived with the expected bytes.

use crate::grammar::{Counts, Decoded, DecodedField, HeadPart, IntType, Side, Value, Wire};

use super::wanted::{Shown, WantedFrame};
use super::{number_hint, value_hint};

/// Returns a sentence about the likely cause, if the bytes show one.
pub(crate) fn usual_cause(shown: &Shown<'_>, pattern: &WantedFrame) -> Option<String> {
    let came = shown.unread;
    if came.starts_with(b"HTTP/") {
        return Some("an HTTP server sent this answer; check the port".to_owned());
    }
    in_the_frame(shown, pattern, came)
        .or_else(|| number_hint::cause(shown, pattern))
        .or_else(|| value_hint::cause(shown, pattern))
}

/// Recognises a mistake in a frame of which the right values are all known.
fn in_the_frame(shown: &Shown<'_>, pattern: &WantedFrame, came: &[u8]) -> Option<String> {
    let values = pattern.fields.iter().map(|field| field.value());
    let values: Vec<Value> = values.collect::<Option<_>>()?;
    let wire = shown.wire;
    let wanted = wire.encode(Side::Server, pattern.packet, &values).ok()?;
    let opcode = wire.opcode(Side::Server, pattern.packet);
    let in_the_head = match shown.grammar.head.parts.as_slice() {
        [HeadPart::Opcode(_), ..] => in_the_opcode(&opcode, &wanted, came).map(str::to_owned),
        [HeadPart::Length { int, .. }, ..] if int.is_varint() => {
            in_the_length_in_front(&wanted, came).map(str::to_owned)
        }
        _ => None,
    };
    in_the_head
        .or_else(|| in_a_text(&texts(wire, pattern, &wanted), &wanted, came))
        .or_else(|| in_the_length_of_the_head(shown, &wanted, came))
        .or_else(|| in_the_byte_order(wire, pattern, &values, came))
        .or_else(|| in_the_length_of_the_frame(&wanted, came).map(str::to_owned))
}

/// A text field of a frame: its value, the type of its length field, and the positions of the length and of the text's
/// bytes.
struct PlacedText {
    text: String,
    length: Option<IntType>,
    length_at: usize,
    at: usize,
}

/// Returns those texts of a frame that the frame contains as UTF-8.
fn texts(wire: &Wire, pattern: &WantedFrame, wanted: &[u8]) -> Vec<PlacedText> {
    let (Decoded::Frame(frame), Some(packet)) = (
        wire.decode(Side::Server, wanted),
        wire.packet(pattern.packet),
    ) else {
        return Vec::new();
    };
    let placed = |(field, type_name): (&DecodedField, &String)| {
        let at = field.bytes.start + field.prefix;
        match &field.value {
            // The value of a UUID is a text too. But the frame contains it in a shorter form, so it does not pass this
            // check.
            Value::Text(text) if wanted.get(at..)?.starts_with(text.as_bytes()) => {
                Some(PlacedText {
                    text: text.clone(),
                    length: wire.prefix_type(type_name),
                    length_at: field.bytes.start,
                    at,
                })
            }
            _ => None,
        }
    };
    let types = packet.fields.iter().map(|field| &field.type_name);
    frame.fields.iter().zip(types).filter_map(placed).collect()
}

/// Recognises a frame in which all numbers have the wrong byte order.
fn in_the_byte_order(
    wire: &Wire,
    pattern: &WantedFrame,
    values: &[Value],
    came: &[u8],
) -> Option<String> {
    let wanted = wire.encode(Side::Server, pattern.packet, values).ok()?;
    let reversed = wire.in_the_other_byte_order();
    let reversed = reversed.encode(Side::Server, pattern.packet, values).ok()?;
    let is_reversed = reversed != wanted && came.starts_with(&reversed);
    is_reversed.then(|| "the numbers are sent in the other byte order".to_owned())
}

/// Recognises a wrong length at the beginning of the frame. This length is a varint, and must count the bytes of the opcode
/// and of the fields.
fn in_the_length_in_front(wanted: &[u8], came: &[u8]) -> Option<&'static str> {
    let ([wanted, opcode, ..], [length, rest @ ..]) = (wanted, came) else {
        return None;
    };
    match rest {
        [first, ..] if first == opcode && wanted.checked_sub(1) == Some(*length) => {
            Some("the length of the frame counts only the fields; it must also count the opcode")
        }
        [first, ..] if first == opcode && wanted.checked_add(1) == Some(*length) => Some(
            "the length of the frame also counts its own byte; it must count only the opcode and the fields",
        ),
        [0, 0, last, ..] if *length == 0 && last == wanted => {
            Some("the length of the frame is sent as a 4-byte integer; it must be a varint")
        }
        _ => None,
    }
}

/// Recognises a wrong length in the frame's head: the length counts the wrong bytes, or has the wrong byte order. All other
/// bytes of the head must be right.
fn in_the_length_of_the_head(shown: &Shown<'_>, wanted: &[u8], came: &[u8]) -> Option<String> {
    let Decoded::Frame(frame) = shown.wire.decode(Side::Server, wanted) else {
        return None;
    };
    let parts = &shown.grammar.head.parts;
    let (int, counts, placed) =
        parts
            .iter()
            .zip(&frame.head)
            .find_map(|(part, placed)| match part {
                HeadPart::Length { int, counts } if !int.is_varint() => Some((int, counts, placed)),
                _ => None,
            })?;
    let (at, end) = (placed.bytes.start, placed.bytes.end);
    let head = frame.head.last().map_or(0, |last| last.bytes.end);
    let is_right_around =
        came.get(..at) == wanted.get(..at) && came.get(end..head) == wanted.get(end..head);
    let (right, length) = (int.read(wanted.get(at..)?)?, int.read(came.get(at..)?)?);
    if !is_right_around || right == length {
        return None;
    }
    if int.reversed().read(came.get(at..)?) == Some(right) {
        // If bytes after the length are wrong too, perhaps all numbers have the wrong byte order, so this hint would
        // mislead.
        let is_alone = came.get(end..)?.starts_with(wanted.get(end..)?);
        return is_alone
            .then(|| "the length of the frame is sent in the other byte order".to_owned());
    }
    let size_of = |counts: Counts| match counts {
        Counts::Payload => wanted.len() - head,
        Counts::Rest => wanted.len() - end,
        Counts::Frame => wanted.len(),
    };
    let counted = [Counts::Payload, Counts::Rest, Counts::Frame]
        .into_iter()
        .find(|other| i128::try_from(size_of(*other)) == Ok(length))?;
    Some(format!(
        "the length of the frame counts {}; it must count {}",
        counted_bytes(counted),
        counted_bytes(*counts)
    ))
}

fn counted_bytes(counts: Counts) -> &'static str {
    match counts {
        Counts::Payload => "only the fields",
        Counts::Rest => "everything after itself",
        Counts::Frame => "the whole frame",
    }
}

/// Recognises an opcode that is sent as 4 bytes instead of one.
fn in_the_opcode(opcode: &[u8], wanted: &[u8], came: &[u8]) -> Option<&'static str> {
    // After the wrong opcode, the next number of the frame must follow, in one of the two byte orders.
    let (next, followed) = (wanted.get(1..5), came.get(4..8));
    let is_followed = match (next, followed) {
        (Some(next), Some(followed)) => next == followed || next.iter().eq(followed.iter().rev()),
        (Some(_), None) => false,
        (None, _) => true,
    };
    if let [number] = opcode
        && *number != 0
        && is_followed
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
fn in_a_text(texts: &[PlacedText], wanted: &[u8], came: &[u8]) -> Option<String> {
    let wrong = wanted
        .iter()
        .zip(came)
        .take_while(|(one, other)| one == other)
        .count();
    let placed = texts
        .iter()
        .rev()
        .find(|placed| placed.length_at <= wrong)?;
    let text_came = came.get(placed.at..)?;
    in_its_length(placed, wanted, came)
        .or_else(|| in_its_bytes(placed, came, text_came).map(str::to_owned))
}

/// Recognises a mistake in the length of a text.
fn in_its_length(placed: &PlacedText, wanted: &[u8], came: &[u8]) -> Option<String> {
    let int = placed.length?;
    let text = &placed.text;
    let right_length = wanted.get(placed.length_at..placed.at)?;
    let length = came.get(placed.length_at..placed.at)?;
    if right_length != length && right_length.iter().eq(length.iter().rev()) {
        let (sent, right) = (int.reversed().byte_order(), int.byte_order());
        return Some(format!(
            "the length of the text is {sent}; it must be {right}"
        ));
    }
    let characters = text.chars().count();
    if characters != text.len() && number_in(int, length) == Some(characters) {
        let why = "the length of the text counts characters; it must count bytes of UTF-8";
        return Some(why.to_owned());
    }
    if length.len() == 4 && length.get(..2) == right_length.get(2..) {
        let why = "the length of the text has 2 bytes (as in Java's writeUTF); it must have 4";
        return Some(why.to_owned());
    }
    None
}

/// Recognises a mistake in the bytes of a text.
fn in_its_bytes(placed: &PlacedText, came: &[u8], text_came: &[u8]) -> Option<&'static str> {
    let text = &placed.text;
    let latin1: Option<Vec<u8>> = text
        .chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect();
    if !text.is_ascii() && latin1.is_some_and(|latin1| text_came.starts_with(&latin1)) {
        return Some("the text is ISO 8859-1; it must be UTF-8");
    }
    let length = came.get(placed.length_at..placed.at)?;
    let one_more = number_in(placed.length?, length) == Some(text.len() + 1);
    match text_came.get(text.len()) {
        Some(b'\n' | b'\r') if one_more => {
            Some("the text ends with a line break that no client sent")
        }
        Some(0) if one_more => Some("the text has a zero byte at its end, like a C string"),
        _ => None,
    }
}

fn number_in(int: IntType, length: &[u8]) -> Option<usize> {
    int.read(length)?.try_into().ok()
}

/// Recognises missing bytes at the beginning or at the end of the frame, and bytes before the frame that do not belong to
/// it.
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
            "there are surplus bytes before the right frame; perhaps they are left over from the previous frame",
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
