//! Who said what, for the ladder of the report.

use std::time::Instant;

use serde::Serialize;

use crate::grammar::{Decoded, Side};

use super::case::{Case, Doing, Purpose};
use super::describe;
use super::failure::hex;
use super::lane::End;
use super::view::Meaning;

/// The bytes of one event that the report shows.
const SHOWN_BYTES: usize = 64;

/// A conversation of thousands of frames is told from here to its end.
const KEPT_EVENTS: usize = 1000;

/// Something that happened on a lane.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Milliseconds since the case began.
    pub at_ms: f64,
    /// The lane's name in the scenario; `(fence)` for the runner's own.
    pub lane: String,
    /// What happened.
    pub direction: Direction,
    /// The frame as it would be written in a scenario, or what else happened, in words.
    pub text: String,
    /// The bytes in hexadecimal, at most 64 of them.
    pub bytes: String,
    /// How many bytes there were.
    pub length: usize,
    /// Whether it belongs to the conversation of another case.
    pub foreign: bool,
    /// Whether it belongs to a fence, with which the suite proves silence.
    pub fence: bool,
    /// Whether it came unasked and was put aside, or answers such a thing.
    pub unasked: bool,
    /// Whether no step took it.
    pub unexpected: bool,
}

/// Which way an event goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The lane sent something.
    Sends,
    /// Something came to the lane.
    Sees,
    /// The lane did something else: it connected, closed, stopped reading.
    Does,
    /// The target ended the connection.
    Ends,
}

/// What happened in a case, in order of time; of a very long one the last thousand events.
pub(super) fn of(case: &Case<'_>) -> Vec<Event> {
    let mut events: Vec<(Instant, Event)> = case
        .log
        .iter()
        .map(|done| (done.at, of_doing(case, done.line, &done.what)))
        .collect();
    for line in 0..case.lines.len() {
        events.extend(seen(case, line));
    }
    let skipped = events.len().saturating_sub(KEPT_EVENTS);
    // Stable: what happened at one instant stays in the order in which it was done.
    events.sort_by_key(|(at, _)| *at);
    events
        .into_iter()
        .skip(skipped)
        .map(|(at, event)| Event {
            at_ms: at.saturating_duration_since(case.started).as_secs_f64() * 1000.0,
            ..event
        })
        .collect()
}

fn event(case: &Case<'_>, line: usize, direction: Direction, text: String) -> Event {
    Event {
        at_ms: 0.0,
        lane: case.lines[line].lane.clone(),
        direction,
        text,
        bytes: String::new(),
        length: 0,
        foreign: false,
        fence: case.lines[line].is_helper,
        unasked: false,
        unexpected: false,
    }
}

fn of_doing(case: &Case<'_>, line: usize, what: &Doing) -> Event {
    let login = &case.lines[line].login;
    let words = match what {
        Doing::Sent {
            bytes,
            length,
            purpose,
        } => {
            let text = in_words(case, Side::Client, bytes, *length);
            let mut sent = event(case, line, Direction::Sends, text);
            sent.bytes = hex(bytes, SHOWN_BYTES);
            sent.length = *length;
            sent.fence |= *purpose == Purpose::Fence;
            sent.unasked = *purpose == Purpose::Answer;
            return sent;
        }
        Doing::Connected => format!("connects (its name is {login:?})"),
        Doing::ShutDown => "says that it sends no more (FIN)".to_owned(),
        Doing::Closed => "closes in order (FIN)".to_owned(),
        Doing::Aborted => "cuts the connection (RST)".to_owned(),
        Doing::Truncated => "ends without the close_notify of TLS (FIN)".to_owned(),
        Doing::StoppedReading => "stops reading".to_owned(),
        Doing::ReadsAgain => "reads again".to_owned(),
    };
    event(case, line, Direction::Does, words)
}

/// What came on one connection: what steps took, what is left, and the end.
fn seen(case: &Case<'_>, line: usize) -> Vec<(Instant, Event)> {
    let connection = &case.lines[line].connection;
    let received = connection.received();
    let mut events = Vec::new();
    let mut push = |range: std::ops::Range<usize>, meaning: Option<Meaning>| {
        let bytes = received.get(range.clone()).unwrap_or_default();
        let text = match meaning {
            Some(Meaning::Bytes) => describe::count(bytes.len(), "byte"),
            _ => in_words(case, Side::Server, bytes, bytes.len()),
        };
        let mut seen = event(case, line, Direction::Sees, text);
        seen.bytes = hex(bytes, SHOWN_BYTES);
        seen.length = bytes.len();
        seen.foreign = meaning == Some(Meaning::Foreign);
        seen.fence |= meaning == Some(Meaning::Fence);
        seen.unasked = meaning == Some(Meaning::Unasked);
        seen.unexpected = meaning.is_none() && !case.lines[line].left;
        let at = connection.arrival(range.end).unwrap_or(case.now);
        events.push((at, seen));
    };
    let front = case.view.fronts.get(line);
    for mark in front
        .map(|front| front.marks.as_slice())
        .unwrap_or_default()
    {
        push(mark.bytes.clone(), Some(mark.meaning));
    }
    for range in left_over(case, line) {
        push(range, None);
    }
    if let Some((at, end)) = connection.end() {
        let text = describe::end_in_words(end).to_owned();
        let ended = Event {
            unexpected: end == End::Flood,
            ..event(case, line, Direction::Ends, text)
        };
        events.push((at, ended));
    }
    events
}

/// The frames that nobody took, at most 32 of them, and the bytes behind them.
fn left_over(case: &Case<'_>, line: usize) -> Vec<std::ops::Range<usize>> {
    let consumed = case.view.fronts.get(line).map_or(0, |front| front.consumed);
    let unread = case.unread(line);
    let mut ranges = Vec::new();
    let mut at = 0;
    while ranges.len() < 32
        && let Decoded::Frame(frame) = case.wire.decode(Side::Server, &unread[at..])
    {
        ranges.push(consumed + at..consumed + at + frame.length);
        at += frame.length;
    }
    if at < unread.len() {
        ranges.push(consumed + at..consumed + unread.len());
    }
    ranges
}

/// The frames in these bytes, which are the first of `length`.
fn in_words(case: &Case<'_>, from: Side, bytes: &[u8], length: usize) -> String {
    let mut words = Vec::new();
    let mut at = 0;
    while words.len() < 4
        && let Decoded::Frame(frame) = case.wire.decode(from, &bytes[at..])
    {
        words.push(describe::frame_in_words(&case.run.suite.grammar, &frame));
        at += frame.length;
    }
    if at < length {
        words.push(describe::count(length - at, "byte"));
    }
    words.join("; ")
}
