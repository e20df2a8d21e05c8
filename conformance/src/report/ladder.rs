//! A conversation as a ladder: one rung per event, in order of time.

use std::fmt::Write;
use std::ops::Range;

use crate::run::{Direction, Event};

use super::paint::Paint;
use super::shown::shown_event;
use crate::text;

/// Returns one rung, for a conversation that is shown live.
#[must_use]
pub fn live(event: &Event, paint: Paint) -> String {
    painted(&shown_event(event, text::line), LIVE_LANE, paint)
}

/// Returns the last rungs (events) of a conversation, one per line: at most `most` of them, or all if it is `None`.
pub(super) fn ladder(events: &[Event], most: Option<usize>, paint: Paint) -> String {
    let mut out = String::new();
    let runs = runs(events);
    let skipped = most.map_or(0, |most| runs.len().saturating_sub(most));
    if let Some(first) = runs.get(skipped).filter(|_| skipped > 0) {
        let before = first.start;
        let _ = writeln!(out, "      ({before} earlier events; --verbose shows them)");
    }
    let width = events
        .iter()
        .map(|event| event.lane.chars().count())
        .max()
        .unwrap_or(0);
    for run in runs.into_iter().skip(skipped) {
        let shown = if most.is_none() { run.len() } else { 1 };
        for event in events.iter().skip(run.start).take(shown) {
            let _ = writeln!(out, "    {}", painted(event, width, paint));
        }
        if run.len() > shown {
            let more = run.len() - shown;
            let _ = writeln!(out, "      ({more} more like this)");
        }
    }
    out
}

/// The width of a lane's name in a live conversation, in columns. The width is fixed, because the longest name is not known
/// yet.
const LIVE_LANE: usize = 9;

/// Returns groups of consecutive similar events. All events of a group have the same lane, direction and packet.
pub(super) fn runs(events: &[Event]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match runs.last_mut() {
            Some(run)
                if events
                    .get(run.start)
                    .is_some_and(|first| alike(first, event)) =>
            {
                run.end = index + 1;
            }
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

pub(super) fn alike(one: &Event, other: &Event) -> bool {
    let packet = |event: &Event| event.text.split(' ').next().map(str::to_owned);
    one.lane == other.lane
        && one.direction == other.direction
        && one.unexpected == other.unexpected
        && one.foreign == other.foreign
        && one.fence == other.fence
        && one.length > 0
        && packet(one) == packet(other)
}

fn painted(event: &Event, width: usize, paint: Paint) -> String {
    let rung = rung(event, width);
    if event.unexpected {
        paint.wrong(&rung)
    } else if event.foreign || event.fence || event.unasked {
        paint.faint(&rung)
    } else {
        rung
    }
}

/// Returns the first 16 bytes. The explanation above the conversation shows all bytes of the frame that was wrong.
fn first_bytes(hex: &str) -> String {
    match hex.char_indices().nth(16 * 3 - 1) {
        Some((end, _)) if hex.len() > end + 1 => {
            format!("{} ...", hex.get(..end).unwrap_or_default())
        }
        _ => hex.to_owned(),
    }
}

fn rung(event: &Event, width: usize) -> String {
    let arrow = match event.direction {
        Direction::Sends => "-->",
        Direction::Sees => "<--",
        Direction::Does => " - ",
        Direction::Ends => "<-|",
    };
    let mut rung = format!(
        "{:>9.1} ms  {:width$} {arrow} {}",
        event.at_ms, event.lane, event.text
    );
    if !event.bytes.is_empty() {
        let _ = write!(rung, "  [{}]", first_bytes(&event.bytes));
    }
    if event.foreign {
        rung.push_str("  (of another case)");
    }
    if event.fence {
        rung.push_str("  (fence)");
    }
    if event.unasked {
        rung.push_str("  (unasked)");
    }
    match &event.remark {
        Some(remark) => {
            let _ = write!(rung, "  ({remark})");
        }
        None if event.unexpected => rung.push_str("  (not expected)"),
        None => {}
    }
    rung
}
