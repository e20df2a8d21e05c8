use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

use crate::room::expiries::{Expiries, Ticket};
use crate::room::{ConnId, ConnectIds};

/// The live connect_ids. An id becomes live when two clients get it. It is used up when two connections have sent it. These
/// connections become the two ends of the private connection.
pub struct Rendezvous {
    limits: RendezvousLimits,
    ids: ConnectIds,
    alive: HashMap<i64, Meeting>,
    /// Two entries for each live id: one for each of its two clients. If a client asked itself, there is only one entry.
    by_party: BTreeSet<(ConnId, i64)>,
    expiries: Expiries<i64>,
}

/// Limits of a [`Rendezvous`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RendezvousLimits {
    /// Maximum number of live ids per client. The ids of its own requests and of requests to it count together.
    pub unused_ids: usize,
    /// How long an id stays live if its two ends do not both connect.
    pub timeout: Duration,
}

struct Meeting {
    asker: ConnId,
    target: ConnId,
    waiting: Option<ConnId>,
    expiry: Ticket,
}

/// Why two clients get no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// One of the two clients already has the maximum number of unused ids.
    PartyFull,
    /// [`ConnectIds::draw`] found no free number.
    NoIdFound,
}

/// What happens when a connection sends an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// This id is not live.
    Unknown,
    /// The connection is the first end, and waits for the second end.
    Waits,
    /// The connection is the second end. The value in this variant is the first end. The id is no longer live.
    Meets(ConnId),
}

/// A live id: the two clients that got it, and the end that already waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The asker and the target.
    pub parties: [ConnId; 2],
    /// The first end; `None` when it has not connected yet.
    pub waiting: Option<ConnId>,
}

/// An id that ended before both ends had connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The first end, if it has connected. The second end can no longer connect, so the caller must close the first end.
    pub waiting: Option<ConnId>,
}

impl Rendezvous {
    /// Makes a `Rendezvous` without any ids.
    pub fn new(limits: RendezvousLimits, ids: ConnectIds) -> Rendezvous {
        Rendezvous {
            limits,
            ids,
            alive: HashMap::new(),
            by_party: BTreeSet::new(),
            expiries: Expiries::default(),
        }
    }

    /// Makes an id for two clients. `asker` and `target` may be the same client.
    pub fn open(&mut self, asker: ConnId, target: ConnId, now: Instant) -> Result<i64, NotOpened> {
        if self.is_full(asker) || self.is_full(target) {
            return Err(NotOpened::PartyFull);
        }
        let id = self
            .ids
            .draw(|id| self.alive.contains_key(&id))
            .ok_or(NotOpened::NoIdFound)?;
        let meeting = Meeting {
            asker,
            target,
            waiting: None,
            expiry: self.expiries.add(now, self.limits.timeout, id),
        };
        self.alive.insert(id, meeting);
        self.by_party.insert((asker, id));
        self.by_party.insert((target, id));
        Ok(id)
    }

    /// Handles a connection that sends an id. Any connection that sends a live id becomes an end, because the server cannot
    /// know to which client the connection belongs.
    pub fn arrive(&mut self, id: i64, end: ConnId) -> Arrival {
        let Some(meeting) = self.alive.get_mut(&id) else {
            return Arrival::Unknown;
        };
        match meeting.waiting {
            None => {
                meeting.waiting = Some(end);
                Arrival::Waits
            }
            Some(first) => {
                self.end(id);
                Arrival::Meets(first)
            }
        }
    }

    /// Returns the agreement that an id belongs to; `None` when the id is not live.
    pub fn agreement(&self, id: i64) -> Option<Agreement> {
        self.alive.get(&id).map(|meeting| Agreement {
            parties: [meeting.asker, meeting.target],
            waiting: meeting.waiting,
        })
    }

    /// Records that the first end, which waited with this id, has left. Another connection can then become the first end.
    pub fn give_back(&mut self, id: i64) {
        if let Some(meeting) = self.alive.get_mut(&id) {
            meeting.waiting = None;
        }
    }

    /// Ends all ids of a client that leaves, and returns them.
    pub fn leave(&mut self, party: ConnId) -> Vec<Ended> {
        let ids: Vec<i64> = self
            .by_party
            .range(all_of(party))
            .map(|key| key.1)
            .collect();
        ids.into_iter().filter_map(|id| self.end(id)).collect()
    }

    /// Ends the next id whose time limit has passed, and returns it.
    pub fn expire(&mut self, now: Instant) -> Option<Ended> {
        let id = self.expiries.due(now)?;
        self.end(id)
    }

    /// Returns the earliest time at which the time limit of a live id passes.
    pub fn deadline(&self) -> Option<Instant> {
        self.expiries.deadline()
    }

    /// True when this client has an unused id.
    pub fn involves(&self, party: ConnId) -> bool {
        self.by_party.range(all_of(party)).next().is_some()
    }

    /// True when no id is live.
    pub fn is_empty(&self) -> bool {
        self.alive.is_empty() && self.by_party.is_empty() && self.expiries.is_empty()
    }

    fn is_full(&self, party: ConnId) -> bool {
        self.by_party.range(all_of(party)).count() >= self.limits.unused_ids
    }

    /// Ends an id; returns `None` when it is not live.
    pub fn end(&mut self, id: i64) -> Option<Ended> {
        let meeting = self.alive.remove(&id)?;
        self.by_party.remove(&(meeting.asker, id));
        self.by_party.remove(&(meeting.target, id));
        self.expiries.withdraw(meeting.expiry);
        let waiting = meeting.waiting;
        Some(Ended { waiting })
    }
}

