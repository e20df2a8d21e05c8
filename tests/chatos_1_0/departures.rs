//! Tests of what happens to the pseudonym and to the negotiations of a client that leaves.

use matou_protocols::chatos_1_0::Frame;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

fn asked() -> Chat {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", ask("alice", "bob", 7));
    chat
}

#[test]
fn a_pseudonym_is_free_as_soon_as_its_client_has_left() {
    let mut chat = Chat::among(["alice", "bob"]);
    assert_eq!(chat.hangs_up("alice"), ["alice is closed"]);
    assert_eq!(chat.hangs_up("alice"), NOTHING);
    chat.is_gone("bob");
    for (who, pseudonym) in [("one", "alice"), ("other", "bob")] {
        chat.arrives(who);
        assert_eq!(chat.says(who, cr(pseudonym)), [format!("{who} < ERROR OK")]);
    }
}

#[rstest]
#[case::the_asker("alice", "bob")]
#[case::the_target("bob", "alice")]
fn when_a_party_leaves_the_other_one_receives_an_abort(
    #[case] leaver: &'static str,
    #[case] other: &'static str,
) {
    let told = format!("{other} < TCPAbort alice bob 7");
    let mut chat = asked();
    assert_eq!(
        chat.hangs_up(leaver),
        [told.clone(), format!("{leaver} is closed")]
    );
    let mut chat = asked();
    assert_eq!(chat.is_gone(leaver), std::slice::from_ref(&told));
    let mut chat = asked();
    assert_eq!(
        chat.sends(leaver, b"\x7f"),
        [told, format!("{leaver} is closed")]
    );
}

#[rstest]
fn a_waiting_end_is_closed_when_either_party_leaves(
    #[values("alice", "bob")] leaver: &'static str,
    #[values(accept("alice", "bob", 7), connect("alice", "bob", 7))] opening: Frame<'_>,
) {
    let mut chat = asked();
    chat.arrives("end");
    chat.says("end", opening);
    let other = if leaver == "alice" { "bob" } else { "alice" };
    assert_eq!(
        chat.is_gone(leaver),
        [
            format!("{other} < TCPAbort alice bob 7"),
            "end is closed".to_owned()
        ]
    );
    assert_eq!(chat.is_gone("end"), NOTHING);
}

#[test]
fn a_negotiation_ends_when_its_asker_leaves_even_if_the_name_returns() {
    let mut chat = asked();
    chat.is_gone("alice");
    let mut chat = chat.joined_by(["alice"]);
    assert_eq!(
        chat.says("bob", abort("alice", "bob", 7)),
        ["bob < ERROR TCP Not In Protocole"]
    );
    chat.arrives("end");
    assert_eq!(
        chat.says("end", accept("alice", "bob", 7)),
        ["end < ERROR TCP Not In Protocole", "end is closed"]
    );
}

#[test]
fn when_a_client_leaves_all_its_partners_receive_an_abort() {
    let mut chat = asked();
    chat.says("alice", ask("alice", "bob", 8));
    chat.says("alice", ask("alice", "alice", 9));
    chat.says("carol", ask("carol", "alice", 7));
    assert_eq!(
        chat.hangs_up("alice"),
        [
            "bob < TCPAbort alice bob 7",
            "bob < TCPAbort alice bob 8",
            "carol < TCPAbort carol alice 7",
            "alice is closed"
        ]
    );
    for who in chat.connected() {
        chat.is_gone(who);
    }
    assert!(chat.is_empty());
}
