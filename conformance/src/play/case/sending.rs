//! Passes the sends of a case to their connections: cut, glued, or unchanged.

use std::sync::Arc;

use crate::evidence::{Made, Point, hex};
use crate::explain::annotate;
use crate::grammar::{Grammar, PacketId, Side, Value};
use crate::scenario::Cut;

use super::connection::{Doing, Held, Purpose};
use super::cutting::BYTE_BY_BYTE;
use super::{Case, ConnId};
use crate::play::lane::Gate;

/// The number of bytes shown on each side of a cut.
const SHOWN: usize = 8;

impl Case<'_> {
    /// Sends bytes. If a frame in these bytes may reach other lanes, the function first enters this frame into the ledger.
    pub(crate) fn transmit(&mut self, conn: ConnId, bytes: Vec<u8>, cut: &Cut, purpose: Purpose) {
        let grammar = &self.shared.suite.grammar;
        for frame in self.connections[conn].sent.push(self.wire, &bytes) {
            self.connections[conn].has_sent.insert(frame.packet);
            if may_reach_others(grammar, frame.packet) {
                let values: Vec<Value> =
                    frame.fields.into_iter().map(|field| field.value).collect();
                self.shared.ledger.enter(self.number, frame.packet, &values);
            }
        }
        self.note_done(
            conn,
            Doing::Sent {
                bytes: bytes.iter().take(BYTE_BY_BYTE).copied().collect(),
                length: bytes.len(),
                purpose,
            },
        );
        let gate = self.gate.clone();
        self.lay_out(conn, bytes, cut, gate);
    }

    /// Queues bytes on their connection, divided into segments as this play demands.
    fn lay_out(&mut self, conn: ConnId, bytes: Vec<u8>, cut: &Cut, gate: Option<Arc<Gate>>) {
        let send = self.sends;
        self.sends += 1;
        if *cut != Cut::Whole {
            self.flush_held();
            return self.connections[conn].socket.send(bytes, cut.clone(), gate);
        }
        // In a `together`, no send waits for the next send of its lane: the gate decides when the sends start.
        let may_wait = gate.is_none();
        let bytes = match self.held.take_if(|held| held.conn == conn && may_wait) {
            Some(held) => self.glue(held, bytes),
            None => bytes,
        };
        self.flush_held();
        if may_wait && self.cutting.glues(send) {
            self.held = Some(Held { conn, send, bytes });
            return;
        }
        self.cut(conn, send, bytes, gate);
    }

    /// Sends the bytes that were held back to share a segment with the next send.
    pub(crate) fn flush_held(&mut self) {
        if let Some(held) = self.held.take() {
            let connection = &self.connections[held.conn].socket;
            connection.send(held.bytes, Cut::Whole, None);
        }
    }

    fn glue(&mut self, held: Held, bytes: Vec<u8>) -> Vec<u8> {
        let mut together = held.bytes;
        together.extend(bytes);
        let words = self.words(|case| {
            let lane = &case.connections[held.conn].lane;
            let frames = frames_in_words(case, &together);
            format!("{lane} > {frames}: all in one segment")
        });
        let point = Point {
            send: held.send,
            at: 0,
        };
        self.made.push(Made { point, words });
        together
    }

    fn cut(&mut self, conn: ConnId, send: usize, bytes: Vec<u8>, gate: Option<Arc<Gate>>) {
        let cuts = self.cutting.cuts(self.wire, send, &bytes);
        for at in &cuts {
            let words = self.words(|case| {
                let lane = &case.connections[conn].lane;
                let frames = frames_in_words(case, &bytes);
                let (before, after) = bytes.split_at_checked(*at).unwrap_or_default();
                let before = hex(before.rchunks(SHOWN).next().unwrap_or_default(), SHOWN);
                let after = hex(after, SHOWN);
                format!("{lane} > {frames}: after byte {at}, {before} | {after}")
            });
            let point = Point { send, at: *at };
            self.made.push(Made { point, words });
        }
        let cut = match cuts.is_empty() {
            true => Cut::Whole,
            false => Cut::At(cuts),
        };
        self.connections[conn].socket.send(bytes, cut, gate);
    }

    /// If the play cuts only at chosen points, the report describes each cut, so this function returns the text that `words`
    /// makes. If the play cuts everywhere, it returns an empty text.
    fn words(&self, words: impl FnOnce(&Case<'_>) -> String) -> String {
        match self.cutting.only {
            Some(_) => words(self),
            None => String::new(),
        }
    }
}

fn frames_in_words(case: &Case<'_>, bytes: &[u8]) -> String {
    annotate(
        &case.shared.suite.grammar,
        case.wire,
        Side::Client,
        bytes,
        bytes.len(),
    )
    .text
}

/// Returns whether other lanes may receive a broadcast because of this packet. They may if the packet itself is a broadcast
/// (`ambient`), or if a broadcast has the same number of fields. In the second case, the server may relay the packet as that
/// broadcast.
fn may_reach_others(grammar: &Grammar, packet: PacketId) -> bool {
    let sent = grammar.packet(packet);
    sent.ambient.is_some()
        || grammar
            .packets
            .iter()
            .any(|seen| seen.ambient.is_some() && seen.fields.len() == sent.fields.len())
}
