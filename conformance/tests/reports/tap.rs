//! Tests of a tap between a scripted client and a scripted server. The tap must relay every byte without a change, and must
//! report each violation of the protocol.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use conformance::grammar::{Choices, Side};
use conformance::tap::{Heard, Moment, Tap, What};
use socket2::SockRef;

use crate::protocol::{HELLO, suite};

/// The timeout of every wait. A test fails if a wait reaches this timeout.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

pub(crate) fn frame(opcode: u8, texts: &[&[u8]]) -> Vec<u8> {
    let mut frame = vec![opcode];
    for text in texts {
        let length = u32::try_from(text.len()).expect("it is short");
        frame.extend(length.to_be_bytes());
        frame.extend(*text);
    }
    frame
}

/// A tap with one connection through it. The test holds both ends of this connection: the client's and the server's.
struct Line {
    tap: Tap,
    client: TcpStream,
    server: TcpStream,
}

fn line() -> Line {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let target = listener
        .local_addr()
        .expect("a bound socket has an address");
    let tap = tap_for(target);
    let client = connect(&tap);
    let (server, _) = listener.accept().expect("the tap connects");
    server
        .set_read_timeout(Some(BOUND))
        .expect("the timeout can be set");
    Line {
        tap,
        client,
        server,
    }
}

pub(crate) fn tap_for(target: std::net::SocketAddr) -> Tap {
    let anywhere = "127.0.0.1:0".parse().expect("it is an address");
    let grammar = suite(&[HELLO]).grammar;
    Tap::start(
        &grammar,
        &Choices::new(),
        anywhere,
        target,
        Box::new(|_| {}),
    )
    .expect("it can listen")
}

pub(crate) fn connect(tap: &Tap) -> TcpStream {
    let client = TcpStream::connect(tap.address()).expect("the tap listens");
    client
        .set_read_timeout(Some(BOUND))
        .expect("the timeout can be set");
    client
}

pub(crate) fn read(mut stream: &TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).expect("it comes");
    bytes
}

/// Waits until the connection has ended, and returns the moments that the tap has recorded.
fn heard(tap: &Tap) -> Vec<Moment> {
    tap.ended()
        .recv_timeout(BOUND)
        .expect("both directions end");
    tap.heard()
}

fn wrong(moments: &[Moment]) -> Vec<(Side, String)> {
    let said = moments.iter().filter_map(|moment| match &moment.what {
        What::Said(side, heard) => Some((*side, heard.wrong()?)),
        _ => None,
    });
    said.collect()
}

#[test]
fn every_byte_arrives_and_a_half_close_is_passed_on() {
    let Line {
        tap,
        mut client,
        mut server,
    } = line();
    let sent: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let question = sent.clone();
    let writer = std::thread::spawn(move || {
        client.write_all(&question).expect("the tap reads");
        client.shutdown(Shutdown::Write).expect("it is open");
        let mut answer = Vec::new();
        client
            .read_to_end(&mut answer)
            .expect("the tap forwards the answer");
        answer
    });
    let mut got = Vec::new();
    server
        .read_to_end(&mut got)
        .expect("the tap forwards the end");
    assert!(got == sent, "the bytes are the same");
    // The direction from the server to the client stays open.
    server.write_all(b"still here").expect("the tap reads");
    drop(server);
    assert_eq!(writer.join().expect("it reads to the end"), b"still here");
    heard(&tap);
}

#[test]
fn a_receiver_that_reads_nothing_blocks_its_sender() {
    let Line { client, server, .. } = line();
    client
        .set_write_timeout(Some(Duration::from_millis(200)))
        .expect("the timeout can be set");
    let chunk = vec![7; 1 << 20];
    let mut stuck = false;
    for _ in 0..64 {
        if (&client).write_all(&chunk).is_err() {
            stuck = true;
            break;
        }
    }
    assert!(
        stuck,
        "the tap took 64 MiB although the receiver read nothing"
    );
    drop(server);
}

#[test]
fn a_reset_of_either_side_becomes_a_reset_of_the_other() {
    for from_client in [true, false] {
        let Line {
            tap,
            client,
            server,
        } = line();
        let (cuts, sees) = if from_client {
            (client, server)
        } else {
            (server, client)
        };
        (&cuts).write_all(&frame(1, &[])).expect("it is open");
        assert_eq!(read(&sees, 1), [1], "it is joined");
        SockRef::from(&cuts)
            .set_linger(Some(Duration::ZERO))
            .expect("it can be cut");
        drop(cuts);
        let error = (&sees).read(&mut [0]).expect_err("no orderly end");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let cut = |moment: &Moment| matches!(moment.what, What::Said(_, Heard::Reset));
        assert!(heard(&tap).iter().any(cut));
    }
}

#[test]
fn an_address_where_nothing_listens_is_reported() {
    let tap = tap_for(crate::target::not_listening());
    let client = connect(&tap);
    let moments = heard(&tap);
    assert!(
        matches!(moments[1].what, What::Refused { .. }),
        "{moments:?}"
    );
    assert!((&client).read(&mut [0]).map_or(true, |length| length == 0));
}

/// Sends these pieces from the client through a tap, and returns the violations that the tap reports.
fn against(pieces: &[&[u8]]) -> Vec<(Side, String)> {
    let Line {
        tap,
        client,
        server,
    } = line();
    for piece in pieces {
        (&client).write_all(piece).expect("the tap reads");
        assert_eq!(
            read(&server, piece.len()),
            *piece,
            "the tap relays the bytes without a change"
        );
    }
    drop(client);
    drop(server);
    wrong(&heard(&tap))
}

#[test]
fn valid_packets_are_no_violation_even_if_each_byte_arrives_alone() {
    let hello = frame(0, &["é".as_bytes()]);
    let bytes: Vec<&[u8]> = hello.chunks(1).collect();
    assert_eq!(against(&bytes), []);
    let two = [hello.clone(), hello].concat();
    assert_eq!(against(&[&two]), []);
}

#[test]
fn a_frame_that_is_too_long_is_a_violation_and_the_next_one_is_decoded() {
    let long = frame(0, &[&[b'x'; 31]]);
    let bad_direction = frame(1, &[]);
    let unknown = [99, 1, 2];
    let said = against(&[&long, &bad_direction, &frame(5, &[]), &unknown]);
    let said: Vec<&str> = said.iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(
        said,
        [
            "the length of name is 31, more than the maximum of 30",
            "a client never sends WELCOME (opcode 1)",
            "opcode 99 is unknown",
        ]
    );
}

#[test]
fn bytes_left_over_at_the_end_are_a_violation() {
    let said = against(&[&[0, 0, 0, 0, 9, b'a']]);
    let why = "an incomplete frame: only its first 6 bytes arrived";
    assert_eq!(said, [(Side::Client, why.to_owned())]);
}

#[test]
fn an_impossible_length_is_a_violation_at_once() {
    let said = against(&[&[0, 0x7f, 0xff, 0xff, 0xff], &[b'a'; 300_000]]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].1.contains("more than the maximum of 30"),
        "{said:?}"
    );
}
