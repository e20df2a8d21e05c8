use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use crate::room::ConnId;
use crate::room::expiries::{Expiries, Ticket};

/// Who waits for whose answer. A asking B and B asking A are two requests; asking oneself is one like any other.
#[derive(Debug)]
pub struct Requests {
    limits: RequestLimits,
    /// By asker and target, so that the requests of an asker lie together.
    pending: BTreeMap<(ConnId, ConnId), Pending>,
    /// The same by target and asker.
    by_target: BTreeSet<(ConnId, ConnId)>,
    expiries: Expiries<(ConnId, ConnId)>,
}

/// Bounds of [`Requests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Requests that one client may have waiting.
    pub as_asker: usize,
    /// Requests that may wait for one client.
    pub as_target: usize,
    /// How long one waits, counted from the first time it was asked.
    pub timeout: Duration,
    /// How long after it was relayed a repeated request may be relayed again.
    pub repeat_interval: Duration,
}

#[derive(Debug)]
struct Pending {
    relayed: Instant,
    expiry: Ticket,
}

/// Why a request is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAsked {
    /// It is pending and was passed on a moment ago.
    TooSoon,
    /// The asker has as many requests waiting as it may have.
    AskerFull,
    /// As many requests wait for the target as may.
    TargetFull,
}

impl Requests {
    /// No requests yet.
    pub fn new(limits: RequestLimits) -> Requests {
        Requests {
            limits,
            pending: BTreeMap::new(),
            by_target: BTreeSet::new(),
            expiries: Expiries::default(),
        }
    }

    /// Notes that `asker` asks `target`. `Ok` means that the request is to be passed on.
    pub fn ask(&mut self, asker: ConnId, target: ConnId, now: Instant) -> Result<(), NotAsked> {
        if let Some(pending) = self.pending.get_mut(&(asker, target)) {
            if now.saturating_duration_since(pending.relayed) < self.limits.repeat_interval {
                return Err(NotAsked::TooSoon);
            }
            pending.relayed = now;
            return Ok(());
        }
        if self.pending.range(all_of(asker)).count() >= self.limits.as_asker {
            return Err(NotAsked::AskerFull);
        }
        if self.by_target.range(all_of(target)).count() >= self.limits.as_target {
            return Err(NotAsked::TargetFull);
        }
        let expiry = self.expiries.add(now, self.limits.timeout, (asker, target));
        let relayed = now;
        self.pending
            .insert((asker, target), Pending { relayed, expiry });
        self.by_target.insert((target, asker));
        Ok(())
    }

    /// True while `target` owes `asker` an answer.
    pub fn is_pending(&self, asker: ConnId, target: ConnId) -> bool {
        self.pending.contains_key(&(asker, target))
    }

    /// Ends a request; false when there was none.
    pub fn end(&mut self, asker: ConnId, target: ConnId) -> bool {
        let Some(pending) = self.pending.remove(&(asker, target)) else {
            return false;
        };
        self.by_target.remove(&(target, asker));
        self.expiries.withdraw(pending.expiry);
        true
    }

    /// Ends every request of and to somebody who leaves, and returns the others who were waiting for an answer.
    pub fn leave(&mut self, party: ConnId) -> Vec<ConnId> {
        let asked: Vec<_> = self
            .pending
            .range(all_of(party))
            .map(|(key, _)| *key)
            .collect();
        for (asker, target) in asked {
            self.end(asker, target);
        }
        let waiting: Vec<_> = self
            .by_target
            .range(all_of(party))
            .map(|key| key.1)
            .collect();
        for asker in &waiting {
            self.end(*asker, party);
        }
        waiting
    }

    /// The next request whose time is over, as asker and target; it has ended.
    pub fn expire(&mut self, now: Instant) -> Option<(ConnId, ConnId)> {
        let (asker, target) = self.expiries.due(now)?;
        self.end(asker, target);
        Some((asker, target))
    }

    /// When the next request ends by itself.
    pub fn deadline(&self) -> Option<Instant> {
        self.expiries.deadline()
    }

    /// True when this client asks or is asked.
    pub fn involves(&self, party: ConnId) -> bool {
        self.pending.range(all_of(party)).next().is_some()
            || self.by_target.range(all_of(party)).next().is_some()
    }

