//! The failure of a case, described for people who did not write the suite.

use serde::{Deserialize, Serialize};

use crate::grammar::Grammar;
use crate::scenario::Step;

/// The reason why a case did not reach its end.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The step that failed; `None` for a failure that was found after the last step.
    pub step: Option<Place>,
    /// The lane on which the failure was noticed.
    pub lane: Option<String>,
    /// What was expected, as text for a person.
    pub expected: String,
    /// What arrived instead, as text for a person.
    pub got: String,
    /// The frame that arrived, or its beginning, field by field.
    pub fields: Vec<FieldReport>,
    /// The bytes that arrived instead, in hexadecimal; at most 256 of them. If a frame is wrong, these are the bytes of the
    /// whole frame, including the right ones.
    pub bytes: String,
    /// The number of these bytes.
    pub length: usize,
    /// The likely cause, if the bytes show one.
    pub hint: Option<String>,
    /// Whether the failure depends on a time limit, so that a slow machine could be the reason.
    #[serde(skip)]
    pub by_time: bool,
    /// If the step belongs to a fragment: the scenario that judges this fragment.
    #[serde(skip)]
    pub proved_by: Option<String>,
    /// The length of the frame that did not match, in bytes; `None` if no complete frame had arrived.
    #[serde(skip)]
    pub frame_length: Option<usize>,
    /// Set if every step passed, but the target ended when the clients left. The text says how the target ended. If it ends
    /// in the same way after another case, the text is the same, so that the runner recognises a repeated end.
    #[serde(skip)]
    pub(crate) at_teardown: Option<String>,
    /// Whether the failure is about the raw bytes of a tunnel: wrong bytes or too many bytes came out of the tunnel.
    #[serde(skip)]
    pub(crate) in_tunnel: bool,
    /// Whether the answer of a fence did not arrive.
    #[serde(skip)]
    pub(crate) lacks_fence: bool,
    /// Set if the frame certainly belongs to a fence or to another case.
    #[serde(skip)]
    pub(crate) stray: Option<Stray>,
}

/// The origin of a frame that does not belong to the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// The frame belongs to a fence: the server sent it because the runner had asked for it.
    Fence,
    /// The frame belongs to another case: it names only lanes of other cases.
    OtherCase,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No bytes, or too few bytes, arrived within the time limit.
    Timeout,
    /// A frame or bytes arrived, but not the expected ones.
    Mismatch,
    /// The connection ended too early, or in the wrong way.
    Ended,
    /// A frame or bytes arrived that no step expected.
    Unexpected,
    /// The beginning of a frame arrived, but not its rest.
    HalfFrame,
    /// The target did not accept a connection, or did not read the bytes that a lane sent.
    NoConnection,
    /// The target sent more bytes than any scenario needs.
    Flood,
    /// No alternative of an `either` fits what arrived.
    NoAlternative,
    /// The answer to the fence did not arrive, so silence is not proved.
    NoFence,
    /// The whole case took too long.
    TooLong,
    /// After this case the target no longer answers: its process ended, or it refuses connections or logins.
    TargetDied,
    /// After this case the target no longer answers, although it still accepts connections, or its process still runs.
    TargetHangs,
    /// A fault of the suite: the scenario cannot be played.
    OwnFault,
}

/// The place of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The text of the step, on one line.
    pub text: String,
    /// The name of the file, as messages for people show it.
    pub file: String,
    /// The line number, from 1.
    pub line: usize,
}

/// A field of the frame that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldReport {
    /// The field's name in wire.kdl, or `opcode`.
    pub name: String,
    /// Offset of the field's first byte in the frame.
    pub offset: usize,
    /// The number of the field's bytes, including its length prefix.
    pub length: usize,
    /// The field's bytes in hexadecimal; at most 64 of them.
    pub bytes: String,
    /// The field's value, as text for a person.
    pub value: String,
    /// The right value; `None` if any value is right, or if another packet was expected.
    pub expected: Option<String>,
    /// Whether this field is wrong.
    pub differs: bool,
}

impl Failure {
    /// Returns a failure of this kind. The caller adds the details that it knows.
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
            at_teardown: None,
            in_tunnel: false,
            lacks_fence: kind == FailureKind::NoFence,
            stray: None,
        }
    }

    /// Returns a failure that is a fault of the suite.
    pub(crate) fn own_fault(what: impl std::fmt::Display) -> Box<Failure> {
        Box::new(Failure::new(
            FailureKind::OwnFault,
            "a step that the runner can carry out".to_owned(),
            what.to_string(),
        ))
    }

    /// Returns the failure for a target that no longer serves other clients. If a step of the case failed too, the returned
    /// failure contains the details about that step. If that step belongs to a fragment, the report blames the case that
    /// judges the fragment.
    pub(crate) fn of_target(kind: FailureKind, got: &str, seen: Option<Failure>) -> Failure {
        match seen {
            Some(seen) => Failure {
                kind,
                got: format!("{got}; the failed step of the case got: {}", seen.got),
                by_time: false,
                lacks_fence: false,
                stray: None,
                ..seen
            },
            None => Failure::new(
                kind,
                "a target that continues to serve other clients".to_owned(),
                got.to_owned(),
            ),
        }
    }

    /// Returns whether the target no longer serves other clients.
    pub(crate) fn is_end_of_target(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::TargetDied | FailureKind::TargetHangs
        )
    }

    /// Sets the lane.
    pub(crate) fn on(mut self, lane: &str) -> Failure {
        self.lane = Some(lane.to_owned());
        self
    }

    /// Adds the bytes that arrived.
    pub(crate) fn with_bytes(mut self, bytes: &[u8]) -> Failure {
        self.bytes = hex(bytes, 256);
        self.length = bytes.len();
        self
    }

    /// Returns the cases that judge the parts of the suite on which the failed case relies. If one of these cases fails too,
    /// it is the cause of this failure. The first case judges the fragment that contains the failed step. The second judges
    /// the fence, if the answer to a fence did not arrive, or if a frame of a fence arrived in a wrong place. The third
    /// judges whether a tunnel relays bytes, if wrong bytes came out of a tunnel.
    pub(crate) fn provers<'a>(&'a self, grammar: &'a Grammar) -> impl Iterator<Item = &'a str> {
        let by_fence = self.lacks_fence || self.stray == Some(Stray::Fence);
        let fence = grammar.fence.as_ref().filter(|_| by_fence);
        let fence = fence.and_then(|fence| fence.proved_by.as_deref());
        let relaying = grammar.raw_proved_by.as_deref().filter(|_| self.in_tunnel);
        let of_fragment = self.proved_by.as_deref().into_iter();
        of_fragment.chain(fence).chain(relaying)
    }

    /// Sets the step that failed. If the failure already names a step inside this step, the inner step stays.
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

/// Returns the bytes as pairs of digits with spaces between them, at most `limit` bytes.
pub(crate) fn hex(bytes: &[u8], limit: usize) -> String {
    let shown = bytes.len().min(limit);
    let mut text = String::with_capacity(3 * shown + 4);
    // A run writes all bytes that it sends and receives in this form. An earlier version formatted each byte with `write!`,
    // which took a tenth of the time of a run.
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    for byte in bytes.iter().take(limit) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    if bytes.len() > limit {
        text.push_str(" ...");
    }
    text
}
