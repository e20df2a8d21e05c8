//! Tests of CLOSE_CONNECTION and ACCEPT_CLOSE_CONNECTION, which close private connections.

use std::time::Duration;

use matou_protocols::room::Flow;
use proptest::prelude::*;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING, close};

const SECOND: Duration = Duration::from_secs(1);

/// Returns a chat of alice, bob and carol, and the connect_id of the private connection on which alice and bob have agreed.
fn agreed() -> (Chat, i64) {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    let id = agree(&mut chat, "alice", "bob");
    (chat, id)
}

fn agree(chat: &mut Chat, asker: &'static str, target: &'static str) -> i64 {
    chat.says(asker, request(asker, target));
    chat.says(target, ok(asker, target));
    chat.last_connect_id()
}

fn established() -> (Chat, i64) {
    let (mut chat, id) = agreed();
    establish(&mut chat, id, ["alice's end", "bob's end"]);
    (chat, id)
}

fn establish(chat: &mut Chat, id: i64, [one, other]: [&'static str; 2]) {
    for end in [one, other] {
        chat.arrives(end);
    }
    assert_eq!(chat.says(one, login_private(id)), NOTHING);
    assert_eq!(chat.says(other, login_private(id)).len(), 3);
}

#[rstest]
#[case::the_asker("alice", "bob", ["alice", "bob"])]
#[case::the_asker_with_the_names_turned_round("alice", "bob", ["bob", "alice"])]
#[case::the_target("bob", "alice", ["alice", "bob"])]
#[case::the_target_with_the_names_turned_round("bob", "alice", ["bob", "alice"])]
fn when_either_party_closes_the_other_is_told_before_both_ends_are_closed(
    #[case] closer: &'static str,
    #[case] other: &'static str,
    #[case] named: [&'static str; 2],
) {
    let [requester, target] = named;
    let (mut chat, id) = established();
    assert_eq!(
        chat.says(closer, close(id, requester, target)),
        [
            format!("{other} < ACCEPT_CLOSE_CONNECTION {closer}"),
            "alice's end is closed".to_owned(),
            "bob's end is closed".to_owned()
        ]
    );
    assert_eq!(chat.flow(closer), Flow::Frames);
    for end in ["alice's end", "bob's end"] {
        assert_eq!(chat.is_gone(end), NOTHING);
    }
}

#[test]
fn a_private_connection_is_closed_once() {
    let (mut chat, id) = established();
    assert_eq!(chat.says("alice", close(id, "alice", "bob")).len(), 3);
    for who in ["alice", "bob"] {
        assert_eq!(chat.says(who, close(id, "alice", "bob")), NOTHING);
    }
    for end in ["alice's end", "bob's end"] {
        chat.is_gone(end);
    }
    assert_eq!(chat.says("bob", close(id, "alice", "bob")), NOTHING);
}

#[test]
fn a_close_with_a_wrong_connect_id_name_or_sender_is_ignored() {
    let (mut chat, id) = established();
    chat.arrives("ghost");
    for (who, frame) in [
        ("alice", close(id + 1, "alice", "bob")),
        ("alice", close(0, "alice", "bob")),
        ("alice", close(-id, "alice", "bob")),
        ("alice", close(id, "alice", "carol")),
        ("alice", close(id, "carol", "bob")),
        ("alice", close(id, "alice", "alice")),
        ("alice", close(id, "", "")),
        ("carol", close(id, "alice", "bob")),
        ("carol", close(id, "carol", "bob")),
        ("ghost", close(id, "alice", "bob")),
    ] {
        assert_eq!(chat.says(who, frame), NOTHING, "{who}: {frame}");
        assert_eq!(chat.remarks.len(), 1, "the log says why");
        assert_eq!(chat.flow(who), Flow::Frames);
    }
    assert_eq!(chat.says("bob", close(id, "alice", "bob")).len(), 3);
}

#[test]
fn a_half_closed_private_connection_can_be_closed() {
    let (mut chat, id) = established();
    assert_eq!(chat.hangs_up("alice's end"), NOTHING);
    assert_eq!(chat.says("alice", close(id, "alice", "bob")).len(), 3);
}

#[test]
fn a_close_does_not_close_other_private_connections() {
    let (mut chat, first) = established();
    let second = agree(&mut chat, "alice", "bob");
    establish(
        &mut chat,
        second,
        ["alice's second end", "bob's second end"],
    );
    assert_eq!(
        chat.says("alice", close(second, "alice", "bob")),
        [
            "bob < ACCEPT_CLOSE_CONNECTION alice",
            "alice's second end is closed",
            "bob's second end is closed"
        ]
    );
    assert_eq!(
        chat.says("bob", close(first, "alice", "bob"))[1..],
        ["alice's end is closed", "bob's end is closed"]
    );
}

#[test]
fn an_agreement_can_be_closed_before_its_ends_have_connected() {
    let (mut chat, id) = agreed();
    assert_eq!(
        chat.says("bob", close(id, "alice", "bob")),
        ["alice < ACCEPT_CLOSE_CONNECTION bob"]
    );
    chat.arrives("late end");
    assert_eq!(
        chat.says("late end", login_private(id)),
        ["late end is closed"]
    );
}

#[test]
fn a_close_also_closes_a_waiting_end() {
    let (mut chat, id) = agreed();
    chat.arrives("end");
    chat.says("end", login_private(id));
    assert_eq!(
        chat.says("alice", close(id, "alice", "bob")),
        ["bob < ACCEPT_CLOSE_CONNECTION alice", "end is closed"]
    );
    assert_eq!(chat.says("bob", close(id, "alice", "bob")), NOTHING);
}

#[test]
fn a_private_connection_that_has_ended_can_be_closed_for_a_minute() {
    let (mut chat, id) = established();
    chat.is_gone("alice's end");
    assert_eq!(chat.passes(60 * SECOND - Duration::from_millis(1)), NOTHING);
    assert_eq!(
        chat.says("alice", close(id, "alice", "bob")),
        ["bob < ACCEPT_CLOSE_CONNECTION alice"],
        "the engine closes the other end"
    );
    assert_eq!(chat.says("alice", close(id, "alice", "bob")), NOTHING);

    let id = agree(&mut chat, "alice", "bob");
    establish(&mut chat, id, ["alice's second end", "bob's second end"]);
    chat.is_gone("alice's second end");
    chat.is_gone("bob's second end");
    chat.passes_unnoticed(60 * SECOND);
    assert_eq!(chat.says("alice", close(id, "alice", "bob")), NOTHING);
}

#[test]
fn a_new_client_with_the_name_of_a_departed_party_is_no_party() {
    let (mut chat, id) = established();
    chat.is_gone("bob");
    let mut chat = chat.joined_by(["bob"]);
    assert_eq!(chat.says("bob", close(id, "alice", "bob")), NOTHING);
    assert_eq!(
        chat.says("alice", close(id, "alice", "bob")),
        ["alice's end is closed", "bob's end is closed"],
        "the new bob receives nothing"
    );
}

#[test]
fn a_client_that_closes_its_private_connection_with_itself_is_told() {
    let mut chat = Chat::among(["alice"]);
    let id = agree(&mut chat, "alice", "alice");
    establish(&mut chat, id, ["one end", "other end"]);
    assert_eq!(
        chat.says("alice", close(id, "alice", "alice")),
        [
            "alice < ACCEPT_CLOSE_CONNECTION alice",
            "one end is closed",
            "other end is closed"
        ]
    );
}

#[test]
fn later_events_of_a_closed_end_are_ignored() {
    let (mut chat, id) = established();
    chat.says("alice", close(id, "alice", "bob"));
    for end in ["alice's end", "bob's end"] {
        assert_eq!(chat.hangs_up(end), NOTHING);
        assert_eq!(chat.flow(end), Flow::Raw, "the bytes of the end stay raw");
        assert_eq!(chat.is_gone(end), NOTHING);
    }
    for who in chat.connected() {
        chat.is_gone(who);
    }
    assert!(chat.is_empty());
}

#[derive(Debug, Clone)]
enum Deed {
    Agree(usize, usize),
    /// A tunnel end connects with a connect_id that the room has sent. The value 0 means the newest connect_id, 1 the one
    /// before it, and so on.
    EndComes(usize),
    EndGoes(usize),
    /// A client sends CLOSE_CONNECTION. The values are the client, a connect_id that the room has sent (counted back from
    /// the newest), and the two names in the command.
    Close(usize, usize, [usize; 2]),
    Leave(usize),
    Wait(u64),
}

const NAMES: [&str; 3] = ["alice", "bob", "carol"];
const ENDS: [&str; 5] = ["e0", "e1", "e2", "e3", "e4"];

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0..NAMES.len();
    prop_oneof![
        4 => (who.clone(), who.clone()).prop_map(|(asker, target)| Deed::Agree(asker, target)),
        12 => (0..3_usize).prop_map(Deed::EndComes),
        3 => (0..ENDS.len()).prop_map(Deed::EndGoes),
        8 => (who.clone(), 0..3_usize, [who.clone(), who.clone()])
            .prop_map(|(closer, ago, named)| Deed::Close(closer, ago, named)),
        1 => who.prop_map(Deed::Leave),
        1 => (0..90_u64).prop_map(Deed::Wait),
    ]
}

