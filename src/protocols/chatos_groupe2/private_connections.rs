//! The private connections that a client may close: those that are open, and those that ended a short time ago.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::room::{ConnId, Expiries, Ticket};

/// How long after the end of a private connection the server still accepts a CLOSE_CONNECTION for it.
const AFTER_ITS_END: Duration = Duration::from_mins(1);

/// Maximum number of ended private connections that are remembered. When there are more, the private connection that ended
/// first is forgotten.
const MOST_ENDED: usize = 4096;

#[derive(Default)]
pub(super) struct Tunnels {
    known: HashMap<i64, Tunnel>,
    by_end: HashMap<ConnId, i64>,
    ended: Expiries<i64>,
    ended_count: usize,
}

/// One of the two clients of a private connection, with its login at the time when the private connection was opened. Since
/// then the client may have left, and another client may have this login now.
#[derive(Clone)]
pub(super) struct Party {
    pub(super) id: ConnId,
    pub(super) login: Arc<str>,
}

struct Tunnel {
    parties: [Party; 2],
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Established([ConnId; 2]),
    Ended(Ticket),
}

impl Tunnels {
    /// Adds a private connection whose two ends are connected.
    pub(super) fn establish(&mut self, connect_id: i64, parties: [Party; 2], ends: [ConnId; 2]) {
        // An id is live until its private connection opens. A new id must only be different from the live ids, so the server
        // may choose the id of an older private connection again. In that case, the older private connection is forgotten
        // here.
        self.take(connect_id);
        for end in ends {
            self.by_end.insert(end, connect_id);
        }
        let stage = Stage::Established(ends);
        self.known.insert(connect_id, Tunnel { parties, stage });
    }

    /// Returns the two clients of a private connection.
    pub(super) fn parties(&self, connect_id: i64) -> Option<[Party; 2]> {
        self.known
            .get(&connect_id)
            .map(|tunnel| tunnel.parties.clone())
    }

    /// Forgets a private connection. If the private connection is open, returns its two ends.
    pub(super) fn take(&mut self, connect_id: i64) -> Option<[ConnId; 2]> {
        match self.known.remove(&connect_id)?.stage {
            Stage::Established(ends) => {
                for end in ends {
                    self.by_end.remove(&end);
                }
                Some(ends)
            }
            Stage::Ended(ticket) => {
                self.ended.withdraw(ticket);
                self.ended_count -= 1;
                None
            }
        }
    }

    /// Records that an end of a private connection is gone, which means that the private connection has ended. The engine
    /// closes the other end.
    pub(super) fn end_is_gone(&mut self, end: ConnId, now: Instant) {
        let Some(connect_id) = self.by_end.get(&end).copied() else {
            return;
        };
        let Some(tunnel) = self.known.get_mut(&connect_id) else {
            return;
        };
        if let Stage::Established(ends) = tunnel.stage {
            for end in ends {
                self.by_end.remove(&end);
            }
            tunnel.stage = Stage::Ended(self.ended.add(now, AFTER_ITS_END, connect_id));
            self.ended_count += 1;
        }
        if self.ended_count > MOST_ENDED
            && let Some(first) = self.ended.first()
        {
            self.take(first);
        }
    }

    /// Forgets the private connections that ended more than a minute ago.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(connect_id) = self.ended.due(now) {
            self.known.remove(&connect_id);
            self.ended_count -= 1;
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ended.deadline()
    }

    /// True while at least one private connection is open.
    pub(super) fn any_open(&self) -> bool {
        !self.by_end.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembers_nothing(tunnels: &Tunnels) -> bool {
        let Tunnels {
            known,
            by_end,
            ended,
            ended_count,
        } = tunnels;
        known.is_empty() && by_end.is_empty() && ended.is_empty() && *ended_count == 0
    }

    fn establish(tunnels: &mut Tunnels, connect_id: i64) -> [ConnId; 2] {
        let number = connect_id.unsigned_abs() * 2;
        let party = |id| Party {
            id: ConnId(id),
            login: Arc::from("alice"),
        };
        let ends = [ConnId(number), ConnId(number + 1)];
        tunnels.establish(connect_id, [party(1), party(2)], ends);
        ends
    }

    #[test]
    fn an_ended_private_connection_is_remembered_for_a_minute() {
        let mut tunnels = Tunnels::default();
        let now = Instant::now();
        let [one, other] = establish(&mut tunnels, 7);
        tunnels.end_is_gone(other, now);
        tunnels.end_is_gone(one, now);
        assert!(tunnels.parties(7).is_some());
        tunnels.expire(now + AFTER_ITS_END - Duration::from_millis(1));
        assert!(tunnels.parties(7).is_some());
        assert_eq!(tunnels.deadline(), Some(now + AFTER_ITS_END));
        tunnels.expire(now + AFTER_ITS_END);
        assert!(remembers_nothing(&tunnels));
    }

    #[test]
    fn the_number_of_ended_private_connections_is_limited_and_the_oldest_goes_first() {
        let mut tunnels = Tunnels::default();
        let now = Instant::now();
        let most = i64::try_from(MOST_ENDED).expect("a few thousand");
        let still_open = establish(&mut tunnels, most + 2);
        for connect_id in 1..=most + 1 {
            let [one, _] = establish(&mut tunnels, connect_id);
            tunnels.end_is_gone(one, now);
        }
        assert!(tunnels.parties(1).is_none());
        assert!(tunnels.parties(2).is_some());
        assert_eq!(tunnels.take(2), None);
        assert_eq!(tunnels.take(most + 2), Some(still_open));
        tunnels.expire(now + AFTER_ITS_END);
        assert!(remembers_nothing(&tunnels));
    }

    #[test]
    fn an_id_that_is_drawn_again_names_the_newer_private_connection() {
        let mut tunnels = Tunnels::default();
        let older = establish(&mut tunnels, 7);
        let newer = [ConnId(100), ConnId(101)];
        let parties = tunnels.parties(7).expect("the private connection is known");
        tunnels.establish(7, parties, newer);
        tunnels.end_is_gone(older[0], Instant::now());
        assert_eq!(tunnels.take(7), Some(newer));
        assert!(remembers_nothing(&tunnels));
    }
}
