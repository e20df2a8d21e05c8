//! Decides the order of the cases, and which of them run at the same time.
//!
//! First come the cases on which other cases depend. Then come all other cases that may run at the same time, then the cases
//! that must run alone, and last the hostile cases, which may crash the target. A case that fails while other cases run is
//! played again alone, because the other cases may have caused the failure (`second_look`).

mod second_look;

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
        let provers = stage(&|case| sociable(case) && proves(case));
        if self.bench.host.spawns() {
            // Each case is alone on its process.
            self.apart(&provers);
            self.apart(&stage(&|case| !(sociable(case) && proves(case))));
        } else {
            self.in_company(&provers);
            self.in_company(&stage(&|case| sociable(case) && !proves(case)));
            self.alone(&stage(&|case| !case.hostile && !sociable(case)));
            self.alone(&stage(&|case| case.hostile));
        }
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

    /// If the case needs a fragment that has failed in several cases, and in no case succeeded, returns the finding of the
    /// case: it cannot be judged, and playing it would only cost time.
    fn hopeless(&self, case: &Scenario) -> Option<Finding> {
        let record = self.record.lock();
        let prover = record.fragments.broken_for(case)?;
        let has_failed = record.findings.get(prover).is_some_and(Finding::failed);
        has_failed.then(|| Finding::not_played(Cause::Case(prover.to_owned())))
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
            let mut finding = self.hopeless(case).unwrap_or_else(|| self.play_alone(case));
            let suspicious = (case.hostile && finding.played().is_some()) || finding.failed();
            if suspicious && let Some(met) = self.dead() {
                self.died_of = Some(case.id.clone());
                finding = death::failure(finding, &met);
            }
            self.record(case, finding);
        }
    }

    /// If a target that the runner did not start does not answer a login, returns what happened instead; otherwise `None`.
    fn dead(&self) -> Option<Met> {
        let (shared, host) = (self.bench.shared, self.bench.host);
        contact::establish(shared, host.address())
            .err()
            .filter(|_| !shared.is_over())
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
