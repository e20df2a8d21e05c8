//! Annotations for GitHub: lines in a command's output that a workflow shows beside the code.

use std::fmt::Write;
use std::path::Path;

use crate::diagnosis;
use crate::run::{Outcome, Report, Verdict};

use super::explain::Explainer;
use super::shown::shown;
use super::words;
use crate::text;

/// Returns the annotations: an error for each failure (or a notice, if the failure is a known deviation), and a warning for
/// each non-strict case. The last annotation is the result of the run, as a notice or an error. If a case prevented the
/// judgement of other cases, a warning says so.
#[must_use]
pub fn to_annotations(report: &Report, rerun: &str) -> String {
    let report = &shown(report, text::line);
    let rerun = &text::line(rerun);
    let mut out = String::new();
    let diagnosis = diagnosis::of(report);
    let explainer = Explainer::plain(report, &diagnosis, rerun);
    // GitHub shows only the first ten annotations of each kind, so failures come before remarks.
    for wanted in [Verdict::Fail, Verdict::Error, Verdict::NonStrict] {
        for case in report.cases.iter().filter(|case| case.verdict == wanted) {
            of_case(&mut out, &explainer, case);
        }
    }
    if let Some(hidden) = words::hidden(report) {
        line(&mut out, "warning", "title=could not be judged", &hidden);
    }
    let kind = if report.exit_code() == 0 {
        "notice"
    } else {
        "error"
    };
    let title = format!("title={}", text::annotation_property(&report.title));
    line(&mut out, kind, &title, &words::sentence(report));
    out
}

fn of_case(out: &mut String, explainer: &Explainer<'_>, case: &Outcome) {
    let kind = match case.verdict {
        Verdict::NonStrict => "warning",
        _ if case.excuse().is_some() => "notice",
        _ => "error",
    };
    let title = format!("{}: {}: {}", explainer.report.protocol, case.id, case.title);
    let mut properties = format!("title={}", text::annotation_property(&title));
    // The files of a built-in protocol are not on the disk, so an annotation cannot point to them.
    let step = case
        .failure
        .as_ref()
        .and_then(|failure| failure.step.as_ref());
    if let Some(step) = step.filter(|step| Path::new(&step.file).is_file()) {
        let _ = write!(
            properties,
            ",file={},line={}",
            text::annotation_property(&step.file),
            step.line
        );
    }
    let message = explainer
        .explain(case)
        .unwrap_or_else(|| case.notes.join("\n"));
    line(out, kind, &properties, &message);
}

fn line(out: &mut String, kind: &str, properties: &str, message: &str) {
    let _ = writeln!(
        out,
        "::{kind} {properties}::{}",
        text::annotation(message.trim_end())
    );
}
