//! The protocol in `tests/data/lodge`, whose packets have many shapes.

use std::path::Path;

use conformance::grammar::{Choices, Grammar, Side, Value};
use conformance::suite::Suite;

use crate::capture::{Said, each_byte, glued, side_by_side};
use crate::expected::{encoded, expected};
use crate::tshark::{dissected, infos, is_missing};

pub(crate) fn lodge() -> Grammar {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lodge");
    let suite = Suite::read_folder(&folder).expect("lint finds nothing wrong with it");
    suite.grammar
}

fn conversation(lodge: &Grammar) -> Vec<Said> {
    let text = |text: &str| Value::Text(text.to_owned());
    let names = Value::List(["alice", "zoë", "name-of-16-bytes"].map(text).to_vec());
    let frames = [
        (
            Side::Client,
            "ENTER",
            vec![text("alice"), Value::Int(0x10_20_30)],
        ),
        (Side::Server, "ENTERED", vec![]),
        (
            Side::Client,
            "SAY",
            vec![text("alice"), text("crème brûlée: 7 €")],
        ),
        (Side::Server, "SAY", vec![text("alice"), text("")]),
        (Side::Client, "WHO", vec![]),
        (Side::Server, "MEMBERS", vec![names]),
        (Side::Server, "MEMBERS", vec![Value::List(Vec::new())]),
        (
            Side::Client,
            "PAINT",
            vec![Value::Int(0xff_ff_ff), text("x")],
        ),
        (Side::Client, "SAY", vec![text(""), text(&"é".repeat(201))]),
    ];
    let said = frames
        .iter()
        .map(|(side, packet, values)| Said::new(0, *side, &encoded(lodge, *side, packet, values)));
    said.collect()
}

#[test]
fn every_shape_is_shown_as_the_suite_decodes_it() {
    if is_missing() {
        return;
    }
    let lodge = lodge();
    let said = conversation(&lodge);
    let said = side_by_side(&[said.clone(), each_byte(&said), glued(&said)]);
    let wanted = expected(&lodge, &Choices::new(), &said);
    assert_eq!(wanted[&(0, false)].len(), 5);
    assert_eq!(dissected(&lodge, &said, &[]), wanted);
}

#[test]
fn the_column_info_has_the_packet_and_its_values() {
    if is_missing() {
        return;
    }
    let lodge = lodge();
    let infos = infos(&lodge, &conversation(&lodge));
    assert_eq!(infos[0], "ENTER name=\"alice\" colour=1056816");
    assert_eq!(infos[1], "ENTERED");
    assert_eq!(
        infos[5],
        "MEMBERS names=[\"alice\" \"zoë\" \"name-of-16-bytes\"]"
    );
    let long = format!(
        "\"{}...\" [text has more than 200 characters]",
        "é".repeat(30)
    );
    assert!(infos[8].ends_with(&long), "{}", infos[8]);
}
