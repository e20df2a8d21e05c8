//! The addresses at which the client looks for a peer. The client gets one address from the server and another address from
//! the peer. The peer or the server may lie. So the client uses an address only if it can be the address of a peer.

use std::net::IpAddr;

/// Returns the addresses at which the client looks for a peer, the most likely first. `public` is the peer's address as the
/// server sees it. `private` is the address that the peer states; the client uses this address only if it belongs to a
/// private network. `server` is the address at which we reached the server.
pub(super) fn candidates(public: IpAddr, private: IpAddr, server: IpAddr) -> Vec<IpAddr> {
    let [public, private, server] = [public, private, server].map(|ip| ip.to_canonical());
    let mut candidates = vec![public];
    if private != public && is_private(private) {
        candidates.push(private);
    }
    candidates.retain(|candidate| may_be_sent_to(*candidate, server));
    candidates
}

/// True when the address belongs to a private network (RFC 1918, RFC 4193).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// False for an address that is not the address of a single machine. Also false for a loopback or link-local address, unless
/// the server's address is of the same kind. The function cannot recognize the broadcast address of a network. But operating
/// systems refuse to send to a broadcast address, unless the program has allowed broadcasts for this socket.
fn may_be_sent_to(ip: IpAddr, server: IpAddr) -> bool {
    if ip.is_unspecified() || ip.is_multicast() {
        return false;
    }
    if ip.is_loopback() {
        return server.is_loopback();
    }
    match ip {
        // 0.0.0.0/8 is "this network". Addresses from 240.0.0.0 on are not assigned, and the last one is the broadcast
        // address.
        IpAddr::V4(ip) if matches!(ip.octets(), [0 | 240..=255, ..]) => false,
        _ if is_link_local(ip) => is_link_local(server),
        _ => true,
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::both("203.0.113.7", "192.168.1.7", "198.51.100.1", &["203.0.113.7", "192.168.1.7"])]
    #[case::the_same("192.168.1.7", "192.168.1.7", "192.168.1.1", &["192.168.1.7"])]
    #[case::another_public_one("203.0.113.7", "203.0.113.8", "198.51.100.1", &["203.0.113.7"])]
    #[case::ipv6("2001:db8::7", "fd00::7", "2001:db8::1", &["2001:db8::7", "fd00::7"])]
    #[case::a_mapped_one("::ffff:203.0.113.7", "::ffff:10.0.0.7", "198.51.100.1", &["203.0.113.7", "10.0.0.7"])]
    #[case::this_machine("127.0.0.3", "127.0.0.3", "127.0.0.1", &["127.0.0.3"])]
    #[case::this_machine_by_ipv6("::1", "::1", "::1", &["::1"])]
    #[case::this_machine_from_elsewhere("127.0.0.1", "127.0.0.1", "198.51.100.1", &[])]
    #[case::a_private_one_on_this_machine("203.0.113.7", "127.0.0.1", "127.0.0.1", &["203.0.113.7"])]
    #[case::this_machine_as_private("203.0.113.7", "127.0.0.1", "198.51.100.1", &["203.0.113.7"])]
    #[case::near("169.254.7.7", "169.254.7.7", "169.254.1.1", &["169.254.7.7"])]
    #[case::near_from_elsewhere("169.254.7.7", "10.0.0.7", "198.51.100.1", &["10.0.0.7"])]
    #[case::near_by_ipv6("fe80::7", "fe80::7", "fe80::1", &["fe80::7"])]
    #[case::near_by_ipv6_from_elsewhere("fe80::7", "fe80::7", "2001:db8::1", &[])]
    #[case::multicast("224.0.0.1", "239.1.1.1", "198.51.100.1", &[])]
    #[case::multicast_by_ipv6("ff02::1", "ff02::1", "2001:db8::1", &[])]
    #[case::broadcast("255.255.255.255", "255.255.255.255", "198.51.100.1", &[])]
    #[case::unspecified("0.0.0.0", "::", "198.51.100.1", &[])]
    #[case::this_network("0.1.2.3", "0.1.2.3", "198.51.100.1", &[])]
    fn only_likely_addresses_are_sent_to(
        #[case] public: &str,
        #[case] private: &str,
        #[case] server: &str,
        #[case] expected: &[&str],
    ) {
        let [public, private, server] = [public, private, server].map(|ip| ip.parse().unwrap());
        let expected: Vec<IpAddr> = expected.iter().map(|ip| ip.parse().unwrap()).collect();
        assert_eq!(candidates(public, private, server), expected);
    }
}
