//! Tests of messages to all clients, and of invalid packets.

use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::conversation::Said;
use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn a_message_goes_to_all_others() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.arrives("ghost");
    assert_eq!(
        chat.says("alice", say("alice", "hello")),
        ["bob < alice: hello", "carol < alice: hello"]
    );
    assert_eq!(
        chat.says("bob", say("bob", "")),
        ["alice < bob: ", "carol < bob: "]
    );
}

#[test]
fn a_message_of_1024_bytes_is_relayed_and_a_longer_one_is_an_error() {
    let mut chat = Chat::among(["alice", "bob"]);
    let longest = "é".repeat(512);
    assert_eq!(
        chat.says("alice", say("alice", &longest)),
        [format!("bob < alice: {longest}")]
    );
    let too_long = format!("{longest}.");
    assert_eq!(
        chat.says("alice", say("alice", &too_long)),
        ["alice < PACKET_ERROR"]
    );
    assert_eq!(chat.flow("alice"), Flow::Frames);
}

#[test]
fn a_packet_after_a_message_that_is_too_long_is_handled() {
    let mut chat = Chat::among(["alice", "bob"]);
    let bytes = [
        say("alice", &"m".repeat(64 << 10)).bytes(&()),
        say("alice", "still here").bytes(&()),
    ]
    .concat();
    assert_eq!(
        chat.sends("alice", &bytes),
        ["alice < PACKET_ERROR", "bob < alice: still here"]
    );
}

#[rstest]
#[case::message(say("bob", "I am bob"))]
#[case::asking(ask("bob", "bob"))]
#[case::denial(deny("bob", "bob"))]
#[case::validation(agree("bob", "bob", at("127.0.0.1", 1, 1)))]
#[case::of_an_empty_name(say("", "?"))]
#[case::another_spelling(say("Alice", "?"))]
fn a_packet_that_names_another_client_as_its_sender_is_an_error(
    #[case] frame: matou_protocols::chathack::ClientFrame<'_>,
) {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(chat.says("alice", frame), ["alice < PACKET_ERROR"]);
    assert_eq!(chat.flow("alice"), Flow::Frames);
    assert_eq!(chat.says("alice", say("alice", "me")), ["bob < alice: me"]);
}

#[rstest]
#[case::message(say("ghost", "boo"))]
#[case::message_of_another_client(say("alice", "boo"))]
#[case::asking(ask("ghost", "alice"))]
#[case::validation(agree("ghost", "alice", at("127.0.0.1", 1, 1)))]
#[case::denial(deny("ghost", "alice"))]
fn before_a_login_every_other_packet_is_an_error(
    #[case] frame: matou_protocols::chathack::ClientFrame<'_>,
) {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("ghost");
    assert_eq!(chat.says("ghost", frame), ["ghost < PACKET_ERROR"]);
    assert_eq!(chat.says("ghost", guest("ghost")), ["ghost < CONNECTED"]);
}

#[rstest]
#[case::unknown_opcode(b"\x0a")]
#[case::opcode_of_a_private_connection(b"\x09\0\0\0\x05alice\0\0\0\0\0\0\0\x01")]
#[case::negative_length(b"\x03\xff\xff\xff\xff")]
#[case::not_utf8(b"\x03\0\0\0\x05alice\0\0\0\x01\xff")]
#[case::adcode(b"\x05\0\0\0\x05alice\0\0\0\x03bob\0\0\0\x01\0")]
#[case::message_that_is_too_long_to_skip(b"\x03\0\0\0\x05alice\0\x01\0\x01")]
fn a_framing_error_is_answered_and_closes_only_its_own_connection(#[case] bytes: &[u8]) {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(
        chat.sends("alice", bytes),
        ["alice < PACKET_ERROR", "alice is closed"]
    );
    assert_eq!(chat.flow("alice"), Flow::Closed);
    for overdue in [Overdue::FirstByte, Overdue::Identification, Overdue::Frame] {
        assert_eq!(chat.is_late("alice", overdue), NOTHING);
    }
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.says("bob", say("bob", "alone")), NOTHING);
}

#[test]
fn a_client_that_leaves_receives_nothing_more_and_its_login_is_free() {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(chat.hangs_up("alice"), ["alice is closed"]);
    assert_eq!(chat.says("bob", say("bob", "gone?")), NOTHING);
    chat.arrives("another");
    assert_eq!(
        chat.says("another", guest("alice")),
        ["another < CONNECTED"]
    );
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(
        chat.says("bob", say("bob", "hello")),
        ["another < bob: hello"]
    );
}
