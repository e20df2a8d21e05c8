//! Describes frames, values and the ends of connections, as text for a person.

use crate::evidence::{End, hex};
use crate::grammar::{DecodedField, Frame, Grammar, Value};

/// Maximum number of characters of a text, or of bytes of a value, in a sentence. A longer text or value is cut; the list of
/// bytes below the sentence shows more of it.
const SHOWN_CHARACTERS: usize = 48;

/// Returns a text such as `the connection was closed (FIN)`.
pub(crate) fn end_in_words(end: End) -> &'static str {
    match end {
        End::Fin => "the connection was closed (FIN)",
        End::Reset => "the connection was reset (RST)",
        End::Truncated => "the connection was closed (FIN) without the close_notify of TLS",
        End::Garbled => "TLS ended with an alert or an invalid record",
        End::Flood => "an endless stream of bytes: more than any scenario expects",
    }
}

/// Returns a frame as a scenario would write it.
pub(crate) fn frame_in_words(grammar: &Grammar, frame: &Frame) -> String {
    let mut words = grammar.packet(frame.packet).name.clone();
    let is_sent = |field: &&DecodedField| field.value != Value::Absent;
    for field in frame.fields.iter().filter(is_sent) {
        words.push_str(&format!(" {}={}", field.name, value_in_words(&field.value)));
    }
    words
}

/// Returns a value as text for a person. A long value is cut.
pub(crate) fn value_in_words(value: &Value) -> String {
    match value {
        Value::Text(text) if text.chars().count() > SHOWN_CHARACTERS => {
            let shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
            format!("{shown:?}... ({} bytes)", text.len())
        }
        Value::Bytes(bytes) if bytes.len() > SHOWN_CHARACTERS => {
            format!("{} ({} bytes)", hex(bytes, SHOWN_CHARACTERS), bytes.len())
        }
        value => value.to_string(),
    }
}

/// Returns `1 byte`, `2 bytes`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
