//! Tests of section 4 of the document: private connections.

use std::time::Duration;

use matou_protocols::chaton::{LongWidth, Options};
use matou_protocols::room::Flow;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// Returns a chat in which alice and bob have agreed, and each has opened a second connection.
fn agreed() -> (Chat, i64) {
    let mut chat = Chat::among(["alice", "bob"]);
    agree(&mut chat);
    chat.arrives("alice's end");
    chat.arrives("bob's end");
    let id = chat.last_connect_id();
    (chat, id)
}

fn agree(chat: &mut Chat) {
    chat.says("alice", request("alice", "bob"));
    assert_eq!(chat.says("bob", ok("alice", "bob")).len(), 2);
}

#[test]
fn two_ends_with_the_same_connect_id_are_joined() {
    let (mut chat, id) = agreed();
    assert_eq!(chat.says("alice's end", login_private(id)), NOTHING);
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
    assert_eq!(
        chat.says("bob's end", login_private(id)),
        [
            "alice's end < ESTABLISHED",
            "bob's end < ESTABLISHED",
            "alice's end and bob's end are joined"
        ]
    );
    assert_eq!(chat.flow("bob's end"), Flow::Raw);
}

#[test]
fn the_target_may_connect_first() {
    let (mut chat, id) = agreed();
    assert_eq!(chat.says("bob's end", login_private(id)), NOTHING);
    assert_eq!(chat.says("alice's end", login_private(id)).len(), 3);
}

#[test]
fn a_client_that_asked_itself_opens_both_ends() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", request("alice", "alice"));
    chat.says("alice", ok("alice", "alice"));
    let id = chat.last_connect_id();
    chat.arrives("one end");
    chat.arrives("other end");
    assert_eq!(chat.says("one end", login_private(id)), NOTHING);
    assert_eq!(chat.says("other end", login_private(id)).len(), 3);
}

#[test]
fn a_connect_id_of_four_bytes_joins_two_ends() {
    let options = Options {
        long: LongWidth::Four,
        ..Options::default()
    };
    let mut chat = Chat::new(options).joined_by(["alice", "bob"]);
    agree(&mut chat);
    let id = chat.last_connect_id();
    chat.arrives("alice's end");
    chat.arrives("bob's end");
    assert_eq!(chat.says("alice's end", login_private(id)), NOTHING);
    assert_eq!(chat.says("bob's end", login_private(id)).len(), 3);
}

#[test]
fn an_unknown_connect_id_closes_the_connection() {
    let mut chat = Chat::among(["alice"]);
    for id in [0, 1, -1, i64::MAX, i64::MIN] {
        chat.arrives("guesser");
        assert_eq!(
            chat.says("guesser", login_private(id)),
            ["guesser is closed"]
        );
        assert_eq!(chat.flow("guesser"), Flow::Closed);
        assert_eq!(chat.is_gone("guesser"), NOTHING);
    }
}

#[test]
fn a_connect_id_is_invalid_after_its_ends_are_joined() {
    let (mut chat, id) = agreed();
    chat.says("alice's end", login_private(id));
    chat.says("bob's end", login_private(id));
    chat.arrives("third end");
    assert_eq!(
        chat.says("third end", login_private(id)),
        ["third end is closed"]
    );
}

#[test]
fn bytes_after_login_private_in_the_same_read_are_not_decoded() {
    let (mut chat, id) = agreed();
    let mut bytes = Vec::new();
    login_private(id).encode(Default::default(), &mut bytes);
    message("alice", "raw bytes that look like a frame").encode(Default::default(), &mut bytes);
    assert_eq!(chat.sends("alice's end", &bytes), NOTHING);
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
    assert!(chat.remarks.is_empty());
}

#[test]
fn login_private_on_an_identified_connection_is_ignored() {
    let (mut chat, id) = agreed();
    assert_eq!(chat.says("alice", login_private(id)), NOTHING);
    assert_eq!(chat.flow("alice"), Flow::Frames);
    assert_eq!(
        chat.says("alice's end", login_private(id)),
        NOTHING,
        "the connect_id is still valid"
    );
    assert_eq!(chat.says("bob's end", login_private(id)).len(), 3);
}

#[test]
fn a_connection_whose_login_was_refused_may_become_an_end() {
    let (mut chat, id) = agreed();
    assert_eq!(
        chat.says("alice's end", login("alice")),
        ["alice's end < LOGIN_REFUSED"]
    );
    assert_eq!(chat.says("alice's end", login_private(id)), NOTHING);
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
}

#[test]
fn the_connect_id_of_an_end_that_stops_waiting_is_valid_again() {
    let (mut chat, id) = agreed();
    chat.says("alice's end", login_private(id));
    assert_eq!(chat.hangs_up("alice's end"), ["alice's end is closed"]);
    assert_eq!(chat.flow("alice's end"), Flow::Closed);
    assert_eq!(chat.is_gone("alice's end"), NOTHING);
    assert_eq!(
        chat.says("bob's end", login_private(id)),
        NOTHING,
        "bob's end waits as the first end"
    );

    assert_eq!(
        chat.is_gone("bob's end"),
        NOTHING,
        "an end that was reset is not joined"
    );
    chat.arrives("alice's end");
    chat.arrives("bob's end");
    assert_eq!(chat.says("alice's end", login_private(id)), NOTHING);
    assert_eq!(chat.says("bob's end", login_private(id)).len(), 3);
}

#[test]
fn a_private_connection_survives_its_parties_and_has_no_time_limit() {
    let (mut chat, id) = agreed();
    chat.says("alice's end", login_private(id));
    chat.says("bob's end", login_private(id));
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.hangs_up("bob"), ["bob is closed"]);
    assert_eq!(chat.passes(Duration::from_hours(24)), NOTHING);
    assert_eq!(
        chat.hangs_up("alice's end"),
        NOTHING,
        "one direction is closed"
    );
    assert_eq!(
        chat.hangs_up("bob's end"),
        NOTHING,
        "the other direction is closed"
    );
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
    assert_eq!(
        chat.is_gone("alice's end"),
        NOTHING,
        "the engine closes the other end"
    );
    assert_eq!(chat.is_gone("bob's end"), NOTHING);
}

#[test]
fn two_agreements_are_two_private_connections() {
    let mut chat = Chat::among(["alice", "bob"]);
    agree(&mut chat);
    agree(&mut chat);
    let [first, second] = chat.connect_ids[..] else {
        panic!("two ids, not {}", chat.connect_ids.len())
    };
    for end in ["a1", "b1", "a2", "b2"] {
        chat.arrives(end);
    }
    assert_eq!(chat.says("a1", login_private(first)), NOTHING);
    assert_eq!(chat.says("b2", login_private(second)), NOTHING);
    assert_eq!(
        chat.says("a2", login_private(second))
            .last()
            .map(String::as_str),
        Some("b2 and a2 are joined")
    );
    assert_eq!(
        chat.says("b1", login_private(first))
            .last()
            .map(String::as_str),
        Some("a1 and b1 are joined")
    );
}
