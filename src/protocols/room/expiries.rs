use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What ends by itself, in the order in which it does.
///
/// An entry can be withdrawn, and then it is gone: what was settled early leaves nothing behind that would pile up until
/// its time.
#[derive(Debug)]
pub struct Expiries<K> {
    queue: BTreeMap<Ticket, K>,
    serial: u64,
}

/// Names one entry. Equal instants are told apart by a number.
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
    /// Notes that `key` ends `after` from now. A period that no clock can count to never ends.
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

    /// Takes an entry back, if its time has not come.
    pub fn withdraw(&mut self, ticket: Ticket) {
        self.queue.remove(&ticket);
    }

    /// The next entry whose time has come; it is taken out.
    pub fn due(&mut self, now: Instant) -> Option<K> {
        if self.deadline()? > now {
            return None;
        }
        self.queue.pop_first().map(|(_, key)| key)
    }

    /// The next entry that will end; it stays.
    pub fn first(&self) -> Option<K>
    where
        K: Copy,
    {
        self.queue.first_key_value().map(|(_, key)| *key)
    }

    /// When the next entry ends.
    pub fn deadline(&self) -> Option<Instant> {
        self.queue.first_key_value()?.0.at
    }

    /// True when nothing is noted.
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
    fn what_is_withdrawn_leaves_nothing_behind() {
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
