//! How one play of a case divides its sends into segments.
//!
//! TCP does not keep the boundaries between sends: one read may return a part of a frame, or three frames. A play can cut
//! all its sends in one way, or only at chosen points. With chosen points, the runner finds the fewest cuts that change a
//! verdict.

use std::collections::BTreeSet;

use crate::evidence::{Point, Segments};
use crate::grammar::{Decoded, DecodedField, Side, Value, Wire};

/// With `--segments each-byte`, at most this number of bytes of one send are sent one by one. Without this limit, a send of
/// one megabyte would need a million system calls.
pub(crate) const BYTE_BY_BYTE: usize = 4096;

/// How a play cuts its sends. A send for which the scenario itself gives cuts is not cut again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cutting {
    pub(crate) segments: Segments,
    /// The points at which sends are cut; `None` means at all points that `segments` describes.
    pub(crate) only: Option<BTreeSet<Point>>,
}

impl Cutting {
    /// Returns a plan that cuts every send as `segments` says.
    pub(crate) fn everywhere(segments: Segments) -> Cutting {
        Cutting {
            segments,
            only: None,
        }
    }

    /// Returns a plan that cuts sends as `segments` says, but only at `points`.
    pub(crate) fn only(segments: Segments, points: &[Point]) -> Cutting {
        Cutting {
            segments,
            only: Some(points.iter().copied().collect()),
        }
    }

    /// Returns the offsets at which this send is cut, in ascending order.
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

    /// Returns whether this send shares one segment with the next send of its lane.
    pub(crate) fn glues(&self, send: usize) -> bool {
        self.segments == Segments::Glued && self.includes(Point { send, at: 0 })
    }

    fn includes(&self, point: Point) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&point))
    }
}

/// Returns the parts of the frames in these bytes: the head, the fields, and the values of lists. Each part comes with the
/// offset of its frame.
fn parts(wire: &Wire, bytes: &[u8]) -> Vec<(usize, DecodedField)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(left) = bytes.get(at..)
        && let Decoded::Frame(frame) = wire.decode(Side::Client, left)
    {
        for field in frame.head.into_iter().chain(frame.fields) {
            found.extend(field.parts.iter().map(|part| (at, part.clone())));
            found.push((at, field));
        }
        at += frame.length;
    }
    found.sort_by_key(|(at, field)| (at + field.bytes.start, field.bytes.len()));
    found
}

/// Returns a cut in the middle of each length field: the length of a frame, of a text, of bytes, or of a list.
fn inside_lengths(wire: &Wire, bytes: &[u8]) -> Vec<usize> {
    let mut cuts: Vec<usize> = parts(wire, bytes)
        .into_iter()
        .filter(|(_, field)| field.prefix > 1)
        .map(|(at, field)| at + field.bytes.start + field.prefix / 2)
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// Returns a cut after the first byte of each multi-byte character.
fn inside_characters(wire: &Wire, bytes: &[u8]) -> Vec<usize> {
    let mut cuts = Vec::new();
    for (at, field) in parts(wire, bytes) {
        let content = at + field.bytes.start + field.prefix;
        // The value of a UUID is a text, too. But the wire does not carry the characters of this text, so there is no
        // character to cut.
        if let Value::Text(text) = &field.value
            && bytes
                .get(content..)
                .is_some_and(|left| left.starts_with(text.as_bytes()))
        {
            let long = text
                .char_indices()
                .filter(|(_, character)| character.len_utf8() > 1);
            cuts.extend(long.map(|(index, _)| content + index + 1));
        }
    }
    cuts.truncate(BYTE_BY_BYTE);
    cuts
}
