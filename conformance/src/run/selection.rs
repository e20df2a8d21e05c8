//! Selects the cases of a run: the cases that the user asked for, and the cases on which those cases depend.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::grammar::{Names, Transport};
use crate::identity;
use crate::play::shared::FINGERPRINT;
use crate::scenario::{Action, Incoming, Scenario, walk};
use crate::source::one_of;
use crate::suite::Suite;

use super::options::Options;

/// The options do not fit the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongOptions {
    /// The options name a scenario that the suite does not have.
    UnknownScenario {
        /// The id that the user wrote.
        asked: String,
        /// What to write instead.
        help: String,
    },
    /// The options give a setting that neither the protocol nor a scenario uses.
    UnknownSetting {
        /// The name that the user wrote.
        asked: String,
        /// What to write instead.
        help: String,
    },
    /// No scenario is left to play.
    NothingSelected,
}

impl fmt::Display for WrongOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WrongOptions::UnknownScenario { asked, help } => {
                write!(f, "there is no scenario {asked}: {help}")
            }
            WrongOptions::UnknownSetting { asked, help } => {
                write!(f, "there is no setting {asked}: {help}")
            }
            WrongOptions::NothingSelected => f.write_str(
                "no scenario is left to play, because --skip excludes every selected scenario; check --only and --skip",
            ),
        }
    }
}

impl std::error::Error for WrongOptions {}

/// Checks that the options fit the suite, without starting a run.
///
/// # Errors
///
/// Fails if the options name a scenario or a setting that the suite does not have, or leave no scenario to play.
pub fn check(suite: &Suite, options: &Options) -> Result<(), WrongOptions> {
    Selection::of(suite, options).map(|_| ())
}

/// The cases of a run.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    /// The scenarios, in the order of the suite.
    pub(crate) scenarios: Vec<&'a Scenario>,
    /// Cases that the user did not ask for, but on which other cases depend.
    prerequisites: BTreeSet<&'a str>,
    /// The ids of the scenarios that judge what other scenarios depend on: fragments and the fence.
    pub(crate) proving: BTreeSet<&'a str>,
}

impl<'a> Selection<'a> {
    /// Returns whether the user asked for only some of the cases.
    pub(crate) fn is_partial(&self, suite: &Suite) -> bool {
        let mut scenarios = self.scenarios.iter();
        self.scenarios.len() < suite.scenarios.len()
            || scenarios.any(|case| self.is_prerequisite(case))
    }

    /// Returns whether the user did not ask for this case.
    pub(crate) fn is_prerequisite(&self, case: &Scenario) -> bool {
        self.prerequisites.contains(case.id.as_str())
    }

    pub(crate) fn of(suite: &'a Suite, options: &Options) -> Result<Selection<'a>, WrongOptions> {
        let by_id: BTreeMap<&str, &Scenario> = suite
            .scenarios
            .iter()
            .map(|scenario| (scenario.id.as_str(), scenario))
            .collect();
        let named = options.only.iter().chain(&options.skip);
        for asked in named
            .chain(options.known.keys())
            .chain(options.unsupported.keys())
        {
            if !by_id.contains_key(asked.as_str()) {
                return Err(WrongOptions::UnknownScenario {
                    asked: asked.clone(),
                    help: suite.instead_of(asked),
                });
            }
        }
        settings_exist(suite, options)?;
        let is_asked_for = |scenario: &Scenario| {
            (options.only.is_empty() || options.only.contains(&scenario.id))
                && !options.skip.contains(&scenario.id)
        };
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&Scenario> = suite
            .scenarios
            .iter()
            .filter(|scenario| is_asked_for(scenario))
            .collect();
        while let Some(scenario) = open.pop() {
            if !options.skip.contains(&scenario.id) && wanted.insert(&scenario.id) {
                open.extend(rests_on(suite, scenario));
            }
        }
        if wanted.is_empty() && !suite.scenarios.is_empty() {
            return Err(WrongOptions::NothingSelected);
        }
        let scenarios: Vec<&Scenario> = suite
            .scenarios
            .iter()
            .filter(|scenario| wanted.contains(scenario.id.as_str()))
            .collect();
        let others = |scenario: &&'a Scenario| {
            let own = scenario.id.as_str();
            provers(suite, scenario)
                .into_iter()
                .filter(move |id| *id != own)
        };
        Ok(Selection {
            proving: scenarios.iter().flat_map(others).collect(),
            scenarios,
            prerequisites: suite
                .scenarios
                .iter()
                .filter(|scenario| !is_asked_for(scenario))
                .map(|scenario| scenario.id.as_str())
                .collect(),
        })
    }
}

/// Checks that the runner, the protocol or a scenario uses each of the settings.
fn settings_exist(suite: &Suite, options: &Options) -> Result<(), WrongOptions> {
    let grammar = &suite.grammar;
    let mut known: BTreeSet<&str> = grammar
        .settings
        .iter()
        .map(|setting| setting.name.as_str())
        .collect();
    known.extend(suite.scenarios.iter().flat_map(|scenario| {
        let names = scenario.sets.iter();
        names.map(String::as_str)
    }));
    if grammar.transport == Transport::Tls {
        known.insert(FINGERPRINT);
    }
    if grammar.names == Names::Identities {
        known.extend([identity::REST, identity::IDENTITIES]);
    }
    match options
        .settings
        .keys()
        .find(|name| !known.contains(name.as_str()))
    {
        None => Ok(()),
        Some(asked) => Err(WrongOptions::UnknownSetting {
            asked: asked.clone(),
            help: match known.is_empty() {
                true => format!("{} has no settings", grammar.title),
                false => one_of(asked, known),
            },
        }),
    }
}

/// Returns the scenarios that judge the fragments of this scenario, and the probes of the readings that affect it.
fn rests_on<'a>(suite: &'a Suite, scenario: &'a Scenario) -> Vec<&'a Scenario> {
    let provers = provers(suite, scenario);
    let readings: Vec<&str> = suite
        .grammar
        .readings
        .iter()
        .filter(|reading| walk::depends_on(&suite.grammar, scenario, reading))
        .map(|reading| reading.name.as_str())
        .collect();
    suite
        .scenarios
        .iter()
        .filter(|other| {
            provers.contains(other.id.as_str())
                || other
                    .probes
                    .as_deref()
                    .is_some_and(|reading| readings.contains(&reading))
        })
        .collect()
}

/// Returns the scenarios that judge the fragments of this scenario. If this scenario expects silence, also returns the
/// scenario that judges the fence. If it expects bytes in a tunnel, also returns the scenario that judges whether tunnels
/// relay bytes.
fn provers<'a>(suite: &'a Suite, scenario: &'a Scenario) -> BTreeSet<&'a str> {
    let fence = suite.grammar.fence.as_ref();
    let mut provers = BTreeSet::new();
    walk::every_step(&scenario.steps, &mut |step| {
        provers.extend(step.proved_by.as_deref());
        let Action::Expect { what, .. } = &step.action else {
            return;
        };
        provers.extend(match what {
            Incoming::Silence { .. } => fence.and_then(|fence| fence.proved_by.as_deref()),
            Incoming::Bytes(_) | Incoming::Hashed { .. } => suite.grammar.raw_proved_by.as_deref(),
            _ => None,
        });
    });
    provers
}
