//! TCPAccept and TCPConnect.

use std::time::Duration;

use matou_protocols::chatos_1_0::Options;
use matou_protocols::room::Flow;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// Alice has asked bob, and each has connected a second time.
fn asked() -> Chat {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", ask("alice", "bob", 7));
    chat.arrives("alice's end");
    chat.arrives("bob's end");
    chat
}

#[test]
fn accept_is_told_to_the_asker_alone_and_connect_joins() {
    let mut chat = asked();
    assert_eq!(
        chat.says("bob's end", accept("alice", "bob", 7)),
        ["alice < TCPAccept alice bob 7"]
    );
    assert_eq!(chat.flow("bob's end"), Flow::Raw);
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)),
        [
            "bob's end < ERROR OK",
            "alice's end < ERROR OK",
            "bob's end and alice's end are joined"
        ]
    );
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
}

#[test]
fn connect_may_come_first_and_waits() {
    let mut chat = asked();
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)),
        NOTHING
    );
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
    assert_eq!(
        chat.says("bob's end", accept("alice", "bob", 7)),
        [
            "alice < TCPAccept alice bob 7",
            "alice's end < ERROR OK",
            "bob's end < ERROR OK",
            "alice's end and bob's end are joined"
        ]
    );
}

#[test]
fn who_asked_oneself_brings_both_ends() {
    let mut chat = Chat::among(["alice"]);
    chat.says("alice", ask("alice", "alice", 7));
    chat.arrives("one end");
    chat.arrives("other end");
    assert_eq!(
        chat.says("one end", accept("alice", "alice", 7)),
        ["alice < TCPAccept alice alice 7"]
    );
    assert_eq!(
        chat.says("other end", connect("alice", "alice", 7)).len(),
        3
    );
}

#[test]
fn what_follows_in_the_same_read_is_not_looked_at() {
    let mut chat = asked();
    let mut bytes = accept("alice", "bob", 7).bytes();
    bytes.extend(sma("bob", "raw bytes that look like a packet").bytes());
    assert_eq!(
        chat.sends("bob's end", &bytes),
        ["alice < TCPAccept alice bob 7"]
    );
    assert_eq!(chat.flow("bob's end"), Flow::Raw);
}

#[rstest]
#[case::another_password(accept("alice", "bob", 8))]
#[case::another_sender(accept("carol", "bob", 7))]
#[case::another_recipient(accept("alice", "carol", 7))]
#[case::turned_round(accept("bob", "alice", 7))]
#[case::of_nobody(accept("", "nobody", 7))]
fn an_accept_without_a_negotiation_is_refused_and_closed(
    #[case] frame: matou_protocols::chatos_1_0::Frame<'_>,
) {
    let mut chat = asked();
    assert_eq!(
        chat.says("bob's end", frame),
        [
            "bob's end < ERROR TCP Not In Protocole",
            "bob's end is closed"
        ]
    );
    assert_eq!(chat.flow("bob's end"), Flow::Closed);
}

#[rstest]
#[case::another_recipient(connect("alice", "carol", 7), "Invalid Pseudonym")]
#[case::nobody_as_recipient(connect("alice", "nobody", 7), "Invalid Pseudonym")]
#[case::another_password(connect("alice", "bob", 8), "TCP Not In Protocole")]
#[case::another_sender(connect("carol", "bob", 7), "TCP Not In Protocole")]
#[case::turned_round(connect("bob", "alice", 7), "TCP Not In Protocole")]
fn a_connect_that_does_not_fit_is_refused_aborted_and_closed(
    #[case] frame: matou_protocols::chatos_1_0::Frame<'_>,
    #[case] code: &str,
) {
    let mut chat = asked();
    let matou_protocols::chatos_1_0::Frame::TcpConnect(fields) = frame else {
        panic!("{frame} is no TCPConnect")
    };
    let (sender, recipient, password) = (fields.sender, fields.recipient, fields.password);
    assert_eq!(
        chat.says("alice's end", frame),
        [
            format!("alice's end < ERROR {code}"),
            format!("alice's end < TCPAbort {sender} {recipient} {password}"),
            "alice's end is closed".to_owned()
        ]
    );
    // The negotiation that runs is not touched.
    assert_eq!(chat.says("bob's end", accept("alice", "bob", 7)).len(), 1);
}

#[test]
fn the_first_end_of_a_side_stays_and_the_second_is_refused() {
    let mut chat = asked();
    chat.says("bob's end", accept("alice", "bob", 7));
    chat.arrives("bob's second end");
    assert_eq!(
        chat.says("bob's second end", accept("alice", "bob", 7)),
        [
            "bob's second end < ERROR TCP Not In Protocole",
            "bob's second end is closed"
        ]
    );
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)).len(),
        3
    );

    let mut chat = asked();
    chat.says("alice's end", connect("alice", "bob", 7));
    chat.arrives("alice's second end");
    assert_eq!(
        chat.says("alice's second end", connect("alice", "bob", 7)),
        [
            "alice's second end < ERROR TCP Not In Protocole",
            "alice's second end is closed"
        ]
    );
    assert_eq!(chat.says("bob's end", accept("alice", "bob", 7)).len(), 4);
}

#[test]
fn behind_the_join_the_fields_are_free_and_an_abort_finds_nothing() {
    let mut chat = asked();
    chat.says("bob's end", accept("alice", "bob", 7));
    chat.says("alice's end", connect("alice", "bob", 7));
    assert_eq!(
        chat.says("bob", abort("alice", "bob", 7)),
        ["bob < ERROR TCP Not In Protocole"]
    );
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
    assert_eq!(
        chat.says("alice", ask("alice", "bob", 7)),
        ["bob < TCPAsk alice bob 7", "alice < ERROR OK"]
    );
}

