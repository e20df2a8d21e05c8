//! What all cases of a run share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::grammar::{Names, Transport, duration_of};
use crate::scenario::Scenario;
use crate::suite::Suite;
use crate::tls::TlsClient;

use super::host::Host;
use super::identity::{Cast, Registry, Shortage};
use super::lane::Speech;
use super::ledger::{CaseNumber, Ledger};
use super::options::{Bounds, Options};
use super::random::SplitMix;

/// The setting that names the only certificate that is right.
const FINGERPRINT: &str = "fingerprint";

/// What all cases of a run share.
pub(super) struct Run<'a> {
    pub(super) suite: &'a Suite,
    pub(super) host: Host,
    pub(super) options: &'a Options,
    pub(super) bounds: Bounds,
    /// The settings of wire.kdl.
    pub(super) times: BTreeMap<String, Duration>,
    pub(super) tls: TlsClient,
    /// `None` where names are chosen.
    pub(super) registry: Option<Registry>,
    pub(super) ledger: Ledger,
    pub(super) seed: u64,
    next_case: AtomicU64,
    /// How often each scenario was begun.
    begun: Mutex<BTreeMap<String, u64>>,
    /// When the whole run is to be over.
    deadline: Option<Instant>,
}

impl<'a> Run<'a> {
    /// # Errors
    ///
    /// A sentence, if a setting cannot be used.
    pub(super) fn new(
        suite: &'a Suite,
        host: Host,
        options: &'a Options,
        seed: u64,
    ) -> Result<Run<'a>, String> {
        let pinned = options.settings.get(FINGERPRINT).map(String::as_str);
        let registry = match suite.grammar.names {
            Names::Chosen => None,
            Names::Identities => Some(Registry::of(options)?),
        };
        let deadline = host.deadline();
        Ok(Run {
            suite,
            host,
            options,
            bounds: Bounds::of(options),
            times: times(suite, options)?,
            tls: TlsClient::new(pinned).map_err(|error| error.to_string())?,
            registry,
            ledger: Ledger::default(),
            seed,
            next_case: AtomicU64::new(0),
            begun: Mutex::default(),
            deadline,
        })
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

    /// What a lane of the protocol speaks; one that does not speak TLS is blind where the target does.
    pub(super) fn speech(&self, tls: bool) -> Speech<'_> {
        match self.suite.grammar.transport {
            Transport::Tcp => Speech::Plain,
            Transport::Tls if tls => Speech::Tls(&self.tls),
            Transport::Tls => Speech::Blind,
        }
    }

    /// Who the lanes of a case are; nobody in particular where names are chosen.
    pub(super) fn cast(
        &self,
        scenario: &Scenario,
        random: &mut SplitMix,
    ) -> Result<Cast, Shortage> {
        let registry = self.registry.as_ref();
        registry.map_or_else(
            || Ok(Cast::default()),
            |registry| registry.cast(scenario, random),
        )
    }

    /// The case is over.
    pub(super) fn dismiss(&self, cast: Cast) {
        if let Some(registry) = &self.registry {
            registry.give_back(cast);
        }
    }
}

fn times(suite: &Suite, options: &Options) -> Result<BTreeMap<String, Duration>, String> {
    let known = suite.grammar.settings.iter();
    known
        .map(|setting| {
            let name = setting.name.clone();
            match options.settings.get(&name) {
                None => Ok((name, setting.default)),
                Some(written) => duration_of(written)
                    .map(|time| (name.clone(), time))
                    .ok_or_else(|| {
                        format!("{name}={written} is not a duration; write --set {name}=6s")
                    }),
            }
        })
        .collect()
}
