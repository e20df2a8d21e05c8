//! The court turns the findings of the cases into verdicts.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{Failure, FailureKind};
use crate::scenario::{Scenario, walk};
use crate::suite::{Requirement, Suite};

use super::findings::{Finding, Findings};
use super::outcome::{Cause, Outcome, SettledReading, Verdict, has_must};

/// Returns the requirements by their ids.
pub(crate) fn by_id(suite: &Suite) -> BTreeMap<String, Requirement> {
    suite
        .requirements
        .iter()
        .map(|requirement| (requirement.id.clone(), requirement.clone()))
        .collect()
}

/// The court of one run.
pub(crate) struct Court<'a> {
    known: &'a BTreeMap<String, String>,
    suite: &'a Suite,
    requirements: BTreeMap<String, Requirement>,
    findings: &'a Findings,
    readings: &'a [SettledReading],
}

impl<'a> Court<'a> {
    /// Makes the court. `known` holds the known deviations: for the id of a scenario, the reason that the user gave.
    pub(crate) fn new(
        suite: &'a Suite,
        known: &'a BTreeMap<String, String>,
        findings: &'a Findings,
        readings: &'a [SettledReading],
    ) -> Court<'a> {
        Court {
            known,
            suite,
            requirements: by_id(suite),
            findings,
            readings,
        }
    }

    /// Judges these cases, in their order. Cases without a finding are left out.
    pub(crate) fn judge(&self, scenarios: &[&Scenario]) -> Vec<Outcome> {
        let judged = scenarios.iter().filter_map(|scenario| {
            let finding = self.findings.get(&scenario.id)?;
            Some(self.outcome(scenario, finding))
        });
        judged.collect()
    }

    fn outcome(&self, scenario: &Scenario, finding: &Finding) -> Outcome {
        let (verdict, cause) = self.verdict(&scenario.id, finding, &mut BTreeSet::new());
        let played = finding.played();
        let incidents = played
            .map(|played| played.incidents.clone())
            .unwrap_or_default();
        // No document forbids a target to keep the resources of clients that have left, but this is always a fault. So a
        // case with an incident gets at best `non-strict`.
        let verdict = match verdict {
            Verdict::Pass | Verdict::Note if !incidents.is_empty() => Verdict::NonStrict,
            verdict => verdict,
        };
        let mut requirements = scenario.checks.clone();
        requirements.extend(self.checks_of_choice(scenario));
        let mut notes = played
            .map(|played| played.notes.clone())
            .unwrap_or_default();
        notes.extend(self.unproved(scenario));
        Outcome {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            requirements,
            verdict,
            cause,
            began: played.map(|played| played.began),
            duration: played.map(|played| played.duration).unwrap_or_default(),
            notes,
            failure: played.and_then(|played| played.failure.clone()),
            conversation: played
                .map(|played| played.conversation.clone())
                .unwrap_or_default(),
            incidents,
            output: played.and_then(|played| played.output.clone()),
            recut: None,
            known: self.known.get(&scenario.id).cloned(),
            prerequisite: false,
        }
    }

    /// Returns the verdict and, if the verdict is inconclusive or unsupported, its cause. `asked` holds the cases whose
    /// judgement has begun and waits for this verdict. This set prevents endless recursion.
    fn verdict(
        &self,
        id: &str,
        finding: &Finding,
        asked: &mut BTreeSet<String>,
    ) -> (Verdict, Option<Cause>) {
        match finding {
            Finding::Undecided { cause, .. } => (cause.verdict(), Some(cause.clone())),
            Finding::Played(played) => match &played.failure {
                None => (played.worth.into(), None),
                Some(failure) => self.of_failure(id, failure, asked),
            },
        }
    }

    fn of_failure(
        &self,
        id: &str,
        failure: &Failure,
        asked: &mut BTreeSet<String>,
    ) -> (Verdict, Option<Cause>) {
        match failure.kind {
            FailureKind::OwnFault => return (Verdict::Error, None),
            FailureKind::TooLong => return (Verdict::Inconclusive, Some(Cause::TooLong)),
            _ => {}
        }
        asked.insert(id.to_owned());
        let excuse = failure
            .provers(&self.suite.grammar)
            .filter(|prover| *prover != id && !self.rests_on(prover, id))
            .find_map(|prover| self.excuse(prover, asked));
        if let Some(culprit) = excuse {
            return (Verdict::Inconclusive, Some(culprit));
        }
        let checks = self
            .suite
            .scenario(id)
            .map(|scenario| scenario.checks.as_slice())
            .unwrap_or_default();
        // If a case makes the target end, the case always fails, even if all its requirements are SHOULD or MAY.
        if failure.is_end_of_target() || has_must(&self.requirements, checks) {
            (Verdict::Fail, None)
        } else {
            (Verdict::NonStrict, None)
        }
    }

    /// Returns whether `case` uses a fragment that the case `id` judges. If so, `case` may have failed only because of that
    /// fragment, so its failure does not excuse a failure of the case `id`.
    fn rests_on(&self, case: &str, id: &str) -> bool {
        let mut rests = false;
        if let Some(case) = self.suite.scenario(case) {
            walk::every_step(&case.steps, &mut |step| {
                rests |= step.proved_by.as_deref() == Some(id);
            });
        }
        rests
    }

    /// Returns why a failure in a fragment or a fence does not count against the case: the prover (the case that judges this
    /// fragment or fence) did not pass either. Usually the prover is the cause; if the prover was undecided because of
    /// another case, that other case is the cause. Returns `None` if the prover passed, so that the failure counts.
    fn excuse(&self, prover: &str, asked: &mut BTreeSet<String>) -> Option<Cause> {
        if asked.contains(prover) {
            return None;
        }
        let Some(finding) = self.findings.get(prover) else {
            return Some(Cause::Case(prover.to_owned()));
        };
        let (verdict, cause) = self.verdict(prover, finding, asked);
        match (verdict, cause) {
            (verdict, _) if verdict.holds() && !finding.failed() => None,
            (Verdict::Inconclusive, Some(cause @ (Cause::Case(_) | Cause::TargetDied(_)))) => {
                Some(cause)
            }
            _ => Some(Cause::Case(prover.to_owned())),
        }
    }

    /// Returns the requirements that a probe judges in addition to its own: the requirements that the target's choice cites.
    fn checks_of_choice(&self, scenario: &Scenario) -> Vec<String> {
        let Some(name) = &scenario.probes else {
            return Vec::new();
        };
        let checks = self
            .readings
            .iter()
            .find(|settled| settled.name == *name && settled.proved)
            .and_then(|settled| {
                let reading = self.suite.grammar.reading_named(name)?;
                reading.choice_named(&settled.choice)
            })
            .map(|choice| choice.checks.clone())
            .unwrap_or_default();
        checks
            .into_iter()
            .filter(|check| !scenario.checks.contains(check))
            .collect()
    }

    /// Returns a remark for each reading that affects the case, if no probe confirmed the choice for this reading.
    fn unproved(&self, scenario: &Scenario) -> Vec<String> {
        self.readings
            .iter()
            .filter(|settled| !settled.proved)
            .filter(|settled| {
                self.suite
                    .grammar
                    .reading_named(&settled.name)
                    .is_some_and(|reading| walk::depends_on(&self.suite.grammar, scenario, reading))
            })
            .map(|settled| {
                format!(
                    "no probe confirmed which choice of the reading {} the server follows; the case was judged with the choice {}",
                    settled.name, settled.choice
                )
            })
            .collect()
    }
}
