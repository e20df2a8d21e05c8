//! Tunnels relay every byte, end each direction on its own, and push back.

use std::thread;

use matou_protocols::chaton::ClientFrame;

use super::support::{Client, Server};

/// Bytes that are not the same at any two places near each other.
fn blob(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ (at >> 16) as u8 ^ seed)
        .collect()
}

fn pair() -> (Server, Client, Client) {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let (one, other) = server.tunnel(&mut alice, &mut bob);
    // The tunnel outlives the connections of its parties.
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
fn both_directions_at_once_and_more_than_the_kernel_holds() {
    let (_server, mut one, mut other) = pair();
    let (there, back) = (blob(5 << 20, 1), blob(5 << 20, 2));
    let sending = [
        send_all(&one, there.clone()),
        send_all(&other, back.clone()),
    ];
    let reading = thread::spawn(move || other.rest());
    assert!(one.rest() == back, "what came back is not what was sent");
    assert!(
        reading.join().unwrap() == there,
        "what arrived is not what was sent"
    );
    for thread in sending {
        thread.join().unwrap();
    }
}

#[test]
fn each_direction_ends_on_its_own() {
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
fn bytes_right_behind_the_opening_frame_are_kept() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let connect_id = server.agree(&mut alice, &mut bob);
    let mut opening = Vec::new();
    ClientFrame::LoginPrivate { connect_id }.encode(Default::default(), &mut opening);
    // More than is kept: the server stops reading, and goes on once the other end is there.
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
fn an_end_that_said_everything_before_the_other_came_is_still_relayed() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    for round in 0..50 {
        let (mut one, mut other) = server.tunnel(&mut alice, &mut bob);
        // FIN may come before this end's reader knows that it is joined.
        one.raw(format!("{round}").as_bytes());
        one.shutdown();
        assert_eq!(other.rest(), format!("{round}").as_bytes());
        other.raw(b"answer");
        other.shutdown();
        assert_eq!(one.rest(), b"answer");
    }
}

#[test]
fn an_error_on_one_side_ends_both() {
    let (_server, one, mut other) = pair();
    one.reset();
    other.expect_any_end();
}

#[test]
fn a_stalled_tunnel_holds_up_nobody() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let (one, other) = server.tunnel(&mut alice, &mut bob);
    let much = blob(16 << 20, 5);
    let sending = send_all(&one, much.clone());
    // Nobody reads the tunnel, and everything else goes on.
    alice.say("alice", "hello");
    assert_eq!(bob.next(), "MESSAGE login=\"alice\" msg=\"hello\"");
    let (mut third, mut fourth) = {
        alice.next();
        server.tunnel(&mut alice, &mut bob)
    };
    third.raw(b"through");
    assert_eq!(fourth.bytes(7), b"through");
    // And nothing of the stalled one was lost.
    let mut other = other;
    assert!(other.rest() == much);
    sending.join().unwrap();
}

#[test]
fn an_id_that_nobody_has_ends_the_connection() {
    let server = Server::start();
    let mut stranger = server.connect();
    stranger.send(ClientFrame::LoginPrivate { connect_id: 42 });
    stranger.expect_end();
}
