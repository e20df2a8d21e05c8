//! A conversation as a picture: a line per lane on the left, the target on the right, and arrows between them.

use std::ops::Range;

use serde::Serialize;

use crate::report::ladder::{alike, runs};
use crate::report::words::counted;
use crate::run::{Direction, Event, Failure};

/// The number of colours for the fields of a frame. If a frame has more fields, the colours repeat. The opcode has a colour
/// of its own.
const FIELD_COLOURS: usize = 6;

/// Of a large group of similar events, this number of events is shown.
const SHOWN_OF_ALIKE: usize = 3;

/// The part of a conversation that is shown.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Bounds {
    rungs: usize,
    from_the_end: bool,
}

impl Bounds {
    /// The end of the conversation, for cases that failed and for the tap.
    pub(in crate::report) const LAST: Bounds = Bounds {
        rungs: 300,
        from_the_end: true,
    };

    /// The first few events of the conversation, for cases that did not fail. They show what such a case does.
    pub(in crate::report) const FIRST: Bounds = Bounds {
        rungs: 40,
        from_the_end: false,
    };
}

/// A conversation, ready to be drawn.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Ladder {
    lanes: Vec<String>,
    before: usize,
    rungs: Vec<Rung>,
    after: usize,
}

#[derive(Debug, Serialize)]
struct Rung {
    /// The kind of rung, as a CSS class of the page: `sends`, `sees`, `does`, `ends`, `more` or `wrong`.
    kind: &'static str,
    time: String,
    /// The number of the event's lane, from 0.
    lane: usize,
    name: String,
    packet: String,
    text: String,
    foreign: bool,
    fence: bool,
    unexpected: bool,
    remark: Option<String>,
    bytes: Vec<Piece>,
    /// The number of bytes that are not shown.
    hidden: usize,
}

/// Bytes of one field.
#[derive(Debug, Serialize)]
struct Piece {
    /// The number of a colour: 0 for an opcode, 1 and more for fields, `None` for bytes without a meaning.
    colour: Option<usize>,
    hex: String,
    about: String,
}

impl Ladder {
    /// Returns the conversation, with an extra rung for the failure at the moment at which it happened.
    pub(in crate::report) fn of(
        events: &[Event],
        failure: Option<&Failure>,
        bounds: Bounds,
    ) -> Ladder {
        let mut lanes: Vec<String> = Vec::new();
        for event in events {
            if !lanes.contains(&event.lane) {
                lanes.push(event.lane.clone());
            }
        }
        let shown = shown(events, bounds);
        let wrong_after = failure.map(|failure| moment(events, failure));
        let mut rungs = Vec::new();
        for run in runs(events) {
            if run.start < shown.start || run.start >= shown.end {
                continue;
            }
            rungs.extend(of_run(events, &run, &lanes));
            if let Some(failure) =
                failure.filter(|_| wrong_after.is_some_and(|index| run.contains(&index)))
            {
                rungs.push(wrong(failure, &lanes));
            }
        }
        if let Some(failure) = failure.filter(|_| !events.is_empty())
            && !rungs.iter().any(|rung| rung.kind == "wrong")
        {
            rungs.push(wrong(failure, &lanes));
        }
        Ladder {
            lanes,
            before: shown.start,
            rungs,
            after: events.len() - shown.end,
        }
    }
}

/// Returns the events that are shown: whole groups of similar events, as many as the bounds allow.
fn shown(events: &[Event], bounds: Bounds) -> Range<usize> {
    let runs = runs(events);
    let first = match bounds.from_the_end {
        true => runs.len().saturating_sub(bounds.rungs),
        false => 0,
    };
    let start = runs.get(first).map_or(0, |run| run.start);
    let end = match bounds.from_the_end {
        true => events.len(),
        false => runs.get(bounds.rungs).map_or(events.len(), |run| run.start),
    };
    start..end
}

/// Returns the index of the event after which the failure is shown: the first unexpected event on the lane that failed, or
/// else the last event.
fn moment(events: &[Event], failure: &Failure) -> usize {
    let on_lane = |event: &Event| failure.lane.as_ref().is_none_or(|lane| event.lane == *lane);
    events
        .iter()
        .position(|event| event.unexpected && on_lane(event))
        .unwrap_or(events.len().saturating_sub(1))
}

