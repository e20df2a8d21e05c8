//! Tests of the negotiation of a direct connection between two clients.

use matou_protocols::chathack::Options;
use matou_protocols::room::Flow;
use rstest::rstest;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// Returns a chat in which alice has asked bob for a private connection.
fn asked() -> Chat {
    let mut chat = Chat::among(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("alice", ask("alice", "bob")),
        ["bob < ASKING alice"]
    );
    chat
}

#[test]
fn an_agreement_tells_the_asker_where_to_connect() {
    let mut chat = asked();
    let meeting = at("198.51.100.7", 7000, i64::MIN);
    assert_eq!(
        chat.says("bob", agree("bob", "alice", meeting)),
        ["alice < VALIDATION bob 198.51.100.7 7000 -9223372036854775808"]
    );
    // The negotiation is over, so the room ignores later answers.
    assert_eq!(chat.says("bob", agree("bob", "alice", meeting)), NOTHING);
    assert_eq!(chat.says("bob", deny("bob", "alice")), NOTHING);
}

#[test]
fn a_refusal_names_the_asked_client() {
    let mut chat = asked();
    assert_eq!(
        chat.says("bob", deny("bob", "alice")),
        ["alice < DENIED bob"]
    );
    assert_eq!(chat.says("bob", deny("bob", "alice")), NOTHING);
    assert_eq!(
        chat.says("alice", ask("alice", "bob")),
        ["bob < ASKING alice"]
    );
}

#[rstest]
#[case::ipv4("198.51.100.7", "198.51.100.7")]
#[case::ipv6("2001:db8::7", "2001:db8::7")]
#[case::loopback("127.0.0.1", "127.0.0.1")]
#[case::mapped("::ffff:198.51.100.7", "::ffff:198.51.100.7")]
#[case::unspecified_ipv4("0.0.0.0", "192.0.2.1")]
#[case::unspecified_ipv6("::", "192.0.2.1")]
fn an_address_is_relayed_unless_it_is_unspecified(#[case] sent: &str, #[case] received: &str) {
    let mut chat = asked();
    assert_eq!(
        chat.says("bob", agree("bob", "alice", at(sent, 1, 5))),
        [format!("alice < VALIDATION bob {received} 1 5")]
    );
}

#[rstest]
#[case::ipv6("2001:db8::b", "2001:db8::b")]
#[case::mapped("::ffff:192.0.2.8", "192.0.2.8")]
fn an_unspecified_address_is_replaced_with_the_one_that_the_server_sees(
    #[case] from: &'static str,
    #[case] received: &str,
) {
    let mut chat = Chat::among(["alice"]);
    chat.arrives_from("bob", from);
    chat.says("bob", guest("bob"));
    for sent in ["0.0.0.0", "::"] {
        chat.says("alice", ask("alice", "bob"));
        assert_eq!(
            chat.says("bob", agree("bob", "alice", at(sent, 65535, 5))),
            [format!("alice < VALIDATION bob {received} 65535 5")]
        );
    }
}

#[rstest]
#[case(0)]
#[case(-1)]
#[case(65536)]
#[case(i32::MAX)]
#[case(i32::MIN)]
fn a_port_outside_1_to_65535_is_an_error_and_the_negotiation_continues(#[case] port: i32) {
    let mut chat = asked();
    assert_eq!(
        chat.says("bob", agree("bob", "alice", at("127.0.0.1", port, 1))),
        ["bob < PACKET_ERROR"]
    );
    assert_eq!(chat.flow("bob"), Flow::Frames);
    assert_eq!(
        chat.says("bob", agree("bob", "alice", at("127.0.0.1", 1, 1))),
        ["alice < VALIDATION bob 127.0.0.1 1 1"]
    );
}

#[test]
fn an_ask_to_an_unknown_login_is_denied() {
    let mut chat = Chat::among(["alice"]);
    // The first login in this list belongs to an account, but no client is logged in with it.
    for unknown in ["arnaud", "unknown", "", &"n".repeat(1024)] {
        assert_eq!(
            chat.says("alice", ask("alice", unknown)),
            [format!("alice < DENIED {unknown}")]
        );
    }
}

