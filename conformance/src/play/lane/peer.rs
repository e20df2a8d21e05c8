//! Asks the Linux kernel about the target's end of a connection, with the requests of `sock_diag(7)`. The kernel can answer
//! only if the target runs on this machine and in the same network namespace.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// The address family `AF_NETLINK`, and its protocol `NETLINK_SOCK_DIAG`.
const NETLINK: [i32; 2] = [16, 4];

/// Time limit for the kernel's answer. Linux answers at once; the limit is for systems that offer netlink sockets but never
/// answer.
const ANSWER_BOUND: Duration = Duration::from_millis(100);

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;

/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;

/// `IPPROTO_TCP`.
const TCP: u8 = 6;

/// `AF_INET` and `AF_INET6`.
const IPV4: u8 = 2;
const IPV6: u8 = 10;

/// This flag also asks for the `tcp_info` of the socket: `1 << (INET_DIAG_INFO - 1)`.
const WITH_INFO: u8 = 2;

/// `INET_DIAG_INFO`.
const INFO: u16 = 2;

/// `TCP_LISTEN`.
const LISTENS: u8 = 10;

/// The lengths of `nlmsghdr` and `inet_diag_msg`.
const HEAD: usize = 16;
const SOCKET: usize = 72;

/// The offsets of `idiag_state` and `idiag_rqueue` in the answer.
const STATE: usize = HEAD + 1;
const UNREAD: usize = HEAD + 56;

/// The offset of `tcpi_bytes_received` in `tcp_info`.
const RECEIVED: usize = 128;

/// The target's end of a connection.
#[derive(Debug)]
pub(super) struct Peer {
    netlink: Socket,
    question: Vec<u8>,
}

/// What the kernel reports about the target's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// The socket is open.
    Bytes {
        /// The number of bytes that the kernel has received but the target has not read.
        unread: u64,
        /// The number of all bytes that the kernel has received.
        received: u64,
    },
    /// The socket is closed, or the kernel does not know it.
    Gone,
}

impl Peer {
    /// Returns the target's end of the connection between these addresses; `None` if the kernel does not know it.
    pub(super) fn find(target: SocketAddr, own: SocketAddr) -> Option<Peer> {
        let [family, protocol] = NETLINK;
        let (domain, protocol) = (Domain::from(family), Protocol::from(protocol));
        let netlink = Socket::new(domain, Type::DGRAM, Some(protocol)).ok()?;
        netlink.set_read_timeout(Some(ANSWER_BOUND)).ok()?;
        let mut peer = Peer {
            netlink,
            question: question(target, own),
        };
        (peer.unread() != Unread::Gone).then_some(peer)
    }

    /// Asks the kernel how many bytes the target has not read yet.
    pub(super) fn unread(&mut self) -> Unread {
        let mut answer = [0; 4096];
        let asked = self.netlink.write_all(&self.question);
        match asked.and_then(|()| self.netlink.read(&mut answer)) {
            Ok(length) => read(answer.get(..length).unwrap_or_default()).unwrap_or(Unread::Gone),
            Err(_) => Unread::Gone,
        }
    }
}

/// Returns the request: `nlmsghdr`, then `inet_diag_req_v2` with the addresses as the target sees them.
fn question(target: SocketAddr, own: SocketAddr) -> Vec<u8> {
    let family = if target.is_ipv6() { IPV6 } else { IPV4 };
    let mut asked = vec![family, TCP, WITH_INFO, 0];
    asked.extend(u32::MAX.to_ne_bytes()); // in any state
    asked.extend(target.port().to_be_bytes());
    asked.extend(own.port().to_be_bytes());
    asked.extend(sixteen_bytes(target.ip()));
    asked.extend(sixteen_bytes(own.ip()));
    asked.extend(0_u32.to_ne_bytes()); // on any interface
    asked.extend(u64::MAX.to_ne_bytes()); // without a cookie
    let length = u32::try_from(HEAD + asked.len()).unwrap_or_default();
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(BY_FAMILY.to_ne_bytes());
    message.extend(REQUEST.to_ne_bytes());
    message.extend([0; 8]);
    message.extend(asked);
    message
}

fn sixteen_bytes(address: IpAddr) -> [u8; 16] {
    let mut bytes = [0; 16];
    match address {
        IpAddr::V4(address) => {
            for (byte, octet) in bytes.iter_mut().zip(address.octets()) {
                *byte = octet;
            }
        }
        IpAddr::V6(address) => bytes = address.octets(),
    }
    bytes
}

/// Reads the answer. If the connection no longer exists, the kernel answers with an error, or describes the listening socket
/// instead.
fn read(answer: &[u8]) -> Option<Unread> {
    let is_answer = number::<2>(answer, 4).map(u16::from_ne_bytes)? == BY_FAMILY;
    if !is_answer || *answer.get(STATE)? == LISTENS {
        return None;
    }
    let unread = u32::from_ne_bytes(number(answer, UNREAD)?);
    Some(Unread::Bytes {
        unread: u64::from(unread),
        received: received(answer).unwrap_or(u64::MAX),
    })
}

/// Finds `tcp_info` among the attributes that follow the description of the socket, and returns how many bytes the socket
/// has received. An old kernel does not report this number.
fn received(answer: &[u8]) -> Option<u64> {
    let mut at = HEAD + SOCKET;
    loop {
        let length = usize::from(u16::from_ne_bytes(number(answer, at)?));
        let kind = u16::from_ne_bytes(number(answer, at + 2)?);
        if kind == INFO {
            let value = answer.get(at + 4..at + length)?;
            return number(value, RECEIVED).map(u64::from_ne_bytes);
        }
        at += length.max(4).next_multiple_of(4);
    }
}

/// Returns the bytes of a number at this offset.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_tells_what_the_other_end_has_not_read() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let target = listener.local_addr().expect("it has an address");
        let mut own = TcpStream::connect(target).expect("it listens");
        let (mut other, _) = listener.accept().expect("a client connects");
        let address = own.local_addr().expect("it has an address");
        let Some(mut peer) = Peer::find(target, address) else {
            return; // a sandbox without netlink
        };
        own.write_all(b"hello").expect("the other end is open");
        let seen = |unread| Unread::Bytes {
            unread,
            received: 5,
        };
        while peer.unread() != seen(5) {}
        other.read_exact(&mut [0; 3]).expect("five bytes arrived");
        assert_eq!(peer.unread(), seen(2));
        other.read_exact(&mut [0; 2]).expect("five bytes arrived");
        assert_eq!(peer.unread(), seen(0));
        drop((own, other));
        while peer.unread() != Unread::Gone {}
    }
}
