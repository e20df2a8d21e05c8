//! What was expected and what came, in words and field by field.

use std::time::Duration;

use crate::grammar::{DecodedField, Frame, Grammar, Packet, PacketId, Value, Wire};
use crate::scenario::{FramePattern, Pattern};

use super::case::Case;
use super::expect::wanted_value;
use super::failure::{Failure, FailureKind, FieldReport, hex};
use super::hint;
use super::lane::End;
use super::look::Look;

/// Longer values are cut in sentences; the bytes show them.
const SHOWN_CHARACTERS: usize = 48;

/// Another frame than the expected one.
pub(super) fn wrong_frame(
    case: &Case<'_>,
    line: usize,
    pattern: &FramePattern,
    frame: &Frame,
) -> Failure {
    let mut failure = something(
        case,
        line,
        FailureKind::Mismatch,
        pattern_in_words(case, pattern),
        &Look::Frame(frame.clone()),
    );
    let before = usize::from(frame.prefix > 0);
    if frame.packet == pattern.packet {
        for ((report, wanted), field) in failure.fields[before + 1..]
            .iter_mut()
            .zip(&pattern.fields)
            .zip(&frame.fields)
        {
            if let Ok(Some(value)) = wanted_value(case, wanted) {
                report.differs = value != field.value;
                report.expected = Some(value_in_words(&value));
            }
        }
    } else {
        let opcode = &mut failure.fields[before];
        opcode.expected = Some(named_opcode(case.wire, pattern.packet));
        opcode.differs = true;
    }
    failure.hint = hint::usual_cause(case, pattern, case.unread(line));
    failure
}

/// The right frame, `came` after what was before it, where `bound` had to pass.
pub(super) fn early_frame(
    case: &Case<'_>,
    line: usize,
    pattern: &FramePattern,
    frame: &Frame,
    (came, bound): (Duration, Duration),
) -> Failure {
    let expected = format!("{}, not before {bound:?}", pattern_in_words(case, pattern));
    let look = Look::Frame(frame.clone());
    let mut failure = something(case, line, FailureKind::Mismatch, expected, &look);
    failure.got = format!("{}, after {came:.1?}", failure.got);
    // What came before it may have lain there for a while, if this machine stalled.
    failure.by_time = true;
    failure
}

/// No frame, though one was expected.
pub(super) fn no_frame(
    case: &Case<'_>,
    line: usize,
    pattern: &FramePattern,
    look: &Look,
) -> Failure {
    let kind = match look {
        Look::Nothing => FailureKind::Timeout,
        Look::Partial | Look::Half(..) => FailureKind::HalfFrame,
        Look::Ended(End::Flood) => FailureKind::Flood,
        Look::Ended(_) => FailureKind::Ended,
        Look::Frame(_) | Look::Broken { .. } => FailureKind::Mismatch,
    };
    let mut failure = something(case, line, kind, pattern_in_words(case, pattern), look);
    failure.by_time = matches!(look, Look::Nothing | Look::Partial);
    if !case.unread(line).is_empty() {
        failure.hint = hint::usual_cause(case, pattern, case.unread(line));
    }
    failure
}

/// What stands at the front of a lane, where something else was expected.
pub(super) fn something(
    case: &Case<'_>,
    line: usize,
    kind: FailureKind,
    expected: String,
    look: &Look,
) -> Failure {
    let grammar = &case.run.suite.grammar;
    let unread = case.unread(line);
    let (got, fields, length) = match look {
        Look::Nothing => ("nothing within the time limit".to_owned(), Vec::new(), 0),
        Look::Ended(end) => (end_in_words(*end).to_owned(), Vec::new(), 0),
        Look::Partial => (
            format!(
                "{} that begin a frame, then nothing within the time limit",
                count(unread.len(), "byte")
            ),
            partial_fields(case, unread),
            unread.len(),
        ),
        Look::Half(fields, end) => (
            format!(
                "{} that begin a frame, then {}",
                count(unread.len(), "byte"),
                end_in_words(*end)
            ),
            field_reports(fields, unread),
            unread.len(),
        ),
        Look::Frame(frame) => (
            frame_in_words(grammar, frame),
            frame_fields(case.wire, frame, unread),
            frame.length,
        ),
        Look::Broken { at, why, fields } => (
            format!("bytes that are not a frame: {why}, at offset {at}"),
            field_reports(fields, unread),
            unread.len(),
        ),
    };
    let mut failure = Failure::new(kind, expected, got)
        .with_bytes(&unread[..length.min(unread.len())])
        .on(&case.lines[line].lane);
    failure.fields = fields;
    failure.stray = case.stray(line);
    if let Look::Frame(frame) = look {
        failure.frame_length = Some(frame.length);
    }
    if matches!(look, Look::Partial) {
        failure.by_time = true;
    }
    failure
}

