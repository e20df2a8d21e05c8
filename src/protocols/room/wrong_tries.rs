use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::expiries::{Expiries, Ticket};

/// Counts the wrong tries of each address in the last minute. A client makes a wrong try when it sends an id that does not
/// exist, or a wrong password.
///
/// The memory is limited: at most 4096 addresses are remembered. An address counts as forgotten one minute after its last
/// wrong try. Its entry is removed later, when the next wrong try from any address is counted.
#[derive(Debug)]
pub struct WrongTries {
    limits: GuessLimits,
    addresses: HashMap<IpAddr, Address>,
    forget: Expiries<IpAddr>,
}

/// Limits on guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessLimits {
    /// Maximum number of wrong tries per minute and address. The caller decides what happens to further tries: a delayed
    /// answer, or a refusal.
    pub per_minute: usize,
    /// True when the limit also applies to loopback addresses.
    pub bound_loopback: bool,
}

#[derive(Debug)]
struct Address {
    /// The times of the last wrong tries, oldest first. The number of stored times is at most the limit plus one.
    tries: VecDeque<Instant>,
    forget: Ticket,
}

/// Maximum number of remembered addresses. With the default limit, 4096 addresses need about a megabyte.
const MOST_ADDRESSES: usize = 4096;

const WINDOW: Duration = Duration::from_mins(1);

impl WrongTries {
    /// Makes a `WrongTries` that has counted no wrong tries yet.
    pub fn new(limits: GuessLimits) -> WrongTries {
        WrongTries {
            limits,
            addresses: HashMap::new(),
            forget: Expiries::default(),
        }
    }

    /// Counts a wrong try. Returns true when the address is now over the limit. Also returns true when the try cannot be
    /// counted, because too many other addresses are remembered.
    pub fn count(&mut self, address: IpAddr, now: Instant) -> bool {
        !self.is_exempt(address) && self.remember(address, now) > self.limits.per_minute
    }

    /// Removes the try that was counted at the time `counted`, because it was not wrong.
    pub fn take_back(&mut self, address: IpAddr, counted: Instant) {
        let Some(known) = self.addresses.get_mut(&address) else {
            return;
        };
        if let Some(at) = known.tries.iter().rposition(|tried| *tried == counted) {
            known.tries.remove(at);
        }
        if known.tries.is_empty()
            && let Some(known) = self.addresses.remove(&address)
        {
            self.forget.withdraw(known.forget);
        }
    }

    /// True when the number of wrong tries from this address in the last minute has reached the limit. False for an address
    /// that is not remembered, because the server has not counted any tries from it.
    pub fn used_up(&self, address: IpAddr, now: Instant) -> bool {
        let tries = self.addresses.get(&address).map(|known| &known.tries);
        !self.is_exempt(address)
            && tries.map_or(0, |tries| in_window(tries, now)) >= self.limits.per_minute
    }

    fn is_exempt(&self, address: IpAddr) -> bool {
        address.is_loopback() && !self.limits.bound_loopback
    }

    /// Records a wrong try, and returns the number of wrong tries from this address in the last minute, including this one.
    /// The result is at most the limit plus one, because the caller only needs to know whether the limit is exceeded.
    fn remember(&mut self, address: IpAddr, now: Instant) -> usize {
        let most = self.limits.per_minute.saturating_add(1);
        while let Some(forgotten) = self.forget.due(now) {
            self.addresses.remove(&forgotten);
        }
        let mut tries = match self.addresses.remove(&address) {
            Some(known) => {
                self.forget.withdraw(known.forget);
                known.tries
            }
            None if self.addresses.len() >= MOST_ADDRESSES => return most,
            None => VecDeque::new(),
        };
        if tries.len() >= most {
            tries.pop_front();
        }
        tries.push_back(now);
        let count = in_window(&tries, now);
        let forget = self.forget.add(now, WINDOW, address);
        self.addresses.insert(address, Address { tries, forget });
        count
    }
}

fn in_window(tries: &VecDeque<Instant>, now: Instant) -> usize {
    let is_recent = |tried: &&Instant| now.saturating_duration_since(**tried) < WINDOW;
    tries.iter().filter(is_recent).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const SECOND: Duration = Duration::from_secs(1);

    fn wrong_tries(per_minute: usize) -> WrongTries {
        WrongTries::new(GuessLimits {
            per_minute,
            bound_loopback: false,
        })
    }

    #[test]
    fn tries_are_limited_per_address_and_minute() {
        let mut tries = wrong_tries(2);
        let start = Instant::now();
        assert!(!tries.used_up(OUTSIDE, start));
        assert!(!tries.count(OUTSIDE, start));
        assert!(!tries.used_up(OUTSIDE, start));
        assert!(!tries.count(OUTSIDE, start + 30 * SECOND));
        assert!(tries.used_up(OUTSIDE, start + 59 * SECOND));
        assert!(!tries.used_up(OUTSIDE, start + 60 * SECOND));
        assert!(wrong_tries(0).used_up(OUTSIDE, start));
    }

    #[test]
    fn a_try_that_is_taken_back_does_not_count() {
        let mut tries = wrong_tries(2);
        let start = Instant::now();
        tries.count(OUTSIDE, start);
        tries.count(OUTSIDE, start + SECOND);
        assert!(tries.used_up(OUTSIDE, start + 2 * SECOND));
        tries.take_back(OUTSIDE, start);
        assert!(!tries.used_up(OUTSIDE, start + 2 * SECOND));
        tries.take_back(OUTSIDE, start);
        assert_eq!(tries.addresses[&OUTSIDE].tries, [start + SECOND]);
        tries.take_back(OUTSIDE, start + SECOND);
        assert!(tries.addresses.is_empty() && tries.forget.is_empty());
    }

    #[test]
    fn loopback_addresses_are_not_limited() {
        let mut tries = wrong_tries(0);
        let now = Instant::now();
        assert!(!tries.count(LOOPBACK, now) && !tries.used_up(LOOPBACK, now));
    }

    #[test]
    fn the_number_of_remembered_addresses_is_limited() {
        let mut tries = wrong_tries(2);
        let start = Instant::now();
        let address = |number: usize| {
            let number = u32::try_from(number).expect("a few thousand addresses");
            IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number))
        };
        for number in 0..MOST_ADDRESSES {
            assert!(!tries.count(address(number), start));
        }
        assert!(
            tries.count(address(MOST_ADDRESSES), start),
            "a new address counts as over the limit while the table is full"
        );
        assert!(
            !tries.count(address(0), start),
            "an address in the table has its own limit"
        );
        assert_eq!(tries.addresses.len(), MOST_ADDRESSES);

        assert!(!tries.count(OUTSIDE, start + 60 * SECOND));
        assert_eq!(tries.addresses.len(), 1);
    }
}
