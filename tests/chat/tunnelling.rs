//! Tests of `--tunnel`: the program's standard input and output carry the bytes of a private connection.

use std::io::{Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::thread;

use matou_protocols::chaton::{ClientFrame, ServerFrame};
use matou_protocols::chatos_groupe2::{self, AcceptCloseConnection};
use rstest::rstest;

use super::program::{Chat, Events, Peer, Scripted, Server};

const LENGTH: usize = 1 << 20;

/// Returns bytes that let a test notice if a piece of them was lost, duplicated or moved.
fn bytes(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(LENGTH);
    while bytes.len() < LENGTH {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

fn read_to_end(mut stream: ChildStdout) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    all
}

fn write_all(mut stream: ChildStdin, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
}

fn assert_same(came: &[u8], sent: &[u8]) {
    assert_eq!(came.len(), sent.len());
    let difference = came.iter().zip(sent).position(|(came, sent)| came != sent);
    assert_eq!(difference, None, "the first byte that differs");
}

/// A client with `--tunnel`.
struct End {
    chat: Chat,
    input: ChildStdin,
    output: ChildStdout,
    /// The receiver of the client's events. If it were dropped, the client could no longer write its events.
    _events: Events,
}

/// Starts two clients: bob logs in first and waits for a request; alice then asks him.
fn asker_and_waiter(server: &Server) -> (End, End) {
    let bob = end(server.chat("bob", &["--tunnel", "alice", "--wait"]));
    let alice = end(server.chat("alice", &["--tunnel", "bob"]));
    (alice, bob)
}

fn end(mut chat: Chat) -> End {
    let (events, input, output) = chat.tunnel();
    assert!(events.next().starts_with("-- logged in"));
    End {
        chat,
        input,
        output,
        _events: events,
    }
}

/// After one client has closed its sending direction, the other client can still send, even if this other client has already
/// noticed the close. Either client may be the one that closes first.
#[rstest]
#[case::the_one_who_asked(true)]
#[case::the_one_who_waited(false)]
fn each_direction_ends_on_its_own(
    #[case] asker_ends_first: bool,
    #[values("chaton", "chatos-groupe2", "chatos-1.0")] protocol: &str,
) {
    let server = Server::speaking(protocol);
    let (alice, bob) = asker_and_waiter(&server);
    let (first, second) = if asker_ends_first {
        (alice, bob)
    } else {
        (bob, alice)
    };
    let (there, back) = (bytes(1), bytes(2));
    thread::scope(|scope| {
        scope.spawn(|| write_all(first.input, &there));
        // This read returns when the first direction is closed. Only then does the second client begin to send.
        assert_same(&read_to_end(second.output), &there);
        scope.spawn(|| write_all(second.input, &back));
        assert_same(&read_to_end(first.output), &back);
    });
    assert_eq!(first.chat.ended().0, 0);
    assert_eq!(second.chat.ended().0, 0);
}

/// ChatOS 1.0 is not tested here: its server refuses a request at once if the other client is not connected yet.
#[rstest]
fn both_may_ask_and_both_may_send_at_once(#[values("chaton", "chatos-groupe2")] protocol: &str) {
    let server = Server::speaking(protocol);
    let alice = end(server.chat("alice", &["--tunnel", "bob"]));
    let bob = end(server.chat("bob", &["--tunnel", "alice"]));
    let (there, back) = (bytes(3), bytes(4));
    thread::scope(|scope| {
        scope.spawn(|| write_all(alice.input, &there));
        scope.spawn(|| write_all(bob.input, &back));
        scope.spawn(|| assert_same(&read_to_end(bob.output), &there));
        assert_same(&read_to_end(alice.output), &back);
    });
    assert_eq!(alice.chat.ended().0, 0);
    assert_eq!(bob.chat.ended().0, 0);
}

#[rstest]
fn a_tunnel_denies_other_users_and_fails_when_its_peer_declines(
    #[values("chaton", "chatos-groupe2", "chatos-1.0")] protocol: &str,
) {
    let server = Server::speaking(protocol);
    let mut alice = server.chat("alice", &["--tunnel", "bob", "--wait"]);
    let (events, _input, _output) = alice.tunnel();
    events.expect("-- logged in as alice");
    let mut carol = server.chat("carol", &[]).lines();
    carol.expect("-- logged in as carol");
    carol.say("/private alice");
    carol.expect("-- alice declined the private connection");

    let dave = server.chat("dave", &["--tunnel", "carol"]);
    carol.expect("-- dave asks for a private connection (/accept dave or /deny dave)");
    carol.say("/deny dave");
    let (code, errors) = dave.ended();
    assert_eq!(code, 4);
    assert!(
        errors.ends_with("matou: \"carol\" declined the private connection, or has left\n"),
        "{errors}"
    );
    carol.quit();
}

/// Lets alice ask bob, who agrees. Returns alice's chat connection and her second connection, on which LOGIN_PRIVATE has
/// arrived.
fn second_connection(server: &Scripted) -> (Peer, Peer) {
    let mut chat = server.accept_login("alice");
    let (requester, target) = ("alice", "bob");
    chat.expect(&ClientFrame::RequestPrivate { requester, target });
    let connect_id = 42;
    chat.send(&ServerFrame::IdPrivate {
        requester,
        target,
        connect_id,
    });
    let mut tunnel = server.accept();
    tunnel.expect(&ClientFrame::LoginPrivate { connect_id });
    (chat, tunnel)
}

#[rstest]
#[case::closed_before_it_stood(b"", "the server closed the private connection before it was open")]
#[case::another_frame(b"\x01", "received LOGIN_ACCEPTED instead of ESTABLISHED")]
#[case::garbage(b"\x7f", "unknown opcode 127; at byte 0 of the received data: 7f")]
fn a_private_connection_that_fails_has_its_code(#[case] bytes: &[u8], #[case] reason: &str) {
    let server = Scripted::start();
    let alice = Chat::start(&server.address, "alice", &["--tunnel", "bob"]);
    let (mut chat, mut tunnel) = second_connection(&server);
    tunnel.send_bytes(bytes);
    drop(tunnel);
    assert_eq!(chat.rest(), b"");
    drop(chat);
    let (code, errors) = alice.ended();
    assert_eq!(code, 4);
    assert!(errors.contains(reason), "{errors}");
}

/// The server sends two contradictory messages: on the chat connection that the private connection is closed, and on the
/// second connection that it is open. The client may read either message first.
#[test]
fn in_groupe_2_a_private_connection_may_be_closed_before_it_is_open_at_this_end() {
    let server = Scripted::start();
    let url = format!("chatos-groupe2://alice@{}", server.address);
    let mut alice = Chat::start_with_url(&url, &["--tunnel", "bob"]);
    let (events, _input, output) = alice.tunnel();
    let (mut chat, mut tunnel) = second_connection(&server);
    events.expect("-- logged in as alice");
    events.expect("-- opening the private connection with bob");
    let closed = AcceptCloseConnection { login: "bob" };
    let mut bytes = Vec::new();
    chatos_groupe2::ServerFrame::AcceptCloseConnection(closed)
        .encode(Default::default(), &mut bytes);
    chat.send_bytes(&bytes);
    let (login, msg) = ("carol", "the client has read what came before this");
    chat.send(&ServerFrame::Message { login, msg });
    events.expect("<carol> the client has read what came before this");
    tunnel.send(&ServerFrame::Established);
    tunnel.send_bytes(b"all of it");
    tunnel.send_no_more();
    assert_eq!(read_to_end(output), b"all of it");
    assert_eq!(tunnel.rest(), b"");
    assert_eq!(chat.rest(), b"");
    drop(chat);
    // The exit code 4 reports a failure, because the client's standard input was still open.
    assert_eq!(alice.ended().0, 4);
}

#[test]
fn a_private_connection_outlives_the_chat() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, "alice", &["--tunnel", "bob"]);
    let (events, input, output) = alice.tunnel();
    let (chat, mut tunnel) = second_connection(&server);
    tunnel.send(&ServerFrame::Established);
    for _ in 0..3 {
        // The three events say that alice has logged in, that bob has agreed, and that the private connection is open.
        events.next();
    }
    drop(chat);
    assert!(events.next().contains("closed the connection"));
    tunnel.send_bytes(b"still here");
    tunnel.send_no_more();
    assert_eq!(read_to_end(output), b"still here");
    write_all(input, b"me too");
    assert_eq!(tunnel.rest(), b"me too");
    drop(tunnel);
    assert_eq!(alice.ended().0, 0);
}

#[test]
fn an_interrupted_transfer_does_not_look_complete() {
    let server = Server::start();
    let (mut alice, mut bob) = asker_and_waiter(&server);
    bob.input.write_all(b"y").unwrap();
    alice.output.read_exact(&mut [0]).unwrap();
    alice.chat.interrupt();
    assert_eq!(alice.chat.ended().0, 4);
    // Alice's client has ended. Now the test also ends the input of bob's client, and checks that bob has received no
    // further bytes.
    drop(bob.input);
    assert_eq!(read_to_end(bob.output), b"");
}
