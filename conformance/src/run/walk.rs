//! Questions about steps and everything inside them.

use std::collections::BTreeSet;

use crate::scenario::{Action, Incoming, LaneId, Step};

/// Calls `visit` with each step, outer ones first.
pub(super) fn every_step<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        match &step.action {
            Action::Together(tracks) => tracks.iter().for_each(|steps| every_step(steps, visit)),
            Action::Either(branches) => branches
                .iter()
                .for_each(|branch| every_step(&branch.steps, visit)),
            Action::Eventually { steps, .. } | Action::When { steps, .. } => {
                every_step(steps, visit);
            }
            _ => {}
        }
    }
}

/// Whether the steps only watch: they send nothing, also no fence, and wait for nothing but what comes.
pub(super) fn only_watch(steps: &[Step]) -> bool {
    let mut watch = true;
    every_step(steps, &mut |step| {
        watch &= match &step.action {
            Action::Expect { what, .. } => !matches!(what, Incoming::Silence { .. }),
            Action::AnyOrder { .. }
            | Action::Together(_)
            | Action::Either(_)
            | Action::When { .. }
            | Action::Sign { .. }
            | Action::Distinct(_) => true,
            _ => false,
        };
    });
    watch
}

/// The lanes on which the steps do or see something.
pub(super) fn lanes(steps: &[Step]) -> BTreeSet<LaneId> {
    let mut lanes = BTreeSet::new();
    every_step(steps, &mut |step| match &step.action {
        Action::Expect {
            lane,
            what: Incoming::Silence { after: Some(after) },
            ..
        } => lanes.extend([*lane, *after]),
        Action::Open(lane)
        | Action::Send { lane, .. }
        | Action::Shutdown(lane)
        | Action::Close(lane)
        | Action::Abort(lane)
        | Action::Truncate(lane)
        | Action::Sign { lane, .. }
        | Action::StopReading(lane)
        | Action::ReadAgain(lane)
        | Action::Expect { lane, .. }
        | Action::AnyOrder { lane, .. } => {
            lanes.insert(*lane);
        }
        Action::Together(_)
        | Action::Either(_)
        | Action::Eventually { .. }
        | Action::When { .. }
        | Action::Distinct(_) => {}
    });
    lanes
}
