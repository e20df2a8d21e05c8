use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::room::ConnId;
use crate::room::expiries::{Expiries, Ticket};

/// The requests that have no answer yet. When Alice asks Bob and Bob asks Alice, these are two requests. A client may ask
/// itself.
#[derive(Debug)]
pub struct Requests<T = ()> {
    limits: RequestLimits,
    /// All pending requests, sorted by asker, so that the requests of one asker are next to each other.
    pending: BTreeMap<Request<T>, Pending>,
    /// The same requests, sorted by target.
    by_target: BTreeSet<(ConnId, Request<T>)>,
    expiries: Expiries<Request<T>>,
}

/// A request of one client to another for a private connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request<T = ()> {
    /// The client that asks.
    pub asker: ConnId,
    /// The client that is asked.
    pub target: ConnId,
    /// Distinguishes requests between the same two clients, in protocols that allow several requests between them.
    pub topic: T,
}

/// A value that distinguishes requests between the same two clients.
pub trait Topic: Copy + Ord {
    /// The lowest value.
    const FIRST: Self;
    /// The highest value.
    const LAST: Self;
}

/// For protocols that allow only one request at a time from one client to another: there, all requests have the same topic,
/// `()`.
impl Topic for () {
    const FIRST: () = ();
    const LAST: () = ();
}

impl Topic for i16 {
    const FIRST: i16 = i16::MIN;
    const LAST: i16 = i16::MAX;
}

impl Request {
    /// Makes a request, in a protocol that allows only one request at a time from one client to another.
    pub fn between(asker: ConnId, target: ConnId) -> Request {
        let topic = ();
        Request {
            asker,
            target,
            topic,
        }
    }
}

impl<T: Topic> Request<T> {
    /// Returns the range of all requests of this asker.
    fn all_of(asker: ConnId) -> RangeInclusive<Request<T>> {
        Request::first(asker)..=Request::last(asker)
    }

    /// Returns the range of all requests to this target, in the order of `by_target`.
    fn all_to(target: ConnId) -> RangeInclusive<(ConnId, Request<T>)> {
        (target, Request::first(ConnId(u64::MIN)))..=(target, Request::last(ConnId(u64::MAX)))
    }

    fn first(asker: ConnId) -> Request<T> {
        Request {
            asker,
            target: ConnId(u64::MIN),
            topic: T::FIRST,
        }
    }

    fn last(asker: ConnId) -> Request<T> {
        Request {
            asker,
            target: ConnId(u64::MAX),
            topic: T::LAST,
        }
    }
}

/// Limits of [`Requests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Maximum pending requests per asker.
    pub as_asker: usize,
    /// Maximum pending requests per target.
    pub as_target: usize,
    /// Time limit for the answer to a request. If the asker repeats the request, the time limit does not start again.
    pub timeout: Duration,
    /// Minimum time between two relays of the same request. If the asker repeats a pending request earlier, the server does
    /// not relay it again.
    pub repeat_interval: Duration,
}

#[derive(Debug)]
struct Pending {
    relayed: Instant,
    expiry: Ticket,
}

/// Why a request is not relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAsked {
    /// The same request is pending, and the server has relayed it less than [`RequestLimits::repeat_interval`] ago.
    TooSoon,
    /// The asker has the maximum number of pending requests.
    AskerFull,
    /// The target has the maximum number of pending requests.
    TargetFull,
}

impl<T: Topic> Requests<T> {
    /// Makes an empty list of requests.
    pub fn new(limits: RequestLimits) -> Requests<T> {
        Requests {
            limits,
            pending: BTreeMap::new(),
            by_target: BTreeSet::new(),
            expiries: Expiries::default(),
        }
    }

    /// Adds a request, or repeats a pending request. If the result is `Ok`, the caller must relay the request to the target.
    pub fn ask(&mut self, request: Request<T>, now: Instant) -> Result<(), NotAsked> {
        if let Some(pending) = self.pending.get_mut(&request) {
            if now.saturating_duration_since(pending.relayed) < self.limits.repeat_interval {
                return Err(NotAsked::TooSoon);
            }
            pending.relayed = now;
            return Ok(());
        }
        if self.of_asker(request.asker).count() >= self.limits.as_asker {
            return Err(NotAsked::AskerFull);
        }
        if self.to_target(request.target).count() >= self.limits.as_target {
            return Err(NotAsked::TargetFull);
        }
        let expiry = self.expiries.add(now, self.limits.timeout, request);
        let relayed = now;
        self.pending.insert(request, Pending { relayed, expiry });
        self.by_target.insert((request.target, request));
        Ok(())
    }

    /// True while the request is pending.
    pub fn is_pending(&self, request: Request<T>) -> bool {
        self.pending.contains_key(&request)
    }

    /// Returns the pending requests of this asker.
    pub fn of_asker(&self, asker: ConnId) -> impl Iterator<Item = Request<T>> {
        self.pending
            .range(Request::all_of(asker))
            .map(|(request, _)| *request)
    }

    fn to_target(&self, target: ConnId) -> impl Iterator<Item = Request<T>> {
        self.by_target
            .range(Request::all_to(target))
            .map(|(_, request)| *request)
    }

    /// Ends a request. Returns false when the request was not pending.
    pub fn end(&mut self, request: Request<T>) -> bool {
        let Some(pending) = self.pending.remove(&request) else {
            return false;
        };
        self.by_target.remove(&(request.target, request));
        self.expiries.withdraw(pending.expiry);
        true
    }

