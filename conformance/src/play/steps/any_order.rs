//! The step that expects several frames on one lane. The frames may arrive in any order.

use std::time::Instant;

use crate::evidence::{FailureKind, Look};
use crate::explain;
use crate::play::case::{Case, ConnId, Meaning};
use crate::scenario::{FramePattern, LaneId};

use super::expect;
use super::progress::Progress;

/// The frames that have not arrived yet.
#[derive(Debug)]
pub(crate) struct AnyOrder<'a> {
    left: Vec<&'a FramePattern>,
    until: Instant,
}

impl<'a> AnyOrder<'a> {
    pub(crate) fn new(frames: &'a [FramePattern], until: Instant) -> AnyOrder<'a> {
        AnyOrder {
            left: frames.iter().collect(),
            until,
        }
    }

    /// Polls the step. If a frame fits several expected frames, it counts as the first of them.
    pub(crate) fn poll(&mut self, case: &mut Case<'_>, lane: LaneId) -> Progress {
        let conn = match case.conn_of(lane) {
            Ok(conn) => conn,
            Err(failure) => return failure.into(),
        };
        while !self.left.is_empty() {
            let unasked = |pattern: &&FramePattern| case.answer_to(pattern.packet).is_some();
            let unasked = self.left.iter().copied().find(unasked);
            let frame = match case.look_for(conn, None, unasked.map(|pattern| pattern.packet)) {
                Look::Frame(frame) => frame,
                Look::Nothing | Look::Partial if case.now < self.until => {
                    return Progress::Waits(self.until);
                }
                look => return self.missing(case, conn, &look),
            };
            let mut fitting = None;
            for (index, pattern) in self.left.iter().enumerate() {
                match expect::fits(case, pattern, &frame) {
                    Err(failure) => return failure.into(),
                    Ok(true) => {
                        fitting = Some(index);
                        break;
                    }
                    Ok(false) => {}
                }
            }
            let Some(index) = fitting else {
                return self.missing(case, conn, &Look::Frame(frame));
            };
            let pattern = self.left.remove(index);
            expect::bind(case, pattern, &frame);
            case.consume_frame(conn, &frame, Meaning::Frame);
        }
        Progress::Done
    }

    fn missing(&self, case: &Case<'_>, conn: ConnId, look: &Look) -> Progress {
        if let ([only], Look::Frame(frame)) = (self.left.as_slice(), look) {
            return explain::wrong_frame(&case.shown(conn), &case.wanted(only), frame).into();
        }
        let words: Vec<String> = self
            .left
            .iter()
            .map(|pattern| case.wanted(pattern).in_words(&case.shared.suite.grammar))
            .collect();
        let (kind, by_time) = match look {
            Look::Nothing => (FailureKind::Timeout, true),
            Look::Partial => (FailureKind::HalfFrame, true),
            Look::Half(..) => (FailureKind::HalfFrame, false),
            Look::Ended(_) => (FailureKind::Ended, false),
            Look::Frame(_) | Look::Broken { .. } | Look::Raw => (FailureKind::Mismatch, false),
        };
        let expected = format!("in any order: {}", words.join("; "));
        let mut failure = explain::something(&case.shown(conn), kind, expected, look);
        failure.by_time = by_time;
        failure.into()
    }
}