#[test]
fn a_repeated_ask_is_not_relayed_before_the_answer() {
    let mut chat = asked();
    for _ in 0..3 {
        assert_eq!(chat.says("alice", ask("alice", "bob")), NOTHING);
        chat.passes(std::time::Duration::from_mins(3));
    }
    assert_eq!(
        chat.says("bob", deny("bob", "alice")),
        ["alice < DENIED bob"]
    );
}

#[test]
fn answers_without_an_ask_are_ignored() {
    let mut chat = asked();
    let meeting = at("127.0.0.1", 1, 1);
    for frame in [
        deny("carol", "alice"),
        agree("carol", "alice", meeting),
        // The room ignores an answer for which no client waits, even if the port in it is invalid.
        agree("carol", "alice", at("127.0.0.1", 0, 1)),
        deny("carol", "unknown"),
        agree("carol", "unknown", meeting),
    ] {
        assert_eq!(chat.says("carol", frame), NOTHING, "{frame}");
    }
    // An asker cannot answer for the client that it has asked.
    assert_eq!(chat.says("alice", deny("alice", "bob")), NOTHING);
    assert_eq!(chat.says("alice", agree("alice", "bob", meeting)), NOTHING);
    assert_eq!(
        chat.says("bob", deny("bob", "alice")),
        ["alice < DENIED bob"]
    );
}

#[test]
fn two_clients_that_ask_each_other_have_two_negotiations() {
    let mut chat = asked();
    assert_eq!(
        chat.says("bob", ask("bob", "alice")),
        ["alice < ASKING bob"]
    );
    assert_eq!(
        chat.says("alice", deny("alice", "bob")),
        ["bob < DENIED alice"]
    );
    assert_eq!(
        chat.says("bob", agree("bob", "alice", at("::1", 9, 2))),
        ["alice < VALIDATION bob ::1 9 2"]
    );
}

#[test]
fn a_client_may_ask_itself() {
    let mut chat = Chat::among(["alice"]);
    assert_eq!(
        chat.says("alice", ask("alice", "alice")),
        ["alice < ASKING alice"]
    );
    assert_eq!(
        chat.says("alice", agree("alice", "alice", at("127.0.0.1", 1, 3))),
        ["alice < VALIDATION alice 127.0.0.1 1 3"]
    );
    chat.says("alice", ask("alice", "alice"));
    assert_eq!(chat.hangs_up("alice"), ["alice is closed"]);
}

#[test]
fn when_an_asked_client_leaves_every_ask_to_it_is_denied() {
    let mut chat = asked();
    chat.says("carol", ask("carol", "bob"));
    assert_eq!(
        chat.hangs_up("bob"),
        ["alice < DENIED bob", "carol < DENIED bob", "bob is closed"]
    );
    assert_eq!(chat.is_gone("bob"), NOTHING);
}

#[test]
fn after_the_asker_has_left_the_next_client_with_its_login_receives_no_answer() {
    let mut chat = asked();
    assert_eq!(chat.is_gone("alice"), NOTHING);
    chat.arrives("heiress");
    chat.says("heiress", guest("alice"));
    assert_eq!(
        chat.says("bob", agree("bob", "alice", at("127.0.0.1", 1, 1))),
        NOTHING
    );
}

#[test]
fn an_ask_above_the_limit_is_denied() {
    let mut chat = Chat::new(Options {
        pending_as_asker: 1,
        pending_as_target: 1,
        ..Options::default()
    })
    .joined_by(["alice", "bob", "carol"]);
    assert_eq!(
        chat.says("alice", ask("alice", "bob")),
        ["bob < ASKING alice"]
    );
    assert_eq!(
        chat.says("alice", ask("alice", "carol")),
        ["alice < DENIED carol"]
    );
    assert_eq!(
        chat.says("carol", ask("carol", "bob")),
        ["carol < DENIED bob"]
    );
    // The server has denied all later asks. They have not changed alice's ask, which still waits for bob's answer.
    assert_eq!(
        chat.says("bob", deny("bob", "alice")),
        ["alice < DENIED bob"]
    );
}
