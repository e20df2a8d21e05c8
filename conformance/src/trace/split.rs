//! Divides the events of a conversation into blocks: one for each frame.

use std::collections::BTreeMap;

use super::block::Block;
use crate::grammar::{Choices, Decoded, Frame, Grammar, Side};
use crate::run::{Annotated, Direction, Event, TcpSign, annotate, annotate_frame};
use crate::tap::{Turning, Wires};

/// Returns the blocks of these events, in the same order. An event with several frames gives several blocks.
#[must_use]
pub fn blocks(grammar: &Grammar, choices: &Choices, events: &[Event]) -> Vec<Block> {
    let wires = Wires::new(grammar, choices);
    let mut lanes: BTreeMap<&str, Lane> = BTreeMap::new();
    let mut blocks = Vec::new();
    for event in events {
        if event.tcp == Some(TcpSign::Syn) {
            lanes.remove(event.lane.as_str());
        }
        let side = match event.direction {
            Direction::Sends => Side::Client,
            Direction::Sees => Side::Server,
            Direction::Does | Direction::Ends => {
                blocks.push(Block::of(event, event.text.clone()));
                continue;
            }
        };
        let lane = lanes.entry(&event.lane).or_default();
        let splitter = Splitter {
            grammar,
            wires: &wires,
            side,
            event,
        };
        splitter.split(lane, &mut blocks);
    }
    blocks
}

/// The state of one connection.
#[derive(Debug, Default)]
struct Lane {
    turning: Turning,
    client: Half,
    server: Half,
}

impl Lane {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

/// The state of one side of a connection.
#[derive(Debug, Default)]
struct Half {
    /// The first bytes of a frame that has not been sent completely. An earlier block contains these bytes.
    begun: Vec<u8>,
    /// Whether this side now sends raw bytes instead of frames.
    raw: bool,
}

/// One event with bytes.
struct Splitter<'a> {
    grammar: &'a Grammar,
    wires: &'a Wires,
    side: Side,
    event: &'a Event,
}

impl Splitter<'_> {
    fn split(&self, lane: &mut Lane, blocks: &mut Vec<Block>) {
        let mut rest = self.event.data.as_slice();
        let mut length = self.event.length;
        while !rest.is_empty() {
            let half = lane.half(self.side);
            if half.raw {
                blocks.push(self.raw(rest, length));
                return;
            }
            let shown = half.begun.len();
            let mut whole = std::mem::take(&mut half.begun);
            whole.extend(rest);
            let Some((frame, wrong)) = self.frame(&whole) else {
                blocks.push(self.no_frame(&whole, shown, length));
                if length == rest.len() && self.is_begun(&whole) {
                    lane.half(self.side).begun = whole;
                }
                return;
            };
            let taken = frame.length.saturating_sub(shown);
            let block = self.whole(&frame, &whole, shown);
            blocks.push(Block {
                remark: wrong,
                ..block
            });
            if lane.turning.turns_raw(self.grammar, self.side, &frame) {
                lane.half(self.side).raw = true;
            }
            rest = rest.get(taken..).unwrap_or_default();
            length = length.saturating_sub(taken);
        }
        if length > 0 {
            blocks.push(self.raw(&[], length));
        }
    }

    /// Returns the frame at the beginning of these bytes. If the protocol does not allow this frame, also returns the
    /// reason. Even if a field is longer than its limit, the function finds the end of the frame.
    fn frame(&self, bytes: &[u8]) -> Option<(Frame, Option<String>)> {
        match self.wires.strict().decode(self.side, bytes) {
            Decoded::Frame(frame) => Some((frame, None)),
            Decoded::Partial(_) => None,
            Decoded::Broken { why, .. } => match self.wires.lenient().decode(self.side, bytes) {
                Decoded::Frame(frame) => Some((frame, Some(why))),
                _ => None,
            },
        }
    }

    fn is_begun(&self, bytes: &[u8]) -> bool {
        let decoded = self.wires.lenient().decode(self.side, bytes);
        matches!(decoded, Decoded::Partial(_))
    }

    /// Returns the block of a complete frame. Its first `shown` bytes are in an earlier block.
    fn whole(&self, frame: &Frame, bytes: &[u8], shown: usize) -> Block {
        let name = &self.grammar.packet(frame.packet).name;
        let own = bytes.get(..frame.length).unwrap_or(bytes);
        if shown > 0 {
            let rest = own.get(shown..).unwrap_or_default();
            let title = format!("{name}, the rest");
            return Block::of(self.event, title).with_bytes(rest, rest.len());
        }
        let meaning = annotate_frame(self.grammar, self.wires.lenient(), frame, own);
        let block = Block::of(self.event, name.clone());
        block.with_fields(&meaning, Some(frame), own, own.len())
    }

    /// Returns the block of bytes that are not a complete frame. The first `shown` of them are in an earlier block; `length`
    /// is the number of the others.
    fn no_frame(&self, bytes: &[u8], shown: usize, length: usize) -> Block {
        if shown > 0 {
            let rest = bytes.get(shown..).unwrap_or_default();
            let title = format!("{} more", in_words(length));
            return Block::of(self.event, title).with_bytes(rest, length);
        }
        let wire = self.wires.strict();
        let Annotated { fields, remark, .. } =
            annotate(self.grammar, wire, self.side, bytes, length);
        let meaning = Annotated {
            fields,
            ..Annotated::default()
        };
        let title = match (&remark, length == bytes.len()) {
            (None, true) => format!("{} of an incomplete frame", in_words(length)),
            _ => in_words(length),
        };
        Block {
            remark,
            ..Block::of(self.event, title).with_fields(&meaning, None, bytes, length)
        }
    }

    fn raw(&self, bytes: &[u8], length: usize) -> Block {
        Block::of(self.event, in_words(length)).with_bytes(bytes, length)
    }
}

/// Returns the length as text with its unit, for example `1 byte` or `2 bytes`.
fn in_words(length: usize) -> String {
    let plural = if length == 1 { "" } else { "s" };
    format!("{length} byte{plural}")
}
