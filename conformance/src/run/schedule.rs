//! Decides the order of the cases, and which of them run at the same time.
//!
//! First come the cases on which other cases depend. Then come all other cases that may run at the same time, then the cases
//! that must run alone, and last the hostile cases, which may crash the target. A case that fails while other cases run is
//! played again alone, because the other cases may have caused the failure.

use std::collections::BTreeSet;

use crate::evidence::{Failure, FailureKind};
use crate::grammar::Choices;
use crate::judge::{Cause, Finding, Findings};
use crate::scenario::{Company, Scenario};

use super::bench::Bench;
use super::contact::{self, Met};
use super::ends::Ends;
use super::selection::Selection;
use super::told::Told;

/// If a case fails while other cases run, but passes alone, the runner plays it this number of times in all while other
/// cases run.
const IN_COMPANY: usize = 3;

/// If at least this number of these plays fail, the case counts as failed. Otherwise, the case is inconclusive.
const FAILURES_THAT_COUNT: usize = 2;

/// Plays all cases except the probes, which were played before.
pub(crate) struct Schedule<'a, 'b> {
    bench: &'b Bench<'a>,
    choices: &'b Choices,
    /// Reports verdicts during the run; `None` if they are reported only at its end.
    told: Option<&'b Told<'a, 'b>>,
    jobs: usize,
    findings: Findings,
    /// The case after which the target no longer answered.
    died_of: Option<String>,
    ends: Ends,
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
            jobs: bench.host.jobs(bench.options.jobs),
            findings: probes.into_iter().collect(),
            died_of: None,
            ends: Ends::default(),
        }
    }

    /// Plays all selected cases. Returns their findings and the findings of the probes.
    pub(crate) fn play_all(mut self, selection: &Selection<'_>) -> Findings {
        for probe in &selection.scenarios {
            if let Some(finding) = self.findings.remove(&probe.id) {
                self.record(probe, finding);
            }
        }
        let cases: Vec<&Scenario> = selection
            .scenarios
            .iter()
            .copied()
            .filter(|scenario| !self.findings.contains_key(&scenario.id))
            .collect();
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
        self.findings
    }

    /// Keeps the finding of a case, and reports its verdict if it is final.
    fn record(&mut self, case: &Scenario, mut finding: Finding) {
        self.ends.forgive_repeated(case, &mut finding);
        self.findings.insert(case.id.clone(), finding);
        if let Some(told) = self.told {
            told.settled(case, &self.findings);
        }
    }

    /// Plays several cases at the same time. A case that fails is played again alone, and the result of that second play
    /// counts.
    fn in_company(&mut self, cases: &[&Scenario]) {
        if self.gave_up(cases) {
            return;
        }
        let host = &self.bench.host;
        if host.spawns() && host.is_shared() && self.jobs == 1 {
            // If cases run one after the other, each of them can be inspected alone, so that each incident belongs to one
            // case.
            return self.alone(cases);
        }
        let news = |case: &Scenario, finding: &Finding| {
            if let Some(told) = self.told {
                told.held(case, finding);
            }
        };
        let first = self
            .bench
            .play_in_company(cases, self.choices, self.jobs, &news);
        if host.spawns() {
            return self.settle(cases, first);
        }
        let was_played = first.iter().any(|finding| finding.played().is_some());
        if was_played && let Some(met) = self.dead() {
            self.record_death(cases, first, &met);
            return;
        }
        self.settle(cases, first);
    }

    /// Notes the findings of cases that ran at the same time. Before that, plays the failed cases again.
    fn settle(&mut self, cases: &[&Scenario], first: Vec<Finding>) {
        let passed: Vec<&Scenario> = cases
            .iter()
            .zip(&first)
            .filter(|(_, finding)| !finding.failed())
            .map(|(case, _)| *case)
            .collect();
        let mut accused = Vec::new();
        for (case, finding) in cases.iter().zip(first) {
            if finding.is_below_note() && self.jobs > 1 {
                accused.push((*case, finding));
            } else {
                self.record(case, finding);
            }
        }
        if self.bench.host.spawns() {
            // If the old process hung, every case that is played again on it would fail too.
            self.bench.host.renew();
        }
        let (suspects, others): (Vec<_>, Vec<_>) = accused
            .into_iter()
            .partition(|(_, finding)| self.bench.host.spawns() && finding.ended_the_target());
        let mut is_found = false;
        for (case, finding) in others {
            let settled = self.look_again(case, finding, &passed);
            is_found |= settled.ended_the_target();
            self.record(case, settled);
        }
        self.find_who_ended_it(suspects, is_found);
    }

    /// Finds out which case made the process end. The suspects are the cases that ran when the process ended. Each suspect
    /// is played again alone, and the result of that play counts. If no case makes the process end when it is played alone,
    /// the suspects that pass alone are inconclusive. `is_found` says whether a case that is not a suspect has already done
    /// this.
    fn find_who_ended_it(&mut self, suspects: Vec<(&Scenario, Finding)>, is_found: bool) {
        let again: Vec<Finding> = suspects
            .iter()
            .map(|(case, _)| self.bench.play(case, self.choices))
            .collect();
        let is_found = is_found || again.iter().any(Finding::ended_the_target);
        for ((case, first), again) in suspects.into_iter().zip(again) {
            let settled = match first {
                Finding::Played(played) if !is_found && !again.failed() => {
                    Finding::does_not_count(played, Cause::OnlyInCompany { failed: 1, of: 1 })
                }
                _ => again,
            };
            self.record(case, settled);
        }
    }

    /// Repeats a case that failed while other cases ran: first alone and, if it passes alone, together with other cases.
    fn look_again(&self, case: &Scenario, first: Finding, passed: &[&Scenario]) -> Finding {
        if self.is_consequence(case, &first) {
            return first;
        }
        let alone = self.bench.play(case, self.choices);
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
            let round = self
                .bench
                .play_in_company(&company, self.choices, self.jobs, &|_, _| {});
            let again = round.into_iter().next().filter(Finding::failed);
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

    /// Returns whether the case failed in a fragment or a fence that another case judges, and this other case has failed
    /// already. If so, another play would show nothing new.
    fn is_consequence(&self, case: &Scenario, finding: &Finding) -> bool {
        let grammar = &self.bench.shared.suite.grammar;
        let failure = finding.played().and_then(|played| played.failure.as_ref());
        let mut provers = failure
            .into_iter()
            .flat_map(|failure| failure.provers(grammar));
        provers.any(|prover| {
            let judged = self.findings.get(prover).and_then(Finding::played);
            prover != case.id && judged.is_some_and(|played| played.failure.is_some())
        })
    }

    /// Plays cases one after the other. After a hostile case and after a failure, the runner checks that the target
    /// still answers.
    fn alone(&mut self, cases: &[&Scenario]) {
        let mut left = cases;
        while let Some((case, others)) = left.split_first() {
            if self.gave_up(left) {
                return;
            }
            left = others;
            let mut finding = self.play_alone(case);
            let suspicious = (case.hostile && finding.played().is_some()) || finding.failed();
            if suspicious && let Some(met) = self.dead() {
                self.died_of = Some(case.id.clone());
                finding = died(finding, &met);
            }
            self.record(case, finding);
        }
    }

    /// Plays a case. If it fails on a process that has served other cases, those cases may have changed the state of the
    /// process. So the case is played again on a fresh process. If it passes there, the failure does not count.
    fn play_alone(&self, case: &Scenario) -> Finding {
        let host = &self.bench.host;
        let is_used = host.spawns() && host.is_shared() && host.has_served();
        let first = self.bench.play(case, self.choices);
        if !is_used || !first.failed() || self.is_consequence(case, &first) {
            return first;
        }
        host.renew();
        let again = self.bench.play(case, self.choices);
        match (first, again) {
            (Finding::Played(first), Finding::Played(again)) if again.failure.is_none() => {
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

    /// Records that the target died while several cases ran, and names the case that probably caused this. Only a case in
    /// which the target still sent something is named. The runner prefers a case that failed to a case that passed. Among
    /// several such cases, it names the case that started last.
    fn record_death(&mut self, cases: &[&Scenario], findings: Vec<Finding>, met: &Met) {
        let culprit = cases
            .iter()
            .zip(&findings)
            .filter(|(_, finding)| finding.was_answered())
            .filter_map(|(case, finding)| Some((case, finding, finding.played()?)))
            .max_by_key(|(_, finding, played)| (finding.failed(), played.started))
            .map(|(case, ..)| case.id.clone());
        let culprit = culprit.unwrap_or_else(|| "the first login of the run".to_owned());
        let numbered = findings.iter().enumerate();
        let innocent = numbered.filter(|(_, finding)| !finding.was_answered());
        let innocent: BTreeSet<usize> = innocent.map(|(index, _)| index).collect();
        for (index, (case, finding)) in cases.iter().zip(findings).enumerate() {
            let finding = if innocent.contains(&index) {
                Finding::not_played(Cause::TargetDied(culprit.clone()))
            } else if case.id == culprit {
                died(finding, met)
            } else {
                finding
            };
            self.record(case, finding);
        }
        self.died_of = Some(culprit);
    }
}

/// Returns the finding of a case, changed to a failure because the target did not answer any login after this case.
fn died(finding: Finding, met: &Met) -> Finding {
    let mut played = match finding {
        Finding::Played(played) => played,
        Finding::Undecided {
            cause: Cause::Stall,
            played: Some(played),
        } => played,
        undecided => return undecided,
    };
    let (kind, got) = match met {
        Met::Silence => (
            FailureKind::TargetHangs,
            "after this case the target accepts connections, but no longer answers a login",
        ),
        _ => (
            FailureKind::TargetDied,
            "after this case the target no longer answers a login",
        ),
    };
    played.failure = Some(Failure::of_target(kind, got, played.failure.take()));
    Finding::Played(played)
}