fn perform(chat: &mut Chat, deed: Deed) {
    let id = |chat: &Chat, ago| chat.connect_ids.iter().rev().nth(ago).copied();
    match deed {
        Deed::Agree(asker, target) => {
            let (asker, target) = (NAMES[asker], NAMES[target]);
            chat.says(asker, request(asker, target));
            chat.says(target, ok(asker, target));
        }
        Deed::EndComes(ago) => {
            let here = chat.connected();
            let free = ENDS.into_iter().find(|end| !here.contains(end));
            if let (Some(end), Some(id)) = (free, id(chat, ago)) {
                chat.arrives(end);
                chat.says(end, login_private(id));
            }
        }
        Deed::EndGoes(end) => {
            if chat.connected().contains(&ENDS[end]) {
                chat.is_gone(ENDS[end]);
            }
        }
        Deed::Close(closer, ago, [one, other]) => {
            let frame = close(id(chat, ago).unwrap_or(7), NAMES[one], NAMES[other]);
            let heard = chat.says(NAMES[closer], frame);
            // At most one client receives a frame: the party that did not send the command. If a client has a private
            // connection with itself, it receives the frame itself.
            let told: Vec<_> = heard.iter().filter(|line| line.contains('<')).collect();
            assert!(told.len() <= 1, "{heard:?}");
            for line in told {
                let to = if closer == one { other } else { one };
                let expected = format!("{} < ACCEPT_CLOSE_CONNECTION {}", NAMES[to], NAMES[closer]);
                assert_eq!(*line, expected);
            }
            assert!(chat.says(NAMES[closer], frame).is_empty(), "closed twice");
        }
        Deed::Leave(who) => {
            chat.is_gone(NAMES[who]);
            chat.arrives(NAMES[who]);
            chat.says(NAMES[who], login(NAMES[who]));
        }
        Deed::Wait(seconds) => {
            chat.passes(Duration::from_secs(seconds));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_random_closes_the_room_is_empty(
        deeds in prop::collection::vec(deed(), 0..120),
    ) {
        let mut chat = Chat::among(NAMES);
        for deed in deeds {
            perform(&mut chat, deed);
        }
        for who in chat.connected() {
            chat.is_gone(who);
        }
        prop_assert!(chat.is_empty());
        prop_assert_eq!(chat.passes(Duration::from_hours(1)), NOTHING);
    }
}