/// Other bytes than the expected ones; `common` of them were right.
pub(super) fn wrong_bytes(case: &Case<'_>, line: usize, wanted: &[u8], common: usize) -> Failure {
    let came = case.unread(line);
    let end = case.end_of(line);
    let (kind, got) = match (came.get(common), end) {
        (Some(byte), _) => (
            FailureKind::Mismatch,
            format!(
                "{byte:02x} at offset {common} instead of {:02x}",
                wanted.get(common).copied().unwrap_or_default()
            ),
        ),
        (None, Some(end)) => (
            FailureKind::Ended,
            format!("{} of them, then {}", common, end_in_words(end)),
        ),
        (None, None) => (
            FailureKind::Timeout,
            format!("{common} of them, then nothing within the time limit"),
        ),
    };
    let shown = &came[..came.len().min(wanted.len().max(common + 1))];
    let expected = format!("{}: {}", count(wanted.len(), "byte"), hex(wanted, 64));
    let mut failure = Failure::new(kind, expected, got).with_bytes(shown);
    failure.stray = case.stray(line);
    failure
}

/// Fewer bytes than were to be relayed.
pub(super) fn too_few_bytes(wanted: usize, came: &[u8], end: Option<End>) -> Failure {
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

/// `the connection was closed (FIN)`.
pub(super) fn end_in_words(end: End) -> &'static str {
    match end {
        End::Fin => "the connection was closed (FIN)",
        End::Reset => "the connection was reset (RST)",
        End::Truncated => "the connection was closed (FIN) without the close_notify of TLS",
        End::Garbled => "TLS ended with an alert or an invalid record",
        End::Flood => "more bytes than any scenario expects",
    }
}

/// The expected frame as it would be written in a scenario, with the values of this run.
pub(super) fn pattern_in_words(case: &Case<'_>, pattern: &FramePattern) -> String {
    let packet = case.run.suite.grammar.packet(pattern.packet);
    let mut words = packet.name.clone();
    for (field, wanted) in packet.fields.iter().zip(&pattern.fields) {
        let value = match (wanted_value(case, wanted), wanted) {
            (Ok(Some(value)), _) => value_in_words(&value),
            (_, Pattern::Bind(name)) => format!("?{name}"),
            _ => "_".to_owned(),
        };
        words.push_str(&format!(" {}={value}", field.name));
    }
    words
}

/// A frame as it would be written in a scenario.
pub(super) fn frame_in_words(grammar: &Grammar, frame: &Frame) -> String {
    let mut words = grammar.packet(frame.packet).name.clone();
    for field in &frame.fields {
        words.push_str(&format!(" {}={}", field.name, value_in_words(&field.value)));
    }
    words
}

/// A value, cut when it is long.
pub(super) fn value_in_words(value: &Value) -> String {
    match value {
        Value::Text(text) if text.chars().count() > SHOWN_CHARACTERS => {
            let shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
            format!("{shown:?}... ({} bytes)", text.len())
        }
        Value::Bytes(bytes) if bytes.len() > SHOWN_CHARACTERS => {
            format!("{} ({} bytes)", hex(bytes, SHOWN_CHARACTERS), bytes.len())
        }
        value => value.to_string(),
    }
}

/// `1 byte`, `2 bytes`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

fn named_opcode(wire: &Wire, packet: PacketId) -> String {
    let in_words = |packet: &Packet| format!("{} ({})", packet.opcode, packet.name);
    wire.packet(packet).map(in_words).unwrap_or_default()
}

/// The length, the opcode and the fields of a whole frame.
pub(super) fn frame_fields(wire: &Wire, frame: &Frame, bytes: &[u8]) -> Vec<FieldReport> {
    let opcode_end = frame
        .fields
        .first()
        .map_or(frame.length, |first| first.bytes.start);
    let opcode = FieldReport {
        name: "opcode".to_owned(),
        offset: frame.prefix,
        length: opcode_end - frame.prefix,
        bytes: hex(bytes.get(frame.prefix..opcode_end).unwrap_or_default(), 64),
        value: named_opcode(wire, frame.packet),
        expected: None,
        differs: false,
    };
    let mut reports = Vec::new();
    if frame.prefix > 0 {
        reports.push(FieldReport {
            name: "length".to_owned(),
            offset: 0,
            length: frame.prefix,
            bytes: hex(bytes.get(..frame.prefix).unwrap_or_default(), 64),
            value: (frame.length - frame.prefix).to_string(),
            expected: None,
            differs: false,
        });
    }
    reports.push(opcode);
    reports.extend(field_reports(&frame.fields, bytes));
    reports
}

fn partial_fields(case: &Case<'_>, unread: &[u8]) -> Vec<FieldReport> {
    match case.wire.decode(crate::grammar::Side::Server, unread) {
        crate::grammar::Decoded::Partial(fields) => field_reports(&fields, unread),
        _ => Vec::new(),
    }
}

pub(super) fn field_reports(fields: &[DecodedField], bytes: &[u8]) -> Vec<FieldReport> {
    fields
        .iter()
        .map(|field| FieldReport {
            name: field.name.clone(),
            offset: field.bytes.start,
            length: field.bytes.len(),
            bytes: hex(bytes.get(field.bytes.clone()).unwrap_or_default(), 64),
            value: value_in_words(&field.value),
            expected: None,
            differs: false,
        })
        .collect()
}
