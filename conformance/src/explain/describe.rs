//! Describes what was expected and what arrived, in a sentence and field by field.

use std::time::Duration;

use crate::evidence::{End, Failure, FailureKind, FieldReport, Look, hex};
use crate::grammar::{Decoded, Frame, Side, Wire};

use super::differ::{self, frame_fields, known_fields};
use super::hint;
use super::wanted::{Shown, WantedFrame};
use super::words::{count, end_in_words, frame_in_words};

/// Describes a frame that differs from the expected frame.
pub(crate) fn wrong_frame(shown: &Shown<'_>, wanted: &WantedFrame, frame: &Frame) -> Failure {
    let mut failure = something(
        shown,
        FailureKind::Mismatch,
        wanted.in_words(shown.grammar),
        &Look::Frame(frame.clone()),
    );
    differ::mark(&mut failure.fields, shown.wire, wanted, frame);
    failure.hint = hint::usual_cause(shown, wanted);
    failure
}

/// Describes a frame that is right but arrived too early. The time between the previous frame and this one was `came`, but
/// it had to be at least `bound`.
pub(crate) fn early_frame(
    shown: &Shown<'_>,
    wanted: &WantedFrame,
    frame: &Frame,
    (came, bound): (Duration, Duration),
) -> Failure {
    let expected = format!("{}, not before {bound:?}", wanted.in_words(shown.grammar));
    let look = Look::Frame(frame.clone());
    let mut failure = something(shown, FailureKind::Mismatch, expected, &look);
    failure.got = format!("{}, after {came:.1?}", failure.got);
    // If this machine stalled, it may have read the previous frame late. Then the measured time is too short.
    failure.by_time = true;
    failure
}

/// Describes the failure if the expected frame did not arrive.
pub(crate) fn no_frame(shown: &Shown<'_>, wanted: &WantedFrame, look: &Look) -> Failure {
    let kind = match look {
        Look::Nothing => FailureKind::Timeout,
        Look::Partial | Look::Half(..) => FailureKind::HalfFrame,
        Look::Ended(End::Flood) => FailureKind::Flood,
        Look::Ended(_) => FailureKind::Ended,
        Look::Frame(_) | Look::Broken { .. } | Look::Raw => FailureKind::Mismatch,
    };
    let mut failure = something(shown, kind, wanted.in_words(shown.grammar), look);
    failure.by_time = matches!(look, Look::Nothing | Look::Partial);
    if !shown.unread.is_empty() {
        failure.hint = hint::usual_cause(shown, wanted);
    }
    failure
}

/// Describes what the step expected, and what is next on the lane instead.
pub(crate) fn something(
    shown: &Shown<'_>,
    kind: FailureKind,
    expected: String,
    look: &Look,
) -> Failure {
    let unread = shown.unread;
    let (got, fields, length) = match look {
        Look::Nothing => ("nothing within the time limit".to_owned(), Vec::new(), 0),
        Look::Ended(end) => (end_in_words(*end).to_owned(), Vec::new(), 0),
        Look::Partial => (
            format!(
                "{} of an incomplete frame, then nothing within the time limit",
                count(unread.len(), "byte")
            ),
            partial_fields(shown.wire, unread),
            unread.len(),
        ),
        Look::Half(fields, end) => (
            format!(
                "{} of an incomplete frame, then {}",
                count(unread.len(), "byte"),
                end_in_words(*end)
            ),
            known_fields(shown.wire, Side::Server, fields, unread),
            unread.len(),
        ),
        Look::Frame(frame) => (
            frame_in_words(shown.grammar, frame),
            frame_fields(shown.wire, frame, unread),
            frame.length,
        ),
        Look::Raw => (
            format!(
                "{} that no step expects, in the tunnel",
                count(unread.len(), "byte")
            ),
            Vec::new(),
            unread.len(),
        ),
        Look::Broken { at, why, fields } => (
            format!("bytes that are not a frame: {why}, at offset {at}"),
            known_fields(shown.wire, Side::Server, fields, unread),
            unread.len(),
        ),
    };
    let mut failure = Failure::new(kind, expected, got)
        .with_bytes(unread.get(..length).unwrap_or(unread))
        .on(shown.lane);
    failure.fields = fields;
    failure.stray = shown.stray;
    failure.in_tunnel = matches!(look, Look::Raw);
    if let Look::Frame(frame) = look {
        failure.frame_length = Some(frame.length);
    }
    if matches!(look, Look::Partial) {
        failure.by_time = true;
    }
    failure
}

/// Describes bytes that differ from the expected bytes. The first `common` bytes were right.
pub(crate) fn wrong_bytes(shown: &Shown<'_>, wanted: &[u8], common: usize) -> Failure {
    let came = shown.unread;
    let (kind, got) = match (came.get(common), shown.end) {
        (Some(byte), _) => (
            FailureKind::Mismatch,
            format!(
                "{byte:02x} at offset {common} instead of {:02x}",
                wanted.get(common).copied().unwrap_or_default()
            ),
        ),
        (None, Some(end)) => (
            FailureKind::Ended,
            format!(
                "the first {} of these bytes, then {}",
                common,
                end_in_words(end)
            ),
        ),
        (None, None) => (
            FailureKind::Timeout,
            format!("the first {common} of these bytes, then nothing within the time limit"),
        ),
    };
    let first = came.get(..wanted.len().max(common + 1)).unwrap_or(came);
    let expected = format!("{}: {}", count(wanted.len(), "byte"), hex(wanted, 64));
    let mut failure = Failure::new(kind, expected, got).with_bytes(first);
    failure.stray = shown.stray;
    failure.in_tunnel = kind == FailureKind::Mismatch;
    failure
}

/// Describes the failure if fewer bytes arrived than the server had to relay.
pub(crate) fn too_few_bytes(wanted: usize, came: &[u8], end: Option<End>) -> Failure {
    let expected = count(wanted, "byte");
    let got = match end {
        Some(end) => format!("{}, then {}", count(came.len(), "byte"), end_in_words(end)),
        None => format!(
            "{}, then nothing within the time limit",
            count(came.len(), "byte")
        ),
    };
    let kind = match end {
        Some(_) => FailureKind::Ended,
        None => FailureKind::Timeout,
    };
    Failure::new(kind, expected, got).with_bytes(came)
}

fn partial_fields(wire: &Wire, unread: &[u8]) -> Vec<FieldReport> {
    match wire.decode(Side::Server, unread) {
        Decoded::Partial(fields) => known_fields(wire, Side::Server, &fields, unread),
        _ => Vec::new(),
    }
}
