//! Conversations as a capture that Wireshark opens.
//!
//! The suite sees the bytes on connections, but not the IP packets that carry them. So it makes up the packets of a capture.
//! Each connection becomes a TCP stream with correct sequence numbers and checksums, at the times that were observed. For a
//! protocol inside TLS the capture contains the plain text. Each case appears as a network interface of its own, and each
//! packet has a comment that says what it means. The capture contains only the first bytes of a large send, as if a
//! capturing program had cut the packet.

mod blocks;
mod segment;
mod stream;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::run::{Event, Outcome};

use blocks::Capture;
use stream::{Packet, Stream};

/// The first client port in a capture.
const FIRST_PORT: u16 = 40_000;

/// The port of the target in a capture, if the target had several ports during the run.
const MADE_UP_PORT: u16 = 7777;

/// A conversation for a capture.
#[derive(Debug, Clone, Copy)]
pub struct Conversation<'a> {
    /// The name of the interface for this conversation.
    pub name: &'a str,
    /// The description of this interface.
    pub title: &'a str,
    /// The time when the conversation began.
    pub began: SystemTime,
    /// The events of the conversation.
    pub events: &'a [Event],
}

impl<'a> Conversation<'a> {
    /// Returns the conversation of a case, or `None` if the case was not played.
    #[must_use]
    pub fn of(case: &'a Outcome) -> Option<Conversation<'a>> {
        Some(Conversation {
            name: &case.id,
            title: &case.title,
            began: case.began?,
            events: &case.conversation,
        })
    }
}

/// Returns a capture of these conversations, with all packets in order of time.
#[must_use]
pub fn to_pcapng<'a>(
    target: SocketAddr,
    conversations: impl IntoIterator<Item = Conversation<'a>>,
) -> Vec<u8> {
    // Port 0 means that the target got a different port at each start. The capture then uses a made-up port.
    let target = match target.port() {
        0 => SocketAddr::new(target.ip(), MADE_UP_PORT),
        _ => target,
    };
    let mut capture = Capture::new();
    let mut packets = Vec::new();
    let mut ports = Ports::new(target.port());
    for (interface, conversation) in (0..).zip(conversations) {
        capture.interface(conversation.name, conversation.title);
        packets.extend(packets_of(target, conversation, interface, &mut ports));
    }
    packets.sort_by_key(|packet| packet.at);
    for packet in &packets {
        capture.packet(packet);
    }
    capture.into_bytes()
}

/// The client ports of a capture. Each connection gets a port of its own. After the last port, the next connection gets the
/// first port again.
struct Ports {
    next: u16,
    taken: u16,
}

impl Ports {
    fn new(target: u16) -> Ports {
        Ports {
            next: FIRST_PORT,
            taken: target,
        }
    }

    fn next(&mut self) -> u16 {
        if self.next == self.taken {
            self.next += 1;
        }
        let port = self.next;
        self.next = port.checked_add(1).unwrap_or(FIRST_PORT);
        port
    }
}

fn packets_of(
    target: SocketAddr,
    conversation: Conversation<'_>,
    interface: u32,
    ports: &mut Ports,
) -> Vec<Packet> {
    let began = conversation.began;
    let since_epoch = began.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut streams: BTreeMap<usize, Stream> = BTreeMap::new();
    let mut packets = Vec::new();
    for event in conversation.events {
        let at = since_epoch + Duration::from_secs_f64(event.at_ms.max(0.0) / 1000.0);
        let stream = streams
            .entry(event.connection)
            .or_insert_with(|| Stream::new(target, ports.next(), interface));
        stream.record(event, at, &mut packets);
    }
    packets
}
