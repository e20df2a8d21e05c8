//! Plays a case again if the result of its first play may be unjust: other cases ran at the same time, the process had served
//! other cases, or the first play gave up early.

use crate::judge::{Cause, Finding, Findings};
use crate::play::shared::Patience;
use crate::scenario::Scenario;

use super::Schedule;

/// If a case fails while other cases run, but passes alone, the runner plays it this number of times in all while other
/// cases run.
const IN_COMPANY: usize = 3;

/// If at least this number of these plays fail, the case counts as failed. Otherwise, the case is inconclusive.
const FAILURES_THAT_COUNT: usize = 2;

/// The highest number of cases that run at the same time to wait longer than in their first play.
const PATIENT_JOBS: usize = 4;

impl Schedule<'_, '_> {
    /// Notes the findings of cases that ran at the same time. Before that, plays the failed cases again.
    pub(super) fn settle(&self, cases: &[&Scenario], mut first: Findings) {
        let passed: Vec<&Scenario> = cases
            .iter()
            .copied()
            .filter(|case| first.get(&case.id).is_some_and(|it| !it.failed()))
            .collect();
        let mut hurried = Vec::new();
        let mut accused = Vec::new();
        for case in cases {
            let Some(finding) = first.remove(&case.id) else {
                continue;
            };
            if finding.gave_up_early() && !self.is_consequence(case, &finding) {
                hurried.push((*case, finding));
            } else if finding.is_below_note() && self.jobs > 1 {
                accused.push((*case, finding));
            } else {
                self.record(case, finding);
            }
        }
        accused.extend(self.wait_longer(hurried));
        for (case, finding) in accused {
            let settled = self.look_again(case, finding, &passed);
            self.record(case, settled);
        }
    }

    /// Plays the cases again that gave up early, with patience. They mostly wait, so several of them run at the same time; but
    /// they are few, so that they do not slow each other down. Returns the cases that failed for another reason than time,
    /// or did what the document does not prefer.
    fn wait_longer<'c>(
        &self,
        hurried: Vec<(&'c Scenario, Finding)>,
    ) -> Vec<(&'c Scenario, Finding)> {
        let cases: Vec<&Scenario> = hurried.iter().map(|(case, _)| *case).collect();
        let jobs = self.jobs.min(PATIENT_JOBS);
        let mut again = self.play_together(&cases, jobs, Patience::Patient);
        let mut accused = Vec::new();
        for (case, first) in hurried {
            let Some(second) = again.remove(&case.id) else {
                continue;
            };
            self.compare(&first, &second);
            if second.is_below_note() && !second.failed_by_time() {
                accused.push((case, second));
            } else {
                self.record(case, second);
            }
        }
        accused
    }

    /// Repeats a case that failed while other cases ran: first alone and, if it passes alone, together with other cases.
    fn look_again(&self, case: &Scenario, first: Finding, passed: &[&Scenario]) -> Finding {
        if self.is_consequence(case, &first) {
            return first;
        }
        let alone = self.bench.play_on_fresh_process(case, self.choices);
        // If a frame of another case made this case fail, the failure says nothing about this case. So the result of the
        // play alone counts.
        let settled = !first.failed() || first.met_another_case();
        if settled || alone.failed() || !matches!(alone, Finding::Played(_)) {
            return alone;
        }
        let mut failed = 1;
        let mut failure = first;
        for _ in 1..IN_COMPANY {
            let company: Vec<&Scenario> = std::iter::once(case)
                .chain(passed.iter().copied().filter(|other| other.id != case.id))
                .take(self.jobs)
                .collect();
            let mut round = self.play_together(&company, self.jobs, Patience::Patient);
            let again = round.remove(&case.id).filter(Finding::failed);
            if let Some(again) = again.filter(|again| !again.met_another_case()) {
                failed += 1;
                failure = again;
            }
            if failed == FAILURES_THAT_COUNT {
                return failure;
            }
        }
        match failure {
            Finding::Played(played) => {
                let of = IN_COMPANY;
                Finding::does_not_count(played, Cause::OnlyInCompany { failed, of })
            }
            other => other,
        }
    }

    /// If the first play gave up early, notes whether a patient play had the same result.
    fn compare(&self, first: &Finding, patient: &Finding) {
        if first.gave_up_early() {
            let is_same = first.grade() == patient.grade();
            self.bench.shared.pace.compared(is_same);
        }
    }

    /// Plays a case, and plays it again if the result of the first play may be unjust: the play gave up early, or the process
    /// had served other cases. If a case that did not give up fails only on such a process, the failure does not count.
    pub(super) fn play_alone(&self, case: &Scenario) -> Finding {
        let first = self.bench.play(case, self.choices, Patience::Hurried);
        let Finding::Played(played) = &first else {
            return first;
        };
        let may_be_residue = first.failed() && played.earlier_cases > 0;
        let is_doubtful = may_be_residue || played.gave_up_early;
        if !is_doubtful || self.is_consequence(case, &first) {
            return first;
        }
        let again = self.bench.play_on_fresh_process(case, self.choices);
        self.compare(&first, &again);
        match (first, again) {
            (Finding::Played(first), Finding::Played(again))
                if may_be_residue && !first.gave_up_early && again.failure.is_none() =>
            {
                Finding::does_not_count(first, Cause::Residue)
            }
            (_, again @ Finding::Played(_)) => again,
            (first, _) => first,
        }
    }

    /// Returns whether the case failed in a fragment or a fence that another case judges, and this other case has failed
    /// already. If so, another play would show nothing new.
    fn is_consequence(&self, case: &Scenario, finding: &Finding) -> bool {
        let grammar = &self.bench.shared.suite.grammar;
        let failure = finding.played().and_then(|played| played.failure.as_ref());
        let mut provers = failure
            .into_iter()
            .flat_map(|failure| failure.provers(grammar));
        let record = self.record.lock();
        provers.any(|prover| {
            let judged = record.findings.get(prover).and_then(Finding::played);
            prover != case.id && judged.is_some_and(|played| played.failure.is_some())
        })
    }
}
