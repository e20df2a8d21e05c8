//! The step `either`: it has several alternatives, and takes the first one that fits what arrived.
//!
//! Each alternative is tried on a copy of the case's view (what the steps have taken so far), so that it does not affect the
//! other alternatives. An alternative that only receives is tried from the start, at the same time as the other
//! alternatives. An alternative that sends, or that proves silence, is tried only when the alternatives before it can no
//! longer fit. A send cannot be undone: once an alternative has sent something, all other alternatives are dropped.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::evidence::{Failure, FailureKind};
use crate::play::case::{Case, ConnId, View};
use crate::scenario::{Branch, LaneId, Worth, walk};

use super::progress::Progress;
use super::track::Track;

/// The alternatives and the state of each.
#[derive(Debug)]
pub(crate) struct Either<'a> {
    attempts: Vec<Attempt<'a>>,
}

#[derive(Debug)]
struct Attempt<'a> {
    branch: &'a Branch,
    lanes: BTreeSet<LaneId>,
    only_watches: bool,
    state: State<'a>,
}

#[derive(Debug)]
enum State<'a> {
    Untried,
    Live(Box<View>, Track<'a>),
    Fits(Box<View>),
    CannotFit(Box<Failure>),
}

impl<'a> Either<'a> {
    pub(crate) fn new(branches: &'a [Branch]) -> Either<'a> {
        Either {
            attempts: branches
                .iter()
                .map(|branch| Attempt {
                    branch,
                    lanes: walk::lanes(&branch.steps),
                    only_watches: walk::only_watch(&branch.steps),
                    state: State::Untried,
                })
                .collect(),
        }
    }

    /// Takes the first alternative that fits, as soon as all alternatives before it have failed.
    pub(crate) fn poll(&mut self, case: &mut Case<'a>) -> Progress {
        let mut earliest: Option<Instant> = None;
        let mut index = 0;
        while let Some(attempt) = self.attempts.get_mut(index) {
            let is_first_left = earliest.is_none();
            if is_first_left || attempt.only_watches {
                let before = case.actions;
                if let Some(until) = attempt.poll(case) {
                    earliest = Some(earliest.map_or(until, |known| known.min(until)));
                }
                if !attempt.only_watches && case.actions > before {
                    // This alternative has sent something, so it is the only one that is left.
                    self.attempts.truncate(index + 1);
                    self.attempts.drain(..index);
                    index = 0;
                }
            }
            let Some(attempt) = self.attempts.get_mut(index) else {
                break;
            };
            if is_first_left && matches!(attempt.state, State::Fits(_)) {
                return attempt.adopt(case);
            }
            index += 1;
        }
        match earliest {
            Some(until) => Progress::Waits(until),
            None => self.none_fits().into(),
        }
    }

    fn none_fits(&mut self) -> Failure {
        let failures: Vec<(&str, &Failure)> = self
            .attempts
            .iter()
            .filter_map(|attempt| match &attempt.state {
                State::CannotFit(failure) => Some((attempt.branch.name.as_str(), &**failure)),
                _ => None,
            })
            .collect();
        let expected: Vec<String> = failures
            .iter()
            .map(|(name, failure)| format!("\"{name}\": {}", failure.expected))
            .collect();
        // Choose the failure that explains most: an unexpected frame explains more than a missing frame.
        let telling = failures
            .iter()
            .map(|(_, failure)| *failure)
            .find(|failure| !failure.by_time)
            .or_else(|| failures.first().map(|(_, failure)| *failure));
        let Some(telling) = telling else {
            return *Failure::own_fault("an `either` without cases");
        };
        let mut failure = telling.clone();
        if self.attempts.len() > 1 {
            failure.kind = match telling.kind {
                kept @ (FailureKind::OwnFault | FailureKind::Flood) => kept,
                _ => FailureKind::NoAlternative,
            };
            failure.expected = format!("one of {}", expected.join("; "));
            failure.by_time = failures.iter().any(|(_, failure)| failure.by_time);
            // If nothing arrived, not even the answer of a fence, the fence may be the cause.
            failure.lacks_fence =
                telling.by_time && failures.iter().any(|(_, failure)| failure.lacks_fence);
            // The report shows the whole `either` as the step that failed; its alternatives are in `expected`.
            failure.step = None;
            failure.proved_by = None;
        }
        failure
    }
}

impl<'a> Attempt<'a> {
    /// Continues this alternative. If the alternative waits, returns the instant at which it gives up.
    fn poll(&mut self, case: &mut Case<'a>) -> Option<Instant> {
        let (view, mut track) = match std::mem::replace(&mut self.state, State::Untried) {
            State::Untried => {
                let view = View {
                    notes: Vec::new(),
                    worth: None,
                    ..case.view.clone()
                };
                (Box::new(view), Track::new(&self.branch.steps))
            }
            State::Live(view, track) => (view, track),
            settled => {
                self.state = settled;
                return None;
            }
        };
        let outside = std::mem::replace(&mut case.view, *view);
        self.take_over_other_lanes(case, &outside);
        let progress = track.poll(case);
        let view = Box::new(std::mem::replace(&mut case.view, outside));
        case.complete_view();
        match progress {
            Progress::Done => {
                self.state = State::Fits(view);
                None
            }
            Progress::Waits(until) => {
                self.state = State::Live(view, track);
                Some(until)
            }
            Progress::Fails(failure) => {
                case.gave_up |= failure.by_time;
                self.state = State::CannotFit(failure);
                None
            }
        }
    }

    /// Copies into this alternative the current state of the lanes that the alternative does not use. In a `together`, those
    /// lanes continue while the alternatives are tried.
    fn take_over_other_lanes(&self, case: &mut Case<'_>, outside: &View) {
        case.complete_view();
        let own: BTreeSet<ConnId> = self
            .lanes
            .iter()
            .filter_map(|lane| case.open[*lane])
            .collect();
        for (conn, front) in outside.fronts.iter() {
            if !own.contains(&conn) {
                case.view.fronts[conn] = front.clone();
            }
        }
        for (name, value) in &outside.remembered {
            let known = &mut case.view.remembered;
            known.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    fn adopt(&mut self, case: &mut Case<'a>) -> Progress {
        let State::Fits(mut view) = std::mem::replace(&mut self.state, State::Untried) else {
            return Failure::own_fault("an alternative that does not fit was taken").into();
        };
        let outside = std::mem::take(&mut case.view);
        std::mem::swap(&mut case.view, &mut view);
        self.take_over_other_lanes(case, &outside);
        let inside = std::mem::replace(&mut case.view.notes, outside.notes);
        let inside_worth = std::mem::replace(&mut case.view.worth, outside.worth);
        if self.branch.worth != Worth::Pass {
            case.view
                .remark(self.branch.worth, self.branch.name.clone());
        }
        case.view.notes.extend(inside);
        case.view.worth = case.view.worth.max(inside_worth);
        Progress::Done
    }
}
