//! The words that all reports share.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::run::{Cause, Outcome, Report, Verdict};
use crate::spawn::in_list;

/// Maximum number of reasons in the sentence about MUSTs that were not judged.
const REASONS: usize = 3;

/// Returns the result of a run in one sentence, without the ids of the cases that failed.
pub(super) fn headline(report: &Report) -> String {
    match report.exit_code() {
        1 if !failed(report).is_empty() => format!(
            "The server does not conform to {}: {} failed.",
            report.title,
            counted(failed(report).len(), "case")
        ),
        _ => sentence(report),
    }
}

/// Returns a sign for each verdict, for readers who cannot distinguish the colours.
pub(super) fn glyph(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Note => "•",
        Verdict::NonStrict => "~",
        Verdict::Unsupported => "–",
        Verdict::Inconclusive => "?",
        Verdict::Fail => "✗",
        Verdict::Error => "!",
    }
}

/// Returns the result of a run in one sentence, with the ids of the cases that failed.
pub(super) fn sentence(report: &Report) -> String {
    if report.interrupted.is_some() && report.unjudgeable.is_none() {
        return interrupted(report);
    }
    if let Some(why) = &report.unjudgeable {
        return format!("The server cannot be judged: {why}.");
    }
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
    let what = match report.is_partial {
        true => " in the selected cases",
        false => "",
    };
    match report.exit_code() {
        0 => format!(
            "{} conforms to {}{what}{with}{}.",
            report.judged(),
            report.title,
            but_for(report)
        ),
        1 if failed(report).is_empty() => format!(
            "No case failed apart from known deviations, but the file of --known also lists deviations that no longer occur: {}; remove them from the file.",
            report.stale().join(", ")
        ),
        1 => format!(
            "{} does not conform to {}: {} failed: {}.",
            report.judged(),
            report.title,
            counted(failed(report).len(), "case"),
            failed(report).join(", ")
        ),
        _ => {
            let number = report.musts_not_judged();
            let were = if number == 1 { "was" } else { "were" };
            format!(
                "No case failed, but {} of {} {were} not judged{what}: {}.",
                counted(number, "MUST"),
                report.title,
                missing(report)
            )
        }
    }
}

/// Returns the reasons why MUSTs were not judged. The most frequent reason comes first.
fn missing(report: &Report) -> String {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for case in report.open() {
        let cause = case.cause.as_ref().map(ToString::to_string);
        let why = cause.unwrap_or_else(|| "because the suite has a mistake".to_owned());
        *reasons.entry(why).or_default() += 1;
    }
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let others = reasons.len().saturating_sub(REASONS);
    let mut told: Vec<String> = reasons
        .into_iter()
        .take(REASONS)
        .map(|(why, count)| format!("{}, {why}", counted(count, "case")))
        .collect();
    if others > 0 {
        told.push(counted(others, "other reason"));
    }
    told.join("; ")
}

/// Returns the sentence about a run that was interrupted.
fn interrupted(report: &Report) -> String {
    let open = |case: &&Outcome| case.cause == Some(Cause::Interrupted);
    let judged = report.cases.len() - report.cases.iter().filter(open).count();
    let failed = match failed(report).as_slice() {
        [] => "none of them failed".to_owned(),
        ids => format!("{} failed: {}", ids.len(), ids.join(", ")),
    };
    format!(
        "The run was interrupted: {judged} of {} were judged; {failed}.",
        counted(report.cases.len(), "case")
    )
}

/// Returns the part of the sentence that names the cases that do not count, such as `, except for 2 known deviations and 1
/// case that the profile excludes`. Returns an empty text if everything counts.
fn but_for(report: &Report) -> String {
    let number = |is: &dyn Fn(&&Outcome) -> bool| report.cases.iter().filter(is).count();
    let excused = number(&|case| case.excuse().is_some());
    let declared = number(&|case| matches!(case.cause, Some(Cause::Declared(_))));
    let mut parts = Vec::new();
    if excused > 0 {
        parts.push(counted(excused, "known deviation"));
    }
    if declared > 0 {
        parts.push(format!(
            "{} that the profile excludes",
            counted(declared, "case")
        ));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!(", except for {}", parts.join(" and ")),
    }
}

/// Returns the ids of the cases that failed, without the known deviations.
pub(super) fn failed(report: &Report) -> Vec<&str> {
    let failed = |case: &&Outcome| case.verdict == Verdict::Fail && case.known.is_none();
    let cases = report.cases.iter().filter(failed);
    cases.map(|case| case.id.as_str()).collect()
}

/// Returns a text such as `14 cases could not be judged because of other cases: login (13), whisper (1)`. Returns `None` if
/// there is no such case.
pub(super) fn hidden(report: &Report) -> Option<String> {
    let causes = report.causes();
    if causes.is_empty() {
        return None;
    }
    let hidden: usize = causes.iter().map(|(_, count)| count).sum();
    let named: Vec<String> = causes
        .iter()
        .map(|(id, count)| format!("{id} ({count})"))
        .collect();
    Some(format!(
        "{} could not be judged because of other cases: {}",
        counted(hidden, "case"),
        named.join(", ")
    ))
}

/// Returns how long the target took to start, if the runner started it.
pub(super) fn start_up(report: &Report) -> Option<String> {
    let seconds = report.start_up?.as_secs_f64();
    Some(format!(
        "the first answer came {seconds:.1} s after the start"
    ))
}

/// Names the processes that the target had left behind. Returns `None` if there are none.
pub(super) fn survivors(report: &Report) -> Option<String> {
    (!report.survivors.is_empty()).then(|| {
        format!(
            "the server had started {}, which the runner ended",
            in_list(&report.survivors)
        )
    })
}

/// Returns each verdict that at least one case has, with the number of these cases. The best verdict comes first.
pub(super) fn counts(report: &Report) -> Vec<(Verdict, usize)> {
    Verdict::ALL
        .iter()
        .map(|verdict| (*verdict, report.count(*verdict)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Describes one case in a few words: what was expected and what arrived, or why the case was not judged.
pub(super) fn in_short(case: &Outcome) -> Option<String> {
    if let Some(cause) = &case.cause {
        return Some(format!("{}, {cause}", case.verdict));
    }
    let Some(failure) = &case.failure else {
        let incidents = case.incidents.iter();
        let told: Vec<String> = incidents
            .map(|incident| format!("{}: {}", incident.kind.word(), incident.text))
            .collect();
        return (!told.is_empty()).then(|| told.join("; "));
    };
    let on = failure
        .lane
        .as_ref()
        .map(|lane| format!("on {lane} "))
        .unwrap_or_default();
    Some(format!(
        "{on}expected {}; got {}",
        failure.expected, failure.got
    ))
}

/// Returns a number with a noun, such as `1 case` or `2 cases`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Returns a time as a text such as `2026-11-21T14:32:29Z`.
pub(super) fn moment(at: SystemTime) -> String {
    DateTime::<Utc>::from(at).to_rfc3339_opts(SecondsFormat::Secs, true)
}
