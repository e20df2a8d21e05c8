//! What all cases of a run share.

use std::sync::atomic::{AtomicU64, Ordering};

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
}

impl<'a> Run<'a> {
    pub(super) fn new(suite: &'a Suite, target: Target, options: &'a Options) -> Run<'a> {
        let drawn = || getrandom::u64().unwrap_or(0x6d61_746f_7500);
        Run {
            suite,
            host: Host::new(target),
            options,
            bounds: Bounds::of(options),
            ledger: Ledger::default(),
            seed: options.seed.unwrap_or_else(drawn),
            next_case: AtomicU64::new(0),
        }
    }

    /// A number for one more case, and randomness of its own.
    pub(super) fn number_case(&self) -> (CaseNumber, SplitMix) {
        let number = self.next_case.fetch_add(1, Ordering::Relaxed);
        let seed = SplitMix::new(self.seed.wrapping_add(number)).next();
        (CaseNumber(number), SplitMix::new(seed))
    }
}
