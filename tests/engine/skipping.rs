//! Tests of frames whose last bytes the room does not need. The server reads and drops these bytes, and then decodes the
//! next frame.

use std::convert::Infallible;
use std::fmt;
use std::time::{Duration, Instant};

use matou_protocols::room::{ConnId, Effects, Event, Flow, Overdue, Packet, Protocol};
use matou_protocols::wire::{Cursor, Malformed, settle};
use matou_server::net::{ConnectionLimits, ProcessLimits};

use super::support::{Client, Server};

/// A room whose frames consist of a length and then that number of bytes. The room sends each length back to its sender.
struct Lengths;

struct Length(i32);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Packet for Length {
    fn encode(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.0.to_be_bytes());
    }
}

impl Protocol for Lengths {
    const NAME: &'static str = "lengths";
    type Codec = ();
    type Command<'a> = Length;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode(_: &(), input: &[u8]) -> Result<Option<(Length, usize)>, Malformed> {
        let length = settle(Cursor::new(input).int32())?;
        Ok(length.map(|length| (Length(length), 4 + length.unsigned_abs() as usize)))
    }

    fn turns_the_stream(_: &Length) -> bool {
        false
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Length>,
        _: Instant,
        out: &mut Effects,
    ) -> Flow {
        match event {
            Event::Command(length) => out.one(from, &length),
            Event::ReadClosed | Event::Overdue(Overdue::Frame) => {
                out.finish(from);
                return Flow::Closed;
            }
            _ => {}
        }
        Flow::Frames
    }
}

fn server(limits: ConnectionLimits) -> Server {
    Server::serving(Lengths, (), limits, ProcessLimits::default())
}

#[test]
fn the_rest_of_a_frame_is_dropped_for_every_length_and_segmentation() {
    let server = server(ConnectionLimits::default());
    for payload in [0_i32, 1, 4091, 4092, 4093, 64 << 10, 10_000_000] {
        let mut client = Client::connect(server.address());
        // The room answers before any byte after the length has arrived.
        client.raw(&payload.to_be_bytes());
        assert_eq!(client.bytes(4), payload.to_be_bytes());
        let mut rest = vec![0xff; payload.unsigned_abs() as usize];
        rest.extend_from_slice(&3_i32.to_be_bytes());
        let (first, second) = rest.split_at(rest.len() / 3);
        client.raw(first);
        client.raw(second);
        assert_eq!(
            client.bytes(4),
            3_i32.to_be_bytes(),
            "after {payload} bytes"
        );
        client.raw(b"abc\0\0\0\0");
        assert_eq!(client.bytes(4), [0; 4]);
        client.shutdown();
        client.expect_end();
    }
}

#[test]
fn frames_after_a_dropped_rest_are_decoded_from_the_same_read() {
    let server = server(ConnectionLimits::default());
    let mut client = Client::connect(server.address());
    client.raw(b"\0\0\0\x02ab\0\0\0\x01c\0\0\0\x05");
    assert_eq!(client.bytes(12), b"\0\0\0\x02\0\0\0\x01\0\0\0\x05");
    client.raw(b"defgh\0\0\0\0");
    assert_eq!(client.bytes(4), [0; 4]);
}

#[test]
fn a_rest_has_the_same_time_limit_as_a_frame() {
    let server = server(ConnectionLimits {
        frame: Duration::from_millis(50),
        ..ConnectionLimits::default()
    });
    let mut client = Client::connect(server.address());
    client.raw(b"\0\0\0\x02a");
    assert_eq!(client.bytes(4), b"\0\0\0\x02");
    client.expect_end();
}
