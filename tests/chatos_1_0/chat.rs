//! SPM and SMA.

use crate::frames::*;
use crate::script::{Chat, NOTHING};

#[test]
fn a_message_goes_to_all_but_its_sender_who_gets_ok() {
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
fn a_message_does_not_reach_who_has_no_pseudonym() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("ghost");
    assert_eq!(
        chat.says("alice", sma("alice", "hello")),
        ["alice < ERROR OK"]
    );
}

#[test]
fn a_message_is_relayed_as_it_was_written() {
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
fn a_whisper_reaches_its_recipient_alone_and_its_sender_gets_ok() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("alice", spm("alice", "bob", "psst")),
        ["bob < SPM alice bob: psst", "alice < ERROR OK"]
    );
}

#[test]
fn a_whisper_to_nobody_is_told_to_its_sender() {
    let mut chat = Chat::among(["alice"]);
    for nobody in ["bob", "ALICE", "", &"n".repeat(32_767)] {
        assert_eq!(
            chat.says("alice", spm("alice", nobody, "psst")),
            ["alice < ERROR Unreachable User"]
        );
    }
}

#[test]
fn a_whisper_to_oneself_is_delivered_before_the_ok() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(
        chat.says("alice", spm("alice", "alice", "note")),
        ["alice < SPM alice alice: note", "alice < ERROR OK"]
    );
}

#[test]
fn a_packet_under_another_name_reaches_nobody() {
    let mut chat = Chat::among(["alice", "bob"]);
    for forged in [
        sma("bob", "I owe alice a beer"),
        sma("Alice", "not quite"),
        sma("", "?"),
        spm("bob", "bob", "psst"),
        // The wrong sender is told before the unknown recipient.
        spm("bob", "nobody", "psst"),
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
fn remarks_tell_no_message_and_no_password() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", spm("alice", "bob", "our secret"));
    assert_eq!(chat.remarks, ["refused SPM: Unreachable User"]);
    chat.says("alice", ask("alice", "bob", 4711));
    assert_eq!(chat.remarks, ["refused TCPAsk: Unreachable User"]);
    chat.says("alice", ask("alice", "alice", 4711));
    assert_eq!(chat.remarks, NOTHING);
}
