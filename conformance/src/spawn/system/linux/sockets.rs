//! The sockets of the machine, and the processes that own them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::kin::kin;
use super::stat;
use crate::sock_diag;
use crate::spawn::system::{Listener, Named};
use crate::spawn::tag::Tag;

/// The state of a listening socket, in /proc/net/tcp.
const LISTENS: &str = "0A";

/// The length of a line of /proc/net/tcp, in bytes. The lines of /proc/net/tcp6 are longer, which does no harm.
const LINE: usize = 150;

/// Returns which process listens at this address. `leader` and `tag` say which processes are the target. Returns `None` if
/// the system does not report it.
pub(in crate::spawn) fn listener(address: SocketAddr, leader: u32, tag: &Tag) -> Option<Listener> {
    let sockets = sockets_at(address)?;
    if sockets.is_empty() {
        return Some(Listener::Missing);
    }
    let mut owned = BTreeSet::new();
    for process in kin(&[leader], tag) {
        match descriptors(&stat::folder(process.pid())) {
            Some(descriptors) => owned.extend(descriptors.into_iter().flatten()),
            // This process belongs to another user, so the runner cannot see its sockets. It may own the socket, so the
            // runner assumes that it does.
            None if stat::Stat::of(process.pid()).is_some() => return Some(Listener::Target),
            None => {}
        }
    }
    Some(match sockets.is_subset(&owned) {
        true => Listener::Target,
        false => Listener::Strangers(owners(&sockets)),
    })
}

/// Returns the inodes of the listening sockets that a client can reach at this address. Usually this is one socket. A socket
/// that is bound to the address takes precedence over a socket that is bound to all addresses.
fn sockets_at(address: SocketAddr) -> Option<BTreeSet<u64>> {
    let four = File::open("/proc/net/tcp").ok()?;
    // A system without IPv6 does not have this table.
    let six = File::open("/proc/net/tcp6").ok();
    let tables = [Some(four), six].into_iter().flatten();
    let reachable: Vec<(u8, u64)> = tables
        .flat_map(listening_sockets)
        .filter(|socket| socket.port == address.port())
        .filter_map(|socket| Some((distance(socket.ip, address.ip())?, socket.inode)))
        .collect();
    let nearest = reachable.iter().map(|(distance, _)| *distance).min();
    let of_nearest = |(distance, inode): (u8, u64)| (Some(distance) == nearest).then_some(inode);
    Some(reachable.into_iter().filter_map(of_nearest).collect())
}

