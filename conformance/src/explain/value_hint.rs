//! Recognises the usual causes of one wrong value in a frame that is right otherwise.

use crate::grammar::{Decoded, DecodedField, Field, Side, Value, Wire};

use super::wanted::{Shown, WantedField, WantedFrame, WantedList};
use super::words::value_in_words;

/// Returns a sentence about the likely cause, if a value shows one.
pub(super) fn cause(shown: &Shown<'_>, pattern: &WantedFrame) -> Option<String> {
    let Decoded::Frame(frame) = shown.wire.decode(Side::Server, shown.unread) else {
        return None;
    };
    let packet = shown.wire.packet(pattern.packet)?;
    let is_wanted = frame.packet == pattern.packet;
    let declared = packet.fields.iter().filter(|_| is_wanted);
    let mut fields = declared.zip(&pattern.fields).zip(&frame.fields);
    fields.find_map(|((declared, wanted), came)| of_field(shown.wire, declared, wanted, came))
}

fn of_field(
    wire: &Wire,
    declared: &Field,
    wanted: &WantedField,
    came: &DecodedField,
) -> Option<String> {
    match (wanted, &came.value) {
        (WantedField::Is(right), came) => of_value(wire, declared, right, came),
        (WantedField::List(list), Value::List(values)) => of_list(wire, declared, list, values),
        _ => None,
    }
}

fn of_value(wire: &Wire, declared: &Field, right: &Value, came: &Value) -> Option<String> {
    match (right, came) {
        (Value::Int(right), Value::Int(came)) => {
            let int = wire.integer_type(&declared.type_name)?;
            let is_reversed = right != came && int.reversed().bytes(*right) == int.bytes(*came);
            let name = &declared.name;
            is_reversed.then(|| format!("{name} is sent in the other byte order"))
        }
        (Value::Text(right), Value::Text(came)) => {
            let pad = wire.filler(&declared.type_name)?;
            let rest = came.strip_prefix(right.as_str())?.as_bytes();
            let filler = rest.first()?;
            let is_filled = rest.iter().all(|byte| byte == filler);
            is_filled.then(|| {
                format!(
                    "the text is filled up with the byte {filler:02x}; the right byte is {pad:02x}"
                )
            })
        }
        _ => None,
    }
}

fn of_list(wire: &Wire, declared: &Field, wanted: &WantedList, values: &[Value]) -> Option<String> {
    let known: Vec<Value> = wanted.items.iter().filter_map(WantedField::value).collect();
    let missing: Vec<&Value> = known
        .iter()
        .filter(|right| !values.contains(right))
        .collect();
    let mut pairs = missing
        .iter()
        .flat_map(|right| values.iter().map(move |came| (*right, came)));
    let cause = pairs.find_map(|(right, came)| of_value(wire, declared, right, came));
    let name = &declared.name;
    cause.or_else(|| match missing.first() {
        Some(first) => Some(format!("{name} lacks {}", value_in_words(first))),
        None => {
            let is_moved = !wanted.accepts(values) && wanted.in_any_order().accepts(values);
            is_moved.then(|| format!("{name} has the right values, but in another order"))
        }
    })
}
