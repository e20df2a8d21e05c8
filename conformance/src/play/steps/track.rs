//! A list of steps that can be polled.
//!
//! Polling a step does not block, except while a lane connects. The interpreter polls a step until it is done or has failed;
//! between two rounds of polling it sleeps until a lane rings the bell. So `together` and `either` need no threads: their
//! parts are polled one after the other.

use std::time::Instant;

use crate::evidence::Failure;
use crate::play::case::Case;
use crate::scenario::{Action, Bound, Incoming, Step};

use super::any_order::AnyOrder;
use super::either::Either;
use super::eventually::Eventually;
use super::progress::Progress;
use super::silence::{Silence, Wait};
use super::together::Together;
use super::{act, expect};

/// A list of steps and its progress.
#[derive(Debug)]
pub(crate) struct Track<'a> {
    steps: &'a [Step],
    next: usize,
    running: Option<Running<'a>>,
    /// When the running step began.
    began: Instant,
}

/// A step that has started.
#[derive(Debug)]
enum Running<'a> {
    /// An action of a lane.
    Act(act::Act),
    Expect(Instant),
    /// A pause that ends at this instant.
    Pause(Instant),
    AnyOrder(AnyOrder<'a>),
    Silence(Box<Silence>),
    Together(Together<'a>),
    Either(Either<'a>),
    Eventually(Box<Eventually<'a>>),
    When(Box<Track<'a>>),
}

impl<'a> Track<'a> {
    pub(crate) fn new(steps: &'a [Step]) -> Track<'a> {
        Track {
            steps,
            next: 0,
            running: None,
            began: Instant::now(),
        }
    }

    /// Carries out steps until one of them must wait or has failed.
    pub(crate) fn poll(&mut self, case: &mut Case<'a>) -> Progress {
        while let Some(step) = self.steps.get(self.next) {
            if self.running.is_none() {
                self.began = case.now;
            }
            let running = self
                .running
                .get_or_insert_with(|| Running::begin(step, case));
            match running.poll(step, case) {
                Progress::Done => {
                    if awaits_an_answer(&step.action) {
                        let answered = case.now.saturating_duration_since(self.began);
                        case.shared.pace.answered(answered);
                    }
                    self.running = None;
                    self.next += 1;
                }
                Progress::Waits(until) => return Progress::Waits(until),
                Progress::Fails(failure) => return (*failure).at(step).into(),
            }
        }
        Progress::Done
    }
}

/// Returns whether the step waits for an answer, and has no time limit of its own.
fn awaits_an_answer(action: &Action) -> bool {
    match action {
        Action::Expect { what, within, .. } => {
            within.is_none() && !matches!(what, Incoming::Silence { .. })
        }
        Action::AnyOrder { within, .. } => within.is_none(),
        _ => false,
    }
}

impl<'a> Running<'a> {
    fn begin(step: &'a Step, case: &Case<'a>) -> Running<'a> {
        let bounds = case.bounds;
        let wait = |within: &Option<Bound>| match within {
            Some(Bound::Fixed(within)) => bounds.given(*within),
            // A setting has a time limit of the target, which does not depend on how fast the target answers.
            Some(setting) => bounds.wait(Some(case.duration(setting))),
            None => bounds.wait(None),
        };
        match &step.action {
            Action::Expect {
                what: Incoming::Silence { after },
                lane,
                within,
                ..
            } => {
                let within = within.as_ref().map(|bound| match bound {
                    Bound::Fixed(duration) => Wait::Scaled(*duration),
                    Bound::Setting(_) => Wait::Exactly(case.duration(bound)),
                });
                Running::Silence(Box::new(Silence::new(*lane, *after, within)))
            }
            Action::Pause { length, .. } => {
                Running::Pause(case.now + bounds.wait(Some(case.duration(length))))
            }
            Action::Expect { within, .. } => Running::Expect(case.now + wait(within)),
            Action::AnyOrder { frames, within, .. } => {
                Running::AnyOrder(AnyOrder::new(frames, case.now + wait(within)))
            }
            Action::Together(tracks) => Running::Together(Together::new(tracks)),
            Action::Either(branches) => Running::Either(Either::new(branches)),
            Action::Eventually { tries, steps } => {
                Running::Eventually(Box::new(Eventually::new(*tries, steps, case)))
            }
            Action::When {
                reading,
                choice,
                steps,
            } => {
                let taken = case.choices.get(reading) == Some(choice);
                Running::When(Box::new(Track::new(if taken { steps } else { &[] })))
            }
            _ => Running::Act(act::Act::new(case.now + bounds.wait(None))),
        }
    }

    fn poll(&mut self, step: &'a Step, case: &mut Case<'a>) -> Progress {
        match (self, &step.action) {
            (
                Running::Expect(until),
                Action::Expect {
                    lane,
                    what,
                    not_before,
                    ..
                },
            ) => {
                let not_before = not_before.as_ref().map(|bound| case.duration(bound));
                expect::poll(case, *lane, what, *until, not_before)
            }
            (Running::AnyOrder(frames), Action::AnyOrder { lane, .. }) => frames.poll(case, *lane),
            (Running::Silence(silence), _) => silence.poll(case),
            (Running::Together(tracks), _) => tracks.poll(case),
            (Running::Either(branches), _) => branches.poll(case),
            (Running::Eventually(tries), _) => tries.poll(case),
            (Running::When(track), _) => track.poll(case),
            (Running::Pause(until), _) => {
                // If the runner still holds back bytes of earlier steps, it must send them before the pause begins.
                case.flush_held();
                match case.now < *until {
                    true => Progress::Waits(*until),
                    false => Progress::Done,
                }
            }
            (Running::Act(act), action) => act.poll(case, action),
            (Running::Expect(_) | Running::AnyOrder(_), _) => {
                Failure::own_fault("a step that changed while it ran").into()
            }
        }
    }
}
