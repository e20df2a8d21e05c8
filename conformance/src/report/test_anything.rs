//! The Test Anything Protocol, version 14: a line for each case, and below it the details as YAML.

use std::fmt::Write;

use crate::diagnosis;
use crate::run::{Outcome, Report, Verdict};

use super::explain::Explainer;
use super::shown::shown;
use super::words;
use crate::text;

/// Returns the report as TAP.
#[must_use]
pub fn to_tap(report: &Report, rerun: &str) -> String {
    let report = &shown(report, text::line);
    let rerun = &text::line(rerun);
    let mut out = format!("TAP version 14\n1..{}\n", report.cases.len());
    let diagnosis = diagnosis::of(report);
    let explainer = Explainer::plain(report, &diagnosis, rerun);
    for (index, case) in report.cases.iter().enumerate() {
        let ok = match case.verdict {
            Verdict::Fail | Verdict::Error => "not ok",
            _ => "ok",
        };
        let name = text::tap(&format!("{}: {}", case.id, case.title));
        let directive = match (case.verdict, words::in_short(case)) {
            (Verdict::Unsupported | Verdict::Inconclusive, Some(why)) => {
                format!(" # SKIP {}", text::tap(&why))
            }
            // In this format, `TODO` marks a failure that is known and does not count.
            _ => case
                .excuse()
                .map(|reason| format!(" # TODO {}", text::tap(reason)))
                .unwrap_or_default(),
        };
        let _ = writeln!(out, "{ok} {} - {name}{directive}", index + 1);
        details(&mut out, &explainer, case);
    }
    if let Some(why) = &report.unjudgeable {
        let _ = writeln!(out, "Bail out! {}", text::tap(why));
    }
    out
}

/// Adds a block of YAML with the details of a case, unless its verdict is `pass`.
fn details(out: &mut String, explainer: &Explainer<'_>, case: &Outcome) {
    if case.verdict == Verdict::Pass {
        return;
    }
    let _ = writeln!(out, "  ---\n  severity: {}", case.verdict);
    let requirements: Vec<String> = case.requirements.iter().map(|id| word(id)).collect();
    let _ = writeln!(out, "  requirements: [{}]", requirements.join(", "));
    if !case.notes.is_empty() {
        let _ = writeln!(out, "  remarks: {}", text::yaml(&case.notes.join("; ")));
    }
    if let Some(explanation) = explainer.explain(case) {
        if let Some(short) = words::in_short(case) {
            let _ = writeln!(out, "  message: {}", text::yaml(&short));
        }
        let _ = writeln!(out, "  explanation: |");
        for line in explanation.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    let _ = writeln!(out, "  ...");
}

/// Returns one entry of a YAML list, in quotes if YAML could misread it.
fn word(text: &str) -> String {
    let plain = |each: char| each.is_ascii_alphanumeric() || "-_.".contains(each);
    match text.chars().all(plain) {
        true => text.to_owned(),
        false => text::yaml(text),
    }
}
