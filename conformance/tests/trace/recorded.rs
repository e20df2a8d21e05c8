//! Tests of recorded conversations as text.

use std::path::Path;

use conformance::grammar::{Decoded, Side};
use conformance::report::{Paint, trace_text};
use conformance::run::Direction;
use conformance::suite::Suite;
use conformance::trace::{Recording, Trace};
use rstest::rstest;

use crate::{assert_kept, conformance, err, out};

#[rstest]
#[case::chaton("chaton", "login-taken")]
#[case::chatos_groupe2("chatos-groupe2", "close-before-both-ends")]
#[case::chatos_1_0("chatos-1.0", "tunnel-established")]
#[case::chathack("chathack", "validate")]
#[case::chatr("chatr", "accept")]
fn the_text_has_a_row_for_each_field(#[case] protocol: &str, #[case] case: &str) {
    let output = conformance(&["show", protocol, case, "--trace"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces");
    let file = data.join(format!("{protocol}-{case}.txt"));
    assert_kept(&file, &out(&output));
}

#[test]
fn the_table_of_the_guide_is_what_the_command_prints() {
    let guide = include_str!("../../GUIDE.md");
    let (_, after) = guide
        .split_once("    alice > LOGIN, 10 bytes\n")
        .expect("the guide shows a frame");
    let rows: Vec<&str> = after
        .lines()
        .map_while(|line| line.strip_prefix("    "))
        .collect();
    let shown = out(&conformance(&[
        "show",
        "chaton",
        "login-accepted",
        "--trace",
    ]));
    let table = format!("alice > LOGIN, 10 bytes\n{}\n", rows.join("\n"));
    assert!(rows.len() == 3 && shown.contains(&table), "{shown}");
}

/// Returns the traces of a protocol: one for each case whose conversation is recorded.
pub(crate) fn traces(suite: &Suite) -> Vec<(String, Trace)> {
    let recording = Recording::of(&suite.name).expect("the protocol has a recording");
    let cases = suite.scenarios.iter().filter_map(|scenario| {
        let (choices, case) = recording.find(&scenario.id)?;
        if case.lacking.is_some() {
            return None;
        }
        let trace = Trace::of(suite, scenario, &choices, &case.events, String::new());
        Some((scenario.id.clone(), trace))
    });
    cases.collect()
}

#[test]
fn every_case_of_every_protocol_is_recorded() {
    for name in Suite::built_in_names() {
        let suite = Suite::built_in(name).expect("it is a protocol");
        let recording = Recording::of(name).expect("the protocol has a recording");
        let lacks: Vec<&String> = suite
            .scenarios
            .iter()
            .map(|scenario| &scenario.id)
            .filter(|id| recording.find(id).is_none())
            .collect();
        assert!(
            lacks.is_empty(),
            "{name} has no conversation of {lacks:?}; TRACES_RECORD=1 cargo test --test conformance as_recorded records them"
        );
    }
}

/// The parts of a block follow each other without a gap. No packet that the server sent is called a mistake.
#[test]
fn every_byte_belongs_to_exactly_one_part() {
    for name in Suite::built_in_names() {
        let suite = Suite::built_in(name).expect("it is a protocol");
        for (id, trace) in traces(&suite) {
            assert!(!trace.blocks.is_empty(), "{name}: {id}");
            for block in &trace.blocks {
                let mut at = 0;
                for part in &block.parts {
                    assert_eq!(part.offset, at, "{name}: {id}: {block:?}");
                    at += part.length;
                }
                assert_eq!(at, block.length, "{name}: {id}: {block:?}");
                let is_sent = block.direction == Direction::Sees;
                assert!(
                    !is_sent || block.remark.is_none(),
                    "{name}: {id}: {block:?}"
                );
            }
        }
    }
}

/// A frame that a client sends in two pieces is shown in two blocks. The title of the second block also names the packet.
#[test]
fn the_rest_of_a_frame_names_its_packet() {
    let suite = Suite::built_in("chaton").expect("it is a protocol");
    let scenario = suite.scenario("login-accepted").expect("it is a case");
    let text = "case a\nalice - connects (its name is \"alice\")\nalice > 00000000056169\nalice > 696365 00000000\n";
    let recording = Recording::read(text).expect("it has no mistake");
    let events = &recording.cases[0].events;
    let trace = Trace::of(&suite, scenario, &recording.choices, events, String::new());
    let titles: Vec<&str> = trace
        .blocks
        .iter()
        .map(|block| block.title.as_str())
        .collect();
    assert_eq!(
        titles[1..],
        [
            "7 bytes of an incomplete frame",
            "LOGIN, the rest",
            "4 bytes of an incomplete frame"
        ]
    );
    let wire = suite.grammar.in_reading(&recording.choices);
    let whole: Vec<u8> = events.iter().flat_map(|event| event.data.clone()).collect();
    let decoded = wire.decode(Side::Client, &whole);
    assert!(matches!(decoded, Decoded::Frame(frame) if frame.length == 10));
}

/// A list has one row for the number of its values, and one for each value.
#[test]
fn the_number_of_values_of_a_list_has_one_row() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lodge");
    let lodge = Suite::read_folder(&folder).expect("lint finds nothing wrong with it");
    let scenario = lodge.scenario("who").expect("it is a case");
    let name = |first: &str| format!("{first}{}", "00".repeat(15));
    let members = format!("4c4701042200 0200 {} {}", name("61"), name("62"));
    let text = format!("case who\nalice - connects\nalice < {members}\n");
    let recording = Recording::read(&text).expect("it has no mistake");
    let events = &recording.cases[0].events;
    let trace = Trace::of(&lodge, scenario, &recording.choices, events, String::new());
    let shown = trace_text(&trace, Paint::Plain);
    let rows: Vec<String> = shown
        .lines()
        .map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|row| row.contains(" names") || row.contains("number"))
        .collect();
    let zeros = "00 ".repeat(7);
    assert_eq!(
        rows,
        [
            "6 02 00 number of names 2".to_owned(),
            format!("8 61 {zeros}names 1 \"a\""),
            format!("24 62 {zeros}names 2 \"b\""),
        ],
        "{shown}"
    );
}

/// After the tunnel has opened, its bytes are not shown as packets, even if they look like a packet.
#[test]
fn the_bytes_of_a_tunnel_are_not_decoded() {
    let output = conformance(&["show", "chaton", "tunnel-is-not-interpreted", "--trace"]);
    let shown = out(&output);
    let (_, tunnel) = shown.split_once("ESTABLISHED").expect("the tunnel opens");
    assert!(!tunnel.contains(" > MESSAGE,"), "{tunnel}");
    assert!(tunnel.contains("left > 30 bytes\n"), "{tunnel}");
}

#[test]
fn a_mebibyte_is_recorded_in_a_few_bytes() {
    let output = conformance(&["show", "chaton", "tunnel-relays-a-mebibyte", "--trace"]);
    let shown = out(&output);
    assert!(shown.contains("left > 1048576 bytes\n"), "{shown}");
    assert!(shown.contains("more bytes\n"), "{shown}");
    assert!(shown.len() < 10_000, "{} bytes", shown.len());
}
