//! Puts the causes of all kinds together into one list.

use std::collections::{BTreeMap, BTreeSet};

use super::atlas::Atlas;
use super::cause::{Diagnosis, Evidence, RootCause, Suspect, id_of};
use super::cover::{Chosen, cover};
use super::observed::Observed;
use super::own::{facts, incidents, own_cause};

/// A failed case that no known cause explains is a cause of its own if at least this number of cases depend on it.
const DEPENDENTS: usize = 3;

/// The points of a failure that proves its cause, to compare them with the points of the cover.
const PROVED: f64 = 4.0;

/// Returns the causes that explain the failures. The cause with the strongest evidence comes first.
#[must_use]
pub fn diagnose(atlas: &Atlas, observed: &Observed) -> Diagnosis {
    let chosen = cover(atlas, observed);
    let mut causes: Vec<(f64, RootCause)> = chosen
        .iter()
        .map(|chosen| (chosen.points, of_pattern(chosen, observed)))
        .collect();
    let mut proved = facts(&chosen, observed);
    proved.extend(incidents(observed));
    let explained = |causes: &[(f64, RootCause)], id: &str| {
        let mut all = causes.iter().flat_map(|(_, cause)| &cause.explains);
        all.any(|known| known == id)
    };
    causes.extend(proved.into_iter().map(|cause| (strength(&cause), cause)));
    for (id, dependents) in dependents(observed) {
        if dependents >= DEPENDENTS && !explained(&causes, id) {
            let alike = looking_like(observed, id).filter(|other| !explained(&causes, other));
            let cases = [id].into_iter().chain(alike);
            let cause = own_cause(Evidence::Case, format!("fails {id}"), cases);
            causes.push((PROVED + dependents as f64, cause));
        }
    }
    causes.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let unexplained = observed.failed.keys();
    let unexplained = unexplained.filter(|id| !explained(&causes, id)).cloned();
    let mut diagnosis = Diagnosis {
        unexplained: unexplained.collect(),
        causes: causes.into_iter().map(|(_, cause)| cause).collect(),
        failures: observed.failed.len(),
    };
    hide(&mut diagnosis, &chosen, observed);
    diagnosis
}

fn strength(cause: &RootCause) -> f64 {
    PROVED * cause.explains.len() as f64
}

fn of_pattern(chosen: &Chosen<'_>, observed: &Observed) -> RootCause {
    let owned = |ids: &BTreeSet<&str>| ids.iter().map(|id| (*id).to_owned()).collect();
    let mut suspects = chosen.faults.iter().map(|fault| Suspect {
        does: fault.does.clone(),
        breaks: fault.breaks.clone(),
    });
    let first = suspects.next();
    let (does, breaks) = first.map_or_else(Default::default, |it| (it.does, Some(it.breaks)));
    let mut symptoms = observed.failed.values();
    let is_shown = symptoms.any(|it| it.fact().is_some_and(|hint| chosen.shows(hint)));
    RootCause {
        id: id_of(&does),
        evidence: match is_shown {
            true => Evidence::Bytes,
            false => Evidence::Pattern,
        },
        does,
        breaks,
        or: suspects.collect(),
        explains: owned(&chosen.explains),
        hides: Vec::new(),
        contradicted_by: owned(&chosen.unmet),
    }
}

/// Returns for each failed case the number of cases that could not be judged because of it.
fn dependents(observed: &Observed) -> BTreeMap<&str, usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in observed.unjudged.keys() {
        if let Some(root) = root(observed, id) {
            *counts.entry(root).or_default() += 1;
        }
    }
    counts
}

/// Returns the other failed cases whose failures have the same shape.
fn looking_like<'a>(observed: &'a Observed, id: &'a str) -> impl Iterator<Item = &'a str> {
    let shape = observed.failed.get(id).map(|symptom| &symptom.shape);
    let others = observed
        .failed
        .iter()
        .filter(move |(other, symptom)| *other != id && Some(&symptom.shape) == shape);
    others.map(|(other, _)| other.as_str())
}

/// Returns the failed case because of which this case could not be judged.
fn root<'a>(observed: &'a Observed, id: &'a str) -> Option<&'a str> {
    let mut at = id;
    // A chain cannot be longer than the number of cases, so a circle ends too.
    for _ in 0..=observed.unjudged.len() {
        if observed.failed.contains_key(at) {
            return Some(at);
        }
        at = observed.unjudged.get(at)?.as_deref()?;
    }
    None
}

