//! The evidence for and against single faults, and the weights of the cases.

use std::collections::{BTreeMap, BTreeSet};

use super::atlas::{Atlas, KnownFault};
use super::cover::{CERTAIN, CHANCE};
use super::observed::{Observed, Symptom};

/// The points that a fault gains for each failure whose bytes prove a fact that the fault shows.
const PROOF: f64 = 3.0;

/// The part of the usual points that a fault loses for a case that was judged although the fault usually prevents this.
const JUDGED_NEVERTHELESS: f64 = 0.1;

/// The part of the usual points that a case counts if all faults make it fail. A case that only one fault makes fail counts
/// in full.
const COMMON: f64 = 0.5;

/// If more than this part of the cases could not be judged, the target hardly works, and almost every fault seems to fit.
const HARDLY_WORKS: f64 = 0.7;

/// The minimum number of cases that hold if the target works.
const SOME: usize = 10;

/// Returns whether enough cases held to say that the target works at all.
pub(super) fn works(observed: &Observed) -> bool {
    let all = observed.held.len() + observed.failed.len() + observed.unjudged.len();
    let held = observed.held.len();
    held >= SOME && observed.unjudged.len() as f64 <= HARDLY_WORKS * all as f64
}

/// Returns those of these cases that were judged.
pub(super) fn among<'a>(ids: &'a BTreeSet<String>, observed: &Observed) -> BTreeSet<&'a str> {
    let ids = ids.iter().map(String::as_str);
    ids.filter(|id| observed.failed.contains_key(*id) || observed.held.contains(*id))
        .collect()
}

/// Returns whether the case failed in a way that counts for a known fault. The end of the process, threads that remain, and
/// the like, are causes of their own.
pub(super) fn counts(observed: &Observed, id: &str) -> bool {
    observed
        .failed
        .get(id)
        .is_some_and(Symptom::is_about_the_protocol)
}

/// Returns the cases that this fault predicts, without those whose failures look different from the record.
pub(super) fn alike<'a>(fault: &'a KnownFault, observed: &Observed) -> Vec<&'a str> {
    let looks_different = |id: &&String| {
        let look = fault.looks.get(*id);
        let symptom = observed.failed.get(*id);
        look.zip(symptom)
            .is_some_and(|(look, symptom)| symptom.shape != *look)
    };
    let predicted = fault.fails.union(&fault.sometimes);
    let alike = predicted.filter(|id| !looks_different(id));
    alike.map(String::as_str).collect()
}

/// Returns the number of failures whose bytes prove a fact that this fault shows.
pub(super) fn proofs(fault: &KnownFault, observed: &Observed) -> usize {
    let proved = observed.failed.values().filter_map(Symptom::fact);
    proved.filter(|hint| fault.shows.contains(*hint)).count()
}

pub(super) fn own_points(fault: &KnownFault, observed: &Observed) -> f64 {
    let judged = fault.hides.intersection(&observed.held).count();
    let loss = ((1.0 - CERTAIN) / (1.0 - CHANCE)).ln() * JUDGED_NEVERTHELESS;
    PROOF * proofs(fault, observed) as f64 + loss * judged as f64
}

/// Returns the weight of each case. The fewer faults make a case fail, the more its failure says about the cause.
pub(super) fn weights(atlas: &Atlas) -> BTreeMap<&str, f64> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in atlas.faults.iter().flat_map(|fault| &fault.fails) {
        *counts.entry(id).or_default() += 1;
    }
    let all = atlas.faults.len() as f64;
    let rarity = |count: usize| (1.0 + all / count as f64).ln() / (1.0 + all).ln();
    let weight = |count| COMMON + (1.0 - COMMON) * rarity(count);
    let counts = counts.into_iter();
    counts.map(|(id, count)| (id, weight(count))).collect()
}
