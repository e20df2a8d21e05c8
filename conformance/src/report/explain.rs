//! One failure, explained: what was asked for, what came, byte by byte, and how to see it again.

use std::fmt::Write;

use crate::run::{Failure, FieldReport, Outcome, Report};

use super::ladder::ladder;
use super::paint::Paint;

/// The explanation without colours, for other programs; long conversations are cut.
pub(super) fn plain(report: &Report, case: &Outcome, failure: &Failure, rerun: &str) -> String {
    explain(report, case, failure, rerun, false, Paint::Plain)
}

/// Several lines about a case that did not come to its end.
pub(super) fn explain(
    report: &Report,
    case: &Outcome,
    failure: &Failure,
    rerun: &str,
    whole: bool,
    paint: Paint,
) -> String {
    let mut out = String::new();
    let head = format!("{}: {}", case.id, case.title);
    let verdict = case.verdict.word().to_uppercase();
    let _ = writeln!(
        out,
        "{} {}",
        paint.verdict(case.verdict, &verdict),
        paint.strong(&head)
    );
    if let Some(cause) = &case.cause {
        let _ = writeln!(out, "  {cause}");
    }
    requirements(&mut out, report, case);
    if let Some(step) = &failure.step {
        let _ = writeln!(out, "  step      {}", step.text);
        let _ = writeln!(out, "            {}:{}", step.file, step.line);
    }
    let on = failure
        .lane
        .as_ref()
        .map(|lane| format!("on {lane}: "))
        .unwrap_or_default();
    let _ = writeln!(out, "  expected  {on}{}", failure.expected);
    let _ = writeln!(out, "  came      {}", paint.wrong(&failure.got));
    if let Some(hint) = &failure.hint {
        let _ = writeln!(out, "  perhaps   {hint}");
    }
    bytes(&mut out, failure, paint);
    if !case.conversation.is_empty() {
        let _ = writeln!(out, "  the conversation so far");
        out.push_str(&ladder(&case.conversation, whole, paint));
    }
    let _ = writeln!(out, "  again     {rerun} --only {}", case.id);
    out
}

fn requirements(out: &mut String, report: &Report, case: &Outcome) {
    for id in &case.requirements {
        let _ = match report.requirements.get(id) {
            Some(requirement) => writeln!(
                out,
                "  {id} ({}, section {}) {}",
                requirement.level, requirement.section, requirement.text
            ),
            None => writeln!(out, "  {id}"),
        };
    }
}

/// The frame field by field, or, where it is none, its bytes.
fn bytes(out: &mut String, failure: &Failure, paint: Paint) {
    if failure.length == 0 {
        return;
    }
    if failure.fields.is_empty() {
        let _ = writeln!(out, "  bytes     {} ({})", failure.bytes, failure.length);
        return;
    }
    let name_width = width(failure, |field| &field.name);
    let bytes_width = width(failure, |field| &field.bytes).min(36);
    let _ = writeln!(out, "  offset");
    for field in &failure.fields {
        let FieldReport {
            offset,
            name,
            bytes,
            value,
            ..
        } = field;
        let row = format!("{offset:>8}  {name:name_width$}  {bytes:bytes_width$}  {value}");
        let wanted = match (&field.expected, field.differs) {
            (Some(expected), true) => format!("   <-- should be {expected}"),
            _ => String::new(),
        };
        let _ = if field.differs {
            writeln!(out, "{}", paint.wrong(&format!("{row}{wanted}")))
        } else {
            writeln!(out, "{row}")
        };
    }
    let _ = writeln!(out, "  all bytes {} ({})", failure.bytes, failure.length);
}

fn width(failure: &Failure, column: impl Fn(&FieldReport) -> &String) -> usize {
    failure
        .fields
        .iter()
        .map(|field| column(field).chars().count())
        .max()
        .unwrap_or(0)
}
