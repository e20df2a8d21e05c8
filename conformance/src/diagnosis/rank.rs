//! Finds the one or two faults that explain the failures of a run best.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::atlas::{Atlas, KnownFault, Observed};

/// Maximum number of explanations in a report.
pub const MOST: usize = 3;

/// Minimum fit of an explanation in a report. A weaker fit is no evidence: a server with many faults shares some failures
/// with many faults of the atlas.
const LEAST_FIT: f64 = 0.5;

/// Two faults explain more failures than one fault, even by chance. So the diagnosis names a second fault only if this fault
/// improves the fit by more than this number.
const COST_OF_A_SECOND: f64 = 0.08;

/// A possible explanation of the failures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What the server does wrong: for each fault, the rest of a sentence that begins with "the server". There are one or
    /// two faults. The fault that makes more cases of the atlas fail comes first.
    pub causes: Vec<String>,
    /// The requirement that each of these faults violates, in the same order.
    pub breaks: Vec<String>,
    /// The number of failures that this explanation covers.
    pub explained: usize,
    /// The number of failures of the run.
    pub failures: usize,
    /// The number of cases that should have failed because of these faults, but did not fail.
    pub unmet: usize,
    /// How well the explanation fits the failures, from 0 to 1. It is 1 if exactly the expected cases failed. The fewer
    /// faults make a case fail, the more this case counts.
    pub fit: f64,
}

/// Returns the most likely explanations, the best first.
#[must_use]
pub fn diagnose(atlas: &Atlas, observed: &Observed) -> Vec<Explanation> {
    if observed.failed.is_empty() {
        return Vec::new();
    }
    let weights = weights(atlas);
    // A case that could not be judged counts neither for nor against a fault.
    let candidates: Vec<Candidate<'_>> = atlas
        .faults
        .iter()
        .map(|fault| Candidate {
            causes: vec![fault],
            fails: fault.fails.intersection(&observed.judged).collect(),
        })
        .filter(|candidate| {
            candidate
                .fails
                .iter()
                .any(|id| observed.failed.contains(*id))
        })
        .collect();
    let mut told: Vec<Explanation> = candidates
        .iter()
        .map(|one| one.explanation(observed, &weights))
        .collect();
    for (index, one) in candidates.iter().enumerate() {
        for other in candidates.iter().skip(index + 1) {
            told.push(one.and(other).explanation(observed, &weights));
        }
    }
    told.retain(|explanation| explanation.fit >= LEAST_FIT);
    told.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    told.truncate(MOST);
    told
}

fn worth(explanation: &Explanation) -> f64 {
    let more = explanation.causes.len().saturating_sub(1);
    explanation.fit - COST_OF_A_SECOND * more as f64
}

/// Returns the weight of each case. If every fault makes a case fail, the failure of this case says little about the cause.
/// If only a single fault makes a case fail, the failure almost proves that fault.
fn weights(atlas: &Atlas) -> BTreeMap<&String, f64> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for id in atlas.faults.iter().flat_map(|fault| &fault.fails) {
        *counts.entry(id).or_default() += 1;
    }
    let all = atlas.faults.len() as f64;
    let weight = |count: usize| (1.0 + all / count as f64).ln();
    counts
        .into_iter()
        .map(|(id, count)| (id, weight(count)))
        .collect()
}

#[derive(Debug, Clone)]
struct Candidate<'a> {
    causes: Vec<&'a KnownFault>,
    fails: BTreeSet<&'a String>,
}

impl<'a> Candidate<'a> {
    fn and(&self, other: &Candidate<'a>) -> Candidate<'a> {
        let mut both = [self, other];
        // The fault that makes more cases fail comes first.
        both.sort_by_key(|one| std::cmp::Reverse(one.fails.len()));
        Candidate {
            causes: both.iter().flat_map(|one| one.causes.clone()).collect(),
            fails: self.fails.union(&other.fails).copied().collect(),
        }
    }

    fn explanation(&self, observed: &Observed, weights: &BTreeMap<&String, f64>) -> Explanation {
        // If no known fault makes a case fail, the case has the same weight as one that only a single fault makes fail.
        let most = weights.values().copied().fold(1.0, f64::max);
        let weigh = |id: &&String| weights.get(*id).copied().unwrap_or(most);
        let seen: BTreeSet<&String> = observed.failed.iter().collect();
        let both: Vec<&String> = seen.intersection(&self.fails).copied().collect();
        let either: f64 = seen.union(&self.fails).map(weigh).sum();
        Explanation {
            causes: self.causes.iter().map(|fault| fault.does.clone()).collect(),
            breaks: self
                .causes
                .iter()
                .map(|fault| fault.breaks.clone())
                .collect(),
            explained: both.len(),
            failures: seen.len(),
            unmet: self.fails.difference(&seen).count(),
            fit: both.iter().map(weigh).sum::<f64>() / either,
        }
    }
}

impl Explanation {
    /// Returns a sentence for people.
    #[must_use]
    pub fn in_words(&self) -> String {
        let causes = match self.causes.as_slice() {
            [first, second] => format!("the server {first}, and it {second}"),
            causes => format!("the server {}", causes.join(", and it ")),
        };
        let fits = match (self.explained, self.failures) {
            (explained, failures) if explained == failures => "explains every failure".to_owned(),
            (explained, failures) => format!("explains {explained} of {failures} failures"),
        };
        let unmet = match self.unmet {
            0 => String::new(),
            1 => ", but with such a mistake 1 other case should fail, too".to_owned(),
            unmet => format!(", but with such a mistake {unmet} other cases should fail, too"),
        };
        format!("{causes} ({fits}, fit {:.0} %{unmet})", self.fit * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &str) -> BTreeSet<String> {
        ids.split_whitespace().map(str::to_owned).collect()
    }

    fn atlas() -> Atlas {
        let fault = |does: &str, fails: &str| KnownFault {
            does: does.to_owned(),
            breaks: "X-1.1".to_owned(),
            fails: set(fails),
            hides: BTreeSet::new(),
        };
        Atlas {
            also: None,
            faults: vec![
                fault("counts characters", "accents emoji limit"),
                fault("forgets logins", "again"),
                fault("lets anybody forge", "forged limit"),
            ],
        }
    }

    fn told(failed: &str) -> Vec<String> {
        let observed = Observed {
            failed: set(failed),
            judged: set("accents emoji limit again forged other"),
        };
        let explanations = diagnose(&atlas(), &observed);
        explanations
            .first()
            .map_or_else(Vec::new, |first| first.causes.clone())
    }

    #[test]
    fn one_fault_is_found_from_the_cases_that_fail_because_of_it() {
        assert_eq!(told("accents emoji limit"), ["counts characters"]);
        assert_eq!(told("accents emoji"), ["counts characters"]);
        assert_eq!(told("again"), ["forgets logins"]);
    }

    #[test]
    fn two_faults_are_found_together() {
        assert_eq!(
            told("accents emoji limit again"),
            ["counts characters", "forgets logins"]
        );
    }

    #[test]
    fn no_explanation_is_given_if_none_fits() {
        assert_eq!(told("other"), Vec::<String>::new());
        assert_eq!(told(""), Vec::<String>::new());
    }
}