    /// True when nobody waits for an answer.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.by_target.is_empty() && self.expiries.is_empty()
    }
}

fn all_of(party: ConnId) -> std::ops::RangeInclusive<(ConnId, ConnId)> {
    (party, ConnId(u64::MIN))..=(party, ConnId(u64::MAX))
}

impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAsked::TooSoon => "the same request was passed on a moment ago",
            NotAsked::AskerFull => "too many of its requests wait for an answer",
            NotAsked::TargetFull => "too many requests wait for the target's answer",
        })
    }
}

impl std::error::Error for NotAsked {}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ConnId = ConnId(1);
    const BOB: ConnId = ConnId(2);
    const CAROL: ConnId = ConnId(3);
    const SECOND: Duration = Duration::from_secs(1);

    fn requests() -> Requests {
        Requests::new(RequestLimits {
            as_asker: 2,
            as_target: 2,
            timeout: 10 * SECOND,
            repeat_interval: 5 * SECOND,
        })
    }

    #[test]
    fn a_request_waits_until_it_is_ended_once() {
        let mut requests = requests();
        let now = Instant::now();
        assert_eq!(requests.ask(ALICE, BOB, now), Ok(()));
        assert!(requests.is_pending(ALICE, BOB));
        assert!(
            !requests.is_pending(BOB, ALICE),
            "the opposite direction is another request"
        );
        assert!(requests.involves(ALICE) && requests.involves(BOB));
        assert!(requests.end(ALICE, BOB));
        assert!(!requests.end(ALICE, BOB));
        assert!(requests.is_empty());
    }

    #[test]
    fn a_repeated_request_is_passed_on_again_only_after_a_while() {
        let mut requests = requests();
        let start = Instant::now();
        assert_eq!(requests.ask(ALICE, BOB, start), Ok(()));
        assert_eq!(
            requests.ask(ALICE, BOB, start + 4 * SECOND),
            Err(NotAsked::TooSoon)
        );
        assert_eq!(requests.ask(ALICE, BOB, start + 5 * SECOND), Ok(()));
        assert_eq!(
            requests.ask(ALICE, BOB, start + 9 * SECOND),
            Err(NotAsked::TooSoon)
        );
        assert_eq!(
            requests.deadline(),
            Some(start + 10 * SECOND),
            "it does not live longer"
        );
    }

    #[test]
    fn an_asker_and_a_target_have_only_so_many_requests_at_a_time() {
        let mut requests = requests();
        let now = Instant::now();
        assert_eq!(requests.ask(ALICE, ALICE, now), Ok(()));
        assert_eq!(requests.ask(ALICE, BOB, now), Ok(()));
        assert_eq!(requests.ask(ALICE, CAROL, now), Err(NotAsked::AskerFull));
        assert_eq!(requests.ask(CAROL, BOB, now), Ok(()));
        assert_eq!(requests.ask(BOB, BOB, now), Err(NotAsked::TargetFull));
        assert!(requests.end(CAROL, BOB));
        assert_eq!(requests.ask(BOB, BOB, now), Ok(()));
    }

    #[test]
    fn requests_end_with_either_party_and_the_askers_left_behind_are_named() {
        let mut requests = requests();
        let now = Instant::now();
        for (asker, target) in [(ALICE, BOB), (CAROL, BOB), (BOB, CAROL), (BOB, BOB)] {
            let _ = requests.ask(asker, target, now);
        }
        assert_eq!(requests.leave(BOB), [ALICE, CAROL]);
        assert!(requests.is_empty());
    }

    #[test]
    fn requests_end_by_themselves_in_the_order_in_which_they_were_made() {
        let mut requests = requests();
        let start = Instant::now();
        assert_eq!(requests.ask(BOB, ALICE, start), Ok(()));
        assert_eq!(requests.ask(ALICE, BOB, start + SECOND), Ok(()));
        assert_eq!(requests.expire(start + 9 * SECOND), None);
        assert_eq!(requests.expire(start + 11 * SECOND), Some((BOB, ALICE)));
        assert_eq!(requests.expire(start + 11 * SECOND), Some((ALICE, BOB)));
        assert_eq!(requests.expire(start + 11 * SECOND), None);
        assert!(requests.is_empty());
    }
}
