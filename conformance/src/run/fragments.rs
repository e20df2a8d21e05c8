//! Remembers which fragments work. If a fragment has failed in several cases and has worked in none, it will not work in the
//! next case either.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::Finding;
use crate::scenario::{Action, Scenario, Step};

/// A fragment that has failed in this number of cases, and has worked in none, counts as broken.
const ENOUGH: usize = 3;

/// The fragments, by the case that judges each of them.
#[derive(Debug, Default)]
pub(crate) struct Fragments(BTreeMap<String, Tally>);

#[derive(Debug, Default)]
struct Tally {
    works: bool,
    /// The cases in which a step of the fragment failed.
    failed: BTreeSet<String>,
}

impl Fragments {
    /// Notes in which fragment the case failed, or that its fragments work.
    pub(crate) fn note(&mut self, case: &Scenario, finding: &Finding) {
        let Finding::Played(played) = finding else {
            return;
        };
        match &played.failure {
            None => {
                for prover in needed(&case.steps) {
                    self.0.entry(prover.to_owned()).or_default().works = true;
                }
            }
            Some(failure) => {
                if let Some(prover) = &failure.proved_by {
                    let tally = self.0.entry(prover.clone()).or_default();
                    tally.failed.insert(case.id.clone());
                }
            }
        }
    }

    /// If the case needs a fragment that is broken, returns the case that judges this fragment.
    pub(crate) fn broken_for<'a>(&self, case: &'a Scenario) -> Option<&'a str> {
        let is_broken = |prover: &&str| {
            let tally = self.0.get(*prover);
            tally.is_some_and(|tally| !tally.works && tally.failed.len() >= ENOUGH)
        };
        let mut needed = needed(&case.steps).into_iter();
        needed.find(|prover| *prover != case.id && is_broken(prover))
    }
}

/// Returns the cases that judge the fragments of these steps. Steps that are not always carried out do not count.
fn needed(steps: &[Step]) -> BTreeSet<&str> {
    let mut provers: BTreeSet<&str> = BTreeSet::new();
    for step in steps {
        provers.extend(step.proved_by.as_deref());
        if let Action::Together(tracks) = &step.action {
            provers.extend(tracks.iter().flat_map(|steps| needed(steps)));
        }
    }
    provers
}
