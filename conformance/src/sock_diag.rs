//! Asks the Linux kernel about TCP sockets, with the requests of `sock_diag(7)`. The kernel knows only the sockets of this
//! machine and of the same network namespace.
//!
//! The files in /proc have the same facts, but the kernel writes the whole table of the machine for each read. On a machine
//! with many connections that ended a short time ago, this takes milliseconds.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// The address family `AF_NETLINK`, and its protocol `NETLINK_SOCK_DIAG`.
const NETLINK: [i32; 2] = [16, 4];

/// Time limit for the kernel's answer. Linux answers at once; the limit is for systems that offer netlink sockets but never
/// answer.
const ANSWER_BOUND: Duration = Duration::from_millis(100);

/// `SOCK_DIAG_BY_FAMILY`, and `NLMSG_DONE`.
const BY_FAMILY: u16 = 20;
const DONE: u16 = 3;

/// `NLM_F_REQUEST`, and the flags with which the kernel lists all sockets that fit: `NLM_F_REQUEST | NLM_F_DUMP`.
const REQUEST: u16 = 1;
const LIST: u16 = 0x301;

/// `IPPROTO_TCP`.
const TCP: u8 = 6;

/// `AF_INET` and `AF_INET6`.
const IPV4: u8 = 2;
const IPV6: u8 = 10;

/// This flag also asks for the `tcp_info` of the socket: `1 << (INET_DIAG_INFO - 1)`.
const WITH_INFO: u8 = 2;

/// `INET_DIAG_INFO`.
const INFO: u16 = 2;

/// `TCP_TIME_WAIT` and `TCP_LISTEN`.
const TIME_WAIT: u32 = 6;
const LISTENS: u8 = 10;

/// The lengths of `nlmsghdr` and `inet_diag_msg`.
const HEAD: usize = 16;
const SOCKET: usize = 72;

/// The offsets of `idiag_state`, `idiag_rqueue` and `idiag_inode` in the answer.
const STATE: usize = HEAD + 1;
const UNREAD: usize = HEAD + 56;
const INODE: usize = HEAD + 68;

/// The offset of `tcpi_bytes_received` in `tcp_info`.
const RECEIVED: usize = 128;

/// Maximum length of one answer of the kernel, in bytes. It sends lists in several answers, and each of them fits.
const ANSWER: usize = 64 * 1024;

/// Returns the inodes of the sockets with this local port, except those that listen or whose connection has ended. Returns
/// `None` if the kernel gives no answer.
pub(crate) fn connections_of_port(port: u16) -> Option<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    for any in [
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ] {
        let own = SocketAddr::new(any, port);
        let states = !(1 << TIME_WAIT | 1 << u32::from(LISTENS));
        list(
            &question(LIST, own, SocketAddr::new(any, 0), states),
            &mut found,
        )
        .ok()?;
    }
    Some(found)
}

fn list(question: &[u8], found: &mut BTreeSet<u64>) -> io::Result<()> {
    let mut netlink = connect()?;
    netlink.write_all(question)?;
    let mut answer = vec![0; ANSWER];
    loop {
        let length = netlink.read(&mut answer)?;
        let mut messages = answer.get(..length).unwrap_or_default();
        while let Some((message, rest)) = split(messages) {
            match kind(message) {
                Some(BY_FAMILY) => {
                    let inode = number(message, INODE).map(u32::from_ne_bytes);
                    found.extend(inode.map(u64::from));
                }
                Some(DONE) => return Ok(()),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
            messages = rest;
        }
    }
}

/// Returns the first message, which begins with its length, and the bytes after it. Each message begins at a multiple of 4.
fn split(messages: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32::from_ne_bytes(number(messages, 0)?);
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length >= HEAD)?;
    let message = messages.get(..length)?;
    let rest = messages.get(length.next_multiple_of(4)..);
    Some((message, rest.unwrap_or_default()))
}

fn kind(message: &[u8]) -> Option<u16> {
    number(message, 4).map(u16::from_ne_bytes)
}

/// The other end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    netlink: Socket,
    question: Vec<u8>,
}

/// What the kernel reports about the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The socket is open.
    Bytes {
        /// The number of bytes that the kernel has received but the program has not read.
        unread: u64,
        /// The number of all bytes that the kernel has received.
        received: u64,
    },
    /// The socket is closed, or the kernel does not know it.
    Gone,
}

impl Peer {
    /// Returns the other end of the connection between these addresses; `None` if the kernel does not know it.
    pub(crate) fn find(target: SocketAddr, own: SocketAddr) -> Option<Peer> {
        let mut peer = Peer {
            netlink: connect().ok()?,
            question: question(REQUEST, target, own, u32::MAX),
        };
        (peer.unread() != Unread::Gone).then_some(peer)
    }

    /// Asks the kernel how many bytes the program at the other end has not read yet.
    pub(crate) fn unread(&mut self) -> Unread {
        let mut answer = [0; 4096];
        let asked = self.netlink.write_all(&self.question);
        match asked.and_then(|()| self.netlink.read(&mut answer)) {
            Ok(length) => read(answer.get(..length).unwrap_or_default()).unwrap_or(Unread::Gone),
            Err(_) => Unread::Gone,
        }
    }
}

fn connect() -> io::Result<Socket> {
    let [family, protocol] = NETLINK;
    let (domain, protocol) = (Domain::from(family), Protocol::from(protocol));
    let netlink = Socket::new(domain, Type::DGRAM, Some(protocol))?;
    netlink.set_read_timeout(Some(ANSWER_BOUND))?;
    Ok(netlink)
}

/// Returns a request: `nlmsghdr`, then `inet_diag_req_v2`. `local` and `remote` are the addresses of the socket. `states` has
/// a bit for each state that the socket may have.
fn question(flags: u16, local: SocketAddr, remote: SocketAddr, states: u32) -> Vec<u8> {
    let family = if local.is_ipv6() { IPV6 } else { IPV4 };
    let info = if flags == LIST { 0 } else { WITH_INFO };
    let mut asked = vec![family, TCP, info, 0];
    asked.extend(states.to_ne_bytes());
    asked.extend(local.port().to_be_bytes());
    asked.extend(remote.port().to_be_bytes());
    asked.extend(sixteen_bytes(local.ip()));
    asked.extend(sixteen_bytes(remote.ip()));
    asked.extend(0_u32.to_ne_bytes()); // on any interface
    asked.extend(u64::MAX.to_ne_bytes()); // without a cookie
    let length = u32::try_from(HEAD + asked.len()).unwrap_or_default();
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(BY_FAMILY.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
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
    if kind(answer)? != BY_FAMILY || *answer.get(STATE)? == LISTENS {
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

    #[test]
    fn the_kernel_lists_the_connections_of_a_port() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let target = listener.local_addr().expect("it has an address");
        let Some(none) = connections_of_port(target.port()) else {
            return; // a sandbox without netlink
        };
        assert!(none.is_empty(), "{none:?}");
        let clients: Vec<TcpStream> = (0..100)
            .map(|_| TcpStream::connect(target).expect("it listens"))
            .collect();
        let accepted: Vec<TcpStream> = clients
            .iter()
            .map(|_| listener.accept().expect("a client connects").0)
            .collect();
        let seen = || connections_of_port(target.port()).map(|found| found.len());
        assert_eq!(seen(), Some(100));
        drop((clients, accepted));
        while seen() != Some(0) {}
    }
}
