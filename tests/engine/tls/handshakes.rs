//! Tests of complete TLS handshakes, and of handshakes that the client does not complete.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use matou_protocols::chaton::{ClientFrame, Codec, Options, Room};
use matou_server::net::{Certificate, ConnectionLimits};

use super::SecureServer;
use crate::support::{Client, PATIENCE, entropy};

#[test]
fn a_client_may_use_tls_1_2_or_1_3() {
    let server = SecureServer::start();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut alice = server.connect_with(&[version]);
        alice.login("alice");
        alice.say("alice", "hi");
        alice.expect_message("alice", "hi");
        alice.tls.send_close_notify();
        alice.flush();
        alice.expect_farewell();
    }
}

#[test]
fn a_frame_that_arrives_with_the_end_of_the_handshake_is_handled() {
    let server = SecureServer::start();
    let mut alice = server.connect();
    alice.shake_hands_but_for_the_end();
    // One write contains the last records of the handshake, a frame, and close_notify.
    alice.seal(ClientFrame::Login { login: "alice" });
    alice.tls.send_close_notify();
    alice.flush();
    assert_eq!(alice.next(), "LOGIN_ACCEPTED");
    alice.expect_farewell();
}

/// Reads until the server closes or resets the connection, and returns the bytes.
fn expect_end(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    said
}

#[test]
fn a_client_without_tls_receives_an_alert_and_does_not_disturb_others() {
    /// The first byte of an alert record.
    const ALERT: u8 = 21;
    let server = SecureServer::start();
    let mut alice = server.login("alice");
    for nonsense in [
        &b"\0\0\0\0\x05alice"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff; 5000],
    ] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(nonsense).unwrap();
        assert_eq!(expect_end(stream).first(), Some(&ALERT));
        alice.say("alice", "still here");
        alice.expect_message("alice", "still here");
    }
}

#[test]
fn a_client_that_sends_half_a_handshake_is_closed() {
    let server = SecureServer::limited(ConnectionLimits {
        handshake: Duration::from_millis(200),
        ..ConnectionLimits::default()
    });
    let mut hello = server.connect().records();
    hello.truncate(40);
    for so_far in [&hello[..], &[]] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(so_far).unwrap();
        assert_eq!(expect_end(stream), b"");
    }
}

#[test]
fn the_time_limit_of_the_first_byte_begins_after_the_handshake() {
    let server = SecureServer::limited(ConnectionLimits {
        handshake: Duration::from_secs(600),
        first_byte: Duration::from_millis(100),
        ..ConnectionLimits::default()
    });
    let mut silent = server.connect();
    silent.shake_hands_but_for_the_end();
    silent.flush();
    silent.expect_farewell();
}

#[test]
fn a_server_that_stops_closes_a_connection_in_its_handshake() {
    let server = SecureServer::limited(ConnectionLimits {
        handshake: Duration::from_secs(600),
        ..ConnectionLimits::default()
    });
    let mut hello = server.connect().records();
    hello.truncate(40);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(&hello).unwrap();
    // The server must have accepted the silent connection already, because it serves alice, who connected later.
    server.login("alice");
    server.service.join();
    server.engine.stop();
    expect_end(stream);
}

#[test]
fn a_flood_of_handshakes_does_not_stop_others() {
    let server = SecureServer::start();
    let plain = server
        .engine
        .listen(
            Room::new(Options::default(), entropy()),
            Codec::default(),
            "127.0.0.1:0".parse().unwrap(),
            ConnectionLimits::default(),
        )
        .unwrap();
    let mut alice = Client::connect(plain.address());
    alice.send(ClientFrame::Login { login: "alice" });
    assert_eq!(alice.next(), "LOGIN_ACCEPTED");
    let mut half_open = Vec::new();
    for number in 0..200 {
        let mut client = server.connect();
        client.flush();
        half_open.push(client);
        if number % 20 == 0 {
            alice.say("alice", "hi");
            assert_eq!(alice.next(), "MESSAGE login=\"alice\" msg=\"hi\"");
        }
    }
    server.login("bob");
}

#[test]
fn a_certificate_is_created_once_and_only_its_owner_can_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("new");
    let made = Certificate::kept_in(&folder).unwrap();
    let found = Certificate::kept_in(&folder).unwrap();
    assert_eq!(made.fingerprint(), found.fingerprint());
    assert_eq!(made.fingerprint().len(), 32 * 3 - 1);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    assert_eq!(files.len(), 1, "no other file is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.join("tls.pem")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(folder.join("tls.pem"), made.pem()).unwrap();
    let told = Certificate::kept_in(&folder).unwrap_err().to_string();
    assert!(
        told.contains("tls.pem has no certificate or no key"),
        "{told}"
    );
    let told = Certificate::load(&folder.join("none"), &folder.join("none")).unwrap_err();
    assert!(told.to_string().contains("none: "), "{told}");
}
