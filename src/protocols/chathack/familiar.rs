//! Remembers which accounts have logged in from which addresses.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An account, and an address from which it has logged in.
type Pair = (IpAddr, Arc<str>);

/// Maximum number of remembered pairs. When this number is reached, a new pair replaces the oldest pair.
const MOST: usize = 4096;

const WINDOW: Duration = Duration::from_mins(1);

/// Gives each account a separate limit of wrong passwords at each address from which the account has logged in before.
///
/// All clients behind a proxy have the same address. If this address had only one limit, one client could lock out the
/// others: after its wrong guesses, the server would check no more passwords from this address. With the separate limit, an
/// account that has logged in from the address before can still log in. But even from this address, an attacker cannot guess
/// the password faster than the limit allows.
#[derive(Debug)]
pub(super) struct Familiar {
    per_minute: usize,
    /// The times of the last wrong tries for each pair, oldest first. The number of stored times is at most the limit.
    tries: HashMap<Pair, VecDeque<Instant>>,
    /// The pairs, in the order of their first successful logins.
    order: VecDeque<Pair>,
}

impl Familiar {
    pub(super) fn new(per_minute: usize) -> Familiar {
        Familiar {
            per_minute,
            tries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Remembers that an account has logged in from an address.
    pub(super) fn succeeded(&mut self, address: IpAddr, login: &Arc<str>) {
        let pair = (address, Arc::clone(login));
        if self.tries.contains_key(&pair) {
            return;
        }
        if self.order.len() == MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.tries.remove(&oldest);
        }
        self.order.push_back(pair.clone());
        self.tries.insert(pair, VecDeque::new());
    }

    /// Counts a try to log in with a password. Returns true if the password may be checked, and false if the limit is
    /// reached. If this account has not logged in from this address before, counts nothing and returns `None`.
    pub(super) fn count(&mut self, address: IpAddr, login: &str, now: Instant) -> Option<bool> {
        let tries = self.tries.get_mut(&(address, login.into()))?;
        tries.retain(|tried| now.saturating_duration_since(*tried) < WINDOW);
        let may = tries.len() < self.per_minute;
        if may {
            tries.push_back(now);
        }
        Some(may)
    }

    /// Removes the try that was counted at the time `counted`, because its password was not wrong. Returns false when no try
    /// of this pair was counted at that time.
    pub(super) fn take_back(
        &mut self,
        address: IpAddr,
        login: &Arc<str>,
        counted: Instant,
    ) -> bool {
        let Some(tries) = self.tries.get_mut(&(address, Arc::clone(login))) else {
            return false;
        };
        let found = tries.iter().rposition(|tried| *tried == counted);
        found.and_then(|at| tries.remove(at)).is_some()
    }
}
