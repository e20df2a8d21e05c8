//! What went wrong in a case, for readers who did not write the suite.

use std::fmt::Write as _;

use serde::Serialize;

use crate::grammar::Grammar;
use crate::scenario::Step;

/// Why a case did not come to its end.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// The step that failed; `None` for what was found after the last one.
    pub step: Option<Place>,
    /// The lane on which it was seen.
    pub lane: Option<String>,
    /// What had to come, in words.
    pub expected: String,
    /// What came instead, in words.
    pub got: String,
    /// The frame that came, or its beginning, field by field.
    pub fields: Vec<FieldReport>,
    /// The bytes that came, from the first that did not belong, in hexadecimal; at most 256 of them.
    pub bytes: String,
    /// How many bytes there were.
    pub length: usize,
    /// The usual cause of such a thing.
    pub hint: Option<String>,
    /// Set when waiting played a part, so that a slow machine could be the reason.
    #[serde(skip)]
    pub by_time: bool,
    /// The scenario that judges the fragment to which the step belongs.
    #[serde(skip)]
    pub proved_by: Option<String>,
    /// How many bytes on the lane did not fit, if it was one whole frame.
    #[serde(skip)]
    pub frame_length: Option<usize>,
    /// Set when what came was certainly not part of this case's conversation.
    #[serde(skip)]
    pub(crate) stray: Option<Stray>,
}

/// The owner of a frame that no step expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// It belongs to a fence: the suite made the server send it.
    Fence,
    /// It names only lanes of other cases.
    OtherCase,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Nothing, or not enough, came in time.
    Timeout,
    /// Something else came.
    Mismatch,
    /// The connection ended, or ended in the wrong way.
    Ended,
    /// Something came that no step expected.
    Unexpected,
    /// The beginning of a frame, and never its rest.
    HalfFrame,
    /// The target takes no connection, or took nothing that was sent.
    NoConnection,
    /// More came than any scenario asks for.
    Flood,
    /// None of the alternatives fits.
    NoAlternative,
    /// The exchange that proves silence did not come back.
    NoFence,
    /// The whole case took too long.
    TooLong,
    /// The target no longer answers after this case.
    TargetDied,
    /// The target lives, and no longer answers after this case.
    TargetHangs,
    /// The suite's own fault: a scenario that cannot be carried out.
    OwnFault,
}

/// Where a step is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The step, on one line.
    pub text: String,
    /// The file, as it is shown to people.
    pub file: String,
    /// One-based.
    pub line: usize,
}

/// A field of the frame that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldReport {
    /// Its name in wire.kdl, or `opcode`.
    pub name: String,
    /// Offset of its first byte in the frame.
    pub offset: usize,
    /// How many bytes it takes, a length prefix included.
    pub length: usize,
    /// Its bytes in hexadecimal; at most 64 of them.
    pub bytes: String,
    /// What they mean.
    pub value: String,
    /// What they should have meant; `None` where anything is right, or where another packet was expected.
    pub expected: Option<String>,
    /// Whether it is this field that is wrong.
    pub differs: bool,
}

impl Failure {
    /// A failure of this kind; callers add the details that they know.
    pub(crate) fn new(kind: FailureKind, expected: String, got: String) -> Failure {
        Failure {
            kind,
            step: None,
            lane: None,
            expected,
            got,
            fields: Vec::new(),
            bytes: String::new(),
            length: 0,
            hint: None,
            by_time: kind == FailureKind::Timeout,
            proved_by: None,
            frame_length: None,
            stray: None,
        }
    }

    /// The suite's own fault.
    pub(crate) fn own_fault(what: impl std::fmt::Display) -> Box<Failure> {
        Box::new(Failure::new(
            FailureKind::OwnFault,
            "a step that can be carried out".to_owned(),
            what.to_string(),
        ))
    }

    /// The target, or the process that it was, does not serve others any more. What was seen in the case itself is told,
    /// too.
    pub(crate) fn of_target(kind: FailureKind, got: &str, seen: Option<Failure>) -> Failure {
        let seen = seen
            .map(|failure| format!("; in the case itself: {}", failure.got))
            .unwrap_or_default();
        Failure::new(
            kind,
            "that the target continues to serve other clients".to_owned(),
            format!("{got}{seen}"),
        )
    }

    /// Whether the target is no longer there for others.
    pub(crate) fn is_end_of_target(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::TargetDied | FailureKind::TargetHangs
        )
    }

    /// On this lane.
    pub(crate) fn on(mut self, lane: &str) -> Failure {
        self.lane = Some(lane.to_owned());
        self
    }

    /// With the bytes that came.
    pub(crate) fn with_bytes(mut self, bytes: &[u8]) -> Failure {
        self.bytes = hex(bytes, 256);
        self.length = bytes.len();
        self
    }

    /// The cases that judge what this failure rests on: the fragment in which it happened, and the fence if what came, or
    /// did not come, belongs to one.
    pub(crate) fn provers<'a>(&'a self, grammar: &'a Grammar) -> impl Iterator<Item = &'a str> {
        let by_fence = self.kind == FailureKind::NoFence || self.stray == Some(Stray::Fence);
        let fence = grammar.fence.as_ref().filter(|_| by_fence);
        let fence = fence.and_then(|fence| fence.proved_by.as_deref());
        self.proved_by.as_deref().into_iter().chain(fence)
    }

    /// In this step, unless a step inside it is known already.
    pub(crate) fn at(mut self, step: &Step) -> Failure {
        if self.step.is_none() {
            self.step = Some(Place {
                text: step.text.clone(),
                file: step.file.clone(),
                line: step.line,
            });
            self.proved_by = step.proved_by.clone();
        }
        self
    }
}

/// The bytes as pairs of digits with spaces between, up to `limit` of them.
pub(crate) fn hex(bytes: &[u8], limit: usize) -> String {
    let shown = bytes.len().min(limit);
    let mut text = String::with_capacity(3 * shown + 4);
    for (at, byte) in bytes.iter().take(limit).enumerate() {
        // Writing into a text cannot fail.
        let _ = write!(text, "{}{byte:02x}", if at == 0 { "" } else { " " });
    }
    if bytes.len() > limit {
        text.push_str(" ...");
    }
    text
}
