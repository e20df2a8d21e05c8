//! Tests that texts for the log never contain a password or an id.

use matou_protocols::chathack::{ClientFrame, PeerFrame, Question, Received, ServerFrame};

use crate::frames::*;
use crate::script::Chat;

const PASSWORD: &str = "townhall";
const ID: i64 = 1_234_567_890_123;

#[test]
fn no_description_of_a_packet_shows_a_password_or_an_id() {
    let meeting = at("127.0.0.1", 1, ID);
    let client = [account("arnaud", PASSWORD), agree("bob", "alice", meeting)];
    let server = ServerFrame::PrivateValidation {
        login: "bob",
        meeting,
    };
    let peer = PeerFrame::Establishment {
        login: "alice",
        id: ID,
    };
    let question = Question::IsRight {
        login: "arnaud".to_owned(),
        password: PASSWORD.to_owned(),
    };
    let received = Received::Frame(client[0]);
    let shown = format!(
        "{client:?} {} {} {server} {server:?} {peer} {peer:?} {question:?} {received} {received:?}",
        client[0], client[1]
    );
    assert!(!shown.contains(PASSWORD), "{shown}");
    assert!(!shown.contains(&ID.to_string()), "{shown}");
    // The descriptions still show the other fields.
    assert!(shown.contains("arnaud") && shown.contains("127.0.0.1"));
}

#[test]
fn no_remark_shows_a_password_or_an_id() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.arrives("client");
    let mut remarks = Vec::new();
    let mut remember = |chat: &Chat| remarks.extend(chat.remarks.clone());
    for frame in [
        account("arnaud", "townhall!"),
        account("unknown", PASSWORD),
        account(" ", PASSWORD),
    ] {
        chat.says("client", frame);
        remember(&chat);
    }
    let frames: [ClientFrame<'_>; 3] = [
        agree("bob", "alice", at("127.0.0.1", 1, ID)),
        agree("alice", "bob", at("127.0.0.1", 1, ID)),
        account("arnaud", PASSWORD),
    ];
    for frame in frames {
        chat.says("bob", frame);
        remember(&chat);
    }
    assert_eq!(remarks.len(), 6);
    for remark in remarks {
        assert!(!remark.contains(PASSWORD), "{remark}");
        assert!(!remark.contains(&ID.to_string()), "{remark}");
    }
}
