//! Reports verdicts while the run goes on. Each verdict is reported once, as soon as no later case can change it.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::judge::{Court, Finding, Findings, Outcome, SettledReading};
use crate::scenario::Scenario;

use super::bench::Bench;
use super::milestone::Milestone;
use super::selection::Selection;

/// The verdicts that were reported already.
pub(crate) struct Told<'a, 'b> {
    bench: &'b Bench<'a>,
    selection: &'b Selection<'a>,
    readings: &'b [SettledReading],
    ids: Mutex<BTreeSet<String>>,
}

impl<'a, 'b> Told<'a, 'b> {
    pub(crate) fn new(
        bench: &'b Bench<'a>,
        selection: &'b Selection<'a>,
        readings: &'b [SettledReading],
    ) -> Told<'a, 'b> {
        Told {
            bench,
            selection,
            readings,
            ids: Mutex::default(),
        }
    }

    /// Reports the verdict of a case if the verdict is final. The verdict is final if every case that could excuse a failure
    /// of this case has a finding.
    pub(crate) fn settled(&self, case: &Scenario, findings: &Findings) {
        if !self.is_final(&case.id, findings, &mut BTreeSet::new()) {
            return;
        }
        let (bench, known) = (self.bench, &self.bench.options.known);
        let court = Court::new(bench.shared.suite, known, findings, self.readings);
        for mut outcome in court.judge(&[case]) {
            outcome.prerequisite = self.selection.is_prerequisite(case);
            self.tell(&outcome);
        }
    }

    /// Reports the verdict of a case whose steps all succeeded while other cases ran. Nothing can change this verdict, with
    /// two exceptions: if the target never sent anything during the case, it may have been dead already; and if the case gave
    /// up early, it is played again. Such a verdict is not reported here.
    pub(crate) fn held(&self, case: &Scenario, finding: &Finding) {
        if matches!(finding, Finding::Played(_))
            && !finding.is_below_note()
            && !finding.gave_up_early()
            && finding.was_answered()
        {
            let alone = Findings::from([(case.id.clone(), finding.clone())]);
            self.settled(case, &alone);
        }
    }

    /// Reports a final verdict, unless it was reported before.
    pub(crate) fn tell(&self, outcome: &Outcome) {
        if self.ids.lock().insert(outcome.id.clone()) {
            (self.bench.progress)(&Milestone::Judged(outcome));
        }
    }

    fn is_final(&self, id: &str, findings: &Findings, asked: &mut BTreeSet<String>) -> bool {
        if !asked.insert(id.to_owned()) {
            return true;
        }
        let Some(finding) = findings.get(id) else {
            return false;
        };
        let grammar = &self.bench.shared.suite.grammar;
        let failure = match finding {
            Finding::Played(played) => played.failure.as_ref(),
            Finding::Undecided { .. } => None,
        };
        let mut provers = failure
            .into_iter()
            .flat_map(|failure| failure.provers(grammar));
        provers.all(|prover| self.is_final(prover, findings, asked))
    }
}
