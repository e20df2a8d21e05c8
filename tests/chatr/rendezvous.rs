//! Tests of PacketConnectionRequest and of the packets that answer it.

use std::time::Duration;

use matou_protocols::chatr::{Frame, Options};
use rstest::rstest;

use crate::script::*;

#[rstest]
#[case("10.0.0.1", "192.168.1.2")]
#[case("fe80::1", "::ffff:10.0.0.1")]
#[case("0.0.0.0", "255.255.255.255")]
fn a_relayed_request_and_its_acceptance_keep_the_endpoint_and_name_the_other_uuid(
    #[case] of_alice: &str,
    #[case] of_bob: &str,
) {
    let mut chat = Chat::of([]);
    for (who, from) in [("alice", "192.0.2.1"), ("bob", "2001:db8::2")] {
        chat.arrives_from(who, from);
        chat.proves(who, who);
    }
    assert_eq!(
        chat.says("alice", request("bob", of_alice)),
        [format!("bob < REQUEST alice {of_alice}")]
    );
    assert_eq!(
        chat.says("bob", accept("alice", of_bob)),
        [
            &*format!("alice < ACCEPT bob {of_bob}"),
            "alice < INFO bob 2001:db8::2",
            "bob < INFO alice 192.0.2.1",
        ]
    );
}

#[test]
fn an_ipv4_address_mapped_into_ipv6_is_sent_as_an_ipv4_address() {
    let mut chat = Chat::of(["bob"]);
    chat.arrives_from("alice", "::ffff:198.51.100.7");
    chat.proves("alice", "alice");
    chat.says("alice", request("bob", "10.0.0.1"));
    let heard = chat.says("bob", accept("alice", "10.0.0.2"));
    assert_eq!(heard[2], "bob < INFO alice 198.51.100.7");
}

#[test]
fn a_request_to_an_unknown_uuid_is_denied_at_once() {
    let mut chat = Chat::of(["alice"]);
    let heard = chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(heard, ["alice < DENIED bob"]);
}

#[test]
fn a_denial_is_relayed_and_ends_the_request() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(chat.says("bob", deny("alice")), ["alice < DENIED bob"]);
    assert_eq!(chat.says("bob", deny("alice")), NOTHING);
    assert_eq!(chat.says("bob", accept("alice", "10.0.0.2")), NOTHING);
    let again = chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(again, ["bob < REQUEST alice 10.0.0.1"]);
}

#[rstest]
#[case(accept("alice", "10.0.0.2"))]
#[case(deny("alice"))]
#[case(accept("unknown", "10.0.0.2"))]
#[case(deny("unknown"))]
fn an_answer_of_another_client_than_the_asked_one_is_ignored(#[case] answer: Frame<'_>) {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    assert_eq!(chat.says("bob", answer), NOTHING);
    chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(chat.says("carol", answer), NOTHING);
    assert_eq!(chat.says("alice", accept("bob", "10.0.0.1")), NOTHING);
    assert_eq!(chat.says("bob", deny("alice")), ["alice < DENIED bob"]);
}

#[test]
fn a_second_acceptance_is_ignored() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(chat.says("bob", accept("alice", "10.0.0.2")).len(), 3);
    assert_eq!(chat.says("bob", accept("alice", "10.0.0.2")), NOTHING);
}

#[test]
fn two_clients_that_ask_each_other_have_two_requests() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(
        chat.says("bob", request("alice", "10.0.0.2")),
        ["alice < REQUEST bob 10.0.0.2"]
    );
    assert_eq!(chat.says("alice", deny("bob")), ["bob < DENIED alice"]);
    assert_eq!(chat.says("bob", accept("alice", "10.0.0.2")).len(), 3);
}

#[test]
fn a_client_that_asks_itself_receives_every_packet_once() {
    let mut chat = Chat::of(["alice"]);
    assert_eq!(
        chat.says("alice", request("alice", "10.0.0.1")),
        ["alice < REQUEST alice 10.0.0.1"]
    );
    assert_eq!(
        chat.says("alice", accept("alice", "10.0.0.2")),
        [
            "alice < ACCEPT alice 10.0.0.2",
            "alice < INFO alice 192.0.2.1"
        ]
    );
}

#[test]
fn a_repeated_request_is_not_relayed_before_its_answer() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(chat.says("alice", request("bob", "10.0.0.1")), NOTHING);
    assert_eq!(chat.says("bob", deny("alice")), ["alice < DENIED bob"]);
}

#[test]
fn a_request_above_the_limit_is_denied() {
    let options = Options {
        pending_as_asker: 1,
        pending_as_target: 1,
        ..Options::default()
    };
    let mut chat = Chat::with(options, ["alice", "bob", "carol"]);
    assert_eq!(chat.says("alice", request("bob", "10.0.0.1")).len(), 1);
    assert_eq!(
        chat.says("alice", request("carol", "10.0.0.1")),
        ["alice < DENIED carol"]
    );
    assert_eq!(
        chat.says("carol", request("bob", "10.0.0.1")),
        ["carol < DENIED bob"]
    );
}

#[test]
fn when_a_target_leaves_the_request_is_denied() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(
        chat.hangs_up("bob"),
        ["alice < DENIED bob", "bob is closed"]
    );
    assert_eq!(chat.is_gone("bob"), NOTHING);
}

#[test]
fn a_request_ends_when_its_asker_leaves_even_if_the_uuid_returns() {
    let mut chat = Chat::of(["alice", "bob"]);
    chat.says("alice", request("bob", "10.0.0.1"));
    assert_eq!(chat.is_gone("alice"), NOTHING);
    assert_eq!(chat.says("bob", accept("alice", "10.0.0.2")), NOTHING);
    chat.arrives("alice again");
    chat.proves("alice again", "alice");
    assert_eq!(chat.says("bob", accept("alice", "10.0.0.2")), NOTHING);
}

#[test]
fn a_request_without_an_answer_is_denied_after_its_time_limit() {
    let options = Options {
        ping_timeout: Duration::from_hours(1),
        ..Options::default()
    };
    let mut chat = Chat::with(options, ["alice", "bob"]);
    chat.says("alice", request("bob", "10.0.0.1"));
    let pings = chat.passes(Duration::from_secs(599));
    assert!(
        pings.iter().all(|heard| heard.contains("PING")),
        "{pings:?}"
    );
    assert_eq!(chat.passes(Duration::from_secs(1)), ["alice < DENIED bob"]);
    assert_eq!(chat.says("bob", accept("alice", "10.0.0.2")), NOTHING);
}
