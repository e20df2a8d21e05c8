//! Tests of a client that connects to a listening peer. The peer then violates the protocol.

use std::net::{SocketAddr, TcpListener};

use matou_protocols::chathack::PeerFrame;
use rstest::rstest;
use socket2::{Domain, Socket, Type};

use super::peer::{Direct, Peer};
use super::{Talk, logged_in, opened, server};

const ID: i64 = i64::MIN;

/// Lets alice's client connect to bob's listener and send the id.
fn let_in() -> (super::Server, Talk, Direct) {
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    let mut bob = Peer::log_in(&server, "bob");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    bob.agree(&mut alice, "alice", listener.local_addr().unwrap(), ID);
    let mut direct = Direct::accept(&listener);
    let login = "alice";
    direct.expect(&PeerFrame::Establishment { login, id: ID });
    alice.expect(&opened("bob"));
    (server, alice, direct)
}

#[test]
fn a_listener_may_close_at_once() {
    let (_server, mut alice, bob) = let_in();
    drop(bob);
    alice.expect("-- bob has stopped sending on the private connection (/close bob closes it)");
    alice.say("/close bob");
    alice.expect("-- private connection with bob is closed");
    alice.quit();
}

#[test]
fn a_listener_may_send_garbage() {
    let (_server, alice, mut bob) = let_in();
    bob.send_bytes(b"SSH-2.0-OpenSSH_9.2\r\n");
    let over = alice.next();
    let begins = "-- private connection with bob is closed: unknown opcode 83";
    assert!(over.starts_with(begins), "{over}");
    bob.expect_end();
    alice.quit();
}

#[test]
fn a_listener_may_never_answer() {
    let (_server, mut alice, mut bob) = let_in();
    alice.say("/tell bob are you there?");
    let (login, message) = ("alice", "are you there?");
    bob.expect(&PeerFrame::Message { login, message });
    alice.say("/quit");
    // Alice's client closes its sending direction, waits a moment, and closes the connection.
    bob.expect_end();
    assert_eq!(alice.ended().1, 0);
}

#[test]
fn the_port_may_be_closed() {
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    let mut bob = Peer::log_in(&server, "bob");
    // A socket that is bound but does not listen reserves its port: no other program can use it.
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    bound.bind(&any.into()).unwrap();
    let place = bound.local_addr().unwrap().as_socket().unwrap();
    bob.agree(&mut alice, "alice", place, ID);
    let over = alice.next();
    let begins = "-- private connection with bob is closed: cannot connect: ";
    assert!(over.starts_with(begins), "{over}");
    alice.quit();
}

#[rstest]
#[case::many("224.0.0.1:4000", "is a multicast or broadcast address")]
#[case::everybody("255.255.255.255:4000", "is a multicast or broadcast address")]
#[case::many_in_version_6("[ff02::1]:4000", "is a multicast or broadcast address")]
#[case::the_link(
    "169.254.1.1:4000",
    "is a link-local address, but the server's address is not"
)]
#[case::the_link_in_version_6(
    "[fe80::1]:4000",
    "is a link-local address, but the server's address is not"
)]
fn the_client_refuses_to_connect_to_some_addresses(#[case] place: SocketAddr, #[case] why: &str) {
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    let mut bob = Peer::log_in(&server, "bob");
    bob.agree(&mut alice, "alice", place, ID);
    alice.expect(&format!(
        "-- private connection with bob is closed: this client does not connect to {}, because this address {why}",
        place.ip()
    ));
    alice.quit();
}
