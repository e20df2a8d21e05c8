//! Tests of the client in line mode with our own server, for the two ChatOS protocols. They test what differs from Chaton.

use std::io::Read;

use super::program::{Server, Talk};

fn two(server: &Server) -> (Talk, Talk) {
    let alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    let bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    (alice, bob)
}

/// Lets alice and bob agree on a private connection, and send a message in each direction.
fn speak_in_private(alice: &mut Talk, bob: &mut Talk) {
    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/accept alice");
    alice.expect("-- opening the private connection with bob");
    bob.expect("-- opening the private connection with alice");
    alice.expect("-- private connection with bob is open (/tell bob TEXT, /close bob)");
    bob.expect("-- private connection with alice is open (/tell alice TEXT, /close alice)");
    alice.say("/tell bob for you alone");
    bob.expect("[alice] for you alone");
    bob.say("/tell alice and for you");
    alice.expect("[bob] and for you");
}

#[test]
fn in_groupe_2_closing_a_private_connection_closes_both_ends() {
    let server = Server::speaking("chatos-groupe2");
    let (mut alice, mut bob) = two(&server);
    alice.say("hello, everybody");
    alice.expect("<alice> hello, everybody");
    bob.expect("<alice> hello, everybody");
    alice.say("/msg bob psst");
    bob.expect("*alice* psst");

    speak_in_private(&mut alice, &mut bob);
    alice.say("/tell bob the last word");
    alice.say("/close bob");
    bob.expect("[alice] the last word");
    // Bob's client closes its end of the private connection without a command from bob. Bob's client learns of the close in
    // two ways: the server reports it on one connection, and FIN arrives on the other connection. Either may come first.
    let over = "-- private connection with alice is closed";
    let next = bob.next();
    if next != over {
        assert_eq!(
            next,
            "-- alice has stopped sending on the private connection (/close alice closes it)"
        );
        bob.expect(over);
    }
    alice.expect("-- private connection with bob is closed");

    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/deny alice");
    alice.expect("-- bob declined the private connection");
    alice.quit();
    bob.quit();
}

#[test]
fn in_groupe_2_a_pipe_that_the_peer_closes_ends_while_its_input_is_open() {
    let server = Server::speaking("chatos-groupe2");
    let mut bob = server.chat("bob", &["--tunnel", "alice", "--wait"]);
    let (events, input, mut output) = bob.tunnel();
    events.expect("-- logged in as bob");
    let mut alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    alice.say("/private bob");
    alice.expect("-- opening the private connection with bob");
    alice.expect("-- private connection with bob is open (/tell bob TEXT, /close bob)");
    alice.say("/tell bob all of it");
    alice.say("/close bob");
    alice.expect("-- private connection with bob is closed");
    let mut came = String::new();
    output.read_to_string(&mut came).unwrap();
    assert_eq!(came, "all of it\n");
    // Bob's input is still open, so he may have wanted to send more. The exit code must not say that the transfer was
    // complete.
    assert_eq!(bob.ended().0, 4);
    drop(input);
    alice.quit();
}

#[test]
fn in_groupe_2_an_agreement_may_be_on_a_long_of_four_bytes() {
    let mut server = Server::listening("chatos-groupe2=127.0.0.1:0,long=4");
    server.address += "?long=4";
    let (mut alice, mut bob) = two(&server);
    speak_in_private(&mut alice, &mut bob);
}

#[test]
fn in_version_1_0_own_messages_do_not_come_back_and_refusals_are_reported() {
    let server = Server::speaking("chatos-1.0");
    let (mut alice, mut bob) = two(&server);
    alice.say("hello, everybody");
    bob.expect("<alice> hello, everybody");
    alice.say("/msg nobody psst");
    alice.expect("-- refused: the message was not delivered: no client is called \"nobody\"");
    alice.say("/private carol");
    alice.expect("-- refused: \"carol\" was not asked: no client is called \"carol\"");
    alice.expect("-- carol declined the private connection");
    alice.say("/msg bob psst");
    bob.expect("*alice* psst");

    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/deny alice");
    alice.expect("-- bob declined the private connection");

    speak_in_private(&mut alice, &mut bob);
    alice.say("/close bob");
    bob.expect("-- alice has stopped sending on the private connection (/close alice closes it)");
    bob.say("/tell alice one more thing");
    alice.expect("[bob] one more thing");
    bob.say("/close alice");
    alice.expect("-- private connection with bob is closed");
    bob.expect("-- private connection with alice is closed");

    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    alice.quit();
    bob.expect("-- alice withdrew the request for a private connection");
    bob.quit();
}

#[test]
fn in_version_1_0_a_pseudonym_in_use_is_refused() {
    let server = Server::speaking("chatos-1.0");
    let alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    let second = server.chat("alice", &["--json"]).lines();
    second.expect(r#"{"event":"login_refused","login":"alice"}"#);
    assert_eq!(second.ended().1, 3);
    alice.quit();
}

#[test]
fn in_version_1_0_a_refusal_is_an_event_for_programs_too() {
    let server = Server::speaking("chatos-1.0");
    let mut alice = server.chat("alice", &["--json"]).lines();
    alice.expect(r#"{"event":"logged_in","login":"alice"}"#);
    alice.say("/msg bob psst");
    alice.expect(
        r#"{"event":"refused","what":"the message was not delivered: no client is called \"bob\""}"#,
    );
    alice.quit();
}
