//! PacketConnect and PacketDisconnect: who gets in, and who is told what.

use matou_protocols::chatr::{Claim, Frame, Verdict};
use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::script::*;

const KICKED: [&str; 2] = ["alice < DISCONNECT Invalid Packet", "alice is closed"];

#[test]
fn whoever_proves_to_be_somebody_is_connected() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    assert_eq!(chat.says("alice", connect("alice")), NOTHING);
    assert_eq!(
        chat.is_answered_with("alice", Verdict::Verified),
        ["alice < CONNECTED"]
    );
    assert_eq!(
        chat.login_of("alice"),
        Some("616c6963-6500-0000-0000-000000000000".to_owned())
    );
}

#[test]
fn a_server_that_is_busy_says_so_and_closes() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    assert_eq!(chat.says("alice", connect("alice")), NOTHING);
    assert_eq!(
        chat.is_not_answered("alice"),
        ["alice < DISCONNECT Server busy", "alice is closed"]
    );
    assert_eq!(chat.flow("alice"), Flow::Closed);
}

#[test]
fn a_signature_is_not_for_logs() {
    let claim = Claim {
        uuid: uuid("alice"),
        signature: (*b"sesame").into(),
    };
    let words = format!("{claim:?}");
    assert!(
        !words.contains("sesame") && !words.contains("115"),
        "{words}"
    );
}

#[rstest]
#[case(Frame::Disconnect { message: "" })]
#[case(pong(1))]
#[case(request("bob", "10.0.0.1"))]
#[case(accept("bob", "10.0.0.1"))]
#[case(deny("bob"))]
fn the_first_packet_is_connect(#[case] packet: Frame<'_>) {
    let mut chat = Chat::of(["bob"]);
    chat.arrives("alice");
    assert_eq!(chat.says("alice", packet), KICKED);
    assert_eq!(chat.flow("alice"), Flow::Closed);
}

#[rstest]
#[case(Frame::Connected)]
#[case(Frame::Ping { id: 1 })]
#[case(Frame::ClientInfo { uuid: uuid("bob"), public_endpoint: [10, 0, 0, 1].into() })]
fn what_the_server_says_is_not_for_clients(
    #[case] packet: Frame<'_>,
    #[values(false, true)] connected: bool,
) {
    let mut chat = Chat::of(["bob"]);
    chat.arrives("alice");
    if connected {
        chat.proves("alice", "alice");
    }
    assert_eq!(chat.says("alice", packet), KICKED);
}

#[test]
fn connect_is_said_once() {
    let mut chat = Chat::of(["alice"]);
    assert_eq!(chat.says("alice", connect("alice")), KICKED);
    assert!(!chat.waits_for_an_answer("alice"));
}

#[test]
fn a_signature_that_is_not_right_is_told_so() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    chat.says("alice", connect("alice"));
    assert_eq!(
        chat.is_answered_with("alice", Verdict::Refuted),
        ["alice < DISCONNECT Failed to verify!", "alice is closed"]
    );
}

#[test]
fn only_who_proves_who_it_is_learns_that_it_is_connected_and_the_first_stays() {
    let mut chat = Chat::of(["alice"]);
    for (who, verdict, told) in [
        ("impostor", Verdict::Refuted, "Failed to verify!"),
        ("twin", Verdict::Verified, "Already connected!"),
    ] {
        chat.arrives(who);
        chat.says(who, connect("alice"));
        assert_eq!(
            chat.is_answered_with(who, verdict),
            [
                format!("{who} < DISCONNECT {told}"),
                format!("{who} is closed")
            ]
        );
    }
    assert_eq!(
        chat.says("alice", request("nobody", "10.0.0.1")),
        ["alice < DENIED nobody"]
    );
}

#[test]
fn of_two_who_are_checked_at_the_same_time_the_first_gets_in() {
    let mut chat = Chat::of([]);
    for who in ["one", "two"] {
        chat.arrives(who);
        chat.says(who, connect("alice"));
    }
    assert_eq!(
        chat.is_answered_with("two", Verdict::Verified),
        ["two < CONNECTED"]
    );
    assert_eq!(
        chat.is_answered_with("one", Verdict::Verified),
        ["one < DISCONNECT Already connected!", "one is closed"]
    );
}

#[rstest]
#[case::says_so(|chat: &mut Chat| chat.says("alice", Frame::Disconnect { message: "bye" }))]
#[case::ends_its_bytes(|chat: &mut Chat| chat.hangs_up("alice"))]
fn whoever_leaves_is_closed_without_a_word_and_may_come_again(
    #[case] leaves: fn(&mut Chat) -> Vec<String>,
) {
    let mut chat = Chat::of(["alice"]);
    assert_eq!(leaves(&mut chat), ["alice is closed"]);
    chat.arrives("again");
    chat.proves("again", "alice");
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.is_gone("again"), NOTHING);
    assert!(chat.is_empty());
}

#[rstest]
#[case(Overdue::FirstByte)]
#[case(Overdue::Identification)]
#[case(Overdue::Frame)]
fn who_is_too_slow_is_told_so(#[case] with: Overdue) {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    assert_eq!(
        chat.is_late("alice", with),
        ["alice < DISCONNECT Time out", "alice is closed"]
    );
}

#[test]
fn the_time_of_a_check_is_not_the_clients() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    chat.says("alice", connect("alice"));
    assert_eq!(chat.is_late("alice", Overdue::Identification), NOTHING);
    assert_eq!(
        chat.is_answered_with("alice", Verdict::Verified),
        ["alice < CONNECTED"]
    );
}

#[test]
fn who_leaves_while_it_is_checked_is_not_connected_later() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    chat.says("alice", connect("alice"));
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert!(chat.is_empty());
}

#[test]
fn a_replaced_key_ends_what_the_old_one_began() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.arrives("checked");
    chat.says("checked", connect("alice"));
    let name = uuid("alice").to_string();
    assert_eq!(
        chat.is_revoked(&name),
        ["alice < DISCONNECT Failed to verify!", "alice is closed"]
    );
    // The answer was found with the key that was registered then.
    assert_eq!(
        chat.is_answered_with("checked", Verdict::Verified),
        [
            "checked < DISCONNECT Failed to verify!",
            "checked is closed"
        ]
    );
    assert_eq!(chat.is_revoked(&name), NOTHING);
    assert_eq!(chat.is_revoked("no UUID"), NOTHING);
    chat.arrives("with the new key");
    chat.proves("with the new key", "alice");
}

#[test]
fn a_packet_may_be_long_only_once_its_sender_is_connected() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    // 2 KiB and a byte: known from the length alone.
    assert_eq!(chat.sends("alice", b"\x81\x10"), KICKED);
    chat.arrives("bob");
    chat.proves("bob", "bob");
    assert_eq!(chat.sends("bob", b"\x81\x10"), NOTHING);
    assert_eq!(
        chat.sends("bob", b"\x81\x80\x04"),
        ["bob < DISCONNECT Invalid Packet", "bob is closed"]
    );
}