fn of_run(events: &[Event], run: &Range<usize>, lanes: &[String]) -> Vec<Rung> {
    let of_run = events.get(run.clone()).unwrap_or_default();
    // The events of a small group are shown one by one. Of a large group, only the first events are shown, followed by the
    // number of the others.
    let shown = match of_run.len() {
        few if few <= SHOWN_OF_ALIKE + 1 => few,
        _ => SHOWN_OF_ALIKE,
    };
    let mut rungs: Vec<Rung> = of_run
        .iter()
        .take(shown)
        .map(|event| Rung::of(event, lanes))
        .collect();
    if let Some(next) = of_run.get(shown) {
        debug_assert!(of_run.first().is_some_and(|first| alike(first, next)));
        rungs.push(Rung {
            kind: "more",
            text: format!("and {} more like this", of_run.len() - shown),
            packet: String::new(),
            bytes: Vec::new(),
            hidden: 0,
            time: String::new(),
            ..Rung::of(next, lanes)
        });
    }
    rungs
}

fn wrong(failure: &Failure, lanes: &[String]) -> Rung {
    let name = failure.lane.clone().unwrap_or_default();
    Rung {
        kind: "wrong",
        time: String::new(),
        lane: lanes.iter().position(|lane| *lane == name).unwrap_or(0),
        name,
        packet: failure.expected.clone(),
        text: failure.got.clone(),
        foreign: false,
        fence: false,
        unexpected: true,
        remark: None,
        bytes: Vec::new(),
        hidden: 0,
    }
}

impl Rung {
    fn of(event: &Event, lanes: &[String]) -> Rung {
        let (packet, text) = match event.text.split_once(' ') {
            Some((packet, text)) if is_packet(packet) => (packet, text),
            None if is_packet(&event.text) => (event.text.as_str(), ""),
            _ => ("", event.text.as_str()),
        };
        let bytes = pieces(event);
        let count = |hex: &str| hex.split_whitespace().filter(|pair| *pair != "...").count();
        let hidden = event.length.saturating_sub(count(&event.bytes));
        Rung {
            kind: match event.direction {
                Direction::Sends => "sends",
                Direction::Sees => "sees",
                Direction::Does => "does",
                Direction::Ends => "ends",
            },
            time: format!("{:.1}", event.at_ms),
            lane: lanes
                .iter()
                .position(|lane| *lane == event.lane)
                .unwrap_or(0),
            name: event.lane.clone(),
            packet: packet.to_owned(),
            text: text.to_owned(),
            foreign: event.foreign,
            fence: event.fence,
            unexpected: event.unexpected,
            remark: event.remark.clone(),
            bytes,
            hidden,
        }
    }
}

/// Returns whether the word is the name of a packet. Only these names are written in capitals.
fn is_packet(word: &str) -> bool {
    let word = word.trim_end_matches(';');
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word
            .chars()
            .all(|each| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '_')
}

/// Returns the bytes that are shown, divided where fields begin and end.
fn pieces(event: &Event) -> Vec<Piece> {
    let pairs: Vec<&str> = event
        .bytes
        .split_whitespace()
        .filter(|pair| *pair != "...")
        .collect();
    let shown = |from: usize, to: usize| pairs.get(from..to).unwrap_or_default();
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut colour = 0;
    for field in &event.fields {
        let start = field.offset.clamp(at, pairs.len());
        let end = (field.offset + field.length).clamp(start, pairs.len());
        if start > at {
            pieces.push(nameless(shown(at, start), at));
        }
        colour = match field.name.as_str() {
            "opcode" => 0,
            _ => colour % FIELD_COLOURS + 1,
        };
        if end > start {
            pieces.push(Piece {
                colour: Some(colour),
                hex: shown(start, end).join(" "),
                about: format!(
                    "{} = {} · {} from offset {}",
                    field.name,
                    field.value,
                    counted(field.length, "byte"),
                    field.offset
                ),
            });
        }
        at = end;
    }
    if at < pairs.len() {
        pieces.push(nameless(shown(at, pairs.len()), at));
    }
    pieces
}

fn nameless(pairs: &[&str], at: usize) -> Piece {
    Piece {
        colour: None,
        hex: pairs.join(" "),
        about: format!("{} from offset {at}", counted(pairs.len(), "byte")),
    }
}
