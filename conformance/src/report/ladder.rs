//! A conversation as a ladder: one rung per event, in order of time.

use std::fmt::Write;

use crate::run::{Direction, Event};

use super::paint::Paint;

/// A longer conversation is shown from here to its end, unless all of it is asked for.
const LAST_EVENTS: usize = 40;

/// The rungs, each on a line of its own.
pub(super) fn ladder(events: &[Event], whole: bool, paint: Paint) -> String {
    let mut out = String::new();
    let skipped = match whole {
        true => 0,
        false => events.len().saturating_sub(LAST_EVENTS),
    };
    if skipped > 0 {
        let _ = writeln!(out, "      ({skipped} events before; --verbose shows them)");
    }
    let shown = &events[skipped..];
    let width = shown
        .iter()
        .map(|event| event.lane.chars().count())
        .max()
        .unwrap_or(0);
    for event in shown {
        let rung = rung(event, width);
        let painted = if event.unexpected {
            paint.wrong(&rung)
        } else if event.foreign || event.fence {
            paint.faint(&rung)
        } else {
            rung
        };
        let _ = writeln!(out, "    {painted}");
    }
    out
}

/// The first 16 bytes; the explanation above shows those that matter.
fn first_bytes(hex: &str) -> String {
    match hex.char_indices().nth(16 * 3 - 1) {
        Some((end, _)) if hex.len() > end + 1 => format!("{} ...", &hex[..end]),
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
        rung.push_str("  (another case's)");
    }
    if event.fence {
        rung.push_str("  (fence)");
    }
    if event.unexpected {
        rung.push_str("  (nobody expected it)");
    }
    rung
}
