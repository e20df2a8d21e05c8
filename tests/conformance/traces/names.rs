//! Replaces the values that differ from run to run, such as names and ids, by fixed values.

use std::collections::BTreeSet;

use conformance::grammar::{Choices, Decoded, Grammar, Side, TypeKind, Value, Wire, is_uuid};
use conformance::run::{Direction, Event, TcpSign};
use conformance::scenario::{LaneName, Scenario};
use conformance::suite::Suite;

/// Signatures have at least this number of bytes. All other fields of bytes are shorter.
const SIGNATURE: usize = 64;

/// Maximum number of characters of the text that describes an event. A longer text contains a very long name, and is cut.
const WORDS: usize = 100;

/// The random ids of a server are larger than this number. All other numbers that a client has not sent before are smaller.
const DRAWN: i128 = 1 << 32;

/// The values that differ from run to run, and the fixed values that a recording has in their places.
///
/// - A name such as `alice-4f2a91` becomes `alice`. If the case demands a name of a certain length, the new name has the
///   same length.
/// - A UUID that is the name of a lane becomes `11111111-1111-4111-8111-111111111111`, and the UUID of the next lane begins
///   with 2.
/// - A random number from the server, such as a `connect_id`, becomes another large number, which is the same in each
///   recording.
/// - Each byte of a signature becomes `5a`.
pub(super) struct Names {
    replaced: Vec<(Vec<u8>, Vec<u8>)>,
    texts: Vec<(String, String)>,
}

impl Names {
    /// Returns what has to be replaced in these events of a case.
    pub(super) fn of(
        suite: &Suite,
        choices: &Choices,
        scenario: &Scenario,
        events: &[Event],
    ) -> Names {
        let grammar = &suite.grammar;
        let wire = grammar.in_reading(choices);
        let texts = names(scenario, events);
        let mut replaced: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (old, new) in &texts {
            let both = (Value::Text(old.clone()), Value::Text(new.clone()));
            replaced.extend(encoded(grammar, &wire, choices, &both));
        }
        let (mut drawn, mut sent) = (BTreeSet::new(), BTreeSet::new());
        for (side, field) in fields(&wire, events) {
            match field {
                Value::Int(number) if side == Side::Client => {
                    sent.insert(number);
                }
                Value::Int(number)
                    if number.abs() > DRAWN && !sent.contains(&number) && drawn.insert(number) =>
                {
                    let new = Value::Int(number_of(drawn.len()));
                    let both = (Value::Int(number), new);
                    replaced.extend(encoded(grammar, &wire, choices, &both));
                }
                Value::Bytes(bytes) if bytes.len() >= SIGNATURE => {
                    let blank = vec![0x5a; bytes.len()];
                    replaced.push((bytes, blank));
                }
                _ => {}
            }
        }
        // A longer value may contain a shorter one, so the longer values must be replaced first.
        replaced.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
        Names { replaced, texts }
    }

    /// Returns the event, with its names replaced as in a recording.
    pub(super) fn replaced(&self, event: &Event) -> Event {
        let mut text = event.text.clone();
        for (old, new) in &self.texts {
            text = text.replace(old, new);
        }
        if let Some((end, _)) = text.char_indices().nth(WORDS) {
            text.truncate(end);
            text.push_str("...");
        }
        let bytes = self.in_bytes(&event.data);
        let length = event.length + bytes.len() - event.data.len();
        let named = Event {
            text,
            ..event.clone()
        };
        named.with_bytes(&bytes, length)
    }

    fn in_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            let found = self.replaced.iter().find(|(old, _)| rest.starts_with(old));
            match found {
                Some((old, new)) => {
                    out.extend(new);
                    rest = &rest[old.len()..];
                }
                None => {
                    out.push(*first);
                    rest = after;
                }
            }
        }
        out
    }
}

/// Returns the number that replaces the `index`th random number of the server. The first index is 1.
fn number_of(index: usize) -> i128 {
    // Multiplying by 2^64 divided by the golden ratio gives numbers that look random.
    let spread = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    i128::from(spread >> 1)
}

/// Returns the names of the lanes in this play, and their names in a recording.
fn names(scenario: &Scenario, events: &[Event]) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = Vec::new();
    let connects = events
        .iter()
        .filter(|event| event.direction == Direction::Does && event.tcp == Some(TcpSign::Syn));
    for event in connects {
        let name = event.text.split('"').nth(1).unwrap_or_default().to_owned();
        if name.is_empty() || names.iter().any(|(old, _)| *old == name) {
            continue;
        }
        let lane = scenario.lanes.iter().find(|lane| lane.name == event.lane);
        let uuids = names.iter().filter(|(old, _)| is_uuid(old)).count();
        let new = match lane.map(|lane| &lane.login) {
            _ if is_uuid(&name) => uuid(uuids + 1),
            Some(LaneName::Fresh { exactly: Some(_) }) => same_length(&name),
            Some(LaneName::Setting(_)) => name.clone(),
            _ => without_random_part(&name),
        };
        names.push((name, new));
    }
    names
}

fn uuid(index: usize) -> String {
    let digit = format!("{:x}", index % 16).repeat(12);
    let part = |length| &digit[..length];
    format!(
        "{}-{}-4{}-8{}-{}",
        part(8),
        part(4),
        part(3),
        part(3),
        part(12)
    )
}

/// Returns `alice` for `alice-4f2a91`.
fn without_random_part(name: &str) -> String {
    match name.rsplit_once('-') {
        Some((lane, random)) if random.len() == 6 && !lane.is_empty() => lane.to_owned(),
        _ => name.to_owned(),
    }
}

/// Returns `zoexxxxxxxéé` for `zoe-4f2a91éé`.
fn same_length(name: &str) -> String {
    match name.split_once('-') {
        Some((lane, rest)) if rest.len() >= 6 => {
            let filler = rest.get(6..).unwrap_or_default();
            format!("{lane}xxxxxxx{filler}")
        }
        _ => name.to_owned(),
    }
}

/// For each type of the protocol, encodes both values as this type, and returns the bytes. Leaves out types that cannot
/// carry these values.
fn encoded(
    grammar: &Grammar,
    wire: &Wire,
    choices: &Choices,
    (old, new): &(Value, Value),
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = BTreeSet::new();
    for name in grammar.type_names() {
        let mut kinds = grammar.kinds_of_type(name, choices).into_iter();
        let is_whole = kinds.all(|kind| match kind {
            TypeKind::Int(int) => int.width() == 8,
            _ => true,
        });
        if let (true, Ok(old), Ok(new)) = (
            is_whole,
            wire.encode_typed(name, old),
            wire.encode_typed(name, new),
        ) {
            found.insert((old, new));
        }
    }
    found.into_iter().collect()
}

/// Returns the values of all frames in the events.
fn fields(wire: &Wire, events: &[Event]) -> Vec<(Side, Value)> {
    let mut values = Vec::new();
    for event in events {
        let side = match event.direction {
            Direction::Sends => Side::Client,
            Direction::Sees => Side::Server,
            Direction::Does | Direction::Ends => continue,
        };
        let mut rest = event.data.as_slice();
        while let Decoded::Frame(frame) = wire.decode(side, rest) {
            rest = &rest[frame.length..];
            values.extend(frame.fields.into_iter().map(|field| (side, field.value)));
        }
    }
    values
}
