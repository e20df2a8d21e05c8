//! The report that people read in a terminal.

use std::fmt::Write;

use crate::run::{Outcome, Report, Verdict};

use super::explain::{befallen, explain};
use super::paint::Paint;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What is wrong, and the last sentence.
    Quiet,
    /// A line per case, and an explanation of each failure.
    Usual,
    /// Also why cases are inconclusive, and whole conversations.
    Verbose,
}

/// How a report looks.
#[derive(Debug, Clone)]
pub struct Style {
    /// How much is told.
    pub detail: Detail,
    /// Whether it has colours.
    pub paint: Paint,
    /// The command that runs this again, to which `--only ID` can be added.
    pub rerun: String,
}

/// The whole report.
#[must_use]
pub fn render(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    let head = format!("{} on {}", report.title, report.judged());
    let _ = writeln!(out, "{}", style.paint.strong(&head));
    if let Some(why) = &report.unjudgeable {
        let _ = writeln!(out, "It cannot be judged: {why}.");
        return out;
    }
    if style.detail > Detail::Quiet {
        let _ = writeln!(out);
    }
    for case in &report.cases {
        if style.detail > Detail::Quiet || !case.verdict.holds() {
            line(&mut out, case, style);
        }
    }
    explanations(&mut out, report, style);
    summary(&mut out, report, style);
    out
}

/// One case on one line, its notes below.
fn line(out: &mut String, case: &Outcome, style: &Style) {
    let verdict = format!("{:12}", case.verdict);
    let cause = case
        .cause
        .as_ref()
        .map(|cause| format!(", {cause}"))
        .unwrap_or_default();
    let prerequisite = if case.prerequisite {
        " (prerequisite)"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "  {} {}: {}{prerequisite}{cause}",
        style.paint.verdict(case.verdict, &verdict),
        case.id,
        case.title
    );
    for note in &case.notes {
        let _ = writeln!(out, "               {}", style.paint.faint(note));
    }
    for incident in &case.incidents {
        let text = format!("{}: {}", incident.kind.word(), incident.text);
        let _ = writeln!(out, "               {}", style.paint.wrong(&text));
    }
}

fn explanations(out: &mut String, report: &Report, style: &Style) {
    for case in &report.cases {
        let wanted = match case.verdict {
            Verdict::Fail | Verdict::Error | Verdict::NonStrict => true,
            // What only follows from something else is explained there.
            _ => {
                style.detail == Detail::Verbose
                    || case
                        .cause
                        .as_ref()
                        .is_some_and(|cause| cause.case().is_none())
            }
        };
        if let (true, Some(failure)) = (wanted, &case.failure) {
            let whole = style.detail == Detail::Verbose;
            let text = explain(report, case, failure, &style.rerun, whole, style.paint);
            let _ = write!(out, "\n{text}");
        } else if !case.incidents.is_empty() {
            let text = befallen(
                case,
                &style.rerun,
                style.detail == Detail::Verbose,
                style.paint,
            );
            let _ = write!(out, "\n{text}");
        }
    }
}

/// The readings, the causes, the counts, and one sentence.
fn summary(out: &mut String, report: &Report, style: &Style) {
    let _ = writeln!(out);
    for reading in &report.readings {
        let doubt = if reading.proved {
            ""
        } else {
            " (could not be found out)"
        };
        let _ = writeln!(
            out,
            "  reading {} = {}{doubt}: {}",
            reading.name, reading.choice, reading.title
        );
    }
    let causes = report.causes();
    if !causes.is_empty() {
        let consequences: usize = causes.iter().map(|(_, count)| count).sum();
        let named: Vec<String> = causes
            .iter()
            .map(|(id, count)| format!("{id} ({count})"))
            .collect();
        let _ = writeln!(
            out,
            "  {}, {}: {}",
            counted(causes.len(), "cause"),
            counted(consequences, "consequence"),
            named.join(", ")
        );
    }
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|verdict| (*verdict, report.count(*verdict)))
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| style.paint.verdict(verdict, &format!("{count} {verdict}")))
        .collect();
    let _ = writeln!(
        out,
        "  {} in {:.1} s: {}",
        counted(report.cases.len(), "case"),
        report.duration.as_secs_f64(),
        counts.join(", ")
    );
    let _ = writeln!(out, "{}", style.paint.strong(&sentence(report)));
}

/// What it comes to.
fn sentence(report: &Report) -> String {
    let followed: Vec<String> = report
        .readings
        .iter()
        .map(|reading| format!("{} = {}", reading.name, reading.choice))
        .collect();
    let with = if followed.is_empty() {
        String::new()
    } else {
        format!(", with {}", followed.join(", "))
    };
    let whole = report.cases.iter().all(|case| !case.prerequisite);
    let what = if whole { "" } else { " in what was asked for" };
    match report.exit_code() {
        0 => format!(
            "{} conforms to {}{what}{with}.",
            report.judged(),
            report.title
        ),
        1 => format!(
            "{} does not conform to {}: {} failed: {}.",
            report.judged(),
            report.title,
            counted(report.count(Verdict::Fail), "case"),
            failed(report).join(", ")
        ),
        _ => format!(
            "Nothing failed, but {} could not be judged on something that {} demands.",
            report.judged(),
            report.title
        ),
    }
}

/// The cases to look at, for whoever scrolled past them.
fn failed(report: &Report) -> Vec<&str> {
    let failed = |case: &&Outcome| case.verdict == Verdict::Fail;
    let cases = report.cases.iter().filter(failed);
    cases.map(|case| case.id.as_str()).collect()
}

fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
