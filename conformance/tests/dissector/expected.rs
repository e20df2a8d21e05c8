//! What the codec of the suite decodes from a conversation.

use std::collections::BTreeMap;

use conformance::grammar::{
    Choices, Constant, DecodedField, Frame, Grammar, HeadPart, Side, Value,
};
use conformance::tap::{Heard, Watch, Wires};

use crate::capture::Said;
use crate::tshark::{End, Item, end, push};

/// Returns what each end of each connection sent, as the suite's tap decodes it: frames, and bytes that are not frames.
pub(crate) fn expected(
    grammar: &Grammar,
    choices: &Choices,
    said: &[Said],
) -> BTreeMap<End, Vec<Item>> {
    let wires = Wires::new(grammar, choices);
    let mut watches: BTreeMap<usize, Watch<'_>> = BTreeMap::new();
    let mut ends: BTreeMap<End, Vec<Item>> = BTreeMap::new();
    for said in said {
        let watch = watches.entry(said.connection);
        let watch = watch.or_insert_with(|| Watch::new(grammar, &wires));
        let items = ends.entry(end(said.connection, said.side)).or_default();
        for heard in watch.hear(said.side, &said.bytes) {
            let is_lost = items.last().is_some_and(|item| item.what == "undecoded");
            push(items, item(grammar, &heard, is_lost));
        }
    }
    ends.retain(|_, items| !items.is_empty());
    ends
}

/// Checks that tshark shows what the suite decodes, up to the first bytes that the suite cannot decode. At these bytes,
/// tshark must report the same mistake as the suite. After that it may show more than the suite: the dissector can decode a
/// text that is not UTF-8, and it can find the next frame if the frames have a length.
pub(crate) fn agree(wanted: &BTreeMap<End, Vec<Item>>, shown: &BTreeMap<End, Vec<Item>>) {
    let ends = |items: &BTreeMap<End, Vec<Item>>| items.keys().copied().collect::<Vec<End>>();
    assert_eq!(ends(shown), ends(wanted));
    for (end, wanted) in wanted {
        let shown = &shown[end];
        let differs = |index: &usize| shown.get(*index) != wanted.get(*index);
        let Some(at) = (0..shown.len().max(wanted.len())).find(differs) else {
            continue;
        };
        let mistakes = |items: &[Item]| items.get(at).map(|item| item.mistakes.clone());
        let found = mistakes(shown);
        assert_eq!(
            found,
            mistakes(wanted),
            "{end:?}: {shown:?} instead of {wanted:?}"
        );
        assert_ne!(
            found,
            Some(Vec::new()),
            "{end:?}: {shown:?} instead of {wanted:?}"
        );
    }
}

fn item(grammar: &Grammar, heard: &Heard, is_lost: bool) -> Item {
    let mistakes = heard.wrong().into_iter().collect();
    match heard {
        Heard::Frame { frame, bytes, .. } => Item {
            what: grammar.packet(frame.packet).name.clone(),
            fields: fields(grammar, frame, bytes),
            mistakes,
        },
        Heard::Broken { bytes, .. } => other("undecoded", bytes, mistakes),
        Heard::Raw(bytes) if is_lost => other("undecoded", bytes, mistakes),
        Heard::Raw(bytes) => other("tunnel", bytes, mistakes),
        other => panic!("a conversation of a test has no {other:?}"),
    }
}

fn other(what: &str, bytes: &[u8], mistakes: Vec<String>) -> Item {
    Item {
        what: what.to_owned(),
        fields: BTreeMap::from([(what.to_owned(), vec![in_hex(bytes)])]),
        mistakes,
    }
}

fn in_hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(":")
}

fn fields(grammar: &Grammar, frame: &Frame, bytes: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut fields = BTreeMap::new();
    let is_bytes = |name: &str| {
        let constant = |part: &HeadPart| match part {
            HeadPart::Constant(Constant {
                name, int: None, ..
            }) => Some(name.clone()),
            _ => None,
        };
        grammar
            .head
            .parts
            .iter()
            .filter_map(constant)
            .any(|known| known == name)
    };
    for field in &frame.head {
        let mut field = DecodedField {
            prefix: 0,
            ..field.clone()
        };
        if is_bytes(&field.name) {
            field.value = Value::Bytes(bytes[field.bytes.clone()].to_vec());
        }
        add(&field.name, &field, &mut fields);
    }
    for field in &frame.fields {
        add(&field.name, field, &mut fields);
    }
    fields
}

/// Adds what Wireshark shows for a field. `name` is the name of the field, or of the list to which it belongs.
fn add(name: &str, field: &DecodedField, fields: &mut BTreeMap<String, Vec<String>>) {
    // Wireshark does not accept every character in the names of fields, so `-` becomes `_`.
    let mut push = |name: String, value: String| {
        let name = name.replace('-', "_");
        fields.entry(name).or_default().push(value);
    };
    let counted = |length: usize| (field.prefix > 0).then(|| length.to_string());
    let length = |value: usize| (format!("{name}.length"), counted(value));
    let (prefix, value) = match &field.value {
        Value::Absent => return,
        Value::Int(number) => (None, number.to_string()),
        Value::Text(text) => (Some(length(text.len())), text.replace('\0', "\u{2400}")),
        Value::Bytes(bytes) => (Some(length(bytes.len())), in_hex(bytes)),
        Value::List(values) => {
            if let Some(count) = counted(values.len()) {
                push(format!("{name}.count"), count);
            }
            let is_value = |part: &&DecodedField| part.name.starts_with(&format!("{name} "));
            let parts = field.parts.iter().filter(is_value);
            return parts.for_each(|part| add(name, part, fields));
        }
    };
    if let Some((key, Some(length))) = prefix {
        push(key, length);
    }
    push(name.to_owned(), value);
}

/// Returns the bytes of a packet with these values.
pub(crate) fn encoded(grammar: &Grammar, side: Side, packet: &str, values: &[Value]) -> Vec<u8> {
    let wire = grammar.in_reading(&Choices::new());
    let packet = grammar.packet_named(packet).expect("the packet exists");
    wire.encode(side, packet, values).expect("the values fit")
}
