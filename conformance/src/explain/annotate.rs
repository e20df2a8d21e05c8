//! Explains bytes to people: describes each frame in the bytes, first the whole frame, and then each field.

use crate::evidence::{Annotated, EventField, FieldReport};
use crate::grammar::{Decoded, Frame, Grammar, Side, Wire};

use super::differ::{frame_fields, known_fields};
use super::words::{count, frame_in_words};

/// Maximum number of frames of one event that are described. For the bytes after these frames, only their number is given.
const TOLD_FRAMES: usize = 4;

/// Describes bytes that the client or the server (`from`) sent. `length` is the number of bytes that were sent; `bytes` may
/// be only the first of them.
#[must_use]
pub fn annotate(
    grammar: &Grammar,
    wire: &Wire,
    from: Side,
    bytes: &[u8],
    length: usize,
) -> Annotated {
    let mut words = Vec::new();
    let mut fields = Vec::new();
    let mut remark = None;
    let mut at = 0;
    while words.len() < TOLD_FRAMES && at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        match wire.decode(from, rest) {
            Decoded::Frame(frame) => {
                words.push(frame_in_words(grammar, &frame));
                fields.extend(placed(frame_fields(wire, &frame, rest), at));
                at += frame.length;
            }
            Decoded::Partial(known) => {
                fields.extend(placed(known_fields(wire, from, &known, rest), at));
                break;
            }
            Decoded::Broken {
                why, fields: known, ..
            } => {
                fields.extend(placed(known_fields(wire, from, &known, rest), at));
                remark = Some(why);
                break;
            }
        }
    }
    if at < length {
        words.push(count(length - at, "byte"));
    }
    Annotated {
        text: words.join("; "),
        fields,
        remark,
    }
}

/// Converts the fields of a frame to fields of an event. The frame begins at the offset `at` of the event's bytes.
fn placed(reports: Vec<FieldReport>, at: usize) -> impl Iterator<Item = EventField> {
    reports.into_iter().map(move |report| EventField {
        name: report.name,
        offset: at + report.offset,
        length: report.length,
        value: report.value,
    })
}

/// Describes one complete frame, which the client or the server has sent.
#[must_use]
pub fn annotate_frame(grammar: &Grammar, wire: &Wire, frame: &Frame, bytes: &[u8]) -> Annotated {
    Annotated {
        text: frame_in_words(grammar, frame),
        fields: placed(frame_fields(wire, frame, bytes), 0).collect(),
        remark: None,
    }
}
