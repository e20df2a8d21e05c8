//! Tests of negotiations: TCPAsk and TCPAbort.

use std::time::Duration;

use matou_protocols::chatos_1_0::Options;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn an_ask_is_relayed_only_to_its_recipient() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("alice", ask("alice", "bob", 7)),
        ["bob < TCPAsk alice bob 7", "alice < ERROR OK"]
    );
}

#[rstest]
#[case::under_another_name(ask("bob", "carol", 7), "Invalid Pseudonym")]
#[case::under_an_empty_name(ask("", "unknown", 7), "Invalid Pseudonym")]
#[case::to_an_unknown_recipient(ask("alice", "unknown", 7), "Unreachable User")]
#[case::that_runs_already(ask("alice", "bob", 1), "TCP In Protocole")]
fn an_ask_that_is_not_relayed_is_answered_with_its_error_and_an_abort(
    #[case] frame: matou_protocols::chatos_1_0::Frame<'_>,
    #[case] code: &str,
) {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", ask("alice", "bob", 1));
    let matou_protocols::chatos_1_0::Frame::TcpAsk(asked) = frame else {
        panic!("{frame} is no TCPAsk")
    };
    let (sender, recipient, password) = (asked.sender, asked.recipient, asked.password);
    assert_eq!(
        chat.says("alice", frame),
        [
            format!("alice < ERROR {code}"),
            format!("alice < TCPAbort {sender} {recipient} {password}")
        ]
    );
    // The earlier negotiation continues.
    assert_eq!(chat.says("bob", abort("alice", "bob", 1)).len(), 2);
}

#[test]
fn a_repeated_ask_is_not_relayed_during_its_negotiation() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob", 7));
    chat.passes(Duration::from_mins(9));
    assert_eq!(
        chat.says("alice", ask("alice", "bob", 7)),
        [
            "alice < ERROR TCP In Protocole",
            "alice < TCPAbort alice bob 7"
        ]
    );
}

#[test]
fn another_password_or_the_opposite_direction_is_another_negotiation() {
    let mut chat = Chat::among(["alice", "bob"]);
    for (asker, target, password) in [
        ("alice", "bob", 0),
        ("alice", "bob", i16::MIN),
        ("alice", "bob", i16::MAX),
        ("alice", "bob", -1),
        ("bob", "alice", 0),
        ("bob", "alice", -1),
    ] {
        assert_eq!(
            chat.says(asker, ask(asker, target, password)),
            [
                format!("{target} < TCPAsk {asker} {target} {password}"),
                format!("{asker} < ERROR OK")
            ]
        );
    }
    assert_eq!(
        chat.says("bob", abort("alice", "bob", -1)),
        [
            "alice < TCPAbort alice bob -1",
            "bob < TCPAbort alice bob -1"
        ]
    );
    assert_eq!(
        chat.says("alice", abort("bob", "alice", -1)),
        [
            "bob < TCPAbort bob alice -1",
            "alice < TCPAbort bob alice -1"
        ]
    );
    assert_eq!(chat.says("bob", abort("alice", "bob", 0)).len(), 2);
}

#[test]
fn an_abort_is_sent_once_to_both_parties_and_ends_the_negotiation() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", ask("alice", "bob", 7));
    assert_eq!(
        chat.says("bob", abort("alice", "bob", 7)),
        ["alice < TCPAbort alice bob 7", "bob < TCPAbort alice bob 7"]
    );
    assert_eq!(
        chat.says("bob", abort("alice", "bob", 7)),
        ["bob < ERROR TCP Not In Protocole"]
    );
    assert_eq!(
        chat.says("alice", ask("alice", "bob", 7)),
        ["bob < TCPAsk alice bob 7", "alice < ERROR OK"],
        "the asker may ask again"
    );
}

#[test]
fn an_abort_of_another_client_than_the_recipient_is_an_error() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", ask("alice", "bob", 7));
    for (who, frame, code) in [
        ("alice", abort("alice", "bob", 7), "Invalid Pseudonym"),
        ("carol", abort("alice", "bob", 7), "Invalid Pseudonym"),
        ("alice", abort("bob", "alice", 7), "TCP Not In Protocole"),
        ("carol", abort("alice", "carol", 7), "TCP Not In Protocole"),
        ("bob", abort("carol", "bob", 7), "TCP Not In Protocole"),
        ("bob", abort("unknown", "bob", 7), "TCP Not In Protocole"),
        ("bob", abort("alice", "bob", -7), "TCP Not In Protocole"),
    ] {
        assert_eq!(
            chat.says(who, frame),
            [format!("{who} < ERROR {code}")],
            "{who}: {frame}"
        );
    }
    assert_eq!(chat.says("bob", abort("alice", "bob", 7)).len(), 2);
}

#[test]
fn a_client_that_asks_itself_receives_every_packet_once() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(
        chat.says("alice", ask("alice", "alice", 7)),
        ["alice < TCPAsk alice alice 7", "alice < ERROR OK"]
    );
    assert_eq!(
        chat.says("alice", abort("alice", "alice", 7)),
        ["alice < TCPAbort alice alice 7"]
    );
}

#[test]
fn negotiations_above_the_limit_are_refused() {
    let options = Options {
        pending_as_asker: 2,
        pending_as_target: 3,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice", "bob", "carol"]);
    for (asker, password) in [("alice", 1), ("alice", 2), ("bob", 1)] {
        chat.says(asker, ask(asker, "carol", password));
    }
    assert_eq!(
        chat.says("alice", ask("alice", "bob", 3)),
        [
            "alice < ERROR TCP In Protocole",
            "alice < TCPAbort alice bob 3"
        ],
        "alice has two negotiations"
    );
    assert_eq!(
        chat.says("bob", ask("bob", "carol", 3)),
        ["bob < ERROR TCP In Protocole", "bob < TCPAbort bob carol 3"],
        "carol has three negotiations"
    );
    chat.says("carol", abort("alice", "carol", 2));
    assert_eq!(
        chat.says("bob", ask("bob", "carol", 3))[1],
        "bob < ERROR OK"
    );
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let options = Options::default();
    assert_eq!(options.pending_as_asker, 64);
    assert_eq!(options.pending_as_target, 256);
    assert_eq!(options.negotiation_timeout, Duration::from_mins(10));
    assert_eq!(options.tunnel_guesses_per_minute, 10);
    assert!(!options.tunnel_any_address && !options.bound_loopback);
}

#[test]
fn accept_and_connect_on_an_identified_connection_are_errors() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob", 7));
    for (who, frame) in [
        ("bob", accept("alice", "bob", 7)),
        ("alice", connect("alice", "bob", 7)),
    ] {
        assert_eq!(
            chat.says(who, frame),
            [format!("{who} < ERROR TCP Not In Protocole")]
        );
        assert_eq!(chat.flow(who), matou_protocols::room::Flow::Frames);
    }
    assert_eq!(chat.passes(Duration::from_mins(1)), NOTHING);
}
