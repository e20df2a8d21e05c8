//! Tests of section 1 of the document: identification.

use matou_protocols::chaton::{Options, Room};
use matou_protocols::room::{Flow, Protocol};
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn a_free_login_is_accepted() {
    let mut chat = Chat::new(Options::default());
    chat.arrives("alice");
    assert_eq!(
        chat.says("alice", login("alice")),
        ["alice < LOGIN_ACCEPTED"]
    );
    assert_eq!(chat.flow("alice"), Flow::Frames);
}

#[test]
fn a_taken_login_is_refused_and_another_may_be_proposed() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("bob");
    assert_eq!(chat.says("bob", login("alice")), ["bob < LOGIN_REFUSED"]);
    assert_eq!(chat.flow("bob"), Flow::Frames);
    assert_eq!(chat.says("bob", login("bob")), ["bob < LOGIN_ACCEPTED"]);
}

#[test]
fn logins_that_differ_in_one_byte_are_different_logins() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("Alice");
    assert_eq!(
        chat.says("Alice", login("Alice")),
        ["Alice < LOGIN_ACCEPTED"]
    );
}

#[rstest]
#[case::of_no_byte("")]
#[case::of_31_bytes("1234567890123456789012345678901")]
#[case::of_16_characters_in_32_bytes("éééééééééééééééé")]
#[case::with_a_control_character("al\u{7}ice")]
#[case::with_an_invisible_character("alice\u{200b}")]
#[case::with_white_space_around("alice ")]
fn an_invalid_login_is_refused(#[case] proposed: &str) {
    let mut chat = Chat::new(Options::default());
    chat.arrives("client");
    assert_eq!(
        chat.says("client", login(proposed)),
        ["client < LOGIN_REFUSED"]
    );
    assert_eq!(chat.flow("client"), Flow::Frames);
}

#[test]
fn a_login_of_1024_bytes_is_refused_and_one_more_byte_is_a_framing_error() {
    let mut chat = Chat::new(Options::default());
    chat.arrives("long");
    assert_eq!(
        chat.says("long", login(&"l".repeat(1024))),
        ["long < LOGIN_REFUSED"]
    );
    assert_eq!(
        chat.says("long", login(&"l".repeat(1025))),
        ["long is closed"]
    );
}

#[test]
fn a_login_of_30_bytes_is_accepted() {
    let mut chat = Chat::new(Options::default());
    chat.arrives("long");
    assert_eq!(
        chat.says("long", login(&"é".repeat(15))),
        ["long < LOGIN_ACCEPTED"]
    );
}

#[test]
fn a_second_login_is_refused_and_the_first_one_stays() {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(
        chat.says("alice", login("queen")),
        ["alice < LOGIN_REFUSED"]
    );
    assert_eq!(
        chat.says("alice", login("alice")),
        ["alice < LOGIN_REFUSED"]
    );
    assert_eq!(chat.says("bob", whisper("bob", "queen", "?")), NOTHING);
    assert_eq!(
        chat.says("bob", whisper("bob", "alice", "?")),
        ["alice < MESSAGE_PRIVATE bob alice: ?"]
    );
}

#[test]
fn before_identification_only_login_and_login_private_are_handled() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("ghost");
    for frame in [
        message("ghost", "boo"),
        message("alice", "boo"),
        whisper("ghost", "alice", "boo"),
        request("ghost", "alice"),
        ok("alice", "ghost"),
        ko("alice", "ghost"),
    ] {
        assert_eq!(chat.says("ghost", frame), NOTHING, "{frame}");
        assert_eq!(chat.remarks.len(), 1, "the log says why");
        assert_eq!(chat.flow("ghost"), Flow::Frames);
    }
    assert_eq!(
        chat.says("ghost", login("ghost")),
        ["ghost < LOGIN_ACCEPTED"]
    );
}

#[test]
fn a_client_receives_the_messages_after_its_acceptance_and_no_earlier_ones() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("bob");
    assert_eq!(
        chat.says("alice", message("alice", "1")),
        ["alice < MESSAGE alice: 1"]
    );
    // The script itself checks that bob receives no message before LOGIN_ACCEPTED.
    assert_eq!(chat.says("bob", login("bob")), ["bob < LOGIN_ACCEPTED"]);
    assert_eq!(
        chat.says("alice", message("alice", "2")),
        ["alice < MESSAGE alice: 2", "bob < MESSAGE alice: 2"]
    );
}

#[test]
fn only_login_private_makes_the_next_bytes_raw() {
    for frame in [
        login("a"),
        message("a", "m"),
        whisper("a", "b", "m"),
        request("a", "b"),
        ok("a", "b"),
        ko("a", "b"),
    ] {
        assert!(!Room::turns_the_stream(&frame), "{frame}");
    }
    assert!(Room::turns_the_stream(&login_private(1)));
}
