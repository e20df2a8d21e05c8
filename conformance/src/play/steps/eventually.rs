//! Steps that are tried again until they succeed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::evidence::{Failure, FailureKind};
use crate::grammar::Value;
use crate::play::case::{Case, Meaning};
use crate::scenario::{Action, LaneId, Step, walk};

use super::progress::Progress;
use super::track::Track;

/// The number of tries that are left, and the try that is running.
#[derive(Debug)]
pub(crate) struct Eventually<'a> {
    tries_left: usize,
    steps: &'a [Step],
    opened_inside: BTreeSet<LaneId>,
    remembered: BTreeMap<String, Value>,
    state: State<'a>,
}

#[derive(Debug)]
enum State<'a> {
    Trying(Track<'a>),
    Pausing(Instant),
}

impl<'a> Eventually<'a> {
    pub(crate) fn new(tries: usize, steps: &'a [Step], case: &Case<'a>) -> Eventually<'a> {
        let mut opened_inside = BTreeSet::new();
        walk::every_step(steps, &mut |step| {
            if let Action::Open(lane) = step.action {
                opened_inside.insert(lane);
            }
        });
        Eventually {
            tries_left: tries.saturating_sub(1),
            steps,
            opened_inside,
            remembered: case.view.remembered.clone(),
            state: State::Trying(Track::new(steps)),
        }
    }

    pub(crate) fn poll(&mut self, case: &mut Case<'a>) -> Progress {
        loop {
            match &mut self.state {
                State::Trying(track) => match track.poll(case) {
                    Progress::Fails(failure) if self.may_try_again(&failure) => {
                        self.tries_left -= 1;
                        self.tidy_up(case, &failure);
                        self.state = State::Pausing(case.now + case.bounds.between_tries());
                    }
                    progress => return progress,
                },
                State::Pausing(until) if case.now < *until => return Progress::Waits(*until),
                State::Pausing(_) => self.state = State::Trying(Track::new(self.steps)),
            }
        }
    }

    fn may_try_again(&self, failure: &Failure) -> bool {
        self.tries_left > 0 && failure.kind != FailureKind::OwnFault
    }

    /// Cleans up after a try that failed: closes the lanes that the try opened, forgets the values that the try remembered,
    /// and skips the frame that did not fit. So the next try looks at another frame.
    fn tidy_up(&self, case: &mut Case<'_>, failure: &Failure) {
        for lane in &self.opened_inside {
            if let Some(conn) = case.open[*lane] {
                case.close_connection(conn);
            }
        }
        let unwanted = case
            .connections
            .iter()
            .find(|(_, conn)| !conn.left && failure.lane.as_ref() == Some(&conn.lane))
            .map(|(conn, _)| conn);
        if let (Some(conn), Some(length)) = (unwanted, failure.frame_length) {
            case.consume(conn, length, Meaning::PassedOver);
        }
        case.view.remembered = self.remembered.clone();
    }
}
