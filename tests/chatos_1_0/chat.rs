//! Tests of messages: SPM and SMA.

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn a_message_goes_to_all_other_clients_and_its_sender_receives_ok() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("bob", sma("bob", "hello")),
        [
            "bob < ERROR OK",
            "alice < SMA bob: hello",
            "carol < SMA bob: hello"
        ]
    );
}

#[test]
fn a_message_does_not_reach_a_client_without_a_pseudonym() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("ghost");
    assert_eq!(
        chat.says("alice", sma("alice", "hello")),
        ["alice < ERROR OK"]
    );
}

#[test]
fn a_message_is_relayed_byte_for_byte() {
    let mut chat = Chat::among(["alice", "bob"]);
    let long = "m".repeat(32_767);
    for text in ["", "\u{1b}[31m\0 \u{202e}🐈 \r\n", &long] {
        assert_eq!(
            chat.says("alice", sma("alice", text)),
            [
                "alice < ERROR OK".to_owned(),
                format!("bob < SMA alice: {text}")
            ]
        );
    }
}

#[test]
fn a_private_message_reaches_only_its_recipient_and_its_sender_receives_ok() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("alice", spm("alice", "bob", "psst")),
        ["bob < SPM alice bob: psst", "alice < ERROR OK"]
    );
}

#[test]
fn a_private_message_to_an_unknown_recipient_is_an_error() {
    let mut chat = Chat::among(["alice"]);
    for unknown in ["bob", "ALICE", "", &"n".repeat(32_767)] {
        assert_eq!(
            chat.says("alice", spm("alice", unknown, "psst")),
            ["alice < ERROR Unreachable User"]
        );
    }
}

#[test]
fn a_private_message_to_its_own_sender_arrives_before_the_ok() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(
        chat.says("alice", spm("alice", "alice", "note")),
        ["alice < SPM alice alice: note", "alice < ERROR OK"]
    );
}

#[test]
fn a_packet_that_names_another_client_as_its_sender_is_not_relayed() {
    let mut chat = Chat::among(["alice", "bob"]);
    for forged in [
        sma("bob", "I owe alice a beer"),
        sma("Alice", "not quite"),
        sma("", "?"),
        spm("bob", "bob", "psst"),
        // In this packet, both the sender and the recipient are wrong. The answer is about the sender, because the server
        // checks the sender first.
        spm("bob", "unknown", "psst"),
    ] {
        assert_eq!(
            chat.says("alice", forged),
            ["alice < ERROR Invalid Pseudonym"],
            "{forged}"
        );
        assert_eq!(chat.remarks.len(), 1, "the log says why");
    }
}

#[test]
fn remarks_contain_no_message_and_no_password() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", spm("alice", "bob", "our secret"));
    assert_eq!(chat.remarks, ["refused SPM: Unreachable User"]);
    chat.says("alice", ask("alice", "bob", 4711));
    assert_eq!(chat.remarks, ["refused TCPAsk: Unreachable User"]);
    chat.says("alice", ask("alice", "alice", 4711));
    assert_eq!(chat.remarks, NOTHING);
}
