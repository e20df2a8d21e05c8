//! What ends by itself.

use std::time::Duration;

use matou_protocols::chathack::Options;
use matou_protocols::room::Overdue;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn an_asking_waits_ten_minutes() {
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
fn an_answer_that_comes_too_late_is_none_even_while_the_clock_is_held_up() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob"));
    chat.passes_unnoticed(Duration::from_mins(10));
    assert_eq!(
        chat.says("bob", agree("bob", "alice", at("127.0.0.1", 1, 1))),
        ["alice < DENIED bob"]
    );
}

#[test]
fn whoever_has_no_login_must_hurry_and_whoever_has_one_need_not() {
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
fn in_the_end_nothing_remains() {
    let mut chat = Chat::new(Options::default()).joined_by(["alice", "bob"]);
    chat.says("alice", ask("alice", "bob"));
    chat.says("bob", ask("bob", "alice"));
    for who in ["alice", "bob"] {
        chat.is_gone(who);
    }
    assert!(chat.is_empty());
}
