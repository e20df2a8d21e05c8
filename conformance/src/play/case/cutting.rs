//! How the sends of one play are laid into segments.
//!
//! TCP keeps no borders between sends: one read may return half a frame, or three. A play can cut all its sends in one
//! way, or only at chosen points; from its points the smallest set is looked for that makes a difference.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::evidence::{Point, Segments};
use crate::grammar::{Decoded, Side, Value, Wire};

/// With `--segments each-byte`, so much of a send goes byte by byte; a megabyte would take a million system calls.
pub(crate) const BYTE_BY_BYTE: usize = 4096;

/// A few cuts are given time to be seen as such: pieces that follow each other at once may be read as one.
const PAUSE: Duration = Duration::from_millis(20);

/// All pauses in one send take no longer.
const ALL_PAUSES: Duration = Duration::from_millis(100);

/// How the sends of one play are cut that their scenario does not cut itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cutting {
    pub(crate) segments: Segments,
    /// Only here; everywhere, if not given.
    pub(crate) only: Option<BTreeSet<Point>>,
}

impl Cutting {
    /// Everywhere in this way.
    pub(crate) fn everywhere(segments: Segments) -> Cutting {
        Cutting {
            segments,
            only: None,
        }
    }

    /// Only at these points.
    pub(crate) fn only(segments: Segments, points: &[Point]) -> Cutting {
        Cutting {
            segments,
            only: Some(points.iter().copied().collect()),
        }
    }

    /// Where this send is cut: offsets in its bytes, in rising order.
    pub(crate) fn cuts(&self, wire: &Wire, send: usize, bytes: &[u8]) -> Vec<usize> {
        let everywhere = match self.segments {
            Segments::Whole | Segments::Glued => Vec::new(),
            Segments::EachByte => (1..bytes.len().min(BYTE_BY_BYTE + 1)).collect(),
            Segments::InsideLength => inside_lengths(wire, bytes),
            Segments::InsideCharacter => inside_characters(wire, bytes),
        };
        let wanted = everywhere
            .into_iter()
            .filter(|at| self.includes(Point { send, at: *at }));
        wanted.collect()
    }

    /// Whether this send is to be in one segment with the next of its lane.
    pub(crate) fn glues(&self, send: usize) -> bool {
        self.segments == Segments::Glued && self.includes(Point { send, at: 0 })
    }

    fn includes(&self, point: Point) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&point))
    }
}

/// How long the writer rests between the pieces of a send with this number of cuts.
pub(crate) fn pause(cuts: usize) -> Duration {
    let share = ALL_PAUSES.checked_div(u32::try_from(cuts).unwrap_or(u32::MAX));
    share.map_or(Duration::ZERO, |share| share.min(PAUSE))
}

/// The fields of the frames in these bytes that are text or bytes with a length before them: where the field begins, where
/// what it holds begins, and what that is.
fn sized_fields(wire: &Wire, bytes: &[u8]) -> Vec<(usize, usize, Value)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Decoded::Frame(frame) = wire.decode(Side::Client, &bytes[at..]) {
        for field in &frame.fields {
            let length = match &field.value {
                Value::Text(text) => text.len(),
                Value::Bytes(bytes) => bytes.len(),
                _ => continue,
            };
            let range = at + field.bytes.start..at + field.bytes.end;
            let content = range.end.saturating_sub(length).max(range.start);
            found.push((range.start, content, field.value.clone()));
        }
        at += frame.length;
    }
    found
}

/// In the middle of each length.
fn inside_lengths(wire: &Wire, bytes: &[u8]) -> Vec<usize> {
    sized_fields(wire, bytes)
        .into_iter()
        .filter(|(start, content, _)| content - start > 1)
        .map(|(start, content, _)| start + (content - start) / 2)
        .collect()
}

/// After the first byte of each character that takes several.
fn inside_characters(wire: &Wire, bytes: &[u8]) -> Vec<usize> {
    let mut cuts = Vec::new();
    for (_, content, value) in sized_fields(wire, bytes) {
        if let Value::Text(text) = value {
            let long = text
                .char_indices()
                .filter(|(_, character)| character.len_utf8() > 1);
            cuts.extend(long.map(|(index, _)| content + index + 1));
        }
    }
    cuts.truncate(BYTE_BY_BYTE);
    cuts
}
