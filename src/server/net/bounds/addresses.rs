//! How many connections each address has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::limits::ConnectionLimits;

/// Counts the connections of each address to one listener.
///
/// The lock of `counts` is held for one operation on the map, and no other lock is taken under it.
#[derive(Debug)]
pub(in crate::net) struct Addresses {
    counts: Mutex<HashMap<IpAddr, u32>>,
    most: u32,
    bound_loopback: bool,
}

/// The right of an address to one connection. Dropping this value gives the right back.
#[derive(Debug)]
pub(in crate::net) struct Slot {
    addresses: Arc<Addresses>,
    ip: IpAddr,
}

impl Addresses {
    pub(in crate::net) fn new(limits: &ConnectionLimits) -> Arc<Addresses> {
        Arc::new(Addresses {
            counts: Mutex::new(HashMap::new()),
            most: limits.connections_per_address,
            bound_loopback: limits.bound_loopback,
        })
    }

    /// Returns a slot for one more connection of this address, or `None` when it has too many.
    pub(in crate::net) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Slot> {
        // An IPv6 listener shows the address of an IPv4 client in another form. Both forms count as
        // one address.
        let ip = ip.to_canonical();
        let mut counts = self.counts.lock();
        let count = counts.entry(ip).or_insert(0);
        if *count >= self.most && (self.bound_loopback || !ip.is_loopback()) {
            return None;
        }
        *count += 1;
        Some(Slot {
            addresses: Arc::clone(self),
            ip,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.addresses.counts.lock();
        if let Some(count) = counts.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(bound_loopback: bool) -> Arc<Addresses> {
        Addresses::new(&ConnectionLimits {
            connections_per_address: 2,
            bound_loopback,
            ..ConnectionLimits::default()
        })
    }

    #[test]
    fn an_address_gets_its_slots_back_when_connections_end() {
        let addresses = addresses(false);
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        let first = addresses.admit(ip);
        let second = addresses.admit("::ffff:192.0.2.1".parse().unwrap());
        assert!(first.is_some() && second.is_some());
        assert!(addresses.admit(ip).is_none());
        drop(first);
        assert!(addresses.admit(ip).is_some());
        drop(second);
        assert!(addresses.counts.lock().is_empty());
    }

    #[test]
    fn loopback_is_limited_only_when_an_option_says_so() {
        let ip: IpAddr = "127.0.0.1".parse().unwrap();
        for (bound, admitted) in [(false, 5), (true, 2)] {
            let addresses = addresses(bound);
            let slots: Vec<_> = (0..5).filter_map(|_| addresses.admit(ip)).collect();
            assert_eq!(slots.len(), admitted);
        }
    }
}
