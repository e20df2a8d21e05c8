//! One connection as a stream of TCP segments that are made up from the observed bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::run::{Direction, Event, TcpSign};

use super::segment::{ACK, FIN, PSH, RST, SYN, Segment};

/// Maximum payload of a segment, in bytes.
const LARGEST_PAYLOAD: usize = 32 << 10;

/// Maximum number of empty segments for one event. They represent the bytes of the event that were not kept.
const MOST_CUT_SEGMENTS: usize = 64;

/// One captured packet.
pub(super) struct Packet {
    /// Time since 1970.
    pub(super) at: Duration,
    pub(super) interface: u32,
    pub(super) bytes: Vec<u8>,
    /// The length of the whole packet. If some of its bytes were not kept, this length is larger than the length of `bytes`.
    pub(super) length: u32,
    pub(super) comment: String,
}

/// A connection.
pub(super) struct Stream {
    client: SocketAddr,
    target: SocketAddr,
    interface: u32,
    open: bool,
    /// The next sequence number of each side: first the client's, then the target's.
    next: [u32; 2],
}

/// The sender of a segment.
#[derive(Clone, Copy)]
enum Sender {
    Client,
    Target,
}

impl Stream {
    pub(super) fn new(target: SocketAddr, port: u16, interface: u32) -> Stream {
        let client: IpAddr = match target.ip() {
            local if local.is_loopback() => local,
            // The client's own address is not recorded. These addresses are reserved for documentation, so no machine has
            // them.
            IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
            IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        };
        Stream {
            client: SocketAddr::new(client, port),
            target,
            interface,
            open: false,
            next: [1000, 5000],
        }
    }

    /// Adds the packets of one event.
    pub(super) fn record(&mut self, event: &Event, at: Duration, packets: &mut Vec<Packet>) {
        if !self.open {
            self.shake_hands(event, at, packets);
        }
        let sender = match event.direction {
            Direction::Sends | Direction::Does => Sender::Client,
            Direction::Sees | Direction::Ends => Sender::Target,
        };
        if event.length > 0 {
            self.data(event, sender, at, packets);
        }
        let flags = match event.tcp {
            Some(TcpSign::Fin) => FIN | ACK,
            Some(TcpSign::Rst) => RST | ACK,
            Some(TcpSign::Syn) | None => return,
        };
        packets.push(self.packet(sender, flags, &[], at, comment(event)));
        self.advance(sender, 1);
    }

    fn shake_hands(&mut self, event: &Event, at: Duration, packets: &mut Vec<Packet>) {
        self.open = true;
        let opened = match event.tcp {
            Some(TcpSign::Syn) => comment(event),
            _ => format!(
                "{}: the beginning of this conversation was not kept",
                event.lane
            ),
        };
        packets.push(self.packet(Sender::Client, SYN, &[], at, opened));
        self.advance(Sender::Client, 1);
        packets.push(self.packet(Sender::Target, SYN | ACK, &[], at, String::new()));
        self.advance(Sender::Target, 1);
        packets.push(self.packet(Sender::Client, ACK, &[], at, String::new()));
    }

    fn data(&mut self, event: &Event, sender: Sender, at: Duration, packets: &mut Vec<Packet>) {
        let mut said = comment(event);
        for payload in event.data.chunks(LARGEST_PAYLOAD) {
            packets.push(self.packet(sender, PSH | ACK, payload, at, std::mem::take(&mut said)));
            self.advance(sender, payload.len());
        }
        let mut missing = event.length.saturating_sub(event.data.len());
        for _ in 0..MOST_CUT_SEGMENTS {
            if missing == 0 {
                break;
            }
            let length = missing.min(LARGEST_PAYLOAD);
            let mut cut = self.packet(sender, PSH | ACK, &vec![0; length], at, String::new());
            cut.bytes.truncate(cut.bytes.len() - length);
            packets.push(cut);
            self.advance(sender, length);
            missing -= length;
        }
        self.advance(sender, missing);
    }

    fn advance(&mut self, sender: Sender, by: usize) {
        let by = u32::try_from(by % (1 << 32)).unwrap_or_default();
        let [client, target] = &mut self.next;
        let next = match sender {
            Sender::Client => client,
            Sender::Target => target,
        };
        *next = next.wrapping_add(by);
    }

    fn packet(
        &self,
        sender: Sender,
        flags: u8,
        payload: &[u8],
        at: Duration,
        comment: String,
    ) -> Packet {
        let [client, target] = self.next;
        let (from, to, sequence, other) = match sender {
            Sender::Client => (self.client, self.target, client, target),
            Sender::Target => (self.target, self.client, target, client),
        };
        let segment = Segment {
            from,
            to,
            flags,
            sequence,
            acknowledged: if flags & ACK == 0 { 0 } else { other },
            payload,
        };
        let bytes = segment.packet();
        Packet {
            at,
            interface: self.interface,
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            bytes,
            comment,
        }
    }
}

/// Returns a comment such as `alice > MESSAGE login="alice" msg="hi"`.
fn comment(event: &Event) -> String {
    let arrow = match event.direction {
        Direction::Sends => '>',
        Direction::Sees => '<',
        Direction::Does | Direction::Ends => '-',
    };
    let mut words = format!("{} {arrow} {}", event.lane, event.text);
    if event.foreign {
        words.push_str(" (of another case)");
    }
    if event.fence {
        words.push_str(" (fence)");
    }
    if event.unexpected {
        words.push_str(" (not expected)");
    }
    words
}
