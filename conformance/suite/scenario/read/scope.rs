//! What is known at a step.

use std::collections::{BTreeMap, BTreeSet};

use crate::grammar::{Choices, Grammar, Sort};
use crate::scenario::LaneId;

/// What is known at a step, from the steps before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// The lanes that can be named.
    pub(super) lanes: BTreeMap<String, LaneState>,
    /// Values that are remembered in every possible course of the scenario.
    pub(super) bound: BTreeMap<String, Remembered>,
    /// Values that are remembered only in some readings, or in some cases of an `either`.
    pub(super) partly: BTreeMap<String, Partly>,
    /// The lanes that have sent something since the last expectation.
    pub(super) unobserved: BTreeSet<LaneId>,
}

/// A lane that can be named.
#[derive(Debug, Clone)]
pub(super) struct LaneState {
    pub(super) id: LaneId,
    /// What ended it, and the line. After that nothing can be sent or expected on it.
    pub(super) ended: Option<(&'static str, usize)>,
    /// The line of its `shutdown`. After that nothing can be sent on it.
    pub(super) shut: Option<usize>,
}

/// The kind of value that a name refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remembered {
    /// A value of this sort.
    Value(Sort),
    /// The hash of this number of bytes.
    Hash(usize),
    /// A setting from the command line.
    Setting,
}

/// A name that is remembered only in some courses of the scenario.
#[derive(Debug, Clone)]
pub(super) struct Partly {
    pub(super) what: Remembered,
    /// The readings in which it is remembered, if a reading decides.
    pub(super) settled: Vec<(String, String)>,
}

impl Scope {
    /// Returns the rough size, for the budget.
    pub(super) fn size(&self) -> usize {
        64 * (1 + self.lanes.len() + self.bound.len() + self.partly.len() + self.unobserved.len())
    }

    /// Returns the value of a name in a reading. It is remembered in that reading, or in every choice of another one.
    pub(super) fn remembered(
        &self,
        name: &str,
        choices: &Choices,
        grammar: &Grammar,
    ) -> Option<Remembered> {
        if let Some(what) = self.bound.get(name) {
            return Some(*what);
        }
        let partly = self.partly.get(name)?;
        let here = partly
            .settled
            .iter()
            .any(|(reading, choice)| choices.get(reading) == Some(choice));
        let everywhere = grammar.readings.iter().any(|reading| {
            reading.choices.iter().all(|choice| {
                partly
                    .settled
                    .contains(&(reading.name.clone(), choice.name.clone()))
            })
        });
        (here || everywhere).then_some(partly.what)
    }

    /// Ends an `either`: `self` is what was known before it, `cases` what is known at the end of each case. Lanes that were
    /// declared in a case are forgotten; a lane has ended only if it ended in every case.
    pub(super) fn merge(&mut self, cases: &[Scope]) {
        let Some((first, others)) = cases.split_first() else {
            return;
        };
        let in_all = |name: &String| others.iter().all(|other| other.bound.contains_key(name));
        for (name, what) in &first.bound {
            if in_all(name) {
                self.bound.insert(name.clone(), *what);
            }
        }
        for case in cases {
            for (name, what) in case
                .bound
                .iter()
                .filter(|(name, _)| !self.bound.contains_key(*name))
            {
                let partly = Partly {
                    what: *what,
                    settled: Vec::new(),
                };
                self.partly.entry(name.clone()).or_insert(partly);
            }
            for (name, partly) in &case.partly {
                self.partly
                    .entry(name.clone())
                    .or_insert_with(|| partly.clone());
            }
        }
        for (name, lane) in &mut self.lanes {
            let same = |case: &Scope| {
                case.lanes
                    .get(name)
                    .filter(|after| after.id == lane.id)
                    .cloned()
            };
            let after: Vec<LaneState> = cases.iter().filter_map(same).collect();
            if after.len() == cases.len() {
                if after.iter().all(|after| after.ended.is_some()) {
                    lane.ended = after.first().and_then(|after| after.ended);
                }
                if after.iter().all(|after| after.shut.is_some()) {
                    lane.shut = after.first().and_then(|after| after.shut);
                }
            }
        }
        self.unobserved = cases
            .iter()
            .flat_map(|case| case.unobserved.iter().copied())
            .collect();
    }
}

/// What `together` adds. Its lanes run at the same time.
#[derive(Debug, Default)]
pub(super) struct TogetherScope {
    /// The lanes that had sent before it.
    pub(super) sent_before: BTreeSet<LaneId>,
    /// The lanes that have received something inside it.
    pub(super) observed: BTreeSet<LaneId>,
    /// The names that were remembered inside it, each with its lane.
    pub(super) bound_by: BTreeMap<String, BTreeSet<LaneId>>,
}
