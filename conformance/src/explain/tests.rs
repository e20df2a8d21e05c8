//! Tests of the hints and of the tables of fields. They use frames of `lodge`, a protocol with little-endian numbers and
//! with a number of values before each list.

use std::path::Path;

use super::*;
use crate::evidence::{Failure, Look};
use crate::grammar::{Choices, Decoded, Side, Value};
use crate::suite::Suite;

fn text(text: &str) -> WantedField {
    WantedField::Is(Value::Text(text.to_owned()))
}

fn names(names: &[&str], among_others: bool) -> WantedField {
    WantedField::List(WantedList {
        items: names.iter().map(|name| text(name)).collect(),
        in_any_order: false,
        among_others,
    })
}

/// Describes the failure when the lodge sends these bytes instead of this packet.
fn described(packet: &str, fields: Vec<WantedField>, unread: &[u8]) -> Failure {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lodge");
    let lodge = Suite::read_folder(&folder).expect("lint finds nothing wrong with it");
    let grammar = &lodge.grammar;
    let wire = grammar.in_reading(&Choices::new());
    let packet = grammar.packet_named(packet).expect("it is declared");
    let wanted = WantedFrame { packet, fields };
    let shown = Shown {
        grammar,
        wire: &wire,
        lane: "alice",
        unread,
        end: None,
        stray: None,
    };
    match wire.decode(Side::Server, unread) {
        Decoded::Frame(frame) => wrong_frame(&shown, &wanted, &frame),
        Decoded::Partial(_) => no_frame(&shown, &wanted, &Look::Partial),
        Decoded::Broken { at, why, fields } => {
            no_frame(&shown, &wanted, &Look::Broken { at, why, fields })
        }
    }
}

/// Returns a MEMBERS frame with this number before the list of names.
fn members(number: [u8; 2], names: &[&str]) -> Vec<u8> {
    let size = u8::try_from(2 + 16 * names.len()).expect("they are few");
    let mut bytes = vec![b'L', b'G', 1, 4, size, 0];
    bytes.extend(number);
    for name in names {
        bytes.extend(format!("{name:\0<16}").bytes());
    }
    bytes
}

#[test]
fn a_wrong_number_of_values_gets_a_hint() {
    let wanted = ["ann", "bob"];
    for (number, hint) in [
        (
            [0, 2],
            "the number of names is sent in the other byte order",
        ),
        ([3, 0], "the number of names is too large by one"),
        ([1, 0], "the number of names is too small by one"),
        (
            [32, 0],
            "the number of names counts bytes; it must count values",
        ),
    ] {
        for wanted in [
            names(&wanted, false),
            names(&["bob"], true),
            WantedField::Any,
        ] {
            let failure = described("MEMBERS", vec![wanted], &members(number, &["ann", "bob"]));
            assert_eq!(failure.hint.as_deref(), Some(hint), "{number:?}");
        }
    }
    let other = described(
        "MEMBERS",
        vec![names(&wanted, false)],
        &members([7, 0], &wanted),
    );
    assert_eq!(other.hint, None);
}

#[test]
fn the_table_of_a_list_without_end_has_its_number_and_its_packet() {
    let wanted = names(&["ann", "bob"], false);
    let failure = described("MEMBERS", vec![wanted], &members([3, 0], &["ann", "bob"]));
    let rows: Vec<(&str, &str)> = failure
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.value.as_str()))
        .collect();
    assert_eq!(
        rows[2..],
        [
            ("opcode", "4 (MEMBERS)"),
            ("length", "34"),
            ("number of names", "3"),
            ("names 1", "\"ann\""),
            ("names 2", "\"bob\""),
        ]
    );
}

#[test]
fn the_same_values_in_another_order_get_a_hint() {
    let hint = "names has the right values, but in another order";
    for among_others in [false, true] {
        let wanted = names(&["ann", "bob"], among_others);
        let failure = described("MEMBERS", vec![wanted], &members([2, 0], &["bob", "ann"]));
        assert_eq!(failure.hint.as_deref(), Some(hint));
    }
    let wanted = names(&["ann", "bob"], false);
    let failure = described("MEMBERS", vec![wanted], &members([2, 0], &["bob", "eve"]));
    assert_eq!(failure.hint.as_deref(), Some("names lacks \"ann\""));
}

/// If only the length has the wrong byte order, the hint does not say that all numbers have it.
#[test]
fn a_length_in_the_other_byte_order_is_told_from_all_numbers() {
    let whole = |length: [u8; 2], number: [u8; 2]| {
        let mut bytes = members(number, &["ann"]);
        bytes.splice(4..6, length);
        bytes
    };
    let wanted = || vec![names(&["ann"], false)];
    for (bytes, hint) in [
        (
            whole([0, 18], [1, 0]),
            "the length of the frame is sent in the other byte order",
        ),
        (
            whole([0, 18], [0, 1]),
            "the numbers are sent in the other byte order",
        ),
    ] {
        let failure = described("MEMBERS", wanted(), &bytes);
        assert_eq!(failure.hint.as_deref(), Some(hint));
    }
    // The length is the only number in STRANGER.
    let mut bytes = vec![b'L', b'G', 1, 6, 0, 16];
    bytes.extend(format!("{:\0<16}", "ann").bytes());
    let failure = described("STRANGER", vec![text("ann")], &bytes);
    let hint = "the length of the frame is sent in the other byte order";
    assert_eq!(failure.hint.as_deref(), Some(hint));
}