/// Returns how well the address of a listening socket fits the address to which a client connects: 0 if they are equal, and
/// a higher number for a worse fit. Returns `None` if the client does not reach the socket.
fn distance(socket: IpAddr, client: IpAddr) -> Option<u8> {
    let socket = socket.to_canonical();
    let client = match client.to_canonical() {
        // A connection to the unspecified address goes to this machine.
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    match (socket, client) {
        _ if socket == client => Some(0),
        _ if !socket.is_unspecified() => None,
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => Some(1),
        // A socket that is bound to all IPv6 addresses usually accepts IPv4 as well.
        (IpAddr::V6(_), IpAddr::V4(_)) => Some(2),
        (IpAddr::V4(_), IpAddr::V6(_)) => None,
    }
}

/// Returns the processes that own one of these sockets.
fn owners(sockets: &BTreeSet<u64>) -> Vec<Named> {
    let owns = |process: &stat::Stat| {
        let descriptors = descriptors(&stat::folder(process.pid)).unwrap_or_default();
        let mut inodes = descriptors.into_iter().flatten();
        inodes.any(|inode| sockets.contains(&inode))
    };
    let owners = stat::processes().filter(owns);
    owners.map(|owner| stat::named(owner.pid)).collect()
}

/// Returns an entry for each descriptor: the inode of its socket, or `None` if it is not a socket. Returns `None` if the
/// runner has no permission to read them.
pub(super) fn descriptors(process: &Path) -> Option<Vec<Option<u64>>> {
    let descriptors = fs::read_dir(process.join("fd")).ok()?.flatten();
    let inode = |target: &Path| {
        let name = target.to_str()?.strip_prefix("socket:[")?;
        name.strip_suffix(']')?.parse().ok()
    };
    Some(
        descriptors
            .map(|descriptor| inode(&fs::read_link(descriptor.path()).ok()?))
            .collect(),
    )
}

/// Reads only the listening sockets of a table, which are at its beginning. The reads are small, so that the system does
/// not produce the rest of the table: to list the connections, the system would search its whole hash table.
fn listening_sockets(table: File) -> impl Iterator<Item = Socket> {
    let lines = BufReader::with_capacity(LINE, table).lines().skip(1);
    let sockets = lines
        .map_while(Result::ok)
        .map_while(|line| Socket::parse(&line));
    sockets.take_while(|socket| socket.listens)
}

/// Returns the inodes of all sockets with this local port, except listening ones.
pub(super) fn connections_of_port(port: u16) -> BTreeSet<u64> {
    // A sandbox may forbid questions to the kernel, but allow to read its tables.
    sock_diag::connections_of_port(port).unwrap_or_else(|| listed_connections(port))
}

fn listed_connections(port: u16) -> BTreeSet<u64> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .flat_map(fs::read_to_string)
        .flat_map(|table| {
            let of_port = |socket: &Socket| socket.port == port && !socket.listens;
            let sockets = table.lines().filter_map(Socket::parse).filter(of_port);
            sockets.map(|socket| socket.inode).collect::<Vec<_>>()
        })
        .collect()
}

struct Socket {
    ip: IpAddr,
    port: u16,
    inode: u64,
    listens: bool,
}

impl Socket {
    /// Parses a line with the columns number, local address, remote address, state, ..., inode. Returns `None` for the
    /// heading, which has no port.
    fn parse(line: &str) -> Option<Socket> {
        let mut fields = line.split_whitespace();
        let (ip, port) = fields.nth(1)?.rsplit_once(':')?;
        Some(Socket {
            ip: parse_ip(ip)?,
            port: u16::from_str_radix(port, 16).ok()?,
            listens: fields.nth(1)? == LISTENS,
            inode: fields.nth(5)?.parse().ok()?,
        })
    }
}

/// Parses an address of 8 or 32 hexadecimal digits. Each group of 8 digits is an integer whose bytes in memory are four bytes
/// of the address.
fn parse_ip(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = digits.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match digits.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            Some(IpAddr::from(<[u8; 16]>::try_from(words).ok()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reaches_the_socket_of_its_own_address_first() {
        let fit = |socket: &str, client: &str| {
            let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
            distance(ip(socket), ip(client))
        };
        assert_eq!(fit("127.0.0.1", "127.0.0.1"), Some(0));
        assert_eq!(fit("127.0.0.1", "0.0.0.0"), Some(0));
        assert_eq!(fit("::ffff:127.0.0.1", "127.0.0.1"), Some(0));
        assert_eq!(fit("0.0.0.0", "127.0.0.1"), Some(1));
        assert_eq!(fit("::", "127.0.0.1"), Some(2));
        assert_eq!(fit("::", "::1"), Some(1));
        assert_eq!(fit("127.0.0.2", "127.0.0.1"), None);
        assert_eq!(fit("::1", "127.0.0.1"), None);
        assert_eq!(fit("0.0.0.0", "::1"), None);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_addresses_of_the_tables_are_parsed() {
        let parsed = |digits: &str| parse_ip(digits).map(|ip| ip.to_string());
        assert_eq!(parsed("0100007F").as_deref(), Some("127.0.0.1"));
        let six = "B80D0120000000000000000001000000";
        assert_eq!(parsed(six).as_deref(), Some("2001:db8::1"));
        assert_eq!(parsed("0100"), None);
    }
}
