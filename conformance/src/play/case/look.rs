//! Finds out what is next on a connection. Frames of other cases and of fences are removed first.

use crate::evidence::{Look, Stray};
use crate::grammar::{Decoded, Frame, PacketId, Side, Value};

use super::view::{Front, Mark, Meaning};
use super::{Case, ConnId};

impl Case<'_> {
    /// Returns what is next on a connection. If the caller waits for a frame of a fence, `own` is the index of this frame,
    /// and the frame is not removed.
    pub(crate) fn look(&mut self, conn: ConnId, own: Option<usize>) -> Look {
        if self.view.fronts[conn].raw && !self.unread(conn).is_empty() {
            return Look::Raw;
        }
        self.look_for(conn, own, None)
    }

    /// Returns what is next on a connection. `expected` is the packet that the step expects. This packet is not removed,
    /// even if the target may also send it unasked.
    pub(crate) fn look_for(
        &mut self,
        conn: ConnId,
        own: Option<usize>,
        expected: Option<PacketId>,
    ) -> Look {
        loop {
            let unread = self.unread(conn);
            let end = self.end_of(conn);
            if unread.is_empty() {
                return end.map_or(Look::Nothing, Look::Ended);
            }
            match self.wire.decode(Side::Server, unread) {
                Decoded::Frame(frame) => {
                    if let Some(entry) = self.foreign_entry(conn, &frame) {
                        self.view.fronts[conn].foreign.extend(entry);
                        self.consume_frame(conn, &frame, Meaning::Foreign);
                    } else if let Some(fence) = self.outstanding_answer(conn, &frame, own) {
                        self.view.fronts[conn].swallowed.insert(fence);
                        self.consume_frame(conn, &frame, Meaning::Fence);
                    } else if self.is_fence_for_others(conn, &frame, own) {
                        self.consume_frame(conn, &frame, Meaning::Fence);
                    } else if expected != Some(frame.packet)
                        && self.answer_to(frame.packet).is_some()
                    {
                        self.consume_frame(conn, &frame, Meaning::Unasked);
                    } else {
                        return Look::Frame(frame);
                    }
                }
                Decoded::Partial(fields) => {
                    return end.map_or(Look::Partial, |end| Look::Half(fields, end));
                }
                Decoded::Broken { at, why, fields } => return Look::Broken { at, why, fields },
            }
        }
    }

    /// Returns `Some` if the frame belongs to another conversation. `Some(Some(entry))` means that another case caused it;
    /// `entry` is the number of the case's entry in the ledger. `Some(None)` means that a client outside the run caused it.
    fn foreign_entry(&self, conn: ConnId, frame: &Frame) -> Option<Option<u64>> {
        let front = &self.view.fronts[conn];
        let origin = self.shared.suite.grammar.packet(frame.packet).ambient?;
        if !front.identified {
            return None;
        }
        let ledger = &self.shared.ledger;
        let entry = ledger.origin_elsewhere(
            self.number,
            &self.shared.suite.grammar,
            frame,
            &front.foreign,
        );
        if entry.is_some() {
            return Some(entry);
        }
        let stranger = match frame.fields.get(origin).map(|field| &field.value) {
            Some(Value::Text(name)) => !ledger.is_ours(name),
            _ => false,
        };
        (self.shared.has_strangers && stranger).then_some(None)
    }

    /// Returns whether the frame is a broadcast that belongs to the fence of another lane. (Such a fence proves that the server
    /// sent nothing else to that lane.) The lane that sent the fence may also receive a copy of this broadcast.
    fn is_fence_for_others(&self, conn: ConnId, frame: &Frame, own: Option<usize>) -> bool {
        let is_own = || {
            own.and_then(|own| self.outstanding.get(own))
                .is_some_and(|answer| answer.fits(frame))
        };
        let ambient = self.shared.suite.grammar.packet(frame.packet).ambient;
        ambient.is_some()
            && self.view.fronts[conn].identified
            && self.shared.ledger.has_token(frame)
            && !is_own()
    }

    /// If the next frame on a connection certainly does not belong to this case's conversation, returns where it comes from.
    pub(crate) fn stray(&self, conn: ConnId) -> Option<Stray> {
        match self.wire.decode(Side::Server, self.unread(conn)) {
            Decoded::Frame(frame) => self.shared.ledger.stray(self.number, &frame),
            _ => None,
        }
    }

    fn outstanding_answer(&self, conn: ConnId, frame: &Frame, own: Option<usize>) -> Option<usize> {
        let swallowed = &self.view.fronts[conn].swallowed;
        self.outstanding
            .iter()
            .enumerate()
            .find(|(index, answer)| {
                answer.conn == conn
                    && Some(*index) != own
                    && !swallowed.contains(index)
                    && answer.fits(frame)
            })
            .map(|(index, _)| index)
    }

    /// Marks the next frame as handled.
    pub(crate) fn consume_frame(&mut self, conn: ConnId, frame: &Frame, meaning: Meaning) {
        let has_sent = &self.connections[conn].has_sent;
        let mut tunnels = self.shared.suite.grammar.raw_after.iter();
        let begins = tunnels.any(|begin| begin.matches(frame, has_sent));
        let identifies = self.identifies(conn, frame);
        let front = &mut self.view.fronts[conn];
        front.raw |= begins && !front.identified;
        front.identified |= identifies;
        self.consume(conn, frame.length, meaning);
    }

    /// Marks the next `length` bytes as handled.
    pub(crate) fn consume(&mut self, conn: ConnId, length: usize, meaning: Meaning) {
        let front: &mut Front = &mut self.view.fronts[conn];
        let end = front.consumed + length;
        front.marks.push(Mark {
            bytes: front.consumed..end,
            meaning,
        });
        front.consumed = end;
    }

    fn identifies(&self, conn: ConnId, frame: &Frame) -> bool {
        let Some(by) = &self.shared.suite.grammar.identified_by else {
            return false;
        };
        let has_sent = &self.connections[conn].has_sent;
        by.packet == frame.packet
            && by.after.is_none_or(|packet| has_sent.contains(&packet))
            && by
                .fields
                .iter()
                .zip(&frame.fields)
                .all(|(wanted, field)| wanted.as_ref().is_none_or(|value| *value == field.value))
    }
}
