//! The finding of each case: the result of the case, before the court turns it into a verdict.

use std::collections::BTreeMap;

use crate::evidence::{Direction, Played, Stray};
use crate::scenario::Worth;

use super::outcome::Cause;

/// The result of one case, before it is judged.
#[derive(Debug, Clone)]
pub(crate) enum Finding {
    /// The case was played, and the result counts.
    Played(Played),
    /// The case was not played, or its result does not count.
    Undecided {
        /// Why the case is undecided.
        cause: Cause,
        /// The record of the play, if the case was played at least in part.
        played: Option<Played>,
    },
}

impl Finding {
    /// Returns the finding of a case that was not played.
    pub(crate) fn not_played(cause: Cause) -> Finding {
        Finding::Undecided {
            cause,
            played: None,
        }
    }

    /// Returns the finding of a case that was played, but whose result does not count.
    pub(crate) fn does_not_count(played: Played, cause: Cause) -> Finding {
        Finding::Undecided {
            cause,
            played: Some(played),
        }
    }

    /// Returns the record of the play; `None` if the case was not played.
    pub(crate) fn played(&self) -> Option<&Played> {
        match self {
            Finding::Played(played) => Some(played),
            Finding::Undecided { played, .. } => played.as_ref(),
        }
    }

    /// Returns whether the case failed in a play whose result counts.
    pub(crate) fn failed(&self) -> bool {
        match self {
            Finding::Played(played) => played.failure.is_some(),
            _ => false,
        }
    }

    /// Returns whether the case failed because a time limit passed.
    pub(crate) fn failed_by_time(&self) -> bool {
        match self {
            Finding::Played(played) => played.failure.as_ref().is_some_and(|it| it.by_time),
            Finding::Undecided { .. } => false,
        }
    }

    /// Returns whether the case stopped waiting for an answer before the usual time limit.
    pub(crate) fn gave_up_early(&self) -> bool {
        match self {
            Finding::Played(played) => played.gave_up_early,
            Finding::Undecided { .. } => false,
        }
    }

    /// Returns whether the case failed, or the target did something that the document allows but does not prefer.
    pub(crate) fn is_below_note(&self) -> bool {
        let is_non_strict = |played: &Played| played.worth == Worth::NonStrict;
        self.failed() || self.played().is_some_and(is_non_strict)
    }

    /// Returns whether the target sent anything during the case. An accepted connection alone does not prove that the target
    /// was alive, because the operating system accepts connections even while the process is ending.
    pub(crate) fn was_answered(&self) -> bool {
        let mut events = self
            .played()
            .into_iter()
            .flat_map(|played| &played.conversation);
        events.any(|event| event.direction == Direction::Sees)
    }

    /// Returns how bad the result is: 0 if the target did what the document wants, 1 if the document prefers something else,
    /// 2 if the case failed. Returns `None` if the case was not played, or if its result does not count.
    pub(crate) fn grade(&self) -> Option<u8> {
        let Finding::Played(played) = self else {
            return None;
        };
        Some(match (&played.failure, played.worth) {
            (Some(_), _) => 2,
            (None, Worth::NonStrict) => 1,
            (None, _) => 0,
        })
    }

    /// Returns whether the case failed because a frame arrived that belongs to the conversation of another case.
    pub(crate) fn met_another_case(&self) -> bool {
        self.played()
            .and_then(|played| played.failure.as_ref())
            .is_some_and(|failure| failure.stray == Some(Stray::OtherCase))
    }
}

/// The findings of all cases, by id.
pub(crate) type Findings = BTreeMap<String, Finding>;
