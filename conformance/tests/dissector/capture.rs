//! Conversations as captures.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::SystemTime;

use conformance::grammar::Side;
use conformance::report::{Conversation, to_pcapng};
use conformance::run::{Direction, Event};

/// The port of the server in every capture.
pub(crate) const PORT: u16 = 7777;

/// The bytes of one segment.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The number of the connection, from 0, in the order in which the connections first appear.
    pub(crate) connection: usize,
    pub(crate) side: Side,
    pub(crate) bytes: Vec<u8>,
}

impl Said {
    pub(crate) fn new(connection: usize, side: Side, bytes: &[u8]) -> Said {
        Said {
            connection,
            side,
            bytes: bytes.to_vec(),
        }
    }
}

/// Returns a capture with one segment for each item of `said`, in the same order. Of a segment with more than 4096 bytes,
/// the capture has only the first 4096.
pub(crate) fn capture(said: &[Said]) -> Vec<u8> {
    let event = |(at, said): (u32, &Said)| {
        let direction = match said.side {
            Side::Client => Direction::Sends,
            Side::Server => Direction::Sees,
        };
        Event {
            at_ms: f64::from(at),
            ..Event::of_words("lane", said.connection, direction, String::new())
        }
        .with_bytes(&said.bytes, said.bytes.len())
    };
    let events: Vec<Event> = (0..).zip(said).map(event).collect();
    let conversation = Conversation {
        name: "test",
        title: "a conversation of a test",
        began: SystemTime::UNIX_EPOCH,
        events: &events,
    };
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    to_pcapng(target, [conversation])
}

/// Returns the same bytes with one segment for each byte.
pub(crate) fn each_byte(said: &[Said]) -> Vec<Said> {
    let bytes = said.iter().flat_map(|said| {
        let bytes = said.bytes.iter();
        bytes.map(|byte| Said::new(said.connection, said.side, &[*byte]))
    });
    bytes.collect()
}

/// Returns the same bytes in fewer segments. A segment has all bytes that one side of a connection sends before the other
/// side, or another connection, sends something.
pub(crate) fn glued(said: &[Said]) -> Vec<Said> {
    let mut glued: Vec<Said> = Vec::new();
    for next in said {
        match glued.last_mut() {
            Some(last) if (last.connection, last.side) == (next.connection, next.side) => {
                last.bytes.extend(&next.bytes);
            }
            _ => glued.push(next.clone()),
        }
    }
    glued
}

/// Joins conversations, each of which has one connection, into a single conversation with all of these connections.
pub(crate) fn side_by_side(conversations: &[Vec<Said>]) -> Vec<Said> {
    let said = (0..).zip(conversations).flat_map(|(connection, said)| {
        let said = said.iter();
        said.map(move |said| Said::new(connection, said.side, &said.bytes))
    });
    said.collect()
}
