//! The contents of the page of a run, as plain values for its templates.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnosis::{self, Diagnosis};
use crate::report::causes;
use crate::report::words::{self, glyph};
use crate::run::{
    Cause, FailureKind, FieldReport, Incident, Outcome, Place, Report, SettledReading, Verdict,
};
use crate::suite::Suite;

use super::ladder::{Bounds, Ladder};
use super::spec::{self, Block};

#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    title: &'a str,
    protocol: &'a str,
    target: String,
    sentence: String,
    /// The cases that failed.
    failed: Vec<&'a str>,
    /// The result of the run, as a CSS class of the page: `conforms`, `fails` or `open`.
    mood: &'static str,
    unjudgeable: bool,
    began: String,
    duration: String,
    start_up: Option<String>,
    survivors: Option<String>,
    seed: u64,
    rerun: &'a str,
    counts: Vec<Count>,
    hidden: Option<String>,
    /// How many failures the causes below explain.
    to_repair: Option<String>,
    readings: &'a [SettledReading],
    groups: Vec<Group<'a>>,
    spec: Vec<Block>,
}

#[derive(Debug, Serialize)]
struct Count {
    verdict: &'static str,
    glyph: &'static str,
    count: usize,
}

/// Cases with the same cause. The last group contains the cases that did not fail.
#[derive(Debug, Serialize)]
struct Group<'a> {
    title: Option<String>,
    /// Other mistakes that may be the cause instead.
    alternatives: Vec<String>,
    facts: Option<String>,
    /// The cases that could not be judged because of this cause.
    hides: Vec<String>,
    cases: Vec<CaseView<'a>>,
}

#[derive(Debug, Serialize)]
struct CaseView<'a> {
    id: &'a str,
    title: &'a str,
    verdict: &'static str,
    glyph: &'static str,
    /// Whether the details of the case are already unfolded when a browser opens the page. This is true only for the first
    /// case that failed.
    open: bool,
    prerequisite: bool,
    cause: Option<String>,
    cause_case: Option<&'a str>,
    requirements: Vec<Cited<'a>>,
    notes: &'a [String],
    duration_ms: String,
    failure: Option<FailureView<'a>>,
    ladder: Ladder,
    incidents: &'a [Incident],
    output: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Cited<'a> {
    id: &'a str,
    level: String,
    section: &'a str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct FailureView<'a> {
    lane: Option<&'a str>,
    expected: &'a str,
    got: &'a str,
    hint: Option<&'a str>,
    step: Option<&'a Place>,
    /// Whether the step is an `either`. Its text contains all its alternatives, so `expected` describes them instead.
    either: bool,
    fields: &'a [FieldReport],
    bytes: &'a str,
    length: usize,
}

impl<'a> Page<'a> {
    pub(super) fn of(suite: &'a Suite, report: &'a Report, rerun: &'a str) -> Page<'a> {
        let diagnosis = diagnosis::of(report);
        Page {
            title: &report.title,
            protocol: &report.protocol,
            target: report
                .command
                .clone()
                .unwrap_or_else(|| report.target.to_string()),
            sentence: words::headline(report),
            failed: words::failed(report),
            mood: match report.exit_code() {
                0 => "conforms",
                1 => "fails",
                _ => "open",
            },
            unjudgeable: report.unjudgeable.is_some(),
            began: words::moment(report.began),
            duration: format!("{:.1} s", report.duration.as_secs_f64()),
            start_up: words::start_up(report),
            survivors: words::survivors(report),
            seed: report.seed,
            rerun,
            counts: words::counts(report)
                .into_iter()
                .map(|(verdict, count)| Count {
                    verdict: verdict.word(),
                    glyph: glyph(verdict),
                    count,
                })
                .collect(),
            to_repair: causes::headline(&diagnosis),
            hidden: words::hidden(report),
            readings: &report.readings,
            groups: groups(report, &diagnosis),
            spec: spec::blocks(suite, &verdicts(report)),
        }
    }
}

/// Divides the cases into groups: a group for each cause, and a group for all other cases.
fn groups<'a>(report: &'a Report, diagnosis: &Diagnosis) -> Vec<Group<'a>> {
    let number = |case: &Outcome| diagnosis.cause_of(&case.id).map(|(number, _)| number);
    let is_wrong = |case: &&Outcome| matches!(case.verdict, Verdict::Fail | Verdict::Error);
    let mut wrong: Vec<&Outcome> = report.cases.iter().filter(is_wrong).collect();
    wrong.sort_by_key(|case| number(case).unwrap_or(usize::MAX));
    let first_wrong = wrong.first().map(|case| case.id.as_str());
    let cases_of = |wanted: Option<usize>| {
        let cases = report.cases.iter().filter(|case| number(case) == wanted);
        cases
            .map(|case| CaseView::of(report, case, first_wrong == Some(case.id.as_str())))
            .collect()
    };
    let of_cause = |(index, cause): (usize, &diagnosis::RootCause)| Group {
        title: Some(format!("{index}. {}", causes::sentence(cause))),
        alternatives: causes::alternatives(cause),
        facts: Some(causes::facts(cause)),
        hides: cause.hides.clone(),
        cases: cases_of(Some(index)),
    };
    let mut groups: Vec<Group<'_>> = (1..).zip(&diagnosis.causes).map(of_cause).collect();
    groups.push(Group {
        title: (!groups.is_empty()).then(|| "Other cases".to_owned()),
        alternatives: Vec::new(),
        facts: None,
        hides: Vec::new(),
        cases: cases_of(None),
    });
    groups
}

/// Returns for each requirement the cases that judged it, with their verdicts.
fn verdicts(report: &Report) -> BTreeMap<&str, Vec<(&str, Verdict)>> {
    let mut verdicts: BTreeMap<&str, Vec<(&str, Verdict)>> = BTreeMap::new();
    for case in &report.cases {
        for requirement in &case.requirements {
            let judged = verdicts.entry(requirement).or_default();
            judged.push((&case.id, case.verdict));
        }
    }
    verdicts
}

impl<'a> CaseView<'a> {
    fn of(report: &'a Report, case: &'a Outcome, open: bool) -> CaseView<'a> {
        let bounds = match &case.failure {
            Some(_) => Bounds::LAST,
            None => Bounds::FIRST,
        };
        CaseView {
            id: &case.id,
            title: &case.title,
            verdict: case.verdict.word(),
            glyph: glyph(case.verdict),
            open,
            prerequisite: case.prerequisite,
            cause: case.cause.as_ref().map(Cause::to_string),
            cause_case: case.cause.as_ref().and_then(Cause::case),
            requirements: case
                .requirements
                .iter()
                .filter_map(|id| report.requirements.get(id))
                .map(|requirement| Cited {
                    id: &requirement.id,
                    level: requirement.level.to_string(),
                    section: &requirement.section,
                    text: &requirement.text,
                })
                .collect(),
            notes: &case.notes,
            duration_ms: format!("{:.0}", case.duration.as_secs_f64() * 1000.0),
            failure: case.failure.as_ref().map(|failure| FailureView {
                lane: failure.lane.as_deref(),
                expected: &failure.expected,
                got: &failure.got,
                hint: failure.hint.as_deref(),
                step: failure.step.as_ref(),
                either: failure.kind == FailureKind::NoAlternative,
                fields: &failure.fields,
                bytes: &failure.bytes,
                length: failure.length,
            }),
            ladder: Ladder::of(&case.conversation, case.failure.as_ref(), bounds),
            incidents: &case.incidents,
            output: case.output.as_deref(),
        }
    }
}
