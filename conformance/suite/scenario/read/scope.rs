//! The scope of a step: what is known when the reader reaches it.

use std::collections::{BTreeMap, BTreeSet};

use crate::grammar::{Choices, Grammar, Sort};
use crate::scenario::LaneId;

/// What is known at a step, because of the steps before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// The lanes that a step can name here.
    pub(super) lanes: BTreeMap<String, LaneState>,
    /// Values that are certainly remembered when the scenario reaches this step.
    pub(super) bound: BTreeMap<String, Remembered>,
    /// Values that are remembered only with some choices of the readings, or only in some cases of an `either`.
    pub(super) partly: BTreeMap<String, Partly>,
    /// The lanes that have sent something since the last step that expected something.
    pub(super) unobserved: BTreeSet<LaneId>,
}

/// The state of a lane that a step can name.
#[derive(Debug, Clone)]
pub(super) struct LaneState {
    pub(super) id: LaneId,
    /// The word with which the scenario ended the lane, and the line of that word. After this line, nothing can be sent or
    /// expected on the lane.
    pub(super) ended: Option<(&'static str, usize)>,
    /// The line of the lane's `shutdown`. After this line, nothing can be sent on the lane.
    pub(super) shut: Option<usize>,
}

/// The kind of value that a name refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remembered {
    /// A value of this sort.
    Value(Sort),
    /// A hash. The number says how many bytes were hashed.
    Hash(usize),
    /// A setting from the command line.
    Setting,
}

/// A name whose value is remembered only with some choices of the readings, or only in some cases of an `either`.
#[derive(Debug, Clone)]
pub(super) struct Partly {
    pub(super) what: Remembered,
    /// The choices with which the value is remembered, each after the name of its reading. The list is empty if, instead,
    /// only some cases of an `either` remember the value.
    pub(super) settled: Vec<(String, String)>,
}

impl Partly {
    pub(super) fn in_no_reading(what: Remembered) -> Partly {
        Partly {
            what,
            settled: Vec::new(),
        }
    }
}

impl Scope {
    /// Returns roughly the size of the scope in bytes, for the budget.
    pub(super) fn size(&self) -> usize {
        64 * (1 + self.lanes.len() + self.bound.len() + self.partly.len() + self.unobserved.len())
    }

    /// Returns the kind of value of a name, if a value is certainly remembered under this name. There are three cases: the
    /// value is always remembered; it is remembered with one of the given choices; or it is remembered with every choice of
    /// one reading.
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

    /// Computes the scope after an `either`. `self` is what was known before the `either`, and `cases` is what is known at
    /// the end of each case. Lanes that a case declares are not known after the `either`. A lane counts as ended only if it
    /// ended in every case.
    pub(super) fn merge(&mut self, cases: &[Scope]) {
        let Some((first, others)) = cases.split_first() else {
            return;
        };
        for (name, what) in &first.bound {
            if others.iter().all(|other| other.bound.contains_key(name)) {
                self.bound.insert(name.clone(), *what);
            }
        }
        for case in cases {
            let bound = case.bound.iter();
            for (name, what) in bound.filter(|(name, _)| !self.bound.contains_key(*name)) {
                let partly = self.partly.entry(name.clone());
                partly.or_insert_with(|| Partly::in_no_reading(*what));
            }
            for (name, partly) in &case.partly {
                let known = self.partly.entry(name.clone());
                known.or_insert_with(|| partly.clone());
            }
        }
        for (name, lane) in &mut self.lanes {
            let is_same = |after: &&LaneState| after.id == lane.id;
            let ends = cases
                .iter()
                .map(|case| case.lanes.get(name).filter(is_same));
            if let Some(after) = ends.collect::<Option<Vec<_>>>() {
                let ended: Option<Vec<_>> = after.iter().map(|after| after.ended).collect();
                let shut: Option<Vec<_>> = after.iter().map(|after| after.shut).collect();
                lane.ended = ended
                    .and_then(|ended| ended.first().copied())
                    .or(lane.ended);
                lane.shut = shut.and_then(|shut| shut.first().copied()).or(lane.shut);
            }
        }
        self.unobserved = cases
            .iter()
            .flat_map(|case| case.unobserved.iter().copied())
            .collect();
    }
}

/// What is known inside a `together` (where lanes run at the same time), in addition to the [`Scope`].
#[derive(Debug, Default)]
pub(super) struct TogetherScope {
    /// The lanes that sent something before the block, if no step after this send and before the block expected anything.
    pub(super) sent_before: BTreeSet<LaneId>,
    /// The lanes that have received something inside the block.
    pub(super) observed: BTreeSet<LaneId>,
    /// The names that are remembered inside the block, each with the lanes that remember it.
    pub(super) bound_by: BTreeMap<String, BTreeSet<LaneId>>,
}
