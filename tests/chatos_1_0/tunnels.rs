//! Tests of private connections: TCPAccept and TCPConnect.

use std::time::Duration;

use matou_protocols::chatos_1_0::Options;
use matou_protocols::room::Flow;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// Returns a chat in which alice has asked bob for a private connection, and each has opened a second connection.
fn asked() -> Chat {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    chat.says("alice", ask("alice", "bob", 7));
    chat.arrives("alice's end");
    chat.arrives("bob's end");
    chat
}

#[test]
fn an_accept_is_relayed_only_to_the_asker_and_a_connect_joins_the_ends() {
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
fn a_connect_may_come_first_and_waits() {
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
fn a_client_that_asked_itself_opens_both_ends() {
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
fn bytes_after_an_accept_in_the_same_read_are_not_decoded() {
    let mut chat = asked();
    let mut bytes = accept("alice", "bob", 7).encoded();
    bytes.extend(sma("bob", "raw bytes that look like a packet").encoded());
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
#[case::of_an_empty_name(accept("", "unknown", 7))]
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
#[case::an_unknown_recipient(connect("alice", "unknown", 7), "Invalid Pseudonym")]
#[case::another_password(connect("alice", "bob", 8), "TCP Not In Protocole")]
#[case::another_sender(connect("carol", "bob", 7), "TCP Not In Protocole")]
#[case::turned_round(connect("bob", "alice", 7), "TCP Not In Protocole")]
fn a_connect_without_a_negotiation_is_refused_aborted_and_closed(
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
    // The negotiation between alice and bob goes on, in spite of the earlier error.
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
fn after_the_join_the_password_is_free_and_an_abort_is_an_error() {
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
fn an_abort_closes_a_waiting_end(
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
fn another_end_may_replace_an_end_that_stops_waiting() {
    let mut chat = asked();
    chat.says("bob's end", accept("alice", "bob", 7));
    assert_eq!(chat.hangs_up("bob's end"), ["bob's end is closed"]);
    assert_eq!(chat.is_gone("bob's end"), NOTHING);
    assert_eq!(
        chat.says("alice's end", connect("alice", "bob", 7)),
        NOTHING,
        "the end waits now"
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
fn several_negotiations_of_two_clients_make_several_private_connections() {
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
fn a_private_connection_survives_its_parties() {
    let mut chat = asked();
    chat.says("bob's end", accept("alice", "bob", 7));
    chat.says("alice's end", connect("alice", "bob", 7));
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.hangs_up("bob"), ["bob is closed"]);
    assert_eq!(chat.passes(Duration::from_hours(24)), NOTHING);
    assert_eq!(
        chat.hangs_up("alice's end"),
        NOTHING,
        "one direction is closed"
    );
    assert_eq!(chat.flow("alice's end"), Flow::Raw);
    assert_eq!(chat.is_gone("alice's end"), NOTHING);
    assert_eq!(chat.is_gone("bob's end"), NOTHING);
}

/// Returns a chat in which alice and bob connect from two different addresses and negotiate.
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
fn an_end_from_another_address_than_its_party_is_refused() {
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
            "the answer does not tell that alice negotiates"
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
fn the_answer_to_a_stranger_does_not_tell_that_an_end_waits() {
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
        "the answer is the same as without a negotiation"
    );
}

#[test]
fn with_the_option_tunnel_any_address_an_end_may_come_from_any_address() {
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
