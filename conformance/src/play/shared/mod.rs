//! The data that all cases of a run share.
//!
//! | file | what |
//! |---|---|
//! | `bounds`, `pace` | the time limits of steps; how fast the target answers |
//! | `ledger` | which case sent what, so that cases that run at the same time do not disturb each other |
//! | `random`, `names` | repeatable randomness, and the names made from it |
//! | `interruption` | ends the run early, and wakes the cases that wait |
//! | `registry`, `keys` | the identities of lanes, where names are UUIDs with keys |

pub(crate) mod bounds;
mod interruption;
mod keys;
pub(crate) mod ledger;
pub(crate) mod names;
mod pace;
pub(crate) mod random;
pub(crate) mod registry;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::evidence::Shortage;
use crate::grammar::{Names, Transport, duration_of};
use crate::scenario::Scenario;
use crate::suite::Suite;
use crate::tls::TlsClient;

use super::lane::{Bell, Budget, Speech};
pub(crate) use bounds::Bounds;
pub use interruption::Interruption;
use ledger::{CaseNumber, Ledger};
pub(crate) use pace::{Pace, Patience};
use random::SplitMix;
use registry::{Cast, Registry};

/// The name of the setting with the fingerprint of the target's certificate. If it is set, the runner accepts no other
/// certificate.
pub(crate) const FINGERPRINT: &str = "fingerprint";

/// The settings of a run that apply to all of its cases.
pub(crate) struct Terms<'a> {
    /// Settings of the target that scenarios ask for.
    pub(crate) settings: &'a BTreeMap<String, String>,
    pub(crate) bounds: Bounds,
    /// Whether the pace of the target makes no wait shorter.
    pub(crate) is_patient: bool,
    /// Whether other people use the target at the same time. If so, their broadcasts are ignored.
    pub(crate) has_strangers: bool,
    /// The seed of names and tokens.
    pub(crate) seed: u64,
    /// The instant at which the whole run must be over.
    pub(crate) deadline: Option<Instant>,
    pub(crate) interruption: Interruption,
}

/// The data that all cases of a run share.
pub(crate) struct Shared<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) settings: &'a BTreeMap<String, String>,
    pub(crate) has_strangers: bool,
    pub(crate) bounds: Bounds,
    pub(crate) pace: Pace,
    /// The settings that wire.kdl declares, with the duration that each of them has in this run.
    pub(crate) times: BTreeMap<String, Duration>,
    pub(crate) tls: TlsClient,
    /// The identities; `None` if clients choose their names.
    pub(crate) registry: Option<Registry>,
    pub(crate) ledger: Ledger,
    seed: u64,
    next_case: AtomicU64,
    /// The number of times that each scenario was started.
    begun: Mutex<BTreeMap<String, u64>>,
    /// The instant at which the whole run must be over.
    deadline: Option<Instant>,
    pub(crate) interruption: Interruption,
    /// How much memory the received bytes of all lanes use.
    budget: Arc<Budget>,
}

impl<'a> Shared<'a> {
    /// Prepares the data of a run.
    ///
    /// # Errors
    ///
    /// Fails if a setting cannot be used. The error is a message for the user.
    pub(crate) fn new(suite: &'a Suite, terms: Terms<'a>) -> Result<Shared<'a>, String> {
        let settings = terms.settings;
        let pinned = settings.get(FINGERPRINT).map(String::as_str);
        let registry = match suite.grammar.names {
            Names::Chosen => None,
            Names::Identities => Some(Registry::of(settings)?),
        };
        Ok(Shared {
            suite,
            settings,
            has_strangers: terms.has_strangers,
            bounds: terms.bounds,
            pace: Pace::new(terms.is_patient),
            times: times(suite, settings)?,
            tls: TlsClient::new(pinned).map_err(|error| error.to_string())?,
            registry,
            ledger: Ledger::default(),
            seed: terms.seed,
            next_case: AtomicU64::new(0),
            begun: Mutex::default(),
            deadline: terms.deadline,
            interruption: terms.interruption,
            budget: Arc::default(),
        })
    }

    /// Returns a number for one more play of a scenario, and a source of randomness for this play. The randomness depends
    /// only on the seed, on the scenario, and on how often the scenario was started before. Other cases have no effect on
    /// it.
    pub(crate) fn number_case(&self, id: &str) -> (CaseNumber, SplitMix) {
        let number = self.next_case.fetch_add(1, Ordering::Relaxed);
        let mut begun = self.begun.lock();
        let times = begun.entry(id.to_owned()).or_default();
        *times += 1;
        let own = format!("{} {times} {id}", self.seed);
        (CaseNumber(number), SplitMix::of(own.as_bytes()))
    }

    /// Returns a new bell, which wakes one case.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        let bell = Arc::new(Bell::new(Arc::clone(&self.budget)));
        self.interruption.rings(&bell);
        bell
    }

    /// Returns whether the time limit of the run has passed, or the run was interrupted.
    pub(crate) fn is_over(&self) -> bool {
        let has_passed = |deadline| Instant::now() >= deadline;
        self.interruption.signal().is_some() || self.deadline.is_some_and(has_passed)
    }

    /// Returns `until`, or the end of the run's time limit if that end is earlier.
    pub(crate) fn at_latest(&self, until: Instant) -> Instant {
        self.deadline.map_or(until, |deadline| deadline.min(until))
    }

    /// Returns how a lane encodes its bytes. If the protocol needs TLS, a lane without TLS is blind: it ignores what it
    /// receives.
    pub(crate) fn speech(&self, tls: bool) -> Speech<'_> {
        match self.suite.grammar.transport {
            Transport::Tcp => Speech::Plain,
            Transport::Tls if tls => Speech::Tls(&self.tls),
            Transport::Tls => Speech::Blind,
        }
    }

    /// Returns the identities of a case's lanes; an empty list if clients choose their names.
    pub(crate) fn cast(
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

    /// Takes back the identities at the end of a case.
    pub(crate) fn dismiss(&self, cast: Cast) {
        if let Some(registry) = &self.registry {
            registry.give_back(cast);
        }
    }
}

fn times(
    suite: &Suite,
    settings: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Duration>, String> {
    let known = suite.grammar.settings.iter();
    known
        .map(|setting| {
            let name = setting.name.clone();
            match settings.get(&name) {
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
