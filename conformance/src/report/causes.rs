//! The causes of the failures, in words.

use std::fmt::Write;

use crate::diagnosis::{Diagnosis, Evidence, RootCause};

use super::paint::Paint;
use super::words::counted;

/// Maximum number of cases that the line about a cause names.
const CASES: usize = 4;

/// Maximum number of alternatives that are named for one cause.
const ALTERNATIVES: usize = 3;

/// Returns a text such as `2 things to repair explain 7 of 9 failures and 24 cases that could not be judged`. Returns `None`
/// if there is no cause.
pub(super) fn headline(diagnosis: &Diagnosis) -> Option<String> {
    let number = diagnosis.causes.len();
    let explained = diagnosis.failures - diagnosis.unexplained.len();
    let verb = if number == 1 { "explains" } else { "explain" };
    let failures = match (explained, diagnosis.failures) {
        (1, 1) => "the only failure".to_owned(),
        (explained, all) if explained == all => format!("all {all} failures"),
        (explained, all) => format!("{explained} of {}", counted(all, "failure")),
    };
    let hidden = match diagnosis.hidden() {
        0 => String::new(),
        hidden => format!(" and {} that could not be judged", counted(hidden, "case")),
    };
    (number > 0).then(|| {
        let things = match number {
            1 => "1 thing to repair".to_owned(),
            number => format!("{number} things to repair"),
        };
        format!("{things} {verb} {failures}{hidden}")
    })
}

/// Returns the numbered list of the causes, and the failures that no cause explains.
pub(super) fn list(diagnosis: &Diagnosis, paint: Paint) -> String {
    let mut out = String::new();
    let Some(headline) = headline(diagnosis) else {
        return out;
    };
    let _ = writeln!(out, "{}", paint.strong(&format!("{headline}:")));
    for (number, cause) in (1..).zip(&diagnosis.causes) {
        let _ = writeln!(out, "{number:>3}. {}", paint.strong(&sentence(cause)));
        for other in alternatives(cause) {
            let _ = writeln!(out, "     {other}");
        }
        let _ = writeln!(out, "     {}", facts(cause));
    }
    if !diagnosis.unexplained.is_empty() {
        let _ = writeln!(out, "Not explained: {}", diagnosis.unexplained.join(", "));
    }
    out
}

/// Returns the cause as a whole sentence without a full stop.
pub(super) fn sentence(cause: &RootCause) -> String {
    format!("The server {}", cause.does)
}

/// Returns the other mistakes that this run cannot distinguish from the cause, in words.
pub(super) fn alternatives(cause: &RootCause) -> Vec<String> {
    let shown = cause.or.iter().take(ALTERNATIVES);
    let mut told: Vec<String> = shown
        .map(|suspect| format!("or it {} ({})", suspect.does, suspect.breaks))
        .collect();
    let more = cause.or.len().saturating_sub(ALTERNATIVES);
    if more > 0 {
        told.push(format!(
            "or it has {} with the same effect",
            counted(more, "other fault")
        ));
    }
    told
}

/// Returns the requirement, the cases and the evidence of a cause in one line.
pub(super) fn facts(cause: &RootCause) -> String {
    let mut parts: Vec<String> = cause.breaks.iter().cloned().collect();
    let noun = match cause.evidence {
        Evidence::Crash => "crash",
        _ => "failure",
    };
    let count = match (cause.explains.len(), noun) {
        (1, noun) => format!("1 {noun}"),
        (number, "crash") => format!("{number} crashes"),
        (number, noun) => counted(number, noun),
    };
    parts.push(format!("{count}: {}", some(&cause.explains)));
    match cause.hides.len() {
        0 => {}
        hidden => parts.push(format!("{} not judged", counted(hidden, "case"))),
    }
    match cause.contradicted_by.as_slice() {
        [] => {}
        ids => parts.push(format!("but it should also fail {}", some(ids))),
    }
    parts.join("; ")
}

/// Returns the cause of a failed case, as a text for the explanation of this case. Returns `None` if the diagnosis knows no
/// cause.
pub(super) fn of_case(diagnosis: &Diagnosis, case: &str) -> Option<String> {
    let (number, cause) = diagnosis.cause_of(case)?;
    let breaks = cause.breaks.as_deref();
    let breaks = breaks.map(|id| format!(" ({id})")).unwrap_or_default();
    Some(format!("{number}. {}{breaks}", cause.in_words()))
}

fn some(ids: &[String]) -> String {
    let shown: Vec<&str> = ids.iter().take(CASES).map(String::as_str).collect();
    let more = match ids.len().saturating_sub(CASES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}
