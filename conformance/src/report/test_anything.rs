//! The Test Anything Protocol, version 14: a line per case, and what a failure has to say as YAML below it.

use std::fmt::Write;

use crate::run::{Outcome, Report, Verdict};

use super::explain::plain;
use super::words;

/// The report as TAP.
#[must_use]
pub fn to_tap(report: &Report, rerun: &str) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", report.cases.len());
    for (index, case) in report.cases.iter().enumerate() {
        let ok = match case.verdict {
            Verdict::Fail | Verdict::Error => "not ok",
            _ => "ok",
        };
        let name = escaped(&format!("{}: {}", case.id, case.title));
        let skip = match (case.verdict, words::in_short(case)) {
            (Verdict::Unsupported | Verdict::Inconclusive, Some(why)) => {
                format!(" # SKIP {}", escaped(&why))
            }
            _ => String::new(),
        };
        let _ = writeln!(out, "{ok} {} - {name}{skip}", index + 1);
        diagnosis(&mut out, report, case, rerun);
    }
    if let Some(why) = &report.unjudgeable {
        let _ = writeln!(out, "Bail out! {}", escaped(why));
    }
    out
}

/// A block of YAML; a JSON string is a YAML string, too.
fn diagnosis(out: &mut String, report: &Report, case: &Outcome, rerun: &str) {
    if case.verdict == Verdict::Pass {
        return;
    }
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let _ = writeln!(out, "  ---\n  severity: {}", case.verdict);
    let _ = writeln!(out, "  requirements: [{}]", case.requirements.join(", "));
    if !case.notes.is_empty() {
        let _ = writeln!(out, "  remarks: {}", quoted(&case.notes.join("; ")));
    }
    if let Some(explanation) = plain(report, case, rerun) {
        if let Some(short) = words::in_short(case) {
            let _ = writeln!(out, "  message: {}", quoted(&short));
        }
        let _ = writeln!(out, "  explanation: |");
        for line in explanation.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    let _ = writeln!(out, "  ...");
}

/// On one line, and nothing in it begins a directive.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('#', "\\#")
        .replace(['\n', '\r'], " ")
}
