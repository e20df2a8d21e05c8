//! A block: one frame, or one other event, divided into its fields.

use crate::grammar::{DecodedField, Frame, Value};
use crate::run::{Annotated, Direction, Event, EventField};

/// One frame, other bytes, or an event without bytes.
#[derive(Debug, Clone)]
pub struct Block {
    /// The name of the lane.
    pub lane: String,
    /// Says what happened: the lane sent the block, received it or did something else, or the server ended the connection.
    pub direction: Direction,
    /// Milliseconds since the case began; 0 in a recording.
    pub at_ms: f64,
    /// The name of the packet, or the event in words.
    pub title: String,
    /// The bytes, field by field; empty for an event without bytes.
    pub parts: Vec<Part>,
    /// The number of bytes.
    pub length: usize,
    /// Whether the block belongs to a fence (an exchange of packets that proves silence).
    pub fence: bool,
    /// Whether the target sent this frame unasked, or the block is the answer to such a frame.
    pub unasked: bool,
    /// Whether another case caused the block, for example with a message that the server sends to all clients.
    pub foreign: bool,
    /// Whether no step of the case expected it.
    pub unexpected: bool,
    /// Why the bytes are not a frame of the protocol; `None` if they are one.
    pub remark: Option<String>,
}

/// Bytes with one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The name of the field in wire.kdl, or `opcode`; empty for bytes without a name.
    pub name: String,
    /// Whether these bytes are only the length of the field.
    pub is_length: bool,
    /// Offset of the first of these bytes in the block.
    pub offset: usize,
    /// The known bytes. In the last part of a block, these may be fewer than `length`.
    pub bytes: Vec<u8>,
    /// The number of bytes.
    pub length: usize,
    /// The value in words. It is empty if the bytes alone are clear enough, or if they have no meaning.
    pub value: String,
}

impl Block {
    /// Returns a block without bytes for this event.
    pub(super) fn of(event: &Event, title: String) -> Block {
        Block {
            lane: event.lane.clone(),
            direction: event.direction,
            at_ms: event.at_ms,
            title,
            parts: Vec::new(),
            length: 0,
            fence: event.fence,
            unasked: event.unasked,
            foreign: event.foreign,
            unexpected: event.unexpected,
            remark: None,
        }
    }

    /// Adds bytes without fields. `length` is their number; `bytes` may be only the first of them.
    pub(super) fn with_bytes(mut self, bytes: &[u8], length: usize) -> Block {
        self.parts = plain(bytes, 0, length).into_iter().collect();
        self.length = length;
        self
    }

    /// Adds bytes with their meaning. If the bytes are a frame, `frame` is this frame.
    pub(super) fn with_fields(
        mut self,
        meaning: &Annotated,
        frame: Option<&Frame>,
        bytes: &[u8],
        length: usize,
    ) -> Block {
        let mut at = 0;
        for field in &meaning.fields {
            let between = bytes.get(at..field.offset).unwrap_or_default();
            self.parts.extend(plain(between, at, between.len()));
            at = field.offset + field.length;
            let own = bytes.get(field.offset..at).unwrap_or_default();
            let decoded = frame.and_then(|frame| decoded_as(frame, field));
            let prefix = decoded.map_or(0, |field| field.prefix);
            let (counted, content) = own.split_at_checked(prefix).unwrap_or((&[], own));
            if prefix > 0 {
                self.parts.push(Part {
                    name: field.name.clone(),
                    is_length: true,
                    offset: field.offset,
                    bytes: counted.to_vec(),
                    length: prefix,
                    value: content.len().to_string(),
                });
            }
            self.parts.push(Part {
                name: field.name.clone(),
                is_length: false,
                offset: field.offset + prefix,
                bytes: content.to_vec(),
                length: field.length.saturating_sub(prefix),
                value: match decoded.map(|field| &field.value) {
                    // A value of plain bytes needs no text, because the bytes themselves are shown already.
                    Some(Value::Bytes(_)) => String::new(),
                    _ => field.value.clone(),
                },
            });
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let left = length.saturating_sub(at);
        self.parts.extend(plain(rest, at, left));
        self.length = length;
        self
    }
}

/// Returns the field of the frame that `described` describes. If `described` is only a part of a list, returns this part:
/// the number of values, or one value.
fn decoded_as<'a>(frame: &'a Frame, described: &EventField) -> Option<&'a DecodedField> {
    let parts = frame.fields.iter().flat_map(|field| &field.parts);
    let mut all = frame.fields.iter().chain(parts);
    all.find(|field| field.name == described.name && field.bytes.start == described.offset)
}

/// Returns bytes without a name as one part. Returns `None` if there are no bytes.
fn plain(bytes: &[u8], offset: usize, length: usize) -> Option<Part> {
    let text = std::str::from_utf8(bytes).ok();
    let readable = text.filter(|text| {
        let printed = |each: char| !each.is_control();
        !text.is_empty() && bytes.len() == length && text.chars().all(printed)
    });
    (length > 0).then(|| Part {
        name: String::new(),
        is_length: false,
        offset,
        bytes: bytes.to_vec(),
        length,
        value: readable.map(|text| format!("{text:?}")).unwrap_or_default(),
    })
}
