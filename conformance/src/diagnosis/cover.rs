//! Chooses the known faults that together explain the failures best.
//!
//! The choice is a greedy weighted cover. A set of faults gains points for each failed case that one of its faults predicts,
//! and loses points for each predicted case that was judged and did not fail. Each further fault has a price, so that it must
//! explain something that the other faults do not explain. The points are logarithms of probabilities: how much more likely
//! a result is with these faults than without them.

use std::collections::{BTreeMap, BTreeSet};

use super::atlas::{Atlas, KnownFault};
use super::observed::Observed;
use super::weigh::{alike, among, counts, own_points, proofs, weights, works};

/// The probability that a case fails if most recordings of a fault predict the failure.
pub(super) const CERTAIN: f64 = 0.9;

/// The probability that a case fails if some recordings of a fault predict the failure.
const POSSIBLE: f64 = 0.3;

/// The probability that a case fails although no fault predicts the failure.
pub(super) const CHANCE: f64 = 0.02;

/// The points for a failure that looks different from the failures of the fault in the laboratory, as a part of the points
/// for a failure that looks the same.
const OTHER_LOOK: f64 = 0.25;

/// The points that each fault costs.
const PRICE: f64 = 2.5;

/// Maximum number of faults that a cause names as alternatives. If more faults predict the same failures, the failures say
/// too little.
const ALTERNATIVES: usize = 4;

/// If the target hardly works, a fault needs at least this number of failures that are not mere silence.
const MANY: usize = 6;

/// Faults that predict the same failures among the judged cases, so that this run cannot distinguish them.
#[derive(Debug, Clone)]
pub(super) struct Chosen<'a> {
    /// The faults, the most likely first.
    pub(super) faults: Vec<&'a KnownFault>,
    /// The failed cases that they predict.
    pub(super) explains: BTreeSet<&'a str>,
    /// The cases that they predict to fail, but that were judged and did not fail.
    pub(super) unmet: BTreeSet<&'a str>,
    /// How many points the whole set would lose without these faults.
    pub(super) points: f64,
}

impl Chosen<'_> {
    /// Returns whether one of the faults shows this fact.
    pub(super) fn shows(&self, hint: &str) -> bool {
        self.faults.iter().any(|fault| fault.shows.contains(hint))
    }

    /// Returns whether the first of the faults usually prevents that this case is judged.
    pub(super) fn usually_hides(&self, id: &str) -> bool {
        let first = self.faults.first();
        first.is_some_and(|fault| fault.hides.contains(id))
    }
}

/// Returns the faults that explain the failures best. The fault with the strongest evidence comes first.
pub(super) fn cover<'a>(atlas: &'a Atlas, observed: &'a Observed) -> Vec<Chosen<'a>> {
    let mut cover = Cover::new(atlas, observed);
    loop {
        let chosen = cover.search();
        let is_weak = |index: &usize| !cover.is_carried(*index);
        match chosen.iter().copied().find(is_weak) {
            Some(weak) => drop(cover.candidates.remove(weak)),
            None => return cover.named(&chosen),
        }
    }
}

struct Cover<'a> {
    observed: &'a Observed,
    /// The weight of each case, from 0 to 1.
    weights: BTreeMap<&'a str, f64>,
    candidates: Vec<Candidate<'a>>,
}

struct Candidate<'a> {
    faults: Vec<&'a KnownFault>,
    certain: BTreeSet<&'a str>,
    possible: BTreeSet<&'a str>,
    /// The failures that look as in the laboratory.
    alike: BTreeSet<&'a str>,
    /// The points for proved facts, minus those for cases that were judged nevertheless, minus the price.
    own: f64,
}

/// Faults that make the same judged cases fail, and whose failures look the same in the same cases.
type Group<'a> = ([BTreeSet<&'a str>; 2], Vec<&'a KnownFault>);

/// What a set of faults predicts about a case.
#[derive(Debug, Clone, Copy, Default)]
struct Prediction {
    /// The number of faults that make the case fail.
    certain: usize,
    /// The number of faults that sometimes make the case fail.
    possible: usize,
    /// Whether the failure looks as it does in the laboratory with one of these faults.
    is_alike: bool,
}

