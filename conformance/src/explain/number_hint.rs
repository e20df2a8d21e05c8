//! Recognises a wrong number of values before a list whose values are right.

use crate::grammar::{Decoded, DecodedField, Field, Frame, IntType, Side, Value};

use super::wanted::{Shown, WantedFrame};

/// Returns a sentence about the likely cause, if only the number of values before a list differs from the wanted frame.
pub(super) fn cause(shown: &Shown<'_>, pattern: &WantedFrame) -> Option<String> {
    let known = match shown.wire.decode(Side::Server, shown.unread) {
        Decoded::Frame(frame) => frame.fields,
        Decoded::Partial(fields) | Decoded::Broken { fields, .. } => fields,
    };
    let packet = shown.wire.packet(pattern.packet)?;
    let mut fields = packet.fields.iter();
    fields.find_map(|field| before_the_list(shown, pattern, field, &known))
}

fn before_the_list(
    shown: &Shown<'_>,
    pattern: &WantedFrame,
    list: &Field,
    known: &[DecodedField],
) -> Option<String> {
    let int = shown.wire.prefix_type(&list.type_name)?;
    let name = format!("number of {}", list.name);
    let mut parts = known.iter().flat_map(|field| &field.parts).chain(known);
    let number = parts.find(|part| part.name == name)?;
    let Value::Int(sent) = number.value else {
        return None;
    };
    let is_right = |count: i128| {
        let frame = with_number(shown, number, int, count)?;
        is_wanted(pattern, &frame).then_some(frame)
    };
    let bytes = shown.unread.get(number.bytes.clone())?;
    let turned = int.reversed().read(bytes)?;
    if turned != sent && is_right(turned).is_some() {
        return Some(format!("the {name} is sent in the other byte order"));
    }
    // If the server sent the number of bytes instead of the number of values, this number is too large. In that case the
    // decoder has found all values, and waits for more.
    let of_list = format!("{} ", list.name);
    let complete = known.iter().filter(|part| part.name.starts_with(&of_list));
    let complete = i128::try_from(complete.count()).ok()?;
    if sent > complete + 1
        && let Some(frame) = is_right(complete)
        && size_of(&frame, list) == Some(sent)
    {
        return Some(format!("the {name} counts bytes; it must count values"));
    }
    if is_right(sent - 1).is_some() {
        return Some(format!("the {name} is too large by one"));
    }
    let is_less = is_right(sent + 1).is_some();
    is_less.then(|| format!("the {name} is too small by one"))
}

/// Decodes the frame that arrived as if this number of values had been sent before the list.
fn with_number(
    shown: &Shown<'_>,
    number: &DecodedField,
    int: IntType,
    count: i128,
) -> Option<Frame> {
    let before = shown.unread.get(..number.bytes.start)?;
    let after = shown.unread.get(number.bytes.end..)?;
    let bytes = [before, &int.bytes(count), after].concat();
    match shown.wire.decode(Side::Server, &bytes) {
        Decoded::Frame(frame) => Some(frame),
        Decoded::Partial(_) | Decoded::Broken { .. } => None,
    }
}

fn is_wanted(pattern: &WantedFrame, frame: &Frame) -> bool {
    let mut pairs = pattern.fields.iter().zip(&frame.fields);
    frame.packet == pattern.packet && pairs.all(|(wanted, field)| wanted.accepts(&field.value))
}

/// Returns the size of all values of this list together, in bytes.
fn size_of(frame: &Frame, list: &Field) -> Option<i128> {
    let field = frame.fields.iter().find(|field| field.name == list.name)?;
    i128::try_from(field.bytes.len() - field.prefix).ok()
}
