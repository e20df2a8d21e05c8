//! Plays the same cases again, with the bytes that they send cut into other TCP segments. If a verdict changes, the runner
//! searches for the fewest cuts that change it.

use std::collections::BTreeSet;

use crate::evidence::{Played, Point, Segments};
use crate::grammar::Choices;
use crate::judge::{Cause, Court, Finding, Findings, Outcome, Recut, SettledReading, Verdict};
use crate::play::Cutting;
use crate::play::shared::Patience;
use crate::scenario::Scenario;

use super::bench::Bench;
use super::schedule::Schedule;
use super::selection::Selection;
use super::smallest::smallest;

/// Maximum number of plays in the search for the fewest cuts. The number is small, because a play that fails may last until
/// a time limit passes.
const PLAYS: usize = 40;

/// Maximum number of plays of a case with the same cuts; no play follows once the verdict has changed.
const TRIES: usize = 3;

/// The first run, with each send in one segment.
pub(crate) struct Whole<'a, 'b> {
    pub(crate) bench: &'b Bench<'a>,
    pub(crate) choices: &'b Choices,
    pub(crate) selection: &'b Selection<'a>,
    pub(crate) findings: &'b Findings,
    pub(crate) readings: &'b [SettledReading],
}

/// Plays all cases again with all cuts, and notes in the outcomes which verdicts change.
pub(crate) fn compare(whole: &Whole<'_, '_>, outcomes: &mut [Outcome]) {
    let options = whole.bench.options;
    let cut = whole.bench.cut(Cutting::everywhere(options.segments));
    // The probes are not played again, because the choices of the readings are already known.
    let probes = whole.selection.scenarios.iter().filter_map(|scenario| {
        let finding = whole.findings.get(&scenario.id)?;
        let is_probe = scenario.probes.is_some();
        is_probe.then(|| (scenario.id.clone(), finding.clone()))
    });
    let findings =
        Schedule::new(&cut, whole.choices, None, probes.collect()).play_all(whole.selection);
    let suite = whole.bench.shared.suite;
    let court = Court::new(suite, &options.known, &findings, whole.readings);
    let judged = court.judge(&whole.selection.scenarios);
    for (outcome, cut) in outcomes.iter_mut().zip(judged) {
        match (&cut.verdict, &cut.cause) {
            (Verdict::Inconclusive, Some(cause)) if outcome.verdict.holds() => {
                outcome.notes.push(in_doubt(options.segments, cause));
            }
            _ => {
                let finding = findings.get(&cut.id);
                if let (Some(finding), Some(scenario)) = (finding, suite.scenario(&cut.id)) {
                    whole.compare_case(scenario, finding, &cut, outcome);
                }
            }
        }
    }
}

fn in_doubt(segments: Segments, cause: &Cause) -> String {
    format!(
        "with --segments {} the case is inconclusive, {cause}",
        segments.word()
    )
}

impl Whole<'_, '_> {
    /// Compares two plays of one case: the play with cuts and the play without cuts.
    fn compare_case(
        &self,
        scenario: &Scenario,
        finding: &Finding,
        cut: &Outcome,
        outcome: &mut Outcome,
    ) {
        let grade = finding.grade();
        let before = self.findings.get(&scenario.id).and_then(Finding::grade);
        if before.is_none() || grade.is_none() || before == grade {
            return;
        }
        let segments = self.bench.options.segments;
        // If a second play without cuts gives another verdict too, the cuts are not the reason for the change.
        if self
            .bench
            .play(scenario, self.choices, Patience::Patient)
            .grade()
            != before
        {
            outcome.notes.push(format!(
                "with --segments {} the verdict was {}; but the verdict also changes between plays without --segments, so the segments are not the reason",
                segments.word(),
                cut.verdict
            ));
            return;
        }
        let made = finding.played().map(|played| played.made.as_slice());
        let points: Vec<Point> = made
            .unwrap_or_default()
            .iter()
            .map(|made| made.point)
            .collect();
        let search = self.search(scenario, grade, points);
        outcome.recut = Some(Recut {
            segments,
            whole: outcome.verdict,
            cut: cut.verdict,
            smallest: search
                .as_ref()
                .map(|played| played.made.iter().map(|made| made.words.clone()).collect())
                .unwrap_or_default(),
        });
        if cut.verdict > outcome.verdict {
            outcome.verdict = cut.verdict;
            outcome.failure = cut.failure.clone();
            outcome.conversation = cut.conversation.clone();
            outcome.incidents = cut.incidents.clone();
            outcome.output = cut.output.clone();
            if let Some(played) = search.filter(|played| played.failure.is_some()) {
                outcome.failure = played.failure;
                outcome.conversation = played.conversation;
                outcome.incidents = played.incidents;
                outcome.output = played.output;
            }
        }
    }

    /// Finds the fewest cuts with which the case gets this grade (see [`Finding::grade`]). First finds the sends that must
    /// be cut, then the places of the cuts in these sends.
    fn search(&self, scenario: &Scenario, grade: Option<u8>, points: Vec<Point>) -> Option<Played> {
        let segments = self.bench.options.segments;
        let mut last = None;
        let mut fits = |points: &[Point]| {
            let bench = self.bench.cut(Cutting::only(segments, points));
            let finding = bench.play(scenario, self.choices, Patience::Patient);
            let fits = finding.grade() == grade;
            if let (true, Finding::Played(played)) = (fits, finding) {
                last = Some(played);
            }
            fits
        };
        let mut budget = PLAYS;
        let sends: BTreeSet<usize> = points.iter().map(|point| point.send).collect();
        let of = |sends: &[usize]| -> Vec<Point> {
            let points = points.iter().copied();
            points.filter(|point| sends.contains(&point.send)).collect()
        };
        let sends = smallest(sends.into_iter().collect(), &mut budget, &mut |sends| {
            fits(&of(sends))
        });
        let points = smallest(of(&sends), &mut budget, &mut fits);
        self.shown(scenario, grade, &points).or(last)
    }

    /// Plays the case with exactly these cuts. If the case does not get this grade, it is played again: a slow target may
    /// have read two pieces with one read, so that the cuts had no effect.
    fn shown(&self, scenario: &Scenario, grade: Option<u8>, points: &[Point]) -> Option<Played> {
        let bench = self
            .bench
            .cut(Cutting::only(self.bench.options.segments, points));
        (0..TRIES)
            .map(|_| bench.play(scenario, self.choices, Patience::Patient))
            .find(|finding| finding.grade() == grade)
            .and_then(|finding| finding.played().cloned())
    }
}
