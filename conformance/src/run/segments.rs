//! A case's sends on their way to their connections: cut, glued, or as they are.

use std::sync::Arc;

use crate::grammar::Side;
use crate::scenario::Cut;

use super::annotate::annotate;
use super::case::Case;
use super::cutting::{self, Point};
use super::failure::hex;
use super::lane::Gate;

/// More pieces than this follow each other at once: among so many some are read as they were sent.
const PAUSED_CUTS: usize = 16;

/// So many bytes are shown on each side of a cut.
const SHOWN: usize = 8;

/// A cut that was made, or two sends that were glued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) point: Point,
    /// In words; empty where all sends are cut.
    pub(super) words: String,
}

/// A send that waits for the next one of its lane, to share a segment with it.
#[derive(Debug)]
pub(super) struct Held {
    line: usize,
    send: usize,
    bytes: Vec<u8>,
}

impl Case<'_> {
    /// Hands bytes to their connection in the segments of this play.
    pub(super) fn lay_out(
        &mut self,
        line: usize,
        bytes: Vec<u8>,
        cut: &Cut,
        gate: Option<Arc<Gate>>,
    ) {
        let send = self.sends;
        self.sends += 1;
        if *cut != Cut::Whole {
            self.flush_held();
            return self.lines[line].connection.send(bytes, cut.clone(), gate);
        }
        // What is to race with other lanes is held by its gate already.
        let may_wait = gate.is_none();
        let bytes = match self.held.take_if(|held| held.line == line && may_wait) {
            Some(held) => self.glue(held, bytes),
            None => bytes,
        };
        self.flush_held();
        if may_wait && self.cutting.glues(send) {
            self.held = Some(Held { line, send, bytes });
            return;
        }
        self.cut(line, send, bytes, gate);
    }

    /// What waits to share a segment goes out as it is: nothing follows it now.
    pub(super) fn flush_held(&mut self) {
        if let Some(held) = self.held.take() {
            let connection = &self.lines[held.line].connection;
            connection.send(held.bytes, Cut::Whole, None);
        }
    }

    fn glue(&mut self, held: Held, bytes: Vec<u8>) -> Vec<u8> {
        let mut together = held.bytes;
        together.extend(bytes);
        let words = self.words(|case| {
            let lane = &case.lines[held.line].lane;
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

    fn cut(&mut self, line: usize, send: usize, bytes: Vec<u8>, gate: Option<Arc<Gate>>) {
        let cuts = self.cutting.cuts(self.wire, send, &bytes);
        for at in &cuts {
            let words = self.words(|case| {
                let lane = &case.lines[line].lane;
                let frames = frames_in_words(case, &bytes);
                let before = hex(&bytes[at.saturating_sub(SHOWN)..*at], SHOWN);
                let after = hex(&bytes[*at..], SHOWN);
                format!("{lane} > {frames}: after byte {at}, {before} | {after}")
            });
            let point = Point { send, at: *at };
            self.made.push(Made { point, words });
        }
        let connection = &self.lines[line].connection;
        if cuts.is_empty() {
            return connection.send(bytes, Cut::Whole, gate);
        }
        if cuts.len() > PAUSED_CUTS {
            return connection.send(bytes, Cut::At(cuts), gate);
        }
        let pause = cutting::pause(cuts.len());
        let mut gate = gate;
        let mut start = 0;
        for end in cuts {
            connection.send(bytes[start..end].to_vec(), Cut::Whole, gate.take());
            connection.pause(pause);
            start = end;
        }
        connection.send(bytes[start..].to_vec(), Cut::Whole, gate);
    }

    /// Words are for a person who looks at a few chosen cuts.
    fn words(&self, words: impl FnOnce(&Case<'_>) -> String) -> String {
        match self.cutting.only {
            Some(_) => words(self),
            None => String::new(),
        }
    }
}

fn frames_in_words(case: &Case<'_>, bytes: &[u8]) -> String {
    annotate(
        &case.run.suite.grammar,
        case.wire,
        Side::Client,
        bytes,
        bytes.len(),
    )
    .text
}
