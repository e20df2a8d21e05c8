//! Checks what arrives next on a lane.

use std::time::{Duration, Instant};

use crate::evidence::{End, Failure, FailureKind, Look};
use crate::explain;
use crate::grammar::{Frame, Value};
use crate::play::case::{Case, ConnId, Meaning};
use crate::play::shared::random::sha256;
use crate::scenario::{FramePattern, Incoming, LaneId, Pattern};

use super::progress::Progress;

/// Returns `Done` if the expected frame, bytes or end of the connection has arrived, and `Waits` if it may still arrive
/// before `until`. Otherwise returns the failure.
pub(crate) fn poll(
    case: &mut Case<'_>,
    lane: LaneId,
    what: &Incoming,
    until: Instant,
    not_before: Option<Duration>,
) -> Progress {
    let conn = match case.conn_of(lane) {
        Ok(conn) => conn,
        Err(failure) => return failure.into(),
    };
    let progress = match what {
        Incoming::Frame(pattern) => frame(case, conn, pattern, until, not_before),
        Incoming::Bytes(wanted) => bytes(case, conn, wanted, until),
        Incoming::Hashed { length, remembered } => hashed(case, conn, *length, remembered, until),
        Incoming::Eof => ended(case, conn, EndWanted::Fin, until),
        Incoming::Reset => ended(case, conn, EndWanted::Reset, until),
        Incoming::Closed => ended(case, conn, EndWanted::Any, until),
        Incoming::Silence { .. } => {
            Failure::own_fault("a silence that is expected instead of proved").into()
        }
    };
    on_lane(progress, case.lane_name(lane))
}

fn on_lane(progress: Progress, lane: &str) -> Progress {
    match progress {
        Progress::Fails(failure) if failure.lane.is_none() => (*failure).on(lane).into(),
        other => other,
    }
}

/// Polls for a frame that fits the pattern.
fn frame(
    case: &mut Case<'_>,
    conn: ConnId,
    pattern: &FramePattern,
    until: Instant,
    not_before: Option<Duration>,
) -> Progress {
    match case.look_for(conn, None, Some(pattern.packet)) {
        Look::Frame(frame) => match fits(case, pattern, &frame) {
            Err(failure) => failure.into(),
            Ok(true) if let Some(early) = too_early(case, conn, &frame, not_before) => {
                explain::early_frame(&case.shown(conn), &case.wanted(pattern), &frame, early).into()
            }
            Ok(true) => {
                bind(case, pattern, &frame);
                case.consume_frame(conn, &frame, Meaning::Frame);
                Progress::Done
            }
            Ok(false) => {
                explain::wrong_frame(&case.shown(conn), &case.wanted(pattern), &frame).into()
            }
        },
        Look::Nothing | Look::Partial if case.now < until => Progress::Waits(until),
        look => explain::no_frame(&case.shown(conn), &case.wanted(pattern), &look).into(),
    }
}

/// If this frame came too early after the previous frame that a step took, returns two times: how long it came after the
/// previous frame, and the minimum that the step demands. Returns `None` if enough time passed.
fn too_early(
    case: &Case<'_>,
    conn: ConnId,
    frame: &Frame,
    not_before: Option<Duration>,
) -> Option<(Duration, Duration)> {
    let bound = not_before?;
    let front = case.view.fronts.find(conn)?;
    let connection = &case.connections.find(conn)?.socket;
    let mut marks = front.marks.iter().rev();
    let last = marks.find(|mark| mark.meaning == Meaning::Frame)?;
    let before = connection.arrival(last.bytes.end)?;
    let came = connection.arrival(front.consumed + frame.length)?;
    let after = came.saturating_duration_since(before);
    (after < bound).then_some((after, bound))
}

