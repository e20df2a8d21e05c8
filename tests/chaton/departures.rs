//! Tests of what happens to the name and to the negotiations of a client that leaves.

use matou_protocols::chaton::Options;
use matou_protocols::room::Flow;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// A function that makes a client leave. It returns the new lines of the conversation: everything that any client receives
/// because the client leaves.
type Way = fn(&mut Chat, &'static str) -> Vec<String>;

fn hanging_up(chat: &mut Chat, who: &'static str) -> Vec<String> {
    chat.hangs_up(who)
}

fn reset(chat: &mut Chat, who: &'static str) -> Vec<String> {
    chat.is_gone(who)
}

fn sending_nonsense(chat: &mut Chat, who: &'static str) -> Vec<String> {
    chat.sends(who, b"\x7f")
}

/// Makes the client leave. Returns the new lines of the conversation, without the line which says that this client's own
/// connection is closed.
fn heard_by_others(way: Way, chat: &mut Chat, who: &'static str) -> Vec<String> {
    let own = format!("{who} is closed");
    way(chat, who)
        .into_iter()
        .filter(|line| *line != own)
        .collect()
}

#[rstest]
fn a_name_is_free_as_soon_as_its_client_has_left(
    #[values(hanging_up, reset, sending_nonsense)] way: Way,
) {
    let mut chat = Chat::among(["alice"]);
    heard_by_others(way, &mut chat, "alice");
    chat.arrives("other");
    assert_eq!(
        chat.says("other", login("alice")),
        ["other < LOGIN_ACCEPTED"]
    );
}

#[rstest]
fn a_client_that_has_left_receives_nothing_more(
    #[values(hanging_up, reset, sending_nonsense)] way: Way,
) {
    let mut chat = Chat::among(["alice", "bob"]);
    heard_by_others(way, &mut chat, "alice");
    assert_eq!(
        chat.says("bob", message("bob", "gone?")),
        ["bob < MESSAGE bob: gone?"]
    );
    assert_eq!(chat.says("bob", whisper("bob", "alice", "gone?")), NOTHING);
    assert_eq!(chat.says("bob", request("bob", "alice")), NOTHING);
}

#[test]
fn a_client_that_hangs_up_is_closed_once() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(chat.hangs_up("alice"), ["alice is closed"]);
    assert_eq!(chat.flow("alice"), Flow::Closed);
    assert_eq!(chat.hangs_up("alice"), NOTHING);
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert!(chat.is_empty());
}

#[test]
fn a_connection_without_a_login_that_hangs_up_is_closed() {
    let mut chat = Chat::new(Options::default());
    chat.arrives("ghost");
    assert_eq!(chat.hangs_up("ghost"), ["ghost is closed"]);
    assert_eq!(chat.is_gone("ghost"), NOTHING);
    assert!(chat.is_empty());
}

#[test]
fn frames_before_the_departure_are_handled() {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(chat.says("alice", message("alice", "bye")).len(), 2);
    assert_eq!(chat.hangs_up("alice"), ["alice is closed"]);
}

#[rstest]
fn a_requester_is_told_that_the_target_left(
    #[values(hanging_up, reset, sending_nonsense)] way: Way,
) {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("carol", request("carol", "bob"));
    assert_eq!(
        heard_by_others(way, &mut chat, "bob"),
        [
            "alice < KO_PRIVATE alice bob",
            "carol < KO_PRIVATE carol bob"
        ]
    );
}

#[rstest]
fn a_target_is_not_told_that_the_requester_left(
    #[values(hanging_up, reset, sending_nonsense)] way: Way,
) {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    assert_eq!(heard_by_others(way, &mut chat, "alice"), NOTHING);
    assert_eq!(chat.says("bob", ok("alice", "bob")), NOTHING);
}

#[test]
fn a_request_ends_when_its_requester_leaves_even_if_the_name_returns() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.is_gone("alice");
    let mut chat = chat.joined_by(["alice"]);
    assert_eq!(chat.says("bob", ok("alice", "bob")), NOTHING);

    chat.says("alice", request("alice", "bob"));
    chat.is_gone("bob");
    let mut chat = chat.joined_by(["bob"]);
    assert_eq!(chat.says("bob", ok("alice", "bob")), NOTHING);
}

#[test]
fn a_client_that_asked_itself_receives_no_refusal_when_it_leaves() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", request("alice", "alice"));
    assert_eq!(chat.hangs_up("alice"), ["alice is closed"]);
    chat.is_gone("alice");
    assert!(chat.is_empty());
}

#[rstest]
fn a_connect_id_becomes_invalid_when_either_party_leaves_and_a_waiting_end_is_closed(
    #[values("alice", "bob")] party: &'static str,
    #[values(hanging_up, reset, sending_nonsense)] way: Way,
) {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", ok("alice", "bob"));
    let id = chat.last_connect_id();
    chat.arrives("end");
    chat.says("end", login_private(id));
    assert_eq!(heard_by_others(way, &mut chat, party), ["end is closed"]);
    assert_eq!(
        chat.flow("end"),
        Flow::Raw,
        "the waiting end receives only the close"
    );
    assert_eq!(chat.hangs_up("end"), NOTHING);
    chat.arrives("late end");
    assert_eq!(
        chat.says("late end", login_private(id)),
        ["late end is closed"]
    );
}

#[test]
fn when_a_target_leaves_after_its_agreement_the_requester_receives_no_refusal() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", ok("alice", "bob"));
    assert_eq!(chat.hangs_up("bob"), ["bob is closed"]);
}

#[test]
fn after_all_clients_have_left_the_room_is_empty() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", request("bob", "alice"));
    chat.says("carol", request("carol", "carol"));
    chat.says("bob", ok("alice", "bob"));
    chat.arrives("end");
    chat.says("end", login_private(chat.last_connect_id()));
    chat.arrives("guesser");
    chat.says("guesser", login_private(1));
    for who in chat.connected() {
        chat.is_gone(who);
    }
    assert!(chat.is_empty());
}
