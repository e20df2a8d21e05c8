//! Tests with every recorded conversation of the five protocols.

use std::collections::BTreeMap;

use conformance::grammar::{Choices, Side};
use conformance::run::{Direction, Event, TcpSign};
use conformance::suite::Suite;
use conformance::trace::Recording;
use rstest::rstest;

use crate::capture::Said;
use crate::expected::{agree, expected};
use crate::tshark::{dissected, is_missing};

/// Adds the conversation of a case. Its connections get new numbers.
fn add(said: &mut Vec<Said>, events: &[Event], connections: &mut usize) {
    let mut lanes: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for event in events {
        let side = match event.direction {
            Direction::Sends => Side::Client,
            Direction::Sees => Side::Server,
            Direction::Does | Direction::Ends => {
                if event.tcp == Some(TcpSign::Syn) {
                    lanes.insert(&event.lane, None);
                }
                continue;
            }
        };
        let connection = lanes.entry(&event.lane).or_default();
        let connection = *connection.get_or_insert_with(|| {
            *connections += 1;
            *connections - 1
        });
        said.push(Said::new(connection, side, &event.data));
    }
}

/// Returns the recorded conversations of a protocol, without those of which some bytes are missing. Conversations with the
/// same choices of the readings are joined.
pub(crate) fn conversations(suite: &Suite) -> BTreeMap<Choices, Vec<Said>> {
    let recording = Recording::of(&suite.name).expect("the protocol has a recording");
    let mut conversations: BTreeMap<Choices, (Vec<Said>, usize)> = BTreeMap::new();
    for scenario in &suite.scenarios {
        let Some((mut choices, case)) = recording.find(&scenario.id) else {
            continue;
        };
        let is_usable = |event: &Event| {
            let is_whole = event.length == event.data.len();
            // Skip a broken TLS handshake, which begins with these two bytes: the dissector gives it to Wireshark's own
            // dissector of TLS.
            is_whole && !event.data.starts_with(&[0x16, 3])
        };
        if case.lacking.is_some() || case.more > 0 || !case.events.iter().all(is_usable) {
            continue;
        }
        // Keep only the choices of readings that are in the grammar: other choices do not change how the bytes are decoded.
        choices.retain(|name, _| suite.grammar.reading_named(name).is_some());
        let (said, connections) = conversations.entry(choices).or_default();
        add(said, &case.events, connections);
    }
    let said = conversations.into_iter();
    said.map(|(choices, (said, _))| (choices, said)).collect()
}

#[rstest]
#[case::chaton("chaton", 90)]
#[case::chatos_groupe2("chatos-groupe2", 100)]
#[case::chatos_1_0("chatos-1.0", 90)]
#[case::chathack("chathack", 80)]
#[case::chatr("chatr", 50)]
fn every_frame_is_shown_as_the_suite_decodes_it(#[case] protocol: &str, #[case] at_least: usize) {
    if is_missing() {
        return;
    }
    let suite = Suite::built_in(protocol).expect("it is a protocol");
    let mut ends = 0;
    for (choices, said) in conversations(&suite) {
        let wanted = expected(&suite.grammar, &choices, &said);
        let shown = dissected(&suite.grammar, &said, &[]);
        agree(&wanted, &shown);
        ends += wanted.len();
    }
    assert!(ends >= at_least, "only {ends} ends of connections");
}
