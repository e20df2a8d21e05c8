//! Tests of the time limits, and of the limit for wrong attempts to open a private connection.

use std::time::Duration;

use matou_protocols::chatos_1_0::{Frame, Options};
use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn a_negotiation_without_an_answer_ends_after_ten_minutes() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob", 7));
    assert_eq!(chat.passes(10 * MINUTE - SECOND), NOTHING);
    assert_eq!(chat.passes(SECOND), ["alice < TCPAbort alice bob 7"]);
    assert_eq!(
        chat.says("bob", abort("alice", "bob", 7)),
        ["bob < ERROR TCP Not In Protocole"]
    );
}

#[test]
fn a_waiting_end_does_not_prolong_the_time_limit() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob", 7));
    chat.passes(9 * MINUTE);
    chat.arrives("end");
    chat.says("end", accept("alice", "bob", 7));
    assert_eq!(chat.passes(MINUTE - SECOND), NOTHING);
    assert_eq!(
        chat.passes(SECOND),
        ["alice < TCPAbort alice bob 7", "end is closed"]
    );
}

#[test]
fn a_time_limit_holds_even_before_the_tick() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob", 7));
    chat.passes_unnoticed(10 * MINUTE);
    assert_eq!(
        chat.says("bob", abort("alice", "bob", 7)),
        [
            "alice < TCPAbort alice bob 7",
            "bob < ERROR TCP Not In Protocole"
        ]
    );
}

#[test]
fn a_joined_private_connection_has_no_time_limit() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob", 7));
    chat.arrives("a");
    chat.arrives("b");
    chat.says("b", accept("alice", "bob", 7));
    chat.says("a", connect("alice", "bob", 7));
    assert_eq!(chat.passes(60 * MINUTE), NOTHING);
    for overdue in [Overdue::FirstByte, Overdue::Identification, Overdue::Frame] {
        assert_eq!(chat.is_late("a", overdue), NOTHING);
    }
    assert_eq!(chat.flow("a"), Flow::Raw);
}

#[test]
fn a_silent_connection_stays_open_during_a_negotiation_of_its_address() {
    let mut chat = Chat::new(Options::default());
    for (who, address) in [("alice", "192.0.2.1"), ("bob", "192.0.2.2")] {
        chat.arrives_from(who, address);
        chat.says(who, cr(who));
    }
    chat.arrives_from("early", "192.0.2.1");
    chat.arrives_from("early too", "192.0.2.2");
    chat.arrives_from("stranger", "192.0.2.3");
    chat.says("alice", ask("alice", "bob", 7));
    for (who, heard) in [
        ("early", vec![]),
        ("early too", vec![]),
        ("stranger", vec!["stranger is closed"]),
    ] {
        assert_eq!(chat.is_late(who, Overdue::FirstByte), heard);
    }
    chat.says("bob", abort("alice", "bob", 7));
    assert_eq!(
        chat.is_late("early", Overdue::FirstByte),
        ["early is closed"]
    );
}

#[test]
fn a_client_that_does_not_complete_its_packet_is_closed_and_has_left() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob", 7));
    assert_eq!(chat.is_late("alice", Overdue::Identification), NOTHING);
    assert_eq!(
        chat.is_late("alice", Overdue::Frame),
        ["bob < TCPAbort alice bob 7", "alice is closed"]
    );
}

fn guess(chat: &mut Chat, frame: Frame<'_>) -> Vec<String> {
    chat.arrives_from("guesser", "192.0.2.7");
    let heard = chat.says("guesser", frame);
    assert_eq!(chat.flow("guesser"), Flow::Closed);
    heard
}

#[rstest]
#[case::accept(accept("alice", "bob", 1), &["guesser < ERROR TCP Not In Protocole", "guesser is closed"])]
#[case::connect(
    connect("alice", "bob", 1),
    &["guesser < ERROR TCP Not In Protocole", "guesser < TCPAbort alice bob 1", "guesser is closed"]
)]
fn the_eleventh_wrong_try_in_a_minute_is_answered_after_a_second(
    #[case] frame: Frame<'_>,
    #[case] answer: &[&str],
) {
    let mut chat = Chat::among(["alice", "bob"]);
    for _ in 0..10 {
        assert_eq!(guess(&mut chat, frame), answer);
        chat.is_gone("guesser");
    }
    assert_eq!(guess(&mut chat, frame), NOTHING);
    assert_eq!(
        chat.hangs_up("guesser"),
        NOTHING,
        "the close does not come earlier when the client hangs up"
    );
    assert_eq!(chat.passes(SECOND - SECOND / 10), NOTHING);
    assert_eq!(chat.passes(SECOND / 10), answer);
    chat.is_gone("guesser");
    assert_eq!(guess(&mut chat, frame), NOTHING);
    assert_eq!(
        chat.is_gone("guesser"),
        NOTHING,
        "no client is left to answer"
    );
    assert_eq!(chat.passes(MINUTE), NOTHING);
    assert_eq!(guess(&mut chat, frame), answer, "a minute later");
}

#[test]
fn a_valid_end_is_not_delayed_by_wrong_ones() {
    let options = Options {
        tunnel_guesses_per_minute: 0,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice"]);
    chat.says("alice", ask("alice", "alice", 7));
    chat.arrives("end");
    assert_eq!(chat.says("end", connect("alice", "alice", 7)), NOTHING);
    assert_eq!(chat.flow("end"), Flow::Raw);
}
