//! Packets that come unasked, such as pings: lanes answer them by themselves, and a step sees one only if it expects it.

use crate::grammar::{Decoded, Frame, PacketId, Side};
use crate::scenario::Cut;

use super::Case;
use super::line::Purpose;

impl Case<'_> {
    /// The packet with which lanes answer this one by themselves, if they do.
    pub(crate) fn answer_to(&self, packet: PacketId) -> Option<PacketId> {
        self.shared.suite.grammar.packet(packet).answered_by
    }

    /// Answers whatever has come since the last call.
    pub(crate) fn answer_what_came_unasked(&mut self) {
        for line in 0..self.lines.len() {
            while let Some(frame) = self.next_to_look_at(line) {
                self.answer(line, &frame);
            }
        }
    }

    fn next_to_look_at(&mut self, line: usize) -> Option<Frame> {
        let known = &mut self.lines[line];
        if !known.unasked.answers || known.unasked.lost || known.left {
            return None;
        }
        let fresh = known.connection.received().get(known.unasked.seen..)?;
        match self.wire.decode(Side::Server, fresh) {
            Decoded::Frame(frame) => {
                known.unasked.seen += frame.length;
                Some(frame)
            }
            Decoded::Partial(_) => None,
            Decoded::Broken { .. } => {
                known.unasked.lost = true;
                None
            }
        }
    }

    fn answer(&mut self, line: usize, asked: &Frame) {
        let Some((answer, values)) = self.shared.suite.grammar.answer_to(asked) else {
            return;
        };
        if self.end_of(line).is_some() || self.has_shut_down(line) {
            return;
        }
        if let Ok(bytes) = self.wire.encode(answer, &values) {
            self.transmit(line, bytes, &Cut::Whole, Purpose::Answer);
        }
    }
}
