//! The conversation of a case, for the diagram in the report.

use std::time::Instant;

use crate::evidence::{Direction, End, Event, TcpSign};
use crate::explain::{self, annotate};
use crate::grammar::{Decoded, Side};

use super::connection::{Doing, Purpose};
use super::view::Meaning;
use super::{Case, ConnId};

/// Maximum number of bytes that are kept for a packet capture, for all events of a case together. Of later bytes, only the
/// number is kept.
const KEPT_BYTES_OF_CASE: usize = 256 << 10;

/// Maximum number of events. If a conversation has more events, only the last ones are reported.
const KEPT_EVENTS: usize = 1000;

/// Returns the events of a case, in order of time; if there are more than [`KEPT_EVENTS`], only the last events.
pub(crate) fn of(case: &Case<'_>) -> Vec<Event> {
    let mut events: Vec<(Instant, Event)> = case
        .log
        .iter()
        .map(|done| (done.at, of_doing(case, done.conn, &done.what)))
        .collect();
    for conn in case.connections.ids() {
        events.extend(seen(case, conn));
    }
    let skipped = events.len().saturating_sub(KEPT_EVENTS);
    // The sort is stable: events with the same time keep the order in which they were collected.
    events.sort_by_key(|(at, _)| *at);
    let mut room = KEPT_BYTES_OF_CASE;
    events
        .into_iter()
        .skip(skipped)
        .map(|(at, mut event)| {
            event.at_ms = at.saturating_duration_since(case.started).as_secs_f64() * 1000.0;
            event.data.truncate(room);
            room -= event.data.len();
            event
        })
        .collect()
}

fn event(case: &Case<'_>, conn: ConnId, direction: Direction, text: String) -> Event {
    Event {
        fence: case.connections[conn].is_helper,
        ..Event::of_words(&case.connections[conn].lane, conn.number(), direction, text)
    }
}

fn of_doing(case: &Case<'_>, conn: ConnId, what: &Doing) -> Event {
    let login = &case.connections[conn].login;
    let grammar = &case.shared.suite.grammar;
    let words = match what {
        Doing::Sent {
            bytes,
            length,
            purpose,
        } => {
            let mut sent = event(case, conn, Direction::Sends, String::new())
                .with_bytes(bytes, *length)
                .with_meaning(annotate(grammar, case.wire, Side::Client, bytes, *length));
            sent.fence |= *purpose == Purpose::Fence;
            sent.unasked = *purpose == Purpose::Answer;
            // The suite sends broken frames on purpose, so a broken frame that it sends gets no remark.
            sent.remark = None;
            return sent;
        }
        Doing::Connected => format!("connects (its name is {login:?})"),
        Doing::ShutDown => "sends no more (FIN)".to_owned(),
        Doing::Closed => "closes in order (FIN)".to_owned(),
        Doing::Aborted => "resets the connection (RST)".to_owned(),
        Doing::Truncated => "ends without the close_notify of TLS (FIN)".to_owned(),
        Doing::StoppedReading => "stops reading".to_owned(),
        Doing::ReadsAgain => "reads again".to_owned(),
    };
    Event {
        tcp: sign(what),
        ..event(case, conn, Direction::Does, words)
    }
}

fn sign(what: &Doing) -> Option<TcpSign> {
    match what {
        Doing::Connected => Some(TcpSign::Syn),
        Doing::ShutDown | Doing::Closed | Doing::Truncated => Some(TcpSign::Fin),
        Doing::Aborted => Some(TcpSign::Rst),
        Doing::Sent { .. } | Doing::StoppedReading | Doing::ReadsAgain => None,
    }
}

/// Returns the events that arrived on one connection: what the steps took, what they did not take, and the end of the
/// connection.
fn seen(case: &Case<'_>, conn: ConnId) -> Vec<(Instant, Event)> {
    let connection = &case.connections[conn].socket;
    let received = connection.received();
    let mut events = Vec::new();
    let mut push = |range: std::ops::Range<usize>, meaning: Option<Meaning>| {
        let bytes = received.get(range.clone()).unwrap_or_default();
        let text = explain::count(bytes.len(), "byte");
        let mut seen = event(case, conn, Direction::Sees, text).with_bytes(bytes, bytes.len());
        if meaning != Some(Meaning::Bytes) {
            let grammar = &case.shared.suite.grammar;
            let said = annotate(grammar, case.wire, Side::Server, bytes, bytes.len());
            seen = seen.with_meaning(said);
        }
        seen.foreign = meaning == Some(Meaning::Foreign);
        seen.fence |= meaning == Some(Meaning::Fence);
        seen.unasked = meaning == Some(Meaning::Unasked);
        seen.taken = meaning.is_some();
        seen.unexpected = meaning.is_none() && !case.connections[conn].left;
        let at = connection.arrival(range.end).unwrap_or(case.now);
        events.push((at, seen));
    };
    let front = case.view.fronts.find(conn);
    let marks = front.map(|front| front.marks.as_slice());
    let marks = marks.unwrap_or_default();
    // Only the last `KEPT_EVENTS` events are reported, so earlier events need no description.
    let passed_over = marks.len().saturating_sub(KEPT_EVENTS);
    for mark in marks.iter().skip(passed_over) {
        push(mark.bytes.clone(), Some(mark.meaning));
    }
    for range in left_over(case, conn) {
        push(range, None);
    }
    if let Some((at, end)) = connection.end() {
        let text = explain::end_in_words(end).to_owned();
        let ended = Event {
            unexpected: end == End::Flood,
            tcp: match end {
                End::Fin | End::Truncated => Some(TcpSign::Fin),
                End::Reset => Some(TcpSign::Rst),
                End::Flood | End::Garbled => None,
            },
            ..event(case, conn, Direction::Ends, text)
        };
        events.push((at, ended));
    }
    events
}

/// Returns the frames that no step took, at most 32, and the bytes after them.
fn left_over(case: &Case<'_>, conn: ConnId) -> Vec<std::ops::Range<usize>> {
    let consumed = case
        .view
        .fronts
        .find(conn)
        .map_or(0, |front| front.consumed);
    let unread = case.unread(conn);
    let mut ranges = Vec::new();
    let mut at = 0;
    while ranges.len() < 32
        && let Some(left) = unread.get(at..)
        && let Decoded::Frame(frame) = case.wire.decode(Side::Server, left)
    {
        ranges.push(consumed + at..consumed + at + frame.length);
        at += frame.length;
    }
    if at < unread.len() {
        ranges.push(consumed + at..consumed + unread.len());
    }
    ranges
}
