//! The diagnosis: what to repair, from the failed cases of a run.
//!
//! A server with a few mistakes fails many cases. The diagnosis finds the few mistakes that cause these failures. It uses
//! three kinds of evidence: the bytes of failures that prove a fact, what happened to the process of the target, and the
//! [`Atlas`]. The laboratory has servers with known faults, and the atlas of a protocol records which cases fail because of
//! each fault.
//!
//! | file | what |
//! |---|---|
//! | `observed` | what a run has shown, as the diagnosis sees it |
//! | `atlas` | the known faults, and the cases that fail because of each |
//! | `cover`, `weigh` | choose the known faults that together explain the failures best |
//! | `own` | the causes that the failures themselves show |
//! | `fact`, `crash`, `shape` | what the bytes prove; the signature of a crash; the shape of a failure |
//! | `diagnose`, `cause` | the list of causes |
//! | `measure` | how often the diagnosis is right |

mod atlas;
mod cause;
mod cover;
mod crash;
mod diagnose;
mod fact;
mod measure;
mod observed;
mod own;
mod shape;
mod weigh;

pub use atlas::{Atlas, KnownFault};
pub use cause::{Diagnosis, Evidence, RootCause, Suspect};
pub use diagnose::diagnose;
pub use measure::{Accuracy, Play, judge_plays, measure};
pub use observed::{Observed, Symptom};

use crate::run::Report;

/// Returns the causes of the failures of a run. If the protocol has no atlas, only the bytes and the process are evidence.
#[must_use]
pub fn of(report: &Report) -> Diagnosis {
    let atlas = Atlas::of(&report.protocol).unwrap_or_default();
    let mut diagnosis = diagnose(&atlas, &Observed::of(report));
    for cause in &mut diagnosis.causes {
        let case = cause.explains.first().and_then(|id| report.case(id));
        if let Some(case) = case.filter(|_| cause.evidence == Evidence::Case) {
            cause.does = format!("fails {} ({})", case.id, case.title);
        }
        // Of a case on which others depend, the first requirement says what the server cannot do. A crash violates no
        // requirement in particular.
        let cases = match cause.evidence {
            Evidence::Case => cause.explains.get(..1).unwrap_or_default(),
            Evidence::Bytes => &cause.explains,
            Evidence::Pattern | Evidence::Crash | Evidence::Process => &[],
        };
        if cause.breaks.is_none() {
            cause.breaks = most_cited(report, cases);
        }
    }
    diagnosis
}

/// Returns the requirement that most of these cases judge; of several, the one that is named first.
fn most_cited(report: &Report, cases: &[String]) -> Option<String> {
    let cases = cases.iter().filter_map(|id| report.case(id));
    let cited: Vec<&String> = cases.flat_map(|case| &case.requirements).collect();
    let count = |wanted: &String| cited.iter().filter(|id| **id == wanted).count();
    // `max_by_key` returns the last of several, so the list is searched from its end.
    let most = cited.iter().rev().max_by_key(|id| count(id));
    most.map(|id| (*id).clone())
}
