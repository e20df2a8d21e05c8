//! Tests of ChatOS Groupe 2 over sockets: how a private connection is closed.

use std::io::Read;
use std::time::Duration;

use matou_protocols::chatos_groupe2::{
    AcceptCloseConnection, ClientFrame, CloseConnection, Options, Room, ServerFrame,
};
use matou_server::net::{ConnectionLimits, ProcessLimits};

use super::support::{Client, Server, entropy};

/// After a FIN from one end of a tunnel, the server waits for this delay before it closes the direction at the other end. No
/// test runs this long. So if an end of a tunnel notices in a test that a direction is closed, a close command was the
/// reason.
const FOR_EVER: Duration = Duration::from_hours(1);

fn server(tunnel_end_delay: Duration) -> Server {
    let options = Options::default();
    let room = Room::new(options, entropy()).with_tunnel_end_delay(tunnel_end_delay);
    let limits = ConnectionLimits::default();
    Server::serving(room, options.codec(), limits, ProcessLimits::default())
}

/// Alice and bob, the connect_id of their private connection, and the two ends of its tunnel.
struct Pair {
    alice: Client,
    bob: Client,
    connect_id: i64,
    alices: Client,
    bobs: Client,
}

fn pair(server: &Server) -> Pair {
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let (connect_id, alices, bobs) = another(server, &mut alice, &mut bob);
    Pair {
        alice,
        bob,
        connect_id,
        alices,
        bobs,
    }
}

fn another(server: &Server, alice: &mut Client, bob: &mut Client) -> (i64, Client, Client) {
    let connect_id = server.agree(alice, bob);
    let (alices, bobs) = server.ends(connect_id);
    (connect_id, alices, bobs)
}

fn close(who: &mut Client, connect_id: i64) {
    let close = ClientFrame::CloseConnection(CloseConnection {
        connect_id,
        requester: "alice",
        target: "bob",
    });
    let mut bytes = Vec::new();
    close.encode(Options::default().codec(), &mut bytes);
    who.raw(&bytes);
}

fn accept_close(login: &str) -> Vec<u8> {
    let accept = ServerFrame::AcceptCloseConnection(AcceptCloseConnection { login });
    let mut bytes = Vec::new();
    accept.encode(Options::default().codec(), &mut bytes);
    bytes
}

/// Checks that exactly these bytes have arrived at the client, without waiting for them.
fn assert_has_come(client: &mut Client, expected: &[u8]) {
    client.stream.set_nonblocking(true).unwrap();
    let mut bytes = [0; 64];
    let length = client
        .stream
        .read(&mut bytes)
        .expect("the bytes have already arrived");
    assert_eq!(&bytes[..length], expected);
    client.stream.set_nonblocking(false).unwrap();
}

#[test]
fn both_ends_receive_all_bytes_before_the_close_and_the_other_party_is_told_first() {
    let server = server(FOR_EVER);
    let mut pair = pair(&server);
    pair.alices.raw(b"hers");
    pair.bobs.raw(b"his");
    close(&mut pair.alice, pair.connect_id);
    assert_eq!(pair.bobs.rest(), b"hers");
    assert_has_come(&mut pair.bob, &accept_close("alice"));
    assert_eq!(pair.alices.rest(), b"his");
    // The client that sent the close command receives nothing.
    pair.alice.say("alice", "next");
    assert_eq!(pair.alice.next(), "MESSAGE login=\"alice\" msg=\"next\"");
}

#[test]
fn a_close_after_the_end_of_one_direction_is_announced_before_that_end_is_relayed() {
    let server = server(FOR_EVER);
    let mut pair = pair(&server);
    pair.bobs.raw(b"the last word");
    pair.bobs.shutdown();
    assert_eq!(pair.alices.bytes(13), b"the last word");
    close(&mut pair.bob, pair.connect_id);
    pair.alices.expect_end();
    assert_has_come(&mut pair.alice, &accept_close("bob"));
    pair.bobs.expect_end();
}

#[test]
fn a_half_open_private_connection_is_closed() {
    let server = server(Duration::ZERO);
    let mut pair = pair(&server);
    pair.alices.shutdown();
    pair.bobs.expect_end();
    pair.bobs.raw(b"still heard");
    assert_eq!(pair.alices.bytes(11), b"still heard");
    close(&mut pair.alice, pair.connect_id);
    pair.alices.expect_end();
    assert_has_come(&mut pair.bob, &accept_close("alice"));
}

#[test]
fn the_end_of_a_direction_is_passed_on_when_no_close_comes() {
    let server = server(Duration::from_millis(1));
    let mut pair = pair(&server);
    pair.alices.raw(b"goodbye");
    pair.alices.shutdown();
    assert_eq!(pair.bobs.rest(), b"goodbye");
    pair.bobs.raw(b"and back");
    pair.bobs.shutdown();
    assert_eq!(pair.alices.rest(), b"and back");
}

#[test]
fn a_close_also_closes_a_waiting_end() {
    let server = server(FOR_EVER);
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let connect_id = server.agree(&mut alice, &mut bob);
    let mut end = server.connect();
    end.send(matou_protocols::chaton::ClientFrame::LoginPrivate { connect_id });
    close(&mut bob, connect_id);
    let told = accept_close("bob");
    assert_eq!(alice.bytes(told.len()), told);
    end.expect_end();
}

#[test]
fn a_close_does_not_end_other_private_connections_and_the_chat() {
    let server = server(FOR_EVER);
    let mut pair = pair(&server);
    let (_, mut third, mut fourth) = another(&server, &mut pair.alice, &mut pair.bob);
    // One close command has a wrong name, and one has an unknown connect_id.
    close(&mut pair.alice, pair.connect_id.wrapping_add(1));
    let mut carol = server.login("carol");
    close(&mut carol, pair.connect_id);
    carol.say("carol", "fence");
    for client in [&mut pair.alice, &mut pair.bob, &mut carol] {
        assert_eq!(client.next(), "MESSAGE login=\"carol\" msg=\"fence\"");
    }
    pair.alices.raw(b"both");
    assert_eq!(pair.bobs.bytes(4), b"both");

    close(&mut pair.bob, pair.connect_id);
    pair.alices.expect_end();
    pair.bobs.expect_end();
    third.raw(b"through");
    assert_eq!(fourth.bytes(7), b"through");
    fourth.raw(b"and back");
    assert_eq!(third.bytes(8), b"and back");
}
