use std::net::{IpAddr, SocketAddr};

/// Returns the reason why this client refuses to connect to an address that a peer gave; `None` if it may connect. A peer
/// can give any address, for example to make this client attack other machines. So the address must belong to a single
/// machine: a broadcast address, for example, is refused. A loopback or link-local address is allowed only if the server's
/// address is of the same kind.
pub(crate) fn refusal(address: IpAddr, server: IpAddr) -> Option<&'static str> {
    let (address, server) = (address.to_canonical(), server.to_canonical());
    if is_unspecified(address) {
        return Some("is an unspecified or reserved address");
    }
    if address.is_multicast() || is_broadcast(address) {
        return Some("is a multicast or broadcast address");
    }
    if address.is_loopback() && !server.is_loopback() {
        return Some("is a loopback address, but the server is on another machine");
    }
    if is_link_local(address) && !is_link_local(server) {
        return Some("is a link-local address, but the server's address is not");
    }
    None
}

/// Adds the scope to a link-local IPv6 address. The scope is the network interface of the connection to the server.
pub(crate) fn reachable(address: SocketAddr, server: SocketAddr) -> SocketAddr {
    match (address, server) {
        (SocketAddr::V6(mut address), SocketAddr::V6(server))
            if address.ip().is_unicast_link_local() =>
        {
            address.set_scope_id(server.scope_id());
            address.into()
        }
        (address, _) => SocketAddr::new(address.ip().to_canonical(), address.port()),
    }
}

/// True for an unspecified address. All addresses in `0.0.0.0/8` count as unspecified: on Linux, they lead to this machine
/// or to no machine.
fn is_unspecified(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 0,
        IpAddr::V6(address) => address.is_unspecified(),
    }
}

fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_broadcast())
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::the_internet("198.51.100.7", "203.0.113.9", true)]
    #[case::a_private_network("192.168.1.7", "203.0.113.9", true)]
    #[case::version_6("2001:db8::7", "203.0.113.9", true)]
    #[case::unspecified("0.0.0.0", "127.0.0.1", false)]
    #[case::unspecified_in_version_6("::", "::1", false)]
    #[case::this_network("0.1.2.3", "203.0.113.9", false)]
    #[case::multicast("224.0.0.1", "203.0.113.9", false)]
    #[case::multicast_in_version_6("ff02::1", "::1", false)]
    #[case::broadcast("255.255.255.255", "127.0.0.1", false)]
    #[case::loopback("127.0.0.1", "203.0.113.9", false)]
    #[case::loopback_in_disguise("::ffff:127.0.0.1", "203.0.113.9", false)]
    #[case::loopback_like_the_server("127.0.0.2", "127.0.0.1", true)]
    #[case::both_loopbacks("::1", "127.0.0.1", true)]
    #[case::the_link("169.254.1.1", "203.0.113.9", false)]
    #[case::the_link_in_version_6("fe80::1", "127.0.0.1", false)]
    #[case::the_link_like_the_server("fe80::1", "fe80::2", true)]
    fn only_what_one_machine_has_and_is_no_nearer_than_the_server(
        #[case] address: &str,
        #[case] server: &str,
        #[case] allowed: bool,
    ) {
        let refusal = refusal(address.parse().unwrap(), server.parse().unwrap());
        assert_eq!(refusal.is_none(), allowed, "{refusal:?}");
    }

    #[test]
    fn a_link_has_the_number_of_the_interface_of_the_server() {
        let address = "[fe80::1]:4000".parse().unwrap();
        let server = "[fe80::2%7]:7780".parse().unwrap();
        let expected: SocketAddr = "[fe80::1%7]:4000".parse().unwrap();
        assert_eq!(reachable(address, server), expected);
        let mapped = "[::ffff:192.0.2.1]:4000".parse().unwrap();
        assert_eq!(reachable(mapped, server), "192.0.2.1:4000".parse().unwrap());
    }
}