impl<'a> Cover<'a> {
    fn new(atlas: &'a Atlas, observed: &'a Observed) -> Cover<'a> {
        // Faults with the same cases and the same looks cannot be distinguished.
        let mut groups: BTreeMap<[BTreeSet<&str>; 2], Vec<&KnownFault>> = BTreeMap::new();
        for fault in &atlas.faults {
            let certain = among(&fault.fails, observed);
            let is_shown = fault.shows.is_empty() || proofs(fault, observed) > 0;
            if is_shown && certain.iter().any(|id| counts(observed, id)) {
                let alike = alike(fault, observed).into_iter();
                let alike = alike.filter(|id| certain.contains(id)).collect();
                groups.entry([certain, alike]).or_default().push(fault);
            }
        }
        let candidate = |([certain, _], mut faults): Group<'a>| {
            faults.sort_by(|a, b| own_points(b, observed).total_cmp(&own_points(a, observed)));
            let best = faults.first().map(|fault| own_points(fault, observed));
            let possible = faults.iter().flat_map(|it| among(&it.sometimes, observed));
            let alike = faults.iter().flat_map(|it| alike(it, observed));
            Candidate {
                alike: alike.collect(),
                possible: possible.filter(|id| !certain.contains(id)).collect(),
                certain,
                faults,
                own: best.unwrap_or_default() - PRICE,
            }
        };
        Cover {
            observed,
            weights: weights(atlas),
            candidates: groups.into_iter().map(candidate).collect(),
        }
    }

    /// Adds, exchanges or removes faults as long as this improves the points of the set.
    fn search(&self) -> Vec<usize> {
        let mut chosen: Vec<usize> = Vec::new();
        let mut points = 0.0;
        loop {
            let better = self.neighbours(&chosen).max_by(|a, b| a.0.total_cmp(&b.0));
            match better {
                Some((more, set)) if more > points + f64::EPSILON => (points, chosen) = (more, set),
                _ => return chosen,
            }
        }
    }

    /// Returns the sets that differ from this set in one fault, each with its points.
    fn neighbours(&self, chosen: &[usize]) -> impl Iterator<Item = (f64, Vec<usize>)> {
        let all = 0..self.candidates.len();
        let others: Vec<usize> = all.filter(|index| !chosen.contains(index)).collect();
        let mut sets = Vec::new();
        let smaller = (0..chosen.len()).map(|left_out| {
            let mut rest = chosen.to_vec();
            rest.remove(left_out);
            rest
        });
        for rest in smaller.chain([chosen.to_vec()]) {
            sets.extend(others.iter().map(|other| [&rest[..], &[*other]].concat()));
            sets.push(rest);
        }
        sets.into_iter().map(|set| (self.points(&set), set))
    }

    /// Returns the points of a set of faults.
    fn points(&self, chosen: &[usize]) -> f64 {
        let chosen = chosen
            .iter()
            .filter_map(|index| self.candidates.get(*index));
        let mut cases: BTreeMap<&str, Prediction> = BTreeMap::new();
        let mut points = 0.0;
        for candidate in chosen {
            points += candidate.own;
            for id in &candidate.certain {
                let prediction = cases.entry(id).or_default();
                prediction.certain += 1;
                prediction.is_alike |= candidate.alike.contains(id);
            }
            for id in &candidate.possible {
                let prediction = cases.entry(id).or_default();
                prediction.possible += 1;
                prediction.is_alike |= candidate.alike.contains(id);
            }
        }
        let of_case = |(id, prediction): (&&str, &Prediction)| {
            let weight = self.weights.get(id).copied().unwrap_or(1.0);
            weight * self.points_of_case(id, *prediction)
        };
        points + cases.iter().map(of_case).sum::<f64>()
    }

    fn points_of_case(&self, id: &str, prediction: Prediction) -> f64 {
        let Prediction {
            certain,
            possible,
            is_alike,
        } = prediction;
        let missed = |probability: f64| ((1.0 - probability) / (1.0 - CHANCE)).ln();
        let look = if is_alike { 1.0 } else { OTHER_LOOK };
        match self.observed.failed.contains_key(id) {
            true if !counts(self.observed, id) => 0.0,
            true if certain > 0 => look * (CERTAIN / CHANCE).ln(),
            true => look * (POSSIBLE / CHANCE).ln(),
            false => missed(CERTAIN) * certain as f64 + missed(POSSIBLE) * possible as f64 / 2.0,
        }
    }

    /// Returns whether the evidence is enough to name this fault.
    fn is_carried(&self, index: usize) -> bool {
        let Some(candidate) = self.candidates.get(index) else {
            return false;
        };
        let is_shown = candidate
            .faults
            .iter()
            .any(|it| proofs(it, self.observed) > 0);
        let weight = |id: &&&str| self.weights.get(**id).copied().unwrap_or(1.0);
        let (met, unmet): (Vec<_>, Vec<_>) = candidate
            .certain
            .iter()
            .partition(|id| self.observed.failed.contains_key(**id));
        let sum = |ids: &[&&str]| ids.iter().map(&weight).sum::<f64>();
        if sum(&unmet) > sum(&met) || candidate.faults.len() > ALTERNATIVES {
            return false;
        }
        let loud = |id: &&&&str| {
            let symptom = self.observed.failed.get(***id);
            symptom.is_some_and(|symptom| !symptom.is_silence())
        };
        is_shown || works(self.observed) || met.iter().filter(loud).count() >= MANY
    }

    fn named(&self, chosen: &[usize]) -> Vec<Chosen<'a>> {
        let all = self.points(chosen);
        let lost_without = |index: usize| {
            let rest: Vec<usize> = chosen.iter().copied().filter(|it| *it != index).collect();
            all - self.points(&rest)
        };
        let of_index = |index: usize| {
            let candidate = self.candidates.get(index)?;
            let failed = &self.observed.failed;
            let predicted = candidate.certain.union(&candidate.possible).copied();
            Some(Chosen {
                faults: candidate.faults.clone(),
                explains: predicted.filter(|id| failed.contains_key(*id)).collect(),
                unmet: candidate
                    .certain
                    .iter()
                    .copied()
                    .filter(|id| !failed.contains_key(*id))
                    .collect(),
                points: lost_without(index),
            })
        };
        let named = chosen.iter().copied().filter_map(of_index);
        let mut named: Vec<Chosen<'_>> = named.collect();
        named.sort_by(|a, b| b.points.total_cmp(&a.points));
        named
    }
}
