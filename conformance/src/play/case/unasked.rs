//! Packets that the target sends unasked, such as pings. Lanes answer them automatically. A step sees such a packet only if
//! it expects this packet.

use crate::grammar::{Decoded, Frame, PacketId, Side};
use crate::scenario::Cut;

use super::connection::Purpose;
use super::{Case, ConnId};

impl Case<'_> {
    /// Returns the packet with which lanes answer this packet automatically; `None` if they do not answer it.
    pub(crate) fn answer_to(&self, packet: PacketId) -> Option<PacketId> {
        self.shared.suite.grammar.packet(packet).answered_by
    }

    /// Answers all unasked packets that have arrived since the last call.
    pub(crate) fn answer_what_came_unasked(&mut self) {
        for conn in self.connections.ids() {
            while let Some(frame) = self.next_to_look_at(conn) {
                self.answer(conn, &frame);
            }
        }
    }

    fn next_to_look_at(&mut self, conn: ConnId) -> Option<Frame> {
        let known = &mut self.connections[conn];
        if !known.unasked.answers || known.unasked.lost || known.left {
            return None;
        }
        let fresh = known.socket.received().get(known.unasked.seen..)?;
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

    fn answer(&mut self, conn: ConnId, asked: &Frame) {
        let Some((answer, values)) = self.shared.suite.grammar.answer_to(asked) else {
            return;
        };
        if self.end_of(conn).is_some() || self.has_shut_down(conn) {
            return;
        }
        if let Ok(bytes) = self.wire.encode(Side::Client, answer, &values) {
            self.transmit(conn, bytes, &Cut::Whole, Purpose::Answer);
        }
    }
}
