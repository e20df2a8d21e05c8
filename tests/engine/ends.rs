//! Tests of the end of a connection: the server closes the connection with FIN, after it has sent all queued bytes. Other
//! clients are not harmed.

use matou_protocols::chaton::ClientFrame;

use super::support::Server;

#[test]
fn a_client_leaves_with_its_fin_after_its_last_messages() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    alice.say("alice", "the last word");
    alice.shutdown();
    assert_eq!(bob.next(), "MESSAGE login=\"alice\" msg=\"the last word\"");
    // The server queued alice's own copy of the message before it noticed that she had left, so this copy arrives too.
    assert_eq!(
        alice.next(),
        "MESSAGE login=\"alice\" msg=\"the last word\""
    );
    alice.expect_end();
    server.login("alice");
}

#[test]
fn a_name_is_free_after_a_reset() {
    let server = Server::start();
    let mut bob = server.login("bob");
    server.login("alice").reset();
    // The server may read the next login before it notices the reset. In that case it refuses the login.
    let mut again = server.connect();
    loop {
        again.send(ClientFrame::Login { login: "alice" });
        if again.next() == "LOGIN_ACCEPTED" {
            break;
        }
    }
    again.say("alice", "back");
    assert_eq!(bob.next(), "MESSAGE login=\"alice\" msg=\"back\"");
}

#[test]
fn bytes_that_are_no_frame_close_only_their_own_connection_and_in_order() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let mut bytes = Vec::new();
    let frame = ClientFrame::Message {
        login: "alice",
        msg: "still said",
    };
    frame.encode(Default::default(), &mut bytes);
    bytes.push(99);
    // The connection has unread input. The server must not end it with a reset, because a reset would destroy the last
    // bytes.
    bytes.resize(bytes.len() + 20_000, 0);
    alice.raw(&bytes);
    assert_eq!(alice.next(), "MESSAGE login=\"alice\" msg=\"still said\"");
    alice.expect_end();
    assert_eq!(bob.next(), "MESSAGE login=\"alice\" msg=\"still said\"");
    bob.say("bob", "still here");
    assert_eq!(bob.next(), "MESSAGE login=\"bob\" msg=\"still here\"");
}

#[test]
fn a_frame_may_arrive_byte_by_byte_and_many_may_arrive_at_once() {
    let server = Server::start();
    let mut alice = server.login("alice");
    let mut bytes = Vec::new();
    for number in 0..40 {
        let msg = format!("é{number}");
        let frame = ClientFrame::Message {
            login: "alice",
            msg: &msg,
        };
        frame.encode(Default::default(), &mut bytes);
    }
    for byte in &bytes {
        alice.raw(&[*byte]);
    }
    alice.raw(&bytes);
    for number in (0..40).chain(0..40) {
        assert_eq!(
            alice.next(),
            format!("MESSAGE login=\"alice\" msg=\"é{number}\"")
        );
    }
}