#[rstest]
#[case::of_the_target("bob's end", accept("alice", "bob", 7))]
#[case::of_the_asker("alice's end", connect("alice", "bob", 7))]
fn an_abort_closes_the_end_that_waits(
    #[case] end: &'static str,
    #[case] opening: matou_protocols::chatos_1_0::Frame<'_>,
) {
    let mut chat = asked();
    chat.says(end, opening);
    assert_eq!(
        chat.says("bob", abort("alice", "bob", 7)),
        [
            "alice < TCPAbort alice bob 7".to_owned(),
            "bob < TCPAbort alice bob 7".to_owned(),
            format!("{end} is closed")
        ]
    );
    assert_eq!(chat.hangs_up(end), NOTHING);
    assert_eq!(chat.is_gone(end), NOTHING);
}

#[test]
fn an_end_that_stops_waiting_leaves_its_place_to_another() {
    let mut chat = asked();
    chat.says("bob's end", accept("alice", "bob", 7));
    assert_eq!(chat.hangs_up("bob's end"), ["bob's end is closed"]);
    assert_eq!(chat.is_gone("bob's end"), NOTHING);
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)),
        NOTHING,
        "it waits now"
    );
    assert_eq!(chat.is_gone("alice's end"), NOTHING);
    chat.arrives("bob's end");
    chat.arrives("alice's end");
    assert_eq!(chat.says("bob's end", accept("alice", "bob", 7)).len(), 1);
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)).len(),
        3
    );
}

#[test]
fn several_negotiations_between_two_make_several_private_connections() {
    let mut chat = asked();
    chat.says("alice", ask("alice", "bob", -7));
    chat.says("bob", ask("bob", "alice", 7));
    for end in ["a2", "b2", "a3", "b3"] {
        chat.arrives(end);
    }
    chat.says("b2", accept("alice", "bob", -7));
    chat.says("alice's end", connect("alice", "bob", 7));
    chat.says("b3", connect("bob", "alice", 7));
    for (end, frame, joined) in [
        ("a2", connect("alice", "bob", -7), "b2 and a2 are joined"),
        (
            "bob's end",
            accept("alice", "bob", 7),
            "alice's end and bob's end are joined",
        ),
        ("a3", accept("bob", "alice", 7), "b3 and a3 are joined"),
    ] {
        let heard = chat.says(end, frame);
        assert_eq!(heard.last().map(String::as_str), Some(joined));
    }
}

#[test]
fn a_private_connection_survives_its_parties_and_their_time() {
    let mut chat = asked();
    chat.says("bob's end", accept("alice", "bob", 7));
    chat.says("alice's end", connect("alice", "bob", 7));
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.hangs_up("bob"), ["bob is closed"]);
    assert_eq!(chat.passes(Duration::from_hours(24)), NOTHING);
    assert_eq!(chat.hangs_up("alice's end"), NOTHING, "half of it");
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
    assert_eq!(chat.is_gone("alice's end"), NOTHING);
    assert_eq!(chat.is_gone("bob's end"), NOTHING);
}

/// Alice and bob at two addresses, and a negotiation between them.
fn at_two_addresses(options: Options) -> Chat {
    let mut chat = Chat::new(options);
    for (who, address) in [("alice", "192.0.2.1"), ("bob", "192.0.2.2")] {
        chat.arrives_from(who, address);
        chat.says(who, cr(who));
    }
    chat.says("alice", ask("alice", "bob", 7));
    chat
}

#[test]
fn an_end_comes_from_the_address_of_its_party() {
    let mut chat = at_two_addresses(Options::default());
    chat.arrives_from("thief", "192.0.2.1");
    assert_eq!(
        chat.says("thief", accept("alice", "bob", 7)),
        ["thief < ERROR TCP Not In Protocole", "thief is closed"]
    );
    for recipient in ["bob", "carol"] {
        chat.arrives_from("thief", "192.0.2.2");
        assert_eq!(
            chat.says("thief", connect("alice", recipient, 7)),
            [
                "thief < ERROR TCP Not In Protocole".to_owned(),
                format!("thief < TCPAbort alice {recipient} 7"),
                "thief is closed".to_owned()
            ],
            "not even that alice negotiates is told"
        );
    }
    chat.arrives_from("bob's end", "::ffff:192.0.2.2");
    chat.arrives_from("alice's end", "192.0.2.1");
    assert_eq!(chat.says("bob's end", accept("alice", "bob", 7)).len(), 1);
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)).len(),
        3
    );
}

#[test]
fn a_stranger_learns_nothing_from_an_end_that_waits() {
    let mut chat = at_two_addresses(Options::default());
    chat.arrives_from("alice's end", "192.0.2.1");
    chat.says("alice's end", connect("alice", "bob", 7));
    chat.arrives_from("thief", "192.0.2.9");
    assert_eq!(
        chat.says("thief", connect("alice", "bob", 7)),
        [
            "thief < ERROR TCP Not In Protocole",
            "thief < TCPAbort alice bob 7",
            "thief is closed"
        ],
        "as if there were no negotiation"
    );
}

#[test]
fn any_address_will_do_on_request() {
    let options = Options {
        tunnel_any_address: true,
        ..Options::default()
    };
    let mut chat = at_two_addresses(options);
    chat.arrives_from("bob's end", "192.0.2.8");
    chat.arrives_from("alice's end", "192.0.2.9");
    assert_eq!(chat.says("bob's end", accept("alice", "bob", 7)).len(), 1);
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)).len(),
        3
    );
}
