//! Decides the order of the cases, and which of them run at the same time.
//!
//! First come the cases on which other cases depend. Then come all other cases that may run at the same time, then the cases
//! that must run alone, and last the hostile cases, which may crash the target. A case that fails while other cases run is
//! played again alone, because the other cases may have caused the failure.

use parking_lot::Mutex;

use crate::grammar::Choices;
use crate::judge::{Cause, Finding, Findings};
use crate::play::shared::Patience;
use crate::scenario::{Company, Scenario};

use super::bench::Bench;
use super::contact::{self, Met};
use super::death;
use super::ends::Ends;
use super::fragments::Fragments;
use super::selection::Selection;
use super::told::Told;

/// If a case fails while other cases run, but passes alone, the runner plays it this number of times in all while other
/// cases run.
const IN_COMPANY: usize = 3;

/// If at least this number of these plays fail, the case counts as failed. Otherwise, the case is inconclusive.
const FAILURES_THAT_COUNT: usize = 2;

/// The highest number of cases that run at the same time to wait longer than in their first play.
const PATIENT_JOBS: usize = 4;

/// Plays all cases except the probes, which were played before.
pub(crate) struct Schedule<'a, 'b> {
    bench: &'b Bench<'a>,
    choices: &'b Choices,
    /// Reports verdicts during the run; `None` if they are reported only at its end.
    told: Option<&'b Told<'a, 'b>>,
    jobs: usize,
    record: Mutex<Record>,
    /// The case after which the target no longer answered.
    died_of: Option<String>,
}

/// The results so far.
#[derive(Debug, Default)]
struct Record {
    findings: Findings,
    ends: Ends,
    fragments: Fragments,
}

impl<'a, 'b> Schedule<'a, 'b> {
    pub(crate) fn new(
        bench: &'b Bench<'a>,
        choices: &'b Choices,
        told: Option<&'b Told<'a, 'b>>,
        probes: Vec<(String, Finding)>,
    ) -> Schedule<'a, 'b> {
        Schedule {
            bench,
            choices,
            told,
            jobs: bench.options.jobs.max(1),
            record: Mutex::new(Record {
                findings: probes.into_iter().collect(),
                ..Record::default()
            }),
            died_of: None,
        }
    }

    /// Plays all selected cases. Returns their findings and the findings of the probes.
    pub(crate) fn play_all(mut self, selection: &Selection<'_>) -> Findings {
        let mut cases: Vec<&Scenario> = Vec::new();
        for scenario in selection.scenarios.iter().copied() {
            let of_probe = self.record.lock().findings.remove(&scenario.id);
            match of_probe {
                Some(finding) => self.record(scenario, finding),
                None => cases.push(scenario),
            }
        }
        let stage = |wanted: &dyn Fn(&Scenario) -> bool| -> Vec<&Scenario> {
            cases.iter().copied().filter(|case| wanted(case)).collect()
        };
        let sociable = |case: &Scenario| !case.hostile && case.company != Company::Alone;
        let proves = |case: &Scenario| selection.proving.contains(case.id.as_str());
        self.in_company(&stage(&|case| sociable(case) && proves(case)));
        self.in_company(&stage(&|case| sociable(case) && !proves(case)));
        self.alone(&stage(&|case| {
            !case.hostile && case.company == Company::Alone
        }));
        self.alone(&stage(&|case| case.hostile));
        self.record.into_inner().findings
    }

    /// Keeps the finding of a case, and reports its verdict if it is final.
    fn record(&self, case: &Scenario, mut finding: Finding) {
        let mut record = self.record.lock();
        record.ends.forgive_repeated(case, &mut finding);
        record.fragments.note(case, &finding);
        record.findings.insert(case.id.clone(), finding);
        if let Some(told) = self.told {
            told.settled(case, &record.findings);
        }
    }

    /// Plays cases at the same time, each of them on a process of its own.
    fn apart(&self, cases: &[&Scenario]) {
        self.bench.side_by_side(cases, self.jobs, &|case| {
            let finding = self.hopeless(case).unwrap_or_else(|| self.play_alone(case));
            self.record(case, finding);
        });
    }

