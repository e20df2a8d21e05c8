//! Addresses as people write them: `127.0.0.1:7777`, `localhost:7777`, `[::1]:7777`, `[fe80::1%eth0]:7777`.

use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// A host, and a port if the text contains one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// A name or an address. An IPv6 address has no brackets here. If the address has a zone, the
    /// zone follows `%`, as in `fe80::1%eth0`.
    pub host: String,
    /// The TCP port. Port 0 is valid: with it, a listener lets the system choose a port.
    pub port: Option<u16>,
}

/// The reason why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressMistake {
    /// The text has no host.
    NoHost,
    /// The text has a `[` without a `]`, or has text between `]` and `:`, or it is an IPv6 address
    /// without brackets.
    Brackets,
    /// The text between the brackets is not an IPv6 address.
    NotIpv6(String),
    /// The port is not a number from 0 to 65535.
    Port(String),
}

impl fmt::Display for AddressMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressMistake::NoHost => f.write_str("no host is given"),
            AddressMistake::Brackets => {
                f.write_str("an IPv6 address is written in brackets, as in [::1]:7777")
            }
            AddressMistake::NotIpv6(host) => write!(
                f,
                "{host:?} is not an IPv6 address; write brackets only around IPv6 addresses"
            ),
            AddressMistake::Port(port) => {
                write!(f, "{port:?} is not a port; give a number from 0 to 65535")
            }
        }
    }
}

impl std::error::Error for AddressMistake {}

impl FromStr for HostPort {
    type Err = AddressMistake;

    fn from_str(text: &str) -> Result<HostPort, AddressMistake> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or(AddressMistake::Brackets)?;
                let port = match after.strip_prefix(':') {
                    Some(port) => Some(port),
                    None if after.is_empty() => None,
                    None => return Err(AddressMistake::Brackets),
                };
                (ipv6(host)?, port)
            }
            None => match text.split_once(':') {
                Some((_, port)) if port.contains(':') => return Err(AddressMistake::Brackets),
                Some((host, port)) => (host.to_owned(), Some(port)),
                None => (text.to_owned(), None),
            },
        };
        if host.is_empty() {
            return Err(AddressMistake::NoHost);
        }
        Ok(HostPort {
            host,
            port: port.map(number).transpose()?,
        })
    }
}

/// Parses the text between the brackets. A zone begins with `%`, but in a URL it begins with `%25`.
/// This function accepts both.
fn ipv6(text: &str) -> Result<String, AddressMistake> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
        None => (text, None),
    };
    let wrong = || AddressMistake::NotIpv6(text.to_owned());
    address.parse::<Ipv6Addr>().map_err(|_| wrong())?;
    match zone {
        None => Ok(address.to_owned()),
        Some("") => Err(wrong()),
        Some(zone) => Ok(format!("{address}%{zone}")),
    }
}

fn number(text: &str) -> Result<u16, AddressMistake> {
    // The digits are checked here, because `parse` also accepts a plus sign, which a port must not
    // have.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| AddressMistake::Port(text.to_owned()))
}

/// Returns all addresses of a host with this port, in the order in which the system's resolver
/// lists them. The result has at least one address, and contains no address twice.
///
/// Blocks while the system looks a name up.
///
/// # Errors
/// Fails if the name is unknown or has no address.
pub fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut found: Vec<_> = (host, port).to_socket_addrs()?.collect();
    let mut seen = std::collections::HashSet::new();
    found.retain(|address| seen.insert(*address));
    if found.is_empty() {
        let why = format!("the name {host} has no address");
        return Err(io::Error::new(io::ErrorKind::NotFound, why));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("127.0.0.1:7777", "127.0.0.1", Some(7777))]
    #[case("localhost", "localhost", None)]
    #[case("localhost:0", "localhost", Some(0))]
    #[case("[::1]:7777", "::1", Some(7777))]
    #[case("[::]", "::", None)]
    #[case("[fe80::1%eth0]:1", "fe80::1%eth0", Some(1))]
    #[case("[fe80::1%25eth0]:1", "fe80::1%eth0", Some(1))]
    #[case("[fe80::1%2]:1", "fe80::1%2", Some(1))]
    fn a_host_and_a_port_are_told_apart(
        #[case] text: &str,
        #[case] host: &str,
        #[case] port: Option<u16>,
    ) {
        let host = host.to_owned();
        assert_eq!(text.parse(), Ok(HostPort { host, port }));
    }

    #[rstest]
    #[case(":7777", AddressMistake::NoHost)]
    #[case("", AddressMistake::NoHost)]
    #[case("::1", AddressMistake::Brackets)]
    #[case("::1:7777", AddressMistake::Brackets)]
    #[case("[::1", AddressMistake::Brackets)]
    #[case("[::1]a", AddressMistake::Brackets)]
    #[case("[localhost]:1", AddressMistake::NotIpv6("localhost".into()))]
    #[case("[fe80::1%]:1", AddressMistake::NotIpv6("fe80::1%".into()))]
    #[case("host:", AddressMistake::Port(String::new()))]
    #[case("host:+1", AddressMistake::Port("+1".into()))]
    #[case("host:65536", AddressMistake::Port("65536".into()))]
    fn a_mistake_has_its_own_words(#[case] text: &str, #[case] mistake: AddressMistake) {
        assert_eq!(text.parse::<HostPort>(), Err(mistake));
    }

    #[test]
    fn an_address_resolves_to_itself_with_its_zone() {
        let found = addresses("::1", 7).unwrap();
        assert_eq!(found, ["[::1]:7".parse().unwrap()]);
        let SocketAddr::V6(scoped) = addresses("fe80::1%2", 7).unwrap()[0] else {
            panic!("an IPv6 address");
        };
        assert_eq!(scoped.scope_id(), 2);
    }
}
