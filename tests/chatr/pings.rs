//! Tests of PacketPing, of PacketPong and of the timeout for a PacketPong. Time passes only when a test says so.

use std::time::Duration;

use matou_protocols::chatr::Frame;
use rstest::rstest;

use crate::script::*;

const SECOND: Duration = Duration::from_secs(1);

const TIMED_OUT: [&str; 2] = ["alice < DISCONNECT Time out", "alice is closed"];

/// Checks that alice has received one ping, and returns its id.
fn ping(heard: &[String]) -> i64 {
    let [ping] = heard else {
        panic!("expected one ping, not {heard:?}");
    };
    let id = ping
        .strip_prefix("alice < PING ")
        .expect("a ping for alice");
    id.parse().expect("a long")
}

#[test]
fn each_right_pong_is_followed_by_a_ping_within_5_seconds() {
    let mut chat = Chat::of(["alice"]);
    let mut ids = Vec::new();
    for _ in 0..20 {
        let id = ping(&chat.passes(5 * SECOND));
        assert_eq!(chat.says("alice", pong(id)), NOTHING);
        ids.push(id);
    }
    let steps: Vec<_> = ids
        .windows(2)
        .map(|pair| pair[1].wrapping_sub(pair[0]))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20, "no id is used twice");
    assert!(
        steps.windows(2).all(|pair| pair[0] != pair[1]),
        "the ids are not consecutive numbers"
    );
}

#[test]
fn no_ping_is_sent_early() {
    let mut chat = Chat::of(["alice"]);
    assert_eq!(chat.passes(4 * SECOND), NOTHING);
}

#[test]
fn a_client_that_does_not_answer_a_ping_is_closed_after_15_seconds() {
    let mut chat = Chat::of(["alice"]);
    ping(&chat.passes(Duration::from_millis(4500)));
    assert_eq!(chat.passes(Duration::from_millis(14_999)), NOTHING);
    assert_eq!(chat.passes(Duration::from_millis(1)), TIMED_OUT);
}

#[rstest]
#[case::a_wrong_pong(Frame::Pong { id: 0x5151 })]
#[case::anything_else(Frame::ConnectionRequestDenied { uuid: uuid("bob") })]
fn any_packet_prolongs_the_timeout_but_only_the_right_pong_is_followed_by_another_ping(
    #[case] packet: Frame<'_>,
) {
    let mut chat = Chat::of(["alice"]);
    ping(&chat.passes(5 * SECOND));
    for _ in 0..3 {
        assert_eq!(chat.passes(14 * SECOND), NOTHING);
        assert_eq!(chat.says("alice", packet), NOTHING);
    }
    assert_eq!(chat.passes(Duration::from_millis(14_999)), NOTHING);
    assert_eq!(chat.passes(Duration::from_millis(1)), TIMED_OUT);
}

#[test]
fn the_right_pong_may_come_after_wrong_ones() {
    let mut chat = Chat::of(["alice"]);
    let id = ping(&chat.passes(5 * SECOND));
    chat.says("alice", pong(id.wrapping_add(1)));
    assert_eq!(chat.passes(10 * SECOND), NOTHING);
    assert_eq!(chat.says("alice", pong(id)), NOTHING);
    ping(&chat.passes(5 * SECOND));
    // The id belongs to the earlier ping, which is answered already. So this pong does not answer the new ping.
    chat.says("alice", pong(id));
    assert_eq!(chat.passes(15 * SECOND), TIMED_OUT);
}

#[test]
fn packets_before_a_ping_do_not_prolong_its_timeout() {
    let mut chat = Chat::of(["alice"]);
    chat.passes(4 * SECOND);
    chat.says("alice", pong(1));
    ping(&chat.passes(SECOND));
    assert_eq!(chat.passes(14 * SECOND), NOTHING);
    assert_eq!(chat.passes(SECOND), TIMED_OUT);
}

#[test]
fn the_timeout_holds_even_before_the_tick() {
    let mut chat = Chat::of(["alice"]);
    let id = ping(&chat.passes(5 * SECOND));
    chat.passes_unnoticed(15 * SECOND);
    assert_eq!(chat.says("alice", pong(id)), TIMED_OUT);
}

#[test]
fn a_client_that_is_not_connected_receives_no_pings() {
    let mut chat = Chat::of(["alice"]);
    chat.arrives("bob");
    chat.hangs_up("alice");
    assert_eq!(chat.passes(60 * SECOND), NOTHING);
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.is_gone("bob"), NOTHING);
    assert!(chat.is_empty());
}