    /// Plays several cases at the same time. A case that fails is played again alone, and the result of that second play
    /// counts.
    fn in_company(&mut self, cases: &[&Scenario]) {
        if self.bench.host.spawns() {
            return self.apart(cases);
        }
        if self.gave_up(cases) {
            return;
        }
        let first = self.play_together(cases, self.jobs, Patience::Hurried);
        let was_played = first.values().any(|finding| finding.played().is_some());
        if was_played && let Some(met) = self.dead() {
            self.record_death(cases, first, &met);
            return;
        }
        self.settle(cases, first);
    }

    /// Plays cases at the same time, all of them against the same target. Returns their findings. The verdict of a case whose
    /// steps all succeeded is reported at once.
    fn play_together(&self, cases: &[&Scenario], jobs: usize, patience: Patience) -> Findings {
        let findings = Mutex::new(Findings::new());
        self.bench.side_by_side(cases, jobs, &|case| {
            let finding = self
                .hopeless(case)
                .unwrap_or_else(|| self.bench.play(case, self.choices, patience));
            if let Some(told) = self.told {
                told.held(case, &finding);
            }
            self.record.lock().fragments.note(case, &finding);
            findings.lock().insert(case.id.clone(), finding);
        });
        findings.into_inner()
    }

    /// Notes the findings of cases that ran at the same time. Before that, plays the failed cases again.
    fn settle(&self, cases: &[&Scenario], mut first: Findings) {
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

    /// If the case needs a fragment that has failed in several cases, and in no case succeeded, returns the finding of the
    /// case: it cannot be judged, and playing it would only cost time.
    fn hopeless(&self, case: &Scenario) -> Option<Finding> {
        let record = self.record.lock();
        let prover = record.fragments.broken_for(case)?;
        let has_failed = record.findings.get(prover).is_some_and(Finding::failed);
        has_failed.then(|| Finding::not_played(Cause::Case(prover.to_owned())))
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

    /// Plays cases one after the other. After a hostile case and after a failure, the runner checks that the target
    /// still answers.
    fn alone(&mut self, cases: &[&Scenario]) {
        if self.bench.host.spawns() {
            return self.apart(cases);
        }
        let mut left = cases;
        while let Some((case, others)) = left.split_first() {
            if self.gave_up(left) {
                return;
            }
            left = others;
            let mut finding = self.hopeless(case).unwrap_or_else(|| self.play_alone(case));
            let suspicious = (case.hostile && finding.played().is_some()) || finding.failed();
            if suspicious && let Some(met) = self.dead() {
                self.died_of = Some(case.id.clone());
                finding = death::failure(finding, &met);
            }
            self.record(case, finding);
        }
    }

    /// Plays a case, and plays it again if the result of the first play may be unjust: the play gave up early, or the process
    /// had served other cases. If a case that did not give up fails only on such a process, the failure does not count.
    fn play_alone(&self, case: &Scenario) -> Finding {
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

    /// If the target does not answer a login, returns what happened instead. Returns `None` if the target answers, or if the
    /// runner can start it again.
    fn dead(&self) -> Option<Met> {
        let (shared, host) = (self.bench.shared, self.bench.host);
        match host.spawns() {
            true => None,
            false => contact::establish(shared, host.address())
                .err()
                .filter(|_| !shared.is_over()),
        }
    }

    /// Returns whether the target no longer answers. If so, also notes that none of these cases can be judged.
    fn gave_up(&mut self, cases: &[&Scenario]) -> bool {
        let Some(culprit) = self.died_of.clone() else {
            return false;
        };
        for case in cases {
            let finding = Finding::not_played(Cause::TargetDied(culprit.clone()));
            self.record(case, finding);
        }
        true
    }

    /// Records that the target died while several cases ran, and names the case that probably caused this.
    fn record_death(&mut self, cases: &[&Scenario], mut findings: Findings, met: &Met) {
        let culprit = death::culprit(&findings);
        for case in cases {
            let Some(finding) = findings.remove(&case.id) else {
                continue;
            };
            let finding = if !finding.was_answered() {
                Finding::not_played(Cause::TargetDied(culprit.clone()))
            } else if case.id == culprit {
                death::failure(finding, met)
            } else {
                finding
            };
            self.record(case, finding);
        }
        self.died_of = Some(culprit);
    }
}
