//! Tests of the time limits for a client, and for its request for a private connection.

use std::time::Duration;

use matou_protocols::chathack::Options;
use matou_protocols::room::Overdue;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn an_ask_is_denied_after_ten_minutes_without_an_answer() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob"));
    assert_eq!(chat.passes(Duration::from_secs(599)), NOTHING);
    assert_eq!(chat.passes(Duration::from_secs(1)), ["alice < DENIED bob"]);
    assert_eq!(chat.says("bob", deny("bob", "alice")), NOTHING);
    assert_eq!(
        chat.says("alice", ask("alice", "bob")),
        ["bob < ASKING alice"]
    );
}

#[test]
fn an_answer_after_the_time_limit_is_ignored_even_before_the_tick() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob"));
    chat.passes_unnoticed(Duration::from_mins(10));
    assert_eq!(
        chat.says("bob", agree("bob", "alice", at("127.0.0.1", 1, 1))),
        ["alice < DENIED bob"]
    );
}

#[test]
fn after_its_login_a_client_has_only_the_time_limit_of_an_incomplete_packet() {
    for (overdue, is_late_with_a_login) in [
        (Overdue::FirstByte, false),
        (Overdue::Identification, false),
        (Overdue::Frame, true),
    ] {
        let mut chat = Chat::among(["alice"]);
        chat.arrives("ghost");
        assert_eq!(chat.is_late("ghost", overdue), ["ghost is closed"]);
        let alice = chat.is_late("alice", overdue);
        assert_eq!(!alice.is_empty(), is_late_with_a_login, "{overdue:?}");
    }
}

#[test]
fn after_all_clients_have_left_the_room_is_empty() {
    let mut chat = Chat::new(Options::default()).joined_by(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob"));
    chat.says("bob", ask("bob", "alice"));
    for who in ["alice", "bob"] {
        chat.is_gone(who);
    }
    assert!(chat.is_empty());
}
