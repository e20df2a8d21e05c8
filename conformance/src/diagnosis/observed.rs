//! What a run has shown about a target, as the diagnosis sees it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::run::{Cause, FailureKind, IncidentKind, Outcome, Report, Verdict};

use super::{crash, fact, shape};

/// The results of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The cases with the verdict fail or non-strict, and what their failures show.
    pub failed: BTreeMap<String, Symptom>,
    /// The cases that were judged and did not fail.
    #[serde(default)]
    pub held: BTreeSet<String>,
    /// The cases that could not be judged. The value is the other case that prevented the judgement, if there is one.
    pub unjudged: BTreeMap<String, Option<String>>,
}

/// What a failure shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symptom {
    /// The kind of failure; `None` if every step was fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FailureKind>,
    /// What the failed step expected and what arrived, in a few words that are the same in each run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shape: String,
    /// The likely cause that the bytes show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What happened to the process of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentKind>,
    /// If the process ended: the signature of the crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash: Option<String>,
}

impl Observed {
    /// Returns the results of a run.
    #[must_use]
    pub fn of(report: &Report) -> Observed {
        let mut observed = Observed::default();
        for case in &report.cases {
            let id = case.id.clone();
            match case.verdict {
                Verdict::Fail | Verdict::NonStrict => {
                    observed.failed.insert(id, Symptom::of(case));
                }
                Verdict::Pass | Verdict::Note => {
                    observed.held.insert(id);
                }
                Verdict::Inconclusive => {
                    let other = case.cause.as_ref().and_then(Cause::case);
                    observed.unjudged.insert(id, other.map(str::to_owned));
                }
                Verdict::Unsupported | Verdict::Error => {}
            }
        }
        observed
    }
}

impl Symptom {
    fn of(case: &Outcome) -> Symptom {
        let crash = case
            .incidents
            .iter()
            .find(|it| it.kind == IncidentKind::Crash);
        let output = case.output.as_deref().unwrap_or_default();
        let failure = case.failure.as_ref();
        Symptom {
            kind: failure.map(|failure| failure.kind),
            shape: failure.map(shape::of).unwrap_or_default(),
            hint: failure.and_then(|failure| failure.hint.clone()),
            incident: crash.or(case.incidents.first()).map(|it| it.kind),
            crash: crash.map(|crash| crash::signature(output, &crash.text)),
        }
    }

    /// Returns the hint, if the bytes prove it.
    #[must_use]
    pub fn fact(&self) -> Option<&str> {
        let hint = self.hint.as_deref();
        hint.filter(|hint| fact::is_proved(hint))
    }

    /// Returns whether the failure shows only that something was missing: an answer, or the target itself. Many mistakes
    /// have this effect, so such a failure proves none of them.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        match self.kind {
            None => self.incident.is_some(),
            Some(kind) => matches!(
                kind,
                FailureKind::Timeout
                    | FailureKind::NoConnection
                    | FailureKind::NoFence
                    | FailureKind::TooLong
                    | FailureKind::TargetDied
                    | FailureKind::TargetHangs
            ),
        }
    }

    /// Returns whether the failure is about the packets and connections of the protocol. It is not if the target no longer
    /// served clients, or if only an incident made the case fail.
    #[must_use]
    pub fn is_about_the_protocol(&self) -> bool {
        match self.kind {
            None => self.incident.is_none(),
            Some(FailureKind::TargetDied | FailureKind::TargetHangs) => false,
            Some(_) => self.crash.is_none(),
        }
    }
}
