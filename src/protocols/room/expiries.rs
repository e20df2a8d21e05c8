use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Entries that become due after a time limit, sorted by the time at which they are due.
///
/// The caller can withdraw an entry that is no longer needed. The entry is then removed at once, and its memory is freed.
#[derive(Debug)]
pub struct Expiries<K> {
    queue: BTreeMap<Ticket, K>,
    serial: u64,
}

/// Identifies one entry. A serial number distinguishes entries that are due at the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    at: Option<Instant>,
    serial: u64,
}

impl<K> Default for Expiries<K> {
    fn default() -> Expiries<K> {
        Expiries {
            queue: BTreeMap::new(),
            serial: 0,
        }
    }
}

impl<K> Expiries<K> {
    /// Adds an entry that is due at `now + after`. If the type [`Instant`] cannot represent this time, the entry is never
    /// due.
    pub fn add(&mut self, now: Instant, after: Duration, key: K) -> Ticket {
        self.serial += 1;
        let ticket = Ticket {
            at: now.checked_add(after),
            serial: self.serial,
        };
        if ticket.at.is_some() {
            self.queue.insert(ticket, key);
        }
        ticket
    }

    /// Removes an entry before it is due. Does nothing when the entry is no longer in the list.
    pub fn withdraw(&mut self, ticket: Ticket) {
        self.queue.remove(&ticket);
    }

    /// Removes and returns the earliest entry, if it is due at `now`. Otherwise returns `None`.
    pub fn due(&mut self, now: Instant) -> Option<K> {
        if self.deadline()? > now {
            return None;
        }
        self.queue.pop_first().map(|(_, key)| key)
    }

    /// Returns the earliest entry without removing it.
    pub fn first(&self) -> Option<K>
    where
        K: Copy,
    {
        self.queue.first_key_value().map(|(_, key)| *key)
    }

    /// Returns the time at which the earliest entry is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.queue.first_key_value()?.0.at
    }

    /// True when there are no entries.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn entries_come_due_in_order_and_not_before_their_time() {
        let start = Instant::now();
        let mut expiries = Expiries::default();
        expiries.add(start, 2 * SECOND, "late");
        expiries.add(start, SECOND, "early");
        expiries.add(start, SECOND, "early too");
        assert_eq!(expiries.deadline(), Some(start + SECOND));
        assert_eq!(expiries.due(start), None);
        assert_eq!(expiries.due(start + SECOND), Some("early"));
        assert_eq!(expiries.due(start + SECOND), Some("early too"));
        assert_eq!(expiries.due(start + SECOND), None);
        assert_eq!(expiries.due(start + 3 * SECOND), Some("late"));
        assert!(expiries.is_empty());
    }

    #[test]
    fn a_withdrawn_entry_uses_no_memory() {
        let start = Instant::now();
        let mut expiries = Expiries::default();
        let ticket = expiries.add(start, SECOND, "settled");
        expiries.withdraw(ticket);
        assert!(expiries.is_empty());
        assert_eq!(expiries.deadline(), None);
    }

    #[test]
    fn a_period_beyond_every_clock_never_ends() {
        let mut expiries = Expiries::default();
        let ticket = expiries.add(Instant::now(), Duration::MAX, "patient");
        assert_eq!(expiries.deadline(), None);
        expiries.withdraw(ticket);
    }
}
