//! Tests of the maximum number of connections, and of the time limits.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use matou_server::net::{ConnectionLimits, ProcessLimits};

use super::support::{Client, PATIENCE, Server};

#[test]
fn a_connection_above_the_limit_is_refused_in_order_and_a_free_place_is_used_again() {
    let process = ProcessLimits {
        connections: Some(2),
        ..ProcessLimits::default()
    };
    let server = Server::with(ConnectionLimits::default(), process);
    assert_eq!(server.engine.connection_ceiling(), 2);
    let alice = server.login("alice");
    let mut bob = server.login("bob");
    let mut refused = server.connect();
    refused.raw(b"\0\0\0\0\x05carol");
    refused.expect_end();
    drop(alice);
    // The server accepts a new client only after the thread of the client that left has ended. Until then the server refuses
    // carol too, and she tries again.
    let mut carol = loop {
        let mut carol = server.connect();
        let _ = carol.stream.write_all(b"\0\0\0\0\x05carol");
        let mut answer = [0];
        if matches!(carol.stream.read(&mut answer), Ok(1)) {
            break carol;
        }
    };
    carol.say("carol", "in");
    assert_eq!(bob.next(), "MESSAGE login=\"carol\" msg=\"in\"");
}

#[test]
fn connections_above_the_limit_of_an_address_are_refused() {
    let server = Server::limited(ConnectionLimits {
        connections_per_address: 2,
        bound_loopback: true,
        ..ConnectionLimits::default()
    });
    let _alice = server.login("alice");
    let _bob = server.login("bob");
    server.connect().expect_end();
}

/// Sends the same byte again and again, with a short pause after each one, until the server closes the connection.
fn drip(client: &mut Client, byte: u8) {
    let pause = Some(Duration::from_millis(20));
    client.stream.set_read_timeout(pause).unwrap();
    let mut scrap = [0; 16];
    let began = Instant::now();
    // A server without the limit would never close the connection.
    while began.elapsed() < PATIENCE {
        if client.stream.write_all(&[byte]).is_err() {
            return;
        }
        match client.stream.read(&mut scrap) {
            Ok(0) => return,
            Ok(_) => panic!("the server answers half a frame"),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
    panic!("the server never closes the connection");
}

#[test]
fn a_client_that_sends_its_frame_too_slowly_is_closed() {
    let server = Server::limited(ConnectionLimits {
        frame: Duration::from_millis(300),
        ..ConnectionLimits::default()
    });
    let mut alice = server.login("alice");
    alice.raw(b"\x03\0\0\0\x05alice\0\0\x04\0");
    drip(&mut alice, b'x');
}

#[test]
fn a_client_that_sends_nothing_or_no_login_is_closed() {
    let server = Server::limited(ConnectionLimits {
        first_byte: Duration::from_millis(100),
        identification: Duration::from_millis(100),
        ..ConnectionLimits::default()
    });
    // This time limit does not apply to a client that has logged in.
    let mut alice = server.login_at_last("alice");
    server.connect().expect_end();
    let mut mumbling = server.connect();
    // On a busy machine the server may have closed the connection already.
    let _ = mumbling
        .stream
        .write_all(b"\x04\0\0\0\x01a\0\0\0\x01b\0\0\0\0");
    mumbling.expect_any_end();
    alice.say("alice", "still here");
    assert_eq!(alice.next(), "MESSAGE login=\"alice\" msg=\"still here\"");
}

#[test]
fn a_silent_second_connection_stays_open_during_a_negotiation_of_its_address() {
    let server = Server::limited(ConnectionLimits {
        first_byte: Duration::from_millis(50),
        ..ConnectionLimits::default()
    });
    let mut alice = server.login_at_last("alice");
    let mut bob = server.login_at_last("bob");
    // The connection `silent` sends nothing for several times the time limit. The server must keep it open, because bob has
    // not answered yet.
    alice.send(matou_protocols::chaton::ClientFrame::RequestPrivate {
        requester: "alice",
        target: "bob",
    });
    bob.next();
    let silent = server.connect();
    let pause = Some(Duration::from_millis(250));
    silent.stream.set_read_timeout(pause).unwrap();
    let error = (&silent.stream).read(&mut [0]).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    bob.send(matou_protocols::chaton::ClientFrame::KoPrivate {
        requester: "alice",
        target: "bob",
    });
    // The negotiation has ended. From now on, the time limit applies again, and the server closes the connection.
    silent.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!((&silent.stream).read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_refused_connection_is_closed_soon_even_when_no_other_is_refused() {
    let process = ProcessLimits {
        connections: Some(1),
        ..ProcessLimits::default()
    };
    let server = Server::with(ConnectionLimits::default(), process);
    let _alice = server.login("alice");
    let mut refused = server.connect();
    refused.expect_end();
    // For a short time after the refusal, the server keeps the socket open, and the system still accepts bytes. When the
    // server has closed the socket, the system answers further bytes with a reset.
    refused.stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let error = loop {
        if let Err(error) = refused.stream.write_all(&[0; 16]) {
            break error;
        }
    };
    let lost = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(lost.contains(&error.kind()), "{error}");
}
