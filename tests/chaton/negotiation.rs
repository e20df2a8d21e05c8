//! Tests of section 3 of the document: the negotiation of a private connection.

use std::time::Duration;

use matou_protocols::chaton::{LongWidth, Options};

use crate::frames::*;
use crate::script::{Chat, NOTHING};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_request_is_relayed_only_to_the_target() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("alice", request("alice", "bob")),
        ["bob < REQUEST_PRIVATE alice bob"]
    );
}

#[test]
fn a_request_to_an_unknown_login_is_ignored() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(chat.says("alice", request("alice", "bob")), NOTHING);
}

#[test]
fn the_requester_and_the_target_receive_the_same_connect_id() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    assert_eq!(
        chat.says("bob", ok("alice", "bob")),
        ["alice < ID_PRIVATE alice bob", "bob < ID_PRIVATE alice bob"]
    );
    assert_eq!(chat.connect_ids.len(), 1);
}

#[test]
fn a_refusal_is_relayed_only_to_the_requester_and_ends_the_request() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    assert_eq!(
        chat.says("bob", ko("alice", "bob")),
        ["alice < KO_PRIVATE alice bob"]
    );
    assert_eq!(chat.says("bob", ko("alice", "bob")), NOTHING);
    assert_eq!(chat.says("bob", ok("alice", "bob")), NOTHING);
    assert!(chat.connect_ids.is_empty());
}

#[test]
fn an_answer_without_a_request_is_ignored() {
    let mut chat = Chat::among(["alice", "bob"]);
    for requester in ["alice", "bob", "unknown"] {
        assert_eq!(chat.says("bob", ok(requester, "bob")), NOTHING);
        assert_eq!(chat.says("bob", ko(requester, "bob")), NOTHING);
    }
}

#[test]
fn a_second_answer_to_a_request_is_ignored() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", ok("alice", "bob"));
    assert_eq!(chat.says("bob", ok("alice", "bob")), NOTHING);
    assert_eq!(chat.says("bob", ko("alice", "bob")), NOTHING);
    assert_eq!(chat.connect_ids.len(), 1);
}

#[test]
fn an_answer_of_another_client_than_the_target_is_ignored() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    for (who, answer) in [
        ("alice", ok("alice", "bob")),
        ("alice", ok("alice", "alice")),
        ("carol", ok("alice", "bob")),
        ("carol", ok("alice", "carol")),
        ("carol", ko("alice", "bob")),
        ("carol", ko("alice", "carol")),
    ] {
        assert_eq!(chat.says(who, answer), NOTHING, "{who}: {answer}");
    }
    assert_eq!(
        chat.says("bob", ko("alice", "bob")),
        ["alice < KO_PRIVATE alice bob"]
    );
}

#[test]
fn two_clients_that_ask_each_other_have_two_negotiations() {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(
        chat.says("alice", request("alice", "bob")),
        ["bob < REQUEST_PRIVATE alice bob"]
    );
    assert_eq!(
        chat.says("bob", request("bob", "alice")),
        ["alice < REQUEST_PRIVATE bob alice"]
    );
    assert_eq!(
        chat.says("bob", ko("alice", "bob")),
        ["alice < KO_PRIVATE alice bob"]
    );
    assert_eq!(
        chat.says("alice", ok("bob", "alice")),
        ["bob < ID_PRIVATE bob alice", "alice < ID_PRIVATE bob alice"]
    );
}

#[test]
fn a_client_that_asks_itself_receives_every_frame_once() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(
        chat.says("alice", request("alice", "alice")),
        ["alice < REQUEST_PRIVATE alice alice"]
    );
    assert_eq!(
        chat.says("alice", ok("alice", "alice")),
        ["alice < ID_PRIVATE alice alice"]
    );
    chat.says("alice", request("alice", "alice"));
    assert_eq!(
        chat.says("alice", ko("alice", "alice")),
        ["alice < KO_PRIVATE alice alice"]
    );
}

#[test]
fn a_repeated_request_is_relayed_at_most_once_in_five_seconds() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    assert_eq!(chat.says("alice", request("alice", "bob")), NOTHING);
    chat.passes(4 * SECOND);
    assert_eq!(chat.says("alice", request("alice", "bob")), NOTHING);
    chat.passes(SECOND);
    assert_eq!(
        chat.says("alice", request("alice", "bob")),
        ["bob < REQUEST_PRIVATE alice bob"]
    );
    assert_eq!(chat.says("alice", request("alice", "bob")), NOTHING);
}

#[test]
fn a_request_may_be_sent_again_as_soon_as_it_was_answered() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", ko("alice", "bob"));
    assert_eq!(
        chat.says("alice", request("alice", "bob")),
        ["bob < REQUEST_PRIVATE alice bob"]
    );
}

#[test]
fn requests_above_the_limit_of_a_requester_are_ignored() {
    let options = Options {
        pending_as_asker: 1,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    assert_eq!(chat.says("alice", request("alice", "carol")), NOTHING);
    assert_eq!(
        chat.says("bob", request("bob", "carol")),
        ["carol < REQUEST_PRIVATE bob carol"]
    );
    chat.says("bob", ko("alice", "bob"));
    assert_eq!(
        chat.says("alice", request("alice", "carol")),
        ["carol < REQUEST_PRIVATE alice carol"]
    );
}

#[test]
fn requests_above_the_limit_of_a_target_are_ignored() {
    let options = Options {
        pending_as_target: 1,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "carol"));
    assert_eq!(chat.says("bob", request("bob", "carol")), NOTHING);
    assert_eq!(
        chat.says("bob", request("bob", "alice")),
        ["alice < REQUEST_PRIVATE bob alice"]
    );
}

#[test]
fn an_agreement_above_the_limit_of_unused_connect_ids_is_ignored_and_the_request_still_waits() {
    let options = Options {
        unused_ids: 1,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", ok("alice", "bob"));
    chat.says("carol", request("carol", "alice"));
    assert_eq!(chat.says("alice", ok("carol", "alice")), NOTHING);
    assert_eq!(
        chat.says("alice", ko("carol", "alice")),
        ["carol < KO_PRIVATE carol alice"]
    );
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let options = Options::default();
    assert_eq!(options.long, LongWidth::Eight);
    assert_eq!(options.pending_as_asker, 64);
    assert_eq!(options.pending_as_target, 256);
    assert_eq!(options.unused_ids, 64);
    assert_eq!(options.negotiation_timeout, 600 * SECOND);
    assert_eq!(options.repeat_interval, 5 * SECOND);
    assert_eq!(options.tunnel_guesses_per_minute, 10);
    assert!(!options.bound_loopback);
}

#[test]
fn ids_of_four_bytes_fit_into_four_bytes() {
    let options = Options {
        long: LongWidth::Four,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice", "bob"]);
    for _ in 0..50 {
        chat.says("alice", request("alice", "bob"));
        assert_eq!(chat.says("bob", ok("alice", "bob")).len(), 2);
    }
    // The script checks that each id is positive and that no id is used twice.
    assert_eq!(chat.connect_ids.len(), 50);
    assert!(chat.connect_ids.iter().all(|id| i32::try_from(*id).is_ok()));
}
