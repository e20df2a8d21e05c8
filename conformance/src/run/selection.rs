//! The cases of a run: those that the user asked for, and those that they depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::scenario::{Action, Incoming, Scenario, walk};
use crate::suite::Suite;

use super::options::Options;

/// The user asked for a scenario that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownScenario {
    /// The id that the user wrote.
    pub asked: String,
    /// The ids that exist.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is no scenario {:?}; there are: {}",
            self.asked,
            self.known.join(", ")
        )
    }
}

impl std::error::Error for UnknownScenario {}

/// The cases of a run.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    /// In the order of the suite.
    pub(crate) scenarios: Vec<&'a Scenario>,
    /// Cases that the user did not ask for, but that others depend on.
    pub(crate) prerequisites: BTreeSet<&'a str>,
    /// The ids of the scenarios that judge what others depend on: fragments, and the fence.
    pub(crate) proving: BTreeSet<&'a str>,
}

impl<'a> Selection<'a> {
    pub(crate) fn of(
        suite: &'a Suite,
        options: &Options,
    ) -> Result<Selection<'a>, UnknownScenario> {
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
                return Err(UnknownScenario {
                    asked: asked.clone(),
                    known: by_id.keys().map(|id| (*id).to_owned()).collect(),
                });
            }
        }
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

/// Returns the scenarios that judge the fragments of this one, and the probes of the readings that affect it.
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

/// Returns the scenarios that judge the fragments of this one, and the fence if it proves silence.
fn provers<'a>(suite: &'a Suite, scenario: &'a Scenario) -> BTreeSet<&'a str> {
    let fence = suite.grammar.fence.as_ref();
    let mut provers = BTreeSet::new();
    walk::every_step(&scenario.steps, &mut |step| {
        provers.extend(step.proved_by.as_deref());
        if let Action::Expect {
            what: Incoming::Silence { .. },
            ..
        } = step.action
        {
            provers.extend(fence.and_then(|fence| fence.proved_by.as_deref()));
        }
    });
    provers
}
