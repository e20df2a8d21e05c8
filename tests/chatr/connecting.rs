//! Tests of PacketConnect and PacketDisconnect.

use matou_protocols::chatr::{Claim, Frame, Verdict};
use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::script::*;

const KICKED: [&str; 2] = ["alice < DISCONNECT Invalid Packet", "alice is closed"];

#[test]
fn a_client_with_a_right_signature_is_connected() {
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
fn a_busy_server_says_so_and_closes_the_connection() {
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
fn the_description_of_a_claim_hides_its_signature() {
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
fn every_other_first_packet_than_connect_is_invalid(#[case] packet: Frame<'_>) {
    let mut chat = Chat::of(["bob"]);
    chat.arrives("alice");
    assert_eq!(chat.says("alice", packet), KICKED);
    assert_eq!(chat.flow("alice"), Flow::Closed);
}

#[rstest]
#[case(Frame::Connected)]
#[case(Frame::Ping { id: 1 })]
#[case(Frame::ClientInfo { uuid: uuid("bob"), public_endpoint: [10, 0, 0, 1].into() })]
fn a_packet_of_the_server_is_invalid_from_a_client(
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
fn a_second_connect_is_invalid() {
    let mut chat = Chat::of(["alice"]);
    assert_eq!(chat.says("alice", connect("alice")), KICKED);
    assert!(!chat.waits_for_an_answer("alice"));
}

#[test]
fn a_wrong_signature_is_refused_with_its_reason() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    chat.says("alice", connect("alice"));
    assert_eq!(
        chat.is_answered_with("alice", Verdict::Refuted),
        ["alice < DISCONNECT Failed to verify!", "alice is closed"]
    );
}

#[test]
fn only_a_right_signature_is_told_that_its_uuid_is_already_connected() {
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
        chat.says("alice", request("unknown", "10.0.0.1")),
        ["alice < DENIED unknown"]
    );
}

#[test]
fn of_two_connects_with_one_uuid_the_first_to_be_checked_is_connected() {
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
fn a_client_that_leaves_is_closed_without_a_packet_and_may_connect_again(
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
fn a_client_that_is_too_slow_is_told_so(#[case] with: Overdue) {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    assert_eq!(
        chat.is_late("alice", with),
        ["alice < DISCONNECT Time out", "alice is closed"]
    );
}

#[test]
fn the_time_limit_does_not_run_during_a_check() {
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
fn a_client_that_leaves_during_its_check_is_not_connected_later() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    chat.says("alice", connect("alice"));
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert!(chat.is_empty());
}

#[test]
fn a_replaced_key_closes_the_connections_of_the_old_one() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.arrives("checked");
    chat.says("checked", connect("alice"));
    let name = uuid("alice").to_string();
    assert_eq!(
        chat.is_revoked(&name),
        ["alice < DISCONNECT Failed to verify!", "alice is closed"]
    );
    // The server checked this signature with a key that has been replaced since, so it ignores the result of the check.
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
fn a_long_packet_is_invalid_before_its_sender_is_connected() {
    let mut chat = Chat::of([]);
    chat.arrives("alice");
    // These two bytes announce a packet that is one byte longer than 2 KiB. The server rejects the packet before any other
    // byte has arrived.
    assert_eq!(chat.sends("alice", b"\x81\x10"), KICKED);
    chat.arrives("bob");
    chat.proves("bob", "bob");
    assert_eq!(chat.sends("bob", b"\x81\x10"), NOTHING);
    assert_eq!(
        chat.sends("bob", b"\x81\x80\x04"),
        ["bob < DISCONNECT Invalid Packet", "bob is closed"]
    );
}
