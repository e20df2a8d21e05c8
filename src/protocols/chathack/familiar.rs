//! Accounts that have logged in from an address before.

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
/// All clients of a proxy have one address. Without this limit, one client could lock the others out by guessing wrong
/// passwords, because the server would no longer check passwords from that address. With this limit, an account that has
/// been used from the address stays usable, and its password still cannot be guessed faster than the limit allows.
#[derive(Debug)]
pub(super) struct Familiar {
    per_minute: usize,
    /// The times of the last wrong tries for each pair, oldest first. The number of stored times is at most the limit.
    tries: HashMap<Pair, VecDeque<Instant>>,
    /// The pairs in the order in which they became familiar.
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

    /// Counts a try, and returns true if the password may be checked, false if the limit is used up. Returns `None`, and
    /// counts nothing, when this account has not logged in from this address before.
    pub(super) fn count(&mut self, address: IpAddr, login: &str, now: Instant) -> Option<bool> {
        let tries = self.tries.get_mut(&(address, login.into()))?;
        tries.retain(|tried| now.saturating_duration_since(*tried) < WINDOW);
        let may = tries.len() < self.per_minute;
        if may {
            tries.push_back(now);
        }
        Some(may)
    }

    /// Takes back the try that was counted at that time, because its password turned out to be right. Returns false when no
    /// try of this pair was counted at that time.
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
