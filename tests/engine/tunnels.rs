//! Tests of tunnels. The server relays every byte, closes each direction separately, and limits the number of bytes that
//! wait in a direction.

use std::thread;

use matou_protocols::chaton::ClientFrame;

use super::support::{Client, Server};

/// Returns bytes in which no two neighbouring bytes are equal.
fn blob(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ (at >> 16) as u8 ^ seed)
        .collect()
}

fn pair() -> (Server, Client, Client) {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let (one, other) = server.tunnel(&mut alice, &mut bob);
    // The tunnel stays open after the chat connections of alice and bob have ended.
    drop((alice, bob));
    (server, one, other)
}

fn send_all(client: &Client, bytes: Vec<u8>) -> thread::JoinHandle<()> {
    let mut writer = Client::with_stream(client);
    thread::spawn(move || {
        writer.raw(&bytes);
        writer.shutdown();
    })
}

#[test]
fn a_tunnel_relays_both_directions_at_once_and_more_bytes_than_the_kernel_buffers() {
    let (_server, mut one, mut other) = pair();
    let (there, back) = (blob(5 << 20, 1), blob(5 << 20, 2));
    let sending = [
        send_all(&one, there.clone()),
        send_all(&other, back.clone()),
    ];
    let reading = thread::spawn(move || other.rest());
    assert!(
        one.rest() == back,
        "the bytes of one direction are not the sent ones"
    );
    assert!(
        reading.join().unwrap() == there,
        "the bytes of the other direction are not the sent ones"
    );
    for thread in sending {
        thread.join().unwrap();
    }
}

#[test]
fn each_direction_ends_separately() {
    let (_server, mut one, mut other) = pair();
    one.raw(b"goodbye");
    one.shutdown();
    assert_eq!(other.rest(), b"goodbye");
    let much = blob(3 << 20, 3);
    let sending = send_all(&other, much.clone());
    assert!(one.rest() == much);
    sending.join().unwrap();
}

#[test]
fn bytes_after_the_opening_frame_are_kept() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let connect_id = server.agree(&mut alice, &mut bob);
    let mut opening = Vec::new();
    ClientFrame::LoginPrivate { connect_id }.encode(Default::default(), &mut opening);
    // `early` has more bytes than the server can buffer. So the server stops reading them until the other end connects.
    let early = blob(300 << 10, 4);
    let mut one = server.connect();
    let mut writer = Client::with_stream(&one);
    let first: Vec<u8> = opening.iter().chain(&early).copied().collect();
    let sending = thread::spawn(move || writer.raw(&first));
    let mut other = server.connect();
    other.raw(&[&opening[..], b"and back"].concat());
    assert_eq!(other.next(), "ESTABLISHED");
    assert!(other.bytes(early.len()) == early);
    sending.join().unwrap();
    assert_eq!(one.next(), "ESTABLISHED");
    assert_eq!(one.bytes(8), b"and back");
}

#[test]
fn bytes_and_fin_of_the_first_end_are_relayed_when_the_second_connects() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    for round in 0..50 {
        let (mut one, mut other) = server.tunnel(&mut alice, &mut bob);
        // The FIN may arrive at the server before the thread that reads from `one` knows that `other` has connected.
        one.raw(format!("{round}").as_bytes());
        one.shutdown();
        assert_eq!(other.rest(), format!("{round}").as_bytes());
        other.raw(b"answer");
        other.shutdown();
        assert_eq!(one.rest(), b"answer");
    }
}

#[test]
fn a_reset_of_one_end_closes_the_other() {
    let (_server, one, mut other) = pair();
    one.reset();
    other.expect_any_end();
}

#[test]
fn a_stalled_tunnel_does_not_delay_others() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let (one, other) = server.tunnel(&mut alice, &mut bob);
    let much = blob(16 << 20, 5);
    let sending = send_all(&one, much.clone());
    // The chat goes on, although no client reads from the tunnel.
    alice.say("alice", "hello");
    assert_eq!(bob.next(), "MESSAGE login=\"alice\" msg=\"hello\"");
    let (mut third, mut fourth) = {
        alice.next();
        server.tunnel(&mut alice, &mut bob)
    };
    third.raw(b"through");
    assert_eq!(fourth.bytes(7), b"through");
    // No byte of the stalled tunnel was lost.
    let mut other = other;
    assert!(other.rest() == much);
    sending.join().unwrap();
}

#[test]
fn an_unknown_connect_id_closes_the_connection() {
    let server = Server::start();
    let mut stranger = server.connect();
    stranger.send(ClientFrame::LoginPrivate { connect_id: 42 });
    stranger.expect_end();
}

#[test]
fn an_end_that_waits_with_more_bytes_than_are_kept_and_then_ends_is_closed() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let connect_id = server.agree(&mut alice, &mut bob);
    let mut one = server.connect();
    one.send(ClientFrame::LoginPrivate { connect_id });
    // These are more bytes than the server can buffer. The remaining bytes and then the FIN wait in the receive buffer of
    // the server's socket.
    one.raw(&blob((64 << 10) + 1000, 1));
    one.shutdown();
    // A server that does not notice the FIN would wait ten minutes for the other end.
    one.expect_any_end();
}
