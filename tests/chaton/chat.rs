//! Tests of section 2 of the document: messages.

use matou_protocols::room::Flow;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn a_message_goes_to_all_and_to_its_sender() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("bob", message("bob", "hello")),
        [
            "alice < MESSAGE bob: hello",
            "bob < MESSAGE bob: hello",
            "carol < MESSAGE bob: hello"
        ]
    );
}

#[test]
fn a_message_does_not_reach_a_client_without_a_login() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("ghost");
    assert_eq!(
        chat.says("alice", message("alice", "hello")),
        ["alice < MESSAGE alice: hello"]
    );
}

#[test]
fn an_empty_message_is_relayed() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(
        chat.says("alice", message("alice", "")),
        ["alice < MESSAGE alice: "]
    );
}

#[test]
fn a_message_is_relayed_byte_for_byte() {
    let mut chat = Chat::among(["alice"]);
    let odd = "\u{1b}[31m\0 \u{202e}🐈 \r\n";
    assert_eq!(
        chat.says("alice", message("alice", odd)),
        [format!("alice < MESSAGE alice: {odd}")]
    );
}

#[test]
fn a_private_message_reaches_only_its_target() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("alice", whisper("alice", "bob", "psst")),
        ["bob < MESSAGE_PRIVATE alice bob: psst"]
    );
}

#[test]
fn a_private_message_to_an_unknown_login_is_ignored() {
    let mut chat = Chat::among(["alice"]);
    for unknown in ["bob", "ALICE", "", &"n".repeat(1024)] {
        assert_eq!(
            chat.says("alice", whisper("alice", unknown, "psst")),
            NOTHING
        );
        assert_eq!(chat.flow("alice"), Flow::Frames);
    }
}

#[test]
fn a_client_may_send_itself_a_private_message() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(
        chat.says("alice", whisper("alice", "alice", "note")),
        ["alice < MESSAGE_PRIVATE alice alice: note"]
    );
}

#[test]
fn a_frame_that_names_another_client_as_its_sender_is_ignored() {
    let mut chat = Chat::among(["alice", "bob"]);
    // The forged answers below must answer existing requests. Otherwise the room would ignore them because there is no
    // request, and not because they are forged.
    chat.says("bob", request("bob", "alice"));
    chat.says("bob", request("bob", "bob"));
    for forged in [
        message("bob", "I owe alice a beer"),
        message("Alice", "not quite"),
        whisper("bob", "bob", "psst"),
        request("bob", "bob"),
        ok("bob", "bob"),
        ko("bob", "bob"),
    ] {
        assert_eq!(chat.says("alice", forged), NOTHING, "{forged}");
        assert_eq!(chat.remarks.len(), 1, "the log says why");
        assert_eq!(chat.flow("alice"), Flow::Frames);
    }
}

#[test]
fn remarks_escape_names_and_contain_no_message() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", whisper("alice", "\u{1b}[2J", "our secret"));
    assert_eq!(
        chat.remarks,
        [r#"ignored MESSAGE_PRIVATE: no client is called "\u{1b}[2J""#]
    );
    chat.says("alice", message("bob\n", "our secret"));
    assert_eq!(
        chat.remarks,
        [r#"ignored MESSAGE: the sender's name "bob\n" is not the client's login"#]
    );
}

#[test]
fn frames_arrive_in_the_order_in_which_they_were_sent() {
    let mut chat = Chat::among(["alice", "bob"]);
    let mut bytes = Vec::new();
    for frame in [
        message("alice", "1"),
        whisper("alice", "bob", "2"),
        message("alice", "3"),
    ] {
        frame.encode(Default::default(), &mut bytes);
    }
    let heard = chat.sends("alice", &bytes);
    let by_bob: Vec<_> = heard
        .iter()
        .filter(|line| line.starts_with("bob"))
        .collect();
    assert_eq!(
        by_bob,
        [
            "bob < MESSAGE alice: 1",
            "bob < MESSAGE_PRIVATE alice bob: 2",
            "bob < MESSAGE alice: 3"
        ]
    );
}
