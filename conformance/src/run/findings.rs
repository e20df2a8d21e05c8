//! What came of each case, before it is judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::Worth;

use super::failure::{Failure, FailureKind};
use super::interpreter::Played;

/// What came of one case.
#[derive(Debug, Clone)]
pub(super) enum Finding {
    /// It was played, and this counts.
    Played(Played),
    /// It failed while this machine stalled, twice.
    Stalled(Played),
    /// It failed beside others, but alone it passes, and beside others it failed only now and then.
    OnlyInCompany {
        played: Played,
        failed: usize,
        of: usize,
    },
    /// It was not played, because settings are missing.
    Unsupported(Vec<String>),
    /// It was not played, or could not connect, because the target died of that case.
    TargetDied(String),
}

impl Finding {
    /// The case as it was played, if it was.
    pub(super) fn played(&self) -> Option<&Played> {
        match self {
            Finding::Played(played)
            | Finding::Stalled(played)
            | Finding::OnlyInCompany { played, .. } => Some(played),
            Finding::Unsupported(_) | Finding::TargetDied(_) => None,
        }
    }

    /// Whether it was played and failed by the target's doing.
    pub(super) fn failed(&self) -> bool {
        match self {
            Finding::Played(played) => played.failure.is_some(),
            _ => false,
        }
    }

    /// Whether it failed, or came to an end that the document would rather not have.
    pub(super) fn is_below_note(&self) -> bool {
        let is_non_strict = |played: &Played| played.worth == Worth::NonStrict;
        self.failed() || self.played().is_some_and(is_non_strict)
    }

    /// Whether it failed because nobody took its connection.
    pub(super) fn met_nobody(&self) -> bool {
        self.played()
            .and_then(|played| played.failure.as_ref())
            .is_some_and(|failure| failure.kind == FailureKind::NoConnection)
    }

    /// Whether the step that failed belongs to a fragment that another case judges; that case.
    pub(super) fn prover(&self) -> Option<&str> {
        self.played()?.failure.as_ref()?.proved_by.as_deref()
    }
}

/// What came of all cases.
#[derive(Debug, Default)]
pub(super) struct Findings {
    by_id: BTreeMap<String, Finding>,
    /// The cases that judge fragments which others use.
    proving: BTreeSet<String>,
}

impl Findings {
    pub(super) fn new<'a>(proving: impl IntoIterator<Item = &'a str>) -> Findings {
        Findings {
            by_id: BTreeMap::new(),
            proving: proving.into_iter().map(str::to_owned).collect(),
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Finding> {
        self.by_id.get(id)
    }

    pub(super) fn insert(&mut self, id: &str, finding: Finding) {
        self.by_id.insert(id.to_owned(), finding);
    }

    /// A proof of silence that did not come back says nothing where another case shows that the target does not relay
    /// the packet on which the proof rests. That case, and rather one on which others rest anyway.
    pub(super) fn case_of_broken_fence(&self, id: &str, failure: &Failure) -> Option<&str> {
        if failure.kind != FailureKind::NoFence {
            return None;
        }
        let shows_it = |finding: &Finding| {
            finding
                .played()
                .and_then(|played| played.failure.as_ref())
                .is_some_and(|other| {
                    other.waited_for.is_some()
                        && other.waited_for == failure.waited_for
                        && other.kind != FailureKind::NoFence
                        && other.proved_by.is_none()
                })
        };
        self.by_id
            .iter()
            .filter(|(other, finding)| *other != id && shows_it(finding))
            .max_by_key(|(other, _)| self.proving.contains(*other))
            .map(|(other, _)| other.as_str())
    }
}
