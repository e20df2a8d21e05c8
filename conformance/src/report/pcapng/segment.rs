//! One TCP segment inside an IP packet, with correct checksums.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

const PROTOCOL_TCP: u8 = 6;

/// The options of a SYN: segments of up to 65,495 bytes, as on loopback, and a window in units of 2^10 bytes. This window is
/// so large that no stream in a capture fills it.
const SYN_OPTIONS: [u8; 8] = [2, 4, 0xff, 0xd7, 3, 3, 10, 0];

/// A segment.
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) flags: u8,
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) payload: &'a [u8],
}

impl Segment<'_> {
    /// Returns the whole packet, which begins with its IP header. The payload may have at most 60,000 bytes, so that it fits
    /// into an IP packet.
    pub(super) fn packet(&self) -> Vec<u8> {
        let tcp = self.tcp();
        let mut packet = match (self.from.ip(), self.to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => ipv4(from, to, tcp.len()),
            (from, to) => ipv6(six(from), six(to), tcp.len()),
        };
        packet.extend(tcp);
        packet
    }

    fn tcp(&self) -> Vec<u8> {
        let options: &[u8] = match self.flags & SYN {
            0 => &[],
            _ => &SYN_OPTIONS,
        };
        let header = 20 + options.len();
        let mut tcp = Vec::with_capacity(header + self.payload.len());
        tcp.extend(self.from.port().to_be_bytes());
        tcp.extend(self.to.port().to_be_bytes());
        tcp.extend(self.sequence.to_be_bytes());
        tcp.extend(self.acknowledged.to_be_bytes());
        tcp.push(u8::try_from(header / 4).unwrap_or(5) << 4);
        tcp.push(self.flags);
        tcp.extend(u16::MAX.to_be_bytes());
        // The checksum and the urgent pointer. The checksum stays zero until the code below has computed it.
        tcp.extend([0, 0, 0, 0]);
        tcp.extend(options);
        tcp.extend(self.payload);
        let sum = checksum(&[&self.pseudo_header(tcp.len()), &tcp]);
        if let Some(field) = tcp.get_mut(16..18) {
            field.copy_from_slice(&sum.to_be_bytes());
        }
        tcp
    }

    /// Returns the part of the IP header that TCP's checksum covers.
    fn pseudo_header(&self, length: usize) -> Vec<u8> {
        let mut pseudo = Vec::new();
        match (self.from.ip(), self.to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                pseudo.extend(from.octets());
                pseudo.extend(to.octets());
            }
            (from, to) => {
                pseudo.extend(six(from).octets());
                pseudo.extend(six(to).octets());
            }
        }
        // IPv4 and IPv6 lay out these fields differently, but the sum of their 16-bit words is the same.
        pseudo.extend(u32::from(PROTOCOL_TCP).to_be_bytes());
        pseudo.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        pseudo
    }
}

fn six(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped(),
        IpAddr::V6(six) => six,
    }
}

fn ipv4(from: Ipv4Addr, to: Ipv4Addr, payload: usize) -> Vec<u8> {
    let length = u16::try_from(payload + 20).unwrap_or(u16::MAX);
    let mut header = vec![0x45, 0];
    header.extend(length.to_be_bytes());
    // Don't Fragment, and at most 64 hops. The checksum is zero until it is computed below.
    header.extend([0, 0, 0x40, 0, 64, PROTOCOL_TCP, 0, 0]);
    header.extend(from.octets());
    header.extend(to.octets());
    let sum = checksum(&[&header]);
    if let Some(field) = header.get_mut(10..12) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
    header
}

fn ipv6(from: Ipv6Addr, to: Ipv6Addr, payload: usize) -> Vec<u8> {
    let mut header = vec![0x60, 0, 0, 0];
    header.extend(u16::try_from(payload).unwrap_or(u16::MAX).to_be_bytes());
    header.extend([PROTOCOL_TCP, 64]);
    header.extend(from.octets());
    header.extend(to.octets());
    header
}

/// Returns the Internet checksum (RFC 1071) of all parts together. Each part except the last must have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u32 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let word = match *pair {
                [high, low] => [high, low],
                [high] => [high, 0],
                _ => [0, 0],
            };
            sum += u32::from(u16::from_be_bytes(word));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_a_known_header_is_right() {
        // A well-known example of an IPv4 header. Its checksum is b861.
        let header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x00, 0x00, 0xc0, 0xa8,
            0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
        ];
        assert_eq!(checksum(&[&header]), 0xb861);
    }

    #[test]
    fn a_packet_with_its_checksum_adds_up_to_zero() {
        for address in ["127.0.0.1:7", "[::1]:7"] {
            let end: SocketAddr = address.parse().expect("it is an address");
            let segment = Segment {
                from: end,
                to: end,
                flags: PSH | ACK,
                sequence: 7,
                acknowledged: 9,
                payload: b"odd",
            };
            let tcp = segment.tcp();
            assert_eq!(checksum(&[&segment.pseudo_header(tcp.len()), &tcp]), 0);
        }
    }
}
