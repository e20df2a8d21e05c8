//! Tests of TLS records in both directions, and of how each direction is closed.

use std::net::Shutdown;
use std::thread;

use matou_protocols::chaton::ClientFrame;
use matou_server::net::ConnectionLimits;

use super::{SecureServer, TlsClient};

#[test]
fn messages_of_others_arrive_while_the_reader_waits() {
    let server = SecureServer::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    for number in 0..100 {
        let msg = number.to_string();
        alice.say("alice", &msg);
        bob.expect_message("alice", &msg);
        alice.expect_message("alice", &msg);
    }
}

#[test]
fn the_last_message_is_handled_when_the_end_arrives_in_the_same_read() {
    let server = SecureServer::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    alice.seal(ClientFrame::Message {
        login: "alice",
        msg: "the last word",
    });
    alice.tls.send_close_notify();
    alice.flush();
    bob.expect_message("alice", "the last word");
    // The server queued alice's own copy of the message before it noticed that she had left. The server sends close_notify
    // after this copy.
    alice.expect_message("alice", "the last word");
    alice.expect_farewell();
    server.login("alice");
}

#[test]
fn a_connection_that_ends_without_close_notify_has_left() {
    let server = SecureServer::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    alice.say("alice", "heard");
    alice.seal(ClientFrame::Message {
        login: "alice",
        msg: "cut off inside this record",
    });
    let records = alice.records();
    let half = &records[..records.len() / 2];
    std::io::Write::write_all(&mut alice.stream, half).unwrap();
    alice.stream.shutdown(Shutdown::Write).unwrap();
    alice.expect_message("alice", "heard");
    alice.expect_farewell();
    bob.expect_message("alice", "heard");
    server.login("alice").say("alice", "again");
    bob.expect_message("alice", "again");
}

#[test]
fn a_frame_may_come_one_byte_per_record_and_a_record_one_byte_per_write() {
    let server = SecureServer::start();
    let mut alice = server.login("alice");
    let mut bytes = Vec::new();
    let frame = ClientFrame::Message {
        login: "alice",
        msg: "é",
    };
    frame.encode(Default::default(), &mut bytes);
    for byte in &bytes {
        alice.seal_bytes(&[*byte]);
    }
    alice.flush();
    alice.expect_message("alice", "é");
    alice.seal(frame);
    for byte in alice.records() {
        std::io::Write::write_all(&mut alice.stream, &[byte]).unwrap();
    }
    alice.expect_message("alice", "é");
}

#[test]
fn a_key_update_is_possible_while_both_sides_write() {
    const MESSAGES: usize = 400;
    let server = SecureServer::start();
    let mut names = ["alice", "bob"].map(|name| (name, server.login(name)));
    thread::scope(|scope| {
        for (name, client) in &mut names {
            scope.spawn(move || {
                for number in 0..MESSAGES {
                    if number % 7 == 0 {
                        client.tls.refresh_traffic_keys().unwrap();
                    }
                    client.say(name, &number.to_string());
                }
            });
        }
    });
    for (_, client) in &mut names {
        let mut next = [0; 2];
        for _ in 0..2 * MESSAGES {
            let said = client.next();
            let who = usize::from(said.contains("login=\"bob\""));
            assert!(said.ends_with(&format!("msg=\"{}\"", next[who])), "{said}");
            next[who] += 1;
        }
        assert_eq!(next, [MESSAGES; 2]);
    }
}

#[test]
fn a_broken_record_ends_only_its_own_connection() {
    let server = SecureServer::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    alice.seal(ClientFrame::Message {
        login: "alice",
        msg: "whole",
    });
    let mut records = alice.records();
    alice.seal(ClientFrame::Message {
        login: "alice",
        msg: "broken",
    });
    let broken = alice.records();
    records.extend(&broken[..broken.len() - 1]);
    records.push(!broken[broken.len() - 1]);
    std::io::Write::write_all(&mut alice.stream, &records).unwrap();
    bob.expect_message("alice", "whole");
    bob.say("bob", "next");
    bob.expect_message("bob", "next");
}

/// Sends this number of messages to all, and receives each of them back. Returns their text, which is the same in all of
/// them.
fn talk(client: &mut TlsClient, messages: usize) -> String {
    let msg = "0123456789abcdef".repeat(64);
    for _ in 0..messages {
        client.say("alice", &msg);
        client.expect_message("alice", &msg);
    }
    msg
}

#[test]
fn bytes_for_a_slow_reader_wait_in_order_and_close_notify_follows_them() {
    let server = SecureServer::limited(ConnectionLimits {
        outbox_bytes: 64 << 20,
        ..ConnectionLimits::default()
    });
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let messages = 12_000;
    let msg = talk(&mut alice, messages);
    let SecureServer {
        mut service,
        engine,
        ..
    } = server;
    service.close();
    for _ in 0..messages {
        bob.expect_message("alice", &msg);
    }
    bob.expect_farewell();
    alice.expect_farewell();
    drop((alice, bob));
    service.join();
    engine.stop();
}

#[test]
fn a_client_that_reads_far_too_slowly_is_cut() {
    let server = SecureServer::limited(ConnectionLimits {
        outbox_bytes: 1 << 20,
        ..ConnectionLimits::default()
    });
    let (mut alice, bob) = (server.login("alice"), server.login("bob"));
    let mut tries = 0;
    // Bob's name is free as soon as the server has disconnected him.
    while {
        talk(&mut alice, 1000);
        let mut again = server.connect();
        again.send(ClientFrame::Login { login: "bob" });
        again.next() != "LOGIN_ACCEPTED"
    } {
        tries += 1;
        assert!(tries < 40, "the server never cut bob");
    }
    drop(bob);
}

#[test]
fn a_framing_error_ends_the_connection_with_close_notify() {
    let server = SecureServer::start();
    let mut alice = server.login("alice");
    alice.seal(ClientFrame::Message {
        login: "alice",
        msg: "still said",
    });
    alice.seal_bytes(&[99; 20_000]);
    alice.flush();
    alice.expect_message("alice", "still said");
    alice.expect_farewell();
}
