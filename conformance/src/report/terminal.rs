//! The report that people read in a terminal.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::diagnosis::{self, Diagnosis};
use crate::run::{Cause, Outcome, Report, Verdict};
use crate::spawn::Named;

use super::causes;
use super::explain::{Explainer, Extent};
use super::paint::Paint;
use super::shown::{shown, shown_case};
use super::words;
use crate::text;

/// How detailed the report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Only the cases that failed or could not be judged, and the summary.
    Quiet,
    /// A line per case, the causes of the failures, and an explanation of one failure of each cause.
    Usual,
    /// Like `Usual`, and also an explanation of each failure, the reasons why cases are inconclusive, and whole conversations.
    Verbose,
}

/// The style of a report.
#[derive(Debug, Clone)]
pub struct Style {
    /// How detailed the report is.
    pub detail: Detail,
    /// Whether the report has colours.
    pub paint: Paint,
    /// The command that repeats the run; with `--only ID` added, it repeats one case.
    pub rerun: String,
}

/// Returns the whole report: [`head`], a [`verdict`] for each case, and [`conclusion`]. During a run these parts are printed
/// one by one.
#[must_use]
pub fn render(report: &Report, style: &Style) -> String {
    let verdicts = report.cases.iter().map(|case| verdict(case, style));
    let head = head(report, style);
    head + &verdicts.collect::<String>() + &conclusion(report, style)
}

/// Returns the title of the report. The caller can print the title even before the report contains any case.
#[must_use]
pub fn head(report: &Report, style: &Style) -> String {
    let head = text::line(&format!("{} on {}", report.title, report.judged()));
    let gap = match style.detail > Detail::Quiet && report.unjudgeable.is_none() {
        true => "\n",
        false => "",
    };
    format!("{}\n{gap}", style.paint.strong(&head))
}

/// Returns the line about one case, with its notes below, or an empty text if the report does not show this case. A case
/// that was not judged because the run was interrupted appears only in a verbose report, because the user already knows the
/// reason.
#[must_use]
pub fn verdict(case: &Outcome, style: &Style) -> String {
    let is_shown = match style.detail {
        Detail::Quiet => !case.verdict.holds() && case.cause != Some(Cause::Interrupted),
        Detail::Usual => case.cause != Some(Cause::Interrupted),
        Detail::Verbose => true,
    };
    let mut out = String::new();
    if is_shown {
        line(&mut out, &shown_case(case, text::line), style);
    }
    out
}

/// Returns the part after the verdicts: the explanations of failures, and the summary.
#[must_use]
pub fn conclusion(report: &Report, style: &Style) -> String {
    let report = &shown(report, text::line);
    let style = &Style {
        rerun: text::line(&style.rerun),
        ..*style
    };
    let mut out = String::new();
    if report.unjudgeable.is_some() {
        let sentence = words::sentence(report);
        let is_told = |survivor: &Named| sentence.contains(&survivor.to_string());
        if !report.survivors.iter().all(is_told) {
            left_behind(&mut out, report, style);
        }
        return out + &sentence + "\n";
    }
    explanations(&mut out, report, style);
    summary(&mut out, report, style);
    out
}

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
    if let Some(reason) = &case.known {
        let text = match case.verdict {
            Verdict::Fail => format!("known: {reason}"),
            verdict if verdict.holds() => {
                format!("listed as a known deviation ({reason}), but it no longer occurs")
            }
            _ => format!("listed as a known deviation ({reason}), but it was not judged"),
        };
        let _ = writeln!(out, "               {}", style.paint.strong(&text));
    }
    for incident in &case.incidents {
        let text = format!("{}: {}", incident.kind.word(), incident.text);
        let _ = writeln!(out, "               {}", style.paint.wrong(&text));
    }
}

/// The number of lines into which the part after the verdicts fits, unless the report is verbose. As many failures are
/// explained in full as this number allows, at least one.
const LINES: usize = 150;

/// The number of lines for the summary, and for the headings and empty lines between the explanations.
const SUMMARY: usize = 14;

/// Maximum number of characters of the line about one failure.
const LINE: usize = 200;

