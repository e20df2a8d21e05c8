//! Finds threads and descriptors that the target does not release after its clients have left.
//!
//! More threads than before a case prove nothing. Many servers keep a thread or a descriptor for the next client. On a busy
//! machine, a thread that is about to end may still be counted. So the runner plays the case again, and reports only a number
//! that grows each time. This takes time, so the runner does it for every case only until it knows the habits of the target.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::evidence::{Incident, IncidentKind};
use crate::explain;
use crate::play::shared::Shared;
use crate::run::stay::Stay;
use crate::spawn::{Observation, Process};

/// How many times a case is played before the runner reports a leak.
const PLAYS: usize = 3;

/// How long a target may take to release the threads and descriptors that its clients used. For the clients' connections the
/// limit is longer.
const SETTLING: Duration = Duration::from_millis(500);

/// The pause between two observations of the target.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// After this number of cases whose numbers grew once, but not each time, the target is known to keep threads or descriptors
/// for later clients.
const PROOFS: usize = 3;

/// The highest number of threads, and of descriptors, that a server keeps for each client that was connected at the same
/// time, for example one thread that reads and one that writes.
const FOR_EACH_CLIENT: usize = 2;

/// The highest number of threads, and of descriptors, that a server keeps for other purposes, such as a log file that it
/// opens later.
const FOR_OTHER_PURPOSES: usize = 4;

/// What the runner knows about the threads and descriptors that the target keeps.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    /// The number of cases whose numbers grew once, but not each time.
    harmless: AtomicUsize,
}

impl Habits {
    /// Returns whether the target is known to keep threads or descriptors for later clients.
    fn keep_for_later(&self) -> bool {
        self.harmless.load(Ordering::Relaxed) >= PROOFS
    }
}

/// The search for the threads and descriptors that a target keeps after a case.
pub(crate) struct Growth<'a> {
    shared: &'a Shared<'a>,
    process: &'a Process,
    habits: &'a Habits,
    before: Observation,
    /// The highest numbers that are no reason for suspicion if the target keeps threads or descriptors for later clients.
    allowed: Observation,
}

impl<'a> Growth<'a> {
    /// Returns `None` if the system reports no threads and descriptors. `clients` is the number of clients in the case.
    pub(crate) fn new(
        shared: &'a Shared<'a>,
        stay: &Stay,
        process: &'a Process,
        habits: &'a Habits,
        clients: usize,
    ) -> Option<Growth<'a>> {
        let (before, first) = (stay.before?, stay.history.first?);
        // The runner itself is one more client: it checks that the target still answers.
        let clients = clients.max(stay.history.most_clients) + 1;
        let kept = FOR_EACH_CLIENT * clients + FOR_OTHER_PURPOSES;
        let mut allowed = first;
        allowed.threads += kept;
        allowed.descriptors += kept;
        Some(Growth {
            shared,
            process,
            habits,
            before,
            allowed,
        })
    }

    /// Returns the number of connections that the target has kept although their clients have left.
    pub(crate) fn connections_held(&self, rest: Observation) -> usize {
        rest.connections.saturating_sub(self.before.connections)
    }

    /// Waits until the target has released everything, or until the time limits pass. Returns the last observation of the
    /// target.
    pub(crate) fn settled(&self) -> Option<Observation> {
        self.settled_since(self.before)
    }

    fn settled_since(&self, before: Observation) -> Option<Observation> {
        let began = Instant::now();
        let all_of_it = began + SETTLING;
        let connections = self.shared.at_latest(began + self.shared.bounds.wait(None));
        loop {
            let seen = self.process.observe(Some(before))?;
            let has_let_go = seen.connections <= before.connections;
            let now = Instant::now();
            let is_at_rest = has_let_go && (!self.is_suspect(before, seen) || now >= all_of_it);
            if is_at_rest || now >= connections || self.shared.is_over() {
                return Some(seen);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Returns whether the target may have leaked something between these observations.
    fn is_suspect(&self, before: Observation, seen: Observation) -> bool {
        let is_allowed = self.habits.keep_for_later() && !is_more(self.allowed, seen);
        is_more(before, seen) && !is_allowed
    }

    /// Returns an incident for threads or descriptors if their number grows each time the case is played. `rest` is the
    /// observation after its first play, and `replay` plays it once more.
    pub(crate) fn leaks(&self, rest: Observation, replay: &dyn Fn()) -> Vec<Incident> {
        if !self.is_suspect(self.before, rest) {
            return Vec::new();
        }
        let mut plays = vec![(self.before, rest)];
        for _ in 1..PLAYS {
            let Some(&(before, rest)) = plays.last() else {
                break;
            };
            if !is_more(before, rest) {
                break;
            }
            replay();
            let Some(seen) = self.settled_since(rest) else {
                return Vec::new();
            };
            plays.push((rest, seen));
        }
        let threads = least(&plays, |seen| seen.threads);
        let descriptors = least(&plays, |seen| seen.descriptors);
        if threads == 0 && descriptors == 0 {
            self.habits.harmless.fetch_add(1, Ordering::Relaxed);
        }
        let kinds = [
            (IncidentKind::Threads, "thread", threads),
            (IncidentKind::Descriptors, "descriptor", descriptors),
        ];
        kinds
            .into_iter()
            .filter(|(.., more)| *more > 0)
            .map(|(kind, noun, more)| Incident {
                kind,
                text: format!(
                    "each time the case is played, the process keeps {} after all clients have left",
                    explain::count(more, noun)
                ),
            })
            .collect()
    }
}

/// Returns whether the target has more threads or descriptors than before.
fn is_more(before: Observation, seen: Observation) -> bool {
    seen.threads > before.threads || seen.descriptors > before.descriptors
}

/// Returns the smallest growth in one of the plays: 0 if the number did not grow in each play.
fn least(plays: &[(Observation, Observation)], number: impl Fn(Observation) -> usize) -> usize {
    let growths = plays
        .iter()
        .map(|(before, rest)| number(*rest).saturating_sub(number(*before)));
    growths.min().unwrap_or_default()
}
