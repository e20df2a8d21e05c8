//! Tests of the time limits, and of the limit for wrong connect_ids.

use std::time::Duration;

use matou_protocols::chaton::Options;
use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn a_request_without_an_answer_is_refused_after_ten_minutes() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    assert_eq!(chat.passes(10 * MINUTE - SECOND), NOTHING);
    assert_eq!(chat.passes(SECOND), ["alice < KO_PRIVATE alice bob"]);
    assert_eq!(chat.says("bob", ok("alice", "bob")), NOTHING);
    assert_eq!(chat.passes(60 * MINUTE), NOTHING);
}

#[test]
fn each_request_is_refused_at_its_own_time() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    chat.passes(MINUTE);
    chat.says("carol", request("carol", "carol"));
    chat.passes(MINUTE);
    chat.says("bob", request("bob", "carol"));
    assert_eq!(
        chat.passes(20 * MINUTE),
        [
            "alice < KO_PRIVATE alice bob",
            "carol < KO_PRIVATE carol carol",
            "bob < KO_PRIVATE bob carol"
        ]
    );
}

#[test]
fn an_answered_request_is_not_refused_later() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", ko("alice", "bob"));
    assert_eq!(chat.passes(20 * MINUTE), NOTHING);
}

#[test]
fn a_connect_id_is_valid_for_ten_minutes_after_id_private() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.passes(9 * MINUTE);
    chat.says("bob", ok("alice", "bob"));
    let id = chat.last_connect_id();
    chat.passes(9 * MINUTE);
    chat.arrives("end");
    assert_eq!(chat.says("end", login_private(id)), NOTHING);
    assert_eq!(
        chat.passes(MINUTE - SECOND),
        NOTHING,
        "a waiting end does not prolong the time limit"
    );
    assert_eq!(chat.passes(SECOND), ["end is closed"]);
    chat.arrives("late end");
    assert_eq!(
        chat.says("late end", login_private(id)),
        ["late end is closed"]
    );
}

#[test]
fn a_time_limit_holds_even_before_the_tick() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.passes_unnoticed(10 * MINUTE);
    assert_eq!(
        chat.says("bob", ok("alice", "bob")),
        ["alice < KO_PRIVATE alice bob"]
    );
}

#[test]
fn a_silent_connection_is_closed() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("silent");
    assert_eq!(
        chat.is_late("silent", Overdue::FirstByte),
        ["silent is closed"]
    );
}

#[test]
fn a_silent_connection_stays_open_during_a_negotiation_of_its_address() {
    let mut chat = Chat::new(Options::default());
    for (who, address) in [("alice", "192.0.2.1"), ("bob", "192.0.2.2")] {
        chat.arrives_from(who, address);
        chat.says(who, login(who));
    }
    chat.arrives_from("early", "192.0.2.1");
    chat.arrives_from("early too", "192.0.2.2");
    chat.arrives_from("stranger", "192.0.2.3");
    chat.says("alice", request("alice", "bob"));
    assert_eq!(
        chat.is_late("early", Overdue::FirstByte),
        NOTHING,
        "alice has a request"
    );
    assert_eq!(
        chat.is_late("early too", Overdue::FirstByte),
        NOTHING,
        "bob is asked"
    );
    assert_eq!(
        chat.is_late("stranger", Overdue::FirstByte),
        ["stranger is closed"]
    );

    chat.says("bob", ok("alice", "bob"));
    assert_eq!(
        chat.is_late("early", Overdue::FirstByte),
        NOTHING,
        "alice has a connect_id"
    );
    assert_eq!(chat.flow("early"), Flow::Frames);
    chat.passes(11 * MINUTE);
    assert_eq!(
        chat.is_late("early", Overdue::FirstByte),
        ["early is closed"]
    );
}

#[test]
fn an_ipv4_address_mapped_into_ipv6_is_the_same_address() {
    let mut chat = Chat::new(Options::default());
    chat.arrives_from("alice", "192.0.2.1");
    chat.says("alice", login("alice"));
    chat.says("alice", request("alice", "alice"));
    chat.arrives_from("early", "::ffff:192.0.2.1");
    assert_eq!(chat.is_late("early", Overdue::FirstByte), NOTHING);
}

