//! How many connections each address has, and how many bytes the clients of each address may send.

use std::collections::{HashMap, hash_map};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::limits::ConnectionLimits;
use super::talk::Bucket;

/// Maximum number of addresses that have no connection, but whose buckets are kept. Each address
/// takes about 100 bytes of memory.
const MOST_DEPARTED: usize = 64 << 10;

/// Counts the connections of each address to one listener, and keeps the token bucket of each
/// address (see [`talk`](super::talk)).
///
/// The lock of `map` is held for one operation on the map, and no other lock is taken under it.
#[derive(Debug)]
pub(in crate::net) struct Addresses {
    map: Mutex<Map>,
    most: u32,
    talk_rate: u64,
    burst: usize,
    bound_loopback: bool,
}

/// The addresses with a connection, and the addresses whose bucket is not full yet.
#[derive(Debug, Default)]
struct Map {
    entries: HashMap<IpAddr, Entry>,
    /// The number of entries without a connection. When this number is larger than `sweep_at`, the
    /// entries that have no connection and a full bucket are removed.
    departed: usize,
    sweep_at: usize,
}

#[derive(Debug)]
struct Entry {
    connections: u32,
    bucket: Arc<Bucket>,
}

/// A slot: the permission for one connection from an address. Dropping the slot gives the
/// permission back.
#[derive(Debug)]
pub(in crate::net) struct Slot {
    addresses: Arc<Addresses>,
    ip: IpAddr,
    bucket: Arc<Bucket>,
}

impl Addresses {
    pub(in crate::net) fn new(limits: &ConnectionLimits) -> Arc<Addresses> {
        Arc::new(Addresses {
            map: Mutex::default(),
            most: limits.connections_per_address,
            talk_rate: limits.talk_rate,
            burst: limits.outbox_bytes,
            bound_loopback: limits.bound_loopback,
        })
    }

    /// Returns a slot for one more connection of this address, or `None` when the address has too
    /// many connections.
    pub(in crate::net) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Slot> {
        // An IPv6 listener shows the address of an IPv4 client in another form, such as
        // `::ffff:192.0.2.1`. Both forms count as one address.
        let ip = ip.to_canonical();
        let is_bound = self.bound_loopback || !ip.is_loopback();
        let mut map = self.map.lock();
        let Map {
            entries, departed, ..
        } = &mut *map;
        let entry = match entries.entry(ip) {
            hash_map::Entry::Occupied(entry) => entry.into_mut(),
            hash_map::Entry::Vacant(place) => {
                let rate = if is_bound { self.talk_rate } else { 0 };
                let bucket = Arc::new(Bucket::new(rate, self.burst, Instant::now()));
                *departed += 1;
                place.insert(Entry {
                    connections: 0,
                    bucket,
                })
            }
        };
        if entry.connections >= self.most && is_bound {
            return None;
        }
        if entry.connections == 0 {
            *departed -= 1;
        }
        entry.connections += 1;
        let bucket = Arc::clone(&entry.bucket);
        Some(Slot {
            addresses: Arc::clone(self),
            ip,
            bucket,
        })
    }
}

impl Slot {
    /// Returns the bucket of the address, which all its connections share.
    pub(in crate::net) fn bucket(&self) -> &Arc<Bucket> {
        &self.bucket
    }
}

impl Map {
    /// Notes that one connection of this address has ended.
    fn leave(&mut self, ip: IpAddr, now: Instant) {
        let Some(entry) = self.entries.get_mut(&ip) else {
            return;
        };
        entry.connections -= 1;
        if entry.connections > 0 {
            return;
        }
        if entry.bucket.is_full(now) {
            self.entries.remove(&ip);
            return;
        }
        self.departed += 1;
        if self.departed > self.sweep_at {
            self.sweep(now);
        }
    }

    /// Removes the addresses that have no connection and a full bucket. If many addresses without a
    /// connection are left, removes all of them. An attacker gains nothing from this: an attacker
    /// with that many addresses has many full buckets anyway.
    fn sweep(&mut self, now: Instant) {
        let is_kept = |entry: &Entry| entry.connections > 0 || !entry.bucket.is_full(now);
        self.entries.retain(|_, entry| is_kept(entry));
        let is_departed = |entry: &&Entry| entry.connections == 0;
        self.departed = self.entries.values().filter(is_departed).count();
        if self.departed > MOST_DEPARTED / 2 {
            self.entries.retain(|_, entry| entry.connections > 0);
            self.departed = 0;
        }
        // The next sweep comes only after the number of entries without a connection has at least
        // doubled. So sweeps are rare.
        self.sweep_at = (self.departed * 2).max(1024);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.addresses.map.lock().leave(self.ip, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
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
        assert!(addresses.map.lock().entries.is_empty());
    }

    #[test]
    fn a_bucket_outlives_the_connections_of_its_address() {
        let addresses = addresses(false);
        let now = Instant::now();
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let slot = addresses.admit(one).unwrap();
        Talk::new(Arc::clone(slot.bucket())).came(usize::MAX, now);
        drop(slot);
        let again = addresses.admit(one).unwrap();
        let has_to_pause = |slot: &Slot| Talk::new(Arc::clone(slot.bucket())).pause(now).is_some();
        assert!(has_to_pause(&again));
        assert!(!has_to_pause(&addresses.admit(other).unwrap()));
        drop(again);
        assert_eq!(addresses.map.lock().entries.len(), 1);
    }

    #[test]
    fn memory_for_addresses_that_have_departed_is_bounded() {
        let addresses = addresses(false);
        let now = Instant::now();
        let stays = addresses.admit("192.0.2.1".parse().unwrap());
        for number in 0..100_000_u32 {
            let slot = addresses
                .admit(std::net::Ipv4Addr::from(number).into())
                .unwrap();
            Talk::new(Arc::clone(slot.bucket())).came(usize::MAX, now);
            drop(slot);
            assert!(addresses.map.lock().entries.len() <= MOST_DEPARTED + 1);
        }
        drop(stays);
        let map = addresses.map.lock();
        let departed = map.entries.values().filter(|entry| entry.connections == 0);
        assert_eq!(departed.count(), map.departed);
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