/// Adds the causes, a full explanation of one failure of each cause, and a line about each other failure. A verbose report
/// explains each failure in full.
fn explanations(out: &mut String, report: &Report, style: &Style) {
    let diagnosis = diagnosis::of(report);
    let causes = causes::list(&diagnosis, style.paint);
    if !causes.is_empty() {
        let _ = write!(out, "\n{causes}");
    }
    let explainer = Explainer {
        report,
        diagnosis: &diagnosis,
        rerun: &style.rerun,
        extent: match style.detail {
            Detail::Verbose => Extent::Whole,
            _ => Extent::Short,
        },
        paint: style.paint,
    };
    let wanted = report.cases.iter().filter(|case| is_explained(case, style));
    let wanted: Vec<&Outcome> = wanted.collect();
    let mut left = LINES.saturating_sub(causes.lines().count() + wanted.len() + SUMMARY);
    let mut shown: Vec<&str> = Vec::new();
    for case in examples(&wanted, &diagnosis) {
        let Some(text) = explainer.explain(case) else {
            continue;
        };
        let lines = text.lines().count() + 1;
        if lines > left && !shown.is_empty() && style.detail != Detail::Verbose {
            break;
        }
        left = left.saturating_sub(lines);
        shown.push(&case.id);
        let _ = write!(out, "\n{text}");
    }
    let is_other = |case: &&&Outcome| !shown.contains(&case.id.as_str());
    let others: Vec<&&Outcome> = wanted.iter().filter(is_other).collect();
    if !others.is_empty() {
        let _ = writeln!(
            out,
            "\nother failures (--verbose explains each of them in full)"
        );
    }
    for case in others {
        let verdict = case.verdict.word().to_uppercase();
        let verdict = style.paint.verdict(case.verdict, &verdict);
        let _ = writeln!(out, "  {verdict} {}", in_one_line(case, &diagnosis));
    }
}

/// Returns whether the report explains this case.
fn is_explained(case: &Outcome, style: &Style) -> bool {
    let wanted = match case.verdict {
        Verdict::Fail if case.known.is_some() => style.detail == Detail::Verbose,
        Verdict::Fail | Verdict::Error | Verdict::NonStrict => true,
        // If another case is the cause of a failure, the report explains only that other case.
        _ => {
            style.detail == Detail::Verbose
                || case
                    .cause
                    .as_ref()
                    .is_some_and(|cause| cause.case().is_none())
        }
    };
    let has_something = case.failure.is_some() || case.recut.is_some();
    // Incidents are shown even for a case that passed.
    wanted && has_something || !case.incidents.is_empty()
}

/// Returns the cases in the order in which they are explained: the first one of each cause, then those without a cause, then
/// all others.
fn examples<'a>(wanted: &[&'a Outcome], diagnosis: &Diagnosis) -> Vec<&'a Outcome> {
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let rank = |case: &'a Outcome| match diagnosis.cause_of(&case.id) {
        Some((number, _)) if seen.insert(number) => (0, number),
        Some((number, _)) => (2, number),
        None => (1, 0),
    };
    let ranks: Vec<(usize, usize)> = wanted.iter().copied().map(rank).collect();
    let mut ranked: Vec<_> = ranks.into_iter().zip(wanted).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, case)| *case).collect()
}

/// Returns what was expected in a failed case and what arrived, with the number of the cause.
fn in_one_line(case: &Outcome, diagnosis: &Diagnosis) -> String {
    let cause = diagnosis.cause_of(&case.id);
    let cause = cause
        .map(|(number, _)| format!(" ({number})"))
        .unwrap_or_default();
    let short = words::in_short(case).unwrap_or_default();
    let line = format!("{}{cause}: {short}", case.id);
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// Adds the line about processes that the runner had to end, if there are any.
fn left_behind(out: &mut String, report: &Report, style: &Style) {
    if let Some(survivors) = words::survivors(report) {
        let survivors = format!("left behind: {survivors}");
        let _ = writeln!(out, "  {}", style.paint.wrong(&survivors));
    }
}

/// Adds the summary: the readings, the causes, the number of cases with each verdict, and the result in one sentence.
fn summary(out: &mut String, report: &Report, style: &Style) {
    let _ = writeln!(out);
    for reading in &report.readings {
        let doubt = if reading.proved {
            ""
        } else {
            " (not confirmed by a probe)"
        };
        let _ = writeln!(
            out,
            "  reading {} = {}{doubt}: {}",
            reading.name, reading.choice, reading.title
        );
    }
    if let Some(fingerprint) = &report.certificate {
        let _ = writeln!(out, "  certificate: SHA-256 fingerprint {fingerprint}");
    }
    if let Some(start_up) = words::start_up(report) {
        let _ = writeln!(out, "  start-up: {start_up}");
    }
    left_behind(out, report, style);
    if let Some(hidden) = words::hidden(report) {
        let _ = writeln!(out, "  {hidden}");
    }
    let counts: Vec<String> = words::counts(report)
        .into_iter()
        .map(|(verdict, count)| style.paint.verdict(verdict, &format!("{count} {verdict}")))
        .collect();
    let _ = writeln!(
        out,
        "  {} in {:.1} s: {}",
        words::counted(report.cases.len(), "case"),
        report.duration.as_secs_f64(),
        counts.join(", ")
    );
    let _ = writeln!(
        out,
        "  --seed {} repeats the names and payloads of this run",
        report.seed
    );
    let _ = writeln!(out, "{}", style.paint.strong(&words::sentence(report)));
}
