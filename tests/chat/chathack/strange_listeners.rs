//! Our client connects to whoever agreed, who need not be what it should.

use std::net::{SocketAddr, TcpListener};

use matou_protocols::chathack::PeerFrame;
use rstest::rstest;
use socket2::{Domain, Socket, Type};

use super::peer::{Direct, Peer};
use super::{Talk, logged_in, server, stands};

const ID: i64 = i64::MIN;

/// Alice connects to bob's listener, and shows the id.
fn let_in() -> (super::Server, Talk, Direct) {
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    let mut bob = Peer::log_in(&server, "bob");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    bob.agree(&mut alice, "alice", listener.local_addr().unwrap(), ID);
    let mut direct = Direct::accept(&listener);
    let login = "alice";
    direct.expect(&PeerFrame::Establishment { login, id: ID });
    alice.expect(&stands("bob"));
    (server, alice, direct)
}

#[test]
fn a_listener_may_close_at_once() {
    let (_server, mut alice, bob) = let_in();
    drop(bob);
    alice.expect("-- bob sends no more on the private connection (/close bob ends it)");
    alice.say("/close bob");
    alice.expect("-- the private connection with bob is over");
    alice.quit();
}

#[test]
fn a_listener_may_send_garbage() {
    let (_server, alice, mut bob) = let_in();
    bob.send_bytes(b"SSH-2.0-OpenSSH_9.2\r\n");
    let over = alice.next();
    let begins = "-- the private connection with bob is over: unknown opcode 83";
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
    // She says that no more comes, waits a moment, and goes.
    bob.expect_end();
    assert_eq!(alice.ended().1, 0);
}

#[test]
fn nobody_may_listen_there() {
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    let mut bob = Peer::log_in(&server, "bob");
    // A socket that is bound and does not listen: nobody else is given its port.
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    bound.bind(&any.into()).unwrap();
    let place = bound.local_addr().unwrap().as_socket().unwrap();
    bob.agree(&mut alice, "alice", place, ID);
    let over = alice.next();
    let begins = "-- the private connection with bob is over: cannot connect: ";
    assert!(over.starts_with(begins), "{over}");
    alice.quit();
}

#[rstest]
#[case::many("224.0.0.1:4000", "is the address of many at once")]
#[case::everybody("255.255.255.255:4000", "is the address of many at once")]
#[case::many_in_version_6("[ff02::1]:4000", "is the address of many at once")]
#[case::the_link(
    "169.254.1.1:4000",
    "is on the local link, and the server was not reached there"
)]
#[case::the_link_in_version_6(
    "[fe80::1]:4000",
    "is on the local link, and the server was not reached there"
)]
fn to_some_addresses_nothing_is_connected(#[case] place: SocketAddr, #[case] why: &str) {
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    let mut bob = Peer::log_in(&server, "bob");
    bob.agree(&mut alice, "alice", place, ID);
    alice.expect(&format!(
        "-- the private connection with bob is over: {} {why}; nothing is connected to there",
        place.ip()
    ));
    alice.quit();
}
