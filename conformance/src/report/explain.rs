//! The explanation of one failure: what was expected, what arrived (byte by byte), and how to run the case again.

use std::fmt::Write;

use crate::run::{Failure, FieldReport, Outcome, Report};

use super::ladder::ladder;
use super::paint::Paint;

/// Returns the explanation without colours, for other programs. The explanation contains only the end of a long
/// conversation. The texts of the report must already be escaped (see [`shown`](super::shown)).
pub(super) fn plain(report: &Report, case: &Outcome, rerun: &str) -> Option<String> {
    explain(report, case, rerun, false, Paint::Plain)
}

/// Returns an explanation of several lines if the case failed, if it harmed the process of the target, or if its verdict
/// changed when its bytes were divided into other segments. Returns `None` for any other case, because it needs no
/// explanation.
pub(super) fn explain(
    report: &Report,
    case: &Outcome,
    rerun: &str,
    whole: bool,
    paint: Paint,
) -> Option<String> {
    if case.failure.is_none() && case.incidents.is_empty() && case.recut.is_none() {
        return None;
    }
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
    recut(&mut out, case);
    if let Some(failure) = &case.failure {
        failed(&mut out, failure, paint);
    }
    befell(&mut out, case, paint);
    if case.failure.is_some() && !case.conversation.is_empty() {
        let _ = writeln!(out, "  the conversation so far");
        out.push_str(&ladder(&case.conversation, whole, paint));
    }
    written(&mut out, case, whole);
    let _ = writeln!(out, "  rerun     {rerun} --only {}", case.id);
    Some(out)
}

/// Describes a failure: its step, what was expected and what arrived. Its texts must already be escaped.
pub(super) fn failed(out: &mut String, failure: &Failure, paint: Paint) {
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
    let _ = writeln!(out, "  got       {}", paint.wrong(&failure.got));
    if let Some(hint) = &failure.hint {
        let _ = writeln!(out, "  hint      {hint}");
    }
    bytes(out, failure, paint);
}

/// Describes the incidents of the target's process. Leaves out an incident that the failure has already described.
fn befell(out: &mut String, case: &Outcome, paint: Paint) {
    let told = case.failure.as_ref().map(|failure| &failure.got);
    for incident in &case.incidents {
        if Some(&incident.text) != told {
            let text = format!("{:8}  {}", incident.kind.word(), incident.text);
            let _ = writeln!(out, "  {}", paint.wrong(&text));
        }
    }
}

/// Maximum number of lines of the target's output in an explanation. Of a longer output only the last lines are shown;
/// `--verbose` shows all lines.
const LAST_LINES: usize = 20;

/// Adds the target's output, which is already escaped.
fn written(out: &mut String, case: &Outcome, whole: bool) {
    let Some(output) = case.output.as_deref().filter(|output| !output.is_empty()) else {
        return;
    };
    let lines: Vec<&str> = output.lines().collect();
    let skipped = match whole {
        true => 0,
        false => lines.len().saturating_sub(LAST_LINES),
    };
    let _ = writeln!(out, "  output of the server during this case");
    if skipped > 0 {
        let _ = writeln!(out, "      ({skipped} earlier lines; --verbose shows them)");
    }
    for line in lines.iter().skip(skipped) {
        let _ = writeln!(out, "    | {line}");
    }
}

/// Describes how the verdict changed when the sends were divided into other segments.
fn recut(out: &mut String, case: &Outcome) {
    let Some(recut) = &case.recut else {
        return;
    };
    let _ = writeln!(
        out,
        "  segments  {} with each send in one segment, {} with segments {}; {}",
        recut.whole,
        recut.cut,
        recut.segments.word(),
        match recut.smallest.is_empty() {
            true => "the runner found no smaller set of cuts that changes the verdict",
            false => "these cuts are enough to change the verdict:",
        }
    );
    for cut in &recut.smallest {
        let _ = writeln!(out, "            {cut}");
    }
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

/// Adds the frame field by field, or only the bytes if they are not a frame.
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
            (Some(expected), true) => format!("   <-- expected {expected}"),
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
