//! The death of a target that the runner did not start: which case probably caused it, and how this case fails.

use crate::evidence::{Failure, FailureKind};
use crate::judge::{Cause, Finding, Findings};

use super::contact::Met;

/// Returns the case that probably made the target die while several cases ran. Only a case in which the target still sent
/// something is named. A case that failed is preferred to a case that passed. Among several such cases, the case that
/// started last is named.
pub(crate) fn culprit(findings: &Findings) -> String {
    let culprit = findings
        .iter()
        .filter(|(_, finding)| finding.was_answered())
        .filter_map(|(id, finding)| Some((id, finding, finding.played()?)))
        .max_by_key(|(_, finding, played)| (finding.failed(), played.started))
        .map(|(id, ..)| id.clone());
    culprit.unwrap_or_else(|| "the first login of the run".to_owned())
}

/// Returns the finding of a case, changed to a failure because the target did not answer any login after this case.
pub(crate) fn failure(finding: Finding, met: &Met) -> Finding {
    let mut played = match finding {
        Finding::Played(played) => played,
        Finding::Undecided {
            cause: Cause::Stall,
            played: Some(played),
        } => played,
        undecided => return undecided,
    };
    let (kind, got) = match met {
        Met::Silence => (
            FailureKind::TargetHangs,
            "after this case the target accepts connections, but no longer answers a login",
        ),
        _ => (
            FailureKind::TargetDied,
            "after this case the target no longer answers a login",
        ),
    };
    played.failure = Some(Failure::of_target(kind, got, played.failure.take()));
    Finding::Played(played)
}
