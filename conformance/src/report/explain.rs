//! The explanation of one failure: what was expected, what arrived (byte by byte), and how to run the case again.

use std::fmt::Write;

use crate::diagnosis::Diagnosis;
use crate::run::{Failure, FailureKind, FieldReport, Outcome, Report};

use super::causes;
use super::ladder::ladder;
use super::paint::Paint;

/// What the explanations of one report have in common. The texts must already be escaped (see [`shown`](super::shown)).
pub(super) struct Explainer<'a> {
    pub(super) report: &'a Report,
    pub(super) diagnosis: &'a Diagnosis,
    /// The command that repeats the run.
    pub(super) rerun: &'a str,
    pub(super) extent: Extent,
    pub(super) paint: Paint,
}

/// How much of the conversation and of the server's output an explanation shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The last few events and lines.
    Short,
    /// The last events and lines.
    Usual,
    /// Everything.
    Whole,
}

impl<'a> Explainer<'a> {
    /// Makes explanations without colours, for other programs.
    pub(super) fn plain(
        report: &'a Report,
        diagnosis: &'a Diagnosis,
        rerun: &'a str,
    ) -> Explainer<'a> {
        Explainer {
            report,
            diagnosis,
            rerun,
            extent: Extent::Usual,
            paint: Paint::Plain,
        }
    }

    /// Returns an explanation of several lines if the case failed, if it harmed the process of the target, or if its verdict
    /// changed when its bytes were divided into other segments. Returns `None` for any other case, because it needs no
    /// explanation.
    pub(super) fn explain(&self, case: &Outcome) -> Option<String> {
        let Explainer { report, paint, .. } = *self;
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
        if let Some(cause) = causes::of_case(self.diagnosis, &case.id) {
            let _ = writeln!(out, "  cause     {cause}");
        }
        requirements(&mut out, report, case);
        recut(&mut out, case);
        if let Some(failure) = &case.failure {
            failed(&mut out, failure, paint);
        }
        befell(&mut out, case, paint);
        if case.failure.is_some() && !case.conversation.is_empty() {
            let _ = writeln!(out, "  the conversation so far");
            out.push_str(&ladder(&case.conversation, self.extent.rungs(), paint));
        }
        written(&mut out, case, self.extent.lines());
        let _ = writeln!(out, "  rerun     {} --only {}", self.rerun, case.id);
        Some(out)
    }
}

impl Extent {
    /// Returns the maximum number of rungs (events) of a conversation; `None` for all.
    fn rungs(self) -> Option<usize> {
        match self {
            Extent::Short => Some(6),
            Extent::Usual => Some(40),
            Extent::Whole => None,
        }
    }

    /// Returns the maximum number of lines of the target's output; `None` for all.
    fn lines(self) -> Option<usize> {
        match self {
            Extent::Short => Some(8),
            Extent::Usual => Some(20),
            Extent::Whole => None,
        }
    }
}

/// Describes a failure: its step, what was expected and what arrived. Its texts must already be escaped.
pub(super) fn failed(out: &mut String, failure: &Failure, paint: Paint) {
    if let Some(step) = &failure.step {
        // The text of an `either` contains all its alternatives; `expected` describes them better.
        if failure.kind == FailureKind::NoAlternative {
            let _ = writeln!(out, "  step      either, {}:{}", step.file, step.line);
        } else {
            let _ = writeln!(out, "  step      {}", step.text);
            let _ = writeln!(out, "            {}:{}", step.file, step.line);
        }
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

/// Adds the last lines of the target's output, which is already escaped.
fn written(out: &mut String, case: &Outcome, most: Option<usize>) {
    let Some(output) = case.output.as_deref().filter(|output| !output.is_empty()) else {
        return;
    };
    let lines: Vec<&str> = output.lines().collect();
    let skipped = most.map_or(0, |most| lines.len().saturating_sub(most));
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
