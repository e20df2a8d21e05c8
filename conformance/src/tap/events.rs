//! Makes a conversation for reports from the moments that the tap has recorded.

use std::collections::BTreeMap;

use crate::grammar::{Grammar, Side, Wire};
use crate::run::{Direction, Event, TcpSign, annotate, annotate_frame};

use super::record::{Moment, What};
use super::watch::Heard;

/// Maximum number of events in a conversation. Of a longer conversation, the earliest events are left out.
const KEPT_EVENTS: usize = 2000;

/// Returns the moments as a conversation. Each connection is a lane; `names` has the names of the lanes. If one side sends
/// raw bytes several times in a row, these bytes become one event.
#[must_use]
pub fn events(
    grammar: &Grammar,
    wire: &Wire,
    moments: &[Moment],
    names: &BTreeMap<usize, String>,
) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for moment in moments {
        let number = format!("client{}", moment.connection + 1);
        let name = names.get(&moment.connection).unwrap_or(&number);
        let event = event(grammar, wire, moment, name);
        if let (What::Said(_, Heard::Raw(_)), Some(last)) = (&moment.what, events.last_mut())
            && last.connection == event.connection
            && last.direction == event.direction
            && last.fields.is_empty()
            && last.length > 0
            && last.remark.is_none()
        {
            let mut bytes = std::mem::take(&mut last.data);
            bytes.extend(&event.data);
            let length = last.length + event.length;
            *last = std::mem::replace(last, event).with_bytes(&bytes, length);
            last.text = counted(length);
            continue;
        }
        events.push(event);
    }
    let skipped = events.len().saturating_sub(KEPT_EVENTS);
    events.split_off(skipped)
}

/// Returns one moment as an event; `lane` is the name of its lane.
#[must_use]
pub fn event(grammar: &Grammar, wire: &Wire, moment: &Moment, lane: &str) -> Event {
    let blank = |direction, text| Event {
        at_ms: moment.at.as_secs_f64() * 1000.0,
        ..Event::of_words(lane, moment.connection, direction, text)
    };
    let (side, heard) = match &moment.what {
        What::Opened { peer } => {
            return blank(Direction::Does, format!("connects from {peer}")).with_sign(TcpSign::Syn);
        }
        What::Refused { why } => {
            let refused = blank(Direction::Ends, why.clone()).with_sign(TcpSign::Rst);
            return Event {
                unexpected: true,
                ..refused
            };
        }
        What::Said(side, heard) => (*side, heard),
    };
    let direction = match side {
        Side::Client => Direction::Sends,
        Side::Server => Direction::Sees,
    };
    let ends = match side {
        Side::Client => Direction::Does,
        Side::Server => Direction::Ends,
    };
    let mut event = match heard {
        Heard::Frame { frame, bytes, .. } => blank(direction, String::new())
            .with_bytes(bytes, bytes.len())
            .with_meaning(annotate_frame(grammar, wire, frame, bytes)),
        Heard::Broken { bytes, .. } | Heard::LeftOver(bytes) => blank(direction, String::new())
            .with_bytes(bytes, bytes.len())
            .with_meaning(annotate(grammar, wire, side, bytes, bytes.len())),
        Heard::Raw(bytes) => blank(direction, counted(bytes.len())).with_bytes(bytes, bytes.len()),
        Heard::Fin => blank(ends, "sends no more (FIN)".to_owned()).with_sign(TcpSign::Fin),
        Heard::Reset => {
            blank(ends, "resets the connection (RST)".to_owned()).with_sign(TcpSign::Rst)
        }
    };
    event.remark = heard.wrong();
    event.unexpected |= event.remark.is_some();
    event
}

fn counted(length: usize) -> String {
    let plural = if length == 1 { "" } else { "s" };
    format!("{length} byte{plural}")
}
