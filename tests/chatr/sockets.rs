//! Tests of Chatr Connect over real sockets: the room, the engine and TLS work together.

use std::io::Write;
use std::time::Duration;

use matou_protocols::chatr::{Claim, Frame, Options, Room, Verdict};
use matou_server::net::{Certificate, ConnectionLimits, Engine, ProcessLimits, Service};

use crate::script::{accept, connect, pong, request, uuid};
use crate::secure::{Secure, expect_end, next, next_but_pings, secure};

/// The only signature that the listener of these tests accepts. It is the same for every client.
const SIGNATURE: &[u8] = b"a signature";

struct Server {
    service: Service,
    _engine: Engine,
    certificate: String,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start(options: Options, limits: ConnectionLimits) -> Server {
        let directory = tempfile::tempdir().unwrap();
        let certificate = Certificate::kept_in(directory.path()).unwrap();
        let engine = Engine::start(&ProcessLimits::default());
        let mut state = 0_u64;
        let entropy = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            state
        };
        let room = Room::new(options, Box::new(entropy));
        let judge = |claim: Claim| match *claim.signature == *SIGNATURE {
            true => Verdict::Verified,
            false => Verdict::Refuted,
        };
        let address = "127.0.0.1:0".parse().unwrap();
        let service = engine
            .listen_tls(room, (), address, limits, judge, &certificate)
            .unwrap();
        Server {
            service,
            _engine: engine,
            certificate: certificate.pem(),
            _directory: directory,
        }
    }

    fn arrive(&self) -> Secure {
        secure(self.service.address(), &self.certificate)
    }

    fn connect(&self, name: &str) -> Secure {
        let mut client = self.arrive();
        say(&mut client, connect(name));
        assert_eq!(next(&mut client), "PacketConnected");
        client
    }
}

fn say(stream: &mut Secure, frame: Frame<'_>) {
    stream.write_all(&frame.encoded()).unwrap();
}

#[test]
fn two_clients_find_each_other() {
    let server = Server::start(Options::default(), ConnectionLimits::default());
    let (mut alice, mut bob) = (server.connect("alice"), server.connect("bob"));
    say(&mut alice, request("bob", "10.0.0.1"));
    let asked = format!(
        "PacketConnectionRequest uuid={} private_endpoint=10.0.0.1",
        uuid("alice")
    );
    assert_eq!(next_but_pings(&mut bob), asked);
    // Each byte is sent in its own TLS record.
    for byte in accept("alice", "fe80::1").encoded() {
        bob.write_all(&[byte]).unwrap();
    }
    let accepted = format!(
        "PacketConnectionRequestAccept uuid={} private_endpoint=fe80::1",
        uuid("bob")
    );
    assert_eq!(next_but_pings(&mut alice), accepted);
    for (client, other) in [(&mut alice, "bob"), (&mut bob, "alice")] {
        let info = format!(
            "PacketClientInfo uuid={} public_endpoint=127.0.0.1",
            uuid(other)
        );
        assert_eq!(next_but_pings(client), info);
    }
}

#[test]
fn packets_after_connect_are_handled_after_the_check() {
    let server = Server::start(Options::default(), ConnectionLimits::default());
    let mut alice = server.arrive();
    let both = [
        connect("alice").encoded(),
        request("bob", "10.0.0.1").encoded(),
    ]
    .concat();
    alice.write_all(&both).unwrap();
    assert_eq!(next(&mut alice), "PacketConnected");
    let denied = format!("PacketConnectionRequestDenied uuid={}", uuid("bob"));
    assert_eq!(next_but_pings(&mut alice), denied);
}

fn pinging(ping_timeout: Duration) -> Server {
    let options = Options {
        ping_interval: Duration::from_millis(20),
        ping_timeout,
        ..Options::default()
    };
    Server::start(options, ConnectionLimits::default())
}

#[test]
fn pings_are_sent_regularly() {
    // This timeout is so long that alice's answers to the pings arrive in time even on a busy machine.
    let server = pinging(Duration::from_hours(1));
    let mut alice = server.connect("alice");
    for _ in 0..4 {
        let ping = next(&mut alice);
        let id = ping.strip_prefix("PacketPing id=").expect("a ping");
        say(&mut alice, pong(id.parse().unwrap()));
    }
}

#[test]
fn a_silent_client_receives_the_reason_before_it_is_closed() {
    let server = pinging(Duration::from_millis(50));
    let mut alice = server.connect("alice");
    assert!(next(&mut alice).starts_with("PacketPing"));
    assert_eq!(
        next_but_pings(&mut alice),
        r#"PacketDisconnect message="Time out""#
    );
    expect_end(&mut alice);
    server.connect("alice");
}

#[test]
fn a_client_that_never_sends_connect_receives_the_reason_before_it_is_closed() {
    let limits = ConnectionLimits {
        first_byte: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let server = Server::start(Options::default(), limits);
    let mut silent = server.arrive();
    // During this first read, the client completes the TLS handshake.
    assert_eq!(next(&mut silent), r#"PacketDisconnect message="Time out""#);
    expect_end(&mut silent);
}

#[test]
fn a_disconnect_ends_the_connection_in_order() {
    let server = Server::start(Options::default(), ConnectionLimits::default());
    let mut alice = server.connect("alice");
    say(&mut alice, Frame::Disconnect { message: "bye" });
    expect_end(&mut alice);
    server.connect("alice");
}

#[test]
fn an_invalid_packet_is_answered_after_the_earlier_packets_and_does_not_disturb_others() {
    let server = Server::start(Options::default(), ConnectionLimits::default());
    let (mut alice, mut bob) = (server.connect("alice"), server.connect("bob"));
    let mut bytes = request("bob", "10.0.0.1").encoded();
    bytes.extend([1, 9]);
    bytes.resize(bytes.len() + 30_000, 0xff);
    alice.write_all(&bytes).unwrap();
    assert_eq!(
        next_but_pings(&mut alice),
        r#"PacketDisconnect message="Invalid Packet""#
    );
    expect_end(&mut alice);
    assert!(next_but_pings(&mut bob).starts_with("PacketConnectionRequest "));
    say(&mut bob, request("alice", "10.0.0.2"));
    let denied = format!("PacketConnectionRequestDenied uuid={}", uuid("alice"));
    assert_eq!(next_but_pings(&mut bob), denied);
}
