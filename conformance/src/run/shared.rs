//! What all cases of a run share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::suite::Suite;

use super::host::{Host, Target};
use super::ledger::{CaseNumber, Ledger};
use super::options::{Bounds, Options};
use super::random::SplitMix;

/// What all cases of a run share.
pub(super) struct Run<'a> {
    pub(super) suite: &'a Suite,
    pub(super) host: Host,
    pub(super) options: &'a Options,
    pub(super) bounds: Bounds,
    pub(super) ledger: Ledger,
    pub(super) seed: u64,
    next_case: AtomicU64,
    /// How often each scenario was begun.
    begun: Mutex<BTreeMap<String, u64>>,
    /// When the whole run is to be over.
    deadline: Option<Instant>,
}

impl<'a> Run<'a> {
    pub(super) fn new(suite: &'a Suite, target: Target, options: &'a Options) -> Run<'a> {
        let drawn = || getrandom::u64().unwrap_or(0x6d61_746f_7500);
        let deadline = options
            .time_limit
            .and_then(|limit| Instant::now().checked_add(limit));
        Run {
            suite,
            host: Host::new(target, deadline),
            options,
            bounds: Bounds::of(options),
            ledger: Ledger::default(),
            seed: options.seed.unwrap_or_else(drawn),
            next_case: AtomicU64::new(0),
            begun: Mutex::default(),
            deadline,
        }
    }

    /// A number for one more case, and randomness of its own: with one seed it is the same whenever a scenario is begun
    /// for the first time, for the second time, and so on, whatever runs beside it or before it.
    pub(super) fn number_case(&self, id: &str) -> (CaseNumber, SplitMix) {
        let number = self.next_case.fetch_add(1, Ordering::Relaxed);
        let mut begun = self.begun.lock();
        let times = begun.entry(id.to_owned()).or_default();
        *times += 1;
        let own = format!("{} {times} {id}", self.seed);
        (CaseNumber(number), SplitMix::of(own.as_bytes()))
    }

    /// Whether the time limit of the run has passed.
    pub(super) fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// That moment, or the end of the run if it comes before.
    pub(super) fn at_latest(&self, until: Instant) -> Instant {
        self.deadline.map_or(until, |deadline| deadline.min(until))
    }
}
