//! Tests of pseudonyms (CR), and of bytes that are not a packet.

use matou_protocols::chatos_1_0::{ErrorCode, Options};
use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn a_free_pseudonym_is_granted() {
    let mut chat = Chat::new(Options::default());
    chat.arrives("alice");
    assert_eq!(chat.says("alice", cr("alice")), ["alice < ERROR OK"]);
    assert_eq!(chat.flow("alice"), Flow::Frames);
}

#[test]
fn a_taken_pseudonym_is_refused_and_another_may_be_proposed() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("bob");
    assert_eq!(
        chat.says("bob", cr("alice")),
        ["bob < ERROR Pseudo Unavailable"]
    );
    assert_eq!(chat.flow("bob"), Flow::Frames);
    assert_eq!(chat.says("bob", cr("bob")), ["bob < ERROR OK"]);
}

#[rstest]
#[case::of_no_byte("")]
#[case::of_256_bytes(&"p".repeat(256))]
#[case::of_128_characters_in_256_bytes(&"é".repeat(128))]
#[case::with_a_control_character("al\u{7}ice")]
#[case::with_an_invisible_character("alice\u{200b}")]
#[case::with_white_space_around("alice ")]
fn an_invalid_pseudonym_is_refused(#[case] proposed: &str) {
    let mut chat = Chat::new(Options::default());
    chat.arrives("client");
    assert_eq!(
        chat.says("client", cr(proposed)),
        ["client < ERROR Invalid Pseudonym"]
    );
    assert_eq!(chat.flow("client"), Flow::Frames);
}

#[test]
fn a_pseudonym_of_255_bytes_is_granted() {
    let mut chat = Chat::new(Options::default());
    chat.arrives("long");
    assert_eq!(chat.says("long", cr(&"p".repeat(255))), ["long < ERROR OK"]);
}

#[test]
fn a_client_that_has_a_pseudonym_keeps_it_and_receives_no_answer() {
    let mut chat = Chat::among(["alice", "bob"]);
    for proposed in ["queen", "alice", "bob", ""] {
        assert_eq!(chat.says("alice", cr(proposed)), NOTHING);
    }
    assert_eq!(
        chat.says("bob", spm("bob", "queen", "?")),
        ["bob < ERROR Unreachable User"]
    );
    assert_eq!(
        chat.says("bob", spm("bob", "alice", "?")),
        ["alice < SPM bob alice: ?", "bob < ERROR OK"]
    );
}

#[test]
fn when_two_clients_want_one_pseudonym_the_first_gets_it() {
    let mut chat = Chat::new(Options::default());
    chat.arrives("one");
    chat.arrives("other");
    assert_eq!(chat.says("one", cr("alice")), ["one < ERROR OK"]);
    assert_eq!(
        chat.says("other", cr("alice")),
        ["other < ERROR Pseudo Unavailable"]
    );
}

#[test]
fn before_a_pseudonym_every_packet_with_a_sender_is_an_error() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("ghost");
    for frame in [
        spm("ghost", "alice", "boo"),
        spm("alice", "alice", "boo"),
        sma("ghost", "boo"),
        sma("", "boo"),
        abort("alice", "ghost", 1),
    ] {
        assert_eq!(
            chat.says("ghost", frame),
            ["ghost < ERROR Invalid Pseudonym"],
            "{frame}"
        );
    }
    assert_eq!(
        chat.says("ghost", ask("alice", "alice", 1)),
        [
            "ghost < ERROR Invalid Pseudonym",
            "ghost < TCPAbort alice alice 1"
        ]
    );
    assert_eq!(chat.says("ghost", cr("ghost")), ["ghost < ERROR OK"]);
}

#[test]
fn an_error_from_a_client_is_ignored() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("ghost");
    for who in ["alice", "ghost"] {
        for code in [ErrorCode::Ok, ErrorCode::TcpNotInProtocole] {
            assert_eq!(chat.says(who, code.frame()), NOTHING);
            assert_eq!(chat.flow(who), Flow::Frames);
        }
    }
}

#[rstest]
#[case::an_unknown_packet(b"\x09")]
#[case::a_negative_packet(b"\xff")]
#[case::a_packet_of_another_protocol(b"\x00\0\0\0\x05alice")]
#[case::a_negative_length(b"\x03\x80\0")]
#[case::text_that_is_not_utf8(b"\x03\0\x05alice\0\x01\xff")]
fn a_framing_error_closes_only_its_own_connection(#[case] bytes: &[u8]) {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(chat.sends("alice", bytes), ["alice is closed"]);
    assert_eq!(chat.remarks.len(), 1, "the log says why");
    assert_eq!(chat.flow("alice"), Flow::Closed);
    for overdue in [Overdue::FirstByte, Overdue::Identification, Overdue::Frame] {
        assert_eq!(chat.is_late("alice", overdue), NOTHING);
    }
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.says("bob", sma("bob", "here")), ["bob < ERROR OK"]);
}

#[test]
fn packets_before_a_framing_error_are_handled_and_those_after_it_are_not() {
    let mut chat = Chat::among(["alice", "bob"]);
    let bytes = [
        &sma("alice", "before").encoded()[..],
        b"\x7f",
        &sma("alice", "after").encoded(),
    ]
    .concat();
    assert_eq!(
        chat.sends("alice", &bytes),
        [
            "alice < ERROR OK",
            "bob < SMA alice: before",
            "alice is closed"
        ]
    );
}
