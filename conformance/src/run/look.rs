//! What stands at the front of a connection, once what belongs to others is taken away.

use crate::grammar::{Decoded, DecodedField, Frame, PacketId, Side, Value};

use super::case::Case;
use super::lane::End;
use super::ledger::Stray;
use super::view::{Front, Mark, Meaning};

/// A frame that a fence makes the server send.
#[derive(Debug, Clone)]
pub(super) struct Outstanding {
    pub(super) line: usize,
    pub(super) packet: PacketId,
    /// `None` where anything is right.
    pub(super) fields: Vec<Option<Value>>,
}

impl Outstanding {
    pub(super) fn fits(&self, frame: &Frame) -> bool {
        frame.packet == self.packet
            && frame.fields.len() == self.fields.len()
            && self
                .fields
                .iter()
                .zip(&frame.fields)
                .all(|(wanted, field)| wanted.as_ref().is_none_or(|value| *value == field.value))
    }
}

/// What stands at the front of a connection, foreign frames and answers to old fences taken away.
#[derive(Debug)]
pub(super) enum Look {
    /// Nothing came, and more may come.
    Nothing,
    /// The beginning of a frame; more may come.
    Partial,
    /// The beginning of a frame, and the connection has ended.
    Half(Vec<DecodedField>, End),
    /// A frame.
    Frame(Frame),
    /// Bytes that are no frame.
    Broken {
        at: usize,
        why: String,
        fields: Vec<DecodedField>,
    },
    /// The connection has ended.
    Ended(End),
}

impl Case<'_> {
    /// What stands at the front of a connection. `own` is the outstanding frame that the caller waits for itself.
    pub(super) fn look(&mut self, line: usize, own: Option<usize>) -> Look {
        self.look_for(line, own, None)
    }

    /// What stands at the front of a connection, where a packet is expected that may also come unasked.
    pub(super) fn look_for(
        &mut self,
        line: usize,
        own: Option<usize>,
        expected: Option<PacketId>,
    ) -> Look {
        loop {
            let unread = self.unread(line);
            let end = self.end_of(line);
            if unread.is_empty() {
                return end.map_or(Look::Nothing, Look::Ended);
            }
            match self.wire.decode(Side::Server, unread) {
                Decoded::Frame(frame) => {
                    if let Some(entry) = self.foreign_entry(line, &frame) {
                        self.view.fronts[line].foreign.extend(entry);
                        self.consume_frame(line, &frame, Meaning::Foreign);
                    } else if let Some(fence) = self.outstanding_answer(line, &frame, own) {
                        self.view.fronts[line].swallowed.insert(fence);
                        self.consume_frame(line, &frame, Meaning::Fence);
                    } else if self.is_fence_for_others(line, &frame, own) {
                        self.consume_frame(line, &frame, Meaning::Fence);
                    } else if expected != Some(frame.packet)
                        && self.answer_to(frame.packet).is_some()
                    {
                        self.consume_frame(line, &frame, Meaning::Unasked);
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

    /// `Some` if the frame belongs to the conversation of somebody else: with the ledger's entry, or without one if a
    /// stranger sent it.
    fn foreign_entry(&self, line: usize, frame: &Frame) -> Option<Option<u64>> {
        let front = &self.view.fronts[line];
        let origin = self.run.suite.grammar.packet(frame.packet).ambient?;
        if !front.identified {
            return None;
        }
        let ledger = &self.run.ledger;
        let entry =
            ledger.origin_elsewhere(self.number, &self.run.suite.grammar, frame, &front.foreign);
        if entry.is_some() {
            return Some(entry);
        }
        let stranger = match frame.fields.get(origin).map(|field| &field.value) {
            Some(Value::Text(name)) => !ledger.is_ours(name),
            _ => false,
        };
        (self.run.options.shared_target && stranger).then_some(None)
    }

    /// Whether it is a broadcast with which the suite proves the silence of another lane, or its sender's own copy of it.
    fn is_fence_for_others(&self, line: usize, frame: &Frame, own: Option<usize>) -> bool {
        let is_own = || {
            own.and_then(|own| self.outstanding.get(own))
                .is_some_and(|answer| answer.fits(frame))
        };
        let ambient = self.run.suite.grammar.packet(frame.packet).ambient;
        ambient.is_some()
            && self.view.fronts[line].identified
            && self.run.ledger.has_token(frame)
            && !is_own()
    }

    /// Whose frame stands at the front of a connection, if it is certainly not one of this case's conversation.
    pub(super) fn stray(&self, line: usize) -> Option<Stray> {
        match self.wire.decode(Side::Server, self.unread(line)) {
            Decoded::Frame(frame) => self.run.ledger.stray(self.number, &frame),
            _ => None,
        }
    }

    fn outstanding_answer(&self, line: usize, frame: &Frame, own: Option<usize>) -> Option<usize> {
        let swallowed = &self.view.fronts[line].swallowed;
        self.outstanding
            .iter()
            .enumerate()
            .find(|(index, answer)| {
                answer.line == line
                    && Some(*index) != own
                    && !swallowed.contains(index)
                    && answer.fits(frame)
            })
            .map(|(index, _)| index)
    }

    /// A frame at the front is dealt with.
    pub(super) fn consume_frame(&mut self, line: usize, frame: &Frame, meaning: Meaning) {
        if self.identifies(line, frame) {
            self.view.fronts[line].identified = true;
        }
        self.consume(line, frame.length, meaning);
    }

    /// So many bytes at the front are dealt with.
    pub(super) fn consume(&mut self, line: usize, length: usize, meaning: Meaning) {
        let front: &mut Front = &mut self.view.fronts[line];
        let end = front.consumed + length;
        front.marks.push(Mark {
            bytes: front.consumed..end,
            meaning,
        });
        front.consumed = end;
    }

    fn identifies(&self, line: usize, frame: &Frame) -> bool {
        let Some(by) = &self.run.suite.grammar.identified_by else {
            return false;
        };
        let has_sent = &self.lines[line].has_sent;
        by.packet == frame.packet
            && by.after.is_none_or(|packet| has_sent.contains(&packet))
            && by
                .fields
                .iter()
                .zip(&frame.fields)
                .all(|(wanted, field)| wanted.as_ref().is_none_or(|value| *value == field.value))
    }
}