/// Returns whether a frame fits a pattern.
pub(crate) fn fits(
    case: &Case<'_>,
    pattern: &FramePattern,
    frame: &Frame,
) -> Result<bool, Box<Failure>> {
    if frame.packet != pattern.packet || frame.fields.len() != pattern.fields.len() {
        return Ok(false);
    }
    for (wanted, field) in pattern.fields.iter().zip(&frame.fields) {
        if !case.wanted_field(wanted)?.accepts(&field.value) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Remembers each value to which the pattern gives a name.
pub(crate) fn bind(case: &mut Case<'_>, pattern: &FramePattern, frame: &Frame) {
    for (wanted, field) in pattern.fields.iter().zip(&frame.fields) {
        bind_value(case, wanted, &field.value);
    }
}

fn bind_value(case: &mut Case<'_>, wanted: &Pattern, value: &Value) {
    match (wanted, value) {
        (Pattern::Bind(name), value) => {
            case.view.remembered.insert(name.clone(), value.clone());
        }
        (Pattern::List(list), Value::List(values)) => {
            for (wanted, value) in list.items.iter().zip(values) {
                bind_value(case, wanted, value);
            }
        }
        _ => {}
    }
}

/// Polls for exactly these bytes. If the server knows the lane's name, the runner first removes broadcasts of other cases.
fn bytes(case: &mut Case<'_>, conn: ConnId, wanted: &[u8], until: Instant) -> Progress {
    if case.view.fronts[conn].identified {
        case.look(conn, None);
    }
    let came = case.unread(conn);
    let common = wanted
        .iter()
        .zip(came)
        .take_while(|(one, other)| one == other)
        .count();
    if common == wanted.len() {
        case.consume(conn, wanted.len(), Meaning::Bytes);
        return Progress::Done;
    }
    if common == came.len() && case.end_of(conn).is_none() && case.now < until {
        return Progress::Waits(until);
    }
    explain::wrong_bytes(&case.shown(conn), wanted, common).into()
}

/// Polls for a given number of bytes. The hash of these bytes must equal the remembered hash.
fn hashed(
    case: &mut Case<'_>,
    conn: ConnId,
    length: usize,
    remembered: &str,
    until: Instant,
) -> Progress {
    let wanted = match case.remembered(remembered) {
        Ok(wanted) => wanted,
        Err(failure) => return failure.into(),
    };
    let came = case.unread(conn);
    if let Some(payload) = came.get(..length) {
        let hash = Value::Bytes(sha256(payload));
        if hash != wanted {
            let mut failure = Failure::new(
                FailureKind::Mismatch,
                format!("{length} bytes with the SHA-256 {wanted} (${remembered})"),
                format!("{length} bytes with the SHA-256 {hash}"),
            )
            .with_bytes(payload);
            failure.in_tunnel = true;
            return failure.into();
        }
        case.consume(conn, length, Meaning::Bytes);
        return Progress::Done;
    }
    let end = case.end_of(conn);
    if end.is_none() && case.now < until {
        return Progress::Waits(until);
    }
    explain::too_few_bytes(length, came, end).into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EndWanted {
    Fin,
    Reset,
    Any,
}

/// Polls for the end of the connection. No frame of the case's own conversation may arrive before the end.
fn ended(case: &mut Case<'_>, conn: ConnId, wanted: EndWanted, until: Instant) -> Progress {
    let words = match wanted {
        EndWanted::Fin => "the end of the connection (FIN)",
        EndWanted::Reset => "a reset of the connection (RST)",
        EndWanted::Any => "the end of the connection",
    };
    match case.look(conn, None) {
        Look::Ended(end) => {
            let right = match wanted {
                EndWanted::Fin => end == End::Fin,
                EndWanted::Reset => end == End::Reset,
                EndWanted::Any => end != End::Flood,
            };
            if right {
                case.view.fronts[conn].end_seen = true;
                return Progress::Done;
            }
            let kind = match end {
                End::Flood => FailureKind::Flood,
                _ => FailureKind::Ended,
            };
            Failure::new(
                kind,
                words.to_owned(),
                explain::end_in_words(end).to_owned(),
            )
            .into()
        }
        Look::Nothing | Look::Partial if case.now < until => Progress::Waits(until),
        Look::Nothing => Failure::new(
            FailureKind::Timeout,
            words.to_owned(),
            "the connection stayed open".to_owned(),
        )
        .into(),
        look => explain::something(
            &case.shown(conn),
            FailureKind::Unexpected,
            words.to_owned(),
            &look,
        )
        .into(),
    }
}