/// Adds each case that could not be judged to the cause that prevented this.
fn hide(diagnosis: &mut Diagnosis, chosen: &[Chosen<'_>], observed: &Observed) {
    for id in observed.unjudged.keys() {
        let of_root = root(observed, id).and_then(|root| diagnosis.cause_of(root));
        let usual = || {
            let fault = chosen.iter().find(|chosen| chosen.usually_hides(id))?;
            let does = &fault.faults.first()?.does;
            let mut numbered = (1..).zip(&diagnosis.causes);
            numbered.find(|(_, cause)| cause.does == *does)
        };
        let index = of_root.or_else(usual).map(|(number, _)| number - 1);
        if let Some(cause) = index.and_then(|index| diagnosis.causes.get_mut(index)) {
            cause.hides.push(id.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{KnownFault, Symptom};
    use crate::run::{FailureKind, IncidentKind};

    const COUNTS: &str = "the length of the text counts characters; it must count bytes of UTF-8";
    const SWAPPED: &str = "the length of the text is little-endian; it must be big-endian";

    fn set(ids: &str) -> BTreeSet<String> {
        ids.split_whitespace().map(str::to_owned).collect()
    }

    fn fault(does: &str, fails: &str, shows: &[&str]) -> KnownFault {
        KnownFault {
            does: does.to_owned(),
            breaks: "X-1.1".to_owned(),
            fails: set(fails),
            shows: shows.iter().map(|fact| (*fact).to_owned()).collect(),
            ..KnownFault::default()
        }
    }

    fn atlas() -> Atlas {
        Atlas {
            also: None,
            faults: vec![
                fault("counts characters", "accents emoji limit", &[COUNTS]),
                fault("swaps", "a b c d e f accents emoji limit", &[SWAPPED]),
                fault("forgets logins", "again", &[]),
                fault("lets anybody forge", "forged limit", &[]),
                fault("relays no message", "a b c", &[]),
                fault("loses what is said", "a b c", &[]),
            ],
        }
    }

    fn symptom(kind: FailureKind, hint: Option<&str>) -> Symptom {
        Symptom {
            kind: Some(kind),
            hint: hint.map(str::to_owned),
            ..Symptom::default()
        }
    }

    /// The results of a server that fails these cases with this symptom, and passes all others.
    fn observed(failed: &str, symptom: &Symptom) -> Observed {
        let others =
            "1 2 3 4 5 6 7 8 9 10 11 12 other accents emoji limit again forged a b c d e f";
        let failed = set(failed);
        Observed {
            held: set(others).difference(&failed).cloned().collect(),
            failed: failed.into_iter().map(|id| (id, symptom.clone())).collect(),
            unjudged: BTreeMap::new(),
        }
    }

    fn named(observed: &Observed) -> Vec<String> {
        let causes = diagnose(&atlas(), observed).causes.into_iter();
        causes.map(|cause| cause.does).collect()
    }

    fn wrong(failed: &str) -> Observed {
        observed(failed, &symptom(FailureKind::Mismatch, None))
    }

    #[test]
    fn several_faults_are_found_together() {
        assert_eq!(named(&wrong("again")), ["forgets logins"]);
        let mut both = wrong("forged limit again");
        assert_eq!(named(&both), ["lets anybody forge", "forgets logins"]);
        for id in ["accents", "emoji"] {
            both.held.remove(id);
            let counts = symptom(FailureKind::Mismatch, Some(COUNTS));
            both.failed.insert(id.to_owned(), counts);
        }
        let three = ["counts characters", "lets anybody forge", "forgets logins"];
        assert_eq!(
            BTreeSet::from_iter(named(&both)),
            BTreeSet::from(three.map(str::to_owned))
        );
    }

    #[test]
    fn faults_with_the_same_cases_are_one_cause() {
        let diagnosis = diagnose(&atlas(), &wrong("a b c"));
        assert_eq!(diagnosis.causes.len(), 1);
        assert_eq!(diagnosis.causes[0].or.len(), 1);
        assert_eq!(diagnosis.causes[0].explains, ["a", "b", "c"]);
    }

    #[test]
    fn a_fault_that_always_shows_a_fact_is_not_guessed_without_it() {
        assert!(!named(&wrong("a b c d e f accents emoji limit")).contains(&"swaps".to_owned()));
        let shown = symptom(FailureKind::Mismatch, Some(SWAPPED));
        assert_eq!(
            named(&observed("a b c d e f accents emoji limit", &shown)),
            ["swaps"]
        );
    }

    #[test]
    fn a_fact_without_a_known_fault_is_a_cause() {
        let hint = "the text is ISO 8859-1; it must be UTF-8";
        let latin = symptom(FailureKind::Mismatch, Some(hint));
        let told = "sends frames in which the text is ISO 8859-1; it must be UTF-8";
        assert_eq!(named(&observed("other", &latin)), [told]);
    }

    #[test]
    fn what_no_cause_explains_is_told() {
        let diagnosis = diagnose(&atlas(), &wrong("other again"));
        assert_eq!(diagnosis.unexplained, ["other"]);
        assert_eq!(diagnose(&atlas(), &wrong("")), Diagnosis::default());
    }

    #[test]
    fn crashes_are_grouped_by_signature_and_support_no_guess() {
        let crash = |signature: &str| Symptom {
            incident: Some(IncidentKind::Crash),
            crash: Some(signature.to_owned()),
            ..symptom(FailureKind::TargetDied, None)
        };
        let mut results = observed("again a b", &crash("IOException A.java:1"));
        results
            .failed
            .insert("forged".to_owned(), crash("Error B.java:2"));
        let causes = diagnose(&atlas(), &results).causes;
        let told: Vec<_> = causes
            .iter()
            .map(|it| (&*it.does, it.explains.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("ends: IOException A.java:1", 3),
                ("ends: Error B.java:2", 1)
            ]
        );
    }

    #[test]
    fn a_mute_server_gets_no_guess() {
        let silent = symptom(FailureKind::Timeout, None);
        let mut results = observed("a", &silent);
        results.held.clear();
        for case in 0..30 {
            results
                .unjudged
                .insert(format!("later-{case}"), Some("a".to_owned()));
        }
        let diagnosis = diagnose(&atlas(), &results);
        let kinds: Vec<_> = diagnosis
            .causes
            .iter()
            .map(|cause| cause.evidence)
            .collect();
        assert_eq!(kinds, [Evidence::Case]);
        assert_eq!(diagnosis.causes[0].hides.len(), 30);
    }
}