#[test]
fn a_negotiation_does_not_keep_a_client_open_that_sends_no_login() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", request("alice", "alice"));
    chat.arrives("nameless");
    assert_eq!(
        chat.is_late("nameless", Overdue::Identification),
        ["nameless is closed"]
    );
    chat.arrives("drip");
    assert_eq!(chat.is_late("drip", Overdue::Frame), ["drip is closed"]);
}

#[rstest]
fn clients_and_ends_of_private_connections_have_no_time_limit_of_identification(
    #[values(Overdue::FirstByte, Overdue::Identification)] overdue: Overdue,
) {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(chat.is_late("alice", overdue), NOTHING);
    assert_eq!(chat.flow("alice"), Flow::Frames);

    chat.says("alice", request("alice", "alice"));
    chat.says("alice", ok("alice", "alice"));
    let id = chat.last_connect_id();
    chat.arrives("one end");
    chat.arrives("other end");
    chat.says("one end", login_private(id));
    assert_eq!(chat.is_late("one end", overdue), NOTHING, "the end waits");
    assert_eq!(chat.flow("one end"), Flow::Raw);
    chat.says("other end", login_private(id));
    assert_eq!(
        chat.is_late("one end", overdue),
        NOTHING,
        "the end is joined"
    );
}

#[test]
fn a_client_that_does_not_complete_its_frame_is_closed_and_has_left() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("bob", request("bob", "alice"));
    assert_eq!(
        chat.is_late("alice", Overdue::Frame),
        ["bob < KO_PRIVATE bob alice", "alice is closed"]
    );
    assert_eq!(chat.flow("alice"), Flow::Closed);
}

fn guess(chat: &mut Chat, address: &str) -> Vec<String> {
    chat.arrives_from("guesser", address);
    let heard = chat.says("guesser", login_private(4711));
    assert_eq!(chat.flow("guesser"), Flow::Closed);
    heard
}

#[test]
fn the_eleventh_wrong_connect_id_in_a_minute_is_answered_after_a_second() {
    let mut chat = Chat::among([]);
    for _ in 0..10 {
        assert_eq!(guess(&mut chat, "192.0.2.7"), ["guesser is closed"]);
        chat.is_gone("guesser");
    }
    assert_eq!(
        guess(&mut chat, "192.0.2.8"),
        ["guesser is closed"],
        "another address"
    );
    chat.is_gone("guesser");
    assert_eq!(guess(&mut chat, "192.0.2.7"), NOTHING);
    assert_eq!(
        chat.hangs_up("guesser"),
        NOTHING,
        "the close does not come earlier when the client hangs up"
    );
    assert_eq!(chat.passes(SECOND / 2), NOTHING);
    assert_eq!(chat.passes(SECOND / 2), ["guesser is closed"]);
    chat.is_gone("guesser");

    chat.passes(MINUTE);
    assert_eq!(
        guess(&mut chat, "192.0.2.7"),
        ["guesser is closed"],
        "a minute later"
    );
}

#[test]
fn the_delayed_answer_is_dropped_when_the_connection_is_gone() {
    let options = Options {
        tunnel_guesses_per_minute: 0,
        ..Options::default()
    };
    let mut chat = Chat::new(options);
    assert_eq!(guess(&mut chat, "192.0.2.7"), NOTHING);
    assert_eq!(chat.is_gone("guesser"), NOTHING);
    assert!(chat.is_empty());
    assert_eq!(chat.passes(MINUTE), NOTHING);
}

#[rstest]
#[case::unless_asked_for(false, &["guesser is closed"])]
#[case::but_not_when_asked_for(true, &NOTHING)]
fn wrong_connect_ids_from_loopback_are_answered_at_once(
    #[case] bound_loopback: bool,
    #[case] expected: &[&str],
    #[values("127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1")] address: &str,
) {
    let options = Options {
        tunnel_guesses_per_minute: 0,
        bound_loopback,
        ..Options::default()
    };
    let mut chat = Chat::new(options);
    assert_eq!(guess(&mut chat, address), expected);
}

#[test]
fn a_valid_connect_id_is_not_delayed_by_wrong_ones() {
    let options = Options {
        tunnel_guesses_per_minute: 0,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice"]);
    chat.says("alice", request("alice", "alice"));
    chat.says("alice", ok("alice", "alice"));
    chat.arrives("end");
    assert_eq!(
        chat.says("end", login_private(chat.last_connect_id())),
        NOTHING
    );
    assert_eq!(chat.flow("end"), Flow::Raw);
}
