//! Tests of bytes that are not a frame. The server closes the connection on which they arrive, and other clients notice
//! nothing.

use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[rstest]
#[case::an_unknown_command(b"\x0d")]
#[case::a_negative_command(b"\xff")]
#[case::a_command_of_the_server(b"\x01")]
#[case::an_id_from_a_client(b"\x08\0\0\0\x01a\0\0\0\x01b\0\0\0\0\0\0\0\x01")]
#[case::a_negative_length(b"\x03\x80\0\0\0")]
#[case::a_length_over_the_limit(b"\x03\0\0\0\x05alice\0\0\x04\x01")]
#[case::text_that_is_not_utf8(b"\x03\0\0\0\x05alice\0\0\0\x01\xff")]
fn a_framing_error_closes_only_its_own_connection(#[case] bytes: &[u8]) {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(chat.sends("alice", bytes), ["alice is closed"]);
    assert_eq!(chat.remarks.len(), 1, "the log says why");
    assert_eq!(chat.flow("alice"), Flow::Closed);
    assert_eq!(chat.flow("bob"), Flow::Frames);
    assert_eq!(
        chat.says("bob", message("bob", "still here")),
        ["bob < MESSAGE bob: still here"]
    );
}

#[test]
fn a_framing_error_before_a_login_closes_the_connection() {
    let mut chat = Chat::among([]);
    chat.arrives("ghost");
    assert_eq!(chat.sends("ghost", b"\x63"), ["ghost is closed"]);
    assert_eq!(chat.is_gone("ghost"), NOTHING);
}

#[test]
fn frames_before_a_framing_error_are_handled_and_those_after_it_are_not() {
    let mut chat = Chat::among(["alice"]);
    let mut bytes = Vec::new();
    message("alice", "before").encode(Default::default(), &mut bytes);
    bytes.push(0x7f);
    message("alice", "after").encode(Default::default(), &mut bytes);
    assert_eq!(
        chat.sends("alice", &bytes),
        ["alice < MESSAGE alice: before", "alice is closed"]
    );
}

#[test]
fn later_events_of_a_closed_connection_are_ignored() {
    let mut chat = Chat::among(["alice"]);
    chat.sends("alice", b"\x7f");
    for overdue in [Overdue::FirstByte, Overdue::Identification, Overdue::Frame] {
        assert_eq!(chat.is_late("alice", overdue), NOTHING);
    }
    assert_eq!(chat.hangs_up("alice"), NOTHING);
    assert_eq!(chat.is_gone("alice"), NOTHING);
}
