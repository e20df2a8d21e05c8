//! Tests of ChatOS 1.0 over sockets: the ends of a private connection may connect in either order, and messages reach the
//! right clients.

use matou_protocols::chatos_1_0::{ErrorCode, Frame, Negotiation, Options, Room};
use matou_server::net::{ConnectionLimits, ProcessLimits};
use rstest::rstest;

use super::support::{Client, Server};

const ASKED: Negotiation<'static> = Negotiation {
    sender: "alice",
    recipient: "bob",
    password: -7,
};

fn server() -> Server {
    let room = Room::new(Options::default());
    let (limits, process) = (ConnectionLimits::default(), ProcessLimits::default());
    Server::serving(room, (), limits, process)
}

fn login(server: &Server, pseudonym: &str) -> Client {
    let mut client = server.connect();
    send(&mut client, Frame::ConnectionRequest { pseudonym });
    expect(&mut client, ErrorCode::Ok.frame());
    client
}

fn send(client: &mut Client, frame: Frame<'_>) {
    client.raw(&frame.encoded());
}

fn expect(client: &mut Client, frame: Frame<'_>) {
    let bytes = frame.encoded();
    assert_eq!(client.bytes(bytes.len()), bytes, "{frame}");
}

/// Connects alice and bob, and lets alice ask bob for a private connection.
fn asked(server: &Server) -> (Client, Client) {
    let (mut alice, mut bob) = (login(server, "alice"), login(server, "bob"));
    send(&mut alice, Frame::TcpAsk(ASKED));
    expect(&mut alice, ErrorCode::Ok.frame());
    expect(&mut bob, Frame::TcpAsk(ASKED));
    (alice, bob)
}

#[rstest]
#[case::accept_comes_first([Frame::TcpAccept(ASKED), Frame::TcpConnect(ASKED)])]
#[case::connect_comes_first([Frame::TcpConnect(ASKED), Frame::TcpAccept(ASKED)])]
fn either_end_may_come_first_and_its_early_bytes_are_relayed(#[case] openings: [Frame<'_>; 2]) {
    let server = server();
    let (mut alice, bob) = asked(&server);
    // The test passes, no matter which of the two ends the server handles first.
    let [mut first, mut other] = [(openings[0], b"first"), (openings[1], b"other")].map(|end| {
        let (opening, early) = end;
        let mut client = server.connect();
        client.raw(&[&opening.encoded()[..], early].concat());
        client
    });
    expect(&mut alice, Frame::TcpAccept(ASKED));
    expect(&mut first, ErrorCode::Ok.frame());
    expect(&mut other, ErrorCode::Ok.frame());
    assert_eq!(first.bytes(5), b"other");
    assert_eq!(other.bytes(5), b"first");

    drop((alice, bob));
    first.raw(b"still there");
    first.shutdown();
    assert_eq!(other.rest(), b"still there");
    other.raw(b"each direction ends on its own");
    other.shutdown();
    assert_eq!(first.rest(), b"each direction ends on its own");
}

#[test]
fn an_abort_closes_a_waiting_end() {
    let server = server();
    let (mut alice, mut bob) = asked(&server);
    let mut end = server.connect();
    send(&mut end, Frame::TcpAccept(ASKED));
    expect(&mut alice, Frame::TcpAccept(ASKED));
    send(&mut bob, Frame::TcpAbort(ASKED));
    expect(&mut alice, Frame::TcpAbort(ASKED));
    expect(&mut bob, Frame::TcpAbort(ASKED));
    end.expect_end();
}

#[test]
fn a_wrong_connect_receives_its_error_and_its_abort_before_the_close() {
    let server = server();
    let (_alice, _bob) = asked(&server);
    let other = Negotiation {
        recipient: "carol",
        ..ASKED
    };
    let mut end = server.connect();
    end.raw(&[&Frame::TcpConnect(other).encoded()[..], &[0; 20_000]].concat());
    expect(&mut end, ErrorCode::InvalidPseudonym.frame());
    expect(&mut end, Frame::TcpAbort(other));
    end.expect_end();
}

#[test]
fn all_others_receive_a_message_and_answers_come_in_the_order_of_the_packets() {
    let server = server();
    let (mut alice, mut bob) = (login(&server, "alice"), login(&server, "bob"));
    let long = "m".repeat(32_767);
    let all = |message| Frame::SendMessageToAll {
        sender: "alice",
        message,
    };
    let to = |recipient, message| Frame::SendPersonalMessage {
        sender: "alice",
        recipient,
        message,
    };
    let frames = [
        (all("1"), ErrorCode::Ok),
        (to("bob", "2"), ErrorCode::Ok),
        (to("unknown", "3"), ErrorCode::UnreachableUser),
        (all(&long), ErrorCode::Ok),
        (to("bob", &long), ErrorCode::Ok),
        (all("6"), ErrorCode::Ok),
    ];
    let bytes: Vec<u8> = frames
        .iter()
        .flat_map(|(frame, _)| frame.encoded())
        .collect();
    alice.raw(&bytes);
    for (frame, code) in frames {
        expect(&mut alice, code.frame());
        if code == ErrorCode::Ok {
            expect(&mut bob, frame);
        }
    }
}