fn all_of(party: ConnId) -> std::ops::RangeInclusive<(ConnId, i64)> {
    (party, i64::MIN)..=(party, i64::MAX)
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotOpened::PartyFull => "one of the two clients has too many unused connect_ids",
            NotOpened::NoIdFound => {
                "no free connect_id was found; check the system's source of random numbers"
            }
        })
    }
}

impl std::error::Error for NotOpened {}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ConnId = ConnId(1);
    const BOB: ConnId = ConnId(2);
    const CAROL: ConnId = ConnId(3);
    const FIRST_END: ConnId = ConnId(11);
    const SECOND_END: ConnId = ConnId(12);
    const THIRD_END: ConnId = ConnId(13);
    const SECOND: Duration = Duration::from_secs(1);

    fn rendezvous() -> Rendezvous {
        let limits = RendezvousLimits {
            unused_ids: 2,
            timeout: 10 * SECOND,
        };
        let mut bits = 0;
        let counting = ConnectIds::random(Box::new(move || {
            bits += 2;
            bits
        }));
        Rendezvous::new(limits, counting)
    }

    #[test]
    fn an_id_is_used_up_when_both_ends_have_come() {
        let mut rendezvous = rendezvous();
        let id = rendezvous
            .open(ALICE, BOB, Instant::now())
            .expect("no client has too many ids");
        assert!(rendezvous.involves(ALICE) && rendezvous.involves(BOB));
        assert_eq!(rendezvous.arrive(id, FIRST_END), Arrival::Waits);
        assert_eq!(rendezvous.arrive(id, SECOND_END), Arrival::Meets(FIRST_END));
        assert_eq!(rendezvous.arrive(id, THIRD_END), Arrival::Unknown);
        assert!(rendezvous.is_empty());
    }

    #[test]
    fn a_live_id_names_its_clients_and_the_waiting_end() {
        let mut rendezvous = rendezvous();
        let id = rendezvous
            .open(ALICE, BOB, Instant::now())
            .expect("no client has too many ids");
        rendezvous.arrive(id, FIRST_END);
        let waiting = Some(FIRST_END);
        let parties = [ALICE, BOB];
        assert_eq!(
            rendezvous.agreement(id),
            Some(Agreement { parties, waiting })
        );
        assert_eq!(rendezvous.end(id), Some(Ended { waiting }));
        assert_eq!(rendezvous.agreement(id), None);
        assert_eq!(rendezvous.end(id), None);
        assert!(rendezvous.is_empty());
    }

    #[test]
    fn an_end_that_leaves_gives_the_id_back() {
        let mut rendezvous = rendezvous();
        let id = rendezvous
            .open(ALICE, BOB, Instant::now())
            .expect("no client has too many ids");
        assert_eq!(rendezvous.arrive(id, FIRST_END), Arrival::Waits);
        rendezvous.give_back(id);
        assert_eq!(rendezvous.arrive(id, SECOND_END), Arrival::Waits);
        assert_eq!(rendezvous.arrive(id, THIRD_END), Arrival::Meets(SECOND_END));
    }

    #[test]
    fn an_id_ends_when_either_client_leaves_and_names_the_waiting_end() {
        let mut rendezvous = rendezvous();
        let now = Instant::now();
        let with_bob = rendezvous
            .open(ALICE, BOB, now)
            .expect("no client has too many ids");
        let from_carol = rendezvous
            .open(CAROL, ALICE, now)
            .expect("no client has too many ids");
        assert_eq!(rendezvous.arrive(from_carol, FIRST_END), Arrival::Waits);
        assert_eq!(
            rendezvous.leave(ALICE),
            [
                Ended { waiting: None },
                Ended {
                    waiting: Some(FIRST_END)
                }
            ]
        );
        assert_eq!(rendezvous.arrive(with_bob, SECOND_END), Arrival::Unknown);
        assert!(rendezvous.is_empty());
    }

    #[test]
    fn unused_ids_are_limited_per_client() {
        let mut rendezvous = rendezvous();
        let now = Instant::now();
        assert!(rendezvous.open(ALICE, ALICE, now).is_ok());
        let with_bob = rendezvous
            .open(BOB, ALICE, now)
            .expect("alice has one id and bob has none, so both are below the limit");
        assert_eq!(
            rendezvous.open(ALICE, CAROL, now),
            Err(NotOpened::PartyFull)
        );
        assert_eq!(
            rendezvous.open(CAROL, ALICE, now),
            Err(NotOpened::PartyFull)
        );
        rendezvous.arrive(with_bob, FIRST_END);
        rendezvous.arrive(with_bob, SECOND_END);
        assert!(rendezvous.open(ALICE, CAROL, now).is_ok());
    }

    #[test]
    fn an_id_ends_after_its_time_limit() {
        let mut rendezvous = rendezvous();
        let start = Instant::now();
        let id = rendezvous
            .open(ALICE, BOB, start)
            .expect("no client has too many ids");
        assert_eq!(rendezvous.arrive(id, FIRST_END), Arrival::Waits);
        assert_eq!(rendezvous.deadline(), Some(start + 10 * SECOND));
        assert_eq!(rendezvous.expire(start + 9 * SECOND), None);
        assert_eq!(
            rendezvous.expire(start + 10 * SECOND),
            Some(Ended {
                waiting: Some(FIRST_END)
            })
        );
        assert_eq!(rendezvous.arrive(id, SECOND_END), Arrival::Unknown);
        assert!(rendezvous.is_empty());
    }
}
