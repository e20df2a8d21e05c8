//! How fast the target answers, and how long the runner therefore waits for an answer that does not come.
//!
//! A server that answers within milliseconds does not need two seconds to show that it does not answer. So the first play of
//! a case is hurried: it waits only for a multiple of the time that the target has needed so far. If a hurried play gives up
//! on an answer, the case is played again with patience, and only the second play counts. If the patient plays never show
//! another result than the hurried ones, the runner becomes less patient, too.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

/// The number of recent answers that the runner remembers. A single slow answer is forgotten after some time.
const REMEMBERED: usize = 256;

/// The minimum number of answers before the runner hurries.
const ENOUGH: usize = 32;

/// A hurried play waits for this multiple of the slowest remembered answer, and at least for [`HURRIED`].
const TIMES_HURRIED: u32 = 10;
const HURRIED: Duration = Duration::from_millis(250);

/// If the scenario gives a limit for an answer, the answer takes longer than usual. So a hurried play waits for it longer, too:
/// for this multiple of the usual wait.
const TIMES_GIVEN: u32 = 10;

/// The number of hurried plays in a row that a patient play must have confirmed before the runner becomes less patient.
const CONFIRMED: usize = 5;

/// A patient play then waits for this multiple of the slowest remembered answer, and at least for [`PATIENT`].
const TIMES_PATIENT: u32 = 20;
const PATIENT: Duration = Duration::from_millis(800);

/// How long a play waits for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// For a time that follows from the pace of the target.
    Hurried,
    /// For the time limits of the run, or less if hurried plays were always right.
    Patient,
}

/// How long a play waits for an answer. `None` means that only the time limits of the run apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In a step without a limit of its own.
    pub(crate) usual: Option<Duration>,
    /// In a step for which the scenario gives a limit.
    pub(crate) given: Option<Duration>,
}

/// The pace of the target.
#[derive(Debug)]
pub(crate) struct Pace {
    is_ignored: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Duration>,
    /// The number of hurried plays in a row that a patient play has confirmed.
    confirmed: usize,
}

impl Pace {
    /// Returns an unknown pace. If it is ignored, it never limits a wait.
    pub(crate) fn new(is_ignored: bool) -> Pace {
        Pace {
            is_ignored,
            state: Mutex::default(),
        }
    }

    /// Notes how long the target took to answer.
    pub(crate) fn answered(&self, after: Duration) {
        let mut state = self.state.lock();
        if state.answers.len() == REMEMBERED {
            state.answers.pop_front();
        }
        state.answers.push_back(after);
    }

    /// Notes whether a patient play had the same result as the hurried play before it.
    pub(crate) fn compared(&self, is_same: bool) {
        let mut state = self.state.lock();
        state.confirmed = match is_same {
            true => state.confirmed + 1,
            false => 0,
        };
    }

    /// Returns how long a play waits for answers.
    pub(crate) fn limits(&self, patience: Patience) -> Limits {
        let state = self.state.lock();
        let slowest = state.answers.iter().max().copied().unwrap_or_default();
        if self.is_ignored || state.answers.len() < ENOUGH {
            return Limits::default();
        }
        match patience {
            Patience::Hurried => {
                let usual = HURRIED.max(slowest * TIMES_HURRIED);
                Limits {
                    usual: Some(usual),
                    given: Some(usual * TIMES_GIVEN),
                }
            }
            Patience::Patient if state.confirmed < CONFIRMED => Limits::default(),
            Patience::Patient => Limits {
                usual: Some(PATIENT.max(slowest * TIMES_PATIENT)),
                given: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace_of(answers: &[u64]) -> Pace {
        let pace = Pace::new(false);
        for answer in answers {
            pace.answered(Duration::from_millis(*answer));
        }
        pace
    }

    #[test]
    fn a_hurried_play_waits_for_a_multiple_of_the_slowest_answer() {
        let hurried = |pace: &Pace| pace.limits(Patience::Hurried).usual;
        assert_eq!(hurried(&pace_of(&[1; ENOUGH - 1])), None);
        assert_eq!(hurried(&pace_of(&[1; ENOUGH])), Some(HURRIED));
        let slow = [&[40][..], &[1; ENOUGH]].concat();
        assert_eq!(hurried(&pace_of(&slow)), Some(Duration::from_millis(400)));
        // After many other answers, the slow one is forgotten.
        let long_ago = [&[40][..], &[1; REMEMBERED]].concat();
        assert_eq!(hurried(&pace_of(&long_ago)), Some(HURRIED));
        let given = pace_of(&slow).limits(Patience::Hurried).given;
        assert_eq!(given, Some(Duration::from_secs(4)));
    }

    #[test]
    fn a_patient_play_is_shorter_only_if_the_hurried_plays_were_right() {
        let pace = pace_of(&[1; ENOUGH]);
        for _ in 0..CONFIRMED {
            assert_eq!(pace.limits(Patience::Patient), Limits::default());
            pace.compared(true);
        }
        let limits = pace.limits(Patience::Patient);
        assert_eq!((limits.usual, limits.given), (Some(PATIENT), None));
        pace.compared(false);
        assert_eq!(pace.limits(Patience::Patient), Limits::default());
    }
}