    /// Ends all requests from and to a client that leaves, and returns them: first the requests that it made, then the
    /// requests that other clients made to it. A request of the client to itself is returned once.
    pub fn leave(&mut self, party: ConnId) -> Vec<Request<T>> {
        let from_others = |request: &Request<T>| request.asker != party;
        let asked = self.of_asker(party);
        let ended: Vec<_> = asked
            .chain(self.to_target(party).filter(from_others))
            .collect();
        for request in &ended {
            self.end(*request);
        }
        ended
    }

    /// Ends the next request whose time limit has passed, and returns it.
    pub fn expire(&mut self, now: Instant) -> Option<Request<T>> {
        let request = self.expiries.due(now)?;
        self.end(request);
        Some(request)
    }

    /// Returns the earliest time at which the time limit of a pending request passes.
    pub fn deadline(&self) -> Option<Instant> {
        self.expiries.deadline()
    }

    /// True when this client is the asker or the target of a pending request.
    pub fn involves(&self, party: ConnId) -> bool {
        self.of_asker(party).next().is_some() || self.to_target(party).next().is_some()
    }

    /// True when no request is pending.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.by_target.is_empty() && self.expiries.is_empty()
    }
}

impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAsked::TooSoon => "the same request was relayed a moment ago",
            NotAsked::AskerFull => "too many requests of this client are pending",
            NotAsked::TargetFull => "too many requests to this target are pending",
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
        assert_eq!(requests.ask(Request::between(ALICE, BOB), now), Ok(()));
        assert!(requests.is_pending(Request::between(ALICE, BOB)));
        assert!(
            !requests.is_pending(Request::between(BOB, ALICE)),
            "a request in the opposite direction is a different request"
        );
        assert!(requests.involves(ALICE) && requests.involves(BOB));
        assert!(requests.end(Request::between(ALICE, BOB)));
        assert!(!requests.end(Request::between(ALICE, BOB)));
        assert!(requests.is_empty());
    }

    #[test]
    fn a_repeated_request_is_relayed_again_only_after_the_interval() {
        let mut requests = requests();
        let start = Instant::now();
        assert_eq!(requests.ask(Request::between(ALICE, BOB), start), Ok(()));
        assert_eq!(
            requests.ask(Request::between(ALICE, BOB), start + 4 * SECOND),
            Err(NotAsked::TooSoon)
        );
        assert_eq!(
            requests.ask(Request::between(ALICE, BOB), start + 5 * SECOND),
            Ok(())
        );
        assert_eq!(
            requests.ask(Request::between(ALICE, BOB), start + 9 * SECOND),
            Err(NotAsked::TooSoon)
        );
        assert_eq!(
            requests.deadline(),
            Some(start + 10 * SECOND),
            "the time limit of the repeated request does not change"
        );
    }

    #[test]
    fn pending_requests_are_limited_per_asker_and_per_target() {
        let mut requests = requests();
        let now = Instant::now();
        assert_eq!(requests.ask(Request::between(ALICE, ALICE), now), Ok(()));
        assert_eq!(requests.ask(Request::between(ALICE, BOB), now), Ok(()));
        assert_eq!(
            requests.ask(Request::between(ALICE, CAROL), now),
            Err(NotAsked::AskerFull)
        );
        assert_eq!(requests.ask(Request::between(CAROL, BOB), now), Ok(()));
        assert_eq!(
            requests.ask(Request::between(BOB, BOB), now),
            Err(NotAsked::TargetFull)
        );
        assert!(requests.end(Request::between(CAROL, BOB)));
        assert_eq!(requests.ask(Request::between(BOB, BOB), now), Ok(()));
    }

    #[test]
    fn requests_end_when_either_client_leaves_and_are_returned_once() {
        let mut requests = requests();
        let now = Instant::now();
        for (asker, target) in [(ALICE, BOB), (BOB, BOB), (BOB, CAROL)] {
            let _ = requests.ask(Request::between(asker, target), now);
        }
        assert_eq!(
            requests.leave(BOB),
            [(BOB, BOB), (BOB, CAROL), (ALICE, BOB)]
                .map(|(asker, target)| Request::between(asker, target))
        );
        assert!(requests.is_empty());
    }

    #[test]
    fn requests_end_by_themselves_in_the_order_in_which_they_were_made() {
        let mut requests = requests();
        let start = Instant::now();
        assert_eq!(requests.ask(Request::between(BOB, ALICE), start), Ok(()));
        assert_eq!(
            requests.ask(Request::between(ALICE, BOB), start + SECOND),
            Ok(())
        );
        assert_eq!(requests.expire(start + 9 * SECOND), None);
        assert_eq!(
            requests.expire(start + 11 * SECOND),
            Some(Request::between(BOB, ALICE))
        );
        assert_eq!(
            requests.expire(start + 11 * SECOND),
            Some(Request::between(ALICE, BOB))
        );
        assert_eq!(requests.expire(start + 11 * SECOND), None);
        assert!(requests.is_empty());
    }

    #[test]
    fn the_topic_distinguishes_requests_between_the_same_two() {
        let limits = requests().limits;
        let mut requests = Requests::new(limits);
        let about = |topic: i16| Request {
            asker: ALICE,
            target: BOB,
            topic,
        };
        let now = Instant::now();
        assert_eq!(requests.ask(about(i16::MIN), now), Ok(()));
        assert_eq!(requests.ask(about(i16::MAX), now), Ok(()));
        assert_eq!(requests.ask(about(0), now), Err(NotAsked::AskerFull));
        assert!(
            requests
                .of_asker(ALICE)
                .eq([about(i16::MIN), about(i16::MAX)])
        );
        assert!(!requests.end(about(0)));
        assert_eq!(requests.leave(BOB), [about(i16::MIN), about(i16::MAX)]);
        assert!(requests.is_empty());
    }
}
