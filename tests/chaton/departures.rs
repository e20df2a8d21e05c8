//! What becomes of names and negotiations when somebody leaves.

use matou_protocols::chaton::Options;
use matou_protocols::room::Flow;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// A way to leave, and what the one who leaves hears of it.
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

/// What the others hear, and the ends of private connections.
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
fn who_has_left_hears_nothing_more(#[values(hanging_up, reset, sending_nonsense)] way: Way) {
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
fn a_request_does_not_pass_to_the_next_one_of_that_name() {
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
fn who_asked_oneself_leaves_without_a_word() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", request("alice", "alice"));
    assert_eq!(chat.hangs_up("alice"), ["alice is closed"]);
    chat.is_gone("alice");
    assert!(chat.is_empty());
}

#[rstest]
fn an_id_dies_with_either_party_and_the_end_that_waits_is_closed(
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
        "its reader learns it from the close"
    );
    assert_eq!(chat.hangs_up("end"), NOTHING);
    chat.arrives("late end");
    assert_eq!(
        chat.says("late end", login_private(id)),
        ["late end is closed"]
    );
}

#[test]
fn a_party_that_leaves_behind_its_agreement_is_no_refusal() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", ok("alice", "bob"));
    assert_eq!(chat.hangs_up("bob"), ["bob is closed"]);
}

#[test]
fn nothing_remains_when_all_are_gone() {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", request("alice", "bob"));
    chat.says("bob", request("bob", "alice"));
    chat.says("carol", request("carol", "carol"));
    chat.says("bob", ok("alice", "bob"));
    chat.arrives("end");
    chat.says("end", login_private(chat.last_connect_id()));
    chat.arrives("guesser");
    chat.says("guesser", login_private(1));
    for who in chat.everybody() {
        chat.is_gone(who);
    }
    assert!(chat.is_empty());
}
